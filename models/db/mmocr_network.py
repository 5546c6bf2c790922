"""The DB and DB++ detectors of MMOCR as ordinary PyTorch modules.

Attribute names are those of MMOCR's checkpoints. Only what inference needs is built.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn
from torchvision.ops import deform_conv2d

from .architecture import BasicBlock, Bottleneck
from .configuration import offset_groups
from .mmocr_sizes import MmocrConfiguration


class DeformConv(nn.Module):
    """3x3 deformable convolution, padding 1, no bias; `offset` has the output's size: offsets, then mask."""

    def __init__(self, width: int, stride: int, offset_channels: int) -> None:
        super().__init__()
        groups, self.masked = offset_groups(offset_channels, width)
        self.split = 18 * groups
        self.weight = nn.Parameter(torch.empty(width, width, 3, 3))
        nn.init.kaiming_uniform_(self.weight, nonlinearity="relu")
        self.step = stride

    def forward(self, x: torch.Tensor, offset: torch.Tensor) -> torch.Tensor:
        mask = None
        if self.masked:
            offset, mask = offset[:, : self.split], offset[:, self.split :].sigmoid()
        return deform_conv2d(x, offset, self.weight, stride=self.step, padding=1, mask=mask)


class DeformConvPack(DeformConv):
    """The same with the convolution that computes the map, which has its stride."""

    def __init__(self, width: int, stride: int, offset_channels: int) -> None:
        super().__init__(width, stride, offset_channels)
        self.conv_offset = nn.Conv2d(width, offset_channels, 3, stride=stride, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x, self.conv_offset(x))


