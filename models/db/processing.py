"""What happens to the picture before and to the probability map after the network.

Field names, units and enum members are those of the tables in schema/model.fbs, where they are defined.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Optional

MAX_SIDE = 1 << 15  # the greatest short_side and long_side that a file may have


def _enum(name: str, default: str) -> str:
    return field(default=default, metadata={"enum": name})


@dataclass(frozen=True)
class ImagePreprocess:
    """value = (pixel - mean[c]) / scale / std[c], channels in `channel_order`."""

    mean: tuple[float, ...]
    channel_order: str = _enum("ChannelOrder", "bgr")
    resize_rule: str = _enum("ResizeRule", "short_side_ceil")
    interpolation: str = _enum("Interpolation", "bilinear")
    resize_pixel_type: str = _enum("PixelType", "float32")
    short_side: int = 736
    multiple_of: int = 32
    scale: float = 255.0
    std: Optional[tuple[float, ...]] = None
    long_side: int = 0
    arithmetic: str = _enum("Arithmetic", "centre_double")

    def with_short_side(self, size: int) -> ImagePreprocess:
        """The same for pictures whose short side is brought to `size` pixels.

        A rule that limits sizes gives way to one that sets them. A limit of the long side beside the short
        one's size stays, but for a greater `size` it grows by the same factor: it would undo the change.
        """
        if self.resize_rule == "limit_side_round":
            return replace(self, resize_rule="short_side_round", short_side=size, long_side=0)
        grown = -(-self.long_side * size // self.short_side)
        return replace(self, short_side=size, long_side=max(self.long_side, min(grown, MAX_SIDE)))


@dataclass(frozen=True)
class TextPostprocess:
    """Text regions from the probability map that is the network's first output.

    max_candidates 0 = no limit; min_size is that before unclipping, 2 more are asked for afterwards.
    """

    box_thresh: float
    thresh: float = 0.3
    unclip_ratio: float = 1.5
    polygon_unclip_ratio: float = 2.0
    max_candidates: int = 1000
    min_size: float = 3.0
    polygon_epsilon: float = 0.002
    rule: str = _enum("BoxRule", "mhliao")
    output: int = 0
    dilate: bool = False
    score_outline: bool = False
