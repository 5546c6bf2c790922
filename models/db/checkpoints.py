"""The layouts of DB checkpoints: which keys tell a recipe, and what sizes its weights say. Needs no PyTorch.

Facts about MhLiao/DB are of its commit 65ca77a0: backbones/resnet.py, decoders/seg_detector.py, demo.py.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .configuration import Configuration, offset_groups
from .processing import ImagePreprocess, TextPostprocess

Shapes = Mapping[str, tuple[int, ...]]
# No published network comes near; a damaged file must not make us allocate without bound.
MAX_WIDTH = 4096
MAX_DEPTH = 100


class UnknownLayout(Exception):
    """The keys do not say what a recipe has to know; the message says which."""


@dataclass(frozen=True)
class Recipe:
    """One row of the table: how a checkpoint is recognised and what its network, input and output are."""

    name: str
    source: str
    summary: str
    usual: Configuration
    preprocess: ImagePreprocess
    postprocess: TextPostprocess
    training_only: tuple[str, ...]  # regular expressions of keys that inference does not need

    input_name = "image"
    output_name = "binary"
    input_multiple_of = 32

    def matches(self, shapes: Shapes) -> bool:
        """True where the keys are of this layout; whether they are complete and well shaped is not asked."""
        backbone = [key for key in shapes if key.startswith("backbone.layer")]
        decoder = any(
            key.startswith(("decoder.binarize.", "decoder.in5.", "decoder.out5.")) for key in shapes
        )
        bottleneck = any(key.endswith(".conv3.weight") for key in backbone)
        deformable = any(".conv2_offset." in key for key in backbone)
        return (
            bool(backbone)
            and decoder
            and bottleneck == (self.usual.block == "bottleneck")
            and deformable == any(self.usual.offset_channels)
        )

    def configure(self, shapes: Shapes) -> Configuration:
        """Reads the sizes from the weights. Raises UnknownLayout."""
        if not any(key.startswith("backbone.layer") for key in shapes):
            raise UnknownLayout("it has no keys 'backbone.layer...'")
        stages = range(1, 5)
        neck = _width(shapes, "neck", (f"decoder.in{i}.weight" for i in (2, 3, 4)), "decoder.in5.weight")
        if neck % 4:
            raise UnknownLayout(f"its neck has {neck} channels, which is no multiple of 4")
        deformable = any(self.usual.offset_channels)
        return replace(
            self.usual,
            depths=tuple(_depth(shapes, f"backbone.layer{i}.") for i in stages),
            stem=_width(
                shapes, "stem", ("backbone.bn1.weight", "backbone.bn1.bias"), "backbone.conv1.weight"
            ),
            planes=tuple(_planes(shapes, f"backbone.layer{i}.") for i in stages),
            neck=neck,
            neck_bias="decoder.in5.bias" in shapes or "decoder.in4.bias" in shapes,
            offset_channels=tuple(
                _offset_channels(shapes, f"backbone.layer{i}.") if deformable else 0 for i in stages
            ),
        )

    def build(self, configuration: Configuration) -> Any:
        """The network as a torch.nn.Module."""
        from .architecture import TextDetector

        return TextDetector(configuration)

    def skeleton(self) -> Any:
        """The network at its usual depth and a tiny width: for its keys alone."""
        return self.build(replace(self.usual, stem=4, planes=(4, 4, 4, 8), neck=8))

    def is_training_only(self, key: str) -> bool:
        return any(re.match(pattern, key) for pattern in self.training_only)


def _width(shapes: Shapes, what: str, witnesses: Iterable[str], first: str) -> int:
    """The most common size of axis 0 among the keys: one misshapen weight must not decide the width."""
    sizes = [shapes[key][0] for key in (first, *witnesses) if shapes.get(key)]
    if not sizes:
        raise UnknownLayout(f"key '{first}' is missing")
    width = Counter(sizes).most_common(1)[0][0]
    if not 1 <= width <= MAX_WIDTH:
        raise UnknownLayout(f"its {what} has {width} channels by '{first}', expected 1 to {MAX_WIDTH}")
    return width


def _depth(shapes: Shapes, stage: str) -> int:
    found = {
        int(m.group(1)) for m in (re.match(re.escape(stage) + r"(\d{1,6})\.", key) for key in shapes) if m
    }
    if not found:
        raise UnknownLayout(f"it has no keys '{stage}...'")
    if max(found) >= MAX_DEPTH:
        raise UnknownLayout(f"it has a block '{stage}{max(found)}', expected fewer than {MAX_DEPTH} blocks")
    return max(found) + 1


def _planes(shapes: Shapes, stage: str) -> int:
    names = ("bn1.weight", "bn1.bias", "conv2.weight", "bn2.weight")
    return _width(
        shapes, f"stage {stage[-2]}", (f"{stage}0.{name}" for name in names), f"{stage}0.conv1.weight"
    )


def _offset_channels(shapes: Shapes, stage: str) -> int:
    """Channels of the stage's offset convolutions, 0 where it has none."""
    keys = [key for key in shapes if key.startswith(stage) and ".conv2_offset." in key and shapes[key]]
    if not keys:
        return 0
    channels = Counter(shapes[key][0] for key in keys).most_common(1)[0][0]
    if offset_groups(channels, _planes(shapes, stage)) is None:
        raise UnknownLayout(
            f"'{keys[0]}' has {channels} channels, expected 18, or with a mask 27, for each offset group"
        )
    return channels


def _mhliao(name: str, summary: str, block: str, depths: tuple[int, ...], deformable: bool) -> Recipe:
    offsets = 27 if deformable else 0
    return Recipe(
        name=name,
        source="MhLiao/DB",
        summary=summary,
        usual=Configuration(
            block=block,
            depths=depths,
            stem=64,
            planes=(64, 128, 256, 512),
            neck=256,
            neck_bias=False,
            offset_channels=(0, offsets, offsets, offsets),
            # Its `conv2_offset` has stride 1 even where `conv2` has stride 2, and its CUDA operator read the
            # larger map as if it were packed at the output's size. The weights learned with that.
            strided_offset_read="flat_prefix",
        ),
        # demo.py: mean in BGR, no std, float32 pixels while resizing.
        preprocess=ImagePreprocess(mean=(122.67891434, 116.66876762, 104.00698793)),
        # box_thresh is the default of demo.py and eval.py (the README names 0.5 to 0.7 for its data sets);
        # 1000 candidates is what the YAML files set.
        postprocess=TextPostprocess(box_thresh=0.6),
        training_only=(
            r"decoder\.thresh\.",
            r"backbone\.fc\.",
            r"backbone\.smooth\.",
            r"(.*\.)?num_batches_tracked$",
        ),
    )


RECIPES = (
    _mhliao("resnet18", "DB with ResNet-18", "basic", (2, 2, 2, 2), False),
    _mhliao("deformable_resnet18", "DB with deformable ResNet-18", "basic", (2, 2, 2, 2), True),
    _mhliao("resnet50", "DB with ResNet-50", "bottleneck", (3, 4, 6, 3), False),
    _mhliao("deformable_resnet50", "DB with deformable ResNet-50", "bottleneck", (3, 4, 6, 3), True),
)
