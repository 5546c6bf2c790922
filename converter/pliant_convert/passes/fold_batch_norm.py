"""Folds BatchNorm2d into the convolution before it.

For each output channel, with g = gamma / sqrt(var + eps): w' = w * g and b' = (b - mean) * g + beta. Only
where nothing else reads the convolution's result. The arithmetic is float64, the result float32.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Optional

import numpy as np

from ..ir import Graph, Node, Weight, origins_of
from ..layers.batch_norm2d import BatchNorm2d
from ..layers.conv2d import Conv2d
from ..layers.conv_transpose2d import ConvTranspose2d
from ..layers.deform_conv2d import DeformConv2d


def fold_batch_norm(graph: Graph) -> None:
    consumers = graph.consumers()
    producers = {node.output: node for node in graph.nodes}
    outputs = {port.value for port in graph.outputs}
    for norm in list(graph.nodes):
        conv = producers.get(norm.inputs[0]) if isinstance(norm.layer, BatchNorm2d) else None
        if conv is None or not isinstance(conv.layer, (Conv2d, ConvTranspose2d, DeformConv2d)):
            continue
        if len(consumers[conv.output]) != 1 or conv.output in outputs:
            continue
        _fold(conv, norm.layer)
        graph.nodes.remove(norm)
        graph.replace(norm.output, conv.output)
        # Two norms in a row fold one after the other.
        consumers[conv.output] = consumers.get(norm.output, [])
        if norm.output in outputs:
            outputs.add(conv.output)


def _fold(conv: Node, norm: BatchNorm2d) -> None:
    layer = conv.layer
    mean, var = _float64(norm.mean), _float64(norm.var)
    scale = 1.0 / np.sqrt(var + norm.eps)
    if norm.weight is not None:
        scale = scale * _float64(norm.weight)
    shift = -mean * scale
    if norm.bias is not None:
        shift = shift + _float64(norm.bias)
    if layer.bias is not None:
        shift = shift + _float64(layer.bias) * scale
    weight = _float64(layer.weight)
    if isinstance(layer, ConvTranspose2d):
        inputs, outputs, *kernel = weight.shape  # outputs of one group
        grouped = weight.reshape(layer.groups, inputs // layer.groups, outputs, *kernel)
        weight = (grouped * scale.reshape(layer.groups, 1, outputs, 1, 1)).reshape(weight.shape)
    else:
        weight = weight * scale.reshape(-1, 1, 1, 1)
    bias_name = layer.bias.name if layer.bias else layer.weight.name.rpartition("weight")[0] + "bias"
    conv.layer = replace(
        layer,
        weight=Weight(
            layer.weight.name, weight.astype(np.float32), origins_of(layer.weight, norm.weight, norm.var)
        ),
        bias=Weight(
            bias_name,
            shift.astype(np.float32),
            origins_of(layer.bias, norm.weight, norm.bias, norm.mean, norm.var),
        ),
    )


def _float64(weight: Optional[Weight]) -> np.ndarray:
    return weight.array.astype(np.float64)
