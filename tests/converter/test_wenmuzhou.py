"""Checkpoints of WenmuZhou/DBNet.pytorch: recognised, read and computed as by that project's own code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from pliant_convert import recipes
from pliant_convert.checkpoint import find_state_dict, open_checkpoint
from pliant_convert.conversion import Options, convert_checkpoint
from pliant_convert.models.db import wenmuzhou
from pliant_convert.schema.BoxRule import BoxRule
from pliant_convert.schema.ChannelOrder import ChannelOrder
from pliant_convert.schema.PixelType import PixelType
from pliant_convert.schema.ResizeRule import ResizeRule
from reference import ReferenceModel
from torchvision.transforms.functional import normalize, to_tensor
from wenmuzhou_weights import Golden, pixels, thinned

FOLDER = Path(__file__).resolve().parent.parent / "golden" / "wenmuzhou"
# Golden file: recipe, sizes in words.
CASES = {
    "resnet18_fpn": ("resnet18", "blocks 2-2-2-2, width 8, FPN of 32 channels"),
    "resnet34_fpem": ("resnet34", "blocks 3-4-6-3, width 8, 2 FPEM of 32 channels"),
    "resnet50_fpn": ("resnet50", "blocks 3-4-6-3, width 8, FPN of 32 channels"),
    "resnet101_fpem": ("resnet101", "blocks 3-4-23-3, width 8, 2 FPEM of 32 channels"),
    "resnet152_fpn": ("resnet152", "blocks 3-8-36-3, width 8, FPN of 32 channels"),
    "deformable_resnet18_fpn": ("deformable_resnet18", "blocks 2-2-2-2, width 8, FPN of 32 channels"),
    "deformable_resnet18_fpem": ("deformable_resnet18", "blocks 2-2-2-2, width 8, 3 FPEM of 32 channels"),
    "deformable_resnet50_fpn": ("deformable_resnet50", "blocks 3-4-6-3, width 8, FPN of 32 channels"),
    "mobilenet_v3_fpn": ("mobilenet_v3", "MobileNetV3 x0.5, FPN of 32 channels"),
    "mobilenet_v3_fpem": ("mobilenet_v3", "MobileNetV3 x0.35, 1 FPEM of 32 channels"),
    "shufflenet_v2_fpn": ("shufflenet_v2", "ShuffleNetV2 4-8-4, widths 48-96-192, FPN of 32 channels"),
    "shufflenet_v2_fpem": ("shufflenet_v2", "ShuffleNetV2 4-8-4, widths 116-232-464, 2 FPEM of 32 channels"),
    "old_deformable_resnet50_fpn": ("deformable_resnet50", "blocks 3-4-6-3, width 8, FPN of 32 channels"),
    "old_shufflenet_v2_fpem": (
        "shufflenet_v2",
        "ShuffleNetV2 4-8-4, widths 116-232-464, 2 FPEM of 32 channels",
    ),
}
TOLERANCE = 1e-4
# Parameters of the networks that the project's own code builds with a neck FPN of 256 channels, without the
# threshold's branch and ShuffleNetV2's unused conv5.
USUAL_COUNTS = {
    "wenmuzhou_resnet18": 12_104_961,
    "wenmuzhou_resnet34": 22_213_121,
    "wenmuzhou_resnet50": 24_620_801,
    "wenmuzhou_resnet101": 43_612_929,
    "wenmuzhou_resnet152": 59_256_577,
    "wenmuzhou_deformable_resnet18": 12_395_373,
    "wenmuzhou_deformable_resnet50": 25_201_643,
    "wenmuzhou_mobilenet_v3": 1_681_895,
    "wenmuzhou_shufflenet_v2": 1_696_933,
}


@pytest.fixture(scope="module")
def pictures():
    with np.load(FOLDER / "pictures.npz") as file:
        return dict(file)


def checkpoint(golden, path, prefix=""):
    """What that project's trainer saves, with an optimizer that has taken a step."""
    weights = golden.state_dict()
    parameter = torch.nn.Parameter(torch.ones(3))
    optimizer = torch.optim.Adam([parameter], lr=0.001, amsgrad=True)
    parameter.sum().backward()
    optimizer.step()
    content = {
        "epoch": 1200,
        "global_step": 75600,
        "state_dict": {prefix + key: value for key, value in weights.items()},
        "optimizer": optimizer.state_dict(),
        "scheduler": torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9).state_dict(),
        "config": {"arch": {"type": "Model", "neck": {"type": "FPN"}}, "distributed": False},
        "metrics": {"recall": 0.7, "precision": 0.8, "hmean": 0.75, "train_loss": float("inf")},
    }
    torch.save(content, str(path))
    return path


