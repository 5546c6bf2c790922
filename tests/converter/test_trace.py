"""Modules of users: every supported spelling computes the same in the file; the rest is refused by name."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
import torchvision
from pliant_convert import ConvertError
from torch import nn
from torchvision.ops import deform_conv2d
from user_modules import Call, CallTwo, check, lively, to_file

ONE_INPUT = {
    "F.relu": lambda m, x: F.relu(x),
    "F.relu inplace": lambda m, x: F.relu(x, inplace=True),
    "torch.relu": lambda m, x: torch.relu(x),
    "relu": lambda m, x: x.relu(),
    "relu_": lambda m, x: x.relu_(),
    "torch.sigmoid": lambda m, x: torch.sigmoid(x),
    "F.sigmoid": lambda m, x: F.sigmoid(x),
    "sigmoid": lambda m, x: x.sigmoid(),
    "add": lambda m, x: x + x.sigmoid(),
    "torch.add": lambda m, x: torch.add(x, torch.relu(x)),
    "x.add": lambda m, x: x.add(x.relu()),
    "mul": lambda m, x: x * torch.sigmoid(x),
    "torch.mul": lambda m, x: torch.mul(x, x),
    "broadcast": lambda m, x: x * x[:, :1] + x[:, :, :1],
    "cat": lambda m, x: torch.cat((x, x.relu(), x[:, :2]), 1),
    "cat dim": lambda m, x: torch.cat([x, x.relu()], dim=-1),
    "cat axis": lambda m, x: torch.cat([x, x.relu()], axis=2),
    "slice first": lambda m, x: x[:, :3],
    "slice last": lambda m, x: x[:, -2:, :, :],
    "slice far": lambda m, x: x[:, 1:999],
    "slice step": lambda m, x: x[:, 1:4:2, ::2, 1::3],
    "slice ellipsis": lambda m, x: x[..., 1:-1],
    "slice nothing": lambda m, x: x[:, :],
    "interpolate": lambda m, x: F.interpolate(x, scale_factor=2),
    "interpolate 1.5": lambda m, x: F.interpolate(x, scale_factor=1.5, mode="nearest"),
    "interpolate two": lambda m, x: F.interpolate(x, scale_factor=(2, 3), mode="nearest"),
    "interpolate shape": lambda m, x: F.interpolate(F.max_pool2d(x, 2), size=x.shape[2:], mode="nearest"),
    "interpolate size": lambda m, x: F.interpolate(F.max_pool2d(x, 2), x.size()[2:]),
    "interpolate last": lambda m, x: F.interpolate(F.max_pool2d(x, 2), size=x.shape[-2:]),
    "interpolate numbers": lambda m, x: F.interpolate(F.max_pool2d(x, 2), size=(x.size(2), x.shape[3])),
    "max_pool2d": lambda m, x: F.max_pool2d(x, 3, 2, 1),
    "max_pool2d ceil": lambda m, x: F.max_pool2d(x, kernel_size=2, ceil_mode=True),
    "max_pool2d dilated": lambda m, x: torch.max_pool2d(x, (2, 3), stride=(1, 2), dilation=(2, 1)),
    "clone": lambda m, x: x.clone().relu_() + x,
    "dropout": lambda m, x: F.dropout(x, 0.5, training=m.training),
    "unused": lambda m, x: (x.sigmoid() * x, x.relu())[1],
    "outputs": lambda m, x: (x.relu(), x.sigmoid()),
}


@pytest.mark.parametrize("name", ONE_INPUT)
def test_spellings(name):
    check(Call(ONE_INPUT[name]))


IN_PLACE = {
    "iadd": lambda m, x, y: (x.__iadd__(y), x)[1],
    "add_": lambda m, x, y: (x.add_(y), x)[1],
    "imul": lambda m, x, y: (x.mul_(y), x)[1] + y,
    "relu_ unused result": lambda m, x, y: (F.relu_(x), x + y)[1],
    "an alias": lambda m, x, y: (torch.relu_(m.same(x)), x + y)[1],
    "earlier reads stay": lambda m, x, y: (x + y, x.relu_(), x)[0] + x,
    "module": lambda m, x, y: (m.relu(x), x + y)[1],
}


@pytest.mark.parametrize("name", IN_PLACE)
def test_in_place_operations_reach_every_name(name):
    check(CallTwo(IN_PLACE[name], same=nn.Identity(), relu=nn.ReLU(inplace=True)), inputs=2)


@pytest.mark.parametrize(
    "function",
    [lambda m, x: (x[:, :2].relu_(), x)[1], lambda m, x: (v := x[:, :2], x.relu_(), v)[2]],
    ids=["base", "view"],
)
def test_in_place_on_views_is_refused(function):
    with pytest.raises(ConvertError, match="in place"):
        to_file(Call(lambda m, x: function(m, x).sigmoid()))


MODULES = {
    "conv": lambda: nn.Conv2d(4, 6, (3, 2), (2, 1), (1, 2), (1, 2), groups=2),
    "conv same": lambda: nn.Conv2d(4, 6, 3, padding="same", dilation=2, bias=False),
    "conv valid": lambda: nn.Conv2d(4, 6, 1, padding="valid"),
    "depthwise": lambda: nn.Conv2d(4, 8, 3, groups=4),
    "transposed": lambda: nn.ConvTranspose2d(4, 6, 3, 2, 1, output_padding=1, groups=2, dilation=2),
    "norm": lambda: nn.BatchNorm2d(4),
    "norm plain": lambda: nn.BatchNorm2d(4, affine=False, eps=1e-3),
    "pool": lambda: nn.MaxPool2d(3, 2, 1, ceil_mode=True),
    "upsample": lambda: nn.Upsample(scale_factor=2, mode="nearest"),
    "upsample two": lambda: nn.UpsamplingNearest2d(scale_factor=3),
    "nothing": lambda: nn.Sequential(
        nn.Identity(), nn.Dropout(0.5), nn.ReLU(), nn.Dropout2d(0.3), nn.Sigmoid()
    ),
}


@pytest.mark.parametrize("name", MODULES)
def test_modules(name):
    torch.manual_seed(1)
    check(lively(MODULES[name]()))
    check(lively(nn.Sequential(nn.ReLU(), MODULES[name]())))


class Deformable(nn.Module):
    """torchvision's function or module, with groups, offset groups, mask and bias."""

    def __init__(self, spelling, masked, bias=True):
        super().__init__()
        self.spelling, self.masked = spelling, masked
        self.offset = nn.Conv2d(4, 2 * 2 * 6, (3, 2), (1, 2), (1, 1), (1, 2))
        self.mask = nn.Conv2d(4, 2 * 6, (3, 2), (1, 2), (1, 1), (1, 2))
        nn.init.normal_(self.offset.weight, std=0.5)
        self.conv = torchvision.ops.DeformConv2d(4, 6, (3, 2), (1, 2), (1, 1), (1, 2), groups=2, bias=bias)

    def forward(self, x):
        mask = self.mask(x).sigmoid() if self.masked else None
        offset = self.offset(x)
        if self.spelling == "module":
            return self.conv(x, offset, mask)
        function = deform_conv2d if self.spelling == "function" else torchvision.ops.deform_conv2d
        return function(x, offset, self.conv.weight, self.conv.bias, (1, 2), (1, 1), (1, 2), mask)


