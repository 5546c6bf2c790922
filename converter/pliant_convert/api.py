"""Conversion from Python: a module with its weights becomes a model file."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Optional, Union

import torch
from torch import nn

from . import writer
from .errors import ConvertError
from .export import trace_or_export
from .ir import Graph, InputSpec
from .output_file import write_file
from .passes import simplify
from .version import VERSION


def convert(
    module: nn.Module,
    example_inputs: Union[torch.Tensor, Sequence[torch.Tensor]],
    path: Union[str, PathLike],
    *,
    input_names: Sequence[str] = (),
    output_names: Sequence[str] = (),
    dynamic: bool = True,
    weights: str = "float32",
    name: Optional[str] = None,
) -> list[str]:
    """Writes `module`, in its inference form and with its weights, to the model file `path`.

    example_inputs: tensors of the shapes that forward takes; their numbers do not matter. With `dynamic` the
    model takes any batch, height and width of inputs of rank 4 and any first size of other inputs; else
    exactly these shapes. weights: the element type of weights in the file, 'float32' or 'float16'. Gives
    notes on what the model assumes, none in most cases. Raises ConvertError.
    """
    examples = [example_inputs] if isinstance(example_inputs, torch.Tensor) else list(example_inputs)
    shapes = []
    for number, example in enumerate(examples):
        if not isinstance(example, torch.Tensor) or example.ndim < 1:
            raise ConvertError(f"example input {number} is no tensor of rank 1 or more")
        shapes.append(tuple(example.shape))
    specs = input_specs(module, shapes, input_names, dynamic)
    graph, notes = graph_of(module, specs, output_names, examples)
    provenance = writer.Provenance(VERSION, "", "", "")
    data = writer.model_bytes(graph, name or type(module).__name__, None, None, provenance, weights)
    write_file(Path(path), data)
    return notes


def input_specs(
    module: nn.Module, shapes: Sequence[Sequence[int]], names: Sequence[str] = (), dynamic: bool = True
) -> list[InputSpec]:
    """Inputs of these shapes, named as forward names its arguments where `names` is empty."""
    arguments = list(inspect.signature(module.forward).parameters.values())
    plain = [a.name for a in arguments if a.kind in (a.POSITIONAL_ONLY, a.POSITIONAL_OR_KEYWORD)]
    given = list(names) or [plain[i] if i < len(plain) else f"input{i}" for i in range(len(shapes))]
    if len(given) != len(shapes):
        raise ConvertError(f"there are {len(shapes)} inputs, but {len(given)} names for them")
    specs = []
    for name, shape in zip(given, shapes):
        free = {0, 2, 3} if len(shape) == 4 else {0}
        sizes = tuple(-1 if dynamic and axis in free else size for axis, size in enumerate(shape))
        specs.append(InputSpec(name, sizes))
    return specs


def graph_of(
    module: nn.Module, specs: Sequence[InputSpec], output_names: Sequence[str], examples: Sequence[Any]
) -> tuple[Graph, list[str]]:
    """(the simplified graph, notes); the module is left as it was."""
    with _unchanged(module):
        graph, notes = trace_or_export(module, specs, output_names, examples)
    simplify(graph)
    return graph, notes


@contextlib.contextmanager
def _unchanged(module: nn.Module) -> Iterator[None]:
    """Puts back all attributes: the mode, and what forward sets, which would be a stand-in for a tensor.

    PyTorch keeps parameters, buffers and children in dictionaries among them.
    """
    attributes = [(vars(part), dict(vars(part))) for part in module.modules()]
    items = [item for _, old in attributes for item in old.values()]
    dictionaries = attributes + [(item, dict(item)) for item in items if isinstance(item, dict)]
    lists = [(item, list(item)) for item in items if isinstance(item, list)]
    try:
        yield
    finally:
        for dictionary, old in dictionaries:
            dictionary.clear()
            dictionary.update(old)
        for item, old in lists:
            item[:] = old
