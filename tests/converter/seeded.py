"""Makes lively random checkpoints of the DB recipes from a seed, in MhLiao/DB's key layout.

Lively: BatchNorm statistics are those of real activations, offsets reach a few pixels with some far outliers,
mask logits spread around zero, and most probabilities are far from 0 and 1, so that no mistake hides behind a
saturated sigmoid. Residual branches are damped (x0.3), or rounding errors would grow from block to block.

As a command: python seeded.py --arch deformable_resnet18 --width 24 --neck 64 --seed 1 -o x.pth
"""

from __future__ import annotations

import argparse
import contextlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Optional

import torch
from pliant_convert.models import RECIPES
from torch import nn

# The recipes whose networks this file can make.
RESNETS = [r.name for r in RECIPES if r.source == "MhLiao/DB" and hasattr(r.usual, "planes")]
FEW_BLOCKS = [name for name in RESNETS if "101" not in name and "152" not in name]  # for tests of all
RESIDUAL_SCALE = 0.3
LOGIT_STD = 1.5
MASK_LOGIT_STD = 1.0
# Pixels. Offsets that depend wholly on the features make a random network chaotic: each deformable layer
# would enlarge the rounding errors of the layer before it some ten times. So most of an offset is the tap's
# own, and the deeper network varies less.
FIXED_OFFSET_STD = 2.0
VARYING_OFFSET_STD = {"basic": (0.3, 0.8), "bottleneck": (0.1, 0.3)}
CALIBRATION_SIZE = (2, 3, 128, 160)


def configuration(
    arch: str, width: int = 64, neck: int = 256, offsets: Optional[int] = None, **changes: Any
) -> Any:
    """The sizes of `arch` at a base width; `offsets` are the channels of conv2_offset (18 = v1, 27 = v2)."""
    usual = next(recipe for recipe in RECIPES if recipe.name == arch).usual
    planes = tuple(width * factor for factor in (1, 2, 4, 8))
    if offsets is not None and any(usual.offset_channels):
        changes["offset_channels"] = (0, offsets, offsets, offsets)
    return replace(usual, stem=width, planes=planes, neck=neck, **changes)


