"""PaddleOCR2Pytorch: DB and DBNet++ on MobileNetV3, PP-LCNetV3, PP-HGNets and ResNets of two forms.

Facts are of its commit ceb7e61: pytorchocr/modeling/ for keys and networks, converter/ for its files,
tools/infer/predict_det.py and pytorchocr_utility.py for what stands around the network.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from functools import partial
from typing import Any, Optional

from .configuration import MOBILENET_LARGE, whole_eights
from .paddle_sizes import (
    MOBILE_STAGES,
    HGNetSizes,
    HGStage,
    LCBlock,
    LCNetSizes,
    MobileSizes,
    PaddleConfiguration,
    ResNetSizes,
    has_numbered_blocks,
)
from .processing import ImagePreprocess, TextPostprocess
from .recipe import MAX_DEPTH, Recipe, Shapes, UnknownLayout, depth, width

STAGES = "backbone.stages."
# PP-HGNetV2 makes the last convolution of its classifier for detectors, too.
TRAINING_ONLY = (r"head\.thresh\.", r"backbone\.last_conv\.", r"(.*\.)?num_batches_tracked$")
# A convolution that PP-HGNet of this version has in each block.
HGNET_MARKS = {1: "aggregation_conv", 2: "aggregation_excitation_conv"}

# The long side is at most 960 (det_limit_type is "max"). Pictures stay BGR, though the numbers are ImageNet's
# for RGB: the first of them goes to blue.
PREPROCESS = ImagePreprocess(
    mean=(0.485 * 255, 0.456 * 255, 0.406 * 255),
    std=(0.229, 0.224, 0.225),
    resize_rule="limit_side_round",
    resize_pixel_type="uint8",
    long_side=960,
    arithmetic="factor_single",
)
# As --det_algorithm DB++ has it.
PREPROCESS_ATTENTION = replace(
    PREPROCESS, mean=tuple(x * 255 for x in (0.48109378172549, 0.45752457890196, 0.40787054090196)), std=None
)
POSTPROCESS = TextPostprocess(box_thresh=0.6, polygon_unclip_ratio=1.5, rule="paddle")


def _backbone_marks(shapes: Shapes) -> Optional[tuple[str, str, bool]]:
    """(form, block, is deformable) of a ResNet, ("mobile", "lcnet", "hgnet1" or ..., "", False), or None."""
    if any(re.match(r"backbone\.blocks\d\.\d+\.dw_conv\.", key) for key in shapes):
        return "lcnet", "", False
    keys = [key for key in shapes if key.startswith(STAGES)]
    if any(".expand_conv." in key for key in keys):
        return "mobile", "", False
    for version, mark in HGNET_MARKS.items():
        if any(re.match(rf"\d\.blocks\.\d+\.{mark}\.", key[len(STAGES) :]) for key in keys):
            return f"hgnet{version}", "", False
    vd = any(re.match(r"\d\.bb_", key[len(STAGES) :]) for key in keys)
    if not vd and not any(re.match(r"\d\.res\d", key[len(STAGES) :]) for key in keys):
        return None
    block = "bottleneck" if any(".conv2._conv." in key for key in keys) else "basic"
    return "vd" if vd else "plain", block, any("._conv.conv_offset." in key for key in keys)


def _neck_kind(shapes: Shapes) -> Optional[str]:
    marks = (
        ("lkpan", ("neck.pan_head_conv.", "neck.pan_lat_conv.")),
        ("rsefpn", ("neck.ins_conv.0.in_conv.", "neck.inp_conv.0.in_conv.")),
        ("dbfpn", ("neck.in2_conv.", "neck.in5_conv.", "neck.p2_conv.", "neck.p5_conv.")),
    )
    for kind, beginnings in marks:
        if any(key.startswith(beginnings) for key in shapes):
            return kind
    return None


def _has_attention(shapes: Shapes) -> bool:
    return any(key.startswith("neck.asf.") for key in shapes)


def _matches(usual: PaddleConfiguration, shapes: Shapes) -> bool:
    """Every recipe has a backbone of its own; MobileNetV3 has two, told apart by the neck."""
    kind = _neck_kind(shapes)
    # DBHead's layers have names here, where other projects count them.
    if kind is None or not any(key.startswith("head.binarize.conv") for key in shapes):
        return False
    if _has_attention(shapes) != usual.attention:
        return False
    sizes = usual.backbone
    if isinstance(sizes, MobileSizes):
        same_neck = (kind == "rsefpn") == (usual.neck_kind == "rsefpn")
        return same_neck and _backbone_marks(shapes) == ("mobile", "", False)
    if isinstance(sizes, LCNetSizes):
        return _backbone_marks(shapes) == ("lcnet", "", False)
    if isinstance(sizes, HGNetSizes):
        return _backbone_marks(shapes) == (f"hgnet{sizes.version}", "", False)
    return _backbone_marks(shapes) == (sizes.form, sizes.block, any(sizes.offset_groups))


def _configure(usual: PaddleConfiguration, shapes: Shapes) -> PaddleConfiguration:
    start = "backbone.blocks" if isinstance(usual.backbone, LCNetSizes) else STAGES
    if not any(key.startswith(start) for key in shapes):
        raise UnknownLayout(f"it has no keys '{start}...'")
    kind = _neck_kind(shapes)
    if kind is None:
        raise UnknownLayout(
            "it has no keys 'neck.in2_conv...', 'neck.ins_conv...' or 'neck.pan_head_conv...'"
        )
    ins = {"dbfpn": "neck.in{}_conv.weight", "rsefpn": "neck.ins_conv.{}.in_conv.weight"}
    first, *others = range(2, 6) if kind == "dbfpn" else range(4)
    name = ins.get(kind, "neck.ins_conv.{}.weight").format
    neck = width(shapes, "neck", map(name, others), name(first))
    multiple = 16 if kind == "rsefpn" else 8
    if neck % multiple:
        raise UnknownLayout(f"its neck has {neck} channels, which is no multiple of {multiple}")
    kinds = {ResNetSizes: _resnet, MobileSizes: _mobile, LCNetSizes: _lcnet, HGNetSizes: _hgnet}
    backbone = kinds[type(usual.backbone)]
    refined = any(key.startswith("head.cbn_layer.") for key in shapes)
    return PaddleConfiguration(
        backbone=backbone(usual.backbone, shapes),
        neck=neck,
        neck_kind=kind,
        attention=usual.attention and kind == "dbfpn",
        lite=kind == "lkpan" and any(key.startswith("neck.inp_conv.0.conv") for key in shapes),
        intra_collaborative=kind != "dbfpn" and any(key.startswith("neck.incl1.") for key in shapes),
        refined=_mobile_width(shapes, "head.cbn_layer.last_3.") if refined else 0,
    )


def _resnet(usual: ResNetSizes, shapes: Shapes) -> ResNetSizes:
    stems = ("conv1_1", "conv1_2", "conv1_3") if usual.form == "vd" else ("conv",)
    sizes = replace(
        usual,
        depths=tuple(_depth(usual.form, stage, shapes) for stage in range(4)),
        stem=tuple(_resnet_width(shapes, f"backbone.{stem}.") for stem in stems),
    )
    firsts = [f"{STAGES}{stage}.{sizes.block_names(stage)[0]}." for stage in range(4)]
    planes = tuple(_resnet_width(shapes, f"{first}conv0.") for first in firsts)
    deformable = any(usual.offset_groups)
    groups = tuple(_offset_groups(stage, planes[stage], shapes) if deformable else 0 for stage in range(4))
    return replace(sizes, planes=planes, offset_groups=groups)


def _depth(form: str, stage: int, shapes: Shapes) -> int:
    """How many blocks the stage has."""
    if form == "vd":
        return depth(shapes, f"{STAGES}{stage}.bb_{stage}_")
    pattern = re.compile(re.escape(f"{STAGES}{stage}.res{stage + 2}") + r"([a-z])(\d{0,6})\.")
    found = {m.groups() for m in map(pattern.match, shapes) if m}
    numbers = [int(digits) for letter, digits in found if letter == "b" and digits]
    if not numbers:
        numbers = [ord(letter) - ord("a") for letter, digits in found if not digits]
    if not numbers:
        raise UnknownLayout(f"it has no keys '{STAGES}{stage}.res{stage + 2}...'")
    count = max(numbers) + 1
    if count > MAX_DEPTH or count > 26 and not has_numbered_blocks(stage, count):
        raise UnknownLayout(f"its stage {stage} has {count} blocks, which none of the project's networks has")
    return count


def _offset_groups(stage: int, planes: int, shapes: Shapes) -> int:
    """Offset groups of the stage's deformable convolutions, 0 where it has none."""
    pattern = re.compile(re.escape(f"{STAGES}{stage}.") + r".*\._conv\.conv_offset\.")
    keys = [key for key in shapes if pattern.match(key) and shapes[key]]
    if not keys:
        return 0
    channels = Counter(shapes[key][0] for key in keys).most_common(1)[0][0]
    groups, rest = divmod(channels, 27)
    if rest or not groups or planes % groups:
        raise UnknownLayout(
            f"'{keys[0]}' has {channels} channels, expected 27 for each group of its {planes} input channels"
        )
    return groups


