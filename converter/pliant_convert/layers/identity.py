"""Identity: what computes nothing at inference. It has no table in the schema; a pass takes it out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from ..ir import Value
from .registry import function, method, module


@dataclass
class Identity:
    pass


@module(nn.Identity, nn.Dropout, nn.Dropout2d)
def from_module(call: Any) -> Value:
    """The same tensor in PyTorch, and so the same value."""
    return call.value(call.args[0] if call.args else call.kwargs["input"])


@function(F.dropout, F.dropout2d)
def dropout(call: Any) -> Value:
    a = call.bind("input", p=0.5, training=True, inplace=False)
    if a["training"]:
        call.refuse("dropout in training mode; give training=self.training")
    return call.value(a["input"])


@method("contiguous", "detach", "float")
def same_tensor(call: Any) -> Value:
    if len(call.args) != 1 or call.kwargs:
        call.refuse("arguments")
    return call.value(call.args[0])


@function(torch.clone)
@method("clone")
def clone(call: Any) -> Value:
    """A copy: a later in-place operation on it must not reach the original."""
    x = call.value(call.args[0])
    return call.emit(Identity(), [x], channels=x.channels)
