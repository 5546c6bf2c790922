"""Runs recorded operations on values of the IR instead of tensors."""

from __future__ import annotations

import builtins
import operator
from collections.abc import Mapping, Sequence
from typing import Any, Optional

import numpy as np
import torch
import torch.fx
from torch import nn

from .call import Call
from .dims import Dim, Sizes, atom, product
from .errors import ConvertError
from .ir import Graph, InputSpec, Node, Port, Value, Weight
from .layers import registry
from .layers.constant import Constant

UNKNOWN = object()  # an attribute of a tensor that has no answer here


class Interpreter:
    """Keeps what in-place operations do to names of the same tensor."""

    def __init__(self, module: nn.Module, inputs: Sequence[InputSpec], output_names: Sequence[str]) -> None:
        self.module = module
        self.specs = list(inputs)
        self.output_names = list(output_names)
        self.graph = Graph()
        self.names: set[str] = set()
        self.results: dict[torch.fx.Node, Any] = {}
        self.weights: dict[int, tuple[Any, Weight]] = {}
        self.numbers: dict[str, Weight] = {}
        self.constants: dict[tuple, Value] = {}
        self._kept: list[Weight] = []
        self.bases: dict[Value, Value] = {}  # a view: the value whose memory it shows
        self.stale: dict[Value, str] = {}  # values that an in-place operation changed behind our back

    def step(self, node: torch.fx.Node) -> Any:
        """What a recorded node gives: a Value, a Weight, or what Python would have."""
        if node.op == "placeholder":
            result = self.placeholder(node)
        elif node.op == "output":
            result = self.outputs(self.lookup(node.args[0]))
        else:
            result = self.operation(node)
        self.results[node] = result
        return result

    def finish(self) -> Graph:
        if self.specs:
            raise ConvertError(
                f"the network takes no input '{self.specs[0].name}'; it has fewer inputs than were given"
            )
        return self.graph

    def placeholder(self, node: torch.fx.Node) -> Any:
        if not self.specs:
            if node.args:  # an optional argument of forward
                return node.args[0]
            raise ConvertError(f"the network's input '{node.target}' was not described; give its shape, too")
        spec = self.specs.pop(0)
        self.names.add(spec.name)
        multiples = spec.multiple_of or (1,) * len(spec.shape)
        dims = [
            size if size > 0 else multiple * atom("input", spec.name, axis)
            for axis, (size, multiple) in enumerate(zip(spec.shape, multiples))
        ]
        value = Value(spec.name, tuple(dims))
        self.graph.inputs.append(Port(spec.name, value, tuple(spec.shape), tuple(spec.multiple_of)))
        return value

    def outputs(self, result: Any) -> None:
        named = self._named(result)
        if not named:
            raise ConvertError("the network gives no tensor; its forward returns nothing")
        for name, value in named:
            if not isinstance(value, Value):
                raise ConvertError(
                    f"the network's output '{name}' is no tensor that is computed from its input"
                )
            if value in self.stale:
                raise ConvertError(f"the network's output '{name}' {self.stale[value]}")
            self.graph.outputs.append(Port(name, value, value.shape))

    def _named(self, result: Any) -> list[tuple[str, Any]]:
        """The outputs by name; what is nested in lists and dictionaries gets a name of all levels."""
        if isinstance(result, Mapping):
            return _flat({str(key): value for key, value in result.items()})
        items = list(result) if isinstance(result, (tuple, list)) else [result]
        if any(isinstance(item, (tuple, list, Mapping)) for item in items):
            return _flat({f"output{i}": item for i, item in enumerate(items)})
        items = [item for item in items if item is not None]
        names = self.output_names or (
            ["output"] if len(items) == 1 else [f"output{i}" for i in range(len(items))]
        )
        if len(names) != len(items):
            raise ConvertError(f"the network has {len(items)} outputs, but {len(names)} names were given")
        return list(zip(names, items))

    def lookup(self, argument: Any) -> Any:
        """`argument` with recorded nodes replaced by their results, inside of containers too."""
        return torch.fx.node.map_aggregate(
            argument, lambda a: self.results[a] if isinstance(a, torch.fx.Node) else a
        )

    def operation(self, node: torch.fx.Node) -> Any:
        args, kwargs = list(self.lookup(node.args)), dict(self.lookup(node.kwargs))
        call = Call(self, node.meta.get("path", ""), node.meta.get("line", ""), node.target, args, kwargs)
        if node.op == "get_attr":
            return self.weight(node.target, operator.attrgetter(node.target)(self.module))
        if node.op == "call_module":
            call.path, call.module = node.target, self.module.get_submodule(node.target)
            handler = registry.handler_of_module(call.module)
        elif node.op == "call_method":
            known = self._size_method(node.target, args)
            if known is not UNKNOWN:
                return known
            handler = registry.METHODS.get(node.target)
        else:
            known = self._plain_function(node.target, args)
            if known is not UNKNOWN:
                return known
            handler = registry.FUNCTIONS.get(node.target)
        if node.op != "call_module" and not _holds_value((args, kwargs)) and _holds_weight((args, kwargs)):
            return self._fold(call, node.op == "call_method")
        if handler is None:
            raise ConvertError(f"{call.where()}: not supported; supported are {registry.supported()}")
        return handler(call)

    def _fold(self, call: Call, is_method: bool) -> Any:
        """An operation on constants alone is computed now."""
        originals = {id(weight): tensor for tensor, weight in self.weights.values()}
        args, kwargs = torch.fx.node.map_aggregate(
            (call.args, call.kwargs),
            lambda leaf: originals[id(leaf)] if isinstance(leaf, Weight) else leaf,
        )
        try:
            with torch.no_grad():
                if is_method:
                    result = getattr(args[0], call.target)(*args[1:], **kwargs)
                else:
                    result = call.target(*args, **kwargs)
        except Exception as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise ConvertError(
                f"{call.where()}: cannot be computed from constants alone: {reason}"
            ) from error
        name = f"{call.path}.{call.target if is_method else getattr(call.target, '__name__', 'constant')}"

        def back(item: Any) -> Any:
            return self.weight(name.lstrip("."), item) if isinstance(item, torch.Tensor) else item

        if isinstance(result, torch.Size):
            return Sizes(result)
        return tuple(map(back, result)) if isinstance(result, (tuple, list)) else back(result)

    def attribute(self, node: torch.fx.Node, name: str) -> Any:
        """x.shape and the like, or UNKNOWN."""
        result = self.results.get(node)
        if isinstance(result, (Value, Weight)):
            sizes = Sizes(result.dims if isinstance(result, Value) else result.array.shape)
            if name == "shape":
                return sizes
            if name == "ndim":
                return len(sizes)
            if name == "dtype":
                return torch.float32
            if name == "device":
                return torch.device("cpu")
            if name in ("is_cuda", "is_mkldnn", "is_sparse", "is_quantized", "is_nested", "requires_grad"):
                return False
        return UNKNOWN

    def _size_method(self, name: str, args: list) -> Any:
        """The meaning of x.size(), x.size(2), x.dim() and the like, or UNKNOWN."""
        if not args or not isinstance(args[0], (Value, Weight)):
            return UNKNOWN
        sizes = Sizes(args[0].dims if isinstance(args[0], Value) else args[0].array.shape)
        if name in ("dim", "ndimension"):
            return len(sizes)
        if name == "size":
            return sizes[args[1]] if len(args) > 1 else sizes
        if name in ("numel", "nelement"):
            return product(sizes)
        if name in ("is_floating_point",):
            return True
        if name in ("is_complex",):
            return False
        return UNKNOWN

    def _plain_function(self, function: Any, args: list) -> Any:
        """Attributes of tensors and indices into plain containers, or UNKNOWN."""
        if function is builtins.getattr and isinstance(args[0], Value) and args[1] in ("data", "T", "mT"):
            if args[1] == "data":
                return args[0]
            call = Call(self, "", "", function, [args[0]], {})
            perm = list(range(args[0].rank))
            perm = perm[::-1] if args[1] == "T" else [*perm[:-2], perm[-1], perm[-2]]
            call.args = [args[0], perm]
            return registry.METHODS["permute"](call)
        if function is operator.getitem and isinstance(args[0], (tuple, list, dict)):
            try:
                return args[0][args[1]]
            except (IndexError, KeyError, TypeError):
                return UNKNOWN
        if function in (torch.numel, torch.Tensor.numel) and isinstance(args[0], Value):
            return product(args[0].dims)
        if function is torch.is_floating_point:
            return True
        return UNKNOWN

    def weight(self, name: str, tensor: Any) -> Optional[Weight]:
        """The constant of a parameter or buffer; the same object for the same tensor."""
        if tensor is None:
            return None
        if not isinstance(tensor, torch.Tensor) or tensor.is_complex():
            raise ConvertError(f"'{name}' is no tensor of real numbers, so it cannot be a weight")
        if id(tensor) not in self.weights:
            array = tensor.detach().to(device="cpu", dtype=torch.float32).contiguous().numpy()
            # The tensor is kept so that its id stays its own.
            self.weights[id(tensor)] = (tensor, Weight(name, array))
        return self.weights[id(tensor)][1]

    def number(self, number: float) -> Weight:
        """A scalar constant, one for each number."""
        return self.numbers.setdefault(
            repr(number), Weight(f"constant {number:g}", np.array(number, np.float32))
        )

    def constant(self, path: str, weight: Weight, shape: tuple[int, ...]) -> Value:
        """The value of a constant in a shape of as many elements, one node for each."""
        key = (id(weight), shape)
        if key not in self.constants:
            shaped = weight
            if weight.array.shape != shape:
                shaped = Weight(weight.name, weight.array.reshape(shape), weight.origins)
            # `weight` stays alive by self.weights or by the key's node, so that its id stays its own.
            self._kept.append(weight)
            self.constants[key] = self.emit(f"{path}.constant".lstrip("."), Constant(shaped), [], shape)
        return self.constants[key]

    def values(self) -> list[Value]:
        """All values there are by now."""
        return [port.value for port in self.graph.inputs] + [node.output for node in self.graph.nodes]

    def emit(self, name: str, layer: Any, inputs: list[Value], dims: tuple) -> Value:
        unique, count = name, 0
        while unique in self.names:
            count += 1
            unique = f"{name}_{count}"
        self.names.add(unique)
        output = Value(unique, dims)
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


def _flat(items: Mapping[str, Any]) -> list[tuple[str, Any]]:
    named = []
    for name, item in items.items():
        if isinstance(item, Mapping):
            named += _flat({f"{name}.{key}": value for key, value in item.items()})
        elif isinstance(item, (tuple, list)):
            named += _flat({f"{name}.{i}": value for i, value in enumerate(item)})
        elif item is not None:
            named.append((name, item))
    return named


def _leaves(item: Any) -> list:
    found: list = []
    torch.fx.node.map_aggregate(item, lambda leaf: found.append(leaf))
    return found


def _holds_value(item: Any) -> bool:
    return any(isinstance(leaf, Value) for leaf in _leaves(item))


def _holds_weight(item: Any) -> bool:
    return any(isinstance(leaf, Weight) for leaf in _leaves(item))


__all__ = ["UNKNOWN", "Dim", "Interpreter"]
