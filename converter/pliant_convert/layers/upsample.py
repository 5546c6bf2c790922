"""Upsample: nearest, by a scale or to another value's height and width."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch.nn.functional as F
from torch import nn

from ..ir import Value
from .registry import function, module


@dataclass
class Upsample:
    scale_h: float
    scale_w: float
    mode: str = field(default="nearest", metadata={"enum": "UpsampleMode"})


def emit(call: Any, x: Value, a: dict[str, Any]) -> Value:
    if a["mode"] != "nearest":
        call.refuse(f"mode='{a['mode']}'; only nearest is supported")
    size, scale = a["size"], a["scale_factor"]
    if (size is None) == (scale is None):
        call.refuse("neither or both of size and scale_factor")
    if size is not None:
        like = call.size_like(size)
        if like is None:
            call.refuse(
                "a fixed size; give scale_factor, or size=other.shape[2:], so that the size stays dynamic"
            )
        return call.emit(Upsample(0.0, 0.0), [x, like], channels=x.channels)
    scales = tuple(scale) if isinstance(scale, (tuple, list)) else (scale, scale)
    if len(scales) != 2 or not all(isinstance(s, (int, float)) and s > 0 for s in scales):
        call.refuse(f"scale_factor={scale}; expected one or two positive numbers")
    # With recompute_scale_factor PyTorch samples by in/out, which is 1/scale only where nothing is rounded.
    if a["recompute_scale_factor"] and not all(float(s).is_integer() for s in scales):
        call.refuse("recompute_scale_factor=True with a scale that is no whole number")
    return call.emit(Upsample(float(scales[0]), float(scales[1])), [x], channels=x.channels)


@module(nn.Upsample, nn.UpsamplingNearest2d)
def from_module(call: Any) -> Value:
    (x,) = call.values("input")
    m = call.module
    recompute = getattr(m, "recompute_scale_factor", None)
    return emit(
        call,
        x,
        {"mode": m.mode, "size": m.size, "scale_factor": m.scale_factor, "recompute_scale_factor": recompute},
    )


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
