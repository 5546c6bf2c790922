"""torch.export where torch.fx gives up: it runs the network's Python code on sizes that are symbols.

Only newer versions of PyTorch have it. Its graph is of ATen operators, most of which are called as the
functions of torch are.
"""

from __future__ import annotations

import operator
import re
import warnings
from collections.abc import Sequence
from typing import Any, Callable, Optional

import torch
import torch.fx
import torch.nn.functional as F
import torchvision
from torch import nn

from .call import Call, Unavailable
from .dims import Dim, UnknownSize
from .errors import ConvertError
from .interpreter import Interpreter
from .ir import Graph, InputSpec, Value, Weight
from .layers import registry, upsample
from .trace import CannotFollow, trace

_HIGHEST = 2**40  # what torch.export calls infinity is larger


def trace_or_export(
    module: nn.Module,
    specs: Sequence[InputSpec],
    output_names: Sequence[str],
    examples: Sequence[torch.Tensor],
) -> tuple[Graph, list[str]]:
    """(the IR, notes on what it assumes): by torch.fx, or else by torch.export. Raises ConvertError."""
    try:
        return trace(module, specs, output_names), []
    except CannotFollow as first:
        if not hasattr(torch, "export") or not hasattr(torch.export, "export") or not examples:
            raise
        try:
            return _export(module, specs, output_names, examples)
        except ConvertError as second:
            raise ConvertError(f"{first}; torch.export: {second}") from second


def _export(
    module: nn.Module,
    specs: Sequence[InputSpec],
    output_names: Sequence[str],
    examples: Sequence[torch.Tensor],
) -> tuple[Graph, list[str]]:
    module.eval()
    automatic = getattr(getattr(torch.export, "Dim", None), "AUTO", None)
    if automatic is None:
        raise ConvertError(f"PyTorch {torch.__version__} has no Dim.AUTO; 2.6 has")
    shapes = tuple(
        {axis: automatic for axis, size in enumerate(spec.shape) if size == -1} or None for spec in specs
    )
    # Sizes of 0 and 1 count as special, so the examples get a batch of 2 where it is free.
    inputs = tuple(_example(spec, example) for spec, example in zip(specs, examples))
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            program = torch.export.export(module, inputs, dynamic_shapes=shapes, strict=False)
    except Exception as error:
        lines = [line for line in str(error).splitlines() if line.strip()]
        raise ConvertError(lines[0] if lines else type(error).__name__) from error
    placeholders = [node for node in program.graph.nodes if node.op == "placeholder"]
    fixed = _with_exported_shapes(program, placeholders, specs)
    notes = [
        f"the model takes {spec.name} of shape {_shape(new.shape)} only"
        for spec, new in zip(specs, fixed)
        if spec.shape != new.shape
    ]
    interpreter = _ExportInterpreter(program, fixed, output_names)
    for node in program.graph.nodes:
        interpreter.step(node)
    return interpreter.finish(), notes + _ranges(program, placeholders, fixed)


def _example(spec: InputSpec, example: torch.Tensor) -> torch.Tensor:
    free = [axis for axis, size in enumerate(spec.shape) if size == -1 and example.shape[axis] == 1]
    counts = [2 if axis in free else 1 for axis in range(example.ndim)]
    return example.detach().repeat(*counts)


def _user_inputs(program: Any) -> list[str]:
    return [name for name in program.graph_signature.user_inputs if isinstance(name, str)]


def _with_exported_shapes(program: Any, placeholders: list, specs: Sequence[InputSpec]) -> list[InputSpec]:
    """torch.export may have found that a size cannot vary."""
    names = _user_inputs(program)
    by_name = {node.name: node for node in placeholders}
    result = []
    for spec, name in zip(specs, names):
        sizes = by_name[name].meta["val"].shape
        shape = tuple(_fixed_size(size) for size in sizes)
        result.append(InputSpec(spec.name, shape, spec.multiple_of))
    return result


def _fixed_size(size: Any) -> int:
    """The number that a size always is, also where it is a symbol with one value; -1 where it varies."""
    if isinstance(size, int):
        return size
    expression = size.node.expr
    return int(expression) if expression.is_number else -1


