"""The layer set in the spellings of torch.nn, torch.nn.functional, tensor methods and operators."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from pliant_convert import ConvertError
from torch import nn
from user_modules import Call, CallTwo, check, lively, to_file


def windows(x, size=2):
    b, c, h, w = x.size()
    x = x.view(b, c, h // size, size, w // size, size).permute(0, 1, 3, 5, 2, 4)
    return x.reshape(b, c * size * size, h // size, w // size)


def shuffle(x, groups=2):
    b, c, h, w = x.size()
    x = x.view(b, groups, c // groups, h, w)
    return torch.transpose(x, 1, 2).contiguous().view(b, -1, h, w)


SPELLINGS = {
    # arithmetic
    "sub": lambda m, x: x - x.sigmoid(),
    "torch.sub": lambda m, x: torch.sub(x, x.relu(), alpha=0.5),
    "x.sub": lambda m, x: x.subtract(x.relu()),
    "number minus": lambda m, x: 1 - x,
    "rsub": lambda m, x: torch.rsub(x, x.relu()),
    "div": lambda m, x: x / (x * x + 1),
    "true_divide": lambda m, x: torch.true_divide(x.relu(), 6.0) + x.div(3) + torch.div(x, 7),
    "number over": lambda m, x: 1 / (x * x + 2),
    "list of places": lambda m, x: x[:, [2, 1, 0]] * x[:, 1:, [-1]] + x[..., [0, 0]][:, [1]].mean(3, True),
    "reciprocal": lambda m, x: torch.reciprocal(x * x + 2) - (x.sigmoid() + 1).reciprocal(),
    "neg": lambda m, x: -x + torch.neg(x) * x.neg(),
    "numbers": lambda m, x: (x + 1) * 0.5 - 3 + 2 * x,
    "alpha": lambda m, x: torch.add(x, x.relu(), alpha=-0.3) + x.add(x, alpha=2),
    "square": lambda m, x: x**2 + x.pow(3) + torch.square(x),
    "in place": lambda m, x: x.clone().mul_(0.5).add_(1).sub_(x).div_(3),
    "in place operators": lambda m, x: _in_place(x.clone()),
    "parameter": lambda m, x: x * m.scale + m.shift.view(1, -1, 1, 1),
    "parameter of parameters": lambda m, x: x * (m.scale * 2).exp() - F.softplus(m.shift)[:, None, None],
    "ranks": lambda m, x: x + x.mean((0, 2, 3))[:, None, None] + x.mean((0, 1)),
    "hswish by hand": lambda m, x: x * F.relu6(x + 3) / 6,
    "hsigmoid by hand": lambda m, x: F.relu6(x + 3, inplace=True) / 6.0 + F.relu6(1.2 * x + 3.0) / 6.0,
    # activations
    "leaky": lambda m, x: F.leaky_relu(x, 0.2) + F.leaky_relu(x),
    "leaky_": lambda m, x: F.leaky_relu_(x.clone(), 0.3) + F.leaky_relu(x * 2, 0.1, inplace=True),
    "hardswish": lambda m, x: F.hardswish(x * 3),
    "hardsigmoid": lambda m, x: F.hardsigmoid(x * 3) + F.hardsigmoid(x * 2, inplace=True),
    "silu": lambda m, x: F.silu(x) + x * torch.sigmoid(x),
    "softmax": lambda m, x: F.softmax(x, dim=1) + torch.softmax(x, -1) + x.softmax(2),
    "relu6": lambda m, x: F.relu6(x * 5) + F.hardtanh(x, -0.5, 0.7),
    "clamp": lambda m, x: x.clamp(-0.5, 0.5) + torch.clamp(x, min=0.1) + x.clip(max=0.3),
    "clamp_": lambda m, x: (x * 1).clamp_(0, 1) + x.clamp_min(0.2) + torch.clamp_max(x, 0.1),
    # pooling and sums
    "avg_pool2d": lambda m, x: F.avg_pool2d(x, 3, 2, 1)
    + F.avg_pool2d(x, (3, 3), 2, 1, count_include_pad=False),
    "avg_pool2d ceil": lambda m, x: F.avg_pool2d(x, 2, ceil_mode=True),
    "avg_pool2d divisor": lambda m, x: F.avg_pool2d(x, (2, 3), stride=(1, 2), divisor_override=5),
    "adaptive": lambda m, x: x * F.adaptive_avg_pool2d(x, 1) + F.adaptive_avg_pool2d(x, (1, 1)),
    "mean": lambda m, x: x.mean(dim=(2, 3), keepdim=True) * torch.mean(x, 1, keepdim=True),
    "mean of all": lambda m, x: x + x.mean([1, 2, 3], True) + torch.mean(x, dim=-1, keepdim=True),
    "mean without axes": lambda m, x: x.mean(3).mean(2),
    "sum": lambda m, x: x.sum(1, keepdim=True) + torch.sum(x, dim=1)[:, None],
    # linear
    "linear": lambda m, x: F.linear(x.mean((2, 3)), m.matrix, m.shift),
    "matmul": lambda m, x: x.mean((2, 3)) @ m.matrix.t(),
    "linear last axis": lambda m, x: m.fc(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2),
    # upsampling
    "bilinear": lambda m, x: F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True),
    "bilinear half": lambda m, x: F.interpolate(x, scale_factor=1.5, mode="bilinear", align_corners=False),
    "bilinear down": lambda m, x: F.interpolate(x, scale_factor=(0.5, 0.75), mode="bilinear"),
    "bilinear shape": lambda m, x: F.interpolate(
        F.avg_pool2d(x, 2), size=x.shape[2:], mode="bilinear", align_corners=True
    ),
    "bilinear size": lambda m, x: F.interpolate(x, size=(7, 9), mode="bilinear", align_corners=False),
    "nearest size": lambda m, x: F.interpolate(x, (3, 5)) + F.interpolate(x, size=(3, 5)),
    "square size": lambda m, x: F.interpolate(x, 6),
    "twice the size": lambda m, x: F.interpolate(x, size=(x.shape[2] * 2, x.shape[3] * 2), mode="bilinear"),
    "half and back": lambda m, x: F.interpolate(x[:, :, ::2, ::2], size=(x.size(2), x.size(3))),
    "upsample functions": lambda m, x: F.upsample(x, scale_factor=2) + F.upsample_bilinear(x, scale_factor=2),
    # padding
    "pad": lambda m, x: F.pad(x, (1, 2, 0, 3)) + F.pad(x, [1, 2, 0, 3], "constant", 0.5),
    "pad reflect": lambda m, x: F.pad(x, (1, 2, 3, 0), mode="reflect"),
    "pad replicate": lambda m, x: F.pad(x, (1, 2, 3, 0), mode="replicate"),
    "pad channels": lambda m, x: F.pad(x, (0, 0, 0, 0, 1, 2), value=-1),
    "crop": lambda m, x: F.pad(x, (-1, 1, 0, -2)),
    # shapes
    "channel shuffle": lambda m, x: shuffle(x),
    "channel shuffle 4": lambda m, x: shuffle(x, 4),
    "torch.channel_shuffle": lambda m, x: torch.channel_shuffle(x, 2),
    "pixel shuffle": lambda m, x: F.pixel_shuffle(x, 2),
    "view": lambda m, x: x.view(x.shape[0], x.size(1) // 2, 2, *x.shape[2:]).relu(),
    "view ints": lambda m, x: x.view(-1, 2, 2, x.size(2), x.size(3)).sigmoid(),
    "view minus one": lambda m, x: x.view(x.size(0), -1) * 2,
    "view doubled": lambda m, x: x.reshape(x.size(0) * 2, 2, x.size(2), x.size(3)),
    "flatten": lambda m, x: torch.flatten(x, 1) + x.flatten(1) + x.flatten(1, -1),
    "flatten middle": lambda m, x: x.flatten(1, 2),
    "unflatten": lambda m, x: x.unflatten(1, (2, 2)) * 1,
    "permute": lambda m, x: x.permute(0, 2, 3, 1) + torch.permute(x, (0, 2, 3, 1)) + x.permute((0, 2, 3, 1)),
    "transpose": lambda m, x: x.transpose(1, 2) + torch.transpose(x, 1, 2) + x.swapaxes(-3, 2),
    "movedim": lambda m, x: torch.movedim(x, 1, -1) + x.movedim((0, 1), (0, 3)),
    "T": lambda m, x: x.mean((2, 3)).T + x.mean((2, 3)).t(),
    "squeeze": lambda m, x: x.mean(1, keepdim=True).squeeze(1) + torch.squeeze(x[:, :1], 1),
    "unsqueeze": lambda m, x: x.unsqueeze(1)[:, 0] + torch.unsqueeze(x, -1).squeeze(-1),
    "None": lambda m, x: x[:, None, ..., None].squeeze(-1)[:, 0] * x[None][0],
    "select": lambda m, x: x[:, 1] + x.select(1, -1) + torch.select(x, 1, 0) + x[:, -1],
    "select row": lambda m, x: x[:, :, 0] + x[:, :, -1] + x[..., 2, :],
    "narrow": lambda m, x: x.narrow(1, 1, 2) + torch.narrow(x, 1, 0, 2),
    "chunk": lambda m, x: (lambda a, b: a * b.sigmoid())(*x.chunk(2, 1)),
    "chunk 3": lambda m, x: torch.cat(torch.chunk(x, 3, dim=1)[::-1], 1),
    "chunk loop": lambda m, x: sum(part * (i + 1) for i, part in enumerate(x.chunk(4, 1))),
    "split": lambda m, x: (lambda a, b: torch.cat((b, a), 1))(*torch.split(x, [1, 3], 1)),
    "split size": lambda m, x: [part.relu() for part in x.split(3, dim=1)],
    "unbind": lambda m, x: torch.stack(x.unbind(1)[::-1], dim=1),
    "stack": lambda m, x: torch.stack([x, x.relu()], 1).mean(1),
    "slices": lambda m, x: x[:, :, 1:-1, ::2] + x[:, :, 2:, ::2],
    "all but the last": lambda m, x: x[:, :, : x.shape[2] - 1] + x[:, :, 1:],
    "cat": lambda m, x: torch.cat([x, x.relu()], 0),
    "cat last": lambda m, x: torch.cat([x, x * 2], -1),
    "shifted": lambda m, x: torch.cat((x[:, :, :-1, 1:], x[:, :, 1:, :-1]), 1),
    "expand": lambda m, x: x * x.mean((2, 3), keepdim=True).expand_as(x),
    "expand sizes": lambda m, x: x.mean(1, keepdim=True).expand(-1, 4, -1, -1) + x,
    "expand to size": lambda m, x: F.adaptive_avg_pool2d(x, 1).expand(x.size(0), 4, x.size(2), x.size(3)),
    "repeat": lambda m, x: x.repeat(1, 2, 1, 1),
    "control flow on sizes": lambda m, x: x.relu() if x.size(1) == 4 and x.dim() == 4 else x,
    "len": lambda m, x: x * len(x.shape) + x.ndim,
    "conversions": lambda m, x: x.float().to("cpu").contiguous().type_as(x).detach(),
    "copy then in place": lambda m, x: (lambda y: y.relu_())(x.permute(0, 2, 3, 1).contiguous()),
    "nested": lambda m, x: {"a": x.relu(), "b": [x.sigmoid(), (x * 2,)]}["b"][0],
}


def _in_place(x):
    x += 1
    x *= 2
    x -= 0.5
    x /= 3
    return x


def parts():
    torch.manual_seed(3)
    return {
        "scale": nn.Parameter(torch.rand(4, 1, 1)),
        "shift": nn.Parameter(torch.randn(4)),
        "matrix": nn.Parameter(torch.randn(4, 4)),
        "fc": nn.Linear(4, 6),
    }


@pytest.mark.parametrize("name", SPELLINGS)
@pytest.mark.filterwarnings("ignore")
def test_spellings(name):
    torch.manual_seed(4)
    check(Call(SPELLINGS[name], **parts()))


MODULES = {
    "LeakyReLU": nn.LeakyReLU(0.2),
    "LeakyReLU inplace": nn.Sequential(nn.Hardswish(), nn.LeakyReLU(0.1, inplace=True)),
    "Hardswish": nn.Hardswish(),
    "Hardsigmoid": nn.Hardsigmoid(),
    "SiLU": nn.SiLU(),
    "ReLU6": nn.ReLU6(),
    "Hardtanh": nn.Hardtanh(-0.3, 2.0),
    "Softmax": nn.Softmax(1),
    "Softmax2d": nn.Softmax2d(),
    "PReLU": nn.PReLU(),
    "PReLU channels": nn.PReLU(4),
    "AvgPool2d": nn.AvgPool2d(3, 2, 1, ceil_mode=True, count_include_pad=False),
    "AdaptiveAvgPool2d": nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)),
    "Linear": nn.Sequential(nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(1), nn.Linear(4, 3, bias=False)),
    "ZeroPad2d": nn.ZeroPad2d((1, 0, 2, 3)),
    "ConstantPad2d": nn.ConstantPad2d(1, 0.7),
    "ReflectionPad2d": nn.ReflectionPad2d((1, 2, 0, 3)),
    "ReplicationPad2d": nn.ReplicationPad2d(2),
    "reflecting conv": nn.Conv2d(4, 3, 3, padding=1, padding_mode="reflect"),
    "replicating conv": nn.Conv2d(4, 3, 3, padding=(2, 1), padding_mode="replicate"),
    "even same": nn.Conv2d(4, 3, (2, 4), padding="same"),
    "Upsample bilinear": nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True),
    "Upsample bilinear half": nn.Upsample(scale_factor=0.5, mode="bilinear"),
    "Upsample size": nn.Upsample(size=(6, 5), mode="bilinear"),
    "Upsample nearest size": nn.Upsample(size=7),
    "UpsamplingBilinear2d": nn.UpsamplingBilinear2d(scale_factor=3),
    "PixelShuffle": nn.PixelShuffle(2),
    "ChannelShuffle": nn.ChannelShuffle(2),
    "Unflatten": nn.Unflatten(1, (2, -1)),
    "BatchNorm1d": nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.BatchNorm1d(4), nn.ReLU()),
}


@pytest.mark.parametrize("name", MODULES)
def test_modules(name):
    torch.manual_seed(5)
    check(lively(MODULES[name]))


class Squeeze(nn.Module):
    """Squeeze and excitation with a view back to four axes."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Sequential(nn.Linear(4, 2), nn.ReLU(True), nn.Linear(2, 4), nn.Hardsigmoid())

    def forward(self, x):
        b, c, _, _ = x.size()
        y = self.fc(F.adaptive_avg_pool2d(x, 1).view(b, c)).view(b, c, 1, 1)
        return x * y.expand_as(x)


