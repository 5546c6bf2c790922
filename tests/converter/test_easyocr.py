"""EasyOCR's DBNet computes what its own code with its own CPU operator computed (tests/golden/easyocr)."""

from __future__ import annotations

from pathlib import Path

import mhliao_weights
import pytest
import torch
from pliant_convert import recipes
from pliant_convert.conversion import Options, convert_checkpoint
from pliant_convert.schema.Arithmetic import Arithmetic
from pliant_convert.schema.BoxRule import BoxRule
from reference import ReferenceModel

GOLDEN = Path(__file__).parents[1] / "golden" / "easyocr"
PICTURES = mhliao_weights.pictures(GOLDEN / "pictures.npz")  # one, and a batch of two of another size
CASES = {"easyocr_dbnet18": "deformable_resnet18", "easyocr_dbnet50": "deformable_resnet50"}


def checkpoint(case: str, folder: Path) -> tuple[mhliao_weights.Golden, Path]:
    golden = mhliao_weights.load(GOLDEN / f"{case}.npz")
    path = folder / f"pretrained_ic15_res{case[-2:]}.pt"
    torch.save(mhliao_weights.weights(golden.shapes, golden.seed, golden.statistics), str(path))
    return golden, path


@pytest.mark.parametrize("case", CASES)
def test_equals_the_projects_own_code(case, tmp_path):
    golden, path = checkpoint(case, tmp_path)
    converted = convert_checkpoint(path, Options(arch=case, output_logits=True))
    model = ReferenceModel(bytes(converted.data))
    assert model.model.Provenance().Recipe().decode() == case
    logits = []
    converted.module.decoder.binarize[6].register_forward_hook(lambda *hook: logits.append(hook[2]))
    assert len(golden.outputs) == len(PICTURES) == 2
    for picture, expected in zip(PICTURES, golden.outputs):
        with torch.no_grad():
            probability = converted.module(picture)
        mhliao_weights.assert_equals_golden({"binary": probability, "logits": logits.pop()}, expected)
        mhliao_weights.assert_equals_golden(model.run(picture), expected)


@pytest.mark.parametrize("case", CASES)
def test_without_arch_it_is_mhliaos(case, tmp_path):
    """The files are those of MhLiao/DB: the same network, with that project's pre- and post-processing."""
    _, path = checkpoint(case, tmp_path)
    own, taken = recipes.recipe_named(case), convert_checkpoint(path, Options()).recipe
    assert taken.name == CASES[case]
    assert taken.preprocess != own.preprocess and taken.postprocess != own.postprocess


def test_processing(tmp_path):
    """What Reader.detect passes on: RGB less a mean of BGR, bytes while resizing, all regions above 0.2."""
    _, path = checkpoint("easyocr_dbnet18", tmp_path)
    data = bytes(convert_checkpoint(path, Options(arch="easyocr_dbnet18")).data)
    model = ReferenceModel(data).model
    before, after = model.Preprocess(), model.Postprocess()
    assert (before.ChannelOrder(), before.ResizePixelType()) == (1, 0)
    assert [before.Mean(i) for i in range(3)] == [122.67891434, 116.66876762, 104.00698793]
    assert (before.ShortSide(), before.MultipleOf(), before.Scale()) == (2560, 32, 255.0)
    assert (after.Thresh(), after.BoxThresh(), after.UnclipRatio(), after.MinSize()) == (0.2, 0.2, 1.5, 3.0)
    assert (after.Rule(), after.MaxCandidates()) == (BoxRule.easyocr, 0)
    assert before.Arithmetic() == Arithmetic.double_once