def _ranges(program: Any, placeholders: list, specs: Sequence[InputSpec]) -> list[str]:
    """What the network's control flow took for granted about sizes, in words."""
    notes = []
    names = _user_inputs(program)
    for node in placeholders:
        if node.name not in names:
            continue
        spec = specs[names.index(node.name)]
        for axis, size in enumerate(node.meta["val"].shape):
            found = program.range_constraints.get(getattr(getattr(size, "node", None), "expr", None))
            if found is None:
                continue
            low, high = _bound(found.lower, 0), _bound(found.upper, _HIGHEST)
            if low > 3 or high < _HIGHEST:
                upper = f" to {high}" if high < _HIGHEST else " and more"
                notes.append(f"the model is right for sizes {low}{upper} of axis {axis} of {spec.name}")
    return notes


def _bound(number: Any, otherwise: int) -> int:
    try:
        return min(int(number), _HIGHEST)
    except (OverflowError, TypeError, ValueError, AttributeError):
        return otherwise


def _shape(shape: Sequence[int]) -> str:
    return "x".join("?" if size == -1 else str(size) for size in shape)


class _ExportInterpreter(Interpreter):
    """Knows lifted parameters, sizes as values and ATen's names."""

    def __init__(self, program: Any, specs: Sequence[InputSpec], output_names: Sequence[str]) -> None:
        super().__init__(nn.Module(), specs, output_names)
        self.program = program
        self.lifted = {
            item.arg.name: item.target
            for item in program.graph_signature.input_specs
            if item.target is not None
        }
        self.constant_inputs = {**program.state_dict, **program.constants}

    def placeholder(self, node: torch.fx.Node) -> Any:
        if node.name not in self.lifted:
            return super().placeholder(node)
        name = self.lifted[node.name]
        tensor = self.constant_inputs.get(name)
        try:
            return self.weight(name, tensor)
        except ConvertError as error:
            return Unavailable(error)

    def outputs(self, result: Any) -> None:
        """Only what the user sees, in the structure that forward gave it."""
        items = list(result)
        kinds = [item.kind.name for item in self.program.graph_signature.output_specs]
        seen = [item for item, kind in zip(items, kinds) if kind == "USER_OUTPUT"]
        spec = self.program.call_spec.out_spec
        if spec is not None:
            seen = torch.utils._pytree.tree_unflatten(seen, spec)
        super().outputs(seen)

    def operation(self, node: torch.fx.Node) -> Any:
        node.meta["path"], node.meta["line"] = _path_of(node), _line_of(node)
        args, kwargs = list(self.lookup(node.args)), dict(self.lookup(node.kwargs))
        leaves: list = []
        torch.fx.node.map_aggregate((args, kwargs), lambda leaf: leaves.append(leaf))
        on_tensors = any(isinstance(leaf, (Value, Weight)) for leaf in leaves)
        if node.op != "call_function":
            return super().operation(node)
        try:
            if not on_tensors:
                return self.without_tensors(node, args, kwargs)
            return self.on_tensors(node, args, kwargs)
        except UnknownSize as error:
            return Unavailable(ConvertError(f"'{node.name}'{node.meta['line']}: {error}"))

    def without_tensors(self, node: torch.fx.Node, args: list, kwargs: dict) -> Any:
        """Arithmetic on sizes, checks, new tensors. What cannot be known may turn out not to be needed."""
        name = str(node.target)
        if "assert" in name or "constrain" in name:
            return None
        try:
            result = node.target(*args, **kwargs)
        except (ConvertError, UnknownSize, TypeError, RuntimeError, ValueError) as error:
            return Unavailable(ConvertError(f"'{node.name}'{node.meta['line']}: {error}"))
        if isinstance(result, torch.Tensor):
            return self.weight(node.name, result)
        return result

    def on_tensors(self, node: torch.fx.Node, args: list, kwargs: dict) -> Any:
        if node.target is operator.getitem and isinstance(args[0], (tuple, list)):
            return args[0][args[1]]
        schema = getattr(node.target, "_schema", None)
        if schema is None:
            return super().operation(node)
        space, _, name = schema.name.partition("::")
        if "assert" in name or "constrain" in name:
            return None
        call = Call(self, node.meta["path"], node.meta["line"], name, args, kwargs)
        if not any(isinstance(leaf, Value) for leaf in _leaves((args, kwargs))):
            call.target = node.target
            return self._fold(call, is_method=False)
        if space == "torchvision" and name == "deform_conv2d":
            return _deform_conv2d(call)
        handler = _OPERATORS.get(name) if space == "aten" else None
        handler = handler or (_handler(call, name) if space == "aten" else None)
        if handler is None:
            raise ConvertError(f"{call.where()}: not supported; supported are {registry.supported()}")
        return handler(call)


