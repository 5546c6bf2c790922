"""The bytes of the file: alignment, order, ports, settings, provenance, limits."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import seeded
import torch
from pliant_convert import ConvertError, __version__, writer
from pliant_convert.ir import InputSpec, Weight
from pliant_convert.trace import trace
from reference import ReferenceModel
from torch import nn


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    path = tmp_path_factory.mktemp("writer") / "my weights.pth"
    seeded.save(seeded.state_dict(seeded.module("deformable_resnet18", 4, width=8, neck=16)), path)
    return path


@pytest.fixture
def written(checkpoint, tmp_path, convert):
    def run(*arguments):
        result = convert(checkpoint, "-o", tmp_path / "x.pliant", *arguments)
        assert result.code == 0, result.err
        return (tmp_path / "x.pliant").read_bytes()

    return run


def test_header(written):
    data = written()
    assert data[4:8] == b"PLNT"
    model = ReferenceModel(data).model
    assert (model.VersionMajor(), model.VersionMinor()) == (1, 0)


def test_weights_are_aligned_and_in_order_of_use(written):
    data = written()
    model = ReferenceModel(data)
    start = np.frombuffer(data, np.uint8).__array_interface__["data"][0]
    places = []
    for i in range(model.model.WeightsLength()):
        weight = model.model.Weights(i)
        vector = np.frombuffer(data, np.uint8)[_data_place(weight) :][: weight.DataLength()]
        place = vector.__array_interface__["data"][0] - start
        assert place % 64 == 0
        assert weight.DataLength() == 4 * int(np.prod([weight.Shape(j) for j in range(weight.ShapeLength())]))
        places.append(place)
    assert len(places) > 50 and places == sorted(places)
    used = [table.Weight() for table in (model.layer(n)[1] for n in model.nodes) if hasattr(table, "Weight")]
    assert used == sorted(used)


def _data_place(weight):
    table = weight._tab
    return table.Vector(table.Offset(10))  # `data` is the fourth field


@pytest.mark.parametrize("sizes", [(1,), (3,), (17,), (1, 2, 3, 5, 7, 11, 13)])
def test_alignment_of_any_sizes(sizes):
    layers = []
    for size in sizes:
        layers += [nn.Conv2d(1, size, 1), nn.Conv2d(size, 1, 1)]
    graph = trace(nn.Sequential(*layers), [InputSpec("x", (-1, 1, -1, -1))])
    for name in ("", "a", "a longer name" * 9):
        data = bytes(writer.model_bytes(graph, name, None, None, writer.Provenance("0", name, "", "")))
        model = ReferenceModel(data).model
        assert all(_data_place(model.Weights(i)) % 64 == 0 for i in range(model.WeightsLength()))


def test_ports(written):
    model = ReferenceModel(written()).model
    port = model.Inputs(0)
    assert (model.InputsLength(), port.Name()) == (1, b"image")
    assert port.ShapeAsNumpy().tolist() == [-1, 3, -1, -1]
    assert port.MultipleOfAsNumpy().tolist() == [1, 1, 32, 32]
    port = model.Outputs(0)
    assert (model.OutputsLength(), port.Name()) == (1, b"binary")
    assert port.ShapeAsNumpy().tolist() == [-1, 1, -1, -1]
    assert model.Values(model.Inputs(0).Value()).Name() == b"image"


def test_logits_are_a_second_output(written):
    model = ReferenceModel(written("--output-logits"))
    assert [port.Name() for port in model.outputs] == [b"binary", b"logits"]
    result = model.run(seeded.picture(1, 3, 32, 64))
    assert torch.equal(torch.sigmoid(result["logits"]), result["binary"])


def test_nodes_can_run_in_order(written):
    model = ReferenceModel(written())
    known = {port.Value() for port in model.inputs}
    for node in model.nodes:
        assert {node.Inputs(i) for i in range(node.InputsLength())} <= known
        known.add(node.Outputs(0))


def test_settings_of_mhliao(written):
    model = ReferenceModel(written()).model
    pre, post = model.Preprocess(), model.Postprocess()
    assert pre.MeanAsNumpy().tolist() == [122.67891434, 116.66876762, 104.00698793]
    assert (pre.ChannelOrder(), pre.ResizeRule(), pre.Interpolation(), pre.ResizePixelType()) == (0, 0, 0, 1)
    assert (pre.ShortSide(), pre.MultipleOf(), pre.Scale(), pre.StdIsNone()) == (736, 32, 255.0, True)
    assert (post.Rule(), post.Output(), post.Thresh(), post.BoxThresh()) == (0, 0, 0.3, 0.6)
    assert (post.UnclipRatio(), post.PolygonUnclipRatio(), post.MaxCandidates()) == (1.5, 2.0, 1000)
    assert (post.MinSize(), post.PolygonEpsilon()) == (3.0, 0.002)


def test_given_settings(written):
    options = ["--box-thresh", "0.4", "--thresh", "0.25", "--unclip-ratio", "1.6", "--short-side", "640"]
    model = ReferenceModel(written(*options, "--name", "slim")).model
    post = model.Postprocess()
    assert (post.BoxThresh(), post.Thresh()) == (0.4, 0.25)
    assert post.UnclipRatio() == post.PolygonUnclipRatio() == 1.6  # whatever the regions' shape
    assert (model.Preprocess().ShortSide(), model.Name()) == (640, b"slim")


def test_provenance(written, checkpoint):
    model = ReferenceModel(written()).model
    provenance = model.Provenance()
    assert model.Name() == b"my weights"
    assert provenance.ConverterVersion() == __version__.encode()
    assert provenance.SourceFile() == b"my weights.pth"
    assert provenance.SourceSha256() == hashlib.sha256(checkpoint.read_bytes()).hexdigest().encode()
    assert provenance.Recipe() == b"deformable_resnet18"


def test_same_checkpoint_same_bytes(written):
    assert written() == written()


def test_two_gigabytes_are_refused_before_they_are_built():
    graph = trace(nn.Conv2d(3, 4, 1), [InputSpec("x", (-1, 3, -1, -1))])
    # Memory that is claimed and never touched.
    graph.nodes[0].layer.weight = Weight(
        "w", np.lib.stride_tricks.as_strided(np.zeros(1, np.float32), (2**29,), (0,))
    )
    with pytest.raises(ConvertError, match="smaller than 2147483648"):
        writer.model_bytes(graph, "m", None, None, writer.Provenance("0", "", "", ""))
