"""From an ordinary nn.Module to the IR: torch.fx records what it computes, `layers/` says what that means."""

from __future__ import annotations

import builtins
import contextlib
import inspect
import operator
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Optional
from unittest import mock

import torch
import torch.fx
import torchvision
from torch import nn

from . import layers  # noqa: F401  (fills the registry)
from .call import Call, Size, SizeItem
from .errors import ConvertError
from .ir import Graph, InputSpec, Node, Port, Value, Weight
from .layers import registry

_DEFORM_CONV2D = torchvision.ops.deform_conv2d
_OWN_FILES = (os.path.dirname(torch.__file__) + os.sep, os.path.dirname(mock.__file__) + os.sep, __file__)


def trace(module: nn.Module, inputs: Sequence[InputSpec], output_names: Sequence[str] = ()) -> Graph:
    """The IR of `module` in eval mode.

    `inputs` are its positional arguments, `output_names` its outputs in their order. Weights share the
    module's memory where they are float32 and contiguous. Raises ConvertError that names the module path, the
    operation and the source line of whatever the model file cannot express.
    """
    module.eval()
    tracer = _Tracer()
    try:
        if tracer.is_leaf_module(module, ""):
            module, recorded = _record_one_layer(module, inputs)
        else:
            with _deform_conv2d_as_leaf():
                recorded = tracer.trace(module)
    except ConvertError:
        raise
    except Exception as error:
        path = tracer.paths[-1] or type(module).__name__
        reason = str(error).splitlines()[0] if str(error) else repr(error)
        raise ConvertError(
            f"torch.fx cannot follow '{path}'{_line_of(error)}: {reason}; "
            "Python control flow must not depend on tensors"
        ) from error
    return _Interpreter(module, inputs, output_names).run(recorded)


def _record_one_layer(layer: nn.Module, inputs: Sequence[InputSpec]) -> tuple[nn.Module, torch.fx.Graph]:
    """(a module around `layer`, its graph): torch.fx would look into a layer that is the whole network."""
    name = type(layer).__name__
    around, graph = nn.Module(), torch.fx.Graph()
    around.add_module(name, layer)
    taken = list(inputs)[: len(inspect.signature(layer.forward).parameters)]
    call = graph.call_module(name, tuple(graph.placeholder(spec.name) for spec in taken))
    call.meta.update(path="", line="")
    graph.output(call)
    return around, graph


class _Proxy(torch.fx.Proxy):
    """torch.fx records x += y as x + y, and so loses that other names of x change too."""


def _in_place_operator(function: Any) -> Any:
    def record(self: _Proxy, other: Any) -> Any:
        return self.tracer.create_proxy("call_function", function, (self, other), {})

    return record


for _name in "iadd isub imul itruediv ifloordiv imod ipow imatmul iand ior ixor".split():
    setattr(_Proxy, f"__{_name}__", _in_place_operator(getattr(operator, _name)))


class _Tracer(torch.fx.Tracer):
    """Stops at modules that a handler knows, and notes where each operation comes from."""

    def __init__(self) -> None:
        super().__init__(autowrap_functions=(_DEFORM_CONV2D,))
        self.paths = [""]

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return registry.handler_of_module(m) is not None or super().is_leaf_module(m, module_qualified_name)

    def proxy(self, node: torch.fx.Node) -> torch.fx.Proxy:
        return _Proxy(node, self)

    def call_module(self, m: nn.Module, forward: Any, args: tuple, kwargs: dict) -> Any:
        self.paths.append(self.path_of_module(m))
        result = super().call_module(m, forward, args, kwargs)
        self.paths.pop()  # not in a finally: after an error the last path is where it happened
        return result

    def create_node(self, kind: str, *args: Any, **kwargs: Any) -> torch.fx.Node:
        node = super().create_node(kind, *args, **kwargs)
        node.meta["path"] = self.paths[-1]
        node.meta["line"] = _user_line()
        return node


