"""The whole way from a checkpoint to a model file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Callable, Optional

import torch
from torch import nn

from . import api, own_module, recipes, writer
from .checkpoint import Checkpoint, find_state_dict, open_checkpoint
from .errors import ConvertError
from .ir import Graph, InputSpec
from .models import ImagePreprocess, Recipe, TextPostprocess
from .output_file import write_file
from .passes import expose_logits, simplify
from .trace import trace
from .version import VERSION

Progress = Callable[[int, int], None]  # bytes done, bytes in all


@dataclass
class OwnModule:
    """A network of the user's: `specification` as for own_module.build, `inputs` the example shapes."""

    specification: str
    arguments: str = ""
    inputs: Sequence[tuple[int, ...]] = ((1, 3, 640, 640),)
    fixed_sizes: bool = False
    ignored_keys: str = ""


@dataclass
class Options:
    """`short_side` and single fields in `postprocess` replace the values of recipe and checkpoint."""

    arch: Optional[str] = None
    own: Optional[OwnModule] = None
    name: Optional[str] = None
    output_logits: bool = False
    weights: str = "float32"
    short_side: Optional[int] = None
    postprocess: Mapping[str, Any] = field(default_factory=dict)
    progress: Optional[Progress] = None


@dataclass
class Converted:
    """What was made: `module` is the network in PyTorch with the checkpoint's weights, in eval mode."""

    recipe: Optional[Recipe]  # None for a module of the user's
    label: str  # the recipe's or the class's name
    sizes: str  # of the network, in words
    module: nn.Module
    graph: Graph
    data: memoryview  # the model file
    examples: Sequence[tuple[int, ...]] = ()  # input shapes of a module of the user's
    notes: Sequence[str] = ()
    unused: Sequence[str] = ()  # keys of the checkpoint that are not in the model
    preprocess: Optional[ImagePreprocess] = None  # as in the file: the recipe's, and what was asked for
    postprocess: Optional[TextPostprocess] = None

    def parameters(self) -> int:
        return sum(weight.array.size for weight in self.graph.weights())


def convert_checkpoint(path: Path, options: Options) -> Converted:
    """Converts a checkpoint in memory. Raises ConvertError."""
    with open_checkpoint(path) as checkpoint:
        if options.own is not None:
            return _convert_own(checkpoint, options, options.own)
        return _convert_recipe(checkpoint, options)


def _convert_recipe(checkpoint: Checkpoint, options: Options) -> Converted:
    weights = find_state_dict(checkpoint.content)
    shapes = recipes.shapes_of(weights)
    recipe = recipes.recipe_named(options.arch) if options.arch else recipes.recognise(shapes)
    recipes.check(recipe, shapes)
    module = recipes.build(recipe, shapes)
    recipes.load_weights(recipe, module, weights)
    sha256 = checkpoint.sha256(options.progress)
    graph = trace(module, [input_spec(recipe)], [recipe.output_name])
    simplify(graph)
    if options.output_logits:
        expose_logits(graph)
    preprocess, postprocess = recipes.processing(recipe, checkpoint.content)
    postprocess = replace(postprocess, **options.postprocess)
    if options.short_side is not None:
        preprocess = preprocess.with_short_side(options.short_side)
    data = writer.model_bytes(
        graph,
        options.name or checkpoint.path.stem,
        preprocess,
        postprocess,
        writer.Provenance(VERSION, checkpoint.path.name, sha256, recipe.name),
        options.weights,
    )
    result = Converted(recipe, recipe.name, recipe.configure(shapes).describe(), module, graph, data)
    result.preprocess, result.postprocess = preprocess, postprocess
    taken = {source.key for weight in graph.weights() for source in weight.origins}
    result.unused = [key for key in weights if recipe.rename(key) not in taken]
    return result


def _convert_own(checkpoint: Checkpoint, options: Options, own: OwnModule) -> Converted:
    module = own_module.build(own.specification, own.arguments).eval()
    label = own.specification.rpartition(":")[2]
    raw = find_state_dict(checkpoint.content, strip=False)
    weights = own_module.load(module, raw, label, own.ignored_keys)
    sha256 = checkpoint.sha256(options.progress)
    specs = api.input_specs(module, own.inputs, dynamic=not own.fixed_sizes)
    examples = [torch.zeros(shape) for shape in own.inputs]
    graph, notes = api.graph_of(module, specs, (), examples)
    if options.output_logits:
        expose_logits(graph)
    provenance = writer.Provenance(VERSION, checkpoint.path.name, sha256, label)
    name = options.name or checkpoint.path.stem
    data = writer.model_bytes(graph, name, None, None, provenance, options.weights)
    expected = module.state_dict()
    unused = [key for key in weights if key not in expected or key.endswith("num_batches_tracked")]
    sizes = ", ".join(f"{port.name} {shape_text(port.shape)}" for port in graph.inputs)
    return Converted(None, label, sizes, module, graph, data, own.inputs, notes, unused)


def shape_text(shape: Sequence[int]) -> str:
    return "x".join("?" if size == -1 else str(size) for size in shape)


def input_spec(recipe: Recipe) -> InputSpec:
    """A picture of any size in whole multiples, in batches of any size."""
    multiple = recipe.input_multiple_of
    return InputSpec(recipe.input_name, (-1, 3, -1, -1), (1, 1, multiple, multiple))


def save(converted: Converted, source: Path, output: Path) -> None:
    """Writes the model file. Raises ConvertError, also where it would overwrite the checkpoint."""
    if output.exists() and output.samefile(source):
        raise ConvertError(f"output '{output}' is the checkpoint itself; give another name")
    write_file(output, converted.data)
