"""Which handler knows a module, a function or a tensor method.

A handler gets a `Call` (see trace.py) and returns a Value. It is found by exact type: a subclass may compute
something else, so it is traced into instead.
"""

from __future__ import annotations

from typing import Any, Callable, Optional

from torch import nn
from torch.nn.utils.parametrize import is_parametrized

Handler = Callable[[Any], Any]

MODULES: dict[type, Handler] = {}
FUNCTIONS: dict[Any, Handler] = {}
METHODS: dict[str, Handler] = {}
# Modules known by what they have rather than by their class: (test, handler).
SHAPED_LIKE: list[tuple[Callable[[Any], bool], Handler]] = []


def module(*classes: type) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        MODULES.update(dict.fromkeys(classes, handler))
        return handler

    return register


def function(*functions: Any) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        FUNCTIONS.update(dict.fromkeys(functions, handler))
        return handler

    return register


def method(*names: str) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        METHODS.update(dict.fromkeys(names, handler))
        return handler

    return register


def module_like(test: Callable[[Any], bool]) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        SHAPED_LIKE.append((test, handler))
        return handler

    return register


def handler_of_module(instance: Any) -> Optional[Handler]:
    """The handler of a module, or None where it has to be traced into.

    One with torch.nn.utils.parametrize computes as its class does; its weights are made when asked for.
    """
    parametrized = isinstance(instance, nn.Module) and is_parametrized(instance)
    found = MODULES.get(type(instance).__base__ if parametrized else type(instance))
    if found is None:
        found = next((handler for test, handler in SHAPED_LIKE if test(instance)), None)
    return found


def supported() -> str:
    """The names of what is supported, for messages."""
    modules = sorted({cls.__name__ for cls in MODULES})
    functions = {getattr(f, "__name__", str(f)) for f in FUNCTIONS} | set(METHODS)
    functions = sorted(name for name in functions if not (name.endswith("_") and name[:-1] in functions))
    return f"modules {', '.join(modules)}; functions and methods {', '.join(functions)}"
