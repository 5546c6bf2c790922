"""Rewrites of the IR, one file each; every pass changes the graph in place and keeps what it computes."""

from ..ir import Graph
from .drop_dead import drop_dead
from .drop_identity import drop_identity
from .expose_logits import expose_logits
from .fold_batch_norm import fold_batch_norm

__all__ = ["drop_dead", "drop_identity", "expose_logits", "fold_batch_norm", "simplify"]


def simplify(graph: Graph) -> None:
    """All passes that every model goes through, in their order."""
    drop_identity(graph)
    drop_dead(graph)
    fold_batch_norm(graph)
    drop_dead(graph)
