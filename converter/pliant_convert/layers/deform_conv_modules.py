"""Deformable modules of other projects, known by their class's name and by what they hold.

Deformable-Convolution-V2-PyTorch and its copies (MhLiao/DB's assets/ops/dcn), DCNv2, mmcv and detectron2 call
a compiled operator that never compares the offset map's size with the output's: where it is larger, they
read what lies first in each image's buffer. So a pack with a dilation that its offset convolution lacks is a
flat read. Packs for aligning frames (EDVR, MMEditing) predict the offsets from a second argument, or from the
second of a list.
"""

from __future__ import annotations

import inspect
from typing import Any, Optional

from torch import nn

from ..ir import Value
from . import slice
from .deform_conv2d import DEFORM_GROUPS, emit
from .registry import module_like
from .sigmoid import Sigmoid

_NAMES = {
    "DeformConv",
    "DeformConvPack",
    "ModulatedDeformConv",
    "ModulatedDeformConvPack",
    "DeformConv2d",
    "DeformConv2dPack",
    "ModulatedDeformConv2d",
    "ModulatedDeformConv2dPack",
    "DCN",
    "DCNv2",
    "DCNv2Pack",
    "DCN_sep",
    "ModulatedDCNPack",
}


def _fits(m: nn.Module) -> bool:
    return (
        type(m).__name__ in _NAMES
        and any(hasattr(m, name) for name in DEFORM_GROUPS)
        and getattr(getattr(m, "weight", None), "ndim", 0) == 4
        and all(hasattr(m, name) for name in ("stride", "padding", "dilation"))
    )


@module_like(_fits)
def convert(call: Any) -> Value:
    m = call.module
    children = {name for name, _ in m.named_children()}
    groups = next(getattr(m, name) for name in DEFORM_GROUPS if hasattr(m, name))
    predictor = next((name for name in ("conv_offset_mask", "conv_offset") if name in children), None)
    unknown = children - {predictor, "norm", "activation"}
    if unknown:
        call.refuse(f"a deformable module with parts of its own ({', '.join(sorted(unknown))})")
    if predictor is not None:
        a = call.bind("input", "features") if _takes_features(m) else call.bind("input")
        x = a["input"]
        features = a.get("features", x)
        if getattr(m, "extra_offset_mask", False):
            x, features = x
        x = call.value(x)
        offset, mask = _predict(call, call.value(features), predictor, groups)
    else:
        a = call.bind("input", "offset", mask=None)
        x, offset = call.value(a["input"]), call.value(a["offset"])
        mask = None if a["mask"] is None else call.value(a["mask"])
        if mask is None and type(m).__name__.startswith(("Modulated", "DCNv2")):
            call.refuse("a modulated convolution without its mask")
    taps = m.weight.shape[2] * m.weight.shape[3]
    if offset.channels != 2 * groups * taps:
        call.refuse(f"{offset.channels} offset channels with {groups} groups of {taps} taps")
    geometry = (m.stride, m.padding, m.dilation)
    # A bias that `bias=False` or `no_bias` made is zero, saved, loaded and added all the same.
    result = emit(
        call, (x, offset, mask), call.weight("weight"), call.weight("bias"), geometry, checked=False
    )
    for name in ("norm", "activation"):  # detectron2's
        part = getattr(m, name, None)
        if part is not None:
            result = call.apply(name, part, result)
    return result


def _takes_features(m: nn.Module) -> bool:
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(p.kind in kinds for p in inspect.signature(m.forward).parameters.values()) == 2


def _predict(call: Any, x: Value, name: str, groups: int) -> tuple[Value, Optional[Value]]:
    """(offset, mask after the sigmoid) from the pack's own convolution; the mask is None for v1."""
    predictor = getattr(call.module, name)
    if type(predictor) is not nn.Conv2d:
        call.refuse(f"a {name} of type {type(predictor).__name__}")
    out = call.apply(name, predictor, x)
    taps = call.module.weight.shape[2] * call.module.weight.shape[3]
    if out.channels == 2 * groups * taps:
        return out, None
    if out.channels != 3 * groups * taps:
        call.refuse(f"{out.channels} channels of {name}; 2 or 3 for each of {groups * taps} taps are")
    # chunk(3), then the first two joined: together they are the first two thirds as they lie.
    offset = slice.cut(call, out, 1, 0, 2 * groups * taps)
    logits = slice.cut(call, out, 1, 2 * groups * taps, slice.FAR_END)
    return offset, call.emit(Sigmoid(), [logits], logits.dims)
