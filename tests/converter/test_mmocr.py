"""MMOCR's checkpoints are recognised and compute what MMOCR's own code computed (tests/golden/mmocr)."""

from __future__ import annotations

import sys
import types
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from mmocr_weights import weights
from pliant_convert import ConvertError, recipes
from pliant_convert.checkpoint import find_state_dict, open_checkpoint
from pliant_convert.conversion import Options, convert_checkpoint
from pliant_convert.models.db import mmocr
from pliant_convert.schema.BoxRule import BoxRule
from pliant_convert.schema.ChannelOrder import ChannelOrder
from pliant_convert.schema.PixelType import PixelType
from pliant_convert.schema.ResizeRule import ResizeRule
from reference import ReferenceModel

GOLDEN = Path(__file__).parents[1] / "golden" / "mmocr"
CASES = sorted(path.stem for path in GOLDEN.glob("mmocr*.npz"))
MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
STEP = 3
# Parameters of the networks that MMOCR's code builds from its configurations (where it has none of a row,
# from one changed as tests/golden/mmocr/make.py changes it), without the threshold's branch.
USUAL_COUNTS = {
    "mmocr_dbnet_resnet18": 12_176_513,
    "mmocr_dbnetpp_resnet18": 12_800_395,
    "mmocr_dbnet_resnet50": 25_245_313,
    "mmocr_dbnet_resnet50_dcnv2": 26_116_576,
    "mmocr_dbnet_resnet50_oclip": 25_264_545,
    "mmocr_dbnetpp_resnet50": 25_869_195,
    "mmocr_dbnetpp_resnet50_dcnv2": 26_740_458,
    "mmocr_dbnetpp_resnet50_oclip": 25_888_427,
    "mmocr0_dbnet_resnet18": 12_176_513,
    "mmocr0_dbnetpp_resnet18": 12_800_395,
    "mmocr0_dbnet_resnet50": 25_245_313,
    "mmocr0_dbnetpp_resnet50": 25_869_195,
    "mmocr0_dbnet_resnet50_dcnv2": 26_116_576,
    "mmocr0_dbnetpp_resnet50_dcnv2": 26_740_458,
}


class Output(NamedTuple):
    picture: torch.Tensor
    shape: tuple[int, ...]
    binary: np.ndarray
    logits: np.ndarray


class Golden:
    def __init__(self, case: str) -> None:
        with np.load(GOLDEN / f"{case}.npz") as file:
            content = dict(file)
        with np.load(GOLDEN / "pictures.npz") as file:
            pixels = [file[f"arr_{i}"] for i in range(3)]
        pairs = [line.split(" ") for line in content["keys"].tolist()]
        self.shapes = {key: tuple(int(n) for n in shape.split(",") if n) for key, shape in pairs}
        made = weights(self.shapes, int(content["seed"]), tuple(content["logits"].tolist()))
        self.state = OrderedDict((key, torch.from_numpy(made[key])) for key in self.shapes)
        self.outputs = []
        for i in range(sum(name.startswith("shape") for name in content)):
            x = (pixels[i] - np.reshape(MEAN, (3, 1, 1))) / np.reshape(STD, (3, 1, 1))
            shape = tuple(content[f"shape{i}"].tolist())
            picture = torch.from_numpy(x.astype(np.float32))
            self.outputs.append(Output(picture, shape, content[f"probability{i}"], content[f"logits{i}"]))


def tolerance(case: str) -> float:
    return 1e-4 if "resnet18" in case else 1e-3


def assert_equal(case: str, expected: Output, actual: dict[str, torch.Tensor]) -> None:
    for name in ("binary", "logits"):
        assert tuple(actual[name].shape) == expected.shape
        found, wanted = actual[name][..., ::STEP, ::STEP].numpy(), getattr(expected, name)
        assert found.shape == wanted.shape
        assert np.abs(found - wanted).max() <= tolerance(case), (case, expected.shape, name)


def save_with_history(content: dict[str, Any], path: Path) -> None:
    """Saves with what MMEngine's message hub adds: objects of a class that the reader does not have."""
    name = "mmengine.logging.history_buffer"
    buffer_class = type("HistoryBuffer", (), {"__module__": name})
    buffer = buffer_class()
    vars(buffer).update(_max_length=1000000, _log_history=np.ones(3), _count_history=np.ones(3))
    buffer._statistics_methods = OrderedDict(mean=np.mean)
    content["message_hub"] = {"log_scalars": OrderedDict(loss=buffer), "runtime_info": OrderedDict(epoch=3)}
    parts = {part: types.ModuleType(part) for part in ("mmengine", "mmengine.logging", name)}
    parts[name].HistoryBuffer = buffer_class
    with pytest.MonkeyPatch.context() as patch:
        for part, module in parts.items():
            patch.setitem(sys.modules, part, module)
        torch.save(content, str(path))


