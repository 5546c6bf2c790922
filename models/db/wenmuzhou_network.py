"""The networks of WenmuZhou/DBNet.pytorch as ordinary PyTorch modules: necks, head, what holds them together.

Attribute names are those of that project's checkpoints. Only what inference needs is built.
"""

from __future__ import annotations

from functools import partial

import torch
import torch.nn.functional as F
from torch import nn

from .architecture import ResNet
from .configuration import Configuration
from .wenmuzhou_backbones import MobileNetV3Features, ShuffleNetV2Features
from .wenmuzhou_sizes import MobileNetV3, Network


class ConvNormReLU(nn.Module):
    """A convolution that keeps the size, BatchNorm, ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel_size: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel_size, padding=kernel_size // 2)
        self.bn = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.relu(self.bn(self.conv(x)))


class Neck(nn.Module):
    """What the two necks share: reduced maps of one width, upsampling to the size of another map.

    The coordinates of bilinear upsampling are those of align_corners=False.
    """

    def __init__(self, widths: list[int], channels: int, mode: str) -> None:
        super().__init__()
        for scale, inputs in zip(range(2, 6), widths):
            self.add_module(f"reduce_conv_c{scale}", ConvNormReLU(inputs, channels, 1))
        # PyTorch wants no word about corners where the nearest pixel is taken.
        aligned = {} if mode == "nearest" else {"align_corners": False}
        self.resize = partial(F.interpolate, mode=mode, **aligned)

    def reduced(self, features: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        layers = (self.reduce_conv_c2, self.reduce_conv_c3, self.reduce_conv_c4, self.reduce_conv_c5)
        return tuple(layer(x) for layer, x in zip(layers, features))

    def joined(self, p2: torch.Tensor, *others: torch.Tensor) -> torch.Tensor:
        return torch.cat((p2, *(self.resize(p, size=p2.shape[2:]) for p in others)), dim=1)


class FeaturePyramid(Neck):
    """FPN: from coarse to fine; all scales join at 1/4."""

    def __init__(self, widths: list[int], channels: int, mode: str) -> None:
        super().__init__(widths, channels, mode)
        self.smooth_p4 = ConvNormReLU(channels, channels, 3)
        self.smooth_p3 = ConvNormReLU(channels, channels, 3)
        self.smooth_p2 = ConvNormReLU(channels, channels, 3)
        self.channels = 4 * channels
        self.conv = nn.Sequential(
            nn.Conv2d(self.channels, self.channels, 3, padding=1),
            nn.BatchNorm2d(self.channels),
            nn.ReLU(inplace=True),
        )

    def forward(self, features: tuple[torch.Tensor, ...]) -> torch.Tensor:
        c2, c3, c4, p5 = self.reduced(features)
        p4 = self.smooth_p4(self.resize(p5, size=c4.shape[2:]) + c4)
        p3 = self.smooth_p3(self.resize(p4, size=c3.shape[2:]) + c3)
        p2 = self.smooth_p2(self.resize(p3, size=c2.shape[2:]) + c2)
        return self.conv(self.joined(p2, p3, p4, p5))


class SeparableConv(nn.Module):
    """Depthwise 3x3 with a stride, pointwise, BatchNorm, ReLU."""

    def __init__(self, channels: int, stride: int) -> None:
        super().__init__()
        self.depthwise_conv = nn.Conv2d(channels, channels, 3, stride=stride, padding=1, groups=channels)
        self.pointwise_conv = nn.Conv2d(channels, channels, 1)
        self.bn = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.relu(self.bn(self.pointwise_conv(self.depthwise_conv(x))))


class Enhancement(nn.Module):
    """FPEM: one way from coarse to fine and one back."""

    def __init__(self, channels: int, resize: partial) -> None:
        super().__init__()
        for step in (1, 2, 3):
            self.add_module(f"up_add{step}", SeparableConv(channels, 1))
            self.add_module(f"down_add{step}", SeparableConv(channels, 2))
        self.resize = resize

    def forward(
        self, c2: torch.Tensor, c3: torch.Tensor, c4: torch.Tensor, c5: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        c4 = self.up_add1(self.sum(c5, c4))
        c3 = self.up_add2(self.sum(c4, c3))
        c2 = self.up_add3(self.sum(c3, c2))
        c3 = self.down_add1(self.sum(c3, c2))
        c4 = self.down_add2(self.sum(c4, c3))
        c5 = self.down_add3(self.sum(c5, c4))
        return c2, c3, c4, c5

    def sum(self, coarse: torch.Tensor, fine: torch.Tensor) -> torch.Tensor:
        return self.resize(coarse, size=fine.shape[2:]) + fine


class EnhancedPyramid(Neck):
    """FPEM_FFM: enhancements one after another; their results are summed scale by scale and joined."""

    def __init__(self, widths: list[int], channels: int, mode: str, repeats: int) -> None:
        super().__init__(widths, channels, mode)
        self.fpems = nn.ModuleList(Enhancement(channels, self.resize) for _ in range(repeats))
        self.channels = 4 * channels

    def forward(self, features: tuple[torch.Tensor, ...]) -> torch.Tensor:
        maps = self.reduced(features)
        sums: tuple[torch.Tensor, ...] = ()
        for enhance in self.fpems:
            maps = enhance(*maps)
            sums = tuple(a + b for a, b in zip(sums, maps)) if sums else maps
        return self.joined(*sums)


class Head(nn.Module):
    """From the neck's map at 1/4 to the probability of text at full size."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        quarter = channels // 4
        self.binarize = nn.Sequential(
            nn.Conv2d(channels, quarter, 3, padding=1),
            nn.BatchNorm2d(quarter),
            nn.ReLU(inplace=True),
            nn.ConvTranspose2d(quarter, quarter, 2, stride=2),
            nn.BatchNorm2d(quarter),
            nn.ReLU(inplace=True),
            nn.ConvTranspose2d(quarter, 1, 2, stride=2),
            nn.Sigmoid(),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.binarize(x)


def resnet(configuration: Configuration) -> ResNet:
    """A ResNet whose offset convolutions have the stride of the deformable convolution that they serve."""
    features = ResNet(configuration)
    for block in features.modules():
        if hasattr(block, "conv2_offset"):
            block.conv2_offset.stride = block.conv2.stride
    return features


class TextDetector(nn.Module):
    """image[N,3,H,W] of any size -> probability of text [N,1,H,W].

    The original gives a second channel, the threshold map, which its post-processing does not read.
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        if isinstance(network.backbone, Configuration):
            self.backbone = resnet(network.backbone)
        elif isinstance(network.backbone, MobileNetV3):
            self.backbone = MobileNetV3Features(network.backbone)
        else:
            self.backbone = ShuffleNetV2Features(network.backbone)
        sizes = self.backbone.widths, network.neck_width, network.upsampling
        neck = EnhancedPyramid(*sizes, network.repeats) if network.neck == "fpem" else FeaturePyramid(*sizes)
        self.names = network.modules
        self.add_module(self.names[0], neck)
        self.add_module(self.names[1], Head(neck.channels))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        neck, head = (self.get_submodule(name) for name in self.names)
        probability = head(neck(self.backbone(image)))
        # The head's map is up to 3 pixels larger where the picture's size is no multiple of 4.
        return F.interpolate(probability, size=image.shape[2:], mode="bilinear", align_corners=True)
