"""Hundreds of random modules: what converts computes what PyTorch computes, the rest is refused by name."""

from __future__ import annotations

import random

import pytest
import torch
from harness import assert_close, run_model, write_model
from pliant_convert import ConvertError
from random_modules import SIZES, make, unsupported
from torch import nn

BATCHES = 12
MODULES_IN_A_BATCH = 30
LEAST_CONVERTED = 0.95


@pytest.mark.parametrize("batch", range(BATCHES))
@pytest.mark.filterwarnings("ignore")
def test_random_modules(batch, pliant_command, tmp_path):
    refusals = []
    for seed in range(batch * MODULES_IN_A_BATCH, (batch + 1) * MODULES_IN_A_BATCH):
        network, channels = make(seed)
        path = tmp_path / "m.pliant"
        try:
            write_model(network, path, [channels])
        except ConvertError as error:
            refusals.append(f"{seed}: {error}")
            continue
        for images, height, width in SIZES:
            x = torch.randn(images, channels, height, width)
            with torch.no_grad():
                expected = network(x.clone())
            expected = expected if isinstance(expected, tuple) else (expected,)
            actual = run_model(str(pliant_command), path, [x], tmp_path, len(expected))
            for a, e in zip(actual, expected):
                assert_close(a, e.numpy(), f"(seed {seed}, {images}x{height}x{width})")
    assert len(refusals) <= (1 - LEAST_CONVERTED) * MODULES_IN_A_BATCH, "\n".join(refusals)


@pytest.mark.parametrize("seed", range(40))
def test_unsupported_steps_are_refused_by_name(seed, tmp_path):
    r = random.Random(seed)
    torch.manual_seed(seed)
    step, word = unsupported(r)
    network = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), step, nn.Sigmoid())
    with pytest.raises(ConvertError) as caught:
        write_model(network, tmp_path / "m.pliant", [3])
    assert word in str(caught.value), str(caught.value)
    assert not (tmp_path / "m.pliant").exists()