def training_checkpoint(golden: Golden, path: Path, **more: Any) -> Path:
    """What the runners of MMEngine (1.x) or MMCV (0.x) save while training."""
    parameter = torch.nn.Parameter(torch.ones(3))
    optimizer = torch.optim.SGD([parameter], lr=0.007, momentum=0.9, weight_decay=0.0001)
    parameter.sum().backward()
    optimizer.step()
    content = {"meta": {"epoch": 1200, "iter": 75600}, "state_dict": golden.state, **more}
    content["optimizer"] = optimizer.state_dict()
    if any(key.startswith("det_head.") for key in golden.shapes):
        content["param_schedulers"] = [{"power": 0.9, "eta_min": 1e-7, "last_step": 1200}]
        save_with_history(content, path)
    else:
        torch.save(content, str(path))
    return path


def recognised(path: Path) -> tuple[str, str, torch.nn.Module]:
    """(recipe, sizes in words, module with the file's weights)."""
    with open_checkpoint(path) as opened:
        found = find_state_dict(opened.content)
        shapes = recipes.shapes_of(found)
        recipe = recipes.recognise(shapes)
        module = recipes.build(recipe, shapes).eval()
        recipes.load_weights(recipe, module, found)
    return recipe.name, recipe.configure(shapes).describe(), module


def outputs_of(module: torch.nn.Module, picture: torch.Tensor) -> dict[str, torch.Tensor]:
    logits = []
    last = module.get_submodule(f"{module.head_name}.binarize.6")
    handle = last.register_forward_hook(lambda *hook: logits.append(hook[2]))
    with torch.no_grad():
        probability = module(picture)
    handle.remove()
    return {"binary": probability, "logits": logits[0]}


def test_there_are_goldens():
    assert {case.split("-")[0] for case in CASES} == set(USUAL_COUNTS)
    assert sum("-" in case for case in CASES) == 2


@pytest.mark.parametrize("case", CASES)
def test_recipe_equals_the_projects_own_code(case, tmp_path):
    golden = Golden(case)
    name, sizes, module = recognised(training_checkpoint(golden, tmp_path / "epoch_1200.pth"))
    assert name == case.split("-")[0]
    assert ("attention" in sizes) == ("dbnetpp" in case)
    assert ("13 deformable" in sizes) == ("dcnv2" in case)
    assert len(golden.outputs) == (2 if "oclip" in case else 3)
    for expected in golden.outputs:
        assert_equal(case, expected, outputs_of(module, expected.picture))


@pytest.mark.parametrize("case", CASES)
def test_file_equals_the_projects_own_code(case, tmp_path):
    """From an inference checkpoint, as published."""
    golden = Golden(case)
    torch.save({"meta": {}, "state_dict": golden.state}, str(tmp_path / "x.pth"))
    model = ReferenceModel(bytes(convert_checkpoint(tmp_path / "x.pth", Options(output_logits=True)).data))
    assert model.model.Provenance().Recipe().decode() == case.split("-")[0]
    for expected in golden.outputs:
        assert_equal(case, expected, model.run(expected.picture))
    assert "BatchNorm2d" not in model.layer_names()
    names = [model.model.Weights(i).Name().decode() for i in range(model.model.WeightsLength())]
    assert not [name for name in names if "threshold" in name]
    reads = [t.OffsetRead() for kind, t in map(model.layer, model.nodes) if kind == "DeformConv2d"]
    assert reads == [0] * (13 if "dcnv2" in case else 0)


@pytest.mark.parametrize("case", CASES)
def test_file_takes_the_sizes_that_the_project_takes(case, tmp_path):
    """Any, as the neck enlarges to the next map's size; but oCLIP's backbone refuses what it cannot halve."""
    golden = Golden(case)
    torch.save({"state_dict": golden.state}, str(tmp_path / "x.pth"))
    model = ReferenceModel(bytes(convert_checkpoint(tmp_path / "x.pth", Options()).data))
    taken = model.model.Inputs(0).MultipleOfAsNumpy().tolist()
    assert taken == ([1, 1, 32, 32] if "oclip" in case else [1, 1, 1, 1])
    for expected in golden.outputs:
        assert not any(size % multiple for size, multiple in zip(expected.picture.shape, taken))


