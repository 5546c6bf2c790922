"""`--weights float16`: half the file, the same boxes, and no weight that it cannot hold."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "models" / "db" / "weights" / "slim-db.pliant"
ARCH = "deformable_resnet18"
PICTURES = sorted((ROOT / "examples" / "pictures").glob("*.jpg"))


def weights_of(path: Path) -> dict[str, np.ndarray]:
    """A model file's weights by name, in the type that they have there."""
    from pliant_convert.schema.Model import Model

    model = Model.GetRootAs(path.read_bytes(), 0)
    found = {}
    for i in range(model.WeightsLength()):
        weight = model.Weights(i)
        data = weight.DataAsNumpy().view("<f2" if weight.Dtype() else "<f4")
        found[weight.Name().decode()] = data.reshape(weight.ShapeAsNumpy())
    return found


def checkpoint_of(path: Path) -> dict[str, torch.Tensor]:
    """The shipped detector as a state dict again: a folded bias goes into the norm behind the layer."""
    from pliant_convert.models import RECIPES

    folded = weights_of(path)
    recipe = next(recipe for recipe in RECIPES if recipe.name == ARCH)
    sizes = replace(recipe.usual, stem=24, planes=(24, 48, 96, 192), neck=64)
    state = recipe.build(sizes).state_dict()
    for key, tensor in state.items():
        if key in folded:
            tensor.copy_(torch.from_numpy(folded[key].copy()))
        elif key.endswith("running_var"):
            tensor.fill_(1 - 1e-5)
        elif key.endswith(".weight"):
            tensor.fill_(1)
        elif key.endswith(".bias"):
            # bn2 stands behind conv2, downsample.1 behind downsample.0
            before = re.sub(r"\.(\d)\.bias$", lambda m: f".{int(m[1]) - 1}.bias", key.replace("bn", "conv"))
            if before not in state:
                tensor.copy_(torch.from_numpy(folded[before].copy()))
    return state


def run(*command) -> str:
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def convert(*arguments) -> str:
    return run(sys.executable, "-m", "pliant_convert", "--arch", ARCH, *arguments)


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("half")
    torch.save(checkpoint_of(MODEL), str(folder / "x.pth"))
    made = {kind: folder / f"{kind}.pliant" for kind in ("float32", "float16")}
    for kind, path in made.items():
        convert(folder / "x.pth", "-o", path, "--weights", kind, "--box-thresh", "0.4")
    return made


def test_half_the_size(pliant_command, models):
    sizes = {kind: path.stat().st_size for kind, path in models.items()}
    assert sizes["float16"] < 0.52 * sizes["float32"]
    shown = {k: json.loads(run(pliant_command, "inspect", p, "--json")) for k, p in models.items()}
    halves = weights_of(models["float16"])
    assert sum(array.nbytes for array in halves.values()) == shown["float16"]["weight_bytes"]
    assert shown["float16"]["parameters"] == shown["float32"]["parameters"]
    assert {array.dtype for array in halves.values() if array.ndim >= 2} == {np.dtype("<f2")}
    assert {array.dtype for array in halves.values() if array.ndim < 2} == {np.dtype("<f4")}


@pytest.mark.parametrize("picture", PICTURES, ids=lambda path: path.stem)
def test_same_boxes(pliant_command, models, picture):
    """As many regions, each moved by two pixels of the picture at most."""
    found = {}
    for kind, path in {"shipped": MODEL, **models}.items():
        regions = json.loads(run(pliant_command, "detect", path, picture))["regions"]
        found[kind] = np.array(sorted(np.ravel(region["points"]).tolist() for region in regions))
    assert len(found["shipped"]) > 3
    assert np.array_equal(found["float32"], found["shipped"])
    assert found["float16"].shape == found["shipped"].shape
    assert np.abs(found["float16"] - found["shipped"]).max() <= 2


def test_weights_out_of_range_stay(models, tmp_path):
    """A tensor with a number that half precision makes infinite is kept whole; tiny ones may become 0."""
    state = checkpoint_of(MODEL)
    key = "backbone.layer1.0.conv1.weight"
    state[key][0, 0, 0] = torch.tensor([70000.0, 1e-9, 3e-6])
    tiny = "backbone.layer1.0.conv2.weight"
    state[tiny][0, 0, 0] = torch.tensor([1e-9, 3e-6, 65504.0])
    torch.save(state, str(tmp_path / "x.pth"))
    convert(tmp_path / "x.pth", "-o", tmp_path / "x.pliant", "--weights", "float16")
    found = weights_of(tmp_path / "x.pliant")
    assert found[key].dtype == np.float32 and found[key][0, 0, 0, 0] == pytest.approx(70000)
    assert found[tiny].dtype == np.float16
    assert np.array_equal(found[tiny][0, 0, 0], np.array([0, 3e-6, 65504], np.float16))
