"""MhLiao/DB: DB and DBNet++ on ResNets, plain or deformable, and on MobileNetV3 large.

Facts are of its commit 65ca77a0: backbones/*.py, decoders/seg_detector.py, seg_detector_asf.py,
feature_attention.py, demo.py. Of its decoder's options `bias` is read from the keys; `adaptive`, `serial` and
`smooth` concern the threshold branch alone, which inference does not need (with `smooth` that branch cannot
be built as published). DBNet++ with `fpn=False` and MobileNetV3 small cannot run as published.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial
from typing import Any, Optional, Union

from .configuration import MOBILENET_LARGE, Configuration, MobileNetConfiguration, offset_groups
from .processing import ImagePreprocess, TextPostprocess
from .recipe import Recipe, Shapes, UnknownLayout, check_depths, depth, width

AnyConfiguration = Union[Configuration, MobileNetConfiguration]
ATTENTION = "decoder.concat_attention."
TRAINING_ONLY = (
    r"decoder\.thresh\.",
    r"backbone\.fc\.",
    r"backbone\.smooth\.",
    r"backbone\.features\.18\.",
    r"backbone\.classifier\.",
    r"(.*\.)?num_batches_tracked$",
)
# demo.py: mean in BGR, no std, float32 pixels while resizing.
PREPROCESS = ImagePreprocess(mean=(122.67891434, 116.66876762, 104.00698793))
# box_thresh is the default of demo.py and eval.py (the README names 0.5 to 0.7 for its data sets);
# 1000 candidates is what the YAML files set.
POSTPROCESS = TextPostprocess(box_thresh=0.6)


def _matches(usual: AnyConfiguration, others: tuple[tuple[int, ...], ...], shapes: Shapes) -> bool:
    """`others` are the depths that belong to other recipes of the same blocks."""
    decoder = any(key.startswith(("decoder.binarize.", "decoder.in5.", "decoder.out5.")) for key in shapes)
    if not decoder or any(key.startswith(ATTENTION) for key in shapes) != bool(usual.attention):
        return False
    if isinstance(usual, MobileNetConfiguration):
        ends = ("backbone.features.15.conv.", "backbone.features.16.")
        return all(any(key.startswith(end) for key in shapes) for end in ends)
    backbone = [key for key in shapes if key.startswith("backbone.layer")]
    bottleneck = any(key.endswith(".conv3.weight") for key in backbone)
    deformable = any(".conv2_offset." in key for key in backbone)
    return (
        bool(backbone)
        and bottleneck == (usual.block == "bottleneck")
        and deformable == any(usual.offset_channels)
        and _is_nearest(_depths(shapes), usual.depths, others)
    )


def _is_nearest(
    found: Optional[tuple[int, ...]], own: tuple[int, ...], others: tuple[tuple[int, ...], ...]
) -> bool:
    """True where no other recipe has a number of blocks that is nearer; on a tie the shallower one has it."""
    if found is None or not others:
        return not others or own == min(others + (own,), key=sum)
    return own == min(
        others + (own,), key=lambda depths: (sum(abs(a - b) for a, b in zip(depths, found)), sum(depths))
    )


def _depths(shapes: Shapes) -> Optional[tuple[int, ...]]:
    try:
        return tuple(depth(shapes, f"backbone.layer{i}.") for i in range(1, 5))
    except UnknownLayout:
        return None


def _configure(usual: AnyConfiguration, shapes: Shapes) -> AnyConfiguration:
    mobile = isinstance(usual, MobileNetConfiguration)
    start = "backbone.features." if mobile else "backbone.layer"
    if not any(key.startswith(start) for key in shapes):
        raise UnknownLayout(f"it has no keys '{start}...'")
    neck = width(shapes, "neck", (f"decoder.in{i}.weight" for i in (2, 3, 4)), "decoder.in5.weight")
    if neck % 4:
        raise UnknownLayout(f"its neck has {neck} channels, which is no multiple of 4")
    usual = replace(
        usual,
        neck=neck,
        neck_bias="decoder.in5.bias" in shapes or "decoder.in4.bias" in shapes,
        attention=_attention(shapes) if usual.attention else "",
    )
    return _configure_mobilenet(usual, shapes) if mobile else _configure_resnet(usual, shapes)


def _attention(shapes: Shapes) -> str:
    """Which of DBNet++'s attentions it is, by the parts that only that one has."""
    parts = {key.split(".")[3] for key in shapes if key.startswith(ATTENTION + "enhanced_attention.")}
    if "channel_wise" in parts:
        return "scale_channel_spatial"
    if parts & {"spatial_wise", "attention_wise"}:
        return "scale_spatial"
    if parts & {"fc1", "fc2", "bn"}:
        return "scale_channel"
    raise UnknownLayout(f"it has no keys '{ATTENTION}enhanced_attention...' of a known attention")


def _configure_resnet(usual: Configuration, shapes: Shapes) -> Configuration:
    stages = range(1, 5)
    deformable = any(usual.offset_channels)
    if deformable and not any(".conv2_offset." in key for key in shapes):
        raise UnknownLayout("it has no deformable convolutions, that is no keys '...conv2_offset...'")
    depths = tuple(depth(shapes, f"backbone.layer{i}.") for i in stages)
    check_depths(depths, usual.depths, {name: row.depths for name, row in _alike(usual).items()})
    return replace(
        usual,
        depths=depths,
        stem=width(shapes, "stem", ("backbone.bn1.weight", "backbone.bn1.bias"), "backbone.conv1.weight"),
        planes=tuple(_planes(shapes, f"backbone.layer{i}.") for i in stages),
        offset_channels=tuple(
            _offset_channels(shapes, f"backbone.layer{i}.") if deformable else 0 for i in stages
        ),
    )


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


