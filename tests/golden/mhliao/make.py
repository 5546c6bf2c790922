"""Makes goldens of networks without deformable convolutions with the project's own code.

python make.py CHECKOUT [CASE...]: a checkout of MhLiao/DB at the commit that README.md names; all cases where
none is named. Needs what `structure/model.py` imports there, but neither CUDA nor its operators.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent / "converter")]

import mhliao_weights  # noqa: E402
import torch  # noqa: E402
from calibrated import make, narrow  # noqa: E402

NECK = 64
# name, with a variant behind a dash (DBNet++: its attention): seed
CASES = {
    "resnet18": 100,
    "resnet50": 102,
    "resnet34": 104,
    "resnet101": 105,
    "resnet152": 106,
    "resnet50_asf-scale_channel_spatial": 117,
    "resnet34_asf-scale_spatial": 119,
    "resnet101_asf-scale_channel_spatial": 120,
    "resnet152_asf-scale_channel": 121,
}


def build(case: str) -> torch.nn.Module:
    """The project's SegDetectorModel; resnet152 is not exported there and is added to the name space."""
    import backbones
    from structure.model import SegDetectorModel

    name, _, attention = case.partition("-")
    backbone = name.replace("_asf", "")
    if not hasattr(backbones, backbone):
        setattr(backbones, backbone, getattr(sys.modules["backbones.resnet"], backbone))
    planes = [16, 32, 64, 128]
    expansion = 1 if backbone in ("resnet18", "resnet34") else 4
    decoder: dict[str, Any] = {
        "in_channels": [n * expansion for n in planes],
        "inner_channels": NECK,
        "k": 50,
    }
    if attention:
        decoder["attention_type"] = attention
    arguments = {
        "backbone": backbone,
        "backbone_args": {"pretrained": False},
        "decoder": "SegSpatialScaleDetector" if attention else "SegDetector",
        "decoder_args": {**decoder, "adaptive": True},
        "loss_class": "L1BalanceCELoss",
    }
    return SegDetectorModel(arguments, torch.device("cpu"))


def main() -> None:
    checkout, *names = sys.argv[1:]
    sys.path.insert(0, checkout)
    torch.set_num_threads(1)
    narrow("backbones.resnet", "ResNet")
    inputs = mhliao_weights.pictures(HERE / "pictures.npz")
    for case in names or CASES:
        make(
            HERE / f"{case}.npz",
            build(case),
            CASES[case],
            inputs,
            mhliao_weights.weights,
            f"model.module.{mhliao_weights.HEAD}",
            lambda network, picture: network(picture, training=False),
        )


if __name__ == "__main__":
    main()
