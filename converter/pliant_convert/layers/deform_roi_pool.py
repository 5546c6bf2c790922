"""DeformRoIPool: position-sensitive pooling of regions with learned shifts, known by class and attributes.

Deformable-Convolution-V2-PyTorch's DeformRoIPooling and its packs, DCNv2's DCNv2Pooling and DCNPooling.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Optional

from torch import nn

from ..ir import Value
from . import slice
from .elementwise import combine
from .mul import Mul
from .registry import module_like
from .reshape import reshape
from .sigmoid import Sigmoid


@dataclass
class DeformRoIPool:
    spatial_scale: float
    pooled_size: int
    output_dim: int
    group_size: int
    part_size: int
    sample_per_part: int
    trans_std: float


_BARE = {"DeformRoIPooling", "DCNv2Pooling"}
_PACKS = {
    "DeformRoIPoolingPack",
    "ModulatedDeformRoIPoolingPack",
    "DCNPooling",
}


def _fits(m: nn.Module) -> bool:
    names = ("spatial_scale", "no_trans", "group_size", "part_size", "sample_per_part", "trans_std")
    return (
        type(m).__name__ in _BARE | _PACKS
        and all(hasattr(m, name) for name in names)
        and (hasattr(m, "pooled_size") or hasattr(m, "out_size"))
    )


def _layer(m: nn.Module) -> DeformRoIPool:
    """MhLiao/DB's copy says out_size and out_channels."""
    pooled = m.pooled_size if hasattr(m, "pooled_size") else m.out_size
    channels = m.output_dim if hasattr(m, "output_dim") else m.out_channels
    part = pooled if m.part_size is None else m.part_size
    numbers = (int(m.group_size), int(part), int(m.sample_per_part), float(m.trans_std))
    return DeformRoIPool(float(m.spatial_scale), int(pooled), int(channels), *numbers)


def _pool(call: Any, layer: DeformRoIPool, x: Value, rois: Value, shifts: Optional[Value]) -> Value:
    if rois.rank != 2 or rois.channels not in (None, 5):
        call.refuse("rois of another shape than [R, 5]")
    call.expect_channels(x, layer.output_dim * layer.group_size**2)
    inputs = [x, rois] if shifts is None else [x, rois, shifts]
    dims = (rois.dims[0], layer.output_dim, layer.pooled_size, layer.pooled_size)
    return call.emit(layer, inputs, dims)


@module_like(_fits)
def convert(call: Any) -> Value:
    m, layer = call.module, _layer(call.module)
    if type(m).__name__ in _BARE:
        a = call.bind("input", "rois", offset=None)
        x, rois = call.value(a["input"]), call.value(a["rois"])
        shifts = None if m.no_trans else call.value(a["offset"])
        return _pool(call, layer, x, rois, shifts)
    a = call.bind("input", "rois")
    x, rois = call.value(a["input"]), call.value(a["rois"])
    if m.no_trans:
        return _pool(call, layer, x, rois, None)
    # The first pooling has no shifts, and with them trans_std has no part in it.
    plain = _pool(call, replace(layer, trans_std=0.0), x, rois, None)
    flat = reshape(call, plain, [rois.dims[0], layer.output_dim * layer.pooled_size**2])
    shifts, mask = _predict(call, flat, rois, layer.pooled_size)
    result = _pool(call, layer, x, rois, shifts)
    return result if mask is None else combine(call, Mul(), result, mask)


def _predict(call: Any, flat: Value, rois: Value, size: int) -> tuple[Value, Optional[Value]]:
    """(shifts, mask) by the pack's fully connected parts, in the three ways that there are."""
    m = call.module

    def by(name: str) -> Value:
        return call.apply(name, getattr(m, name), flat)

    if hasattr(m, "offset_mask_fc"):
        both = reshape(call, by("offset_mask_fc"), [rois.dims[0], 3, size, size])
        shifts = slice.cut(call, both, 1, 0, 2)
        logits = slice.cut(call, both, 1, 2, 3)
        return shifts, call.emit(Sigmoid(), [logits], logits.dims)
    if not hasattr(m, "offset_fc"):
        call.refuse("a pack without offset_fc or offset_mask_fc")
    shifts = reshape(call, by("offset_fc"), [rois.dims[0], 2, size, size])
    if not hasattr(m, "mask_fc"):
        return shifts, None
    return shifts, reshape(call, by("mask_fc"), [rois.dims[0], 1, size, size])
