"""Identity: what computes nothing at inference. It has no table in the schema; a pass takes it out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from ..ir import Value, Weight
from .registry import function, method, module


@dataclass
class Identity:
    pass


@module(nn.Identity, nn.Dropout, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, nn.FeatureAlphaDropout)
def from_module(call: Any) -> Value:
    """The same tensor in PyTorch, and so the same value."""
    return call.value(call.args[0] if call.args else call.kwargs["input"])


@function(F.dropout, F.dropout2d, F.dropout3d, F.alpha_dropout)
def dropout(call: Any) -> Value:
    a = call.bind("input", p=0.5, training=True, inplace=False)
    if a["training"] and a["p"] != 0:
        call.refuse("dropout in training mode; give training=self.training")
    return call.value(a["input"])


@method("detach", "float", "cpu", "cuda", "requires_grad_", "type_as")
def same_tensor(call: Any) -> Any:
    """The first argument: a value, or a constant that is told to be as a value is; all are float32."""
    x = call.args[0]
    return x if isinstance(x, Weight) else call.value(x)


@method("to", "type")
def converted(call: Any) -> Any:
    """The same tensor for float32 and any device; other types change numbers."""
    for item in (*call.args[1:], *call.kwargs.values()):
        if isinstance(item, torch.dtype) and item != torch.float32:
            call.refuse(f"a conversion to {item}")
        if isinstance(item, str) and "Tensor" in item and item != "torch.FloatTensor":
            call.refuse(f"a conversion to {item}")
    return same_tensor(call)


@method("contiguous")
def maybe_copy(call: Any) -> Value:
    """A copy or the same tensor: an in-place operation on either leaves the other unknown."""
    x = call.value(call.args[0])
    result = call.emit(Identity(), [x], x.dims)
    call.mark_view(result, x)
    return result


@function(torch.clone)
@method("clone")
def clone(call: Any) -> Value:
    """A copy: a later in-place operation on it must not reach the original."""
    x = call.value(call.args[0])
    return call.emit(Identity(), [x], x.dims)