def test_the_golden_tells_how_offsets_are_read(tmp_path):
    """Reading the first block's offsets from a map of another place is far from the golden."""
    golden = Golden("mmocr_dbnet_resnet50_dcnv2")
    _, _, module = recognised(training_checkpoint(golden, tmp_path / "x.pth"))
    first = module.backbone.layer2[0].conv2.conv_offset
    first.register_forward_hook(lambda m, args, y: torch.roll(y, 1, dims=1))
    found = outputs_of(module, golden.outputs[0].picture)["logits"][..., ::STEP, ::STEP].numpy()
    assert np.abs(found - golden.outputs[0].logits).max() > 0.05


def test_averaged_weights_of_mmengine(tmp_path):
    """Its EMA hook saves the averaged weights as `state_dict` and the others as `ema_state_dict`."""
    golden = Golden("mmocr_dbnet_resnet18")
    others = OrderedDict(steps=torch.tensor(7))
    others.update(("module." + key, torch.zeros_like(value)) for key, value in golden.state.items())
    path = training_checkpoint(golden, tmp_path / "x.pth", ema_state_dict=others)
    _, _, module = recognised(path)
    assert_equal("mmocr_dbnet_resnet18", golden.outputs[0], outputs_of(module, golden.outputs[0].picture))


def test_averaged_weights_of_mmcv(tmp_path):
    """Its EMA hook saves the averaged weights under the usual keys and the others as buffers."""
    golden = Golden("mmocr0_dbnet_resnet18")
    parameters = [key for key in golden.state if not key.endswith(("running_mean", "running_var", "tracked"))]
    for key in parameters:
        golden.state["ema_" + key.replace(".", "_")] = torch.zeros_like(golden.state[key])
    name, _, module = recognised(training_checkpoint(golden, tmp_path / "x.pth"))
    assert name == "mmocr0_dbnet_resnet18"
    assert_equal(name, golden.outputs[0], outputs_of(module, golden.outputs[0].picture))


def test_old_place_of_the_offset_convolution(tmp_path):
    """`conv2_offset` means the same as `conv2.conv_offset`: MMCV renames it when it loads."""
    golden = Golden("mmocr0_dbnet_resnet50_dcnv2")
    pairs = [(key.replace(".conv2.conv_offset.", ".conv2_offset."), t) for key, t in golden.state.items()]
    golden.state = OrderedDict(pairs)
    assert any(".conv2_offset." in key for key in golden.state)
    path = training_checkpoint(golden, tmp_path / "x.pth")
    name, _, module = recognised(path)
    assert name == "mmocr0_dbnet_resnet50_dcnv2"
    assert_equal(name, golden.outputs[1], outputs_of(module, golden.outputs[1].picture))
    model = ReferenceModel(bytes(convert_checkpoint(path, Options(output_logits=True)).data))
    assert_equal(name, golden.outputs[2], model.run(golden.outputs[2].picture))


@pytest.mark.parametrize("recipe", mmocr.RECIPES, ids=lambda recipe: recipe.name)
def test_every_key_is_needed(recipe):
    """Whichever key is missing or misshapen, the error names it."""

    class Described:  # stands for a tensor of the checkpoint, of which only the shape is looked at
        def __init__(self, shape):
            self.shape = shape

    few_blocks = recipe.build(replace(recipe.tiny, depths=(1, 2, 1, 1)))
    full = {key: tuple(t.shape) for key, t in few_blocks.state_dict().items()}
    assert recipes.recognise(full) is recipe
    needed = [key for key in full if not recipe.is_training_only(key)]
    for key in [*needed[::9], *(key for key in needed if key.startswith("neck.asf_"))]:
        for change in ("missing", "misshapen"):
            shapes = dict(full)
            if change == "missing":
                del shapes[key]
            else:
                shapes[key] = (full[key][0] + 3, *full[key][1:])
            with pytest.raises(ConvertError) as caught:
                network = recipes.build(recipe, shapes)
                recipes.load_weights(recipe, network, {k: Described(s) for k, s in shapes.items()})
            assert f"'{key}'" in str(caught.value), (change, key, str(caught.value))


def test_extra_keys_are_refused(tmp_path):
    """Only the threshold's branch and MMCV's averages are left out, not whatever has such words in it."""
    for key in ("det_head.thresholder.weight", "neck.threshold.weight", "backbone.ema_x", "neck.out.weight"):
        golden = Golden("mmocr_dbnet_resnet18")
        golden.state[key] = torch.zeros(1)
        with pytest.raises(ConvertError, match=f"key '{key}' of shape 1 is not part of mmocr_dbnet_resnet18"):
            recognised(training_checkpoint(golden, tmp_path / "x.pth"))


