"""The sizes of MMOCR's networks: what their recipes and the reading of checkpoints share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MmocrConfiguration:
    """The sizes of a network; `planes` are the inner widths of the four stages.

    `offset_channels` is for each stage the width of `conv_offset`, 0 = no deformable convolution.
    """

    block: str  # "basic" or "bottleneck"
    depths: tuple[int, ...]
    stem: int
    planes: tuple[int, ...]
    offset_channels: tuple[int, ...]
    lateral: int  # width of the pyramid
    smooth: int  # channels that each scale adds to what the head sees
    oclip: bool = False  # three convolutions as stem, average pooling instead of strides
    attention: bool = False  # DBNet++
    lateral_bias: bool = False
    lateral_norm: bool = False
    smooth_bias: bool = False
    smooth_norm: bool = False
    joined: bool = False  # one more convolution over all scales
    head_bias: bool = False
    head: str = "det_head"  # its name among the keys
    offsets_beside: bool = False  # the offset convolution is `conv2_offset`, not `conv2.conv_offset`

    def describe(self) -> str:
        """The sizes in a few words."""
        deformable = sum(depth for depth, channels in zip(self.depths, self.offset_channels) if channels)
        text = f"blocks {'-'.join(map(str, self.depths))}, width {self.planes[0]}, neck {self.lateral}"
        text += ", scale_channel_spatial attention" if self.attention else ""
        return text + (f", {deformable} deformable convolutions" if deformable else "")