def _mobile(usual: MobileSizes, shapes: Shapes) -> MobileSizes:
    blocks, given = [], iter(usual.blocks)
    for stage, count in enumerate(MOBILE_STAGES):
        for index in range(count):
            part = f"{STAGES}{stage}.{index}."
            blocks.append(
                replace(
                    next(given),
                    expanded=_mobile_width(shapes, f"{part}expand_conv."),
                    outputs=_mobile_width(shapes, f"{part}linear_conv."),
                    squeeze=any(key.startswith(f"{part}mid_se.") for key in shapes),
                )
            )
    last = _mobile_width(shapes, f"{STAGES}3.{MOBILE_STAGES[3]}.")
    return MobileSizes(_mobile_width(shapes, "backbone.conv."), tuple(blocks), last)


def _lcnet(usual: LCNetSizes, shapes: Shapes) -> LCNetSizes:
    stages = []
    for stage in range(len(usual.stages)):
        start = f"backbone.blocks{stage + 2}."
        blocks = []
        for index in range(depth(shapes, start)):
            part = f"{start}{index}."
            kernel = shapes.get(f"{part}dw_conv.conv_kxk.0.conv.weight", ())
            if len(kernel) != 4 or not 1 <= kernel[3] <= 15:
                raise UnknownLayout(
                    f"key '{part}dw_conv.conv_kxk.0.conv.weight' is no depthwise kernel of at most 15x15"
                )
            outputs = _mobile_width(shapes, f"{part}pw_conv.conv_kxk.0.")
            squeeze = any(key.startswith(f"{part}se.") for key in shapes)
            blocks.append(LCBlock(kernel[3], outputs, squeeze, depth(shapes, f"{part}dw_conv.conv_kxk.")))
        stages.append(tuple(blocks))
    results = (
        width(
            shapes, f"feature map {i}", [f"backbone.layer_list.{i}.bias"], f"backbone.layer_list.{i}.weight"
        )
        for i in range(4)
    )
    return LCNetSizes(_mobile_width(shapes, "backbone.conv1."), tuple(stages), tuple(results))


