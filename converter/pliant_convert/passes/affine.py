"""Scales and shifts the channels that a convolution makes, by changing its weights.

The arithmetic is float64, the result float32.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Optional

import numpy as np

from ..ir import Node, Weight, origins_of
from ..layers.batch_norm2d import BatchNorm2d
from ..layers.conv2d import Conv2d
from ..layers.conv_transpose2d import ConvTranspose2d
from ..layers.deform_conv2d import DeformConv2d

CONVOLUTIONS = (Conv2d, ConvTranspose2d, DeformConv2d)


def float64(weight: Weight) -> np.ndarray:
    return weight.array.astype(np.float64)


def affine_of(norm: BatchNorm2d) -> tuple[np.ndarray, np.ndarray]:
    """(scale, shift) of each channel: gamma / sqrt(var + eps), and beta - mean times that."""
    scale = 1.0 / np.sqrt(float64(norm.var) + norm.eps)
    if norm.weight is not None:
        scale = scale * float64(norm.weight)
    shift = -float64(norm.mean) * scale
    if norm.bias is not None:
        shift = shift + float64(norm.bias)
    return scale, shift


def scale_and_shift(
    conv: Node,
    scale: Optional[np.ndarray],
    shift: Optional[np.ndarray],
    origins: Sequence[Sequence[Optional[Weight]]],
) -> None:
    """w' = w * scale and b' = b * scale + shift; `origins` are the weights behind w' and behind b'."""
    layer = conv.layer
    outputs = layer.weight.array.shape[0]
    if isinstance(layer, ConvTranspose2d):
        outputs = layer.weight.array.shape[1] * layer.groups
    bias = np.zeros(outputs) if layer.bias is None else float64(layer.bias)
    weight = layer.weight
    if scale is not None:
        bias = bias * scale
        scaled = _scaled(layer, np.broadcast_to(scale, outputs)).astype(np.float32)
        weight = Weight(weight.name, scaled, origins_of(weight, *origins[0]))
    if shift is not None:
        bias = bias + shift
    if shift is None and layer.bias is None:
        conv.layer = replace(layer, weight=weight)
        return
    name = layer.bias.name if layer.bias else layer.weight.name.rpartition("weight")[0] + "bias"
    made = Weight(name, bias.astype(np.float32), origins_of(layer.bias, *origins[1]))
    conv.layer = replace(layer, weight=weight, bias=made)


def _scaled(layer: object, scale: np.ndarray) -> np.ndarray:
    weight = float64(layer.weight)
    if not isinstance(layer, ConvTranspose2d):
        return weight * scale.reshape(-1, 1, 1, 1)
    inputs, outputs, *kernel = weight.shape  # outputs of one group
    grouped = weight.reshape(layer.groups, inputs // layer.groups, outputs, *kernel)
    return (grouped * scale.reshape(layer.groups, 1, outputs, 1, 1)).reshape(weight.shape)
