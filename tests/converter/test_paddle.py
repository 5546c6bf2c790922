"""PaddleOCR2Pytorch's checkpoints compute what that project's own code computed (tests/golden/paddle)."""

from __future__ import annotations

from pathlib import Path

import mhliao_weights
import numpy as np
import paddle_weights
import pytest
import torch
from pliant_convert import ConvertError, recipes
from pliant_convert.checkpoint import find_state_dict, open_checkpoint
from pliant_convert.conversion import Options, convert_checkpoint
from pliant_convert.models import RECIPES
from reference import ReferenceModel

GOLDEN = Path(__file__).parents[1] / "golden" / "paddle"
CASES = sorted(path.stem for path in GOLDEN.glob("*.npz") if path.stem != "pictures")
PICTURES = mhliao_weights.pictures(GOLDEN / "pictures.npz")  # one, and a batch of two of another size
ROWS = [recipe for recipe in RECIPES if recipe.source == "PaddleOCR2Pytorch"]
# Numbers of parameters that inference needs, counted in the networks that the project's configurations build:
# det_mv3_db, det_ppocr_v3, ch_det_res18_db_v2.0, det_r50_vd_db, det_r50_db++_icdar15, PP-OCRv5_mobile_det,
# ch_PP-OCRv4_det_teacher, PP-OCRv5_server_det.
PUBLISHED = {
    "paddle_mobilenet_v3": 1_679_719,
    "paddle_mobilenet_v3_rse": 580_161,
    "paddle_lcnet_v3": 3_492_033,
    "paddle_hgnet": 28_299_522,
    "paddle_hgnet_v2": 21_933_090,
    "paddle_resnet18_vd": 12_199_969,
    "paddle_resnet50_vd": 25_264_545,
    "paddle_deformable_resnet50_asf": 26_264_362,
}


def checkpoint(case: str, folder: Path) -> tuple[mhliao_weights.Golden, Path]:
    """The project's file again: a bare state dict in the format before PyTorch 1.6, as it saves them."""
    golden = mhliao_weights.load(GOLDEN / f"{case}.npz")
    state = paddle_weights.weights(golden.shapes, golden.seed, golden.statistics)
    assert "head.thresh.conv1.weight" in state
    torch.save(state, str(folder / "x_infer.pth"), _use_new_zipfile_serialization=False)
    return golden, folder / "x_infer.pth"


def recognised(path: Path) -> tuple[str, str, torch.nn.Module]:
    """(recipe, sizes in words, module with the file's weights)."""
    with open_checkpoint(path) as opened:
        weights = find_state_dict(opened.content)
        shapes = recipes.shapes_of(weights)
        recipe = recipes.recognise(shapes)
        module = recipes.build(recipe, shapes).eval()
        recipes.load_weights(recipe, module, weights)
    return recipe.name, recipe.configure(shapes).describe(), module


def outputs_of(module: torch.nn.Module, picture: torch.Tensor) -> dict[str, torch.Tensor]:
    logits = []
    handle = module.head.binarize.conv3.register_forward_hook(lambda *hook: logits.append(hook[2]))
    with torch.no_grad():
        probability = module(picture)
    handle.remove()
    return {"binary": probability, "logits": logits[0]}


def sparse(output: torch.Tensor) -> np.ndarray:
    """The pixels that goldens hold."""
    return output[:, :, :: mhliao_weights.EVERY, :: mhliao_weights.EVERY].numpy()


def misses(module: torch.nn.Module, golden: mhliao_weights.Golden) -> float:
    """How far the first picture's probabilities are from the golden's."""
    return np.abs(sparse(outputs_of(module, PICTURES[0])["binary"]) - golden.outputs[0][0]).max()


@pytest.mark.parametrize("case", CASES)
def test_recipe_equals_the_projects_own_code(case, tmp_path):
    golden, path = checkpoint(case, tmp_path)
    name, sizes, module = recognised(path)
    assert name == case.split("-")[0]
    assert ("scale attention" in sizes) == name.endswith("_asf")
    assert len(golden.outputs) == len(PICTURES) == 2
    for picture, expected in zip(PICTURES, golden.outputs):
        mhliao_weights.assert_equals_golden(outputs_of(module, picture), expected)


@pytest.mark.parametrize("case", CASES)
def test_file_equals_the_projects_own_code(case, tmp_path):
    golden, path = checkpoint(case, tmp_path)
    # The mean of two probabilities has no logits; the golden's are those of the first.
    has_logits = not any(key.startswith("head.cbn_layer.") for key in golden.shapes)
    model = ReferenceModel(bytes(convert_checkpoint(path, Options(output_logits=has_logits)).data))
    assert model.model.Provenance().Recipe().decode() == case.split("-")[0]
    for picture, expected in zip(PICTURES, golden.outputs):
        found = model.run(picture)
        if has_logits:
            mhliao_weights.assert_equals_golden(found, expected)
        else:
            assert np.abs(sparse(found["binary"]) - expected[0]).max() <= mhliao_weights.TOLERANCE
    if not has_logits:
        with pytest.raises(ConvertError, match="so it has no logits"):
            convert_checkpoint(path, Options(output_logits=True))


