"""DB text detectors as ordinary PyTorch modules: a backbone, most often a ResNet, and the DB decoder.

Attribute names are those of MhLiao/DB's checkpoints. Only what inference needs is built.
"""

from __future__ import annotations

from typing import Union

import torch
from torch import nn
from torchvision.ops import deform_conv2d

from .configuration import Configuration, MobileNetConfiguration, offset_groups
from .mhliao_attention import ScaleFeatureSelection
from .mhliao_mobilenet import MobileNetV3


class DeformConv2d(nn.Module):
    """3x3 deformable convolution with padding 1 and no bias (torchvision.ops.deform_conv2d).

    input[N,C,H,W], offset[N,2*G*9,Ho,Wo] and optional mask[N,G*9,Ho,Wo]. With offset_read='flat_prefix',
    offset and mask may be larger than the output and are read, image by image, as if packed at its size.
    """

    def __init__(
        self, in_channels: int, out_channels: int, stride: int = 1, offset_read: str = "exact"
    ) -> None:
        super().__init__()
        if offset_read not in ("exact", "flat_prefix"):
            raise ValueError(f"offset_read is '{offset_read}', expected 'exact' or 'flat_prefix'")
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, 3, 3))
        nn.init.kaiming_uniform_(self.weight, nonlinearity="relu")
        self.stride = (stride, stride)
        self.padding = (1, 1)
        self.dilation = (1, 1)
        self.offset_read = offset_read

    def forward(
        self, input: torch.Tensor, offset: torch.Tensor, mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        if self.offset_read == "flat_prefix":
            height = (input.shape[2] - 1) // self.stride[0] + 1
            width = (input.shape[3] - 1) // self.stride[1] + 1
            offset = flat_prefix(offset, height, width)
            mask = None if mask is None else flat_prefix(mask, height, width)
        return deform_conv2d(
            input,
            offset,
            self.weight,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            mask=mask,
        )


def flat_prefix(x: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """The first C*height*width numbers of each image's memory, as [N,C,height,width]."""
    images, channels = x.shape[:2]
    return x.flatten(1)[:, : channels * height * width].reshape(images, channels, height, width)


class Block(nn.Module):
    """What the two residual blocks share: a 3x3 `conv2` that may be deformable, and the shortcut."""

    expansion = 1

    def __init__(
        self, inputs: int, planes: int, stride: int, offset_channels: int, conv2_stride: int, read: str
    ) -> None:
        super().__init__()
        self.relu = nn.ReLU(inplace=True)
        self.offset_channels = offset_channels
        if offset_channels:
            groups, self.masked = offset_groups(offset_channels, planes)
            self.offset_split, self.mask_split = 18 * groups, -9 * groups
            self.conv2_offset = nn.Conv2d(planes, offset_channels, 3, padding=1)
            self.conv2 = DeformConv2d(planes, planes, conv2_stride, read if conv2_stride != 1 else "exact")
        else:
            self.conv2 = nn.Conv2d(planes, planes, 3, stride=conv2_stride, padding=1, bias=False)
        outputs = planes * self.expansion
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def middle(self, x: torch.Tensor) -> torch.Tensor:
        """conv2, with offsets and mask from its own input where it is deformable."""
        if not self.offset_channels:
            return self.conv2(x)
        offset = self.conv2_offset(x)
        if not self.masked:
            return self.conv2(x, offset)
        return self.conv2(x, offset[:, : self.offset_split], offset[:, self.mask_split :].sigmoid())

    def shortcut(self, x: torch.Tensor) -> torch.Tensor:
        return x if self.downsample is None else self.downsample(x)


class BasicBlock(Block):
    """3x3 with the block's stride, then 3x3."""

    def __init__(self, inputs: int, planes: int, stride: int, offset_channels: int, read: str) -> None:
        super().__init__(inputs, planes, stride, offset_channels, 1, read)
        self.conv1 = nn.Conv2d(inputs, planes, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.bn2 = nn.BatchNorm2d(planes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.middle(y))
        return self.relu(y + self.shortcut(x))


class Bottleneck(Block):
    """1x1, 3x3 with the block's stride, 1x1 to four times the width."""

    expansion = 4

    def __init__(self, inputs: int, planes: int, stride: int, offset_channels: int, read: str) -> None:
        super().__init__(inputs, planes, stride, offset_channels, stride, read)
        self.conv1 = nn.Conv2d(inputs, planes, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.bn2 = nn.BatchNorm2d(planes)
        self.conv3 = nn.Conv2d(planes, planes * self.expansion, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(planes * self.expansion)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.middle(y)))
        y = self.bn3(self.conv3(y))
        return self.relu(y + self.shortcut(x))


class ResNet(nn.Module):
    """Features at 1/4, 1/8, 1/16 and 1/32 of the picture; `widths` are their channels."""

    def __init__(self, configuration: Configuration) -> None:
        super().__init__()
        block = {"basic": BasicBlock, "bottleneck": Bottleneck}[configuration.block]
        self.conv1 = nn.Conv2d(3, configuration.stem, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(configuration.stem)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        inputs, self.widths, read = configuration.stem, [], configuration.strided_offset_read
        stages = zip(configuration.depths, configuration.planes, configuration.offset_channels)
        for number, (depth, planes, offset_channels) in enumerate(stages, start=1):
            blocks = []
            for index in range(depth):
                stride = 2 if index == 0 and number > 1 else 1
                blocks.append(block(inputs, planes, stride, offset_channels, read))
                inputs = planes * block.expansion
            self.add_module(f"layer{number}", nn.Sequential(*blocks))
            self.widths.append(inputs)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        c2 = self.layer1(x)
        c3 = self.layer2(c2)
        c4 = self.layer3(c3)
        return c2, c3, c4, self.layer4(c4)


class Decoder(nn.Module):
    """A feature pyramid over four scales and the head that gives every pixel a probability.

    With `attention`, DBNet++: the scales are weighed before they are joined.
    """

    def __init__(self, widths: list[int], neck: int, bias: bool, attention: str = "") -> None:
        super().__init__()
        quarter = neck // 4
        self.up = nn.Upsample(scale_factor=2, mode="nearest")
        for scale, width in zip((2, 3, 4, 5), widths):
            self.add_module(f"in{scale}", nn.Conv2d(width, neck, 1, bias=bias))
            smooth = nn.Conv2d(neck, quarter, 3, padding=1, bias=bias)
            factor = 2 ** (scale - 2)
            if factor > 1:
                smooth = nn.Sequential(smooth, nn.Upsample(scale_factor=factor, mode="nearest"))
            self.add_module(f"out{scale}", smooth)
        self.concat_attention = None
        if attention:
            self.concat_attention = ScaleFeatureSelection(neck, attention)
        self.binarize = nn.Sequential(
            nn.Conv2d(neck, quarter, 3, padding=1, bias=bias),
            nn.BatchNorm2d(quarter),
            nn.ReLU(inplace=True),
            nn.ConvTranspose2d(quarter, quarter, 2, stride=2),
            nn.BatchNorm2d(quarter),
            nn.ReLU(inplace=True),
            nn.ConvTranspose2d(quarter, 1, 2, stride=2),
            nn.Sigmoid(),
        )

    def forward(self, features: tuple[torch.Tensor, ...]) -> torch.Tensor:
        c2, c3, c4, c5 = features
        f5 = self.in5(c5)
        f4 = self.up(f5) + self.in4(c4)
        f3 = self.up(f4) + self.in3(c3)
        f2 = self.up(f3) + self.in2(c2)
        maps = (self.out5(f5), self.out4(f4), self.out3(f3), self.out2(f2))
        fused = torch.cat(maps, dim=1) if self.concat_attention is None else self.concat_attention(maps)
        return self.binarize(fused)


class TextDetector(nn.Module):
    """image[N,3,H,W] with H and W multiples of 32 -> probability of text [N,1,H,W]."""

    def __init__(self, configuration: Union[Configuration, MobileNetConfiguration]) -> None:
        super().__init__()
        mobile = isinstance(configuration, MobileNetConfiguration)
        self.backbone = MobileNetV3(configuration) if mobile else ResNet(configuration)
        self.decoder = Decoder(
            self.backbone.widths, configuration.neck, configuration.neck_bias, configuration.attention
        )

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.decoder(self.backbone(image))
