"""Drops nodes that only copy."""

from __future__ import annotations

from ..ir import Graph
from ..layers.identity import Identity


def drop_identity(graph: Graph) -> None:
    for node in list(graph.nodes):
        if isinstance(node.layer, Identity):
            graph.nodes.remove(node)
            graph.replace(node.output, node.inputs[0])
