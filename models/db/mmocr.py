"""MMOCR 0.x and 1.x: DBNet and DBNet++ with ResNet backbones: plain, deformable (dcnv2) and oCLIP's.

Facts are of its commit 966296f2 (1.x: configs/textdet/dbnet*, necks/fpn_cat.py, heads/db_head.py,
postprocessors/db_postprocessor.py, backbones/clip_resnet.py) and of its version 0.6.3, commit 26bc4713
(configs/_base_/det_models, det_pipelines/dbnet_pipeline.py); the ResNet is MMDetection's, the deformable
convolution MMCV's. Both versions have the same network; 0.x calls the head `bbox_head`, and its pipeline
has another mean for the deformable ResNet-50.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from .configuration import offset_groups
from .processing import ImagePreprocess, TextPostprocess
from .recipe import Recipe, Shapes, UnknownLayout, depth, width

# Checkpoints from before version 2 of MMCV's pack have the offset convolution beside `conv2`: same stride and layout.
_OFFSETS = (".conv2.conv_offset.", ".conv2_offset.")
_STD = (58.395, 57.12, 57.375)


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

    def describe(self) -> str:
        """The sizes in a few words."""
        deformable = sum(depth for depth, channels in zip(self.depths, self.offset_channels) if channels)
        text = f"blocks {'-'.join(map(str, self.depths))}, width {self.planes[0]}, neck {self.lateral}"
        return text + (f", {deformable} deformable convolutions" if deformable else "")


def _matches(usual: MmocrConfiguration, head: str, shapes: Shapes) -> bool:
    blocks = [key for key in shapes if key.startswith("backbone.layer")]
    return (
        bool(blocks)
        and any(key.startswith("neck.lateral_convs.") for key in shapes)
        and any(key.startswith(f"{head}.binarize.") for key in shapes)
        and any(key.endswith(".conv3.weight") for key in blocks) == (usual.block == "bottleneck")
        and any(mark in key for key in blocks for mark in _OFFSETS) == any(usual.offset_channels)
        and any(key.startswith("backbone.stem.") for key in shapes) == usual.oclip
        and any(key.startswith("neck.asf_") for key in shapes) == usual.attention
    )


def _configure(usual: MmocrConfiguration, shapes: Shapes) -> MmocrConfiguration:
    stages = [f"backbone.layer{i}." for i in range(1, 5)]
    lateral = [f"neck.lateral_convs.{i}" for i in range(4)]
    smooth = [f"neck.smooth_convs.{i}" for i in range(4)]
    return replace(
        usual,
        depths=tuple(depth(shapes, stage) for stage in stages),
        stem=_stem(usual, shapes),
        planes=tuple(_planes(usual, shapes, stage) for stage in stages),
        offset_channels=tuple(_offset_channels(usual, shapes, stage) for stage in stages),
        lateral=width(shapes, "neck", (f"{unit}.conv.weight" for unit in lateral), f"{lateral[0]}.conv.weight"),
        smooth=width(shapes, "neck", (f"{unit}.conv.weight" for unit in smooth), f"{smooth[0]}.conv.weight"),
        lateral_bias=any(f"{unit}.conv.bias" in shapes for unit in lateral),
        lateral_norm=any(f"{unit}.bn.weight" in shapes for unit in lateral),
        smooth_bias=any(f"{unit}.conv.bias" in shapes for unit in smooth),
        smooth_norm=any(f"{unit}.bn.weight" in shapes for unit in smooth),
        joined=any(key.startswith("neck.out_conv.") for key in shapes),
        head_bias=any(f"{head}.binarize.0.bias" in shapes for head in ("det_head", "bbox_head")),
    )


def _build(configuration: MmocrConfiguration) -> Any:
    from .mmocr_network import MmocrDetector

    return MmocrDetector(configuration)


def _stem(usual: MmocrConfiguration, shapes: Shapes) -> int:
    convolution, norm = ("stem.6", "stem.7") if usual.oclip else ("conv1", "bn1")
    witnesses = (f"backbone.{norm}.weight", f"backbone.{norm}.bias")
    return width(shapes, "stem", witnesses, f"backbone.{convolution}.weight")


def _planes(usual: MmocrConfiguration, shapes: Shapes, stage: str) -> int:
    names = ("bn1.weight", "bn1.bias", "conv2.weight", "bn2.weight")
    return width(
        shapes, f"stage {stage[-2]}", (f"{stage}0.{name}" for name in names), f"{stage}0.conv1.weight"
    )


def _offset_channels(usual: MmocrConfiguration, shapes: Shapes, stage: str) -> int:
    """Channels of the stage's offset convolutions, 0 where it has none."""
    if not any(usual.offset_channels):
        return 0
    keys = [
        key for key in shapes if key.startswith(stage) and any(m in key for m in _OFFSETS) and shapes[key]
    ]
    if not keys:
        return 0
    channels = Counter(shapes[key][0] for key in keys).most_common(1)[0][0]
    if offset_groups(channels, _planes(usual, shapes, stage)) is None:
        raise UnknownLayout(
            f"'{keys[0]}' has {channels} channels, expected 18, or with a mask 27, for each offset group"
        )
    return channels


