"""Folds BatchNorm2d into the convolution before it.

For each output channel, with g = gamma / sqrt(var + eps): w' = w * g and b' = (b - mean) * g + beta. Only
where nothing else reads the convolution's result.
"""

from __future__ import annotations

from ..ir import Graph
from ..layers.batch_norm2d import BatchNorm2d
from .affine import CONVOLUTIONS, affine_of, scale_and_shift


def fold_batch_norm(graph: Graph) -> None:
    consumers = graph.consumers()
    producers = {node.output: node for node in graph.nodes}
    outputs = {port.value for port in graph.outputs}
    for norm in list(graph.nodes):
        conv = producers.get(norm.inputs[0]) if isinstance(norm.layer, BatchNorm2d) else None
        if conv is None or not isinstance(conv.layer, CONVOLUTIONS):
            continue
        if len(consumers[conv.output]) != 1 or conv.output in outputs:
            continue
        layer = norm.layer
        of_weight = (layer.weight, layer.var)
        of_bias = (layer.weight, layer.bias, layer.mean, layer.var)
        scale_and_shift(conv, *affine_of(layer), (of_weight, of_bias))
        graph.nodes.remove(norm)
        graph.replace(norm.output, conv.output)
        # Two norms in a row fold one after the other.
        consumers[conv.output] = consumers.get(norm.output, [])
        if norm.output in outputs:
            outputs.add(conv.output)
