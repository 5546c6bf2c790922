"""Makes the goldens with MMOCR's own code; README.md tells which versions and how to get them.

python make.py 1.x|0.x CONFIGS [CASE...], with mmocr, mmdet, mmcv and, for 1.x, mmengine on PYTHONPATH;
CONFIGS is the folder `configs` of the same MMOCR. All cases of that version are made where none is named.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torchvision

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "converter"))

from mmocr_weights import weights  # noqa: E402

STEP = 3  # of the pixels that are kept of each output
# Images, height, width. The third is not for oCLIP, whose pooling and shortcut disagree at odd sizes.
SIZES = ((1, 64, 128), (2, 64, 64), (1, 75, 109))
MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
LOGIT_STD = 1.5

DB, DBPP = "textdet/dbnet", "textdet/dbnetpp"
OPTIONS = {
    "neck": dict(
        bias_on_lateral=True,
        bn_re_on_lateral=True,
        bias_on_smooth=True,
        bn_re_on_smooth=True,
        conv_after_concat=True,
    ),
    "head": {"with_bias": True},
    "dcn": {"type": "DCNv2", "deform_groups": 2},
}
# MMOCR has no configuration of some rows; these change one as its own differ from each other.
ATTENTION = {"neck": {"asf_cfg": {"attention_type": "ScaleChannelSpatial"}}}
WITHOUT_DCN = {"dcn": None}
# Recipe, with a variant behind a dash -> (configuration, seed, base, lateral and smooth width, changes).
CASES: dict[str, dict[str, tuple]] = {
    "1.x": {
        "mmocr_dbnet_resnet18": (f"{DB}/_base_dbnet_resnet18_fpnc.py", 1, 16, 24, 8, {}),
        "mmocr_dbnetpp_resnet18": (f"{DB}/_base_dbnet_resnet18_fpnc.py", 14, 8, 16, 4, ATTENTION),
        "mmocr_dbnet_resnet50": (f"{DB}/dbnet_resnet50_1200e_icdar2015.py", 2, 8, 16, 4, {}),
        "mmocr_dbnet_resnet50_dcnv2": (f"{DB}/_base_dbnet_resnet50-dcnv2_fpnc.py", 3, 12, 24, 8, {}),
        "mmocr_dbnet_resnet50_oclip": (f"{DB}/dbnet_resnet50-oclip_1200e_icdar2015.py", 4, 8, 16, 4, {}),
        "mmocr_dbnetpp_resnet50": (f"{DBPP}/dbnetpp_resnet50_fpnc_1200e_icdar2015.py", 13, 8, 16, 4, {}),
        "mmocr_dbnetpp_resnet50_dcnv2": (f"{DBPP}/_base_dbnetpp_resnet50-dcnv2_fpnc.py", 6, 12, 24, 8, {}),
        "mmocr_dbnetpp_resnet50_oclip": (
            f"{DBPP}/dbnetpp_resnet50-oclip_fpnc_1200e_icdar2015.py",
            *(7, 8, 16, 4, {}),
        ),
        "mmocr_dbnetpp_resnet50_dcnv2-options": (
            f"{DBPP}/_base_dbnetpp_resnet50-dcnv2_fpnc.py",
            *(11, 8, 16, 4, OPTIONS),
        ),
        "mmocr_dbnet_resnet50_dcnv2-v1": (
            f"{DB}/_base_dbnet_resnet50-dcnv2_fpnc.py",
            *(12, 8, 16, 4, {"dcn": {"type": "DCN", "deform_groups": 1}}),
        ),
    },
    "0.x": {
        "mmocr0_dbnet_resnet18": ("_base_/det_models/dbnet_r18_fpnc.py", 8, 8, 16, 4, {}),
        "mmocr0_dbnetpp_resnet18": ("_base_/det_models/dbnet_r18_fpnc.py", 15, 8, 16, 4, ATTENTION),
        "mmocr0_dbnet_resnet50": ("_base_/det_models/dbnet_r50dcnv2_fpnc.py", 16, 8, 16, 4, WITHOUT_DCN),
        "mmocr0_dbnetpp_resnet50": ("_base_/det_models/dbnetpp_r50dcnv2_fpnc.py", 17, 8, 16, 4, WITHOUT_DCN),
        "mmocr0_dbnet_resnet50_dcnv2": ("_base_/det_models/dbnet_r50dcnv2_fpnc.py", 9, 8, 16, 4, {}),
        "mmocr0_dbnetpp_resnet50_dcnv2": ("_base_/det_models/dbnetpp_r50dcnv2_fpnc.py", 10, 8, 16, 4, {}),
    },
}
UNUSED = "pycocotools lmdb rapidfuzz imgaug lanms scipy skimage seaborn shapely pyclipper terminaltables tqdm"


class Inert:
    """Stands for a class or decorator of a package that the network does not need."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __call__(self, *args: Any, **_: Any) -> Any:
        return args[0] if len(args) == 1 and callable(args[0]) else self


class InertModule(types.ModuleType):
    __path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (Inert,), {})


