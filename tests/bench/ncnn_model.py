"""Writes a case as ncnn's two files: a text of layers (.param) and their weights (.bin).

Activations are put into the convolution before them, as ncnn's own tools do. A value that several layers read
goes through a Split layer, which shares memory.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Callable, Optional, Union

import numpy as np
from case import Case, Node

MAGIC = 7767517
RAW_FLOAT32 = struct.pack("<I", 0)  # stands before weights, not before a bias
ACTIVATIONS = {"ReLU": 1, "Sigmoid": 4, "Hardswish": 6}
HARDSWISH = [1 / 6, 0.5]  # x * clamp(x * a + b, 0, 1)
CONVOLUTIONS = ("Conv2d", "ConvTranspose2d", "DeformConv2d")
WITH_ACTIVATION = (*CONVOLUTIONS, "Linear")
CHANNEL_AXIS = 0  # there is no batch
MAX_POOLING, MEAN_POOLING, ROUND_DOWN, NEAREST = 0, 1, 1, 1
OPERATIONS = {"Add": 0, "Mul": 2}
TO_THE_END = 2**31 - 1

Parameter = Union[int, float, list[int], list[float]]
Parameters = dict[int, Parameter]


class _Writer:
    def __init__(self, case: Case) -> None:
        self.case = case
        self.lines: list[str] = []
        self.blobs = 0
        self.data = bytearray()
        self.readers = case.readers()
        self.numbers: dict[str, float] = {}  # values that are constants
        self.copies: dict[str, list[str]] = {}  # of a value that is read more than once, those not used yet

    def add(
        self, kind: str, name: str, inputs: list[str], output: str, parameters: Optional[Parameters] = None
    ) -> None:
        self._line(kind, name, [self._read(value) for value in inputs], [output], parameters or {})
        count = self.readers[output]
        if count > 1:
            self.copies[output] = [f"{output}/{number}" for number in range(count)]
            self._line("Split", f"{name}/split", [output], list(self.copies[output]), {})

    def _read(self, value: str) -> str:
        return self.copies[value].pop(0) if value in self.copies else value

    def _line(
        self, kind: str, name: str, inputs: list[str], outputs: list[str], parameters: Parameters
    ) -> None:
        words = [f"{kind:16} {name:32}", str(len(inputs)), str(len(outputs)), *inputs, *outputs]
        for key, item in parameters.items():
            if isinstance(item, list):
                words.append(f"{-23300 - key}={len(item)},{','.join(map(str, item))}")
            else:
                words.append(f"{key}={item:e}" if isinstance(item, float) else f"{key}={item}")
        self.lines.append(" ".join(words))
        self.blobs += len(outputs)

    def weights(self, weight: np.ndarray, bias: Optional[np.ndarray]) -> None:
        self.data += RAW_FLOAT32 + np.ascontiguousarray(weight, np.float32).tobytes()
        if bias is not None:
            self.data += np.ascontiguousarray(bias, np.float32).tobytes()


def _convolution(w: _Writer, node: Node, output: str, activation: int) -> None:
    a = node.attributes
    weight, bias = w.case.weight(node, "weight"), w.case.weight(node, "bias")
    plain = a["groups"] == 1 or node.layer == "Conv2d"
    if not plain or a.get("offset_groups", 1) != 1 or a.get("offset_read", "exact") != "exact":
        raise ValueError(f"{node.name}: only exact offsets, and groups of plain convolutions, are written")
    transposed = node.layer == "ConvTranspose2d"
    if transposed:
        weight = weight.transpose(1, 0, 2, 3)  # ncnn: outputs first
    kinds = {"Conv2d": "Convolution", "ConvTranspose2d": "Deconvolution", "DeformConv2d": "DeformableConv2D"}
    parameters: Parameters = {0: weight.shape[0], 1: weight.shape[3], 11: weight.shape[2]}
    for key, name in ((2, "dilation"), (3, "stride"), (4, "padding")):
        parameters[key], parameters[key + 10] = a[name][1], a[name][0]
    if transposed:
        parameters[18], parameters[19] = a["output_padding"][1], a["output_padding"][0]
    parameters.update({5: int(bias is not None), 6: weight.size})
    _activate(parameters, activation)
    kind = kinds[node.layer]
    if a["groups"] != 1:
        kind, parameters[7] = "ConvolutionDepthWise", a["groups"]
    w.add(kind, node.name, node.inputs, output, parameters)
    w.weights(weight, bias)


def _activate(parameters: Parameters, activation: int) -> None:
    if activation:
        parameters[9] = activation
    if activation == ACTIVATIONS["Hardswish"]:
        parameters[10] = HARDSWISH


def _linear(w: _Writer, node: Node, output: str, activation: int) -> None:
    weight, bias = w.case.weight(node, "weight"), w.case.weight(node, "bias")
    parameters: Parameters = {0: weight.shape[0], 1: int(bias is not None), 2: weight.size}
    _activate(parameters, activation)
    w.add("InnerProduct", node.name, node.inputs, output, parameters)
    w.weights(weight, bias)


def _max_pool2d(w: _Writer, node: Node) -> None:
    a = node.attributes
    if a["ceil_mode"] or a["dilation"] != [1, 1]:
        raise ValueError(f"{node.name}: only plain max-pooling is written")
    parameters: Parameters = {0: MAX_POOLING, 5: ROUND_DOWN}
    for key, name in ((1, "kernel_size"), (2, "stride"), (3, "padding")):
        parameters[key], parameters[key + 10] = a[name][1], a[name][0]
    w.add("Pooling", node.name, node.inputs, node.output, parameters)


def _upsample(w: _Writer, node: Node) -> None:
    a = node.attributes
    if a["mode"] != "nearest" or not a["scale_h"]:
        raise ValueError(f"{node.name}: only nearest upsampling by a factor is written")
    scales: Parameters = {0: NEAREST, 1: float(a["scale_h"]), 2: float(a["scale_w"])}
    w.add("Interp", node.name, node.inputs, node.output, scales)


def _slice(w: _Writer, node: Node) -> None:
    a = node.attributes
    if a["axis"] != 1 or a["step"] != 1:
        raise ValueError(f"{node.name}: only ranges of channels are written")
    end = min(a["end"], TO_THE_END)
    w.add("Crop", node.name, node.inputs, node.output, {9: [a["start"]], 10: [end], 11: [CHANNEL_AXIS]})


def _mean(w: _Writer, node: Node) -> None:
    """ncnn's result has one axis; a second layer gives it the others back."""
    a = node.attributes
    if a["axes"] != [2, 3]:
        raise ValueError(f"{node.name}: only means over height and width are written")
    parameters: Parameters = {0: MEAN_POOLING, 4: 1}
    if not a["keepdim"]:
        w.add("Pooling", node.name, node.inputs, node.output, parameters)
        return
    inner = f"{node.output}/mean"
    w.readers[inner] = 1
    w.add("Pooling", f"{node.name}/mean", node.inputs, inner, parameters)
    w.add("Reshape", node.name, [inner], node.output, {0: 1, 1: 1, 2: node.shape[1]})


