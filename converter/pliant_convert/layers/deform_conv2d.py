"""DeformConv2d: deformable convolution, v1 (offsets) and v2 (offsets and a mask)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Optional

import torchvision
from torch import nn

from ..dims import all_same
from ..ir import Pair, Value, Weight
from .registry import function, module, module_like

# What projects call the number of offset groups of their modules.
DEFORM_GROUPS = ("deformable_groups", "deform_groups", "num_deformable_groups")


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
    checked: bool = True,
    offset_read: str = "exact",
) -> Value:
    """`checked` operators want offsets of the output's size; others read what lies first in the buffer."""
    x, offset, mask = tensors
    shape = weight.array.shape
    if len(shape) != 4:
        call.refuse(f"a weight of rank {len(shape)}, expected 4")
    if x.rank != 4 or offset.rank != 4:
        call.refuse(f"an input of rank {x.rank} and an offset of rank {offset.rank}, expected 4,")
    if x.channels is None or offset.channels is None:
        call.refuse("an input or offset whose number of channels is not known")
    taps = shape[2] * shape[3]
    groups, rest = divmod(x.channels, shape[1])
    offset_groups, offset_rest = divmod(offset.channels, 2 * taps)
    if rest or not groups or shape[0] % groups:
        call.refuse(f"{x.channels} input channels with a weight of shape {tuple(shape)}")
    if offset_rest or not offset_groups or x.channels % offset_groups:
        call.refuse(
            f"{offset.channels} offset channels; a {shape[2]}x{shape[3]} kernel needs {2 * taps} a group"
        )
    if mask is not None:
        call.expect_channels(mask, offset_groups * taps)
    stride, padding, dilation = (call.pair(item) for item in geometry)
    sizes = call.windows(x, shape[2:], stride, padding, dilation)
    given = [offset] if mask is None else [offset, mask]
    if offset_read == "exact" and not all(all_same(v.dims[2:], sizes) for v in given):
        if not checked:
            offset_read = "flat_prefix"
        for value in given:
            pairs = list(zip(value.dims[2:], sizes))
            if offset_read == "exact" and any(type(a) is type(b) is int and a != b for a, b in pairs):
                call.refuse(
                    f"offsets of {pairs[0][0]}x{pairs[1][0]} for an output of {sizes[0]}x{sizes[1]}, which "
                    "PyTorch refuses too,"
                )
    layer = DeformConv2d(weight, bias, stride, padding, dilation, groups, offset_groups, offset_read)
    return call.emit(layer, [x, *given], (x.dims[0], shape[0], *sizes))


def _is_torchvision_like(m: nn.Module) -> bool:
    """A pure PyTorch port with torchvision's names, as deform_conv_torch's."""
    names = (
        "in_channels",
        "out_channels",
        "kernel_size",
        "stride",
        "padding",
        "dilation",
        "groups",
        "weight",
    )
    return (
        type(m).__name__ == "DeformConv2d"
        and all(hasattr(m, name) for name in names)
        and not list(m.children())
        and not any(hasattr(m, name) for name in DEFORM_GROUPS)
    )


def _has_offset_read(m: nn.Module) -> bool:
    return all(hasattr(m, name) for name in ("offset_read", "weight", "stride", "padding", "dilation"))


@module(torchvision.ops.DeformConv2d)
@module_like(_has_offset_read)
@module_like(_is_torchvision_like)
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
        offset_read=getattr(m, "offset_read", "exact"),
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