@pytest.mark.parametrize("spelling", ["module", "function", "attribute"])
@pytest.mark.parametrize("masked", [False, True])
def test_deformable(spelling, masked):
    torch.manual_seed(2)
    model = check(Deformable(spelling, masked))
    name, table = model.layer(model.nodes[-1])
    assert (name, table.Groups(), table.OffsetGroups(), table.OffsetRead()) == ("DeformConv2d", 2, 2, 0)
    assert torchvision.ops.deform_conv2d is deform_conv2d  # tracing has put it back


def test_shared_weights_are_stored_once():
    conv = nn.Conv2d(4, 4, 1)
    model = check(Call(lambda m, x: m.conv(m.conv(x)), conv=conv))
    assert len(model.nodes) == 2 and len(model.weights) == 2
    assert [node.Name() for node in model.nodes] == [b"conv", b"conv_1"]


class ControlFlow(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Call(lambda m, x: x.relu() if x.sigmoid() else x)

    def forward(self, x):
        return self.inner(x)


REFUSED = {
    "function": (Call(lambda m, x: torch.fft.fft2(x)), ["fft_fft2", "test_trace.py:", "Conv2d"]),
    "method": (Call(lambda m, x: x.cumsum(1)), ["'cumsum'", "test_trace.py:"]),
    "module": (nn.Sequential(nn.ReLU(), nn.GELU()), ["'1'", "GELU"]),
    "inside": (
        Call(lambda m, x: m.part(x), part=Call(lambda m, x: x.abs())),
        ["'abs' in 'part'", "test_trace.py:"],
    ),
    "control flow": (ControlFlow(), ["'inner'", "test_trace.py:", "control flow"]),
    "padding mode": (nn.Conv2d(4, 4, 3, padding=1, padding_mode="circular"), ["'circular'"]),
    "batch statistics": (nn.BatchNorm2d(4, track_running_stats=False), ["track_running_stats"]),
    "indices": (nn.MaxPool2d(2, return_indices=True), ["return_indices"]),
    "bicubic": (nn.Upsample(scale_factor=2, mode="bicubic"), ["mode='bicubic'"]),
    "recomputed": (
        Call(lambda m, x: F.interpolate(x, scale_factor=1.3, recompute_scale_factor=True)),
        ["recompute"],
    ),
    "index": (Call(lambda m, x: x[:, 4]), ["index 4"]),
    "tensor index": (Call(lambda m, x: x[x.relu()]), ["the index"]),
    "size as a number": (Call(lambda m, x: x * x.shape[2]), ["a calculation with tensors"]),
    "size in control flow": (Call(lambda m, x: x if x.shape[2] > 4 else -x), ["x0.shape[2]", "control flow"]),
    "adaptive": (nn.AdaptiveAvgPool2d(3), ["adaptive pooling to 3x3"]),
    "matrix product": (Call(lambda m, x: x @ x), ["matmul"]),
    "bound": (Call(lambda m, x: x[:, :, : x.shape[3]]), ["no fixed distance"]),
    "two unknown": (Call(lambda m, x: x.flatten(2).view(x.shape)), ["no multiples"]),
    "squeeze": (Call(lambda m, x: x.squeeze()), ["only the run"]),
    "split": (Call(lambda m, x: x.chunk(2, 2)), ["only the run"]),
    "pad": (Call(lambda m, x: F.pad(x, (0, x.shape[2]))), ["only the run"]),
    "dtype": (Call(lambda m, x: x.to(torch.float16)), ["float16"]),
    "channels": (nn.Conv2d(5, 4, 1), ["4 channels", "expects 5"]),
    "norm channels": (nn.BatchNorm2d(3), ["4 channels", "expects 3"]),
    "dropout": (Call(lambda m, x: F.dropout(x)), ["training"]),
    "no tensor": (Call(lambda m, x: 5), ["output"]),
    "empty range": (Call(lambda m, x: x[:, 4:]), ["leaves nothing", "size 4"]),
    "channel sum": (Call(lambda m, x: x + x[:, :2]), ["?x4x?x? and ?x2x?x?"]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_say_what_and_where(name):
    module, words = REFUSED[name]
    with pytest.raises(ConvertError) as caught:
        to_file(module)
    for word in words:
        assert word in str(caught.value)


def test_wrong_number_of_inputs():
    with pytest.raises(ConvertError, match="fewer inputs"):
        to_file(nn.ReLU(), inputs=2)
    with pytest.raises(ConvertError, match="'y' was not described"):
        to_file(CallTwo(lambda m, x, y: x + y), inputs=1)
