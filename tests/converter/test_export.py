"""torch.export where torch.fx cannot follow; needs a PyTorch that has it."""

from __future__ import annotations

import pliant_convert
import pytest
import torch
import torch.nn.functional as F
import torchvision
from pliant_convert import ConvertError
from reference import ReferenceModel
from torch import nn

has_export = hasattr(torch, "export") and hasattr(getattr(torch.export, "Dim", None), "AUTO")
needs_export = pytest.mark.skipif(not has_export, reason="this PyTorch has no torch.export with Dim.AUTO")


class Escapes(nn.Module):
    """What torch.fx cannot record, whatever the rest is: a tensor made of a size, and a check of a type."""

    def __init__(self, body=None):
        super().__init__()
        self.body = body

    def forward(self, x):
        assert isinstance(x, torch.Tensor)
        if not isinstance(x, torch.Tensor):
            return x
        torch.ones(x.shape[0])  # torch.fx stops here
        return self.body(x)


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, 2, 1)
        self.norm = nn.BatchNorm2d(8)
        self.deform = torchvision.ops.DeformConv2d(8, 8, 3, padding=1)
        self.offset = nn.Conv2d(8, 18, 3, padding=1)
        self.register_buffer("shift", torch.randn(8, 1, 1))
        self.fc = nn.Linear(8, 8)
        self.up = nn.ConvTranspose2d(8, 4, 2, 2)

    def forward(self, x):
        y = F.relu6(self.norm(self.conv(x)), inplace=True)
        y = self.deform(y, self.offset(y)) + self.shift
        y = F.silu(y, inplace=True)
        n, c, h, w = y.shape
        z = y.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)
        y += z
        gate = F.hardsigmoid(self.fc(F.adaptive_avg_pool2d(y, 1).flatten(1)))[:, :, None, None]
        first, second = (y * gate.expand_as(y)).chunk(2, 1)
        up = F.interpolate(second, scale_factor=2, mode="bilinear", align_corners=False)
        return {
            "map": torch.sigmoid(self.up(y)),
            "more": [F.pad(second, (1, 1, 0, 0))[:, :, ::2].mean((2, 3)), up.clamp(-1, 1)],
            "pooled": F.avg_pool2d(first, 2) - F.max_pool2d(first, 2) / 2,
            "sized": F.interpolate(first, size=y.shape[-2:], mode="nearest") * F.leaky_relu(first, 0.2),
            "soft": F.softmax(-first, 1) ** 2,
            "split": torch.cat(torch.split(y, [3, 5], 1)[::-1], 1).permute(0, 2, 3, 1),
        }


@needs_export
def test_operators(tmp_path):
    torch.manual_seed(1)
    module = Escapes(Block()).eval()
    nn.init.normal_(module.body.norm.running_mean)
    nn.init.normal_(module.body.offset.weight, std=0.2)
    notes = pliant_convert.convert(module, torch.randn(1, 3, 32, 36), tmp_path / "m.pliant")
    assert notes == []
    file = ReferenceModel((tmp_path / "m.pliant").read_bytes())
    assert "DeformConv2d" in file.layer_names() and "BatchNorm2d" not in file.layer_names()
    assert [file.inputs[0].Shape(i) for i in range(4)] == [-1, 3, -1, -1]
    for size in [(1, 3, 24, 40), (3, 3, 44, 20)]:
        x = torch.randn(*size)
        with torch.no_grad():
            expected, actual = module(x), file.run(x)
        expected = {**expected, "more.0": expected["more"][0], "more.1": expected["more"][1]}
        del expected["more"]
        assert set(actual) == set(expected)
        for name, value in expected.items():
            assert actual[name].shape == value.shape
            assert (actual[name] - value).abs().max() <= 1e-5 * max(1, value.abs().max()), name


@needs_export
def test_what_control_flow_took_for_granted_is_said(tmp_path):
    class Large(nn.Module):
        def forward(self, x):
            return x * 2 if x.shape[2] > 20 else x - 1

    notes = pliant_convert.convert(Large(), torch.randn(1, 3, 32, 36), tmp_path / "m.pliant")
    assert notes == ["the model is right for sizes 21 and more of axis 2 of x"]


@needs_export
def test_fixed_size(tmp_path):
    notes = pliant_convert.convert(
        Escapes(nn.Linear(36, 4)), torch.randn(1, 3, 32, 36), tmp_path / "m.pliant"
    )
    assert notes == ["the model takes x of shape ?x3x?x36 only"]
    file = ReferenceModel((tmp_path / "m.pliant").read_bytes())
    assert [file.inputs[0].Shape(i) for i in range(4)] == [-1, 3, -1, 36]


@needs_export
def test_refusals(tmp_path):
    with pytest.raises(ConvertError, match="cumsum.*test_export.py.*not supported") as caught:
        pliant_convert.convert(Escapes(lambda x: x.cumsum(1)), torch.randn(1, 3, 8, 8), tmp_path / "m.pliant")
    assert "torch.fx cannot follow" in str(caught.value)

    class OnNumbers(nn.Module):
        def forward(self, x):
            return x * 2 if x.sum() > 0 else x

    class ByNumbers(nn.Module):
        def forward(self, x):
            return x * 2 if bool(x.relu()[0, 0, 0, 0]) else x

    for module in (OnNumbers(), ByNumbers()):
        with pytest.raises(ConvertError):
            pliant_convert.convert(module, torch.randn(1, 3, 8, 8), tmp_path / "m.pliant")


@pytest.mark.skipif(has_export, reason="this PyTorch has torch.export")
def test_without_torch_export(tmp_path):
    with pytest.raises(ConvertError, match="torch.fx cannot follow"):
        pliant_convert.convert(Escapes(nn.ReLU()), torch.randn(1, 3, 8, 8), tmp_path / "m.pliant")