def test_other_networks_of_the_project_are_not_recognised():
    """FCENet has the same backbone and lateral convolutions, PSENet's head has another neck."""
    shapes = Golden("mmocr_dbnet_resnet50_dcnv2").shapes
    fcenet = {key: shape for key, shape in shapes.items() if not key.startswith("det_head.")}
    fcenet["det_head.out_conv_cls.weight"] = (4, 32, 3, 3)
    psenet = {key: shape for key, shape in shapes.items() if not key.startswith("neck.")}
    psenet["neck.smooth_convs.0.conv.weight"] = (32, 32, 3, 3)
    for found in (fcenet, psenet):
        with pytest.raises(ConvertError, match="no known architecture has these keys"):
            recipes.recognise(found)


def test_processing_is_the_projects(tmp_path):
    """The test pipelines and DBPostprocessor of the configurations; two versions, two means."""
    expected = {
        "mmocr_dbnet_resnet18": (BoxRule.mmocr, 123.675, 736, 1333, 0.01),
        "mmocr_dbnet_resnet50_dcnv2": (BoxRule.mmocr, 123.675, 1024, 4068, 0.01),
        "mmocr0_dbnet_resnet18": (BoxRule.mmocr_0x, 123.675, 736, 1333, 0.01),
        "mmocr0_dbnet_resnet50_dcnv2": (BoxRule.mmocr_0x, 122.67891434, 1024, 4068, 0.01),
        "mmocr0_dbnetpp_resnet50_dcnv2": (BoxRule.mmocr_0x, 122.67891434, 1024, 4068, 0.002),
    }
    for case, values in expected.items():
        torch.save(Golden(case).state, str(tmp_path / "x.pth"))
        model = ReferenceModel(bytes(convert_checkpoint(tmp_path / "x.pth", Options()).data)).model
        before, after = model.Preprocess(), model.Postprocess()
        sizes = before.ShortSide(), before.LongSide()
        assert (after.Rule(), before.Mean(0), *sizes, after.PolygonEpsilon()) == values
        assert (before.ChannelOrder(), before.ResizePixelType()) == (ChannelOrder.rgb, PixelType.uint8)
        assert (before.ResizeRule(), before.MultipleOf(), before.Scale()) == (
            ResizeRule.keep_ratio_pad,
            32,
            1.0,
        )
        assert [before.Std(i) for i in range(3)] == list(STD)
        assert (after.Thresh(), after.BoxThresh(), after.UnclipRatio()) == (0.3, 0.3, 1.5)
        assert (after.PolygonUnclipRatio(), after.MaxCandidates(), after.MinSize()) == (1.5, 3000, 3.0)


def test_usual_sizes_are_the_projects():
    rows = [recipe for recipe in mmocr.RECIPES if recipe.name in USUAL_COUNTS]
    counts = {r.name: sum(p.numel() for p in r.build(r.usual).parameters()) for r in rows}
    assert counts == USUAL_COUNTS


@pytest.mark.parametrize(
    ("key", "text", "expected"),
    [
        ("cfg", "backbone=dict(depth=50, style='caffe', type='mmdet.ResNet')", "style 'caffe'"),
        ("config", 'backbone = dict(type="mmdet.ResNetV1d", depth=50)', "ResNetV1d"),
        ("cfg", "backbone=dict(depth=50, style='pytorch', type='mmdet.ResNet')", ""),
        ("cfg", 5, ""),
    ],
)
def test_backbones_that_only_the_configuration_tells_apart(key, text, expected, tmp_path):
    golden = Golden("mmocr_dbnet_resnet50")
    torch.save({"meta": {key: text}, "state_dict": golden.state}, str(tmp_path / "x.pth"))
    if not expected:
        convert_checkpoint(tmp_path / "x.pth", Options())
        return
    with pytest.raises(ConvertError, match=expected):
        convert_checkpoint(tmp_path / "x.pth", Options())


@pytest.mark.parametrize(
    ("case", "key"), [("mmocr_dbnet_resnet18", "cfg"), ("mmocr0_dbnet_resnet18", "config")]
)
def test_basic_blocks_have_no_style(case, key, tmp_path):
    """MMOCR's own configurations of ResNet-18 say 'caffe', which its blocks do not look at."""
    text = "backbone=dict(depth=18, style='caffe', type='mmdet.ResNet')"
    torch.save({"meta": {key: text}, "state_dict": Golden(case).state}, str(tmp_path / "x.pth"))
    convert_checkpoint(tmp_path / "x.pth", Options())
    text = text.replace("ResNet'", "ResNetV1d'")
    torch.save({"meta": {key: text}, "state_dict": Golden(case).state}, str(tmp_path / "x.pth"))
    with pytest.raises(ConvertError, match="ResNetV1d"):
        convert_checkpoint(tmp_path / "x.pth", Options())