def _hgnet(usual: HGNetSizes, shapes: Shapes) -> HGNetSizes:
    version = usual.version
    stem = ("0", "1", "2") if version == 1 else ("stem1", "stem4")
    stages = []
    for number in range(len(usual.stages)):
        start = f"{STAGES}{number}.blocks."
        first = f"{start}0.layers.0."
        light = any(key.startswith(f"{first}conv1.") for key in shapes)
        part = f"{first}conv2." if light else first
        kernel = shapes.get(f"{part}conv.weight", ())
        if len(kernel) != 4 or kernel[3] not in range(1, 16, 2):
            raise UnknownLayout(f"key '{part}conv.weight' has no odd kernel of at most 15x15")
        stage = HGStage(
            inner=_mobile_width(shapes, part),
            outputs=_mobile_width(shapes, f"{start}0.{HGNET_MARKS[version]}."),
            blocks=depth(shapes, start),
            layers=depth(shapes, f"{start}0.layers."),
            kernel=kernel[3],
            light=light,
        )
        stages.append(stage)
    widths = tuple(_mobile_width(shapes, f"backbone.stem.{part}.") for part in stem)
    return HGNetSizes(version, widths, tuple(stages))


def _wide(shapes: Shapes, part: str, conv: str, norm: str) -> int:
    """The width of a convolution with BatchNorm."""
    names = (f"{part}{norm}.{name}" for name in ("weight", "bias", "running_mean"))
    return width(shapes, f"'{part[:-1]}'", names, f"{part}{conv}.weight")


_resnet_width = partial(_wide, conv="_conv", norm="_batch_norm")
_mobile_width = partial(_wide, conv="conv", norm="bn")


def _build(configuration: PaddleConfiguration) -> Any:
    from .paddle_network import PaddleTextDetector

    return PaddleTextDetector(configuration)


def _row(name: str, summary: str, usual: PaddleConfiguration, tiny: PaddleConfiguration) -> Recipe:
    deformable = isinstance(usual.backbone, ResNetSizes) and any(usual.backbone.offset_groups)
    return Recipe(
        name=name,
        source="PaddleOCR2Pytorch",
        summary=summary,
        preprocess=PREPROCESS_ATTENTION if usual.attention else PREPROCESS,
        postprocess=POSTPROCESS,
        matches=partial(_matches, usual),
        configure=partial(_configure, usual),
        build=_build,
        usual=usual,
        tiny=tiny,
        offset_mode="exact" if deformable else "",
        training_only=TRAINING_ONLY,
    )


def _with_attention(name: str, title: str, usual: Any, tiny: Any) -> tuple[Recipe, Recipe]:
    attention = (replace(sizes, attention=True) for sizes in (usual, tiny))
    return (
        _row(name, f"DB with {title}", usual, tiny),
        _row(f"{name}_asf", f"DBNet++ with {title}", *attention),
    )


