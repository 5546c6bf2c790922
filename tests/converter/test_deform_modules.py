"""Deformable modules of other projects convert to what their compiled operators compute."""

from __future__ import annotations

import sys
import types

import deform_modules as known
import numpy as np
import pytest
import torch
import torchvision
from pliant_convert import ConvertError
from torch import nn
from user_modules import to_file

EVEN = {"padding": 1}
CASES = {
    "v1": (lambda: known.DeformConv(4, 6, 3, padding=1), (3, 1, EVEN), "exact"),
    "v2": (lambda: known.ModulatedDeformConv(4, 6, 3, padding=1), (3, 1, EVEN), "exact"),
    "groups": (lambda: known.ModulatedDeformConv(4, 6, 3, 1, 1, 1, 2), (3, 2, EVEN), "exact"),
    "strided, offsets not": (lambda: known.ModulatedDeformConv(4, 6, 3, 2, 1), (3, 1, EVEN), "flat_prefix"),
    "v1 strided, offsets not": (lambda: known.DeformConv(4, 6, 3, 2, 1), (3, 1, EVEN), "flat_prefix"),
    "pack v1": (lambda: known.DeformConvPack(4, 6, 3, 2, 1), None, "exact"),
    "pack v2": (lambda: known.ModulatedDeformConvPack(4, 6, 3, (2, 1), (1, 1), bias=False), None, "exact"),
    "pack v2 groups": (lambda: known.DCN(4, 6, 3, 1, 1, 1, 2), None, "exact"),
    "pack dilated": (lambda: known.ModulatedDeformConvPack(4, 6, 3, 1, 1, 2), None, "flat_prefix"),
    "pack v1 dilated": (lambda: known.DeformConvPack(4, 6, 3, 1, 2, 2, 2), None, "flat_prefix"),
    "mmcv dilated": (lambda: known.ModulatedDeformConv2dPack(4, 6, 3, 1, 2, 2), None, "exact"),
    "features": (lambda: known.Aligned(known.DCNv2Pack(4, 6, 3, 1, 1, 1, 2), False), None, "exact"),
    "features in a list": (lambda: known.Aligned(known.AlignedByList(4, 6, 3, 1, 1), True), None, "exact"),
    "detectron2": (
        lambda: known.detectron2_modulated(nn.BatchNorm2d(6), torch.relu),
        (3, 1, EVEN),
        "exact",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_modules(name):
    torch.manual_seed(7)
    make, predict, read = CASES[name]
    network = known.Around(make(), predict=predict).eval()
    file = to_file(network, channels=3)
    layers = [file.layer(node) for node in file.nodes]
    (table,) = (table for kind, table in layers if kind == "DeformConv2d")
    assert table.OffsetRead() == {"exact": 0, "flat_prefix": 1}[read]
    for size in ((1, 3, 12, 14), (2, 3, 9, 11)):
        x = torch.randn(*size)
        with torch.no_grad():
            expected = network.reference(x)
            (actual,) = file.run(x).values()
        assert expected.abs().max() > 0.1
        assert (actual - expected).abs().max() <= 1e-5 * expected.abs().max()


def test_parts_of_their_own_are_refused():
    module = known.ModulatedDeformConvPack(4, 6, 3, 1, 1)
    module.attention = nn.Conv2d(4, 4, 1)
    with pytest.raises(ConvertError, match="parts of its own .attention"):
        to_file(known.Around(module), channels=3)


def test_missing_mask_is_refused():
    module = known.Around(known.ModulatedDeformConv(4, 6, 3, padding=1), predict=(3, 1, EVEN))
    module.module.modulated = False
    with pytest.raises(ConvertError, match="without its mask"):
        to_file(module, channels=3)


def test_checked_operators_refuse_other_sizes():
    class Fixed(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = torchvision.ops.DeformConv2d(3, 4, 3, stride=2, padding=1)
            self.offset = nn.Conv2d(3, 18, 3, padding=1)

        def forward(self, x):
            x = nn.functional.interpolate(x, size=(8, 8))
            return self.conv(x, self.offset(x))

    with pytest.raises(ConvertError, match="offsets of 8x8 for an output of 4x4"):
        to_file(Fixed(), channels=3)


class PureDeformConv2d(torchvision.ops.DeformConv2d):
    """Stands for a pure PyTorch port's class: not torchvision's, the same names."""

    def forward(self, input, offset, mask=None):
        raise RuntimeError("loops over the sizes of its input")


PureDeformConv2d.__name__ = "DeformConv2d"


def test_pure_pytorch_port(monkeypatch):
    """The module by its class's name; the function where it was imported from deform_conv_torch."""
    port = types.ModuleType("deform_conv_torch")
    exec("def deform_conv2d(*args, **kwargs): raise RuntimeError('loops')", port.__dict__)
    monkeypatch.setitem(sys.modules, "deform_conv_torch", port)

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = PureDeformConv2d(3, 4, 3, padding=1)
            self.offset = nn.Conv2d(3, 18, 3, padding=1)

        def forward(self, x):
            y = self.conv(x, self.offset(x))
            weight, bias = self.conv.weight, self.conv.bias
            return y * port.deform_conv2d(x, self.offset(x), weight, bias, padding=(1, 1))

    torch.manual_seed(8)
    network = Network()
    nn.init.normal_(network.offset.weight, std=0.3)
    file = to_file(network, channels=3)
    x = torch.randn(1, 3, 9, 8)
    with torch.no_grad():
        y = torchvision.ops.deform_conv2d(
            x, network.offset(x), network.conv.weight, network.conv.bias, padding=(1, 1)
        )
        assert (file.run(x)["output"] - y * y).abs().max() < 1e-5 * (y * y).max()
    assert sys.modules["deform_conv_torch"].deform_conv2d is port.deform_conv2d


class DeformRoIPooling(nn.Module):
    def __init__(self, no_trans, names="pooled_size output_dim", part_size=None):
        super().__init__()
        size, channels = names.split()
        setattr(self, size, 3)
        setattr(self, channels, 2)
        self.spatial_scale, self.no_trans, self.group_size = 0.5, no_trans, 2
        self.part_size, self.sample_per_part, self.trans_std = part_size, 2, 0.4

    def forward(self, *inputs):
        raise RuntimeError("the compiled operator is not there")


class DCNPooling(DeformRoIPooling):
    def __init__(self, no_trans):
        super().__init__(no_trans)
        self.offset_mask_fc = nn.Sequential(nn.Linear(18, 7), nn.ReLU(inplace=True), nn.Linear(7, 27))


class ModulatedDeformRoIPoolingPack(DeformRoIPooling):
    def __init__(self):
        super().__init__(False, "out_size out_channels")
        self.offset_fc = nn.Sequential(nn.Linear(18, 7), nn.ReLU(), nn.Linear(7, 18))
        self.mask_fc = nn.Sequential(nn.Linear(18, 9), nn.Sigmoid())


def pooled(x, rois, trans, part=3, size=3, channels=2, group=2, samples=2, scale=0.5, std=0.4):
    """Written from the operator's definition, apart from the reference executor's way."""
    result = np.zeros((len(rois), channels, size, size))
    h, w = x.shape[2:]
    for (r, c, i, j), _ in np.ndenumerate(result):
        x1, y1, x2, y2 = (np.floor(np.abs(v) + 0.5) * np.sign(v) for v in rois[r, 1:])
        left, top = x1 * scale - 0.5, y1 * scale - 0.5
        width = max((x2 + 1) * scale - 0.5 - left, 0.1)
        height = max((y2 + 1) * scale - 0.5 - top, 0.1)
        shift = (0.0, 0.0)
        if trans is not None:
            k = c // (channels // (trans.shape[1] // 2))
            shift = trans[r, 2 * k : 2 * k + 2, int(i * part / size), int(j * part / size)] * std
        plane = x[int(rois[r, 0]), (c * group + i * group // size) * group + j * group // size]
        total, count = 0.0, 0
        for a in range(samples):
            for b in range(samples):
                py = top + (i + a / samples) * height / size + shift[1] * height
                px = left + (j + b / samples) * width / size + shift[0] * width
                if py < -0.5 or py > h - 0.5 or px < -0.5 or px > w - 0.5:
                    continue
                py, px = np.clip(py, 0, h - 1), np.clip(px, 0, w - 1)
                rows = np.maximum(0, 1 - np.abs(np.arange(h) - py))
                columns = np.maximum(0, 1 - np.abs(np.arange(w) - px))
                total, count = total + rows @ plane @ columns, count + 1
        result[r, c, i, j] = total / count if count else 0.0
    return result


class Pooling(nn.Module):
    def __init__(self, module, with_trans):
        super().__init__()
        self.module, self.with_trans = module, with_trans

    def forward(self, x, rois, trans):
        return self.module(x, rois, trans) if self.with_trans else (self.module(x, rois), trans * 1)[0]


def pooling_file(module, with_trans):
    from pliant_convert import writer
    from pliant_convert.ir import InputSpec
    from pliant_convert.trace import trace
    from reference import ReferenceModel

    specs = [InputSpec("x", (-1, 8, -1, -1)), InputSpec("rois", (-1, 5)), InputSpec("trans", (-1, 2, 3, 3))]
    graph = trace(Pooling(module, with_trans), specs)
    return ReferenceModel(writer.model_bytes(graph, "m", None, None, writer.Provenance("0", "", "", "")))


@pytest.fixture
def regions():
    torch.manual_seed(9)
    x, trans = torch.randn(2, 8, 11, 13).double(), torch.randn(4, 2, 3, 3).double()
    rois = torch.tensor(
        [[0, 2.4, 3.5, 20, 17], [1, -6, 0, 9, 30], [1, 12, 5, 12, 5], [0, 40, 40, 60, 60]],
        dtype=torch.float64,
    )
    return x, rois, trans


@pytest.mark.parametrize("no_trans", [True, False])
def test_roi_pooling(no_trans, regions):
    x, rois, trans = regions
    file = pooling_file(DeformRoIPooling(no_trans), True)
    (actual,) = file.run(x, rois, trans).values()
    expected = pooled(x.numpy(), rois.numpy(), None if no_trans else trans.numpy())
    assert np.abs(expected).max() > 0.3
    assert np.abs(actual.numpy() - expected).max() < 1e-9


@pytest.mark.parametrize(
    "make", [lambda: DCNPooling(True), lambda: DCNPooling(False), ModulatedDeformRoIPoolingPack]
)
def test_roi_pooling_packs(make, regions):
    x, rois, trans = regions
    module = make().double()
    (actual,) = pooling_file(module, False).run(x, rois, trans).values()
    plain = pooled(x.numpy(), rois.numpy(), None)
    expected = plain
    if not module.no_trans:
        flat = torch.from_numpy(plain).flatten(1)
        if hasattr(module, "offset_mask_fc"):
            out = module.offset_mask_fc(flat).view(4, 3, 3, 3)
            shifts, mask = out[:, :2], out[:, 2:].sigmoid()
        else:
            shifts, mask = module.offset_fc(flat).view(4, 2, 3, 3), module.mask_fc(flat).view(4, 1, 3, 3)
        expected = pooled(x.numpy(), rois.numpy(), shifts.detach().numpy()) * mask.detach().numpy()
        assert np.abs(expected - plain).max() > 0.05
    assert np.abs(actual.numpy() - expected).max() < 1e-6
