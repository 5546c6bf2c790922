"""PyTorch with torchvision's operator, eagerly: the nodes of a case as functions, with BatchNorm folded."""

from __future__ import annotations

import operator
from typing import Any, Callable

import numpy as np
import torch
import torch.nn.functional as F
from case import Case, Node
from runner import Run, serve
from torchvision.ops import deform_conv2d

Step = Callable[..., torch.Tensor]


def _step(case: Case, node: Node) -> Step:
    a: dict[str, Any] = node.attributes
    arrays = {name: case.weight(node, name) for name in ("weight", "bias")}
    weight, bias = (None if array is None else torch.from_numpy(array) for array in arrays.values())
    if node.layer == "Conv2d":
        return lambda x: F.conv2d(x, weight, bias, a["stride"], a["padding"], a["dilation"], a["groups"])
    if node.layer == "ConvTranspose2d":
        options = a["stride"], a["padding"], a["output_padding"], a["groups"], a["dilation"]
        return lambda x: F.conv_transpose2d(x, weight, bias, *options)
    if node.layer == "DeformConv2d":
        options = a["stride"], a["padding"], a["dilation"]
        return lambda x, offset, mask=None: deform_conv2d(x, offset, weight, bias, *options, mask)
    if node.layer == "MaxPool2d":
        return lambda x: F.max_pool2d(x, a["kernel_size"], a["stride"], a["padding"], a["dilation"])
    if node.layer == "Upsample":
        return lambda x: F.interpolate(x, scale_factor=(a["scale_h"], a["scale_w"]), mode=a["mode"])
    if node.layer == "Slice":
        index = (slice(None),) * a["axis"] + (slice(a["start"], a["end"], a["step"]),)
        return lambda x: x[index]
    if node.layer == "Concat":
        return lambda *parts: torch.cat(parts, a["axis"])
    if node.layer == "Mean":
        return lambda x: x.mean(a["axes"], a["keepdim"])
    if node.layer == "Linear":
        return lambda x: F.linear(x, weight, bias)
    if node.layer == "Reshape":
        return lambda x: x.reshape(node.shape)
    if node.layer == "Clamp":
        return lambda x: x.clamp(a["min"], a["max"])
    if node.layer == "Hardsigmoid":
        return lambda x: (x * a["slope"] + a["offset"]).clamp(0, 1)
    if node.layer == "Hardswish":
        return F.hardswish
    if node.layer == "Constant":
        return lambda: weight
    plain = {"Add": operator.add, "Mul": operator.mul, "ReLU": torch.relu, "Sigmoid": torch.sigmoid}
    return plain[node.layer]


def load(case: Case, inputs: dict[str, np.ndarray], threads: int) -> Run:
    torch.set_num_threads(threads)
    steps = [(node, _step(case, node)) for node in case.nodes]
    readers = case.readers()
    given = {name: torch.from_numpy(array) for name, array in inputs.items()}

    def run() -> np.ndarray:
        values, left = dict(given), readers.copy()
        with torch.inference_mode():
            for node, step in steps:
                values[node.output] = step(*(values[name] for name in node.inputs))
                for name in node.inputs:
                    left[name] -= 1
                    if left[name] == 0:
                        del values[name]
        return values[case.output].numpy()

    return run


if __name__ == "__main__":
    serve(load)