def load(path):
    """(recipe, its module with the checkpoint's weights, its sizes in words)"""
    with open_checkpoint(path) as opened:
        weights = find_state_dict(opened.content)
        shapes = recipes.shapes_of(weights)
        recipe = recipes.recognise(shapes)
        module = recipes.build(recipe, shapes)
        recipes.load_weights(recipe, module, weights)
    return recipe, module.eval(), recipe.configure(shapes).describe()


def logits_of(module):
    """The list that each run of `module` appends its logits to."""
    found = []
    head = module.get_submodule(module.names[1])
    head.binarize[6].register_forward_hook(lambda m, args, out: found.append(out))
    return found


def assert_equal(golden, size, probability, logits):
    for name, actual in (("probability", probability), ("logits", logits)):
        expected = golden.outputs[f"{size}_{name}"]
        actual = thinned(actual.numpy())
        assert actual.shape == expected.shape
        assert np.abs(actual - expected).max() <= TOLERANCE, (size, name)


@pytest.mark.parametrize("name", CASES)
def test_module_equals_original(name, pictures, tmp_path):
    golden = Golden(FOLDER / f"{name}.npz")
    recipe, module, sizes = load(checkpoint(golden, tmp_path / "model_best.pth"))
    assert (recipe.name, sizes) == (f"wenmuzhou_{CASES[name][0]}", CASES[name][1])
    logits = logits_of(module)
    for size, picture in pictures.items():
        with torch.no_grad():
            probability = module(pixels(picture))
        assert probability.shape == (picture.shape[0], 1, *picture.shape[2:])
        assert_equal(golden, size, probability, logits.pop())


@pytest.mark.parametrize("name", CASES)
def test_file_equals_original(name, pictures, tmp_path):
    """The file, computed by the schema's text. Logits are those before the head's sigmoid, in its size."""
    golden = Golden(FOLDER / f"{name}.npz")
    path = checkpoint(golden, tmp_path / "model_best.pth", prefix="module.")
    model = ReferenceModel(bytes(convert_checkpoint(path, Options(output_logits=True)).data))
    for size, picture in pictures.items():
        with torch.no_grad():
            outputs = model.run(pixels(picture))
        assert_equal(golden, size, outputs["binary"], outputs["logits"])


@pytest.mark.parametrize("name", ["deformable_resnet50_fpn", "mobilenet_v3_fpn", "shufflenet_v2_fpem"])
def test_command(name, tmp_path, convert):
    golden = Golden(FOLDER / f"{name}.npz")
    result = convert(checkpoint(golden, tmp_path / "x.pth"), "-o", tmp_path / "x.pliant")
    assert result.code == 0, result.err
    assert f"wenmuzhou_{CASES[name][0]}" in result.out
    model = ReferenceModel((tmp_path / "x.pliant").read_bytes())
    # Strided blocks as well: here the offset convolution has the stride of what it serves.
    reads = [t.OffsetRead() for kind, t in map(model.layer, model.nodes) if kind == "DeformConv2d"]
    assert reads == [0] * (13 if "deformable" in name else 0)
    names = [model.model.Weights(i).Name().decode() for i in range(model.model.WeightsLength())]
    assert not [key for key in names if "thresh" in key or "conv5" in key]
    assert "BatchNorm2d" not in model.layer_names()
    before, after = model.model.Preprocess(), model.model.Postprocess()
    assert (before.ResizeRule(), before.ShortSide(), before.MultipleOf()) == (
        ResizeRule.short_side_round,
        1024,
        32,
    )
    assert (before.ChannelOrder(), before.ResizePixelType()) == (ChannelOrder.rgb, PixelType.uint8)
    assert (after.Rule(), after.BoxThresh(), after.PolygonUnclipRatio()) == (BoxRule.wenmuzhou, 0.7, 1.5)


