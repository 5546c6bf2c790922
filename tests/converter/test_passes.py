"""The passes change the graph and not what it computes."""

from __future__ import annotations

import pytest
import torch
from pliant_convert import ConvertError
from pliant_convert.ir import InputSpec
from pliant_convert.models.db.architecture import DeformConv2d
from pliant_convert.passes import expose_logits
from pliant_convert.trace import trace
from pliant_convert.writer import Provenance, model_bytes
from reference import ReferenceModel
from test_trace import Call, check, lively
from torch import nn


class Offsets(nn.Module):
    """A deformable convolution with a norm behind it; the offsets come from its own convolution."""

    def __init__(self):
        super().__init__()
        self.offset = nn.Conv2d(4, 18, 3, padding=1)
        self.conv = DeformConv2d(4, 6)
        self.norm = nn.BatchNorm2d(6)

    def forward(self, x):
        return self.norm(self.conv(x, self.offset(x)))


FOLDED = {
    "conv": lambda: nn.Sequential(nn.Conv2d(4, 6, 3, bias=False), nn.BatchNorm2d(6)),
    "conv with bias and groups": lambda: nn.Sequential(nn.Conv2d(4, 6, 3, groups=2), nn.BatchNorm2d(6)),
    "norm without weights": lambda: nn.Sequential(
        nn.Conv2d(4, 6, 3), nn.BatchNorm2d(6, affine=False, eps=0.1)
    ),
    "transposed": lambda: nn.Sequential(nn.ConvTranspose2d(4, 6, 2, 2, bias=False), nn.BatchNorm2d(6)),
    "transposed with groups": lambda: nn.Sequential(nn.ConvTranspose2d(4, 6, 3, groups=2), nn.BatchNorm2d(6)),
    "two norms": lambda: nn.Sequential(
        nn.Conv2d(4, 6, 1), nn.BatchNorm2d(6), nn.Identity(), nn.BatchNorm2d(6)
    ),
    "deformable": Offsets,
}


@pytest.mark.parametrize("name", FOLDED)
def test_norms_fold_into_convolutions(name):
    torch.manual_seed(3)
    model = check(lively(FOLDED[name]()))
    assert "BatchNorm2d" not in model.layer_names()


def test_a_norm_stays_where_the_convolution_has_another_reader():
    def forward(m, x):
        y = m.conv(x)
        return m.norm(y) + y

    torch.manual_seed(4)
    model = check(lively(Call(forward, conv=nn.Conv2d(4, 6, 1), norm=nn.BatchNorm2d(6))))
    assert model.layer_names() == ["Conv2d", "BatchNorm2d", "Add"]


def test_a_norm_stays_where_the_convolution_is_an_output():
    def forward(m, x):
        y = m.conv(x)
        return m.norm(y), y

    model = check(lively(Call(forward, conv=nn.Conv2d(4, 6, 1), norm=nn.BatchNorm2d(6))))
    assert model.layer_names() == ["Conv2d", "BatchNorm2d"]


def test_shared_convolutions_fold_each_for_itself():
    def forward(m, x):
        return m.norm1(m.conv(x)) + m.norm2(m.conv(x.relu()))

    parts = {"conv": nn.Conv2d(4, 6, 1), "norm1": nn.BatchNorm2d(6), "norm2": nn.BatchNorm2d(6)}
    model = check(lively(Call(forward, **parts)))
    assert "BatchNorm2d" not in model.layer_names() and len(model.weights) == 4


def test_the_result_of_a_folded_norm_may_be_an_output_and_read():
    def forward(m, x):
        y = m.norm(m.conv(x))
        return y, y.relu()

    model = check(lively(Call(forward, conv=nn.Conv2d(4, 6, 1), norm=nn.BatchNorm2d(6))))
    assert model.layer_names() == ["Conv2d", "ReLU"]


def test_dead_parts_and_their_weights_are_dropped():
    def forward(m, x):
        m.unused(x.relu()).sigmoid()
        return m.used(x)

    model = check(Call(forward, unused=nn.Conv2d(4, 40, 3), used=nn.Conv2d(4, 2, 1)))
    assert model.layer_names() == ["Conv2d"] and len(model.weights) == 2


def file_of(graph):
    return ReferenceModel(bytes(model_bytes(graph, "m", None, None, Provenance("0", "", "", ""))))


def exposed(network):
    """The outputs (probability, logits) that a file with logits gives for a picture."""
    graph = trace(network, [InputSpec("x", (-1, 3, -1, -1))])
    expose_logits(graph)
    torch.manual_seed(7)
    return tuple(file_of(graph).run(torch.randn(2, 3, 6, 10)).values())


def test_logits_of_a_sigmoid_whose_map_is_enlarged_and_cut():
    def forward(m, x):
        return nn.functional.interpolate(m.conv(x).sigmoid(), scale_factor=2)[:, 1:2, 1:, ::2]

    probability, logits = exposed(Call(forward, conv=nn.Conv2d(3, 2, 1)))
    assert logits.shape == (2, 2, 6, 10) and probability.shape == (2, 1, 11, 10)
    assert torch.equal(probability[:, 0, 1::2], logits.sigmoid()[:, 1, 1:])


@pytest.mark.parametrize(
    ("network", "origin"),
    [
        (nn.ReLU(), "ReLU"),
        (nn.Identity(), "the network's input"),
        (nn.Sequential(nn.Sigmoid(), nn.Conv2d(3, 1, 1)), "Conv2d '1'"),
        (nn.Sequential(nn.Sigmoid(), nn.MaxPool2d(2), nn.Upsample(scale_factor=2)), "Upsample '2'"),
    ],
    ids=lambda part: part if isinstance(part, str) else None,
)
def test_logits_need_a_sigmoid(network, origin):
    graph = trace(network, [InputSpec("x", (-1, 3, -1, -1))])
    with pytest.raises(ConvertError, match=f"sigmoid, but from {origin}"):
        expose_logits(graph)


def test_logits_need_a_name():
    graph = trace(nn.Sigmoid(), [InputSpec("x", (-1, 3, -1, -1))], ["logits"])
    with pytest.raises(ConvertError, match="'logits' of its own"):
        expose_logits(graph)
