"""From the IR to the bytes of a model file: the only code that sees what flatc generated from the schema.

Tables are written by their fields' names: a dataclass `Conv2d` with a field `stride` becomes the table Conv2d
with its field `stride`, so no layer carries writing code and no number of the schema is repeated here.
"""

from __future__ import annotations

import dataclasses
import importlib
from typing import Any, Optional

import flatbuffers
import numpy as np

from .errors import ConvertError
from .ir import Graph, Pair, Port, Weight

FILE_IDENTIFIER = b"PLNT"
ALIGNMENT = 64
# flatbuffers' offsets are signed 32-bit numbers; the runtime refuses larger files too.
MAX_FILE_BYTES = 2**31 - 1


@dataclasses.dataclass
class Provenance:
    """Where the weights come from; `source_file` is a base name."""

    converter_version: str
    source_file: str
    source_sha256: str
    recipe: str


def _generated(name: str) -> Any:
    return importlib.import_module(f"{__package__}.schema.{name}")


def _enum(name: str, member: str) -> int:
    return getattr(getattr(_generated(name), name), member)


def _camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def model_bytes(
    graph: Graph,
    name: str,
    preprocess: Optional[Any],
    postprocess: Optional[Any],
    provenance: Provenance,
    weight_dtype: str = "float32",
) -> memoryview:
    """The whole file. `preprocess` and `postprocess` are dataclasses with the fields of the schema's tables.

    With `weight_dtype` float16, weights of rank 2 and more that fit are stored as such; biases and the like
    stay float32. Raises ConvertError where the file would have 2 GiB or more.
    """
    weights = graph.weights()
    size = sum(weight.array.size * 4 + ALIGNMENT for weight in weights)
    # An estimate of the rest: at most some hundred bytes for each name and node.
    estimate = size + 4096 + 512 * (len(weights) + 2 * len(graph.nodes))
    if estimate > MAX_FILE_BYTES:
        raise ConvertError(
            f"the model needs about {estimate} bytes, but a model file is smaller than {MAX_FILE_BYTES + 1}"
        )
    return _Writer(estimate, weight_dtype).model(graph, weights, name, preprocess, postprocess, provenance)


