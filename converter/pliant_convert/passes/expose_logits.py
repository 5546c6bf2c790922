"""Adds the input of an output's sigmoid as a second output, for comparisons that saturation cannot hide."""

from __future__ import annotations

from ..errors import ConvertError
from ..ir import Graph, Port
from ..layers.sigmoid import Sigmoid


def expose_logits(graph: Graph, name: str = "logits") -> None:
    port = graph.outputs[0]
    producer = next((node for node in graph.nodes if node.output is port.value), None)
    if producer is None or not isinstance(producer.layer, Sigmoid):
        raise ConvertError(f"output '{port.name}' does not come from a sigmoid, so it has no logits")
    graph.outputs.append(Port(name, producer.inputs[0], port.shape, port.multiple_of))
