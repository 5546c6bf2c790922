"""Writes a case as an ONNX file of opset 19, node by node: Debian's PyTorch cannot export DeformConv."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Callable

import numpy as np
import onnx
from case import Case, Node
from onnx import helper, numpy_helper

OPSET = 19
IR_VERSION = 9  # that of opset 19


class _Writer:
    def __init__(self, case: Case) -> None:
        self.case = case
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, array: np.ndarray) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def weight(self, node: Node, attribute: str) -> str:
        """Its name; empty, which is ONNX's word for an input left out, where there is none."""
        array = self.case.weight(node, attribute)
        return "" if array is None else self.constant(f"{node.output}.{attribute}", array)

    def add(self, node: Node, kind: str, inputs: Sequence[str], **attributes: object) -> None:
        inputs = list(inputs)
        while not inputs[-1]:
            inputs.pop()
        self.nodes.append(helper.make_node(kind, inputs, [node.output], name=node.name, **attributes))


def _geometry(node: Node) -> dict[str, object]:
    a = node.attributes
    return {
        "strides": a["stride"],
        "pads": [*a["padding"], *a["padding"]],
        "dilations": a["dilation"],
        "group": a["groups"],
    }


def _conv2d(w: _Writer, node: Node) -> None:
    w.add(node, "Conv", [node.inputs[0], w.weight(node, "weight"), w.weight(node, "bias")], **_geometry(node))


def _conv_transpose2d(w: _Writer, node: Node) -> None:
    inputs = [node.inputs[0], w.weight(node, "weight"), w.weight(node, "bias")]
    extra = {"output_padding": node.attributes["output_padding"]}
    w.add(node, "ConvTranspose", inputs, **_geometry(node), **extra)


def _deform_conv2d(w: _Writer, node: Node) -> None:
    if node.attributes["offset_read"] != "exact":
        raise ValueError(f"{node.name}: ONNX reads offsets of the output's size alone")
    x, offset, *mask = node.inputs
    inputs = [x, w.weight(node, "weight"), offset, w.weight(node, "bias"), *mask]
    w.add(node, "DeformConv", inputs, offset_group=node.attributes["offset_groups"], **_geometry(node))


def _max_pool2d(w: _Writer, node: Node) -> None:
    a = node.attributes
    w.add(
        node, "MaxPool", node.inputs, kernel_shape=a["kernel_size"], strides=a["stride"],
        pads=[*a["padding"], *a["padding"]], dilations=a["dilation"], ceil_mode=int(a["ceil_mode"]),
    )


def _upsample(w: _Writer, node: Node) -> None:
    a = node.attributes
    if a["mode"] != "nearest" or not a["scale_h"]:
        raise ValueError(f"{node.name}: only nearest upsampling by a factor is written")
    scales = w.constant(f"{node.output}.scales", np.array([1, 1, a["scale_h"], a["scale_w"]], np.float32))
    mode = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    w.add(node, "Resize", [node.inputs[0], "", scales], mode="nearest", **mode)


def _slice(w: _Writer, node: Node) -> None:
    a = node.attributes
    numbers = [
        w.constant(f"{node.output}.{name}", np.array([a[name]], np.int64))
        for name in ("start", "end", "axis", "step")
    ]
    w.add(node, "Slice", [node.inputs[0], *numbers])


def _mean(w: _Writer, node: Node) -> None:
    axes, keep = node.attributes["axes"], node.attributes["keepdim"]
    if axes == [2, 3] and keep:
        w.add(node, "GlobalAveragePool", node.inputs)
        return
    numbers = w.constant(f"{node.output}.axes", np.array(axes, np.int64))
    w.add(node, "ReduceMean", [node.inputs[0], numbers], keepdims=int(keep))


def _linear(w: _Writer, node: Node) -> None:
    if len(node.shape) != 2:
        raise ValueError(f"{node.name}: only products of rows are written")
    w.add(node, "Gemm", [node.inputs[0], w.weight(node, "weight"), w.weight(node, "bias")], transB=1)


def _reshape(w: _Writer, node: Node) -> None:
    shape = w.constant(f"{node.output}.shape", np.array(node.shape, np.int64))
    w.add(node, "Reshape", [node.inputs[0], shape])


def _clamp(w: _Writer, node: Node) -> None:
    a = node.attributes
    bounds = [w.constant(f"{node.output}.{key}", np.array(a[key], np.float32)) for key in ("min", "max")]
    w.add(node, "Clip", [node.inputs[0], *bounds])


def _hardsigmoid(w: _Writer, node: Node) -> None:
    w.add(node, "HardSigmoid", node.inputs, alpha=node.attributes["slope"], beta=node.attributes["offset"])


def _constant(w: _Writer, node: Node) -> None:
    w.constant(node.output, w.case.weight(node, "weight"))


def _plain(kind: str) -> Callable[[_Writer, Node], None]:
    return lambda w, node: w.add(node, kind, node.inputs)


WRITERS: dict[str, Callable[[_Writer, Node], None]] = {
    "Conv2d": _conv2d,
    "ConvTranspose2d": _conv_transpose2d,
    "DeformConv2d": _deform_conv2d,
    "MaxPool2d": _max_pool2d,
    "Upsample": _upsample,
    "Slice": _slice,
    "Concat": lambda w, node: w.add(node, "Concat", node.inputs, axis=node.attributes["axis"]),
    "Add": _plain("Add"),
    "Mul": _plain("Mul"),
    "Mean": _mean,
    "Linear": _linear,
    "Reshape": _reshape,
    "Clamp": _clamp,
    "Constant": _constant,
    "Hardsigmoid": _hardsigmoid,
    "Hardswish": _plain("HardSwish"),
    "ReLU": _plain("Relu"),
    "Sigmoid": _plain("Sigmoid"),
}


def write(case: Case, path: Path) -> None:
    """Writes and checks the file."""
    writer = _Writer(case)
    for node in case.nodes:
        if node.layer not in WRITERS:
            raise ValueError(f"{node.name}: {node.layer} has no ONNX writer")
        WRITERS[node.layer](writer, node)

    def ports(shapes: dict[str, list[int]]) -> list[onnx.ValueInfoProto]:
        return [
            helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
            for name, shape in shapes.items()
        ]

    graph = helper.make_graph(
        writer.nodes, case.name, ports(case.inputs), ports({case.output: case.output_shape}), writer.constants
    )
    opsets = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="pliant")
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, str(path))