def _renamed(key: str) -> str:
    key = key.replace(".conv2_offset.", ".conv2.conv_offset.")
    return "det_head." + key[len("bbox_head.") :] if key.startswith("bbox_head.") else key


_RESNET18 = MmocrConfiguration("basic", (2, 2, 2, 2), 64, (64, 128, 256, 512), (0, 0, 0, 0), 256, 64)
_RESNET50 = replace(_RESNET18, block="bottleneck", depths=(3, 4, 6, 3))
_BACKBONES = {
    "resnet18": ("ResNet-18", _RESNET18),
    "resnet50": ("ResNet-50", _RESNET50),
    "resnet50_dcnv2": ("deformable ResNet-50", replace(_RESNET50, offset_channels=(0, 27, 27, 27))),
    "resnet50_oclip": ("oCLIP's ResNet-50", replace(_RESNET50, oclip=True)),
}


def _recipe(version: str, backbone: str, attention: bool) -> Recipe:
    """A row; where MMOCR has no configuration of a combination, the values are those of its closest one."""
    old = version == "0.x"
    words, usual = _BACKBONES[backbone]
    usual = replace(usual, attention=attention)
    network = "dbnetpp" if attention else "dbnet"
    # The pipelines of 0.x: dbnet_r50dcnv2 and dbnetpp_r50dcnv2 have MhLiao's mean, dbnet_r18 has ImageNet's.
    mhliaos_mean = old and backbone != "resnet18"
    return Recipe(
        name=f"mmocr{'0' if old else ''}_{network}_{backbone}",
        source=f"MMOCR {version}",
        summary=f"{'DBNet++' if attention else 'DBNet'} with {words} as MMOCR {version} trains it",
        matches=partial(_matches, usual, "bbox_head" if old else "det_head"),
        configure=partial(_configure, usual),
        build=_build,
        usual=usual,
        tiny=replace(usual, stem=4, planes=(4, 4, 4, 8), lateral=8, smooth=2),
        rename=_renamed,
        offset_mode="exact" if any(usual.offset_channels) else "",
        preprocess=ImagePreprocess(
            mean=(122.67891434, 116.66876762, 104.00698793) if mhliaos_mean else (123.675, 116.28, 103.53),
            std=_STD,
            scale=1.0,
            channel_order="rgb",
            resize_pixel_type="uint8",
            short_side=736 if backbone == "resnet18" else 1024,
        ),
        postprocess=TextPostprocess(
            box_thresh=0.3,
            polygon_unclip_ratio=1.5,
            max_candidates=3001,  # it stops where the index is greater than 3000
            polygon_epsilon=0.002 if attention else 0.01,
        ),
        training_only=(
            r"(det|bbox)_head\.threshold\.",
            # MMCV's EMA hook keeps the weights that are not averaged as buffers of the network; the averaged
            # ones stand under the usual keys in what it saves.
            r"ema_\w+$",
            r"(.*\.)?num_batches_tracked$",
        ),
    )


RECIPES = tuple(
    _recipe(version, backbone, attention)
    for version, backbones in (("1.x", tuple(_BACKBONES)), ("0.x", ("resnet18", "resnet50", "resnet50_dcnv2")))
    for backbone in backbones
    for attention in (False, True)
)
