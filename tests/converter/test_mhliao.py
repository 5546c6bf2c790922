"""MhLiao/DB's checkpoints compute what that project's own code computed (tests/golden/mhliao)."""

from __future__ import annotations

from pathlib import Path

import mhliao_weights
import numpy as np
import pytest
import torch
from pliant_convert import ConvertError, recipes
from pliant_convert.checkpoint import find_state_dict, open_checkpoint
from pliant_convert.conversion import Options, convert_checkpoint
from reference import ReferenceModel

GOLDEN = Path(__file__).parents[1] / "golden" / "mhliao"
CASES = sorted(path.stem for path in GOLDEN.glob("*.npz") if path.stem != "pictures")
PICTURES = mhliao_weights.pictures(GOLDEN / "pictures.npz")  # one, and a batch of two of another size
TOLERANCE = mhliao_weights.TOLERANCE
EVERY = mhliao_weights.EVERY


def checkpoint(case: str, folder: Path) -> tuple[mhliao_weights.Golden, Path]:
    """The project's file again: a state dict of a DataParallel network in the format before PyTorch 1.6."""
    golden = mhliao_weights.load(GOLDEN / f"{case}.npz")
    state = mhliao_weights.weights(golden.shapes, golden.seed, golden.statistics)
    assert all(key.startswith("model.module.") for key in state)
    torch.save(state, str(folder / "final"), _use_new_zipfile_serialization=False)
    return golden, folder / "final"


def outputs_of(module: torch.nn.Module, picture: torch.Tensor) -> dict[str, torch.Tensor]:
    logits = []
    handle = module.decoder.binarize[6].register_forward_hook(lambda *hook: logits.append(hook[2]))
    with torch.no_grad():
        probability = module(picture)
    handle.remove()
    return {"binary": probability, "logits": logits[0]}


def test_there_are_goldens():
    names = {case.split("-")[0] for case in CASES}
    attentions = {case.split("-")[1] for case in CASES if "_asf-" in case}
    assert {"resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "mobilenet_v3_large"} <= names
    assert attentions == {"scale_spatial", "scale_channel_spatial", "scale_channel"}


def recognised(path: Path) -> tuple[str, str, torch.nn.Module]:
    """(recipe, sizes in words, module with the file's weights)."""
    with open_checkpoint(path) as opened:
        weights = find_state_dict(opened.content)
        shapes = recipes.shapes_of(weights)
        recipe = recipes.recognise(shapes)
        module = recipes.build(recipe, shapes).eval()
        recipes.load_weights(recipe, module, weights)
    return recipe.name, recipe.configure(shapes).describe(), module


@pytest.mark.parametrize("case", CASES)
def test_recipe_equals_the_projects_own_code(case, tmp_path):
    golden, path = checkpoint(case, tmp_path)
    name, sizes, module = recognised(path)
    assert name == case.split("-")[0]
    attention = f"{case.split('-')[1]} attention" if "_asf-" in case else ""
    assert attention in sizes and (attention or "attention" not in sizes)
    assert len(golden.outputs) == len(PICTURES) == 2
    for picture, expected in zip(PICTURES, golden.outputs):
        mhliao_weights.assert_equals_golden(outputs_of(module, picture), expected)


@pytest.mark.parametrize("case", CASES)
def test_file_equals_the_projects_own_code(case, tmp_path):
    golden, path = checkpoint(case, tmp_path)
    model = ReferenceModel(bytes(convert_checkpoint(path, Options(output_logits=True)).data))
    assert model.model.Provenance().Recipe().decode() == case.split("-")[0]
    for picture, expected in zip(PICTURES, golden.outputs):
        mhliao_weights.assert_equals_golden(model.run(picture), expected)


@pytest.mark.parametrize("case", ["deformable_resnet50", "deformable_resnet50_asf-scale_channel_spatial"])
def test_the_golden_tells_how_offsets_are_read(case, tmp_path):
    """Reading ResNet-50's larger offset maps with a stride, as other projects do, is far from the golden."""
    golden, path = checkpoint(case, tmp_path)
    _, _, module = recognised(path)
    for part in module.modules():
        if getattr(part, "offset_read", "exact") == "flat_prefix":
            part.register_forward_pre_hook(lambda m, args: (args[0], *(a[:, :, ::2, ::2] for a in args[1:])))
    found = outputs_of(module, PICTURES[0])["logits"][:, :, ::EVERY, ::EVERY].numpy()
    assert np.abs(found - golden.outputs[0][1]).max() > 100 * TOLERANCE


def test_the_goldens_tell_attentions_apart(tmp_path):
    """Without its attention's weights a golden of DBNet++ is missed by far."""
    for case in (case for case in CASES if "_asf-" in case):
        golden, path = checkpoint(case, tmp_path)
        _, _, module = recognised(path)
        with torch.no_grad():
            for weight in module.decoder.concat_attention.enhanced_attention.parameters():
                weight.mul_(0.9)
        found = outputs_of(module, PICTURES[0])["logits"][:, :, ::EVERY, ::EVERY].numpy()
        assert np.abs(found - golden.outputs[0][1]).max() > 10 * TOLERANCE, case


def test_mobilenet_small_is_refused():
    """MhLiao/DB's class cannot run as published, so there are no such weights to take."""
    shapes = {"decoder.in5.weight": (256, 576, 1, 1)}
    for number in range(1, 12):
        shapes[f"backbone.features.{number}.conv.0.weight"] = (16, 16, 1, 1)
    shapes["backbone.features.12.0.weight"] = (576, 96, 1, 1)
    with pytest.raises(ConvertError, match="no known architecture"):
        recipes.recognise(shapes)


@pytest.mark.parametrize("shape", [(), (0,), (1 << 40, 1), (3,) * 9])
@pytest.mark.parametrize("case", ["mobilenet_v3_large", "deformable_resnet18_asf-scale_channel", "resnet152"])
def test_senseless_shapes(case, shape):
    """Keys of a known network with senseless shapes: one clear error, and no memory for them."""
    shapes = {
        key.replace("model.module.", ""): shape for key in mhliao_weights.load(GOLDEN / f"{case}.npz").shapes
    }
    recipe = recipes.recognise(shapes)
    assert recipe.name == case.split("-")[0]
    with pytest.raises(ConvertError, match=f"no {recipe.name}|neck"):
        recipes.build(recipe, shapes)


def test_an_attention_without_its_parts():
    shapes = dict(mhliao_weights.load(GOLDEN / "deformable_resnet18_asf-scale_channel.npz").shapes)
    shapes = {
        key.replace("model.module.", ""): shape for key, shape in shapes.items() if "enhanced" not in key
    }
    recipe = recipes.recognise(shapes)
    with pytest.raises(ConvertError, match="enhanced_attention"):
        recipes.build(recipe, shapes)
