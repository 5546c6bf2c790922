"""MhLiao/DB: ResNet backbones, plain or deformable, with the SegDetector decoder.

Facts are of its commit 65ca77a0: backbones/resnet.py, decoders/seg_detector.py, demo.py.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial
from typing import Any

from .configuration import Configuration, offset_groups
from .processing import ImagePreprocess, TextPostprocess
from .recipe import Recipe, Shapes, UnknownLayout, depth, width


def _matches(usual: Configuration, shapes: Shapes) -> bool:
    backbone = [key for key in shapes if key.startswith("backbone.layer")]
    decoder = any(key.startswith(("decoder.binarize.", "decoder.in5.", "decoder.out5.")) for key in shapes)
    bottleneck = any(key.endswith(".conv3.weight") for key in backbone)
    deformable = any(".conv2_offset." in key for key in backbone)
    return (
        bool(backbone)
        and decoder
        and bottleneck == (usual.block == "bottleneck")
        and deformable == any(usual.offset_channels)
    )


def _configure(usual: Configuration, shapes: Shapes) -> Configuration:
    if not any(key.startswith("backbone.layer") for key in shapes):
        raise UnknownLayout("it has no keys 'backbone.layer...'")
    stages = range(1, 5)
    neck = width(shapes, "neck", (f"decoder.in{i}.weight" for i in (2, 3, 4)), "decoder.in5.weight")
    if neck % 4:
        raise UnknownLayout(f"its neck has {neck} channels, which is no multiple of 4")
    deformable = any(usual.offset_channels)
    return replace(
        usual,
        depths=tuple(depth(shapes, f"backbone.layer{i}.") for i in stages),
        stem=width(shapes, "stem", ("backbone.bn1.weight", "backbone.bn1.bias"), "backbone.conv1.weight"),
        planes=tuple(_planes(shapes, f"backbone.layer{i}.") for i in stages),
        neck=neck,
        neck_bias="decoder.in5.bias" in shapes or "decoder.in4.bias" in shapes,
        offset_channels=tuple(
            _offset_channels(shapes, f"backbone.layer{i}.") if deformable else 0 for i in stages
        ),
    )


def _build(configuration: Configuration) -> Any:
    from .architecture import TextDetector

    return TextDetector(configuration)


def _planes(shapes: Shapes, stage: str) -> int:
    names = ("bn1.weight", "bn1.bias", "conv2.weight", "bn2.weight")
    return width(
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
    usual = Configuration(
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
    )
    return Recipe(
        name=name,
        source="MhLiao/DB",
        summary=summary,
        matches=partial(_matches, usual),
        configure=partial(_configure, usual),
        build=_build,
        usual=usual,
        tiny=replace(usual, stem=4, planes=(4, 4, 4, 8), neck=8),
        offset_mode="flat_prefix where the stride is 2" if deformable and block == "bottleneck" else (
            "exact" if deformable else ""
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
