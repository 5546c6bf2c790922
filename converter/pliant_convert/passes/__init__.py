"""Rewrites of the IR, one file each; every pass changes the graph in place and keeps what it computes."""

from ..ir import Graph
from .drop_dead import drop_dead
from .drop_identity import drop_identity
from .expose_logits import expose_logits
from .fold_batch_norm import fold_batch_norm
from .fold_constants import fold_constants
from .merge_branches import merge_branches

__all__ = [
    "drop_dead",
    "drop_identity",
    "expose_logits",
    "fold_batch_norm",
    "fold_constants",
    "merge_branches",
    "simplify",
]


def simplify(graph: Graph) -> None:
    """All passes that every model goes through, in their order."""
    drop_identity(graph)
    drop_dead(graph)
    fold_batch_norm(graph)
    merge_branches(graph)
    fold_constants(graph)
    drop_dead(graph)