class DeformBottleneck(Bottleneck):
    """The offset convolution is a part of `conv2` or, in old checkpoints, stands `beside` it."""

    def __init__(self, inputs: int, planes: int, stride: int, offset_channels: int, beside: bool) -> None:
        super().__init__(inputs, planes, stride, 0, "exact")
        self.beside = beside
        if beside:
            self.conv2 = DeformConv(planes, stride, offset_channels)
            self.conv2_offset = nn.Conv2d(planes, offset_channels, 3, stride=stride, padding=1)
        else:
            self.conv2 = DeformConvPack(planes, stride, offset_channels)

    def middle(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv2(x, self.conv2_offset(x)) if self.beside else self.conv2(x)


class PooledBottleneck(Bottleneck):
    """oCLIP's: convolutions of stride 1; average pooling after the second and in the shortcut halves."""

    def __init__(self, inputs: int, planes: int, stride: int) -> None:
        super().__init__(inputs, planes, 1, 0, "exact")
        outputs = planes * self.expansion
        self.pool = nn.AvgPool2d(2) if stride == 2 else nn.Identity()
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(
                nn.AvgPool2d(2) if stride == 2 else nn.Identity(),
                nn.Conv2d(inputs, outputs, 1, bias=False),
                nn.BatchNorm2d(outputs),
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.pool(self.relu(self.bn2(self.conv2(y))))
        y = self.bn3(self.conv3(y))
        return self.relu(y + self.shortcut(x))


class Backbone(nn.Module):
    """Features at 1/4, 1/8, 1/16 and 1/32 of the picture; `widths` are their channels."""

    def __init__(self, configuration: MmocrConfiguration) -> None:
        super().__init__()
        c, half = configuration, configuration.stem // 2
        self.oclip = c.oclip
        if c.oclip:
            self.stem = nn.Sequential(
                *_conv_norm_relu(3, half, stride=2),
                *_conv_norm_relu(half, half),
                *_conv_norm_relu(half, c.stem),
            )
            self.maxpool = nn.AvgPool2d(2)
        else:
            self.conv1 = nn.Conv2d(3, c.stem, 7, stride=2, padding=3, bias=False)
            self.bn1 = nn.BatchNorm2d(c.stem)
            self.relu = nn.ReLU(inplace=True)
            self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        inputs, self.widths = c.stem, []
        for number, (depth, planes, offsets) in enumerate(
            zip(c.depths, c.planes, c.offset_channels), start=1
        ):
            blocks = []
            for index in range(depth):
                stride = 2 if index == 0 and number > 1 else 1
                blocks.append(_block(c, inputs, planes, stride, offsets))
                inputs = planes * blocks[-1].expansion
            self.add_module(f"layer{number}", nn.Sequential(*blocks))
            self.widths.append(inputs)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        x = self.stem(x) if self.oclip else self.relu(self.bn1(self.conv1(x)))
        c2 = self.layer1(self.maxpool(x))
        c3 = self.layer2(c2)
        c4 = self.layer3(c3)
        return c2, c3, c4, self.layer4(c4)


def _conv_norm_relu(inputs: int, outputs: int, stride: int = 1) -> tuple[nn.Module, ...]:
    convolution = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
    return convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)


def _block(c: MmocrConfiguration, inputs: int, planes: int, stride: int, offsets: int) -> nn.Module:
    if c.oclip:
        return PooledBottleneck(inputs, planes, stride)
    if c.block == "basic":
        return BasicBlock(inputs, planes, stride, 0, "exact")
    if offsets:
        return DeformBottleneck(inputs, planes, stride, offsets, c.offsets_beside)
    return Bottleneck(inputs, planes, stride, 0, "exact")


class ConvUnit(nn.Module):
    """A convolution that keeps the size, a BatchNorm where asked for, and an activation ('' = none)."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        bias: bool = False,
        norm: bool = False,
        activation: str = "",
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=bias)
        self.bn = nn.BatchNorm2d(outputs) if norm else nn.Identity()
        self.activate = {"": nn.Identity, "relu": nn.ReLU, "sigmoid": nn.Sigmoid}[activation]()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.activate(self.bn(self.conv(x)))


class ScaleAttention(nn.Module):
    """DB++: a weight between 0 and 1 for every pixel and each of the four scales.

    x[N,4*width,H,W] -> [N,4,H,W]; first channels against each other, then pixels, then both together.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        joined = 4 * width
        self.avg_pool = nn.AdaptiveAvgPool2d(1)
        self.channel_wise = nn.Sequential(
            ConvUnit(joined, width, 1, activation="relu"), ConvUnit(width, joined, 1, activation="sigmoid")
        )
        self.spatial_wise = nn.Sequential(
            ConvUnit(1, 1, 3, activation="relu"), ConvUnit(1, 1, 1, activation="sigmoid")
        )
        self.attention_wise = ConvUnit(joined, 4, 1, activation="sigmoid")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.channel_wise(self.avg_pool(x)) + x
        x = self.spatial_wise(torch.mean(x, dim=1, keepdim=True)) + x
        return self.attention_wise(x)


class Neck(nn.Module):
    """Four scales of features, made equally wide, summed from the coarsest down and joined at the finest."""

    def __init__(self, widths: list[int], configuration: MmocrConfiguration) -> None:
        super().__init__()
        c = configuration
        relu = {True: "relu", False: ""}
        self.lateral_convs = nn.ModuleList(
            ConvUnit(w, c.lateral, 1, c.lateral_bias, c.lateral_norm, relu[c.lateral_norm]) for w in widths
        )
        self.smooth_convs = nn.ModuleList(
            ConvUnit(c.lateral, c.smooth, 3, c.smooth_bias, c.smooth_norm, relu[c.smooth_norm])
            for _ in widths
        )
        self.attention, self.joined = c.attention, c.joined
        if c.attention:
            self.asf_conv = ConvUnit(4 * c.smooth, 4 * c.smooth, 3, bias=True)
            self.asf_attn = ScaleAttention(c.smooth)
        if c.joined:
            self.out_conv = ConvUnit(4 * c.smooth, 4 * c.smooth, 3, norm=True, activation="relu")

    def forward(self, features: tuple[torch.Tensor, ...]) -> torch.Tensor:
        maps = [unit(x) for unit, x in zip(self.lateral_convs, features)]
        for i in (3, 2, 1):
            maps[i - 1] = maps[i - 1] + _resized(maps[i], maps[i - 1])
        maps = [unit(x) for unit, x in zip(self.smooth_convs, maps)]
        maps = [maps[0], *(_resized(x, maps[0]) for x in maps[1:])]
        x = torch.cat(maps, dim=1)
        if self.attention:
            weights = self.asf_attn(self.asf_conv(x))
            x = torch.cat([weights[:, i : i + 1] * maps[i] for i in range(4)], dim=1)
        return self.out_conv(x) if self.joined else x


def _resized(x: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    return F.interpolate(x, size=like.shape[2:], mode="nearest")


class Head(nn.Module):
    """x[N,4*width,H,W] -> probability of text [N,1,4*H,4*W]."""

    def __init__(self, width: int, bias: bool) -> None:
        super().__init__()
        self.binarize = nn.Sequential(
            nn.Conv2d(4 * width, width, 3, padding=1, bias=bias),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            nn.ConvTranspose2d(width, width, 2, stride=2),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            nn.ConvTranspose2d(width, 1, 2, stride=2),
            nn.Sigmoid(),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.binarize(x)


class MmocrDetector(nn.Module):
    """image[N,3,H,W] -> probability of text [N,1,H,W]; MMOCR pads H and W to multiples of 32."""

    def __init__(self, configuration: MmocrConfiguration) -> None:
        super().__init__()
        self.backbone = Backbone(configuration)
        self.neck = Neck(self.backbone.widths, configuration)
        self.head_name = configuration.head
        self.add_module(self.head_name, Head(configuration.smooth, configuration.head_bias))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return getattr(self, self.head_name)(self.neck(self.backbone(image)))
