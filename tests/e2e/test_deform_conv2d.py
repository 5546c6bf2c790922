"""DeformConv2d against torchvision over random cases, through converter, file and command."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from harness import assert_close, run_model, write_model
from torch import nn
from torchvision.ops import deform_conv2d

CASES_A_BATCH = 32
BATCHES = 10


class Deform(nn.Module):
    """One deformable convolution with weights of its own."""

    def __init__(self, case: dict) -> None:
        super().__init__()
        self.case = case
        self.weight = nn.Parameter(
            torch.randn(case["co"], case["c"] // case["groups"], *case["kernel"]) * 0.3
        )
        self.bias = nn.Parameter(torch.randn(case["co"])) if case["bias"] else None

    def forward(self, x, offset, mask=None):
        c = self.case
        return deform_conv2d(
            x, offset, self.weight, self.bias, stride=c["stride"], padding=c["padding"],
            dilation=c["dilation"], mask=mask,
        )  # fmt: skip


class DeformUnmasked(Deform):
    def forward(self, x, offset):
        return Deform.forward(self, x, offset)


def random_case(r: random.Random) -> dict:
    """Attributes and sizes that leave at least one output pixel."""
    while True:
        groups, offset_groups = r.choice([1, 1, 2, 3]), r.choice([1, 1, 2, 4])
        step = int(np.lcm(groups, offset_groups))
        case = {
            "n": r.choice([1, 1, 2, 3]),
            "c": step * r.choice([1, 2, 3, 5, 8]),
            "co": groups * r.choice([1, 2, 3, 8, 17]),
            "h": r.choice([1, 1, 2, 3, 5, 7, 9, 13]),
            "w": r.choice([1, 1, 2, 3, 4, 8, 11, 17]),
            "kernel": r.choice(
                [(1, 1), (3, 3), (3, 3), (3, 3), (2, 2), (5, 5), (7, 7), (1, 3), (5, 2), (3, 7)]
            ),
            "stride": (r.choice([1, 1, 2, 3]), r.choice([1, 1, 2])),
            "padding": (r.choice([0, 1, 1, 2, 3]), r.choice([0, 1, 1, 2, 3])),
            "dilation": (r.choice([1, 1, 2, 3]), r.choice([1, 1, 2])),
            "groups": groups,
            "offset_groups": offset_groups,
            "mask": r.random() < 0.7,
            "bias": r.random() < 0.5,
            "offsets": r.choice(["small", "small", "large", "far", "grid", "infinite"]),
        }
        size = [
            (case[d] + 2 * case["padding"][i] - case["dilation"][i] * (case["kernel"][i] - 1) - 1)
            // case["stride"][i] + 1
            for i, d in enumerate(("h", "w"))
        ]  # fmt: skip
        if min(size) >= 1:
            case["out"] = tuple(size)
            return case


def random_offsets(case: dict) -> torch.Tensor:
    taps = case["offset_groups"] * case["kernel"][0] * case["kernel"][1]
    shape = (case["n"], 2 * taps, *case["out"])
    kind = case["offsets"]
    if kind == "small":
        return torch.randn(shape) * 1.5
    if kind == "large":
        return torch.randn(shape) * 10
    if kind == "far":
        return torch.randn(shape) * torch.tensor(10.0) ** torch.randint(0, 12, shape)
    if kind == "infinite":
        offset = torch.randn(shape) * 2
        offset[torch.rand(shape) < 0.2] = float("inf")
        offset[torch.rand(shape) < 0.2] = float("-inf")
        return offset
    return grid_offsets(case, shape)


def grid_offsets(case: dict, shape: tuple) -> torch.Tensor:
    """Sample points exactly on -1, 0, H-1, H and whole pixels: the borders of the definition."""
    offset = torch.zeros(shape)
    kh, kw = case["kernel"]
    for channel in range(shape[1]):
        tap, axis = divmod(channel // 1 % (2 * kh * kw), 2)
        size = (case["h"], case["w"])[axis]
        kernel_position = (tap // kw, tap % kw)[axis]
        steps = torch.arange(case["out"][axis]) * case["stride"][axis] - case["padding"][axis]
        base = steps + kernel_position * case["dilation"][axis]
        base = base.view(-1, 1) if axis == 0 else base.view(1, -1)
        wanted = torch.tensor([-1.0, 0.0, size - 1.0, float(size), -0.5, size - 0.5, 1.0])
        choice = wanted[torch.randint(0, len(wanted), (shape[0], *case["out"]))]
        offset[:, channel] = choice - base
    return offset


def run_case(case: dict, command: str, folder) -> tuple[np.ndarray, np.ndarray]:
    taps = case["offset_groups"] * case["kernel"][0] * case["kernel"][1]
    inputs = [torch.randn(case["n"], case["c"], case["h"], case["w"]), random_offsets(case)]
    channels = [case["c"], 2 * taps]
    if case["mask"]:
        inputs.append(torch.rand(case["n"], taps, *case["out"]) * 2 - 0.5)
        channels.append(taps)
    module = (Deform if case["mask"] else DeformUnmasked)(case).eval()
    with torch.no_grad():
        expected = module(*inputs).numpy()
    model = write_model(module, folder / "m.pliant", channels)
    return run_model(command, model, inputs, folder)[0], expected


@pytest.mark.parametrize("batch", range(BATCHES))
def test_random_cases(batch, pliant_command, tmp_path):
    r = random.Random(batch)
    torch.manual_seed(batch)
    for _ in range(CASES_A_BATCH):
        case = random_case(r)
        actual, expected = run_case(case, str(pliant_command), tmp_path)
        assert_close(actual, expected, str(case))


def test_a_coordinate_that_is_no_number_samples_zero(pliant_command, tmp_path):
    """Our own rule: torchvision 0.14 crashes there. The other taps of the pixel still count."""
    torch.manual_seed(3)
    case = random_case(random.Random(1)) | {
        "n": 1, "c": 4, "co": 3, "h": 6, "w": 7, "kernel": (3, 3), "stride": (1, 1), "padding": (1, 1),
        "dilation": (1, 1), "groups": 1, "offset_groups": 1, "mask": True, "bias": False, "out": (6, 7),
    }  # fmt: skip
    module = Deform(case).eval()
    x, offset, mask = torch.randn(1, 4, 6, 7), torch.randn(1, 18, 6, 7), torch.rand(1, 9, 6, 7)
    broken = torch.rand(1, 9, 6, 7) < 0.3
    with torch.no_grad():
        expected = module(x, offset, mask * ~broken).numpy()
    nan = offset.clone()
    nan[:, 0::2][broken] = float("nan")
    model = write_model(module, tmp_path / "m.pliant", [4, 18, 9])
    actual = run_model(str(pliant_command), model, [x, nan, mask], tmp_path)[0]
    assert_close(actual, expected)


@pytest.mark.parametrize(
    "stride,dilation,size", [(2, 1, (8, 8)), (2, 1, (7, 9)), (1, 2, (9, 10)), (3, 1, (10, 7))]
)
@pytest.mark.parametrize("groups", [1, 2])
def test_flat_prefix(stride, dilation, size, groups, pliant_command, tmp_path):
    """Offset maps larger than the output are read as the original CUDA operator did."""

    class Flat(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.randn(6, 4, 3, 3) * 0.3)
            self.bias = None
            self.stride, self.padding, self.dilation = (stride, stride), (1, 1), (dilation, dilation)
            self.offset_read = "flat_prefix"

        def forward(self, x, offset, mask):
            raise NotImplementedError("a leaf: the converter knows such modules by their attributes")

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = Flat()

        def forward(self, x, offset, mask):
            return self.conv(x, offset, mask)

    torch.manual_seed(size[0] * 10 + stride)
    h, w = size
    net = Net()
    x = torch.randn(2, 4, h, w)
    offset, mask = torch.randn(2, 18 * groups, h, w) * 2, torch.rand(2, 9 * groups, h, w)
    ho, wo = ((s + 2 - dilation * 2 - 1) // stride + 1 for s in size)
    packed = [
        torch.stack([one.flatten()[: c * groups * ho * wo].view(c * groups, ho, wo) for one in buffer])
        for buffer, c in ((offset, 18), (mask, 9))
    ]
    with torch.no_grad():
        expected = deform_conv2d(
            x, packed[0], net.conv.weight, None, stride=stride, padding=1, dilation=dilation, mask=packed[1]
        ).numpy()
    model = write_model(net, tmp_path / "m.pliant", [4, 18 * groups, 9 * groups])
    actual = run_model(str(pliant_command), model, [x, offset, mask], tmp_path)[0]
    assert_close(actual, expected)
