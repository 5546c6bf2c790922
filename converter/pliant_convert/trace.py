"""From an ordinary nn.Module to the IR: torch.fx records what it computes, `layers/` says what that means.

Each operation is interpreted as soon as it is recorded, so that sizes which are known are plain numbers in
the network's Python code, and what unpacks or iterates over parts of a tensor works.
"""

from __future__ import annotations

import contextlib
import inspect
import operator
import os
import sys
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Any
from unittest import mock

import torch
import torch.fx
import torchvision
from torch import nn

from . import layers  # noqa: F401  (fills the registry)
from .dims import Dim, UnknownSize
from .errors import ConvertError
from .interpreter import UNKNOWN, Interpreter
from .ir import Graph, InputSpec, Value, Weight
from .layers import registry

_DEFORM_CONV2D = torchvision.ops.deform_conv2d
_OWN_FOLDER = os.path.dirname(__file__) + os.sep
_HIDDEN = (
    os.path.dirname(torch.__file__) + os.sep,
    os.path.dirname(mock.__file__) + os.sep,
    contextlib.__file__,
    os.path.dirname(torchvision.ops.__file__) + os.sep,
)


class CannotFollow(ConvertError):
    """torch.fx gave up, most often on control flow; torch.export may succeed."""


def trace(module: nn.Module, inputs: Sequence[InputSpec], output_names: Sequence[str] = ()) -> Graph:
    """The IR of `module` in eval mode.

    `inputs` are its positional arguments, `output_names` its outputs in their order. Weights share the
    module's memory where they are float32 and contiguous. Raises ConvertError that names the module path, the
    operation and the source line of whatever the model file cannot express.
    """
    module.eval()
    is_layer = registry.handler_of_module(module) is not None or _is_torch_leaf(module)
    if is_layer or _has_hooks(module):
        # torch.fx looks into the module that it is given, past hooks; so another goes around.
        name = type(module).__name__
        if len(inputs) == 1:
            return trace(nn.Sequential(OrderedDict([(name, module)])), inputs, output_names)
        if _has_hooks(module):
            raise ConvertError(f"'{name}' has hooks and several inputs; put it into a module that calls it")
        return _record_one_layer(module, inputs, output_names)
    interpreter = Interpreter(module, inputs, output_names)
    tracer = _Tracer(interpreter)
    try:
        with tracer.leaf_functions():
            tracer.trace(module)
    except ConvertError:
        raise
    except Exception as error:
        path = tracer.paths[-1] or type(module).__name__
        raise CannotFollow(f"torch.fx cannot follow '{path}'{_line_of(error)}: {_reason(error)}") from error
    return interpreter.finish()


def _is_torch_leaf(module: nn.Module) -> bool:
    return type(module).__module__.startswith("torch.nn") and not isinstance(module, nn.Sequential)


def _has_hooks(module: nn.Module) -> bool:
    return bool(module._forward_pre_hooks or module._forward_hooks)


def _record_one_layer(layer: nn.Module, inputs: Sequence[InputSpec], output_names: Sequence[str]) -> Graph:
    """A network of one layer with several inputs, recorded by hand."""
    name = type(layer).__name__
    around, graph = nn.Module(), torch.fx.Graph()
    around.add_module(name, layer)
    taken = list(inputs)[: len(inspect.signature(layer.forward).parameters)]
    graph.output(graph.call_module(name, tuple(graph.placeholder(spec.name) for spec in taken)))
    interpreter = Interpreter(around, inputs, output_names)
    for node in graph.nodes:
        interpreter.step(node)
    return interpreter.finish()


class _Proxy(torch.fx.Proxy):
    """Answers what is known; records x += y as in place, which torch.fx would record as x + y."""

    def __getattr__(self, name: str) -> Any:
        known = self.tracer.interpreter.attribute(self.node, name)
        return super().__getattr__(name) if known is UNKNOWN else known

    @property
    def __class__(self) -> type:
        """The network's code, which may ask by isinstance, sees a tensor; torch.fx sees what it is."""
        asking = sys._getframe(1).f_code
        is_network = asking is torch.is_tensor.__code__ or _is_users(asking.co_filename)
        return torch.Tensor if is_network else type(self)

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.unbind(0))


