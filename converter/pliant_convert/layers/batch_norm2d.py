"""BatchNorm2d in its inference form; most are folded away (passes/fold_batch_norm.py)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from ..ir import Value, Weight, origins_of
from .add import Add
from .elementwise import combine
from .mul import Mul
from .registry import function, module, module_like


@dataclass
class BatchNorm2d:
    weight: Optional[Weight]
    bias: Optional[Weight]
    mean: Weight
    var: Weight
    eps: float


def emit(call: Any, x: Value, layer: BatchNorm2d) -> Value:
    if x.rank == 4:
        call.expect_channels(x, layer.mean.array.size)
        return call.emit(layer, [x], x.dims)
    if x.rank < 2 or x.channels not in (None, layer.mean.array.size):
        call.refuse(f"an input of rank {x.rank} with {x.channels} channels")
    # Other ranks: y = x * scale + shift, computed here in float64.
    scale = 1 / np.sqrt(layer.var.array.astype(np.float64) + layer.eps)
    if layer.weight is not None:
        scale = scale * layer.weight.array
    shift = -layer.mean.array.astype(np.float64) * scale
    if layer.bias is not None:
        shift = shift + layer.bias.array
    shape = (-1, *(1,) * (x.rank - 2))
    prefix = layer.mean.name.rpartition(".")[0]
    sources = origins_of(layer.weight, layer.bias, layer.mean, layer.var)
    factor = Weight(f"{prefix}.scale".lstrip("."), scale.astype(np.float32).reshape(shape), sources)
    term = Weight(f"{prefix}.shift".lstrip("."), shift.astype(np.float32).reshape(shape), sources)
    return combine(call, Add(), combine(call, Mul(), x, factor), term)


def _is_frozen(m: nn.Module) -> bool:
    """torchvision's and detectron2's norm whose parameters are buffers."""
    names = ("weight", "bias", "running_mean", "running_var", "eps")
    return type(m).__name__ == "FrozenBatchNorm2d" and all(hasattr(m, name) for name in names)


@module_like(_is_frozen)
@module(nn.BatchNorm2d, nn.BatchNorm1d, nn.BatchNorm3d, nn.SyncBatchNorm)
def from_module(call: Any) -> Value:
    (x,) = call.values("input")
    m = call.module
    if m.running_mean is None or m.running_var is None:
        call.refuse("track_running_stats=False, which normalises by the statistics of the input at hand,")
    names = ("weight", "bias", "running_mean", "running_var")
    return emit(call, x, BatchNorm2d(*(call.weight(name) for name in names), m.eps))


@function(F.batch_norm)
def from_functional(call: Any) -> Value:
    a = call.bind(
        "input", "running_mean", "running_var", weight=None, bias=None, training=False, momentum=0.1, eps=1e-5
    )
    return _from_arguments(call, a)


@function(torch.batch_norm)
def from_function(call: Any) -> Value:
    names = "input weight bias running_mean running_var training momentum eps".split()
    return _from_arguments(call, call.bind(*names, cudnn_enabled=False))


def _from_arguments(call: Any, a: dict[str, Any]) -> Value:
    if a["training"] or a["running_mean"] is None or a["running_var"] is None:
        call.refuse("a normalisation by the statistics of the input at hand")
    items = (call.constant(a[name]) for name in ("weight", "bias", "running_mean", "running_var"))
    return emit(call, call.value(a["input"]), BatchNorm2d(*items, a["eps"]))