def test_there_are_goldens():
    """Of every backbone and neck, and of DBNet++ on each kind of backbone."""
    assert {case.split("-")[0] for case in CASES} >= {
        "paddle_mobilenet_v3",
        "paddle_mobilenet_v3_rse",
        "paddle_lcnet_v3",
        "paddle_hgnet",
        "paddle_hgnet_v2",
        "paddle_resnet18_vd",
        "paddle_resnet50_vd",
        "paddle_deformable_resnet50_vd",
        "paddle_deformable_resnet50_asf",
    }


def test_the_goldens_tell_the_options_apart(tmp_path):
    """Offsets, attention, squeeze-and-excite and the mean in a vd shortcut all matter to what comes out."""
    far = 100 * mhliao_weights.TOLERANCE
    golden, path = checkpoint("paddle_deformable_resnet50_vd", tmp_path)
    module = recognised(path)[2]
    assert module.backbone.stages[1][0].conv1._conv.offsets == 36
    module.backbone.stages[1][0].short.pool = torch.nn.MaxPool2d(2)
    assert misses(module, golden) > far
    for case, change in (
        ("paddle_deformable_resnet50_vd", lambda m: m.backbone.stages[2][1].conv1._conv.conv_offset),
        ("paddle_deformable_resnet50", lambda m: m.backbone.stages[2][1].conv1._conv.conv_offset),
        ("paddle_resnet50", lambda m: m.backbone.stages[2][1].conv1),
        *((case, lambda m: m.neck.asf.channel_scale) for case in CASES if "_asf" in case),
        ("paddle_mobilenet_v3-se", lambda m: m.backbone.stages[1][0].mid_se.conv2),
        ("paddle_mobilenet_v3_rse", lambda m: m.neck.inp_conv[0].se_block.conv2),
        ("paddle_hgnet", lambda m: m.backbone.stages[0].blocks[0].att),
        ("paddle_hgnet", lambda m: m.head.cbn_layer.last_1),
        ("paddle_hgnet_v2", lambda m: m.backbone.stem.stem2b.conv),
    ):
        golden, path = checkpoint(case, tmp_path)
        module = recognised(path)[2]
        with torch.no_grad():
            for weight in change(module).parameters():
                weight.mul_(0.5)
        assert misses(module, golden) > far, case


def test_usual_sizes_are_the_projects():
    rows = [recipe for recipe in ROWS if recipe.name in PUBLISHED]
    counts = {r.name: sum(p.numel() for p in r.build(r.usual).parameters()) for r in rows}
    assert counts == PUBLISHED


@pytest.mark.parametrize("recipe", ROWS, ids=lambda recipe: recipe.name)
def test_boxes_are_those_of_the_rule(recipe):
    """`pliant boxes --rule paddle` has the same numbers: docs/checkpoints.md, predict_det.py's defaults."""
    boxes = recipe.postprocess
    assert (boxes.rule, boxes.thresh, boxes.box_thresh, boxes.max_candidates) == ("paddle", 0.3, 0.6, 1000)
    assert boxes.unclip_ratio == boxes.polygon_unclip_ratio == 1.5


@pytest.mark.parametrize("recipe", ROWS, ids=lambda recipe: recipe.name)
def test_every_row_is_recognised(recipe):
    """By the keys of its network, alone among all recipes, with the sizes it was built in."""
    shapes = {key: tuple(t.shape) for key, t in recipe.skeleton().state_dict().items()}
    assert recipes.recognise(shapes) is recipe
    assert recipe.configure(shapes) == recipe.tiny


@pytest.mark.parametrize("recipe", ROWS, ids=lambda recipe: recipe.name)
def test_every_key_is_needed(recipe):
    """Without any one key, or with a wrong shape of it, a checkpoint is refused."""
    full = {key: tuple(t.shape) for key, t in recipe.skeleton().state_dict().items()}
    for key in [key for key in full if not recipe.is_training_only(key)][::19]:
        for shapes in (
            {k: s for k, s in full.items() if k != key},
            {k: (s + (3,) if k == key else s) for k, s in full.items()},
        ):
            with pytest.raises(ConvertError):
                module = recipes.build(recipe, shapes)
                expected = {k: tuple(t.shape) for k, t in module.state_dict().items()}
                recipes.check_keys(recipe.name, expected, shapes, recipe.is_training_only)


@pytest.mark.parametrize("size", [(), (0,), (1,), (1 << 40, 1, 1, 1), (7, 7)])
@pytest.mark.parametrize("recipe", ROWS, ids=lambda recipe: recipe.name)
def test_senseless_shapes(recipe, size):
    shapes = {key: size for key in recipe.skeleton().state_dict()}
    with pytest.raises(ConvertError):
        module = recipes.build(recipe, shapes)
        expected = {k: tuple(t.shape) for k, t in module.state_dict().items()}
        recipes.check_keys(recipe.name, expected, shapes, recipe.is_training_only)