def _reshape(w: _Writer, node: Node) -> None:
    if len(node.shape) != 4 or node.shape[2:] != [1, 1]:
        raise ValueError(f"{node.name}: only [N,C] to [N,C,1,1] is written")
    w.add("Reshape", node.name, node.inputs, node.output, {0: 1, 1: 1, 2: node.shape[1]})


def _binary(w: _Writer, node: Node) -> None:
    parameters: Parameters = {0: OPERATIONS[node.layer]}
    numbers = [w.numbers[value] for value in node.inputs if value in w.numbers]
    if numbers:
        parameters.update({1: 1, 2: numbers[0]})
    values = [value for value in node.inputs if value not in w.numbers]
    w.add("BinaryOp", node.name, values, node.output, parameters)


def _constant(w: _Writer, node: Node) -> None:
    array = w.case.weight(node, "weight")
    if array.size != 1:
        raise ValueError(f"{node.name}: only constants of one number are written")
    w.numbers[node.output] = float(array.reshape(-1)[0])


def _clamp(w: _Writer, node: Node) -> None:
    bounds: Parameters = {0: float(node.attributes["min"]), 1: float(node.attributes["max"])}
    w.add("Clip", node.name, node.inputs, node.output, bounds)


def _hardsigmoid(w: _Writer, node: Node) -> None:
    a = node.attributes
    w.add("HardSigmoid", node.name, node.inputs, node.output, {0: a["slope"], 1: a["offset"]})


def _hardswish(w: _Writer, node: Node) -> None:
    w.add("HardSwish", node.name, node.inputs, node.output, {0: HARDSWISH[0], 1: HARDSWISH[1]})


OTHERS: dict[str, Callable[[_Writer, Node], None]] = {
    "MaxPool2d": _max_pool2d,
    "Upsample": _upsample,
    "Slice": _slice,
    "Concat": lambda w, node: w.add("Concat", node.name, node.inputs, node.output, {0: CHANNEL_AXIS}),
    "Add": _binary,
    "Mul": _binary,
    "Mean": _mean,
    "Reshape": _reshape,
    "Constant": _constant,
    "Clamp": _clamp,
    "Hardsigmoid": _hardsigmoid,
    "Hardswish": _hardswish,
    "ReLU": lambda w, node: w.add("ReLU", node.name, node.inputs, node.output),
    "Sigmoid": lambda w, node: w.add("Sigmoid", node.name, node.inputs, node.output),
}


def _activations(case: Case) -> dict[str, Node]:
    """By a convolution's output, the activation that alone reads it."""
    makers = {node.output: node for node in case.nodes}
    readers, found = case.readers(), {}
    for node in case.nodes:
        if node.layer in ACTIVATIONS:
            maker = makers.get(node.inputs[0])
            if maker is not None and maker.layer in WITH_ACTIVATION and readers[maker.output] == 1:
                found[maker.output] = node
    return found


def write(case: Case, param: Path, binary: Path) -> None:
    writer = _Writer(case)
    for name, (_, channels, height, width) in case.inputs.items():
        writer.add("Input", name, [], name, {0: width, 1: height, 2: channels})
    activations = _activations(case)
    folded = set(activations.values())
    for node in case.nodes:
        if node in folded:
            continue
        if node.layer in WITH_ACTIVATION:
            after = activations.get(node.output)
            kind = ACTIVATIONS[after.layer] if after else 0
            write_node = _linear if node.layer == "Linear" else _convolution
            write_node(writer, node, after.output if after else node.output, kind)
        elif node.layer in OTHERS:
            OTHERS[node.layer](writer, node)
        else:
            raise ValueError(f"{node.name}: {node.layer} has no ncnn writer")
    head = f"{MAGIC}\n{len(writer.lines)} {writer.blobs}\n"
    param.write_text(head + "\n".join(writer.lines) + "\n")
    binary.write_bytes(bytes(writer.data))
