"""Missing, extra and misshapen keys: errors that name the key, the shapes and the nearest recipe."""

from __future__ import annotations

import pytest
import seeded
import torch
from pliant_convert import ConvertError, recipes

DEFORMABLE = ("deformable_resnet18", "deformable_resnet50")


@pytest.fixture(scope="module")
def networks():
    return {name: seeded.module(name, 1, width=8, neck=16) for name in seeded.FEW_BLOCKS}


@pytest.fixture
def state(networks):
    return seeded.state_dict(networks["deformable_resnet18"], extras=False)


def save(state, tmp_path):
    seeded.save(state, tmp_path / "x.pth")
    return tmp_path / "x.pth"


def is_needed(key):
    return not key.endswith("num_batches_tracked")


def test_every_key_is_needed():
    """Whichever key is missing or misshapen, the error names it (all keys of fewer blocks, without files)."""

    class Described:  # stands for a tensor of the checkpoint, of which only the shape is looked at
        def __init__(self, shape):
            self.shape = shape

    small = {"width": 4, "neck": 16, "depths": (2, 1, 2, 1)}
    cases = [("mobilenet_v3_large", recipes.recipe_named("mobilenet_v3_large").tiny)]
    cases += [(name, seeded.configuration(name, **small)) for name in DEFORMABLE]
    for attention in ("scale_spatial", "scale_channel_spatial", "scale_channel"):
        name = "deformable_resnet18_asf"
        cases.append((name, seeded.configuration(name, **small, attention=attention)))
    for name, configuration in cases:
        recipe = recipes.recipe_named(name)
        network = recipe.build(configuration)
        full = {key: tuple(t.shape) for key, t in network.state_dict().items()}
        for key in filter(is_needed, full):
            for change in ("missing", "misshapen"):
                shapes = dict(full)
                if change == "missing":
                    del shapes[key]
                else:
                    shapes[key] = (full[key][0] + 3, *full[key][1:])
                with pytest.raises(ConvertError) as caught:
                    network = recipes.build(recipe, shapes)
                    recipes.load_weights(recipe, network, {k: Described(s) for k, s in shapes.items()})
                assert f"'{key}'" in str(caught.value), (recipe.name, change, key, str(caught.value))


@pytest.mark.parametrize(
    "key", ["backbone.layer3.1.bn2.running_var", "decoder.in5.weight", "backbone.conv1.weight"]
)
def test_missing(state, tmp_path, fails, key):
    del state[key]
    message = fails(save(state, tmp_path))
    assert f"'{key}'" in message and "missing" in message and "deformable_resnet18" in message


def test_misshapen(state, tmp_path, fails):
    state["backbone.layer2.0.conv2.weight"] = torch.zeros(16, 16, 5, 5)
    message = fails(save(state, tmp_path))
    assert "'backbone.layer2.0.conv2.weight' has shape 16x16x5x5" in message
    assert "deformable_resnet18 expects 16x16x3x3" in message


def test_extra(state, tmp_path, fails):
    state["decoder.another.conv.weight"] = torch.zeros(4, 8, 3, 3)
    state["decoder.another.conv.bias"] = torch.zeros(4)
    message = fails(save(state, tmp_path))
    assert "'decoder.another.conv.weight' of shape 4x8x3x3 is not part of deformable_resnet18" in message
    assert "1 more" in message


@pytest.mark.parametrize(
    "key", ["decoder.thresher.0.weight", "thresh.weight", "backbone.fcn.weight", "fc.weight"]
)
def test_only_the_named_keys_are_training_only(state, tmp_path, fails, key):
    state[key] = torch.zeros(1)
    assert f"'{key}'" in fails(save(state, tmp_path))


def test_training_only_keys_are_dropped(networks, tmp_path, convert):
    state = seeded.state_dict(networks["deformable_resnet18"], prefix="model.module.", extras=True)
    assert any("thresh" in key for key in state) and any(".fc." in key for key in state)
    seeded.save(state, tmp_path / "x.pth", legacy=True, container="state_dict")
    assert convert(tmp_path / "x.pth", "-o", tmp_path / "x.pliant").code == 0


@pytest.mark.parametrize("arch", seeded.FEW_BLOCKS)
def test_recognised(networks, arch):
    shapes = {key: tuple(tensor.shape) for key, tensor in networks[arch].state_dict().items()}
    assert recipes.recognise(shapes).name == arch


def test_wrong_architecture_asked_for(state, tmp_path, fails):
    message = fails(save(state, tmp_path), "--arch", "resnet50")
    assert "nearest known architecture is deformable_resnet18" in message


@pytest.mark.parametrize(
    ("saved", "asked", "words"),
    [
        ("resnet18", "resnet34", "2-2-2-2 blocks, which is resnet18"),
        ("resnet101_asf", "resnet50_asf", "3-4-23-3 blocks, which is resnet101"),
        ("resnet18", "deformable_resnet18", "no deformable convolutions"),
        ("resnet50", "easyocr_dbnet50", "no deformable convolutions"),
        ("wenmuzhou_resnet152", "wenmuzhou_resnet101", "3-8-36-3 blocks, which is resnet152"),
        ("wenmuzhou_resnet18", "wenmuzhou_deformable_resnet18", "no deformable convolutions"),
    ],
)
def test_a_network_of_the_same_blocks_is_not_another(saved, asked, words):
    """Their keys are as one would expect of fewer or more blocks, but the name in the file would be wrong."""
    shapes = {k: tuple(t.shape) for k, t in recipes.recipe_named(saved).skeleton().state_dict().items()}
    with pytest.raises(ConvertError, match=f"no {asked}: .*{words}.*; the nearest .* is {saved}"):
        recipes.build(recipes.recipe_named(asked), shapes)


def test_another_project_with_the_same_names(state, tmp_path, fails):
    """A network that shares the backbone's keys; its neck and head are others."""
    other = {key: tensor for key, tensor in state.items() if key.startswith("backbone.")}
    other["fusion.lateral2.conv.weight"] = torch.zeros(4, 8, 1, 1)
    other["classifier.0.weight"] = torch.zeros(4, 4, 3, 3)
    message = fails(save(other, tmp_path))
    assert "no known architecture" in message and "nearest is deformable_resnet18" in message


def test_foreign_keys(tmp_path, fails):
    message = fails(save({"encoder.weight": torch.zeros(2)}, tmp_path))
    assert "no known architecture" in message and "encoder.weight" in message
    assert "--list-archs" in message and "--model" in message


def test_offset_channels(state, tmp_path, fails):
    for key in list(state):
        if ".conv2_offset." in key:
            state[key] = torch.zeros(20, *state[key].shape[1:])
    message = fails(save(state, tmp_path))
    assert "20 channels" in message and "18" in message and "27" in message


@pytest.mark.parametrize("shape", [(0, 3, 7, 7), (1 << 20, 1), ()])
def test_impossible_widths(state, tmp_path, fails, shape):
    for key in ("backbone.conv1.weight", "backbone.bn1.weight", "backbone.bn1.bias"):
        state[key] = torch.zeros(shape)
    assert "backbone.conv1.weight" in fails(save(state, tmp_path))


def test_too_many_blocks(state, tmp_path, fails):
    state["backbone.layer4.99999.conv1.weight"] = torch.zeros(1)
    assert "blocks" in fails(save(state, tmp_path))


def test_non_contiguous_blocks(state, tmp_path, fails):
    state["backbone.layer4.3.conv1.weight"] = torch.zeros(64, 64, 3, 3)
    assert "backbone.layer4.2." in fails(save(state, tmp_path))