@contextlib.contextmanager
def _deform_conv2d_as_leaf() -> Iterator[None]:
    """torch.fx wraps a function where it was imported by name; this does `torchvision.ops.deform_conv2d`."""

    def leaf(*args: Any, **kwargs: Any) -> Any:
        proxies = [a for a in (*args, *kwargs.values()) if isinstance(a, torch.fx.Proxy)]
        if not proxies:
            return _DEFORM_CONV2D(*args, **kwargs)
        return proxies[0].tracer.create_proxy("call_function", _DEFORM_CONV2D, args, kwargs)

    with mock.patch.object(torchvision.ops, "deform_conv2d", leaf):
        yield


def _user_line() -> str:
    """' (file.py:12)' of the innermost frame that is neither PyTorch's nor this file's."""
    frame = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        if not name.startswith(_OWN_FILES) and "<eval" not in name:
            return f" ({os.path.basename(name)}:{frame.f_lineno})"
        frame = frame.f_back
    return ""


def _line_of(error: BaseException) -> str:
    found, traceback = "", error.__traceback__
    while traceback is not None:
        name = traceback.tb_frame.f_code.co_filename
        if not name.startswith(_OWN_FILES) and "<eval" not in name:
            found = f" ({os.path.basename(name)}:{traceback.tb_lineno})"
        traceback = traceback.tb_next
    return found


