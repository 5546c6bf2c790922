"""EasyOCR's DBNet: MhLiao/DB's deformable ResNets, with pre- and post-processing of its own.

Facts are of its commit c4f3cd72: easyocr/DBNet/DBNet.py, detection_db.py, easyocr.py, utils.py.

Its weights are files of MhLiao/DB under another name (DBNet/README.md, 1.2), so nothing in a checkpoint tells
the two apart: these rows are never recognised, they are asked for with --arch. Its CPU operator reads larger
offset maps unchecked, as MhLiao's CUDA operator does.
"""

from __future__ import annotations

from dataclasses import replace

from . import mhliao
from .processing import ImagePreprocess, TextPostprocess
from .recipe import Recipe, Shapes

# Reader.detect: a path or bytes become RGB (utils.reformat_input), from which DBNet.py takes its mean of BGR
# all the same; OpenCV resizes bytes; canvas_size=2560 is passed as the short side. NumPy normalises in double
# precision, as neither the bytes nor the mean are float32.
PREPROCESS = ImagePreprocess(
    mean=mhliao.PREPROCESS.mean,
    channel_order="rgb",
    resize_pixel_type="uint8",
    short_side=2560,
    arithmetic="double_once",
)
# Its defaults of threshold, bbox_min_score, bbox_min_size and max_candidates, of which 0 means all.
POSTPROCESS = TextPostprocess(thresh=0.2, box_thresh=0.2, max_candidates=0, rule="easyocr")


def _never(shapes: Shapes) -> bool:
    return False


def _row(name: str, backbone: str, title: str) -> Recipe:
    usual = mhliao.BACKBONES[backbone]
    recipe = mhliao.row(name, f"EasyOCR's DBNet with {title}", usual, mhliao.tiny_resnet(usual))
    return replace(
        recipe,
        source="JaidedAI/EasyOCR",
        matches=_never,
        preprocess=PREPROCESS,
        postprocess=POSTPROCESS,
    )


RECIPES = (
    _row("easyocr_dbnet18", "deformable_resnet18", "deformable ResNet-18"),
    _row("easyocr_dbnet50", "deformable_resnet50", "deformable ResNet-50"),
)
