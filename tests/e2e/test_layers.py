"""Every layer but the deformable ones against PyTorch, through converter, file and command."""

from __future__ import annotations

import random

import pytest
import torch
from harness import assert_close, run_model, write_model
from torch import nn


def conv(r: random.Random) -> tuple[nn.Module, list[int]]:
    groups = r.choice([1, 1, 2, 4])
    c, co = groups * r.choice([1, 3, 5, 16]), groups * r.choice([1, 2, 7, 33])
    kernel = (r.choice([1, 3, 5, 7]), r.choice([1, 2, 3]))
    return nn.Conv2d(
        c, co, kernel, (r.choice([1, 2, 3]), r.choice([1, 2])), (r.choice([0, 1, 3]), r.choice([0, 1, 2])),
        (r.choice([1, 2]), r.choice([1, 3])), groups, r.random() < 0.5,
    ), [c]  # fmt: skip


def depthwise(r: random.Random) -> tuple[nn.Module, list[int]]:
    c = r.choice([1, 3, 8, 19, 64])
    return nn.Conv2d(c, c * r.choice([1, 1, 2]), 3, r.choice([1, 2]), 1, groups=c), [c]


def conv_transpose(r: random.Random) -> tuple[nn.Module, list[int]]:
    groups = r.choice([1, 1, 2])
    c, co = groups * r.choice([1, 4, 9]), groups * r.choice([1, 3, 16])
    if r.random() < 0.4:
        return nn.ConvTranspose2d(c, co, 2, 2, groups=groups), [c]
    stride = r.choice([1, 2, 3])
    return nn.ConvTranspose2d(
        c, co, (r.choice([1, 2, 3, 4]), 3), stride, r.choice([0, 1]), r.choice([0, stride - 1]), groups,
        r.random() < 0.5, r.choice([1, 2]),
    ), [c]  # fmt: skip


def max_pool(r: random.Random) -> tuple[nn.Module, list[int]]:
    kernel = r.choice([2, 3, 5])
    pool = nn.MaxPool2d(
        kernel,
        r.choice([1, 2, 3]),
        r.choice([0, kernel // 2]),
        r.choice([1, 1, 2]),
        ceil_mode=r.random() < 0.5,
    )
    return pool, [r.choice([1, 3, 16, 21])]


def upsample(r: random.Random) -> tuple[nn.Module, list[int]]:
    # No scale just above 2 (2.05): where the size doubles, PyTorch differs by version and memory format.
    scale = r.choice([2, 3, 8, 1.5, 2.3, (2.0, 3.0), 0.7, 1.0])
    return nn.Upsample(scale_factor=scale, mode="nearest"), [r.choice([1, 5, 32])]


class UpsampleLike(nn.Module):
    def forward(self, x, y):
        return nn.functional.interpolate(x, size=y.shape[2:])


class Sum(nn.Module):
    def forward(self, x, y):
        return torch.relu(x + y) * torch.sigmoid(y)


class Cat(nn.Module):
    def forward(self, x, y):
        return torch.cat([x, y[:, 1:], x[:, :1]], 1)[:, :, ::2, -5:]


def batch_norm(r: random.Random) -> tuple[nn.Module, list[int]]:
    c = r.choice([1, 6, 40])
    norm = nn.BatchNorm2d(c, affine=r.random() < 0.8)
    norm.running_mean.uniform_(-1, 1)
    norm.running_var.uniform_(0.3, 2)
    if norm.affine:
        nn.init.uniform_(norm.weight, -1, 1)
        nn.init.uniform_(norm.bias, -1, 1)
    return nn.Sequential(nn.Sigmoid(), norm), [c]  # nothing to fold into


MAKERS = {
    "conv": conv,
    "depthwise": depthwise,
    "conv_transpose": conv_transpose,
    "max_pool": max_pool,
    "upsample": upsample,
    "batch_norm": batch_norm,
    "upsample_like": lambda r: (UpsampleLike(), [3, 3]),
    "sum": lambda r: (Sum(), [6, 6]),
    "cat": lambda r: (Cat(), [3, 9]),
}


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("target", ["", "scalar"])
def test_against_pytorch(kind, target, pliant_command, tmp_path):
    r = random.Random(kind)
    torch.manual_seed(len(kind))
    done = 0
    while done < (8 if target == "" else 3):
        module, channels = MAKERS[kind](r)
        n, h, w = r.choice([1, 2]), r.choice([1, 6, 13, 30]), r.choice([1, 7, 16, 33])
        inputs = [torch.randn(n, c, h, w) for c in channels]
        if kind == "upsample_like":
            inputs[1] = torch.randn(n, 3, r.randint(1, 40), r.randint(1, 40))
        try:
            with torch.no_grad():
                expected = module.eval()(*inputs).numpy()
        except RuntimeError:
            continue  # PyTorch refuses this size as well
        if expected.size == 0:
            continue
        done += 1
        model = write_model(module, tmp_path / "m.pliant", channels)
        options = ["--target", target] if target else []
        actual = run_model(str(pliant_command), model, inputs, tmp_path, 1, *options)[0]
        assert_close(actual, expected, f"{module} {[tuple(x.shape) for x in inputs]}")


def test_not_a_number_passes_relu_and_pooling(pliant_command, tmp_path):
    net = nn.Sequential(nn.ReLU(), nn.MaxPool2d(3, 1, 1))
    x = torch.randn(1, 5, 8, 9)
    x[0, 2, 3, 4] = float("nan")
    with torch.no_grad():
        expected = net(x)
    actual = run_model(str(pliant_command), write_model(net, tmp_path / "m.pliant", [5]), [x], tmp_path)[0]
    assert torch.equal(torch.isnan(torch.from_numpy(actual)), torch.isnan(expected))
    assert torch.isnan(expected).sum() == 9
