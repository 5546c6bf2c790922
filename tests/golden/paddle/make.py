"""Makes the goldens beside it with the project's own code.

python make.py CHECKOUT [CASE...]: a checkout of PaddleOCR2Pytorch at the commit that README.md names; all
cases where none is named. Its ResNets get a quarter of the widths in their source, PP-HGNets narrow lists.
"""

from __future__ import annotations

import importlib
import sys
from functools import partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent / "converter")]

import mhliao_weights  # noqa: E402
import paddle_weights  # noqa: E402
import torch  # noqa: E402
from calibrated import make, narrow  # noqa: E402

BACKBONES = "pytorchocr.modeling.backbones"
DEFORMABLE = {"dcn_stage": [False, True, True, True]}
MOBILE = {"name": "MobileNetV3", "model_name": "large", "scale": 0.35, "disable_se": True}
MOBILE_SE = {**MOBILE, "disable_se": False}
LCNET = {"name": "PPLCNetV3", "scale": 0.25, "det": True}
HGNET = {"name": "PPHGNet_small", "det": True}
HGNET_V2 = {"name": "PPHGNetV2_B4", "det": True}
FPN = {"name": "DBFPN", "out_channels": 48}
ASF = {**FPN, "use_asf": True}
LKPAN = {"name": "LKPAN", "out_channels": 32}
RSE = {"name": "RSEFPN", "out_channels": 48, "shortcut": True}
INTRACL = {"intracl": True}


def vd(layers: int, **more: Any) -> dict[str, Any]:
    return {"name": "ResNet_vd", "layers": layers, **more}


def plain(layers: int, **more: Any) -> dict[str, Any]:
    return {"name": "ResNet", "layers": layers, **more}


# Recipe, with a variant behind a dash: backbone, neck. Their seeds count from 100.
CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "paddle_mobilenet_v3": (MOBILE, FPN),
    "paddle_mobilenet_v3-se": (MOBILE_SE, FPN),
    "paddle_mobilenet_v3-lkpan_lite": (MOBILE, {**LKPAN, "mode": "lite"}),
    "paddle_mobilenet_v3_rse": (MOBILE, RSE),
    "paddle_mobilenet_v3_rse-intracl": (MOBILE_SE, {**RSE, "out_channels": 64, **INTRACL}),
    "paddle_mobilenet_v3_asf": (MOBILE_SE, ASF),
    "paddle_resnet18_vd": (vd(18), FPN),
    "paddle_resnet18_vd-34": (vd(34), FPN),
    "paddle_resnet50_vd": (vd(50), FPN),
    "paddle_resnet50_vd-lkpan": (vd(50), LKPAN),
    "paddle_resnet50_vd-lkpan_intracl": (vd(50), {**LKPAN, **INTRACL}),
    "paddle_deformable_resnet50_vd": (vd(50, **DEFORMABLE), FPN),
    "paddle_resnet18": (plain(18), FPN),
    "paddle_resnet50_asf-101": (plain(101), ASF),
    "paddle_deformable_resnet50_asf": (plain(50, **DEFORMABLE), ASF),
    "paddle_lcnet_v3": (LCNET, RSE),
    "paddle_hgnet": (HGNET, {**LKPAN, **INTRACL}),
    "paddle_hgnet_v2": (HGNET_V2, {**LKPAN, **INTRACL}),
    "paddle_resnet18_vd_asf": (vd(18), ASF),
    "paddle_resnet50_vd_asf": (vd(50), ASF),
    "paddle_deformable_resnet50_vd_asf": (vd(50, **DEFORMABLE), ASF),
    "paddle_resnet18_asf": (plain(18), ASF),
    "paddle_resnet50": (plain(50), FPN),
    "paddle_deformable_resnet50": (plain(50, **DEFORMABLE), FPN),
}


def narrow_all() -> None:
    narrow(f"{BACKBONES}.det_resnet", "ResNet")
    narrow(f"{BACKBONES}.det_resnet_vd", "ResNet_vd")
    first = importlib.import_module(f"{BACKBONES}.rec_hgnet")
    first.PPHGNet_small = partial(
        first.PPHGNet,
        stem_channels=[8, 8, 16],
        stage_config={
            "stage1": [16, 16, 32, 1, False, 2],
            "stage2": [32, 20, 64, 1, True, 2],
            "stage3": [64, 24, 96, 2, True, 2],
            "stage4": [96, 28, 128, 1, True, 2],
        },
        layer_num=6,
    )
    second = importlib.import_module(f"{BACKBONES}.rec_pphgnetv2")
    second.PPHGNetV2_B4 = partial(
        second.PPHGNetV2,
        stem_channels=[3, 8, 12],
        stage_config={
            "stage1": [12, 12, 32, 1, False, False, 3, 6, 2],
            "stage2": [32, 24, 64, 1, True, False, 3, 6, 2],
            "stage3": [64, 32, 128, 3, True, True, 5, 6, 2],
            "stage4": [128, 48, 160, 1, True, True, 5, 6, 2],
        },
        use_lab=False,
        class_expand=32,
    )


def build(backbone: dict[str, Any], neck: dict[str, Any]) -> torch.nn.Module:
    from pytorchocr.modeling.architectures.base_model import BaseModel

    head: dict[str, Any] = {"name": "DBHead", "k": 50}
    if backbone in (HGNET, HGNET_V2):
        head.update(name="PFHeadLocal", mode="large")
    common = {"model_type": "det", "algorithm": "DB", "Transform": None}
    return BaseModel({**common, "Backbone": dict(backbone), "Neck": dict(neck), "Head": head})


def main() -> None:
    checkout, *names = sys.argv[1:]
    sys.path.insert(0, checkout)
    torch.set_num_threads(1)
    narrow_all()
    inputs = mhliao_weights.pictures(HERE / "pictures.npz")
    for case in names or CASES:
        make(
            HERE / f"{case}.npz",
            build(*CASES[case]),
            100 + list(CASES).index(case),
            inputs,
            paddle_weights.weights,
            paddle_weights.HEAD,
            lambda network, picture: network(picture)["maps"],
        )


if __name__ == "__main__":
    main()
