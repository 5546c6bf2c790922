"""A converted file computes what its recipe computes, for every recipe."""

from __future__ import annotations

import re

import pytest
import seeded
import torch
from pliant_convert import ConvertError
from pliant_convert.conversion import input_spec
from pliant_convert.models import RECIPES
from pliant_convert.passes import expose_logits
from pliant_convert.trace import trace
from reference import ReferenceModel

CASES = [
    ("resnet18", {"width": 8, "neck": 16}),
    ("deformable_resnet18", {"width": 24, "neck": 64}),
    ("deformable_resnet18", {"width": 8, "neck": 16, "offsets": 18}),
    ("deformable_resnet18", {"width": 8, "neck": 16, "offsets": 54}),
    ("resnet50", {"width": 8, "neck": 16}),
    ("deformable_resnet50", {"width": 12, "neck": 32}),
    ("deformable_resnet50", {"width": 8, "neck": 16, "offsets": 18}),
    ("deformable_resnet50", {"width": 8, "neck": 16, "depths": (1, 2, 1, 3), "neck_bias": True}),
]


def lively_share(probabilities: torch.Tensor) -> float:
    return ((probabilities > 0.05) & (probabilities < 0.95)).float().mean().item()


@pytest.mark.parametrize(("arch", "sizes"), CASES, ids=lambda case: str(case).replace(" ", ""))
def test_file_equals_recipe(arch, sizes, tmp_path, convert):
    network = seeded.module(arch, seed=11, **sizes)
    seeded.save(seeded.state_dict(network), tmp_path / "x.pth")
    result = convert(tmp_path / "x.pth", "-o", tmp_path / "x.pliant", "--output-logits")
    assert result.code == 0, result.err
    assert arch in result.out
    model = ReferenceModel((tmp_path / "x.pliant").read_bytes())
    assert model.model.Provenance().Recipe() == arch.encode()
    logits = []
    network.double().decoder.binarize[6].register_forward_hook(lambda *hook: logits.append(hook[2]))
    torch.manual_seed(5)
    for size in [(1, 3, 64, 96), (2, 3, 96, 32)]:
        picture = seeded.picture(*size).double()
        with torch.no_grad():
            expected = network(picture)
            actual = model.run(picture)
        assert expected.shape == (size[0], 1, *size[2:])
        assert lively_share(expected) >= 0.3
        assert (actual["binary"] - expected).abs().max() <= 1e-5
        assert (actual["logits"] - logits.pop()).abs().max() <= 5e-5


def test_offset_read_of_strided_blocks(tmp_path, convert):
    """Only ResNet-50's deformable convolutions with a stride read a flat prefix."""
    modes = {}
    for arch in ("deformable_resnet18", "deformable_resnet50"):
        seeded.save(seeded.state_dict(seeded.module(arch, 1, width=8, neck=16)), tmp_path / "x.pth")
        assert convert(tmp_path / "x.pth", "-o", tmp_path / "x.pliant").code == 0
        model = ReferenceModel((tmp_path / "x.pliant").read_bytes())
        for node in model.nodes:
            name, table = model.layer(node)
            if name == "DeformConv2d":
                assert (table.OffsetRead() == 1) == (table.Stride().H() == 2)
                modes[arch, node.Name().decode()] = table.OffsetRead()
    strided = sorted(name for (_, name), mode in modes.items() if mode)
    assert strided == [f"backbone.layer{i}.0.conv2" for i in (2, 3, 4)]
    assert len(modes) == 6 + 13


def test_flat_prefix_matters(tmp_path):
    """The test of the mode is sharp: reading the map with a stride instead gives another result."""
    network = seeded.module("deformable_resnet50", 1, width=8, neck=16)
    torch.manual_seed(0)
    picture = seeded.picture(1, 3, 64, 64)
    with torch.no_grad():
        expected = network(picture)
        for module in network.modules():
            if getattr(module, "offset_read", "exact") == "flat_prefix":
                module.register_forward_pre_hook(
                    lambda m, args: (args[0], *(a[:, :, ::2, ::2] for a in args[1:]))
                )
        assert (network(picture) - expected).abs().max() > 1e-2


def test_usual_sizes_are_mhliaos():
    """Parameter counts of the networks that MhLiao/DB's own code builds, without training-only parts."""
    published = {
        "resnet18": 12_176_513,
        "deformable_resnet18": 12_612_131,
        "resnet34": 22_284_673,
        "resnet50": 25_245_313,
        "deformable_resnet50": 26_116_576,
        "resnet101": 44_237_441,
        "resnet152": 59_881_089,
        "mobilenet_v3_large": 4_010_393,
        "deformable_resnet50_asf": 26_266_410,
    }
    rows = [r for r in RECIPES if r.name in published]
    counts = {r.name: sum(p.numel() for p in r.build(r.usual).parameters()) for r in rows}
    assert counts == published


@pytest.mark.parametrize("arch", seeded.FEW_BLOCKS)
def test_nothing_but_inference_is_in_the_file(arch, tmp_path, convert):
    seeded.save(seeded.state_dict(seeded.module(arch, 2, width=8, neck=16)), tmp_path / "x.pth")
    assert convert(tmp_path / "x.pth", "-o", tmp_path / "x.pliant").code == 0
    model = ReferenceModel((tmp_path / "x.pliant").read_bytes())
    assert "BatchNorm2d" not in model.layer_names()
    names = [model.model.Weights(i).Name().decode() for i in range(model.model.WeightsLength())]
    assert len(set(names)) == len(names)
    assert not [name for name in names if re.search(r"thresh|backbone\.fc|smooth|\bbn", name)]
    nodes = [node.Name().decode() for node in model.nodes]
    assert len(set(nodes)) == len(nodes)
    # Every value is the result of one node or an input, and every result is used.
    made = [port.Value() for port in model.inputs] + [node.Outputs(0) for node in model.nodes]
    assert sorted(made) == list(range(model.model.ValuesLength()))
    used = {node.Inputs(i) for node in model.nodes for i in range(node.InputsLength())}
    assert used | {port.Value() for port in model.outputs} == set(made)


# Their result is the mean of two probabilities.
WITHOUT_LOGITS = {"paddle_hgnet", "paddle_hgnet_v2"}


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_every_recipe_has_logits(recipe):
    """One channel, whose sigmoid is the output or what the output is made of by moving pixels."""
    graph = trace(recipe.skeleton().eval(), [input_spec(recipe)], [recipe.output_name])
    if recipe.name in WITHOUT_LOGITS:
        with pytest.raises(ConvertError, match="so it has no logits"):
            expose_logits(graph)
        return
    expose_logits(graph)
    probability, logits = graph.outputs
    assert (probability.name, logits.name) == (recipe.output_name, "logits")
    assert probability.shape == logits.shape == (-1, 1, -1, -1)
    (reader,) = graph.consumers()[logits.value]
    assert type(reader.layer).__name__ == "Sigmoid"
