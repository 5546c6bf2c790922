"""What --dry-run prints is about the checkpoint: its own keys, with the shapes that they have there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from pliant_convert import report
from pliant_convert.conversion import Options, OwnModule, convert_checkpoint
from pliant_convert.models import RECIPES
from torch import nn

# One of each project, with every kind of layer that has weights.
NAMES = (
    "deformable_resnet50_asf",
    "mmocr_dbnetpp_resnet50_dcnv2",
    "paddle_lcnet_v3",
    "paddle_hgnet",
    "wenmuzhou_deformable_resnet18",
)


def table_of(text: str) -> dict[str, str]:
    """Key -> shape, from the rows of the table, with what braces abbreviate written out."""
    found = {}
    one = re.compile(r"(?<!constant )\b([^\s{},]+\.)(?:\{(\S+)\}|([^\s.{},]+)) (\d[x\d]*|scalar)")
    rows = text[text.index("\nnode ") :].splitlines()[2:]
    for row in rows[: rows.index("")] if "" in rows else rows:
        for prefix, names, last, shape in one.findall(row):
            for name in (names or last).split(","):
                found[prefix + name] = shape
    return found


def shape_of(tensor: torch.Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "scalar"


@pytest.mark.parametrize("name", NAMES)
def test_dry_run_tells_of_every_key(name: str, tmp_path: Path) -> None:
    """Each is in the table, whatever it was folded into, or among those that inference does not need."""
    (recipe,) = (recipe for recipe in RECIPES if recipe.name == name)
    state = recipe.skeleton().state_dict()
    torch.save(state, str(tmp_path / "x.pth"))
    converted = convert_checkpoint(tmp_path / "x.pth", Options(arch=name))
    used = {key: shape_of(tensor) for key, tensor in state.items() if key not in converted.unused}
    assert table_of(report.dry_run(converted)) == used
    assert any(".bn" in key or "norm" in key for key in used)


def test_dry_run_names_what_is_left_out_first(tmp_path: Path) -> None:
    """A branch that only training needs is news; that batches were counted is not."""
    (recipe,) = (recipe for recipe in RECIPES if recipe.name == "mmocr_dbnet_resnet18")
    state = recipe.skeleton().state_dict()
    state["det_head.threshold.0.weight"] = torch.zeros(2, 8, 3, 3)
    torch.save(state, str(tmp_path / "x.pth"))
    text = report.dry_run(convert_checkpoint(tmp_path / "x.pth", Options()))
    assert "keys are not needed at inference (det_head.threshold.0.weight, " in text


OWN_MODULE = """
from torch import nn


class OtherRanks(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(6)
        self.line = nn.Linear(6, 5)
        self.slope = nn.PReLU(5)

    def forward(self, x):
        return self.slope(self.line(self.norm(x)))
"""


def test_dry_run_of_ones_own_module(tmp_path: Path) -> None:
    """Weights that are computed, turned or reshaped on the way into the file."""
    (tmp_path / "other_ranks.py").write_text(OWN_MODULE, encoding="utf-8")
    parts = {"norm": nn.BatchNorm1d(6), "line": nn.Linear(6, 5), "slope": nn.PReLU(5)}
    state = nn.ModuleDict(parts).state_dict()
    torch.save(state, str(tmp_path / "x.pth"))
    own = OwnModule(f"{tmp_path / 'other_ranks.py'}:OtherRanks", "", [(2, 6)], False, "")
    converted = convert_checkpoint(tmp_path / "x.pth", Options(own=own))
    used = {key: shape_of(tensor) for key, tensor in state.items() if key not in converted.unused}
    assert table_of(report.dry_run(converted)) == used
