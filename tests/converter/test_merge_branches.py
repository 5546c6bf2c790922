"""Parallel branches and constants end in the weights of one convolution; the results stay."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from user_modules import Call, check, lively


class Branches(nn.Module):
    """The sum of all its parts."""

    def __init__(self, *parts: nn.Module) -> None:
        super().__init__()
        self.parts = nn.ModuleList(parts)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.parts[0](x)
        for part in self.parts[1:]:
            y = y + part(x)
        return y


def conv(kernel: int, stride: int = 1, groups: int = 1, outputs: int = 4, bias: bool = False) -> nn.Conv2d:
    return nn.Conv2d(4, outputs, kernel, stride, kernel // 2, groups=groups, bias=bias)


def normed(*arguments: int) -> nn.Module:
    made = conv(*arguments)
    return nn.Sequential(made, nn.BatchNorm2d(made.out_channels))


MERGED = {
    "RepVGG's block": lambda: Branches(normed(3), normed(1), nn.BatchNorm2d(4)),
    "depthwise": lambda: Branches(normed(5, 1, 4), normed(5, 1, 4), normed(1, 1, 4), nn.BatchNorm2d(4)),
    "two groups": lambda: Branches(normed(3, 1, 2), normed(1, 1, 2), nn.BatchNorm2d(4)),
    "stride": lambda: Branches(normed(3, 2), normed(1, 2)),
    "with bias and without": lambda: Branches(conv(3, bias=True), conv(3)),
    "no bias": lambda: Branches(conv(3), conv(1)),
    "7x7 + 7x1 + 1x7": lambda: Branches(
        conv(7), nn.Conv2d(4, 4, (7, 1), padding=(3, 0)), nn.Conv2d(4, 4, (1, 7), padding=(0, 3))
    ),
    "no padding, and even": lambda: Branches(nn.Conv2d(4, 4, 2), nn.Conv2d(4, 4, 4, padding=1)),
    "a norm first": lambda: Branches(nn.BatchNorm2d(4), normed(3)),
}


@pytest.mark.parametrize("name", MERGED)
def test_branches_become_one_convolution(name: str) -> None:
    torch.manual_seed(3)
    assert check(lively(MERGED[name]())).layer_names() == ["Conv2d"]


LEFT = {
    "the products would get more": (
        lambda: Branches(nn.Conv2d(4, 4, (7, 1), padding=(3, 0)), nn.Conv2d(4, 4, (1, 7), padding=(0, 3))),
        ["Conv2d", "Conv2d", "Add"],
    ),
    "other groups": (lambda: Branches(conv(3), conv(3, groups=2)), ["Conv2d", "Conv2d", "Add"]),
    "not in the middle": (
        lambda: Branches(nn.Conv2d(4, 4, 2, stride=2), nn.Conv2d(4, 4, 3, stride=2, padding=1)),
        ["Conv2d", "Conv2d", "Add"],
    ),
    "dilation": (
        lambda: Branches(conv(3), nn.Conv2d(4, 4, 3, padding=2, dilation=2)),
        ["Conv2d", "Conv2d", "Add"],
    ),
    "norms alone": (
        lambda: Branches(nn.BatchNorm2d(4), nn.BatchNorm2d(4)),
        ["BatchNorm2d", "BatchNorm2d", "Add"],
    ),
    "a norm beside a stride": (
        lambda: Branches(nn.Sequential(nn.MaxPool2d(2), nn.BatchNorm2d(4)), conv(3, 2)),
        ["MaxPool2d", "BatchNorm2d", "Conv2d", "Add"],
    ),
    "broadcasting": (lambda: Branches(conv(3), conv(1, outputs=1)), ["Conv2d", "Conv2d", "Add"]),
}


@pytest.mark.parametrize("name", LEFT)
def test_what_is_no_sum_of_branches_stays(name: str) -> None:
    make, layers = LEFT[name]
    torch.manual_seed(3)
    assert check(lively(make()), sizes=((2, 8, 10),)).layer_names() == layers


def test_other_terms_of_the_sum_stay() -> None:
    def forward(m: nn.Module, x: torch.Tensor) -> torch.Tensor:
        return x.relu() + (m.a(x) + (x.sigmoid() + m.b(x))) + m.c(x.relu())

    torch.manual_seed(5)
    model = check(lively(Call(forward, a=conv(3), b=normed(1), c=conv(1))))
    assert sorted(model.layer_names()) == ["Add"] * 3 + ["Conv2d"] * 2 + ["ReLU"] * 2 + ["Sigmoid"]


def test_branches_that_somebody_else_reads_stay() -> None:
    def forward(m: nn.Module, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        a, b, c = m.a(x), m.b(x), m.c(x)
        return a + b + c, a * 2

    torch.manual_seed(6)
    model = check(lively(Call(forward, a=conv(3), b=conv(3), c=conv(1))))
    assert model.layer_names().count("Conv2d") == 2  # b and c are one

    def outputs(m: nn.Module, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        a = m.a(x)
        return a + m.b(x), a

    assert check(lively(Call(outputs, a=conv(3), b=conv(3)))).layer_names().count("Conv2d") == 2


FOLDED = {
    "number": lambda m, x: m.conv(x) * 0.2 + 0.5,
    "number first": lambda m, x: 0.5 + 0.2 * m.conv(x),
    "for each channel": lambda m, x: m.conv(x) * m.scale + m.shift,
    "after branches": lambda m, x: (m.conv(x) + m.other(x)) * 0.2 + 0.5,
}


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("name", FOLDED)
def test_constants_fold_into_convolutions(name: str, transposed: bool) -> None:
    torch.manual_seed(4)
    made = nn.ConvTranspose2d(4, 4, 3, padding=1, groups=2) if transposed else conv(3, bias=True)
    network = lively(Call(FOLDED[name], conv=made, other=conv(3)))
    network.scale, network.shift = (nn.Parameter(torch.randn(4, 1, 1)) for _ in range(2))
    layers = check(network).layer_names()
    both = transposed and name == "after branches"  # a sum of two kinds is no branch
    assert ("Mul" in layers, "Add" in layers) == (both, both)


KEPT = {
    "along the width": lambda m, x: m.conv(x) * m.row,
    "two readers": lambda m, x: (lambda y: (y * 0.5).sigmoid() - y)(m.conv(x)),
    "no convolution": lambda m, x: m.conv(x).sigmoid() * 0.5,
}


@pytest.mark.parametrize("name", KEPT)
def test_constants_that_cannot_fold_stay(name: str) -> None:
    network = lively(Call(KEPT[name], conv=conv(3)))
    network.row = nn.Parameter(torch.randn(10))
    assert "Mul" in check(network, sizes=((2, 8, 10),)).layer_names()