class _Interpreter:
    """Runs the recorded graph on Values. It keeps what in-place operations do to names of the same tensor."""

    def __init__(self, module: nn.Module, inputs: Sequence[InputSpec], output_names: Sequence[str]) -> None:
        self.module = module
        self.specs = list(inputs)
        self.output_names = list(output_names)
        self.graph = Graph()
        self.names: set[str] = set()
        self.results: dict[torch.fx.Node, Any] = {}
        self.weights: dict[int, tuple[Any, Weight]] = {}
        self.bases: dict[Value, Value] = {}  # a view: the value whose memory it shows
        self.stale: dict[Value, str] = {}  # values that an in-place operation changed behind our back

    def run(self, recorded: torch.fx.Graph) -> Graph:
        for node in recorded.nodes:
            if node.op == "placeholder":
                self.results[node] = self.placeholder(node)
            elif node.op == "output":
                self.outputs(self.lookup(node.args[0]))
            else:
                self.results[node] = self.operation(node)
        if self.specs:
            raise ConvertError(
                f"the network takes no input '{self.specs[0].name}'; it has fewer inputs than were given"
            )
        return self.graph

    def placeholder(self, node: torch.fx.Node) -> Any:
        if not self.specs:
            if node.args:  # an optional argument of forward
                return node.args[0]
            raise ConvertError(f"the network's input '{node.target}' was not described")
        spec = self.specs.pop(0)
        self.names.add(spec.name)
        channels = spec.shape[1] if len(spec.shape) > 1 and spec.shape[1] > 0 else None
        value = Value(spec.name, len(spec.shape), channels)
        self.graph.inputs.append(Port(spec.name, value, tuple(spec.shape), tuple(spec.multiple_of)))
        return value

    def outputs(self, result: Any) -> None:
        if isinstance(result, Mapping):
            named = [(str(key), value) for key, value in result.items()]
        else:
            items = list(result) if isinstance(result, (tuple, list)) else [result]
            names = self.output_names or (
                ["output"] if len(items) == 1 else [f"output{i}" for i in range(len(items))]
            )
            if len(names) != len(items):
                raise ConvertError(f"the network has {len(items)} outputs, but {len(names)} names were given")
            named = list(zip(names, items))
        for name, value in named:
            if not isinstance(value, Value):
                raise ConvertError(
                    f"the network's output '{name}' is no tensor that is computed from its input"
                )
            if value in self.stale:
                raise ConvertError(f"the network's output '{name}' {self.stale[value]}")
            self.graph.outputs.append(
                Port(name, value, (-1, value.channels or -1) + (-1,) * (value.rank - 2))
            )

    def lookup(self, argument: Any) -> Any:
        """`argument` with recorded nodes replaced by their results, inside of containers too."""
        return torch.fx.node.map_aggregate(
            argument, lambda a: self.results[a] if isinstance(a, torch.fx.Node) else a
        )

    def operation(self, node: torch.fx.Node) -> Any:
        args, kwargs = list(self.lookup(node.args)), dict(self.lookup(node.kwargs))
        call = Call(self, node.meta["path"], node.meta["line"], node.target, args, kwargs)
        if node.op == "get_attr":
            return self.weight(node.target, operator.attrgetter(node.target)(self.module))
        if node.op == "call_module":
            call.path, call.module = node.target, self.module.get_submodule(node.target)
            handler = registry.handler_of_module(call.module)
        elif node.op == "call_method":
            size = _size_method(node.target, args)
            if size is not None:
                return size
            handler = registry.METHODS.get(node.target)
        else:
            size = _size_function(node.target, args)
            if size is not None:
                return size
            handler = registry.FUNCTIONS.get(node.target)
        if handler is None:
            raise ConvertError(f"{call.where()}: not supported; supported are {registry.supported()}")
        return handler(call)

    def weight(self, name: str, tensor: Any) -> Optional[Weight]:
        """The constant of a parameter or buffer; the same object for the same tensor."""
        if tensor is None:
            return None
        if not isinstance(tensor, torch.Tensor) or not tensor.is_floating_point():
            raise ConvertError(f"'{name}' is no floating-point tensor, so it cannot be a weight")
        if id(tensor) not in self.weights:
            array = tensor.detach().to(device="cpu", dtype=torch.float32).contiguous().numpy()
            self.weights[id(tensor)] = (
                tensor,
                Weight(name, array),
            )  # the tensor is kept so that its id stays its own
        return self.weights[id(tensor)][1]

    def emit(self, name: str, layer: Any, inputs: list[Value], channels: Optional[int], rank: int) -> Value:
        unique, count = name, 0
        while unique in self.names:
            count += 1
            unique = f"{name}_{count}"
        self.names.add(unique)
        output = Value(unique, rank, channels)
        self.graph.nodes.append(Node(unique, layer, list(inputs), output))
        return output

    def family(self, value: Value) -> Value:
        while value in self.bases:
            value = self.bases[value]
        return value

    def overwrite(self, old: Value, new: Value, where: str) -> None:
        """After an in-place operation names of `old` mean `new`; views of its memory are out of date."""
        family = self.family(old)
        relatives = {v for v in self.bases if self.family(v) is family} | {family}
        for relative in relatives - {old}:
            self.stale[relative] = (
                f"shares memory with what {where} changes in place; write that out of place"
            )
        for node, result in self.results.items():
            if result is old:
                self.results[node] = new


def _size_method(name: str, args: list) -> Any:
    """The meaning of x.size(), x.size(2) and x.dim(), or None."""
    if not args or not isinstance(args[0], Value):
        return None
    value = args[0]
    if name == "dim":
        return value.rank
    if name == "size":
        axes = Size(value, tuple(range(value.rank)))
        return axes[args[1]] if len(args) > 1 and type(args[1]) is int else axes
    return None


def _size_function(function: Any, args: list) -> Any:
    """The meaning of x.shape, of x.shape[...] and of indices into plain containers, or None."""
    if function is builtins.getattr and isinstance(args[0], Value):
        return {"shape": Size(args[0], tuple(range(args[0].rank))), "ndim": args[0].rank}.get(args[1])
    if function is operator.getitem and isinstance(args[0], (Size, tuple, list, dict)):
        with contextlib.suppress(IndexError, KeyError, TypeError):
            return args[0][args[1]]
    return None


__all__ = ["Size", "SizeItem", "trace"]
