"""The random checkpoints are as lively as the tests that use them need."""

from __future__ import annotations

import subprocess
import sys

import pytest
import seeded
import torch


@pytest.mark.parametrize("arch", ["deformable_resnet18", "deformable_resnet50"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_liveliness(arch, seed):
    network = seeded.module(arch, seed, width=12, neck=32)
    maps = []
    for name, part in network.named_modules():
        if name.endswith("conv2_offset"):
            part.register_forward_hook(lambda *hook: maps.append(hook[2]))
    torch.manual_seed(seed)
    with torch.no_grad():
        probabilities = network(seeded.picture(2, 3, 96, 128))
    assert ((probabilities > 0.05) & (probabilities < 0.95)).float().mean() >= 0.3
    assert probabilities.std() > 0.1
    offsets = [m[:, :18] for m in maps]
    near = torch.cat([o[o.abs() < 10] for o in offsets])
    assert 1.5 <= near.std() <= 3.0
    assert all((o.abs() > 12).any() for o in offsets)
    assert (near - near.round()).abs().mean() > 0.2  # fractional
    assert all(o.std(dim=(2, 3)).min() > 0.01 for o in offsets)  # they follow the picture
    masks = torch.cat([m[:, 18:].flatten() for m in maps])
    assert 0.7 <= masks.std() <= 1.5


@pytest.mark.parametrize("arch", ["deformable_resnet18", "deformable_resnet50"])
def test_rounding_errors_stay_small(arch):
    """float32 and float64 agree, or a comparison with another implementation would mean nothing."""
    network = seeded.module(arch, 1, width=12, neck=32)
    torch.manual_seed(1)
    picture = seeded.picture(1, 3, 160, 192)
    with torch.no_grad():
        single = network(picture)
        assert (network.double()(picture.double()) - single).abs().max() < 1e-4


def test_same_seed_same_weights():
    first, second, other = (
        seeded.module("resnet18", seed, width=8, neck=16).state_dict() for seed in (5, 5, 6)
    )
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert not torch.equal(first["backbone.conv1.weight"], other["backbone.conv1.weight"])


def test_command(tmp_path, convert):
    command = [
        sys.executable,
        seeded.__file__,
        "--arch",
        "deformable_resnet18",
        "--width",
        "8",
        "--neck",
        "16",
    ]
    command += ["--seed", "3", "--prefix", "model.module.", "--legacy", "-o", str(tmp_path / "x.pth")]
    subprocess.run(command, check=True)
    result = convert(tmp_path / "x.pth", "-o", tmp_path / "x.pliant")
    assert result.code == 0 and "deformable_resnet18" in result.out
