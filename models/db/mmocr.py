"""MMOCR 0.x and 1.x: DBNet and DBNet++ with ResNet backbones: plain, deformable (dcnv2) and oCLIP's.

Facts are of its commit 966296f2 (1.x: configs/textdet/dbnet*, necks/fpn_cat.py, heads/db_head.py,
postprocessors/db_postprocessor.py, backbones/clip_resnet.py) and of its version 0.6.3, commit 26bc4713
(configs/_base_/det_models, det_pipelines/dbnet_pipeline.py); the ResNet is MMDetection's, the deformable
convolution MMCV's. Both versions have the same network; 0.x calls the head `bbox_head`, and its pipeline
has another mean for the deformable ResNet-50.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from .configuration import offset_groups
from .mmocr_sizes import MmocrConfiguration
from .processing import ImagePreprocess, TextPostprocess
from .recipe import Recipe, Shapes, UnknownLayout, depth, width

# Before version 2 of MMCV's pack the offset convolution stood beside `conv2`; it has the same stride.
_OFFSETS = (".conv2.conv_offset.", ".conv2_offset.")


def _matches(usual: MmocrConfiguration, shapes: Shapes) -> bool:
    blocks = [key for key in shapes if key.startswith("backbone.layer")]
    return (
        bool(blocks)
        and any(key.startswith("neck.lateral_convs.") for key in shapes)
        and any(key.startswith(f"{usual.head}.binarize.") for key in shapes)
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
        lateral=width(
            shapes, "neck", (f"{unit}.conv.weight" for unit in lateral), f"{lateral[0]}.conv.weight"
        ),
        smooth=width(shapes, "neck", (f"{unit}.conv.weight" for unit in smooth), f"{smooth[0]}.conv.weight"),
        lateral_bias=any(f"{unit}.conv.bias" in shapes for unit in lateral),
        lateral_norm=any(f"{unit}.bn.weight" in shapes for unit in lateral),
        smooth_bias=any(f"{unit}.conv.bias" in shapes for unit in smooth),
        smooth_norm=any(f"{unit}.bn.weight" in shapes for unit in smooth),
        joined=any(key.startswith("neck.out_conv.") for key in shapes),
        head_bias=f"{usual.head}.binarize.0.bias" in shapes,
        offsets_beside=not any(_OFFSETS[0] in key for key in shapes)
        and any(_OFFSETS[1] in key for key in shapes),
    )


# What a training checkpoint's configuration may say of a backbone that has the keys and shapes of ours, but
# computes something else. MMDetection's basic blocks know no style, and MMOCR calls its ResNet-18's 'caffe'.
_STYLES = (
    (r"""style\s*=\s*['"]caffe['"]""", "a ResNet of style 'caffe', with the stride in its first convolution"),
)
_OTHER_BACKBONES = (
    (r"""type\s*=\s*['"](mmdet\.)?ResNetV1d['"]""", "a ResNetV1d, which has other shortcuts"),
)


def _adapt(
    block: str, content: Any, preprocess: ImagePreprocess, postprocess: TextPostprocess
) -> tuple[ImagePreprocess, TextPostprocess]:
    """The given values. Raises UnknownLayout where the configuration beside the weights means another net."""
    meta = content.get("meta") if isinstance(content, Mapping) else None
    # 1.x calls it cfg, 0.x config; both are Python source.
    texts = [meta.get(name) for name in ("cfg", "config")] if isinstance(meta, Mapping) else []
    for text in texts:
        for pattern, words in _OTHER_BACKBONES + (_STYLES if block == "bottleneck" else ()):
            if isinstance(text, str) and re.search(pattern, text):
                raise UnknownLayout(f"its configuration has {words}")
    return preprocess, postprocess


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
    usual = replace(usual, attention=attention, head="bbox_head" if old else "det_head")
    network = "dbnetpp" if attention else "dbnet"
    # The pipelines of 0.x: dbnet_r50dcnv2 and dbnetpp_r50dcnv2 have MhLiao's mean, dbnet_r18 has ImageNet's.
    mhliaos_mean = old and backbone != "resnet18"
    return Recipe(
        name=f"mmocr{'0' if old else ''}_{network}_{backbone}",
        source=f"MMOCR {version}",
        summary=f"{'DBNet++' if attention else 'DBNet'} with {words} as MMOCR {version} trains it",
        matches=partial(_matches, usual),
        configure=partial(_configure, usual),
        adapt=partial(_adapt, usual.block),
        build=_build,
        usual=usual,
        tiny=replace(usual, stem=4, planes=(4, 4, 4, 8), lateral=8, smooth=2),
        offset_mode="exact" if any(usual.offset_channels) else "",
        # Their test pipelines: scale (1333, 736) for ResNet-18, (4068, 1024) for the others.
        preprocess=ImagePreprocess(
            mean=(122.67891434, 116.66876762, 104.00698793) if mhliaos_mean else (123.675, 116.28, 103.53),
            std=(58.395, 57.12, 57.375),
            scale=1.0,
            channel_order="rgb",
            resize_pixel_type="uint8",
            resize_rule="keep_ratio_pad",
            short_side=736 if backbone == "resnet18" else 1024,
            long_side=1333 if backbone == "resnet18" else 4068,
            arithmetic="centre_single",
        ),
        # DBPostprocessor's defaults; its min_text_width is 5, all of it asked for after unclipping.
        postprocess=TextPostprocess(
            rule="mmocr_0x" if old else "mmocr",
            box_thresh=0.3,
            polygon_unclip_ratio=1.5,
            max_candidates=3000,
            polygon_epsilon=0.002 if attention else 0.01,
        ),
        training_only=(
            r"(det|bbox)_head\.threshold\.",
            # MMCV's EMA hook keeps the weights that are not averaged as buffers of the network; the averaged
            # ones stand under the usual keys in what it saves.
            r"ema_\w+$",
            r"(.*\.)?num_batches_tracked$",
        ),
        # The neck enlarges to the size of the next finer map, so any size will do; oCLIP's backbone halves in
        # two ways that agree at even sizes alone.
        input_multiple_of=32 if usual.oclip else 1,
    )


RECIPES = tuple(
    _recipe(version, backbone, attention)
    for version in ("1.x", "0.x")
    for backbone in _BACKBONES
    for attention in (False, True)
    if version == "1.x" or backbone != "resnet50_oclip"
)
