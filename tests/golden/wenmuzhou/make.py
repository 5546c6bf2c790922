"""Makes the golden files beside it with the project's own code.

python make.py CHECKOUT OLD_CHECKOUT: two checkouts of WenmuZhou/DBNet.pytorch, at e03acf0 and at 48b3e89.
Needs its dependency `addict`. Its ResNets are made eight times narrower, by the numbers in their source.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import types
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "converter"))

import torch  # noqa: E402
import wenmuzhou_weights as weights  # noqa: E402

# name: backbone, neck, seed; names that begin with old_ are of the old checkout.
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], int]] = {
    "resnet18_fpn": ({"type": "resnet18"}, {"type": "FPN", "inner_channels": 32}, 1),
    "resnet34_fpem": ({"type": "resnet34"}, {"type": "FPEM_FFM", "inner_channels": 8}, 2),
    "resnet50_fpn": ({"type": "resnet50"}, {"type": "FPN", "inner_channels": 32}, 3),
    "resnet101_fpem": ({"type": "resnet101"}, {"type": "FPEM_FFM", "inner_channels": 8}, 4),
    "resnet152_fpn": ({"type": "resnet152"}, {"type": "FPN", "inner_channels": 32}, 5),
    "deformable_resnet18_fpn": ({"type": "deformable_resnet18"}, {"type": "FPN", "inner_channels": 32}, 6),
    "deformable_resnet18_fpem": (
        {"type": "deformable_resnet18"},
        {"type": "FPEM_FFM", "inner_channels": 8, "fpem_repeat": 3},
        7,
    ),
    "deformable_resnet50_fpn": ({"type": "deformable_resnet50"}, {"type": "FPN", "inner_channels": 32}, 8),
    "mobilenet_v3_fpn": ({"type": "MobileNetV3", "scale": 0.5}, {"type": "FPN", "inner_channels": 32}, 9),
    "mobilenet_v3_fpem": (
        {"type": "MobileNetV3", "scale": 0.35},
        {"type": "FPEM_FFM", "inner_channels": 8, "fpem_repeat": 1},
        10,
    ),
    "shufflenet_v2_fpn": ({"type": "shufflenet_v2_x0_5"}, {"type": "FPN", "inner_channels": 32}, 11),
    "shufflenet_v2_fpem": ({"type": "shufflenet_v2_x1_0"}, {"type": "FPEM_FFM", "inner_channels": 8}, 12),
    "old_deformable_resnet50_fpn": (
        {"type": "deformable_resnet50"},
        {"type": "FPN", "inner_channels": 32},
        13,
    ),
    "old_shufflenet_v2_fpem": ({"type": "shufflenetv2"}, {"type": "FPEM_FFM", "inner_channels": 8}, 14),
}
SIZES = {"even": (2, 64, 96), "odd": (1, 53, 75)}


def narrow(path: Path) -> None:
    text = path.read_text("utf-8")
    text = re.sub(r"\b(64|128|256|512|1024|2048)\b", lambda match: str(int(match.group()) // 8), text)
    path.write_text(text, "utf-8")


def build(name: str, checkout: Path) -> torch.nn.Module:
    """The project's network, without its weights."""
    backbone, neck, _ = CASES[name]
    head = {"type": "DBHead", "out_channels": 2, "k": 50}
    # It was written for a torchvision that still had this module; nothing is downloaded.
    gone = types.ModuleType("torchvision.models.utils")
    gone.load_state_dict_from_url = None
    sys.modules[gone.__name__] = gone
    sys.path.insert(0, str(checkout))
    resnet = checkout / "models" / ("modules" if name.startswith("old_") else "backbone") / "resnet.py"
    narrow(resnet)
    if name.startswith("old_"):
        model = checkout / "models" / "model.py"
        if backbone["type"] != "shufflenetv2":
            narrow(model)
        from models.model import DBModel

        necks = {"type": neck["type"], "args": {"inner_channels": neck["inner_channels"]}}
        heads = {"type": "DBHead", "args": {"out_channels": 2, "k": 50}}
        return DBModel(
            {
                "backbone": backbone["type"],
                "pretrained": False,
                "segmentation_body": necks,
                "segmentation_head": heads,
            }
        )
    from models import build_model

    backbone = {**backbone, "pretrained": False, "in_channels": 3}
    return build_model({"type": "Model", "backbone": backbone, "neck": neck, "head": head})


