"""Backbones of PaddleOCR2Pytorch's detectors: ResNet, its form vd, and MobileNetV3 large.

Attribute names are those of its checkpoints (pytorchocr/modeling/backbones/det_*.py). Every one gives the
features at 1/4, 1/8, 1/16 and 1/32 of the picture.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn

from .architecture import DeformConv2d
from .configuration import MobileBlock
from .paddle_sizes import MOBILE_STAGES, MobileSizes, ResNetSizes


class OffsetConv2d(nn.Module):
    """A 3x3 deformable convolution with offsets and mask from its own input."""

    def __init__(self, inputs: int, outputs: int, stride: int, offset_groups: int) -> None:
        super().__init__()
        self.offsets = 18 * offset_groups
        self.conv_dcn = DeformConv2d(inputs, outputs, stride)
        self.conv_offset = nn.Conv2d(inputs, 27 * offset_groups, 3, stride=stride, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        offset = self.conv_offset(x)
        return self.conv_dcn(x, offset[:, : self.offsets], offset[:, self.offsets :].sigmoid())


class ConvNorm(nn.Module):
    """Convolution and BatchNorm; then ReLU if `relu`, and first a mean of 2x2 pixels if `pool`."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        stride: int = 1,
        relu: bool = False,
        pool: bool = False,
        offset_groups: int = 0,
    ) -> None:
        super().__init__()
        self.pool = nn.AvgPool2d(2, stride=2, ceil_mode=True) if pool else None
        if offset_groups:
            self._conv = OffsetConv2d(inputs, outputs, stride, offset_groups)
        else:
            self._conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self._batch_norm = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True) if relu else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x if self.pool is None else self.pool(x)
        x = self._batch_norm(self._conv(x))
        return x if self.relu is None else self.relu(x)


class ResidualBlock(nn.Module):
    """Two 3x3 (basic), or 1x1, 3x3, 1x1 to four times the width (bottleneck); the first 3x3 has the stride.

    The first block of a stage has a convolution in its shortcut. Where it has to halve the size, the form vd
    takes means for that, while the plain one leaves pixels out.
    """

    def __init__(self, sizes: ResNetSizes, inputs: int, stage: int, first: bool) -> None:
        super().__init__()
        planes, groups = sizes.planes[stage], sizes.offset_groups[stage]
        stride = 2 if first and stage > 0 else 1
        if sizes.block == "basic":
            outputs = planes
            self.conv0 = ConvNorm(inputs, planes, 3, stride, relu=True)
            self.conv1 = ConvNorm(planes, outputs, 3)
            self.conv2 = None
        else:
            outputs = planes * 4
            self.conv0 = ConvNorm(inputs, planes, 1, relu=True)
            self.conv1 = ConvNorm(planes, planes, 3, stride, relu=True, offset_groups=groups)
            self.conv2 = ConvNorm(planes, outputs, 1)
        self.short = None
        if first and sizes.form == "vd":
            self.short = ConvNorm(inputs, outputs, 1, pool=stride == 2)
        elif first:
            self.short = ConvNorm(inputs, outputs, 1, stride)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.conv1(self.conv0(x))
        y = y if self.conv2 is None else self.conv2(y)
        return self.relu(y + (x if self.short is None else self.short(x)))


class ResNet(nn.Module):
    """Both forms of the ResNet."""

    def __init__(self, sizes: ResNetSizes) -> None:
        super().__init__()
        if sizes.form == "vd":
            a, b, c = sizes.stem
            self.conv1_1 = ConvNorm(3, a, 3, 2, relu=True)
            self.conv1_2 = ConvNorm(a, b, 3, relu=True)
            self.conv1_3 = ConvNorm(b, c, 3, relu=True)
        else:
            self.conv = ConvNorm(3, sizes.stem[0], 7, 2, relu=True)
        self.form = sizes.form
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)
        self.stages = nn.ModuleList()
        inputs = sizes.stem[-1]
        for stage, outputs in enumerate(sizes.widths()):
            blocks = OrderedDict()
            for name in sizes.block_names(stage):
                blocks[name] = ResidualBlock(sizes, inputs, stage, not blocks)
                inputs = outputs
            self.stages.append(nn.Sequential(blocks))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        x = self.conv1_3(self.conv1_2(self.conv1_1(x))) if self.form == "vd" else self.conv(x)
        return _after_each(self.stages, self.pool(x))


class MobileConvNorm(nn.Module):
    """Convolution, BatchNorm and an activation: "relu", "hardswish" or "" for none."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1, activation: str = ""
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(outputs)
        self.act = {"relu": nn.ReLU, "hardswish": nn.Hardswish, "": nn.Identity}[activation]()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.act(self.bn(self.conv(x)))


class SqueezeExcite(nn.Module):
    """Every channel times a number in 0..1 that follows from the means of all channels.

    Its hard sigmoid is Paddle's: of slope 0.2, not 1/6 as PyTorch's.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.avg_pool = nn.AdaptiveAvgPool2d(1)
        self.conv1 = nn.Conv2d(channels, channels // 4, 1)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(channels // 4, channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        scores = self.conv2(self.relu(self.conv1(self.avg_pool(x))))
        return x * (scores * 0.2 + 0.5).clamp(0.0, 1.0)


class MobileUnit(nn.Module):
    """1x1 to the expanded width, depthwise kernel x kernel, 1x1 to the output's."""

    def __init__(self, inputs: int, block: MobileBlock) -> None:
        super().__init__()
        expanded, outputs = block.expanded, block.outputs
        self.residual = block.stride == 1 and inputs == outputs
        self.expand_conv = MobileConvNorm(inputs, expanded, 1, activation=block.activation)
        self.bottleneck_conv = MobileConvNorm(
            expanded, expanded, block.kernel, block.stride, expanded, block.activation
        )
        self.mid_se = SqueezeExcite(expanded) if block.squeeze else None
        self.linear_conv = MobileConvNorm(expanded, outputs, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.bottleneck_conv(self.expand_conv(x))
        y = y if self.mid_se is None else self.mid_se(y)
        y = self.linear_conv(y)
        return x + y if self.residual else y


class MobileNetV3(nn.Module):
    """MobileNetV3 large, with or without squeeze-and-excite."""

    def __init__(self, sizes: MobileSizes) -> None:
        super().__init__()
        self.conv = MobileConvNorm(3, sizes.stem, 3, 2, activation="hardswish")
        self.stages = nn.ModuleList()
        blocks, inputs = list(sizes.blocks), sizes.stem
        for count in MOBILE_STAGES:
            stage = nn.Sequential()
            for _ in range(count):
                stage.append(MobileUnit(inputs, blocks[0]))
                inputs = blocks.pop(0).outputs
            self.stages.append(stage)
        self.stages[-1].append(MobileConvNorm(inputs, sizes.last, 1, activation="hardswish"))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return _after_each(self.stages, self.conv(x))


def _after_each(stages: nn.ModuleList, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
    results = []
    for stage in stages:
        x = stage(x)
        results.append(x)
    return tuple(results)
