"""Loads a network's class from the user's own Python file. This runs that file, which the user named."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Callable

import torch
from torch import nn

from .checkpoint import Tensor
from .checkpoint.state_dict import PREFIXES
from .errors import ConvertError
from .recipes import check_keys, shapes_of

MODULE_NAME = "pliant_convert_own_module"


def build(specification: str, arguments: str = "") -> nn.Module:
    """The module of 'FILE.py:NAME' or 'package.module:NAME', called with the JSON `arguments`.

    NAME is a class of nn.Module or a function that gives one; the arguments are an object (keywords) or an
    array. Raises ConvertError.
    """
    source, separator, name = specification.rpartition(":")
    if not separator or not source or not name:
        raise ConvertError(f"--model is '{specification}', expected FILE.py:CLASS or package.module:CLASS")
    namespace = _import(source)
    make = getattr(namespace, name, None)
    if not callable(make):
        found = [
            key
            for key, item in vars(namespace).items()
            if inspect.isclass(item) and issubclass(item, nn.Module) and item.__module__ == namespace.__name__
        ]
        raise ConvertError(
            f"'{source}' has no class or function '{name}'; its modules are {', '.join(found) or 'none'}"
        )
    positional, keywords = _arguments(arguments)
    if isinstance(make, nn.Module) and not arguments:
        return make
    try:
        made = make(*positional, **keywords)
    except (Exception, SystemExit) as error:
        raise ConvertError(
            f"'{name}' of '{source}' cannot be made with {arguments or 'no arguments'}: {_reason(error)}"
        ) from error
    if not isinstance(made, nn.Module):
        raise ConvertError(f"'{name}' of '{source}' gives {type(made).__name__}, expected a torch.nn.Module")
    return made


def _import(source: str) -> Any:
    path = Path(source)
    try:
        if path.suffix == ".py":
            if not path.is_file():
                raise ConvertError(f"--model: the file '{source}' does not exist")
            root, package = _package(path.resolve().parent)
            if package:  # its relative imports need the name
                return _module_of(root, f"{package}.{path.stem}")
            _search(root)
            specification = importlib.util.spec_from_file_location(MODULE_NAME, path)
            module = importlib.util.module_from_spec(specification)
            sys.modules[MODULE_NAME] = module
            specification.loader.exec_module(module)
            return module
        return _module_of(Path.cwd(), source)
    except ConvertError:
        raise
    except (Exception, SystemExit) as error:
        hint = ""
        if isinstance(error, ImportError):
            hint = (
                "; a compiled operator is not needed for conversion: import an empty module of that name "
                "in its place"
            )
        raise ConvertError(f"--model: '{source}' cannot be imported: {_reason(error)}{hint}") from error


def _search(folder: Path) -> None:
    """What the user's file imports lies there."""
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def _module_of(folder: Path, name: str) -> Any:
    _search(folder)
    return importlib.import_module(name)


def _package(folder: Path) -> tuple[Path, str]:
    """(the folder around the outermost package that `folder` belongs to, the package's name or '')."""
    names: list[str] = []
    while (folder / "__init__.py").is_file() and folder.name.isidentifier():
        names.insert(0, folder.name)
        folder = folder.parent
    return folder, ".".join(names)


def _arguments(text: str) -> tuple[list, dict]:
    if not text:
        return [], {}
    try:
        value = json.loads(text)
    except ValueError as error:
        raise ConvertError(f"--model-args is no JSON: {error}") from error
    if isinstance(value, dict):
        return [], value
    if isinstance(value, list):
        return value, {}
    raise ConvertError("--model-args has to be a JSON object such as '{\"width\": 32}' or an array")


def _reason(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    if isinstance(error, SystemExit):
        return f"it ends the program ({error.code})"
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__


def load(module: nn.Module, weights: Mapping[str, Tensor], name: str, ignored: str = "") -> dict[str, Tensor]:
    """Fills the module and gives the weights by its keys. Keys that match `ignored` may be extra.

    Raises ConvertError on a missing, extra or misshapen key.
    """
    expected = {key: tuple(item.shape) for key, item in module.state_dict().items()}
    weights = _by_modules_keys(weights, expected)
    shapes = shapes_of(weights)
    try:
        pattern = re.compile(ignored) if ignored else None
    except re.error as error:
        raise ConvertError(f"--ignore-keys is no regular expression: {error}") from error

    def is_dispensable(key: str) -> bool:
        return key.endswith("num_batches_tracked") or bool(
            pattern and pattern.search(key) and key not in expected
        )

    check_keys(name, expected, shapes, is_dispensable)
    targets: dict[str, Any] = dict(module.state_dict(keep_vars=True))
    with torch.no_grad():
        for key, target in targets.items():
            if key in weights and not key.endswith("num_batches_tracked"):
                target.copy_(torch.from_numpy(weights[key].numpy(key)))
    return weights


def _by_modules_keys(weights: Mapping[str, Tensor], expected: Mapping[str, Any]) -> dict[str, Tensor]:
    """The weights without the wrapper's prefix, whatever its name, that makes the most keys fit."""
    longest = max(expected, key=len, default="")
    found = {key[: -len(longest)] for key in weights if longest and key.endswith(longest)}
    known = [*PREFIXES, *sorted(found)]
    prefixes = [""] + [p for p in known if weights and all(key.startswith(p) for key in weights)]
    stripped = [{key[len(p) :]: tensor for key, tensor in weights.items()} for p in prefixes]
    best: Callable[[dict], int] = lambda candidate: sum(key in expected for key in candidate)  # noqa: E731
    return max(stripped, key=best)
