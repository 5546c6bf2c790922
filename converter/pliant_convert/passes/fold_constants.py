"""Folds a product with a constant, or a sum with one, into the convolution before it.

conv(x) * c has the weights w * c and the bias b * c, conv(x) + c the bias b + c. The constant is one number,
or one for each channel; only where nothing else reads the convolution's result.
"""

from __future__ import annotations

from typing import Optional

import numpy as np

from ..ir import Graph, Node, Value
from ..layers.add import Add
from ..layers.constant import Constant
from ..layers.mul import Mul
from .affine import CONVOLUTIONS, float64, scale_and_shift


def fold_constants(graph: Graph) -> None:
    consumers = graph.consumers()
    producers = {node.output: node for node in graph.nodes}
    outputs = {port.value for port in graph.outputs}
    for node in list(graph.nodes):
        if not isinstance(node.layer, (Add, Mul)):
            continue
        for x, other in (node.inputs, node.inputs[::-1]):
            conv, constant = producers.get(x), producers.get(other)
            if conv is None or not isinstance(conv.layer, CONVOLUTIONS) or constant is None:
                continue
            numbers = _numbers(constant, x)
            if numbers is None or len(consumers[x]) != 1 or x in outputs:
                continue
            origins = ((constant.layer.weight,),) * 2
            if isinstance(node.layer, Mul):
                scale_and_shift(conv, numbers, None, origins)
            else:
                scale_and_shift(conv, None, numbers, origins)
            graph.nodes.remove(node)
            graph.replace(node.output, x)
            consumers[x] = consumers.get(node.output, [])
            if node.output in outputs:
                outputs.add(x)
            break


def _numbers(node: Node, x: Value) -> Optional[np.ndarray]:
    """The constant as one number or one for each channel of x, none where it is neither."""
    if not isinstance(node.layer, Constant):
        return None
    array = float64(node.layer.weight)
    if array.size == 1 and array.ndim <= x.rank:
        return array.reshape(1)
    per_channel = (*(1,) * (array.ndim - 3), x.channels, 1, 1)
    return array.reshape(-1) if 3 <= array.ndim <= 4 and array.shape == per_channel else None