def calibrate(network: torch.nn.Module, layout: dict, seed: int, pictures: np.ndarray) -> dict[str, Any]:
    """Weights whose norms know the scale of their inputs, found layer by layer in one pass."""
    facts: dict[str, Any] = {"norms": {}, "last": (1.0, 0.0)}
    bottleneck = any(key.endswith(".conv3.weight") for key in layout)

    def set_norm(name: str, norm: torch.nn.Module, x: torch.Tensor) -> None:
        facts["norms"][name] = (round(x.mean().item(), 4), float(f"{x.var().item() + 1e-3:.4g}"))
        for kind in ("running_mean", "running_var"):
            key = f"{name}.{kind}"
            getattr(norm, kind).copy_(
                torch.from_numpy(weights.fill(key, layout[key], seed, bottleneck, facts))
            )

    def set_last(x: torch.Tensor) -> None:
        factor = 1.5 / x.std().item()
        facts["last"] = (float(f"{factor:.4g}"), float(f"{-x.mean().item() * factor:.4g}"))

    hooks = []
    for name, part in network.named_modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            hooks.append(
                part.register_forward_pre_hook(lambda m, args, name=name: set_norm(name, m, args[0]))
            )
        elif name.endswith("binarize.6"):
            hooks.append(part.register_forward_hook(lambda m, args, out: set_last(out)))
    with torch.no_grad():
        network(weights.pixels(pictures))
    for hook in hooks:
        hook.remove()
    return facts


def make(name: str, checkout: Path) -> None:
    seed = CASES[name][2]
    network = build(name, checkout).eval()
    layout = {key: list(value.shape) for key, value in network.state_dict().items()}
    with np.load(HERE / "pictures.npz") as file:
        pictures = dict(file)
    neutral = {"norms": {}, "last": (1.0, 0.0)}
    network.load_state_dict(weights.state_dict(layout, seed, neutral))
    facts = calibrate(network, layout, seed, pictures["even"])
    network.load_state_dict(weights.state_dict(layout, seed, facts))
    logits: list[torch.Tensor] = []
    last = next(part for key, part in network.named_modules() if key.endswith("binarize.6"))
    last.register_forward_hook(lambda m, args, out: logits.append(out))
    outputs = {}
    for size, picture in pictures.items():
        with torch.no_grad():
            probability = network(weights.pixels(picture))[:, :1].numpy()
        lively = np.mean((probability > 0.05) & (probability < 0.95))
        print(f"{name} {size}: {probability.shape}, {lively:.2f} lively, std {probability.std():.3f}")
        assert lively >= 0.3 and probability.std() > 0.1
        outputs[f"{size}_probability"] = weights.thinned(probability)
        outputs[f"{size}_logits"] = weights.thinned(logits.pop().numpy())
    about = {"seed": seed, "facts": facts, "layout": layout}
    text = np.frombuffer(json.dumps(about, separators=(",", ":")).encode(), np.uint8)
    np.savez_compressed(HERE / f"{name}.npz", about=text, **outputs)


def make_pictures() -> None:
    """Coarse structure under noise, few levels so that the file stays small."""
    random, pictures = np.random.RandomState(0), {}
    for name, (images, height, width) in SIZES.items():
        coarse = random.randint(0, 160, (images, 3, height // 8 + 1, width // 8 + 1))
        coarse = coarse.repeat(8, 2).repeat(8, 3)[:, :, :height, :width]
        noise = random.randint(0, 6, (images, 3, height, width)) * 16
        pictures[name] = (coarse + noise).astype(np.uint8)
    np.savez_compressed(HERE / "pictures.npz", **pictures)


def main() -> None:
    torch.set_num_threads(1)
    checkouts = [Path(argument).resolve() for argument in sys.argv[1:3]]
    if len(sys.argv) == 4:
        make(sys.argv[3], checkouts[sys.argv[3].startswith("old_")])
        return
    make_pictures()
    for name in CASES:  # a process each, as the project's modules have the same names at both commits
        with tempfile.TemporaryDirectory() as folder:
            copies = []
            for i, checkout in enumerate(checkouts):
                copies.append(Path(folder) / str(i))
                shutil.copytree(checkout / "models", copies[i] / "models")
            subprocess.run([sys.executable, __file__, *map(str, copies), name], check=True)


if __name__ == "__main__":
    main()
