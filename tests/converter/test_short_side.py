"""--short-side N: pictures get a short side of N pixels, whatever the rule of the checkpoint's project is."""

from __future__ import annotations

import math

import pytest
import torch
from pliant_convert import recipes
from pliant_convert.models import RECIPES
from pliant_convert.schema.ResizeRule import ResizeRule
from reference import ReferenceModel

RULES = ("short_side_ceil", "keep_ratio_pad", "short_side_round", "limit_side_round")
PREPROCESSES, NAMES = zip(*{recipe.preprocess: recipe.name for recipe in RECIPES}.items())


def sides(pre, short: int, long: int) -> tuple[float, float]:
    """The network's input for a picture with these sides, padding aside, by the table of docs/pictures.md."""
    multiple = pre.multiple_of
    if pre.resize_rule == "short_side_ceil":
        return pre.short_side, math.ceil(pre.short_side / short * long / multiple) * multiple
    if pre.resize_rule == "short_side_round":
        other = pre.short_side / short * long
        return round(pre.short_side / multiple) * multiple, round(other / multiple) * multiple
    factor = pre.short_side / short
    if pre.resize_rule == "keep_ratio_pad":
        factor = min(pre.long_side / long, factor) if pre.long_side else factor
        return int(short * factor + 0.5), int(long * factor + 0.5)
    factor = min(1.0, pre.long_side / long) if pre.long_side else max(1.0, factor)
    return round(int(short * factor) / multiple) * multiple, round(int(long * factor) / multiple) * multiple


def test_there_is_a_recipe_for_each_rule():
    assert {pre.resize_rule for pre in PREPROCESSES} == set(RULES)


@pytest.mark.parametrize("size", [320, 1472, 4096])
@pytest.mark.parametrize("pre", PREPROCESSES, ids=NAMES)
def test_short_side(pre, size):
    changed = pre.with_short_side(size)
    for short, long in ((1500, 2400), (300, 400), (700, 700)):
        assert sides(changed, short, long)[0] == size


@pytest.mark.parametrize("pre", PREPROCESSES, ids=NAMES)
def test_the_usual_size_changes_nothing_but_a_limit(pre):
    if pre.resize_rule != "limit_side_round":
        assert pre.with_short_side(pre.short_side) == pre


def test_a_limit_of_the_long_side_stays_or_grows():
    pre = next(pre for pre in PREPROCESSES if (pre.short_side, pre.long_side) == (736, 1333))
    assert pre.with_short_side(320).long_side == 1333
    assert pre.with_short_side(2 * 736).long_side == 2 * 1333
    assert pre.with_short_side(768).long_side == 1391  # 1333 * 768 / 736 = 1390.96
    assert pre.with_short_side(1 << 15).long_side == 1 << 15  # more is refused by the runtime


@pytest.mark.parametrize(
    ("name", "rule", "long_side"),
    [
        ("resnet18", ResizeRule.short_side_ceil, 0),
        ("mmocr_dbnet_resnet18", ResizeRule.keep_ratio_pad, 2666),
        ("wenmuzhou_resnet18", ResizeRule.short_side_round, 0),
        ("paddle_deformable_resnet50_vd_asf", ResizeRule.short_side_round, 0),
    ],
)
def test_command(name, rule, long_side, tmp_path, convert):
    recipe = recipes.recipe_named(name)
    torch.save(recipe.skeleton().state_dict(), str(tmp_path / "x.pth"))
    arguments = [tmp_path / "x.pth", "--arch", name, "--short-side", "1472"]
    result = convert(*arguments, "-o", tmp_path / "x.pliant")
    assert result.code == 0, result.err
    written = ReferenceModel((tmp_path / "x.pliant").read_bytes()).model.Preprocess()
    assert (written.ShortSide(), written.ResizeRule(), written.LongSide()) == (1472, rule, long_side)
    report = convert(*arguments, "--thresh", "0.125", "--dry-run")
    assert "short_side 1472" in report.out and f"long_side {long_side}" in report.out
    assert "thresh 0.125" in report.out
