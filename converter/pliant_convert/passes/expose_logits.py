"""Adds the input of an output's sigmoid as a second output, for comparisons that saturation cannot hide."""

from __future__ import annotations

from ..errors import ConvertError
from ..ir import Graph, Port
from ..layers.sigmoid import Sigmoid
from ..layers.slice import Slice
from ..layers.upsample import Upsample

# What may stand between the sigmoid and the output: it moves probabilities and makes no new ones.
PASSED = (Slice, Upsample)


def expose_logits(graph: Graph, name: str = "logits") -> None:
    """The logits have the size that they have at the sigmoid, which may differ from the output's."""
    port = graph.outputs[0]
    if any(other.name == name for other in (*graph.inputs, *graph.outputs)):
        raise ConvertError(f"the network has an input or output '{name}' of its own, so none is added")
    producers = {node.output: node for node in graph.nodes}
    last = node = producers.get(port.value)
    while node is not None and isinstance(node.layer, PASSED):
        node = producers.get(node.inputs[0])
    if node is None or not isinstance(node.layer, Sigmoid):
        origin = f"{type(last.layer).__name__} '{last.name}'" if last else "the network's input"
        raise ConvertError(
            f"output '{port.name}' does not come from a sigmoid, but from {origin}, so it has no logits"
        )
    logits = node.inputs[0]
    graph.outputs.append(Port(name, logits, logits.shape))
