"""DeformConv2d: deformable convolution, v1 (offsets) and v2 (offsets and a mask)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Optional

import torchvision
from torch import nn

from ..ir import Pair, Value, Weight
from .registry import function, module, module_like


@dataclass
class DeformConv2d:
    weight: Weight
    bias: Optional[Weight]
    stride: Pair
    padding: Pair
    dilation: Pair
    groups: int
    offset_groups: int
    offset_read: str = field(default="exact", metadata={"enum": "OffsetRead"})


def emit(
    call: Any,
    tensors: tuple[Value, Value, Optional[Value]],
    weight: Weight,
    bias: Optional[Weight],
    geometry: tuple[Any, Any, Any],
    offset_read: str = "exact",
) -> Value:
    x, offset, mask = tensors
    shape = weight.array.shape
    if len(shape) != 4:
        call.refuse(f"a weight of rank {len(shape)}, expected 4")
    if x.channels is None or offset.channels is None:
        call.refuse("an input or offset whose number of channels is not known")
    taps = shape[2] * shape[3]
    groups, rest = divmod(x.channels, shape[1])
    offset_groups, offset_rest = divmod(offset.channels, 2 * taps)
    if rest or shape[0] % groups:
        call.refuse(f"{x.channels} input channels with a weight of shape {tuple(shape)}")
    if offset_rest or not offset_groups or x.channels % offset_groups:
        call.refuse(
            f"{offset.channels} offset channels; a {shape[2]}x{shape[3]} kernel needs {2 * taps} a group"
        )
    if mask is not None:
        call.expect_channels(mask, offset_groups * taps)
    stride, padding, dilation = (call.pair(item) for item in geometry)
    layer = DeformConv2d(weight, bias, stride, padding, dilation, groups, offset_groups, offset_read)
    return call.emit(layer, [x, offset] if mask is None else [x, offset, mask], channels=shape[0])


def _has_offset_read(m: nn.Module) -> bool:
    return all(hasattr(m, name) for name in ("offset_read", "weight", "stride", "padding", "dilation"))


@module(torchvision.ops.DeformConv2d)
@module_like(_has_offset_read)
def from_module(call: Any) -> Value:
    """torchvision's module, and modules like it with `offset_read` ('exact' or 'flat_prefix')."""
    m = call.module
    a = call.bind("input", "offset", mask=None)
    mask = None if a["mask"] is None else call.value(a["mask"])
    return emit(
        call,
        (call.value(a["input"]), call.value(a["offset"]), mask),
        call.weight("weight"),
        call.weight("bias"),
        (m.stride, m.padding, m.dilation),
        getattr(m, "offset_read", "exact"),
    )


@function(torchvision.ops.deform_conv2d)
def from_function(call: Any) -> Value:
    a = call.bind(
        "input", "offset", "weight", bias=None, stride=(1, 1), padding=(0, 0), dilation=(1, 1), mask=None
    )
    mask = None if a["mask"] is None else call.value(a["mask"])
    return emit(
        call,
        (call.value(a["input"]), call.value(a["offset"]), mask),
        call.constant(a["weight"]),
        call.constant(a["bias"]),
        (a["stride"], a["padding"], a["dilation"]),
    )