def _in_place_operator(function: Any) -> Any:
    def record(self: _Proxy, other: Any) -> Any:
        return self.tracer.create_proxy("call_function", function, (self, other), {})

    return record


for _name in "iadd isub imul itruediv ifloordiv imod ipow imatmul iand ior ixor".split():
    setattr(_Proxy, f"__{_name}__", _in_place_operator(getattr(operator, _name)))


class _Tracer(torch.fx.Tracer):
    """Stops at modules that a handler knows, and notes where each operation comes from."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.ports = _ports_of_deform_conv2d()
        super().__init__(autowrap_functions=(_DEFORM_CONV2D, *self.ports))
        self.interpreter = interpreter
        self.paths = [""]
        self.interpreting = False  # handlers get real parameters, the network's code gets proxies

    def create_args_for_root(self, root_fn: Any, is_module: bool, concrete_args: Any = None) -> Any:
        """The inputs that were described; forward's other arguments keep their defaults, as Python has it."""
        specs = self.interpreter.specs
        taken = [p for p in inspect.signature(root_fn).parameters.values() if p.kind != p.VAR_KEYWORD][1:]
        positional = [p for p in taken if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        needed = [p for p in taken if p.kind != p.VAR_POSITIONAL and p.default is p.empty]
        given = positional[: len(specs)]
        missing = [p.name for p in needed if p not in given]
        if missing:
            raise ConvertError(f"the network's input '{missing[0]}' was not described; give its shape, too")
        if len(specs) > len(positional) and not any(p.kind == p.VAR_POSITIONAL for p in taken):
            name = specs[len(positional)].name
            raise ConvertError(f"the network takes no input '{name}'; it has fewer inputs than were given")
        return root_fn, [self.root, *(self.create_proxy("placeholder", s.name, (), {}) for s in list(specs))]

    @contextlib.contextmanager
    def real_attributes(self) -> Iterator[None]:
        before, self.interpreting = self.interpreting, True
        try:
            yield
        finally:
            self.interpreting = before

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: dict) -> Any:
        return attr_val if self.interpreting else super().getattr(attr, attr_val, parameter_proxy_cache)

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        with self.real_attributes():
            known = registry.handler_of_module(m) is not None
        # A forward that was put on the instance takes the place of the class's.
        return "forward" not in vars(m) and (
            known or super().is_leaf_module(m, module_qualified_name)
        )

    def proxy(self, node: torch.fx.Node) -> torch.fx.Proxy:
        return _Proxy(node, self)

    def create_arg(self, a: Any) -> Any:
        return a if isinstance(a, Dim) else super().create_arg(a)

    def create_proxy(self, kind: str, target: Any, args: Any, kwargs: Any, *rest: Any, **options: Any) -> Any:
        """A proxy of a tensor, or at once what Python would have: a number, sizes, a tuple of tensors."""
        if target in self.ports:
            target = _DEFORM_CONV2D
        elif kind == "call_function" and _is_wrapped(target):
            return self.call_function(target, args, kwargs)
        proxy = super().create_proxy(kind, target, args, kwargs, *rest, **options)
        result = self.interpreter.results[proxy.node]
        if isinstance(result, (Value, Weight)) or kind in ("placeholder", "output"):
            return proxy
        return self._plain(proxy, result)

    def _plain(self, proxy: Any, result: Any) -> Any:
        if not isinstance(result, tuple) or not any(isinstance(item, (Value, Weight)) for item in result):
            return result
        pairs = enumerate(result)
        return tuple(self.create_proxy("call_function", operator.getitem, (proxy, i), {}) for i, _ in pairs)

    def call_function(self, function: Any, args: tuple, kwargs: dict) -> Any:
        """What a function does that torch.fx.wrap made a leaf, but no handler knows."""
        try:
            return function(*args, **kwargs)
        except ConvertError:
            raise
        except Exception as error:
            raise CannotFollow(
                f"'{function.__name__}' in '{self.paths[-1]}'{_user_line()}: not supported, and torch.fx "
                f"cannot follow it{_line_of(error)}: {_reason(error)}"
            ) from error

    def call_module(self, m: nn.Module, forward: Any, args: tuple, kwargs: dict) -> Any:
        if self.interpreting:  # a weight that is computed by modules when a handler asks for it
            return forward(*args, **kwargs)
        path = self.path_of_module(m)
        self.paths.append(path)
        if _has_hooks(m) and self.is_leaf_module(m, path):
            result = self._call_with_hooks(m, path, forward, args, kwargs)
        else:
            result = super().call_module(m, forward, args, kwargs)
        self.paths.pop()  # not in a finally: after an error the last path is where it happened
        return result

    def _call_with_hooks(self, m: nn.Module, path: str, forward: Any, args: tuple, kwargs: dict) -> Any:
        """A handler stands for forward alone; hooks, such as those of weight_norm, run as they are."""

        def record(*args: Any, **kwargs: Any) -> Any:
            return self.create_proxy("call_module", path, args, kwargs)

        with mock.patch.object(m, "forward", record), self.real_attributes(), torch.no_grad():
            return forward(*args, **kwargs)

    def create_node(self, kind: str, *args: Any, **kwargs: Any) -> torch.fx.Node:
        node = super().create_node(kind, *args, **kwargs)
        node.meta["path"] = self.paths[-1]
        node.meta["line"] = _user_line()
        with self.real_attributes():
            self.interpreter.step(node)
        return node

    @contextlib.contextmanager
    def leaf_functions(self) -> Iterator[None]:
        """torch.fx wraps a function where it was imported by name; this does it where it is an attribute."""

        def leaf(*args: Any, **kwargs: Any) -> Any:
            if not any(isinstance(a, torch.fx.Proxy) for a in (*args, *kwargs.values())):
                return _DEFORM_CONV2D(*args, **kwargs)
            return self.create_proxy("call_function", _DEFORM_CONV2D, args, kwargs)

        with contextlib.ExitStack() as stack:
            for owner in (torchvision.ops, *(sys.modules[port.__module__] for port in self.ports)):
                stack.enter_context(mock.patch.object(owner, "deform_conv2d", leaf))
            yield


