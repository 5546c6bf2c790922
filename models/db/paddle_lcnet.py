"""PP-LCNetV3 as the backbone of PP-OCRv4's and PP-OCRv5's mobile detectors.

Attribute names are those of PaddleOCR2Pytorch's checkpoints (pytorchocr/modeling/backbones/rec_lcnetv3.py):
its convolutions stand there as they were trained, several side by side where one would do.
"""

from __future__ import annotations

import torch
from torch import nn

from .paddle_sizes import LCBlock, LCNetSizes


class ConvNorm(nn.Module):
    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.bn(self.conv(x))


class Affine(nn.Module):
    """x times one number plus another."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.scale + self.bias


class Activation(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.act = nn.Hardswish()
        self.lab = Affine()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.lab(self.act(x))


class ParallelConv(nn.Module):
    """The sum of convolutions of one size, one 1x1 and the input itself, each with BatchNorm.

    A strided one has no activation in the end, though its checkpoint has that one's weights.
    """

    def __init__(
        self, inputs: int, outputs: int, kernel: int, stride: int, groups: int, branches: int
    ) -> None:
        super().__init__()
        self.identity = nn.BatchNorm2d(inputs) if inputs == outputs and stride == 1 else None
        self.conv_kxk = nn.ModuleList(
            ConvNorm(inputs, outputs, kernel, stride, groups) for _ in range(branches)
        )
        self.conv_1x1 = ConvNorm(inputs, outputs, 1, stride, groups) if kernel > 1 else None
        self.lab = Affine()
        self.act = Activation()
        self.strided = stride == 2

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        parts = [conv(x) for conv in self.conv_kxk]
        if self.conv_1x1 is not None:
            parts.append(self.conv_1x1(x))
        if self.identity is not None:
            parts.append(self.identity(x))
        y = parts[0]
        for part in parts[1:]:
            y = y + part
        return self.lab(y) if self.strided else self.act(self.lab(y))


class SqueezeExcite(nn.Module):
    """Every channel times a number in 0..1 that follows from the means of all channels (slope 1/6)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.avg_pool = nn.AdaptiveAvgPool2d(1)
        self.conv1 = nn.Conv2d(channels, channels // 4, 1)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(channels // 4, channels, 1)
        self.hardsigmoid = nn.Hardsigmoid()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.hardsigmoid(self.conv2(self.relu(self.conv1(self.avg_pool(x)))))


class Block(nn.Module):
    """Depthwise, then 1x1."""

    def __init__(self, inputs: int, block: LCBlock, stride: int) -> None:
        super().__init__()
        self.dw_conv = ParallelConv(inputs, inputs, block.kernel, stride, inputs, block.branches)
        self.se = SqueezeExcite(inputs) if block.squeeze else None
        self.pw_conv = ParallelConv(inputs, block.outputs, 1, 1, 1, block.branches)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.dw_conv(x)
        return self.pw_conv(x if self.se is None else self.se(x))


class LCNetV3(nn.Module):
    """Features at 1/4, 1/8, 1/16 and 1/32 of the picture."""

    def __init__(self, sizes: LCNetSizes) -> None:
        super().__init__()
        self.conv1 = ConvNorm(3, sizes.stem, 3, 2)
        self.layer_list = nn.ModuleList()
        inputs = sizes.stem
        for number, stage in enumerate(sizes.stages):
            blocks = nn.Sequential()
            for index, block in enumerate(stage):
                blocks.append(Block(inputs, block, 2 if index == 0 and number > 0 else 1))
                inputs = block.outputs
            self.add_module(f"blocks{number + 2}", blocks)
            if number > 0:
                self.layer_list.append(nn.Conv2d(inputs, sizes.results[number - 1], 1))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        c2 = self.blocks3(self.blocks2(self.conv1(x)))
        c3 = self.blocks4(c2)
        c4 = self.blocks5(c3)
        c5 = self.blocks6(c4)
        return tuple(conv(c) for conv, c in zip(self.layer_list, (c2, c3, c4, c5)))
