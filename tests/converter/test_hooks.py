"""What PyTorch runs around a module's forward, and weights that are computed from others."""

from __future__ import annotations

import pytest
import torch
from pliant_convert import ConvertError
from torch import nn
from torch.nn.utils import parametrizations, spectral_norm, weight_norm
from torchvision.ops import StochasticDepth, deform_conv2d
from user_modules import Call, CallTwo, check, to_file


def loaded(module):
    """With other numbers than those from which a hook once made the weight."""
    module.load_state_dict({key: torch.randn_like(item) for key, item in module.state_dict().items()})
    return module


def with_hook(module, hook):
    module.register_forward_hook(hook)
    return module


def with_pre_hook(module, hook):
    module.register_forward_pre_hook(hook)
    return module


def with_own_forward(module):
    module.forward = lambda x: x * module.weight.mean() - 1
    return module


CASES = {
    "spectral_norm": lambda: loaded(spectral_norm(nn.Conv2d(4, 4, 3))),
    "weight_norm": lambda: loaded(weight_norm(nn.Conv2d(4, 5, 3))),
    "weight_norm, transposed": lambda: loaded(weight_norm(nn.ConvTranspose2d(4, 5, 3))),
    "parametrized": lambda: loaded(parametrizations.spectral_norm(nn.Conv2d(4, 5, 3))),
    "parametrized, orthogonal": lambda: parametrizations.orthogonal(nn.Conv2d(4, 4, 3)),
    "hook": lambda: with_hook(nn.Conv2d(4, 5, 3), lambda m, inputs, out: out * 2 + m.bias[:, None, None]),
    "pre-hook": lambda: with_pre_hook(nn.Conv2d(4, 5, 3), lambda m, inputs: (inputs[0].relu(),)),
    "hook of a chain": lambda: with_hook(nn.Sequential(nn.Conv2d(4, 5, 3)), lambda m, i, out: out.sigmoid()),
    "own forward": lambda: with_own_forward(nn.Conv2d(4, 4, 3)),
    "stochastic depth": lambda: StochasticDepth(0.3, "row"),
}


@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_hooks(name, alone):
    torch.manual_seed(11)
    module = CASES[name]()
    check(module if alone and name != "own forward" else Call(lambda m, x: m.part(x).relu(), part=module))


@torch.fx.wrap
def halved(x, by=2):
    return x.sigmoid() / by


@torch.fx.wrap
def branching(x):
    return x if x else -x


def test_wrapped_functions():
    check(Call(lambda m, x: halved(x) + halved(x, by=4)))
    with pytest.raises(ConvertError, match=r"'branching' in '0.part' .test_hooks.py:\d+.: not supported"):
        to_file(nn.Sequential(Call(lambda m, x: m.part(x), part=Call(lambda m, x: branching(x)))))


def test_several_inputs_and_hooks():
    from torchvision.ops import DeformConv2d

    module = with_hook(DeformConv2d(4, 4, 1), lambda m, i, out: out * 2)
    with pytest.raises(ConvertError, match="'DeformConv2d' has hooks and several"):
        to_file(module, inputs=2)
    expected = lambda m, x, y: 2 * deform_conv2d(x, y[:, :2], m.part.weight, m.part.bias)  # noqa: E731
    network = CallTwo(lambda m, x, y: m.part(x, y[:, :2]), part=module)
    file = to_file(network, inputs=2)
    x, y = torch.randn(2, 1, 4, 6, 7, dtype=torch.float64)
    with torch.no_grad():
        assert (list(file.run(x, y).values())[0] - expected(network.double(), x, y)).abs().max() < 1e-5


def test_the_network_sees_tensors():
    def kinds(m, x):
        values = x if isinstance(x, (list, tuple)) else [x]
        y = values[0] * 2 if isinstance(values[0], torch.Tensor) else values[0]
        return y + 1 if torch.is_tensor(y) and not isinstance(y, (nn.Parameter, float)) else -y

    check(Call(kinds))
    check(nn.Sequential(Call(kinds), nn.Conv2d(4, 3, 1), Call(kinds)))


def test_constants_as_the_input_is():
    check(
        Call(
            lambda m, x: (x - m.mean.type_as(x)) * m.scale.to(x) + m.mean.to(x.device, torch.float32),
            mean=nn.Parameter(torch.randn(1, 4, 1, 1)),
            scale=nn.Parameter(torch.randn(4, 1, 1)),
        )
    )
