"""The sizes of WenmuZhou/DBNet.pytorch's networks: what recipes and the reading of checkpoints share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Union

from .configuration import Configuration, whole_eights


@dataclass(frozen=True)
class MobileNetV3:
    """The "large" MobileNetV3; "small" cannot run there, as it gives three scales to a neck of four."""

    scale: float

    def describe(self) -> str:
        return f"MobileNetV3 x{self.scale:g}"

    STAGES = (3, 3, 6, 3)  # blocks a stage; a stage starts where the size halves, the first with 1/2
    STEM, LAST = 16, 960
    SCALES = (0.35, 0.5, 0.75, 1.0, 1.25)

    def channels(self, nominal: int) -> int:
        """`nominal` channels at this scale."""
        return whole_eights(nominal * self.scale)


@dataclass(frozen=True)
class ShuffleNetV2:
    """Channels of the stem and of the three stages, and blocks a stage."""

    stem: int
    widths: tuple[int, ...]
    depths: tuple[int, ...]

    def describe(self) -> str:
        return f"ShuffleNetV2 {'-'.join(map(str, self.depths))}, widths {'-'.join(map(str, self.widths))}"


@dataclass(frozen=True)
class Network:
    """The sizes of a network of that project."""

    backbone: Union[Configuration, MobileNetV3, ShuffleNetV2]
    neck: str  # "fpn" or "fpem"
    neck_width: int  # channels of each of the four reduced maps
    repeats: int  # of FPEM
    modules: tuple[str, str]  # what the neck and the head are called
    upsampling: str  # mode of the neck

    def describe(self) -> str:
        """The sizes in a few words."""
        if isinstance(self.backbone, Configuration):
            depths = "-".join(map(str, self.backbone.depths))
            text = f"blocks {depths}, width {self.backbone.planes[0]}"
        else:
            text = self.backbone.describe()
        neck = "FPN" if self.neck == "fpn" else f"{self.repeats} FPEM"
        return f"{text}, {neck} of {4 * self.neck_width} channels"
