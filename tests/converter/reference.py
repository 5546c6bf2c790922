"""Runs a model file in PyTorch, node by node, by the schema's text: what the file says, not what we meant.

It shares nothing with the converter but the code that flatc generates from the schema.

As a command it stands in for `pliant run`: python reference.py run MODEL --input x.npy --output [name=]y.npy
"""

from __future__ import annotations

import argparse
import importlib
import math
from typing import Any, Optional

import numpy as np
import torch
import torch.nn.functional as F
import torchvision
from pliant_convert.schema import Layer, Model, OffsetRead, PadMode, UpsampleMode

LAYER_NAMES = {number: name for name, number in vars(Layer.Layer).items() if not name.startswith("_")}


class ReferenceModel:
    """A model file, read whole."""

    def __init__(self, data: bytes) -> None:
        self.data = bytes(data)
        assert Model.Model.ModelBufferHasIdentifier(self.data, 0), "wrong file identifier"
        self.model = Model.Model.GetRootAs(self.data, 0)
        self.weights = [self._weight(self.model.Weights(i)) for i in range(self.model.WeightsLength())]
        self.nodes = [self.model.Nodes(i) for i in range(self.model.NodesLength())]
        self.inputs = [self.model.Inputs(i) for i in range(self.model.InputsLength())]
        self.outputs = [self.model.Outputs(i) for i in range(self.model.OutputsLength())]

    def layer_names(self) -> list[str]:
        return [LAYER_NAMES[node.LayerType()] for node in self.nodes]

    def layer(self, node: Any) -> tuple[str, Any]:
        """(name, attributes) of a node."""
        name = LAYER_NAMES[node.LayerType()]
        table = getattr(importlib.import_module(f"pliant_convert.schema.{name}"), name)()
        table.Init(node.Layer().Bytes, node.Layer().Pos)
        return name, table

    def run(self, *inputs: torch.Tensor) -> dict[str, torch.Tensor]:
        """The named outputs, computed in the inputs' floating-point type."""
        assert len(inputs) == len(self.inputs)
        self.dtype = inputs[0].dtype
        values = {port.Value(): x for port, x in zip(self.inputs, inputs)}
        for node in self.nodes:
            name, table = self.layer(node)
            arguments = [values[node.Inputs(i)] for i in range(node.InputsLength())]
            assert node.OutputsLength() == 1
            result = getattr(self, f"_{name.lower()}")(table, *arguments)
            assert result.dim() == self.model.Values(node.Outputs(0)).Rank()
            values[node.Outputs(0)] = result
        return {port.Name().decode(): values[port.Value()] for port in self.outputs}

    def _weight(self, weight: Any) -> torch.Tensor:
        kind = {0: "<f4", 1: "<f2"}[weight.Dtype()]
        data = weight.DataAsNumpy().view(kind).astype(np.float32)
        shape = [weight.Shape(i) for i in range(weight.ShapeLength())]
        return torch.from_numpy(data.reshape(shape).copy())

    def _of(self, index: int) -> Optional[torch.Tensor]:
        return None if index == -1 else self.weights[index].to(self.dtype)

    def _conv2d(self, t: Any, x: torch.Tensor) -> torch.Tensor:
        weight, bias = self._of(t.Weight()), self._of(t.Bias())
        return F.conv2d(
            x, weight, bias, _pair(t.Stride()), _pair(t.Padding()), _pair(t.Dilation()), t.Groups()
        )

    def _convtranspose2d(self, t: Any, x: torch.Tensor) -> torch.Tensor:
        pairs = [_pair(p) for p in (t.Stride(), t.Padding(), t.OutputPadding(), t.Dilation())]
        weight, bias = self._of(t.Weight()), self._of(t.Bias())
        return F.conv_transpose2d(x, weight, bias, *pairs[:3], t.Groups(), pairs[3])

    def _deformconv2d(
        self, t: Any, x: torch.Tensor, offset: torch.Tensor, mask: Optional[torch.Tensor] = None
    ) -> torch.Tensor:
        weight, bias = self._of(t.Weight()), self._of(t.Bias())
        stride, padding, dilation = _pair(t.Stride()), _pair(t.Padding()), _pair(t.Dilation())
        taps = weight.shape[2] * weight.shape[3]
        assert offset.shape[1] == 2 * t.OffsetGroups() * taps
        assert x.shape[1] == weight.shape[1] * t.Groups()
        size = [
            (x.shape[2 + i] + 2 * padding[i] - (dilation[i] * (weight.shape[2 + i] - 1) + 1)) // stride[i] + 1
            for i in (0, 1)
        ]
        if t.OffsetRead() == OffsetRead.OffsetRead.flat_prefix:
            offset = _as_packed(offset, size)
            mask = None if mask is None else _as_packed(mask, size)
        assert list(offset.shape[2:]) == size
        return torchvision.ops.deform_conv2d(x, offset, weight, bias, stride, padding, dilation, mask)

    def _batchnorm2d(self, t: Any, x: torch.Tensor) -> torch.Tensor:
        weight, bias, mean, var = (self._of(index) for index in (t.Weight(), t.Bias(), t.Mean(), t.Var()))
        return F.batch_norm(x, mean, var, weight, bias, eps=t.Eps())

    def _maxpool2d(self, t: Any, x: torch.Tensor) -> torch.Tensor:
        pairs = [_pair(p) for p in (t.KernelSize(), t.Stride(), t.Padding(), t.Dilation())]
        return F.max_pool2d(x, *pairs, t.CeilMode())

    def _upsample(self, t: Any, x: torch.Tensor, like: Optional[torch.Tensor] = None) -> torch.Tensor:
        options: dict[str, Any] = {"mode": "nearest"}
        if t.Mode() == UpsampleMode.UpsampleMode.bilinear:
            options = {"mode": "bilinear", "align_corners": t.AlignCorners()}
        if like is not None:
            return F.interpolate(x, size=like.shape[2:], **options)
        if t.Size() is not None:
            return F.interpolate(x, size=_pair(t.Size()), **options)
        return F.interpolate(x, scale_factor=(t.ScaleH(), t.ScaleW()), **options)

    def _avgpool2d(self, t: Any, x: torch.Tensor) -> torch.Tensor:
        pairs = [_pair(p) for p in (t.KernelSize(), t.Stride(), t.Padding())]
        return F.avg_pool2d(x, *pairs, t.CeilMode(), t.CountIncludePad(), t.DivisorOverride() or None)

    def _add(self, _: Any, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return x + y

    def _mul(self, _: Any, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return x * y

    def _sub(self, _: Any, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return x - y

    def _div(self, _: Any, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return x / y

    def _concat(self, t: Any, *values: torch.Tensor) -> torch.Tensor:
        return torch.cat(values, t.Axis())

    def _slice(self, t: Any, x: torch.Tensor) -> torch.Tensor:
        index = [slice(None)] * x.dim()
        index[t.Axis()] = slice(t.Start(), t.End(), t.Step())
        return x[tuple(index)]

    def _relu(self, _: Any, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(x)

    def _sigmoid(self, _: Any, x: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(x)

    def _leakyrelu(self, t: Any, x: torch.Tensor) -> torch.Tensor:
        return x.clamp(min=0) + t.NegativeSlope() * x.clamp(max=0)

    def _hardswish(self, _: Any, x: torch.Tensor) -> torch.Tensor:
        return x * (x + 3).clamp(0, 6) / 6

    def _hardsigmoid(self, t: Any, x: torch.Tensor) -> torch.Tensor:
        return (x * t.Slope() + t.Offset()).clamp(0, 1)

    def _swish(self, _: Any, x: torch.Tensor) -> torch.Tensor:
        return x * torch.sigmoid(x)

    def _clamp(self, t: Any, x: torch.Tensor) -> torch.Tensor:
        return x.clamp(t.Min(), t.Max())

    def _softmax(self, t: Any, x: torch.Tensor) -> torch.Tensor:
        e = torch.exp(x - x.amax(t.Axis(), keepdim=True))
        return e / e.sum(t.Axis(), keepdim=True)

    def _mean(self, t: Any, x: torch.Tensor) -> torch.Tensor:
        return x.mean([t.Axes(i) for i in range(t.AxesLength())], keepdim=t.Keepdim())

    def _linear(self, t: Any, x: torch.Tensor) -> torch.Tensor:
        return F.linear(x, self._of(t.Weight()), self._of(t.Bias()))

    def _constant(self, t: Any) -> torch.Tensor:
        return self._of(t.Weight())

    def _transpose(self, t: Any, x: torch.Tensor) -> torch.Tensor:
        return x.permute([t.Perm(i) for i in range(t.PermLength())]).contiguous()

    def _reshape(self, t: Any, x: torch.Tensor) -> torch.Tensor:
        sizes = []
        for i in range(t.SizesLength()):
            size = t.Sizes(i)
            if size == 0:
                copy = t.Copy(i) if i < t.CopyLength() else 0
                factor = t.Factor(i) if i < t.FactorLength() else 1
                divisor = t.Divisor(i) if i < t.DivisorLength() else 1
                size, rest = divmod(x.shape[copy] * factor, divisor)
                assert rest == 0
            sizes.append(size)
        return x.reshape(sizes)

    def _pad(self, t: Any, x: torch.Tensor) -> torch.Tensor:
        assert t.BeforeLength() == t.AfterLength() == x.dim()
        before = [t.Before(i) for i in range(x.dim())]
        after = [t.After(i) for i in range(x.dim())]
        if t.Mode() == PadMode.PadMode.constant:
            pads = [n for pair in zip(reversed(before), reversed(after)) for n in pair]
            return F.pad(x, pads, value=t.Value())
        for axis in range(x.dim()):
            n = torch.arange(-before[axis], x.shape[axis] + after[axis])
            last = x.shape[axis] - 1
            if t.Mode() == PadMode.PadMode.reflect:
                n = last - (last - n.abs()).abs()
            x = x.index_select(axis, n.clamp(0, last))
        return x

    def _deformroipool(
        self, t: Any, x: torch.Tensor, rois: torch.Tensor, trans: Optional[torch.Tensor] = None
    ) -> torch.Tensor:
        """Sample by sample, as the operator's definition has it."""
        size, group, part = t.PooledSize(), t.GroupSize(), t.PartSize() or t.PooledSize()
        height, width = x.shape[2:]
        result = torch.zeros(rois.shape[0], t.OutputDim(), size, size, dtype=x.dtype)
        classes = 1 if trans is None else trans.shape[1] // 2
        for r, c, py, px in np.ndindex(*result.shape):
            roi = [float(torch.sign(v) * torch.floor(v.abs() + 0.5)) for v in rois[r, 1:]]
            left, top = (v * t.SpatialScale() - 0.5 for v in roi[:2])
            roi_w = max((roi[2] + 1) * t.SpatialScale() - 0.5 - left, 0.1)
            roi_h = max((roi[3] + 1) * t.SpatialScale() - 0.5 - top, 0.1)
            dx = dy = 0.0
            if trans is not None:
                place = (c // (t.OutputDim() // classes), py * part // size, px * part // size)
                dx, dy = (
                    float(trans[r, 2 * place[0] + i, place[1], place[2]]) * t.TransStd() for i in (0, 1)
                )
            gy, gx = (min(max(p * group // size, 0), group - 1) for p in (py, px))
            plane = x[int(rois[r, 0]), (c * group + gy) * group + gx]
            found = []
            for iy, ix in np.ndindex(t.SamplePerPart(), t.SamplePerPart()):
                h = py * roi_h / size + top + dy * roi_h + iy * roi_h / size / t.SamplePerPart()
                w = px * roi_w / size + left + dx * roi_w + ix * roi_w / size / t.SamplePerPart()
                if not (-0.5 <= w <= width - 0.5 and -0.5 <= h <= height - 0.5):
                    continue
                h, w = min(max(h, 0.0), height - 1.0), min(max(w, 0.0), width - 1.0)
                y0, x0, y1, x1 = math.floor(h), math.floor(w), math.ceil(h), math.ceil(w)
                upper = plane[y0, x0] * (1 - (w - x0)) + plane[y0, x1] * (w - x0)
                lower = plane[y1, x0] * (1 - (w - x0)) + plane[y1, x1] * (w - x0)
                found.append(upper * (1 - (h - y0)) + lower * (h - y0))
            result[r, c, py, px] = sum(found) / len(found) if found else 0.0
        return result


def _pair(struct: Any) -> tuple[int, int]:
    return struct.H(), struct.W()


def _as_packed(x: torch.Tensor, size: list[int]) -> torch.Tensor:
    """Number by number: what pointer arithmetic with the wrong size reads out of each image's buffer."""
    images, channels = x.shape[:2]
    result = torch.empty(images, channels, *size, dtype=x.dtype)
    for image in range(images):
        memory = x[image].contiguous().numpy().tobytes()
        numbers = torch.frombuffer(bytearray(memory), dtype=x.dtype, count=channels * size[0] * size[1])
        for channel in range(channels):
            for row in range(size[0]):
                first = (channel * size[0] + row) * size[1]
                result[image, channel, row] = numbers[first : first + size[1]]
    return result


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["run"])
    parser.add_argument("model")
    parser.add_argument("--input", required=True)
    parser.add_argument("--output", required=True)
    arguments = parser.parse_args()
    with open(arguments.model, "rb") as stream:
        model = ReferenceModel(stream.read())
    results = model.run(torch.from_numpy(np.load(arguments.input)))
    name, separator, path = arguments.output.rpartition("=")
    np.save(path, (results[name] if separator else next(iter(results.values()))).numpy())


if __name__ == "__main__":
    main()
