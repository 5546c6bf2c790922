"""Finds the recipe of a checkpoint, builds its module and loads the weights, key by key."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from typing import Any, Callable

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from .checkpoint import Tensor
from .checkpoint.tensors import MAX_ELEMENTS
from .errors import ConvertError
from .models import RECIPES, ImagePreprocess, Recipe, TextPostprocess, UnknownLayout

Shapes = Mapping[str, tuple[int, ...]]
LIST_ARCHS = "pliant-convert --list-archs names those that are known"


def renamed(recipe: Recipe, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights by the keys of the recipe's module."""
    result: dict[str, Tensor] = {}
    for key, tensor in weights.items():
        name = recipe.rename(key)
        if name in result:
            raise ConvertError(f"two keys of the checkpoint mean '{name}' in {recipe.name}, one is '{key}'")
        result[name] = tensor
    return result


def shapes_of(weights: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {key: tuple(tensor.shape) for key, tensor in weights.items()}


def recipe_named(name: str) -> Recipe:
    found = next((recipe for recipe in RECIPES if recipe.name == name), None)
    if found is None:
        raise ConvertError(f"unknown architecture '{name}'; {LIST_ARCHS}")
    return found


def recognise(shapes: Shapes) -> Recipe:
    """The recipe whose marks the keys and shapes bear. Raises ConvertError that names the nearest one."""
    fitting = [recipe for recipe in RECIPES if recipe.matches(shapes)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = ", ".join(recipe.name for recipe in fitting)
        raise ConvertError(f"the keys fit several architectures ({names}); choose one with --arch")
    example = next(iter(shapes), "none")
    nearest, shared, expected = _nearest(shapes)
    if shared == 0:
        raise ConvertError(
            f"no known architecture has these keys (the first of {len(shapes)} is '{example}'); "
            f"{LIST_ARCHS}, and --model converts a network of your own"
        )
    missing = next((key for key in expected if key not in shapes), None)
    raise ConvertError(
        f"no known architecture has these keys (the first of {len(shapes)} is '{example}'); the nearest is "
        f"{nearest.name}, with {shared} keys in common"
        + (f", which also needs '{missing}'" if missing else "")
    )


def build(recipe: Recipe, shapes: Shapes) -> nn.Module:
    """The recipe's module in the size that the weights have, with its weights not yet set."""
    try:
        configuration = recipe.configure(shapes)
    except UnknownLayout as error:
        raise ConvertError(
            f"the checkpoint is no {recipe.name}: {error}{_nearest_hint(recipe, shapes)}"
        ) from error
    return recipe.build(configuration)


def processing(recipe: Recipe, content: Any) -> tuple[ImagePreprocess, TextPostprocess]:
    """The recipe's pre- and post-processing, or what the checkpoint says of its own beside the weights."""
    try:
        return recipe.adapt(content, recipe.preprocess, recipe.postprocess)
    except UnknownLayout as error:
        raise ConvertError(f"the checkpoint is no usable {recipe.name}: {error}") from error


class _OnMeta(TorchFunctionMode):
    """Makes tensors without elements, as torch.device("meta") does in newer versions."""

    FACTORIES = (torch.empty, torch.zeros, torch.ones, torch.full, torch.tensor, torch.arange)

    def __torch_function__(self, function: Any, _: Any, arguments: Any = (), keywords: Any = None) -> Any:
        keywords = dict(keywords or {})
        if function in self.FACTORIES:
            keywords["device"] = "meta"
        return function(*arguments, **keywords)


def check(recipe: Recipe, shapes: Shapes) -> None:
    """Raises ConvertError unless the weights of these shapes, by the file's keys, are all of the recipe's.

    Nothing is allocated for them: a file of a kilobyte may claim a network of gigabytes.
    """
    with _OnMeta():
        outline = build(recipe, shapes)
    expected = {key: tuple(item.shape) for key, item in outline.state_dict().items()}
    found = {recipe.rename(key): shape for key, shape in shapes.items()}
    check_keys(recipe.name, expected, found, recipe.is_training_only, lambda: _nearest_hint(recipe, found))
    elements = sum(math.prod(shape) for shape in expected.values())
    if elements > MAX_ELEMENTS:
        raise ConvertError(
            f"the checkpoint is a {recipe.name} of {elements} parameters, "
            f"but a model file holds at most {MAX_ELEMENTS}"
        )


def load_weights(recipe: Recipe, module: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Fills `module` with the weights. Raises ConvertError on a missing, extra or misshapen key."""
    weights = renamed(recipe, weights)
    shapes = shapes_of(weights)
    expected = {key: tuple(item.shape) for key, item in module.state_dict().items()}
    check_keys(recipe.name, expected, shapes, recipe.is_training_only, lambda: _nearest_hint(recipe, shapes))
    targets: dict[str, Any] = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    with torch.no_grad():
        for key, target in targets.items():
            if key in weights and not recipe.is_training_only(key):
                target.copy_(torch.from_numpy(weights[key].numpy(key)))


def check_keys(
    name: str,
    expected: Shapes,
    found: Shapes,
    is_training_only: Callable[[str], bool],
    hint: Callable[[], str] = lambda: "",
) -> None:
    """Compares keys and shapes; what `hint` gives ends the message."""
    missing = [key for key in expected if key not in found and not is_training_only(key)]
    extra = [key for key in found if key not in expected and not is_training_only(key)]
    misshapen = [
        key for key in expected if key in found and not is_training_only(key) and expected[key] != found[key]
    ]
    if misshapen:
        key = misshapen[0]
        raise ConvertError(
            f"key '{key}' has shape {_shape(found[key])}, {name} expects {_shape(expected[key])}"
            f"{_more(misshapen)}{hint()}"
        )
    if missing:
        key = missing[0]
        raise ConvertError(
            f"key '{key}' of shape {_shape(expected[key])}, which {name} needs, is missing"
            f"{_more(missing)}{hint()}"
        )
    if extra:
        key = extra[0]
        raise ConvertError(
            f"key '{key}' of shape {_shape(found[key])} is not part of {name}{_more(extra)}{hint()}"
        )


def _more(keys: list[str]) -> str:
    return f" (and {len(keys) - 1} more such keys)" if len(keys) > 1 else ""


def _shape(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) if shape else "scalar"


@functools.cache
def _keys_of_recipes() -> list[tuple[Recipe, list[str]]]:
    """The keys that each recipe needs at its usual depth."""
    return [(r, [key for key in r.skeleton().state_dict() if not r.is_training_only(key)]) for r in RECIPES]


def _nearest(shapes: Shapes) -> tuple[Recipe, int, list[str]]:
    """(recipe, keys in common, keys that it needs) of the recipe that shares the most keys."""
    rows = []
    for recipe, expected in _keys_of_recipes():
        rows.append((recipe, sum(key in shapes for key in expected), expected))
    return max(rows, key=lambda row: (row[1], -len(row[2])))


def _nearest_hint(recipe: Recipe, shapes: Shapes) -> str:
    nearest, shared, _ = _nearest(shapes)
    if nearest is recipe or shared == 0:
        return f"; {recipe.name} is the nearest known architecture"
    return f"; the nearest known architecture is {nearest.name}"
