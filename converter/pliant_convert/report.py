"""What --dry-run prints, and the progress bar. Besides these only the command itself prints."""

from __future__ import annotations

import sys
from collections import Counter
from itertools import groupby
from typing import Any, Callable, Optional

from .conversion import Converted, shape_text
from .ir import Source, Weight, origins_of

BAR_FROM_BYTES = 64 << 20  # smaller files are read in no time
BAR_WIDTH = 30


def dry_run(converted: Converted) -> str:
    """What was recognised, and each layer with the checkpoint keys of its weights."""
    recipe, graph = converted.recipe, converted.graph
    lines = [f"{converted.label}: {recipe.summary if recipe else 'your own module'} ({converted.sizes})"]
    if recipe is not None:
        lines += [f"  source          {recipe.source}"]
        if recipe.offset_mode:
            lines += [f"  offsets         {recipe.offset_mode}"]
        lines += [f"  pre-processing  {_fields(converted.preprocess)}"]
        lines += [f"  post-processing {_fields(converted.postprocess)}"]
    for what, ports in (("input", graph.inputs), ("output", graph.outputs)):
        lines += [f"  {what:<15} {port.name} {shape_text(port.shape)}" for port in ports]
    kinds = Counter(type(node.layer).__name__ for node in graph.nodes)
    lines += [f"  layers          {', '.join(f'{n} {kind}' for kind, n in kinds.most_common())}"]
    lines += [f"  parameters      {converted.parameters() / 1e6:.2f} M"]
    lines += [f"  note            {note}" for note in converted.notes]
    rows = [("node", "layer", "weights")] + [_row(node) for node in graph.nodes]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    lines += [""] + [f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]}".rstrip() for row in rows]
    if converted.unused:
        # Counters of batches are in every checkpoint; whoever reads this asks for the others.
        unused = sorted(converted.unused, key=lambda key: key.endswith("num_batches_tracked"))
        examples = ", ".join(unused[:3]) + (", ..." if len(unused) > 3 else "")
        lines += ["", f"{len(converted.unused)} keys are not needed at inference ({examples})"]
    return "\n".join(lines)


def _fields(record: Any) -> str:
    """The settings of a processing, those that have a value."""
    items = [(name, item) for name, item in vars(record).items() if item is not None]
    return ", ".join(f"{name} {_short(item)}" for name, item in items)


def _short(item: Any) -> str:
    if isinstance(item, tuple):
        return "(" + " ".join(map(_short, item)) + ")"
    return f"{item:g}" if isinstance(item, float) else str(item)


def _row(node: Any) -> tuple[str, str, str]:
    weights = [item for item in vars(node.layer).values() if isinstance(item, Weight)]
    return node.name, type(node.layer).__name__ + _mode(node.layer), _keys(origins_of(*weights))


def _keys(sources: tuple[Source, ...]) -> str:
    """The keys with their shapes; those of one module and shape together."""
    parts = []
    for (prefix, shape), group in groupby(sources, lambda s: (s.key.rpartition(".")[0], s.shape)):
        names = [source.key for source in group]
        if len(names) > 1 and prefix:
            last = ",".join(name[len(prefix) + 1 :] for name in names)
            names = [f"{prefix}.{{{last}}}"]
        parts += [f"{name} {shape_text(shape) or 'scalar'}" for name in names]
    return ", ".join(parts)


def _mode(layer: Any) -> str:
    return " flat_prefix" if getattr(layer, "offset_read", "exact") == "flat_prefix" else ""


def progress_bar(stream: Any = None) -> Optional[Callable[[int, int], None]]:
    """Draws how much of a large file is read, on a terminal; None elsewhere."""
    stream = stream or sys.stderr
    if not stream.isatty():
        return None
    shown = -1

    def show(done: int, total: int) -> None:
        nonlocal shown
        filled = BAR_WIDTH * done // max(total, 1)
        if total < BAR_FROM_BYTES or filled == shown:
            return
        shown = filled
        bar = "#" * filled + "." * (BAR_WIDTH - filled)
        stream.write(f"\rreading [{bar}] {done / 1e6:.0f} of {total / 1e6:.0f} MB")
        if done >= total:
            stream.write("\r" + " " * (BAR_WIDTH + 40) + "\r")
        stream.flush()

    return show
