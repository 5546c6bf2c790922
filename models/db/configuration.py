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

    def describe(self) -> str:
        """The sizes in a few words."""
        deformable = sum(depth for depth, channels in zip(self.depths, self.offset_channels) if channels)
        text = f"blocks {'-'.join(map(str, self.depths))}, width {self.planes[0]}, neck {self.neck}"
        return text + (f", {deformable} deformable convolutions" if deformable else "")


def offset_groups(channels: int, planes: int) -> Optional[tuple[int, bool]]:
    """(offset groups, has a mask) of an offset convolution for a 3x3 kernel over `planes` channels, or None.

    54 channels are two groups with a mask or three without; the mask wins, as MhLiao's networks all have one.
    """
    for per_group, masked in ((27, True), (18, False)):
        groups, rest = divmod(channels, per_group)
        if not rest and groups and planes % groups == 0:
            return groups, masked
    return None
