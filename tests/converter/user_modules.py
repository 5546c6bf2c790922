"""Modules of users for the tests: a file made of one, and its comparison with PyTorch."""

from __future__ import annotations

import torch
from pliant_convert import writer
from pliant_convert.ir import InputSpec
from pliant_convert.passes import simplify
from pliant_convert.trace import trace
from reference import ReferenceModel
from torch import nn


def to_file(module, inputs=1, channels=4, rewrite=True):
    specs = [InputSpec(f"x{i}", (-1, channels, -1, -1)) for i in range(inputs)]
    graph = trace(module, specs)
    if rewrite:
        simplify(graph)
    return ReferenceModel(
        writer.model_bytes(graph, "m", None, None, writer.Provenance("0", "x", "0" * 64, "none"))
    )


def check(module, inputs=1, channels=4, sizes=((1, 8, 10), (2, 5, 7)), rewrite=True):
    """The file computes what PyTorch computes; gives the file."""
    module.eval()
    model = to_file(module, inputs, channels, rewrite)
    for images, height, width in sizes:
        arguments = [torch.randn(images, channels, height, width, dtype=torch.float64) for _ in range(inputs)]
        with torch.no_grad():
            # Copies: what is in place must not change the inputs of the other side.
            expected = module.double()(*(a.clone() for a in arguments))
            actual = list(model.run(*arguments).values())
        expected = expected if isinstance(expected, (tuple, list)) else [expected]
        assert len(actual) == len(expected)
        for a, b in zip(actual, expected):
            assert a.shape == b.shape
            assert (a - b).abs().max() <= 1e-5 * max(1.0, b.abs().max().item())
    return model


class Call(nn.Module):
    """A module whose forward is a plain function of its inputs."""

    def __init__(self, function, **parts):
        super().__init__()
        self.function = function
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, x):
        return self.function(self, x)


class CallTwo(Call):
    def forward(self, x, y):
        return self.function(self, x, y)


def lively(module):
    """BatchNorm statistics that are not those of a new module."""
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.normal_(part.running_mean)
            nn.init.uniform_(part.running_var, 0.5, 2.0)
            if part.affine:
                nn.init.uniform_(part.weight, -1.5, 1.5)
                nn.init.normal_(part.bias)
    return module
