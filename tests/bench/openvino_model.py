"""Writes a case's ONNX file in OpenVINO's format: loading it neither parses ONNX nor calls Python.

OpenVINO's importer knows no DeformConv; its operator set has the operator. bilinear_interpolation_pad makes
samples outside of the picture fade to zero, as in PyTorch; without it the borders differ.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import openvino
from openvino import opset8
from openvino.frontend import OpExtension  # noqa: F401  (loads the front ends)
from openvino.frontend.onnx import ConversionExtension


def _deform_conv(node: Any) -> list[Any]:
    x, weight, offset = (node.get_input(i) for i in range(3))
    count = node.get_input_size()
    bias = node.get_input(3) if count > 3 else None
    mask = [node.get_input(4)] if count > 4 else []
    pads = node.get_attribute("pads")
    made = opset8.deformable_convolution(
        x,
        offset,
        weight,
        strides=node.get_attribute("strides"),
        pads_begin=pads[:2],
        pads_end=pads[2:],
        dilations=node.get_attribute("dilations"),
        mask=mask[0] if mask else None,
        auto_pad="EXPLICIT",
        group=node.get_attribute("group"),
        deformable_group=node.get_attribute("offset_group"),
        bilinear_interpolation_pad=True,
    )
    if bias is not None:
        shape = opset8.constant(np.array([1, -1, 1, 1], np.int64))
        made = opset8.add(made, opset8.reshape(bias, shape, special_zero=False))
    return [made.output(0)]


def write(onnx_path: Path, xml: Path) -> None:
    core = openvino.Core()
    core.add_extension(ConversionExtension("DeformConv", _deform_conv))
    model = core.read_model(str(onnx_path))
    openvino.save_model(model, str(xml), compress_to_fp16=False)