def test_old_names_mean_a_bilinear_neck():
    shapes = Golden(FOLDER / "old_deformable_resnet50_fpn.npz").shapes()
    old = recipes.recognise(shapes).configure(shapes)
    assert (old.modules[0], old.upsampling) == ("segmentation_body", "bilinear")
    renamed = {
        key.replace("segmentation_body.", "neck.").replace("segmentation_head.", "head."): shape
        for key, shape in shapes.items()
    }
    new = recipes.recognise(renamed).configure(renamed)
    assert (new.modules[0], new.upsampling) == ("neck", "nearest")


@pytest.mark.parametrize("recipe", wenmuzhou.RECIPES, ids=lambda recipe: recipe.name)
def test_every_key_is_needed(recipe):
    """Whichever key is missing or misshapen, the error names it."""

    class Described:  # stands for a tensor of the checkpoint, of which only the shape is looked at
        def __init__(self, shape):
            self.shape = shape

    full = {key: tuple(t.shape) for key, t in recipe.skeleton().state_dict().items()}
    assert recipes.recognise(full) is recipe
    needed = [key for key in full if not recipe.is_training_only(key)]
    for key in needed[:: max(1, len(needed) // 40)]:
        for change in ("missing", "misshapen"):
            shapes = dict(full)
            if change == "missing":
                del shapes[key]
            else:
                shapes[key] = (full[key][0] + 3, *full[key][1:])
            with pytest.raises(recipes.ConvertError) as caught:
                network = recipes.build(recipe, shapes)
                recipes.load_weights(recipe, network, {k: Described(s) for k, s in shapes.items()})
            assert f"'{key}'" in str(caught.value), (change, key, str(caught.value))


def test_preprocessing_is_the_projects():
    """Mean and std in pixels are its ToTensor and Normalize, to the last bit in the order `scale_single`."""
    rule = wenmuzhou.RECIPES[0].preprocess
    levels = np.arange(256, dtype=np.uint8).repeat(3).reshape(16, 16, 3)
    expected = normalize(to_tensor(levels), [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]).numpy()
    scaled = levels.astype(np.float32).transpose(2, 0, 1) / np.float32(rule.scale)
    mean = np.float32(np.array(rule.mean) / rule.scale).reshape(3, 1, 1)
    assert rule.arithmetic == "scale_single"
    assert np.array_equal((scaled - mean) / np.float32(rule.std).reshape(3, 1, 1), expected)
    assert np.array_equal(pixels(levels.transpose(2, 0, 1)[None])[0].numpy(), expected)


def test_not_recognised():
    """ResNeSt, which shares the neck, and the modulated offsets of the project's first days."""
    shapes = Golden(FOLDER / "resnet50_fpn.npz").shapes()
    split = {key.replace(".conv2.weight", ".conv2.conv.weight"): shape for key, shape in shapes.items()}
    with pytest.raises(recipes.ConvertError, match="no known architecture"):
        recipes.recognise(split)
    shapes = Golden(FOLDER / "deformable_resnet18_fpn.npz").shapes()
    shapes = {key: (27, *shape[1:]) if ".conv2_offset." in key else shape for key, shape in shapes.items()}
    with pytest.raises(recipes.ConvertError, match="27 channels, expected 18"):
        recipes.build(recipes.recognise(shapes), shapes)


def test_usual_sizes_are_the_projects():
    counts = {r.name: sum(p.numel() for p in r.build(r.usual).parameters()) for r in wenmuzhou.RECIPES}
    assert counts == USUAL_COUNTS