def module(arch: str, seed: int, strided_offsets: bool = False, **sizes: Any) -> nn.Module:
    """The recipe's module with lively weights, in eval mode; `sizes` as for `configuration`.

    With `strided_offsets`, offset convolutions have the stride of the convolution that reads them, which is
    the only way most projects and runtimes know.
    """
    recipe = next(recipe for recipe in RECIPES if recipe.name == arch)
    with one_thread(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if strided_offsets:
            sizes["strided_offset_read"] = "exact"
        network = recipe.build(configuration(arch, **sizes))
        for block in network.modules():
            if strided_offsets and hasattr(block, "conv2_offset"):
                block.conv2_offset.stride = block.conv2.stride
        last_norms = [getattr(m, "bn3", m.bn2) for m in network.modules() if hasattr(m, "bn2")]
        for part in network.modules():
            _initialise(part, RESIDUAL_SCALE if part in last_norms else 1.0)
        _calibrate(network)
    return network.eval()


def usual(name: str, seed: int) -> nn.Module:
    """A recipe without deformable layers in its published sizes, with lively weights, in eval mode."""
    recipe = next(recipe for recipe in RECIPES if recipe.name == name)
    with one_thread(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = recipe.build(recipe.usual)
        for part in network.modules():
            _initialise(part, 1.0)
        _calibrate(network)
    return network.eval()


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """PyTorch may use Debian's libopenblas0-serial, which gives wrong products to several threads at once."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def state_dict(network: nn.Module, prefix: str = "", extras: bool = True, seed: int = 0) -> OrderedDict:
    """Its weights under MhLiao/DB's keys, with the training-only ones (`extras`) that original files have."""
    state = OrderedDict((prefix + key, tensor.clone()) for key, tensor in network.state_dict().items())
    if extras:
        generator = torch.Generator().manual_seed(seed)
        neck = network.state_dict()["decoder.in5.weight"].shape[0]
        shapes = {
            "backbone.fc.weight": (10, network.backbone.widths[-1]),
            "backbone.fc.bias": (10,),
            "backbone.smooth.weight": (8, network.backbone.widths[-1], 1, 1),
            "backbone.smooth.bias": (8,),
            "decoder.thresh.0.weight": (neck // 4, neck, 3, 3),
            "decoder.thresh.1.running_mean": (neck // 4,),
        }
        for key, shape in shapes.items():
            state[prefix + key] = torch.randn(shape, generator=generator)
    return state


def save(state: Mapping, path: Path, legacy: bool = False, container: Optional[str] = None) -> None:
    """Saves as torch.save does: a zip file or, with `legacy`, the stream that PyTorch wrote before 1.6."""
    content = {container: state, "epoch": 7} if container else state
    torch.save(content, str(path), _use_new_zipfile_serialization=not legacy)


def _initialise(part: nn.Module, damping: float) -> None:
    if isinstance(part, nn.BatchNorm2d):
        nn.init.uniform_(part.weight, 0.6 * damping, 1.4 * damping)
        nn.init.normal_(part.bias, 0.0, 0.2 * damping)
        part.momentum = 1.0  # one forward pass in train mode then leaves exactly its statistics
    elif getattr(part, "weight", None) is not None:
        nn.init.kaiming_normal_(part.weight, nonlinearity="relu")
        if getattr(part, "bias", None) is not None:
            nn.init.normal_(part.bias, 0.0, 0.1)


def _calibrate(network: nn.Module) -> None:
    """One pass over a random picture sets running statistics and the scale of offsets, masks and logits."""
    handles = []
    for block in network.modules():
        if hasattr(block, "conv2_offset"):
            hook = partial(
                _scale_offsets, VARYING_OFFSET_STD["bottleneck" if hasattr(block, "conv3") else "basic"]
            )
            handles.append(block.conv2_offset.register_forward_hook(hook))
    head = network.decoder.binarize[6] if hasattr(network, "decoder") else network.head.binarize.conv3
    handles.append(head.register_forward_hook(_scale_logits))
    network.train()
    with torch.no_grad():
        network(picture(*CALIBRATION_SIZE))
    for handle in handles:
        handle.remove()
    network.eval()


def _scale_offsets(
    varying_std: tuple[float, float], part: nn.Module, inputs: Any, output: torch.Tensor
) -> torch.Tensor:
    """Offsets = a random place for each tap + what depends on the picture; mask logits around zero."""
    channels = output.shape[1]
    offsets = channels // 27 * 18 if channels % 27 == 0 else channels
    varying = torch.full((channels,), MASK_LOGIT_STD)
    varying[:offsets] = torch.empty(offsets).uniform_(*varying_std)
    part.weight.mul_((varying / output.std(dim=(0, 2, 3)).clamp_min(1e-6)).view(-1, 1, 1, 1))
    part.bias.zero_()
    middle = nn.functional.conv2d(inputs[0], part.weight, None, part.stride, 1).mean(dim=(0, 2, 3))
    part.bias.sub_(middle)
    part.bias[:offsets] += torch.randn(offsets) * FIXED_OFFSET_STD
    # Two coordinates lie far outside of small maps: outliers.
    part.bias[torch.randperm(offsets)[:2]] += torch.tensor([17.25, -31.5])
    return nn.functional.conv2d(inputs[0], part.weight, part.bias, part.stride, 1)


def _scale_logits(part: nn.Module, _: Any, output: torch.Tensor) -> torch.Tensor:
    scale = LOGIT_STD / output.std()
    shift = -output.mean() * scale
    part.weight.mul_(scale)
    part.bias.mul_(scale).add_(shift)
    return output * scale + shift


def picture(images: int, channels: int, height: int, width: int) -> torch.Tensor:
    """Random pictures with coarse and fine structure, as pre-processing leaves them (about -0.5 to 0.6)."""
    coarse = torch.rand(images, channels, max(1, height // 16), max(1, width // 16))
    coarse = nn.functional.interpolate(coarse, size=(height, width), mode="bilinear", align_corners=False)
    return coarse * 0.8 + torch.rand(images, channels, height, width) * 0.3 - 0.5


def main() -> None:
    parser = argparse.ArgumentParser(description="Writes a lively random checkpoint of a DB recipe.")
    parser.add_argument("--arch", required=True, choices=RESNETS)
    parser.add_argument("--width", type=int, default=64, help="channels of the first stage")
    parser.add_argument("--neck", type=int, default=256, help="channels of the feature pyramid")
    parser.add_argument(
        "--offsets", type=int, choices=(18, 27), help="channels of conv2_offset: 18 = v1, 27 = v2"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--prefix", default="", help="put before every key, e.g. model.module.")
    parser.add_argument("--legacy", action="store_true", help="the format before PyTorch 1.6")
    parser.add_argument("--container", help="wrap the weights in a dictionary under this name")
    parser.add_argument("-o", "--output", type=Path, required=True)
    a = parser.parse_args()
    network = module(a.arch, a.seed, width=a.width, neck=a.neck, offsets=a.offsets)
    save(state_dict(network, a.prefix, seed=a.seed), a.output, a.legacy, a.container)


if __name__ == "__main__":
    main()
