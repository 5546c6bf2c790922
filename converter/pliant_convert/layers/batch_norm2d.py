"""BatchNorm2d in its inference form; most are folded away (passes/fold_batch_norm.py)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional

from torch import nn

from ..ir import Value, Weight
from .registry import module


@dataclass
class BatchNorm2d:
    weight: Optional[Weight]
    bias: Optional[Weight]
    mean: Weight
    var: Weight
    eps: float


@module(nn.BatchNorm2d)
def from_module(call: Any) -> Value:
    (x,) = call.values("input")
    m = call.module
    if m.running_mean is None or m.running_var is None:
        call.refuse("track_running_stats=False, which normalises by the statistics of the input at hand")
    call.expect_channels(x, m.num_features)
    layer = BatchNorm2d(
        call.weight("weight"),
        call.weight("bias"),
        call.weight("running_mean"),
        call.weight("running_var"),
        m.eps,
    )
    return call.emit(layer, [x], channels=x.channels)