class InertPackages(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        if name.split(".")[0] in UNUSED.split():
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec: Any) -> types.ModuleType:
        return InertModule(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        pass


def replace_compiled_operators() -> None:
    """MMCV's compiled extension becomes inert but for two operators, which become torchvision's."""
    import mmcv

    mmcv._ext = sys.modules["mmcv._ext"] = InertModule("mmcv._ext")
    import mmcv.ops.deform_conv as v1
    import mmcv.ops.modulated_deform_conv as v2

    def modulated(x, offset, mask, weight, bias, stride, padding, dilation, groups, deform_groups):
        assert groups == 1 and offset.shape[1] == deform_groups * 18 and mask.shape[1] == deform_groups * 9
        return torchvision.ops.deform_conv2d(x, offset, weight, bias, stride, padding, dilation, mask)

    def plain(x, offset, weight, stride, padding, dilation, groups, deform_groups, *_):
        assert groups == 1 and offset.shape[1] == deform_groups * 18
        return torchvision.ops.deform_conv2d(x, offset, weight, None, stride, padding, dilation)

    v1.deform_conv2d, v2.modulated_deform_conv2d = plain, modulated


def build(version: str, path: Path, base: int, lateral: int, smooth: int, changes: dict) -> torch.nn.Module:
    """The network of one of MMOCR's own configurations, narrower and with changes."""
    if version == "1.x":
        import mmocr.models  # noqa: F401
        from mmengine.config import Config
        from mmengine.registry import init_default_scope
        from mmocr.registry import MODELS

        init_default_scope("mmocr")
        model, head, make = Config.fromfile(str(path)).model, "det_head", MODELS.build
    else:
        import mmocr.models  # noqa: F401
        from mmcv import Config
        from mmocr.models.builder import build_detector

        model, head, make = Config.fromfile(str(path)).model, "bbox_head", build_detector
    widths = [base * factor for factor in (1, 2, 4, 8)]
    basic = model.backbone.get("depth") == 18
    model.backbone.base_channels = base
    if "init_cfg" in model.backbone:
        model.backbone.pop("init_cfg")
    model.neck.in_channels = widths if basic else [4 * width for width in widths]
    model.neck.lateral_channels, model.neck.out_channels = lateral, smooth
    model[head].in_channels = 4 * smooth
    model.neck.update(changes.get("neck", {}))
    model[head].update(changes.get("head", {}))
    if "dcn" in changes and changes["dcn"] is None:
        model.backbone.pop("dcn")
        model.backbone.pop("stage_with_dcn")
    elif "dcn" in changes:
        model.backbone.dcn = dict(changes["dcn"], fallback_on_stride=False)
    return make(model).eval()


def pictures() -> list[np.ndarray]:
    """uint8[N,3,H,W]: coloured rectangles under a little noise."""
    random = np.random.RandomState(0)
    made = []
    for images, height, width in SIZES:
        x = np.full((images, 3, height, width), 120)
        for image in x:
            for _ in range(40):
                top, left = random.randint(height), random.randint(width)
                tall, wide = random.randint(3, 30, 2)
                image[:, top : top + tall, left : left + wide] = random.randint(20, 230, (3, 1, 1))
        made.append((x + 16 * random.randint(0, 2, x.shape)).astype(np.uint8))
    return made


def run(version: str, network: torch.nn.Module, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(probabilities, logits) [N,1,H,W]."""
    x = ((pixels - np.reshape(MEAN, (3, 1, 1))) / np.reshape(STD, (3, 1, 1))).astype(np.float32)
    logits: list[torch.Tensor] = []
    head = network.det_head if version == "1.x" else network.bbox_head
    handle = head.binarize[6].register_forward_hook(lambda *hook: logits.append(hook[2]))
    with torch.no_grad():
        features = network.extract_feat(torch.from_numpy(x))
        probabilities = head(features)[:, None] if version == "1.x" else head(features)[:, :1]
    handle.remove()
    return probabilities.numpy(), logits[0].numpy()


def main() -> None:
    version, configs, names = sys.argv[1], Path(sys.argv[2]), sys.argv[3:]
    torch.set_num_threads(1)
    sys.meta_path.append(InertPackages())
    replace_compiled_operators()
    np.savez_compressed(HERE / "pictures.npz", *pictures())
    for name in names or CASES[version]:
        path, seed, *sizes = CASES[version][name]
        network = build(version, configs / path, *sizes)
        shapes = {key: tuple(tensor.shape) for key, tensor in network.state_dict().items()}
        inputs = pictures()[: 2 if "oclip" in name else 3]

        def load(network: Any, shapes: Any, seed: int, scale_and_shift: tuple[float, float]) -> None:
            made = weights(shapes, seed, scale_and_shift)
            network.load_state_dict({key: torch.from_numpy(array) for key, array in made.items()})

        load(network, shapes, seed, (1.0, 0.0))
        raw = run(version, network, inputs[0])[1]
        scale = float(np.round(LOGIT_STD / raw.std(), 3))
        scale_and_shift = scale, float(np.round(-raw.mean() * scale, 3))
        load(network, shapes, seed, scale_and_shift)
        content: dict[str, Any] = {"seed": seed, "logits": np.array(scale_and_shift)}
        content["keys"] = np.array([f"{key} {','.join(map(str, shape))}" for key, shape in shapes.items()])
        for number, pixels in enumerate(inputs):
            probabilities, logits = run(version, network, pixels)
            lively = ((probabilities > 0.05) & (probabilities < 0.95)).mean()
            assert lively >= 0.3, (name, lively)
            content[f"shape{number}"] = np.array(probabilities.shape)
            content[f"probability{number}"] = probabilities[..., ::STEP, ::STEP]
            content[f"logits{number}"] = logits[..., ::STEP, ::STEP]
            print(name, pixels.shape, probabilities.shape, f"lively {lively:.2f}, logits {logits.std():.2f}")
        np.savez_compressed(HERE / f"{name}.npz", **content)


if __name__ == "__main__":
    main()