class _Writer:
    def __init__(self, size: int, weight_dtype: str) -> None:
        self.weight_dtype = weight_dtype
        self.builder = flatbuffers.Builder(size)

    def model(
        self, graph: Graph, weights: list[Weight], name: str, pre: Any, post: Any, provenance: Any
    ) -> memoryview:
        # The buffer grows towards its front, so what is written last stands first: reversed, the weights
        # lie in the file in the order in which the network uses them.
        weight_tables = [self.weight(weight) for weight in reversed(weights)][::-1]
        numbers = {id(weight): index for index, weight in enumerate(weights)}
        values = self.number_values(graph)
        nodes = []
        for node in graph.nodes:
            kind = type(node.layer).__name__
            layer = self.table(kind, node.layer, numbers)
            fields = {
                "name": self.builder.CreateString(node.name),
                "layer_type": _enum("Layer", kind),
                "layer": layer,
                "inputs": self.vector([values[value] for value in node.inputs], np.int32),
                "outputs": self.vector([values[node.output]], np.int32),
            }
            nodes.append(self.raw_table("Node", fields))
        fields = {
            "name": self.builder.CreateString(name),
            "values": self.offsets([self.value(value) for value in values]),
            "weights": self.offsets(weight_tables),
            "nodes": self.offsets(nodes),
            "inputs": self.offsets([self.port(port, values) for port in graph.inputs]),
            "outputs": self.offsets([self.port(port, values) for port in graph.outputs]),
            "provenance": self.table("Provenance", provenance),
        }
        if pre is not None:
            fields["preprocess"] = self.table("ImagePreprocess", pre)
        if post is not None:
            fields["postprocess"] = self.table("TextPostprocess", post)
        self.builder.Finish(self.raw_table("Model", fields), file_identifier=FILE_IDENTIFIER)
        data = memoryview(self.builder.Bytes)[self.builder.Head() :]
        if len(data) > MAX_FILE_BYTES:
            raise ConvertError(
                f"the model has {len(data)} bytes, but a model file is smaller than {MAX_FILE_BYTES + 1}"
            )
        return data

    def number_values(self, graph: Graph) -> dict[Any, int]:
        values: dict[Any, int] = {}
        for port in graph.inputs:
            values.setdefault(port.value, len(values))
        for node in graph.nodes:
            values.setdefault(node.output, len(values))
        return values

    def value(self, value: Any) -> int:
        name = self.builder.CreateString(value.name)
        return self.raw_table("Value", {"name": name, "rank": value.rank, "dtype": _enum("DType", "float32")})

    def port(self, port: Port, values: dict[Any, int]) -> int:
        fields = {
            "value": values[port.value],
            "name": self.builder.CreateString(port.name),
            "shape": self.vector(port.shape, np.int64),
        }
        if port.multiple_of:
            fields["multiple_of"] = self.vector(port.multiple_of, np.int32)
        return self.raw_table("Port", fields)

    def weight(self, weight: Weight) -> int:
        dtype, array = "float32", np.ascontiguousarray(weight.array, "<f4")
        if self.weight_dtype == "float16" and array.ndim >= 2:
            with np.errstate(over="ignore"):
                halves = array.astype("<f2")
            if np.array_equal(np.isfinite(halves), np.isfinite(array)):  # nothing became infinite
                dtype, array = "float16", halves
        fields = {
            "data": self.aligned_bytes(array),
            "shape": self.vector(weight.array.shape, np.int64),
            "name": self.builder.CreateString(weight.name),
            "dtype": _enum("DType", dtype),
        }
        return self.raw_table("Weight", fields)

    def aligned_bytes(self, array: np.ndarray) -> int:
        """A byte vector whose first byte lies at a multiple of 64 of the file.

        The generated code does not know force_align. The buffer is laid out from its end, and Finish pads its
        front to the largest alignment asked for, so aligned from the end is aligned from the start.
        """
        data = memoryview(array.reshape(-1).view(np.uint8))
        builder = self.builder
        builder.StartVector(1, len(data), ALIGNMENT)
        builder.head -= len(data)
        builder.Bytes[builder.head : builder.head + len(data)] = data
        return builder.EndVector()

    def vector(self, numbers: Any, dtype: Any) -> int:
        return self.builder.CreateNumpyVector(np.array(list(numbers), dtype))

    def offsets(self, items: list[int]) -> int:
        self.builder.StartVector(4, len(items), 4)
        for item in reversed(items):
            self.builder.PrependUOffsetTRelative(item)
        return self.builder.EndVector()

    def table(self, name: str, record: Any, weights: Optional[dict[int, int]] = None) -> int:
        """A table from a dataclass: None = absent, Weight = its index, str = an enum's member or a string."""
        fields: dict[str, Any] = {}
        for field in dataclasses.fields(record):
            item = getattr(record, field.name)
            if item is None:
                continue
            if isinstance(item, Weight):
                item = (weights or {})[id(item)]
            elif "enum" in field.metadata:
                item = _enum(field.metadata["enum"], item)
            elif isinstance(item, str):
                item = self.builder.CreateString(item)
            elif isinstance(item, tuple) and not isinstance(item, Pair):
                types = {"int": np.int32, "long": np.int64, "double": np.float64}
                item = self.vector(item, types[field.metadata.get("type", "double")])
            fields[field.name] = item
        return self.raw_table(name, fields)

    def raw_table(self, name: str, fields: dict[str, Any]) -> int:
        module = _generated(name)
        getattr(module, f"{name}Start")(self.builder)
        for field, item in fields.items():
            if isinstance(item, Pair):  # a struct has to be written where it is used
                item = _generated("Pair").CreatePair(self.builder, item.h, item.w)
            getattr(module, f"{name}Add{_camel(field)}")(self.builder, item)
        return getattr(module, f"{name}End")(self.builder)
