"""Runs a model file in PyTorch, node by node, by the schema's text: what the file says, not what we meant.

It shares nothing with the converter but the code that flatc generates from the schema.

As a command it stands in for `pliant run`: python reference.py run MODEL --input x.npy --output [name=]y.npy
"""

from __future__ import annotations

import argparse
from typing import Any, Optional

import numpy as np
import torch
import torch.nn.functional as F
import torchvision
from pliant_convert.schema import (
    BatchNorm2d,
    Concat,
    Conv2d,
    ConvTranspose2d,
    DeformConv2d,
    Layer,
    MaxPool2d,
    Model,
    OffsetRead,
    Slice,
    Upsample,
)

TABLES = {
    "BatchNorm2d": BatchNorm2d.BatchNorm2d,
    "Concat": Concat.Concat,
    "Conv2d": Conv2d.Conv2d,
    "ConvTranspose2d": ConvTranspose2d.ConvTranspose2d,
    "DeformConv2d": DeformConv2d.DeformConv2d,
    "MaxPool2d": MaxPool2d.MaxPool2d,
    "Slice": Slice.Slice,
    "Upsample": Upsample.Upsample,
}
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
        """(name, attributes) of a node; attributes are None for a table without fields."""
        name = LAYER_NAMES[node.LayerType()]
        if name not in TABLES:
            return name, None
        table = TABLES[name]()
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
        data = weight.DataAsNumpy().view("<f4") if weight.DataLength() else np.zeros(0, np.float32)
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
        assert t.Mode() == 0
        if like is not None:
            return F.interpolate(x, size=like.shape[2:], mode="nearest")
        return F.interpolate(x, scale_factor=(t.ScaleH(), t.ScaleW()), mode="nearest")

    def _add(self, _: Any, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return x + y

    def _mul(self, _: Any, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return x * y

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