def _leaves(item: Any) -> list:
    found: list = []
    torch.fx.node.map_aggregate(item, lambda leaf: found.append(leaf))
    return found


def _handler(call: Call, name: str) -> Optional[Callable[[Call], Any]]:
    """The handler of the function or tensor method that has the operator's name."""
    for owner in (torch, F, torch._C._nn):
        found = registry.FUNCTIONS.get(getattr(owner, name, None))
        if found is not None:
            return found
    if name in registry.METHODS:
        return registry.METHODS[name]
    if name.endswith("_") and not name.startswith("_"):
        call.kwargs["inplace"] = True
        return _handler(call, name[:-1])
    return None


def _size(call: Call) -> Any:
    return call.value(call.args[0]).dims[call.args[1]]


def _slice(call: Call) -> Value:
    from .layers.slice import cut

    a = call.bind("input", dim=0, start=None, end=None, step=1)
    x = call.value(a["input"])
    return cut(call, x, call.axis(a["dim"], x.rank), a["start"], a["end"], a["step"])


def _upsample(mode: str) -> Callable[[Call], Value]:
    def handler(call: Call) -> Value:
        names = ["input", "size"] + (["align_corners"] if mode == "bilinear" else []) + ["scale_factor"]
        renamed = {"output_size": "size", "scale_factors": "scale_factor"}
        call.kwargs = {renamed.get(key, key): item for key, item in call.kwargs.items()}
        a = {"align_corners": False, "recompute_scale_factor": None, "mode": mode, **call.bind(*names)}
        return upsample.emit(call, call.value(a["input"]), a)

    return handler


def _deform_conv2d(call: Call) -> Value:
    names = "input weight offset mask bias stride_h stride_w pad_h pad_w dilation_h dilation_w groups"
    a = call.bind(*names.split(), "offset_groups", use_mask=True)
    call.args, call.kwargs = [a[n] for n in ("input", "offset", "weight", "bias")], {}
    call.kwargs = {
        "stride": (a["stride_h"], a["stride_w"]),
        "padding": (a["pad_h"], a["pad_w"]),
        "dilation": (a["dilation_h"], a["dilation_w"]),
        "mask": a["mask"] if a["use_mask"] else None,
    }
    return registry.FUNCTIONS[torchvision.ops.deform_conv2d](call)


def _same(call: Call) -> Value:
    return call.value(call.args[0])


_OPERATORS: dict[str, Callable[[Call], Any]] = {
    "sym_size": _size,
    "slice": _slice,
    "upsample_nearest2d": _upsample("nearest"),
    "upsample_bilinear2d": _upsample("bilinear"),
    "alias": _same,
    "detach_": _same,
    "lift_fresh_copy": _same,
    "_to_copy": registry.METHODS["to"],
    "_unsafe_view": registry.METHODS["view"],
}


def _path_of(node: torch.fx.Node) -> str:
    stack = list((node.meta.get("nn_module_stack") or {}).values())
    return stack[-1][0] if stack else ""


def _line_of(node: torch.fx.Node) -> str:
    """' (file.py:12)' of the innermost line that is not PyTorch's."""
    found = re.findall(r'File "([^"]+)", line (\d+)', node.meta.get("stack_trace") or "")
    own = [(name, line) for name, line in found if "/torch/" not in name and "/torchvision/" not in name]
    if not own:
        return ""
    name, line = own[-1]
    return f" ({name.rpartition('/')[2]}:{line})"


__all__ = ["Dim", "trace_or_export"]
