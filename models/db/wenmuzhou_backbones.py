"""The small backbones of WenmuZhou/DBNet.pytorch: MobileNetV3 and ShuffleNetV2."""

from __future__ import annotations

from typing import Optional

import torch
from torch import nn

from .configuration import MOBILENET_LARGE
from .wenmuzhou_sizes import MobileNetV3, ShuffleNetV2


class ConvNorm(nn.Module):
    """A convolution without bias, BatchNorm and, where one is named, an activation."""

    ACTIVATIONS = {"relu": nn.ReLU, "hardswish": nn.Hardswish}

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel_size: int,
        stride: int = 1,
        groups: int = 1,
        activation: Optional[str] = None,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            inputs, outputs, kernel_size, stride, padding=kernel_size // 2, groups=groups, bias=False
        )
        self.bn = nn.BatchNorm2d(outputs)
        self.act = self.ACTIVATIONS[activation]() if activation else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.bn(self.conv(x))
        return x if self.act is None else self.act(x)


class SqueezeExcitation(nn.Module):
    """Weighs channels by what the whole map holds. The slope of its hard sigmoid is 0.2, not 1/6."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.conv1 = nn.Conv2d(channels, channels // 4, 1)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(channels // 4, channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        attention = self.conv2(self.relu1(self.conv1(self.pool(x))))
        return x * torch.clamp(attention * 0.2 + 0.5, 0.0, 1.0)


class InvertedBottleneck(nn.Module):
    """Widen, depthwise convolution, optional squeeze and excitation, narrow; a residual where it fits."""

    def __init__(
        self, inputs: int, inner: int, outputs: int, kernel_size: int, stride: int, activation: str, se: bool
    ) -> None:
        super().__init__()
        self.conv0 = ConvNorm(inputs, inner, 1, activation=activation)
        self.conv1 = ConvNorm(inner, inner, kernel_size, stride, groups=inner, activation=activation)
        self.se = SqueezeExcitation(inner) if se else None
        self.conv2 = ConvNorm(inner, outputs, 1)
        self.residual = inputs == outputs and stride == 1

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.conv1(self.conv0(x))
        if self.se is not None:
            y = self.se(y)
        y = self.conv2(y)
        return x + y if self.residual else y


class MobileNetV3Features(nn.Module):
    """Features at 1/4, 1/8, 1/16 and 1/32 of the picture; `widths` are their channels."""

    def __init__(self, configuration: MobileNetV3) -> None:
        super().__init__()
        channels = configuration.channels
        inputs = channels(configuration.STEM)
        self.conv1 = ConvNorm(3, inputs, 3, stride=2, activation="hardswish")
        self.stages = nn.ModuleList()
        self.widths, rows = [], iter(MOBILENET_LARGE)
        for count in configuration.STAGES:
            blocks = []
            for _ in range(count):
                block = next(rows)
                inner, outputs = channels(block.expanded), channels(block.outputs)
                rest = (block.kernel, block.stride, block.activation, block.squeeze)
                blocks.append(InvertedBottleneck(inputs, inner, outputs, *rest))
                inputs = outputs
            self.stages.append(nn.Sequential(*blocks))
            self.widths.append(inputs)
        self.widths[-1] = channels(configuration.LAST)
        self.conv2 = ConvNorm(inputs, self.widths[-1], 1, activation="hardswish")

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        x = self.conv1(x)
        features = []
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        return (*features[:-1], self.conv2(x))


class ShuffleUnit(nn.Module):
    """`branch2` makes half of the channels; the other half stays or, with a stride, is made by `branch1`."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.half = outputs // 2
        self.branch1 = None
        if stride > 1:
            self.branch1 = nn.Sequential(*depthwise(inputs, stride), *pointwise(inputs, self.half))
        first = inputs if stride > 1 else self.half
        self.branch2 = nn.Sequential(
            *pointwise(first, self.half), *depthwise(self.half, stride), *pointwise(self.half, self.half)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.branch1 is None:
            left, right = x[:, : self.half], self.branch2(x[:, self.half :])
        else:
            left, right = self.branch1(x), self.branch2(x)
        return interleave(torch.cat((left, right), dim=1), self.half)


def depthwise(channels: int, stride: int) -> tuple[nn.Module, ...]:
    conv = nn.Conv2d(channels, channels, 3, stride=stride, padding=1, groups=channels, bias=False)
    return conv, nn.BatchNorm2d(channels)


def pointwise(inputs: int, outputs: int) -> tuple[nn.Module, ...]:
    conv = nn.Conv2d(inputs, outputs, 1, bias=False)
    return conv, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)


def interleave(x: torch.Tensor, half: int) -> torch.Tensor:
    """The two halves of the channels, taken in turns."""
    images, height, width = x.shape[0], x.shape[2], x.shape[3]
    pairs = x.reshape(images, 2, half, height, width).transpose(1, 2)
    return pairs.reshape(images, 2 * half, height, width)


class ShuffleNetV2Features(nn.Module):
    """Features at 1/4, 1/8, 1/16 and 1/32 of the picture; `widths` are their channels."""

    def __init__(self, configuration: ShuffleNetV2) -> None:
        super().__init__()
        inputs = configuration.stem
        self.conv1 = nn.Sequential(
            nn.Conv2d(3, inputs, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(inputs),
            nn.ReLU(inplace=True),
        )
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.widths = [inputs, *configuration.widths]
        stages = zip((2, 3, 4), configuration.depths, configuration.widths)
        for number, count, outputs in stages:
            units = [ShuffleUnit(inputs, outputs, 2)]
            units += [ShuffleUnit(outputs, outputs, 1) for _ in range(count - 1)]
            self.add_module(f"stage{number}", nn.Sequential(*units))
            inputs = outputs

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        c2 = self.maxpool(self.conv1(x))
        c3 = self.stage2(c2)
        c4 = self.stage3(c3)
        return c2, c3, c4, self.stage4(c4)
