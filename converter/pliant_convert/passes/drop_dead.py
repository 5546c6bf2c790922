"""Drops nodes whose result nobody needs; their weights go with them, as weights live in the nodes."""

from __future__ import annotations

from ..ir import Graph


def drop_dead(graph: Graph) -> None:
    needed = {port.value for port in graph.outputs}
    kept = []
    for node in reversed(graph.nodes):
        if node.output in needed:
            needed.update(node.inputs)
            kept.append(node)
    graph.nodes = kept[::-1]
