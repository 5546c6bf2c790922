"""The whole way from a checkpoint to a model file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Optional

from torch import nn

from . import recipes, writer
from .checkpoint import find_state_dict, open_checkpoint
from .errors import ConvertError
from .ir import Graph, InputSpec
from .models import Recipe
from .output_file import write_file
from .passes import expose_logits, simplify
from .trace import trace
from .version import VERSION


@dataclass
class Options:
    """`preprocess` and `postprocess` replace single fields of the recipe's values."""

    arch: Optional[str] = None
    name: Optional[str] = None
    output_logits: bool = False
    preprocess: Mapping[str, Any] = field(default_factory=dict)
    postprocess: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Converted:
    """What was made: `module` is the recipe in PyTorch with the checkpoint's weights, in eval mode."""

    recipe: Recipe
    sizes: str  # of the recipe, in words
    module: nn.Module
    graph: Graph
    data: memoryview  # the model file

    def parameters(self) -> int:
        return sum(weight.array.size for weight in self.graph.weights())


def convert_checkpoint(path: Path, options: Options) -> Converted:
    """Converts a checkpoint in memory. Raises ConvertError."""
    with open_checkpoint(path) as checkpoint:
        weights = find_state_dict(checkpoint.content)
        shapes = recipes.shapes_of(weights)
        recipe = recipes.recipe_named(options.arch) if options.arch else recipes.recognise(shapes)
        module = recipes.build(recipe, shapes)
        recipes.load_weights(recipe, module, weights)
        sha256 = checkpoint.sha256()
    graph = trace(module, [input_spec(recipe)], [recipe.output_name])
    simplify(graph)
    if options.output_logits:
        expose_logits(graph)
    data = writer.model_bytes(
        graph,
        options.name or path.stem,
        replace(recipe.preprocess, **options.preprocess),
        replace(recipe.postprocess, **options.postprocess),
        writer.Provenance(VERSION, path.name, sha256, recipe.name),
    )
    return Converted(recipe, recipe.configure(shapes).describe(), module, graph, data)


def input_spec(recipe: Recipe) -> InputSpec:
    """A picture of any size in whole multiples, in batches of any size."""
    multiple = recipe.input_multiple_of
    return InputSpec(recipe.input_name, (-1, 3, -1, -1), (1, 1, multiple, multiple))


def save(converted: Converted, source: Path, output: Path) -> None:
    """Writes the model file. Raises ConvertError, also where it would overwrite the checkpoint."""
    if output.exists() and output.samefile(source):
        raise ConvertError(f"output '{output}' is the checkpoint itself; give another name")
    write_file(output, converted.data)
