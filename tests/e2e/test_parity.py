"""Whole DB networks on lively random weights against PyTorch: probabilities and logits.

The reference (db_reference.py) reads the checkpoint directly and shares no code with the recipes.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import db_reference
import numpy as np
import pytest
import torch
from harness import run_model

sys.path.insert(0, str(Path(__file__).parents[1] / "converter"))
import seeded  # noqa: E402

LARGE = pytest.mark.heavy
SIZES = [
    pytest.param((1, 640, 640), marks=LARGE),
    pytest.param((1, 736, 1280), marks=LARGE),
    (1, 224, 352),
    (1, 32, 32),
    (2, 96, 160),
]
LIMITS = {"deformable_resnet18": 1e-4, "deformable_resnet50": 1e-3, "resnet18": 1e-4, "resnet50": 1e-3}


@pytest.fixture(scope="module")
def converted(tmp_path_factory, pliant_convert_command):
    """arch -> (state dict without prefix, model file with both outputs); full width, made once."""
    made: dict[str, tuple[dict, Path]] = {}

    def get(arch: str) -> tuple[dict, Path]:
        if arch not in made:
            folder = tmp_path_factory.mktemp(arch)
            state = seeded.state_dict(seeded.module(arch, seed=7))
            checkpoint = folder / "model.pth"
            # As the project saves them: DataParallel keys, legacy container.
            torch.save(
                {f"model.module.{key}": value for key, value in state.items()},
                checkpoint,
                _use_new_zipfile_serialization=False,
            )
            model = folder / "model.pliant"
            arguments = [pliant_convert_command, str(checkpoint), "-o", str(model), "--output-logits"]
            subprocess.run(arguments, check=True, capture_output=True)
            made[arch] = (state, model)
        return made[arch]

    return get


@pytest.mark.parametrize("arch", ["deformable_resnet18", "deformable_resnet50", "resnet18", "resnet50"])
@pytest.mark.parametrize("size", SIZES, ids=lambda s: "x".join(map(str, s)))
def test_network(arch, size, converted, pliant_command, tmp_path):
    if not arch.startswith("deformable") and size[1] > 300:
        pytest.skip("the plain backbones differ in nothing that a large picture would show")
    state, model = converted(arch)
    n, h, w = size
    x = seeded.picture(n, 3, h, w)
    expected_logits = db_reference.logits(state, x).numpy()
    probability, logits = run_model(str(pliant_command), model, [x], tmp_path, 2)
    expected = 1 / (1 + np.exp(-expected_logits.astype(np.float64)))
    if size[1] > 32:
        lively = np.mean((expected > 0.05) & (expected < 0.95))
        assert lively >= 0.3, f"only {lively:.0%} of the probabilities say anything"
    assert probability.shape == expected.shape
    worst, worst_logit = np.abs(probability - expected).max(), np.abs(logits - expected_logits).max()
    print(f"{arch} {size}: probability {worst:.2e}, logit {worst_logit:.2e}")
    assert worst <= LIMITS[arch]
    # A logit is worth at most a quarter of itself in probability: the same exactness before the sigmoid.
    assert worst_logit <= 4 * LIMITS[arch] * max(1.0, np.abs(expected_logits).max() / 4)