def _ports_of_deform_conv2d() -> tuple[Any, ...]:
    """The same function of pure PyTorch ports that the network's code has imported."""
    found = (
        getattr(sys.modules.get(name), "deform_conv2d", None) for name in ("deform_conv_torch", "deform_conv")
    )
    return tuple(f for f in found if inspect.isfunction(f) and hasattr(sys.modules[f.__module__], f.__name__))


def _is_wrapped(target: Any) -> bool:
    """Python code that torch.fx.wrap made a leaf. PyTorch's own functions cannot be called with proxies."""
    return (
        inspect.isfunction(target)
        and target not in registry.FUNCTIONS
        and not target.__module__.partition(".")[0] == "torch"
    )


def _reason(error: BaseException) -> str:
    text = str(error).splitlines()[0] if str(error) else repr(error)
    if isinstance(error, UnknownSize):
        return f"{text}. Where the shape of the input is fixed (--fixed-sizes, dynamic=False) they may"
    return f"{text}; Python control flow must not depend on tensors"


def _is_users(filename: str) -> bool:
    own = filename.startswith(_OWN_FOLDER) and not filename.startswith(_OWN_FOLDER + "models" + os.sep)
    return not own and not filename.startswith(_HIDDEN) and "<eval" not in filename


def _user_line() -> str:
    """' (file.py:12)' of the innermost frame that is neither PyTorch's nor the converter's."""
    frame = sys._getframe(1)
    while frame is not None:
        if _is_users(frame.f_code.co_filename):
            return f" ({os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno})"
        frame = frame.f_back
    return ""


def _line_of(error: BaseException) -> str:
    found, traceback = "", error.__traceback__
    while traceback is not None:
        if _is_users(traceback.tb_frame.f_code.co_filename):
            found = f" ({os.path.basename(traceback.tb_frame.f_code.co_filename)}:{traceback.tb_lineno})"
        traceback = traceback.tb_next
    return found


__all__ = ["CannotFollow", "trace"]
