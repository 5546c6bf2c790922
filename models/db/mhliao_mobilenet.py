"""MobileNetV3 large as a backbone for DB.

Attribute names are those of MhLiao/DB's checkpoints (backbones/mobilenetv3.py).
"""

from __future__ import annotations

import torch
from torch import nn

from . import configuration


class SqueezeExcite(nn.Module):
    """Every channel times a number in 0..1 that follows from the means of all channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = channels // 4
        self.fc = nn.Sequential(
            nn.Linear(channels, inner, bias=False),
            nn.ReLU(inplace=True),
            nn.Linear(inner, channels, bias=False),
            nn.Hardsigmoid(),  # slope 1/6
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        scores = self.fc(x.mean((2, 3)))
        return x * scores.view(scores.shape[0], scores.shape[1], 1, 1)


class MobileBlock(nn.Module):
    """1x1 to the expanded width, depthwise kernel x kernel, 1x1 to the output's."""

    def __init__(self, inputs: int, block: configuration.MobileBlock) -> None:
        super().__init__()
        expanded, outputs, kernel = block.expanded, block.outputs, block.kernel
        self.residual = block.stride == 1 and inputs == outputs
        self.conv = nn.Sequential(
            nn.Conv2d(inputs, expanded, 1, bias=False),
            nn.BatchNorm2d(expanded),
            _activation(block.activation),
            nn.Conv2d(expanded, expanded, kernel, block.stride, kernel // 2, groups=expanded, bias=False),
            nn.BatchNorm2d(expanded),
            SqueezeExcite(expanded) if block.squeeze else nn.Identity(),
            _activation(block.activation),
            nn.Conv2d(expanded, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.conv(x) if self.residual else self.conv(x)


class MobileNetV3(nn.Module):
    """Features at 1/4, 1/8, 1/16 and 1/32 of the picture; `widths` are their channels."""

    def __init__(self, sizes: configuration.MobileNetConfiguration) -> None:
        super().__init__()
        stem, last = sizes.stem, sizes.last
        self.features = nn.ModuleList([_convolution(3, stem, 3, 2)])
        inputs = stem
        for block in sizes.blocks:
            self.features.append(MobileBlock(inputs, block))
            inputs = block.outputs
        self.features.append(_convolution(inputs, last, 1, 1))
        self.widths = sizes.widths()

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        taken = []
        for number, part in enumerate(self.features):
            x = part(x)
            if number in configuration.MOBILENET_TAPS:
                taken.append(x)
        return tuple(taken)


def _activation(name: str) -> nn.Module:
    return {"relu": nn.ReLU, "hardswish": nn.Hardswish}[name](inplace=True)


def _convolution(inputs: int, outputs: int, kernel: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.Hardswish(inplace=True),
    )
