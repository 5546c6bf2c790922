"""Checkpoints of WenmuZhou/DBNet.pytorch (commit e03acf0): its rows of the table.

Sources of the facts: models/ for keys and network; config/*.yaml, tools/predict.py, predict.sh and
post_processing/ for what stands around it.

Until June 2020 (commit 48b3e89) neck and head were called segmentation_body and segmentation_head, and the
necks upsampled bilinearly; since then they take the nearest pixel. Between the two changes of names and of
upsampling lie two days, whose checkpoints nobody could tell from older ones.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import Any, Optional

from .configuration import MOBILENET_LARGE, Configuration
from .processing import ImagePreprocess, TextPostprocess
from .recipe import Recipe, Shapes, UnknownLayout, check_depths, depth, width
from .wenmuzhou_config import adapted
from .wenmuzhou_sizes import MobileNetV3, Network, ShuffleNetV2

STAGES = range(1, 5)
MODULES = {("neck", "head"): "nearest", ("segmentation_body", "segmentation_head"): "bilinear"}
RESNETS = {
    "resnet18": ("basic", (2, 2, 2, 2), False),
    "resnet34": ("basic", (3, 4, 6, 3), False),
    "resnet50": ("bottleneck", (3, 4, 6, 3), False),
    "resnet101": ("bottleneck", (3, 4, 23, 3), False),
    "resnet152": ("bottleneck", (3, 8, 36, 3), False),
    "deformable_resnet18": ("basic", (2, 2, 2, 2), True),
    "deformable_resnet50": ("bottleneck", (3, 4, 6, 3), True),
}


def _modules(shapes: Shapes) -> Optional[tuple[str, str]]:
    """The names of neck and head, None where the checkpoint has no such modules."""
    for neck, head in MODULES:
        reduce = any(key.startswith(f"{neck}.reduce_conv_c") for key in shapes)
        if reduce and any(key.startswith(f"{head}.binarize.") for key in shapes):
            return neck, head
    return None


def _backbone(shapes: Shapes) -> Optional[str]:
    """The name of the backbone whose keys these are."""
    keys = [key for key in shapes if key.startswith("backbone.")]
    if any(key.startswith("backbone.stages.") for key in keys):
        return "mobilenet_v3"
    if any(re.match(r"backbone\.stage[234]\.", key) for key in keys):
        return "shufflenet_v2"
    # ResNeSt's keys start alike; it has a stem of several convolutions and splits inside of conv2.
    if any(re.match(r"backbone\.(conv1\.\d|layer\d\.\d+\.conv2\.\D+\.)", key) for key in keys):
        return None
    if not any(key.startswith("backbone.layer") for key in keys):
        return None
    block = "bottleneck" if any(key.endswith(".conv3.weight") for key in keys) else "basic"
    deformable = any(".conv2_offset." in key for key in keys)
    try:
        depths = [depth(shapes, f"backbone.layer{i}.") for i in STAGES]
    except UnknownLayout:
        depths = [0] * 4
    alike = [name for name, row in RESNETS.items() if row[0] == block and row[2] == deformable]
    return min(alike, key=lambda name: sum(abs(a - b) for a, b in zip(RESNETS[name][1], depths)))


def _matches(name: str, shapes: Shapes) -> bool:
    return _modules(shapes) is not None and _backbone(shapes) == name


def _configure(usual: Network, shapes: Shapes) -> Network:
    modules = _modules(shapes)
    if modules is None:
        raise UnknownLayout("it has no keys 'neck.reduce_conv_c2...' or no keys 'head.binarize...'")
    neck = modules[0]
    for key in ("backbone.conv1.weight", "backbone.conv1.0.weight", "backbone.conv1.conv.weight"):
        if len(shapes.get(key, ())) == 4 and shapes[key][1] == 1:
            raise UnknownLayout(f"'{key}' takes one channel (img_mode GRAY), and here it is three")
    backbone = usual.backbone
    if isinstance(backbone, Configuration):
        backbone = _resnet(backbone, shapes)
    elif isinstance(backbone, MobileNetV3):
        backbone = _mobilenet_v3(shapes)
    else:
        backbone = _shufflenet_v2(shapes)
    fpem = any(key.startswith(f"{neck}.fpems.") for key in shapes)
    witnesses = (
        f"{neck}.reduce_conv_c{i}.{part}" for i in range(2, 6) for part in ("conv.weight", "bn.weight")
    )
    return Network(
        backbone=backbone,
        neck="fpem" if fpem else "fpn",
        neck_width=width(shapes, "neck", witnesses, f"{neck}.reduce_conv_c2.conv.weight"),
        repeats=depth(shapes, f"{neck}.fpems.") if fpem else 0,
        modules=modules,
        upsampling=MODULES[modules],
    )


def _resnet(usual: Configuration, shapes: Shapes) -> Configuration:
    deformable = any(usual.offset_channels)
    if deformable:
        if not any(".conv2_offset." in key for key in shapes):
            raise UnknownLayout("it has no deformable convolutions, that is no keys '...conv2_offset...'")
        for key, shape in shapes.items():
            # Before December 2019 it had modulated ones, for which other rules held.
            if ".conv2_offset." in key and shape and shape[0] == 27:
                raise UnknownLayout(f"'{key}' has 27 channels, expected 18 as it uses no mask")
    depths = tuple(depth(shapes, f"backbone.layer{i}.") for i in STAGES)
    alike = {name: row[1] for name, row in RESNETS.items() if (row[0], row[2]) == (usual.block, deformable)}
    check_depths(depths, usual.depths, alike)
    return replace(
        usual,
        depths=depths,
        stem=width(shapes, "stem", ("backbone.bn1.weight", "backbone.bn1.bias"), "backbone.conv1.weight"),
        planes=tuple(_planes(shapes, f"backbone.layer{i}.0.") for i in STAGES),
    )


def _planes(shapes: Shapes, block: str) -> int:
    names = ("bn1.weight", "bn1.bias", "conv2.weight", "bn2.weight")
    return width(shapes, f"'{block}'", (block + name for name in names), f"{block}conv1.weight")


def _mobilenet_v3(shapes: Shapes) -> MobileNetV3:
    """The scale at which most widths are right."""

    def agreement(scale: float) -> int:
        network, index, agreed = MobileNetV3(scale), 0, 0
        for stage, blocks in enumerate(MobileNetV3.STAGES):
            for block in range(blocks):
                sizes = MOBILENET_LARGE[index]
                for conv, nominal in (("conv0", sizes.expanded), ("conv2", sizes.outputs)):
                    shape = shapes.get(f"backbone.stages.{stage}.{block}.{conv}.conv.weight")
                    agreed += bool(shape) and shape[0] == network.channels(nominal)
                index += 1
        return agreed

    return MobileNetV3(max(MobileNetV3.SCALES, key=agreement))


def _shufflenet_v2(shapes: Shapes) -> ShuffleNetV2:
    stages = [f"backbone.stage{i}." for i in (2, 3, 4)]
    stem = (f"backbone.conv1.1.{name}" for name in ("weight", "bias", "running_mean"))
    branches = ("0.branch1.2.weight", "0.branch1.3.weight", "0.branch2.5.weight", "0.branch2.6.weight")
    return ShuffleNetV2(
        stem=width(shapes, "stem", stem, "backbone.conv1.0.weight"),
        # Both branches have half of the stage's channels.
        widths=tuple(
            2 * width(shapes, stage[9:-1], (stage + name for name in branches), f"{stage}0.branch2.0.weight")
            for stage in stages
        ),
        depths=tuple(depth(shapes, stage) for stage in stages),
    )


def _build(network: Network) -> Any:
    from .wenmuzhou_network import TextDetector

    return TextDetector(network)


def _row(name: str, summary: str, backbone: Any, tiny: Any, offset_mode: str = "") -> Recipe:
    usual = Network(backbone, "fpn", 64, 0, ("neck", "head"), "nearest")
    return Recipe(
        name=f"wenmuzhou_{name}",
        source="WenmuZhou/DBNet.pytorch e03acf0",
        summary=summary,
        matches=partial(_matches, name),
        configure=partial(_configure, usual),
        adapt=adapted,
        build=_build,
        usual=usual,
        tiny=replace(usual, backbone=tiny, neck_width=4),
        # tools/predict.py resizes uint8 pixels; ToTensor and Normalize follow, the mean here in pixels. The
        # numbers are those of config/icdar2015.yaml; a checkpoint's own configuration replaces them.
        preprocess=ImagePreprocess(
            mean=(123.675, 116.28, 103.53),
            std=(0.229, 0.224, 0.225),
            channel_order="rgb",
            resize_rule="short_side_round",
            resize_pixel_type="uint8",
            short_side=1024,
            arithmetic="scale_single",
        ),
        # predict.sh and the YAML files set 0.7; the rest is of post_processing/, where
        # polygons are enlarged as much as quads.
        postprocess=TextPostprocess(
            box_thresh=0.7, polygon_unclip_ratio=1.5, polygon_epsilon=0.005, rule="wenmuzhou"
        ),
        training_only=(
            r"(head|segmentation_head)\.thresh\.",
            r"backbone\.(fc|smooth|conv5)\.",
            r"(.*\.)?num_batches_tracked$",
        ),
        # It resizes to the picture's own size wherever sizes could differ, so any size will do.
        input_multiple_of=1,
        offset_mode=offset_mode,
    )


def _resnet_row(name: str) -> Recipe:
    block, depths, deformable = RESNETS[name]
    offsets = 18 if deformable else 0
    usual = Configuration(
        block=block,
        depths=depths,
        stem=64,
        planes=(64, 128, 256, 512),
        neck=256,
        neck_bias=True,
        offset_channels=(0, offsets, offsets, offsets),
        # Here `conv2_offset` has the stride of `conv2`.
        strided_offset_read="exact",
    )
    summary = f"DB with {'deformable ' if deformable else ''}ResNet-{name.rpartition('resnet')[2]}"
    return _row(
        name, summary, usual, replace(usual, stem=4, planes=(4, 4, 4, 8)), "exact" if deformable else ""
    )


RECIPES = (
    *(_resnet_row(name) for name in RESNETS),
    _row("mobilenet_v3", "DB with MobileNetV3 (large)", MobileNetV3(0.5), MobileNetV3(0.35)),
    _row(
        "shufflenet_v2",
        "DB with ShuffleNetV2",
        ShuffleNetV2(24, (116, 232, 464), (4, 8, 4)),
        ShuffleNetV2(4, (4, 8, 8), (4, 8, 4)),
    ),
)
