"""The sizes of PaddleOCR2Pytorch's DB networks: what their recipes and the reading of checkpoints share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Union

from .configuration import MobileBlock

# The stages of MobileNetV3 large: each ends where the decoder takes a feature map; numbers of blocks.
MOBILE_STAGES = (3, 3, 6, 3)


@dataclass(frozen=True)
class ResNetSizes:
    """A ResNet, as published ("plain") or in the form D of "bag of tricks" ("vd").

    `planes` are the inner widths of the stages; a bottleneck block has four times as many outside. `stem` has
    the widths of three 3x3 convolutions (vd) or of one 7x7. `offset_groups` is per stage, 0 = not deformable.
    """

    form: str  # "vd" or "plain"
    block: str  # "basic" or "bottleneck"
    depths: tuple[int, ...]
    stem: tuple[int, ...]
    planes: tuple[int, ...]
    offset_groups: tuple[int, ...] = (0, 0, 0, 0)

    def widths(self) -> list[int]:
        """Channels of the four feature maps."""
        return [planes * (4 if self.block == "bottleneck" else 1) for planes in self.planes]

    def block_names(self, stage: int) -> list[str]:
        """The blocks' names in the keys, for stage 0, 1, 2 or 3."""
        depth = self.depths[stage]
        if self.form == "vd":
            return [f"bb_{stage}_{i}" for i in range(depth)]
        if has_numbered_blocks(stage, depth):
            return [f"res{stage + 2}" + (f"b{i}" if i else "a") for i in range(depth)]
        return [f"res{stage + 2}{chr(ord('a') + i)}" for i in range(depth)]

    def describe(self) -> str:
        deformable = sum(depth for depth, groups in zip(self.depths, self.offset_groups) if groups)
        text = f"blocks {'-'.join(map(str, self.depths))}, width {self.planes[0]}"
        return text + (f", {deformable} deformable convolutions" if deformable else "")


def has_numbered_blocks(stage: int, depth: int) -> bool:
    """Whether a plain ResNet's blocks are a, b1, b2, ... (in ResNet-101 and -152) and not a, b, c, ..."""
    return stage == 2 and depth > 6


@dataclass(frozen=True)
class MobileSizes:
    """MobileNetV3 large, without its classifier."""

    stem: int
    blocks: tuple[MobileBlock, ...]
    last: int

    def widths(self) -> list[int]:
        """Channels of the four feature maps."""
        ends = [sum(MOBILE_STAGES[: i + 1]) for i in range(3)]
        return [self.blocks[end - 1].outputs for end in ends] + [self.last]

    def describe(self) -> str:
        squeezed = sum(block.squeeze for block in self.blocks)
        text = f"{len(self.blocks)} blocks, widths {'-'.join(map(str, self.widths()))}"
        return text + (f", {squeezed} with squeeze-and-excite" if squeezed else "")


@dataclass(frozen=True)
class LCBlock:
    """One block of a PP-LCNetV3; `branches` is how many convolutions of its size stand side by side."""

    kernel: int
    outputs: int
    squeeze: bool = False
    branches: int = 4


@dataclass(frozen=True)
class LCNetSizes:
    """A PP-LCNetV3: five stages, of which all but the first halve the size.

    `results` are the widths of what the neck gets, after a 1x1 convolution of each of the last four stages.
    """

    stem: int
    stages: tuple[tuple[LCBlock, ...], ...]
    results: tuple[int, ...]

    def widths(self) -> list[int]:
        """Channels of the four feature maps."""
        return list(self.results)

    def describe(self) -> str:
        depths = "-".join(str(len(stage)) for stage in self.stages)
        return f"blocks {depths}, widths {'-'.join(map(str, self.results))}"


@dataclass(frozen=True)
class HGStage:
    """`blocks` blocks of `layers` convolutions of width `inner`; `light` ones are separable."""

    inner: int
    outputs: int
    blocks: int = 1
    layers: int = 6
    kernel: int = 3
    light: bool = False


@dataclass(frozen=True)
class HGNetSizes:
    """A PP-HGNet of `version` 1 or 2.

    `stem` has the widths of three 3x3 convolutions (version 1), or the inner and the outer one (version 2).
    """

    version: int
    stem: tuple[int, ...]
    stages: tuple[HGStage, ...]

    def widths(self) -> list[int]:
        """Channels of the four feature maps."""
        return [stage.outputs for stage in self.stages]

    def describe(self) -> str:
        blocks = "-".join(str(stage.blocks) for stage in self.stages)
        return f"blocks {blocks}, widths {'-'.join(map(str, self.widths()))}"


@dataclass(frozen=True)
class PaddleConfiguration:
    """A backbone, a neck and DB's head.

    `neck_kind` is the project's class in small letters: "dbfpn", "rsefpn" or "lkpan". `lite` (separable
    convolutions) is an option of "lkpan", `intra_collaborative` of that and of "rsefpn", and `attention`,
    DBNet++'s, of "dbfpn". `refined` is the width of a second look that the head takes, 0 = none.
    """

    backbone: Union[ResNetSizes, MobileSizes, LCNetSizes, HGNetSizes]
    neck: int
    neck_kind: str = "dbfpn"
    attention: bool = False
    lite: bool = False
    intra_collaborative: bool = False
    refined: int = 0

    def describe(self) -> str:
        """The sizes in a few words."""
        text = f"{self.backbone.describe()}, {self.neck_kind} neck {self.neck}"
        options = {
            "scale attention": self.attention,
            "separable convolutions": self.lite,
            "intra-collaborative blocks": self.intra_collaborative,
            "refined head": self.refined > 0,
        }
        return ", ".join([text, *(name for name, given in options.items() if given)])
