"""The sizes of a DB network: what its recipe and the reading of checkpoints have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional


@dataclass(frozen=True)
class Configuration:
    """The sizes of a ResNet with a DB decoder.

    `planes` are the inner widths of the four stages; a bottleneck block has four times as many outside.
    `offset_channels` is for each stage the width of `conv2_offset`, 0 = no deformable convolution.
    """

    block: str  # "basic" or "bottleneck"
    depths: tuple[int, ...]
    stem: int
    planes: tuple[int, ...]
    neck: int
    neck_bias: bool
    offset_channels: tuple[int, ...]
    strided_offset_read: str  # offset_read of deformable convolutions with a stride of 2
    attention: str = ""  # of DBNet++: scale_spatial, scale_channel_spatial or scale_channel

    def describe(self) -> str:
        """The sizes in a few words."""
        deformable = sum(depth for depth, channels in zip(self.depths, self.offset_channels) if channels)
        text = f"blocks {'-'.join(map(str, self.depths))}, width {self.planes[0]}, neck {self.neck}"
        text += f", {self.attention} attention" if self.attention else ""
        return text + (f", {deformable} deformable convolutions" if deformable else "")


@dataclass(frozen=True)
class MobileBlock:
    """One block of a MobileNetV3."""

    kernel: int
    expanded: int
    outputs: int
    squeeze: bool  # with squeeze-and-excite, of a quarter of the expanded width
    activation: str  # "relu" or "hardswish"
    stride: int


MOBILENET_LARGE = tuple(
    MobileBlock(*block)
    for block in (
        (3, 16, 16, False, "relu", 1),
        (3, 64, 24, False, "relu", 2),
        (3, 72, 24, False, "relu", 1),
        (5, 72, 40, True, "relu", 2),
        (5, 120, 40, True, "relu", 1),
        (5, 120, 40, True, "relu", 1),
        (3, 240, 80, False, "hardswish", 2),
        (3, 200, 80, False, "hardswish", 1),
        (3, 184, 80, False, "hardswish", 1),
        (3, 184, 80, False, "hardswish", 1),
        (3, 480, 112, True, "hardswish", 1),
        (3, 672, 112, True, "hardswish", 1),
        (5, 672, 160, True, "hardswish", 2),
        (5, 960, 160, True, "hardswish", 1),
        (5, 960, 160, True, "hardswish", 1),
    )
)
# The parts of MobileNetV3 large whose results the decoder takes: the stem is 0, the last convolution 16.
MOBILENET_TAPS = (3, 6, 12, 16)


@dataclass(frozen=True)
class MobileNetConfiguration:
    """The sizes of a MobileNetV3 large with a DB decoder."""

    stem: int
    blocks: tuple[MobileBlock, ...]
    last: int
    neck: int
    neck_bias: bool
    attention: str = ""

    def widths(self) -> list[int]:
        """Channels of the four feature maps."""
        return [self.blocks[number - 1].outputs for number in MOBILENET_TAPS[:3]] + [self.last]

    def describe(self) -> str:
        """The sizes in a few words."""
        text = f"{len(self.blocks)} blocks, widths {'-'.join(map(str, self.widths()))}, neck {self.neck}"
        return text + (f", {self.attention} attention" if self.attention else "")


def whole_eights(channels: float) -> int:
    """The number of channels as MobileNets round it: a multiple of 8, at least 8, at most a tenth too few."""
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels else rounded


def offset_groups(channels: int, planes: int) -> Optional[tuple[int, bool]]:
    """(offset groups, has a mask) of an offset convolution for a 3x3 kernel over `planes` channels, or None.

    54 channels are two groups with a mask or three without; the mask wins, as MhLiao's networks all have one.
    """
    for per_group, masked in ((27, True), (18, False)):
        groups, rest = divmod(channels, per_group)
        if not rest and groups and planes % groups == 0:
            return groups, masked
    return None
