"""Upsample: nearest or bilinear, by a scale, to a fixed size or to another value's height and width."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Optional

import torch.nn.functional as F
from torch import nn

from ..dims import Dim, Size, atom, key_of, ratio
from ..ir import Pair, Value
from .registry import function, module


@dataclass
class Upsample:
    scale_h: float
    scale_w: float
    mode: str = field(default="nearest", metadata={"enum": "UpsampleMode"})
    align_corners: bool = False
    size: Optional[Pair] = None


def resize(call: Any, x: Value, height: Any, width: Any, mode: str = "nearest", align: bool = False) -> Value:
    """To a size: numbers, whole multiples of x's size, or what another value has."""
    dims = (*x.dims[:2], height, width)
    if type(height) is int and type(width) is int:
        return call.emit(Upsample(0.0, 0.0, mode, align, call.pair((height, width))), [x], dims)
    like = call.value_of_size(height, width)
    if like is not None:
        return call.emit(Upsample(0.0, 0.0, mode, align), [x, like], dims)
    scales = [
        ratio(new, old) if isinstance(new, Dim) else None for new, old in zip((height, width), x.dims[2:])
    ]
    if any(scale is None or scale.denominator != 1 for scale in scales):
        call.refuse(
            f"the size {height} x {width}; plain numbers, a scale_factor, other.shape[2:] and whole "
            "multiples of the input's size are"
        )
    return call.emit(Upsample(float(scales[0]), float(scales[1]), mode, align), [x], dims)


def _scaled(size: Size, scale: float) -> Size:
    if type(size) is int:
        return int(size * scale)
    return size * int(scale) if float(scale).is_integer() else atom("scaled", key_of(size), scale)


def emit(call: Any, x: Value, a: dict[str, Any]) -> Value:
    mode, align = a["mode"], bool(a["align_corners"])
    if mode not in ("nearest", "bilinear"):
        call.refuse(f"mode='{mode}'; nearest and bilinear are")
    if a.get("antialias"):
        call.refuse("antialias=True")
    if x.rank != 4:
        call.refuse(f"an input of rank {x.rank}, expected 4,")
    size, scale = a["size"], a["scale_factor"]
    if (size is None) == (scale is None):
        call.refuse("neither or both of size and scale_factor")
    if size is not None:
        sizes = tuple(size) if isinstance(size, (tuple, list)) else (size, size)
        if len(sizes) != 2 or not all(isinstance(item, Dim) or type(item) is int for item in sizes):
            call.refuse(f"size={size!r}")
        return resize(call, x, *sizes, mode, align)
    scales = tuple(scale) if isinstance(scale, (tuple, list)) else (scale, scale)
    if len(scales) != 2 or not all(isinstance(s, (int, float)) and s > 0 for s in scales):
        call.refuse(f"scale_factor={scale}; expected one or two positive numbers")
    sizes = [_scaled(size, s) for size, s in zip(x.dims[2:], scales)]
    # With recompute_scale_factor PyTorch samples by in/out, which is 1/scale only where nothing is rounded.
    if a["recompute_scale_factor"] and not all(float(s).is_integer() for s in scales):
        if not all(type(item) is int for item in sizes):
            call.refuse("recompute_scale_factor=True with a scale that is no whole number")
        return resize(call, x, *sizes, mode, align)
    layer = Upsample(float(scales[0]), float(scales[1]), mode, align)
    return call.emit(layer, [x], (*x.dims[:2], *sizes))


@module(nn.Upsample, nn.UpsamplingNearest2d, nn.UpsamplingBilinear2d)
def from_module(call: Any) -> Value:
    (x,) = call.values("input")
    names = ("mode", "size", "scale_factor", "align_corners", "recompute_scale_factor")
    return emit(call, x, {name: getattr(call.module, name, None) for name in names})


@function(F.interpolate)
def from_function(call: Any) -> Value:
    a = call.bind(
        "input",
        size=None,
        scale_factor=None,
        mode="nearest",
        align_corners=None,
        recompute_scale_factor=None,
        antialias=False,
    )
    return emit(call, call.value(a["input"]), a)


@function(F.upsample)
def old_function(call: Any) -> Value:
    a = call.bind("input", size=None, scale_factor=None, mode="nearest", align_corners=None)
    return emit(call, call.value(a["input"]), {**a, "recompute_scale_factor": None})


@function(F.upsample_nearest)
def nearest(call: Any) -> Value:
    a = call.bind("input", size=None, scale_factor=None)
    rest = {"mode": "nearest", "align_corners": None, "recompute_scale_factor": None}
    return emit(call, call.value(a["input"]), {**a, **rest})


@function(F.upsample_bilinear)
def bilinear(call: Any) -> Value:
    a = call.bind("input", size=None, scale_factor=None)
    rest = {"mode": "bilinear", "align_corners": True, "recompute_scale_factor": None}
    return emit(call, call.value(a["input"]), {**a, **rest})
