"""PP-HGNet and PP-HGNetV2 as the backbones of PP-OCRv4's and PP-OCRv5's server detectors.

Attribute names are those of PaddleOCR2Pytorch's checkpoints (pytorchocr/modeling/backbones/rec_hgnet.py and
rec_pphgnetv2.py). Both give the features at 1/4, 1/8, 1/16 and 1/32 of the picture.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from .paddle_sizes import HGNetSizes, HGStage


class ConvNorm(nn.Module):
    """Convolution, BatchNorm and, if `relu`, ReLU. A kernel of 2 sees the pixels to the right and below."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1, relu: bool = True
    ) -> None:
        super().__init__()
        self.even = kernel == 2
        padding = 0 if self.even else kernel // 2
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(outputs)
        self.relu = relu

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.bn(self.conv(F.pad(x, (0, 1, 0, 1)) if self.even else x))
        return F.relu(x) if self.relu else x


class LightConv(nn.Module):
    """1x1 without an activation, then depthwise."""

    def __init__(self, inputs: int, outputs: int, kernel: int) -> None:
        super().__init__()
        self.conv1 = ConvNorm(inputs, outputs, 1, relu=False)
        self.conv2 = ConvNorm(outputs, outputs, kernel, groups=outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv2(self.conv1(x))


class EffectiveSqueezeExcite(nn.Module):
    """Every channel times a number in 0..1 that follows from the means of all channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.avg_pool = nn.AdaptiveAvgPool2d(1)
        self.conv = nn.Conv2d(channels, channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.conv(self.avg_pool(x)).sigmoid()


class Block(nn.Module):
    """A chain of convolutions whose results are all joined, with the input, and brought to one width.

    The first version weighs the channels in the end, the second goes by way of half the width instead.
    """

    def __init__(self, version: int, inputs: int, stage: HGStage, residual: bool) -> None:
        super().__init__()
        self.residual = residual
        convolution = LightConv if stage.light else ConvNorm
        self.layers = nn.ModuleList(
            convolution(stage.inner if i else inputs, stage.inner, stage.kernel) for i in range(stage.layers)
        )
        joined, outputs = inputs + stage.layers * stage.inner, stage.outputs
        self.att = None
        if version == 1:
            self.aggregation_conv = ConvNorm(joined, outputs, 1)
            self.att = EffectiveSqueezeExcite(outputs)
        else:
            self.aggregation_squeeze_conv = ConvNorm(joined, outputs // 2, 1)
            self.aggregation_excitation_conv = ConvNorm(outputs // 2, outputs, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        results = [x]
        for layer in self.layers:
            results.append(layer(results[-1]))
        y = torch.cat(results, dim=1)
        if self.att is None:
            y = self.aggregation_excitation_conv(self.aggregation_squeeze_conv(y))
        else:
            y = self.att(self.aggregation_conv(y))
        return y + x if self.residual else y


class Stage(nn.Module):
    """All but the first halve the size by a depthwise convolution."""

    def __init__(self, version: int, inputs: int, stage: HGStage, first: bool) -> None:
        super().__init__()
        self.downsample = None if first else ConvNorm(inputs, inputs, 3, 2, groups=inputs, relu=False)
        self.blocks = nn.Sequential(
            *(Block(version, stage.outputs if i else inputs, stage, i > 0) for i in range(stage.blocks))
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.blocks(x if self.downsample is None else self.downsample(x))


class TwoWayStem(nn.Module):
    """The second version's: two 2x2 convolutions beside a 2x2 maximum; a quarter of the size in all."""

    def __init__(self, inner: int, outputs: int) -> None:
        super().__init__()
        self.stem1 = ConvNorm(3, inner, 3, 2)
        self.stem2a = ConvNorm(inner, inner // 2, 2)
        self.stem2b = ConvNorm(inner // 2, inner, 2)
        self.stem3 = ConvNorm(inner * 2, inner, 3, 2)
        self.stem4 = ConvNorm(inner, outputs, 1)
        self.pool = nn.MaxPool2d(2, stride=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem1(x)
        greatest = self.pool(F.pad(x, (0, 1, 0, 1)))
        return self.stem4(self.stem3(torch.cat([greatest, self.stem2b(self.stem2a(x))], dim=1)))


class HGNet(nn.Module):
    """Both versions."""

    def __init__(self, sizes: HGNetSizes) -> None:
        super().__init__()
        self.pool = None
        if sizes.version == 1:
            widths = (3, *sizes.stem)
            self.stem = nn.Sequential(
                *(ConvNorm(a, b, 3, 1 if i else 2) for i, (a, b) in enumerate(zip(widths, widths[1:])))
            )
            self.pool = nn.MaxPool2d(3, stride=2, padding=1)
        else:
            self.stem = TwoWayStem(*sizes.stem)
        self.stages = nn.ModuleList()
        inputs = sizes.stem[-1]
        for number, stage in enumerate(sizes.stages):
            self.stages.append(Stage(sizes.version, inputs, stage, number == 0))
            inputs = stage.outputs

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        x = self.stem(x)
        x = x if self.pool is None else self.pool(x)
        results = []
        for stage in self.stages:
            x = stage(x)
            results.append(x)
        return tuple(results)