class OwnNorm(nn.BatchNorm2d):
    """A subclass without a handler of its own: its forward is followed."""


class OwnConv(nn.Conv2d):
    def forward(self, x):
        weight = self.weight - self.weight.mean((1, 2, 3), keepdim=True)
        return F.conv2d(x, weight, self.bias, self.stride, self.padding, self.dilation, self.groups)


class Stages(nn.Module):
    """A loop over a list, sizes from arithmetic, and outputs in a dictionary."""

    def __init__(self):
        super().__init__()
        self.stages = nn.ModuleList([OwnConv(4, 4, 3, 2, 1), OwnNorm(4), Squeeze()])

    def forward(self, x):
        size, outputs = x.shape[-2:], {}
        for i, stage in enumerate(self.stages):
            x = stage(x)
            outputs[f"c{i}"] = F.interpolate(x, size=size, mode="bilinear", align_corners=False)
        return torch.cat(list(outputs.values()), dim=1)


def test_networks():
    torch.manual_seed(6)
    check(Squeeze())
    check(lively(Stages()))


def test_sizes_rounded_down_in_shapes():
    network = Call(lambda m, x: windows(x) + F.pixel_unshuffle(x, 2))
    file = check(network, sizes=((1, 8, 10), (2, 4, 6)))
    with pytest.raises(RuntimeError):
        network(torch.zeros(1, 4, 7, 8))
    with pytest.raises((RuntimeError, ValueError, AssertionError)):
        file.run(torch.zeros(1, 4, 7, 8, dtype=torch.float64))


def test_named_outputs():
    model = Call(lambda m, x: {"boxes": x.relu(), "more": [x.sigmoid(), {"deep": x * 2}], "none": None})
    file = to_file(model)
    names = [port.Name().decode() for port in file.outputs]
    assert names == ["boxes", "more.0", "more.1.deep"]


def test_broadcasting_between_inputs():
    check(
        CallTwo(lambda m, x, y: x * y.mean((2, 3), keepdim=True) - y[:, :1] / 2 + x.mean(1, True)), inputs=2
    )


def test_in_place_on_a_possible_copy_is_refused():
    """contiguous() may give the same tensor or a copy, and only the run knows which."""
    with pytest.raises(ConvertError, match="in place"):
        to_file(Call(lambda m, x: (x * 2, (x * 1).contiguous().relu_())[0] + _shared(x)))


def _shared(x):
    y = x * 3
    y.contiguous().relu_()
    return y