def _resnet_rows(form: str, layers: int, groups: int) -> tuple[Recipe, Recipe]:
    """Networks of `layers` and, as the keys say, of any other number of the same blocks."""
    sizes = ResNetSizes(
        form=form,
        block="bottleneck" if layers == 50 else "basic",
        depths=(3, 4, 6, 3) if layers == 50 else (2, 2, 2, 2),
        stem=(32, 32, 64) if form == "vd" else (64,),
        planes=(64, 128, 256, 512),
        offset_groups=(0, groups, groups, groups),
    )
    few = replace(sizes, stem=(4,) * len(sizes.stem), planes=(4, 4, 4, 8))
    name = f"{'deformable_' if groups else ''}resnet{layers}{'_vd' if form == 'vd' else ''}"
    title = f"{'deformable ' if groups else ''}ResNet-{layers}{' vd' if form == 'vd' else ''}"
    usual, tiny = PaddleConfiguration(sizes, 256), PaddleConfiguration(few, 16)
    return _with_attention(f"paddle_{name}", title, usual, tiny)


def _mobile_rows() -> tuple[Recipe, ...]:
    sizes = MobileSizes(
        stem=8,
        # Half of the published widths, in multiples of eight.
        blocks=tuple(
            replace(b, expanded=whole_eights(b.expanded / 2), outputs=whole_eights(b.outputs / 2))
            for b in MOBILENET_LARGE
        ),
        last=480,
    )
    few = MobileSizes(8, tuple(replace(b, expanded=8, outputs=4) for b in sizes.blocks), 8)
    usual, tiny = PaddleConfiguration(sizes, 256), PaddleConfiguration(few, 16)
    plain = replace(sizes, blocks=tuple(replace(b, squeeze=False) for b in sizes.blocks))
    return (
        *_with_attention("paddle_mobilenet_v3", "MobileNetV3 large", usual, tiny),
        _row(
            "paddle_mobilenet_v3_rse",
            "DB with MobileNetV3 large and RSEFPN (PP-OCRv3)",
            PaddleConfiguration(plain, 96, "rsefpn"),
            replace(tiny, neck_kind="rsefpn"),
        ),
    )


def _lcnet_row() -> Recipe:
    def sizes(stem: int, outputs: tuple[int, ...], results: tuple[int, ...]) -> LCNetSizes:
        # The kernels of each stage's blocks; two blocks of the last stage have squeeze-and-excite.
        kernels = ((3,), (3, 3), (3, 3), (3, 5, 5, 5, 5), (5, 5, 5, 5))
        stages = (
            tuple(LCBlock(kernel, width, stage == 4 and i < 2) for i, kernel in enumerate(row))
            for stage, (row, width) in enumerate(zip(kernels, outputs))
        )
        return LCNetSizes(stem, tuple(stages), results)

    return _row(
        "paddle_lcnet_v3",
        "DB with PP-LCNetV3 (PP-OCRv4 and v5, mobile)",
        PaddleConfiguration(sizes(16, (32, 48, 96, 192, 384), (12, 18, 42, 360)), 96, "rsefpn"),
        PaddleConfiguration(sizes(4, (4, 4, 4, 4, 8), (4, 4, 4, 8)), 16, "rsefpn"),
    )


def _hgnet_rows() -> tuple[Recipe, Recipe]:
    def usual(version: int, stem: tuple[int, ...], *stages: HGStage) -> PaddleConfiguration:
        sizes = HGNetSizes(version, stem, stages)
        return PaddleConfiguration(sizes, 256, "lkpan", intra_collaborative=True, refined=64)

    def tiny(usual: PaddleConfiguration) -> PaddleConfiguration:
        stages = tuple(replace(stage, inner=4, outputs=8) for stage in usual.backbone.stages)
        few = replace(usual.backbone, stem=(4,) * len(usual.backbone.stem), stages=stages)
        return replace(usual, backbone=few, neck=16, refined=4)

    first = usual(
        1, (64, 64, 128), HGStage(128, 256), HGStage(160, 512), HGStage(192, 768, 2), HGStage(224, 1024)
    )
    second = usual(
        2,
        (32, 48),
        HGStage(48, 128),
        HGStage(96, 512),
        HGStage(192, 1024, 3, kernel=5, light=True),
        HGStage(384, 2048, kernel=5, light=True),
    )
    return (
        _row("paddle_hgnet", "DB with PP-HGNet (PP-OCRv4, server)", first, tiny(first)),
        _row("paddle_hgnet_v2", "DB with PP-HGNetV2 (PP-OCRv5, server)", second, tiny(second)),
    )


RECIPES = (
    *_mobile_rows(),
    _lcnet_row(),
    *_hgnet_rows(),
    *_resnet_rows("vd", 18, 0),
    *_resnet_rows("vd", 50, 0),
    *_resnet_rows("vd", 50, 2),
    *_resnet_rows("plain", 18, 0),
    *_resnet_rows("plain", 50, 0),
    *_resnet_rows("plain", 50, 1),
)