def _configure_mobilenet(usual: MobileNetConfiguration, shapes: Shapes) -> MobileNetConfiguration:
    def wide(part: str, conv: int, norm: int) -> int:
        names = (f"{part}.{norm}.{name}" for name in ("weight", "bias", "running_mean"))
        return width(shapes, f"'{part}'", names, f"{part}.{conv}.weight")

    blocks = []
    for number, block in enumerate(usual.blocks, start=1):
        part = f"backbone.features.{number}.conv"
        blocks.append(replace(block, expanded=wide(part, 0, 1), outputs=wide(part, 7, 8)))
    stem, last = wide("backbone.features.0", 0, 1), wide("backbone.features.16", 0, 1)
    return replace(usual, stem=stem, blocks=tuple(blocks), last=last)


def _build(configuration: AnyConfiguration) -> Any:
    from .architecture import TextDetector

    return TextDetector(configuration)


def row(name: str, summary: str, usual: AnyConfiguration, tiny: AnyConfiguration) -> Recipe:
    """A recipe of this project's networks."""
    deformable = not isinstance(usual, MobileNetConfiguration) and any(usual.offset_channels)
    strided = deformable and usual.block == "bottleneck"
    return Recipe(
        name=name,
        source="MhLiao/DB",
        summary=summary,
        preprocess=PREPROCESS,
        postprocess=POSTPROCESS,
        matches=partial(_matches, usual, _other_depths(usual)),
        configure=partial(_configure, usual),
        build=_build,
        usual=usual,
        tiny=tiny,
        offset_mode="flat_prefix where the stride is 2" if strided else "exact" if deformable else "",
        training_only=TRAINING_ONLY,
    )


def resnet(block: str, depths: tuple[int, ...], deformable: bool) -> Configuration:
    """The published sizes of a ResNet with the DB decoder."""
    offsets = 27 if deformable else 0
    return Configuration(
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


def tiny_resnet(usual: Configuration) -> Configuration:
    return replace(usual, stem=4, planes=(4, 4, 4, 8), neck=16)


PLAIN_DEPTHS = {
    "resnet18": ("basic", (2, 2, 2, 2)),
    "resnet34": ("basic", (3, 4, 6, 3)),
    "resnet50": ("bottleneck", (3, 4, 6, 3)),
    "resnet101": ("bottleneck", (3, 4, 23, 3)),
    "resnet152": ("bottleneck", (3, 8, 36, 3)),
}
BACKBONES: dict[str, Configuration] = {
    "resnet18": resnet(*PLAIN_DEPTHS["resnet18"], deformable=False),
    "deformable_resnet18": resnet(*PLAIN_DEPTHS["resnet18"], deformable=True),
    "resnet50": resnet(*PLAIN_DEPTHS["resnet50"], deformable=False),
    "deformable_resnet50": resnet(*PLAIN_DEPTHS["resnet50"], deformable=True),
    "resnet34": resnet(*PLAIN_DEPTHS["resnet34"], deformable=False),
    "resnet101": resnet(*PLAIN_DEPTHS["resnet101"], deformable=False),
    "resnet152": resnet(*PLAIN_DEPTHS["resnet152"], deformable=False),
}
MOBILENET = MobileNetConfiguration(
    stem=16, blocks=MOBILENET_LARGE, last=960, neck=256, neck_bias=False
)


def _other_depths(usual: AnyConfiguration) -> tuple[tuple[int, ...], ...]:
    """The depths of the other recipes that differ in nothing else."""
    if isinstance(usual, MobileNetConfiguration):
        return ()
    return tuple(b.depths for b in _alike(usual).values() if b.depths != usual.depths)


def _alike(usual: Configuration) -> dict[str, Configuration]:
    """The backbones of the same blocks."""
    wanted = usual.block, usual.offset_channels
    return {name: b for name, b in BACKBONES.items() if (b.block, b.offset_channels) == wanted}


def _title(name: str) -> str:
    kind, _, layers = name.rpartition("resnet")
    return f"{'deformable ' if kind else ''}ResNet-{layers}"


def _rows() -> tuple[Recipe, ...]:
    tiny_mobile = replace(
        MOBILENET,
        stem=4,
        blocks=tuple(replace(b, expanded=8, outputs=4) for b in MOBILENET.blocks),
        last=8,
        neck=16,
    )
    sizes = [(n, _title(n), usual, tiny_resnet(usual)) for n, usual in BACKBONES.items()]
    sizes.append(("mobilenet_v3_large", "MobileNetV3 large", MOBILENET, tiny_mobile))
    rows = [row(name, f"DB with {title}", usual, tiny) for name, title, usual, tiny in sizes]
    for name, title, usual, tiny in sizes:
        # scale_channel_spatial is that of its published experiment; which of the three it is, the keys say.
        usual, tiny = (replace(size, attention="scale_channel_spatial") for size in (usual, tiny))
        rows.append(row(f"{name}_asf", f"DBNet++ with {title}", usual, tiny))
    return tuple(rows)


RECIPES = _rows()
