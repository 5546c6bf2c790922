"""Modules shaped like other projects' deformable ones: their class names, attributes and keys, our own code.

Their forward cannot be traced (it fails, as a compiled operator that is not there), so the handlers must know
them; `reference` computes what the original operator computes.
"""

from __future__ import annotations

import torch
from torch import nn
from torchvision.ops import deform_conv2d


def flat(x: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Image by image the first numbers of the buffer, as a map of `size`."""
    rows = [image.contiguous().flatten()[: x.shape[1] * size[0] * size[1]] for image in x]
    return torch.stack(rows).view(x.shape[0], x.shape[1], *size)


class _Operator(nn.Module):
    modulated = False
    groups_name = "deformable_groups"

    def __init__(self, inputs, outputs, kernel, stride=1, padding=0, dilation=1, offset_groups=1, bias=True):
        super().__init__()
        self.kernel_size, self.in_channels, self.out_channels = (kernel, kernel), inputs, outputs
        self.stride, self.padding, self.dilation = stride, padding, dilation
        setattr(self, self.groups_name, offset_groups)
        self.offset_groups_ = offset_groups
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel) * 0.3)
        self.bias = nn.Parameter(torch.randn(outputs)) if bias else None

    def forward(self, *inputs):
        raise RuntimeError("the compiled operator is not there")

    def operator(self, x, offset, mask=None):
        pairs = [(n, n) if isinstance(n, int) else n for n in (self.stride, self.padding, self.dilation)]
        k = self.kernel_size
        rows = zip(x.shape[2:], k, *pairs)
        size = tuple((n + 2 * p - d * (kernel - 1) - 1) // s + 1 for n, kernel, s, p, d in rows)
        mask = None if mask is None else flat(mask, size)
        return deform_conv2d(x, flat(offset, size), self.weight, self.bias, *pairs, mask)

    def reference(self, *inputs):
        return self.operator(*inputs)


class _Pack(_Operator):
    offset_name = "conv_offset"

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        channels = (3 if self.modulated else 2) * self.offset_groups_ * self.kernel_size[0] ** 2
        own = self.predictor_dilation()
        predictor = nn.Conv2d(
            self.in_channels, channels, self.kernel_size, self.stride, self.padding, dilation=own, bias=True
        )
        nn.init.normal_(predictor.weight, std=0.2)
        setattr(self, self.offset_name, predictor)

    def predictor_dilation(self):
        return 1

    def reference(self, x):
        out = getattr(self, self.offset_name)(x)
        if not self.modulated:
            return self.operator(x, out)
        first, second, mask = torch.chunk(out, 3, dim=1)
        return self.operator(x, torch.cat((first, second), 1), mask.sigmoid())


class DeformConv(_Operator):
    groups_name = "num_deformable_groups"


class ModulatedDeformConv(_Operator):
    modulated = True


class DeformConvPack(_Pack):
    pass


class ModulatedDeformConvPack(_Pack):
    modulated, offset_name = True, "conv_offset_mask"


class ModulatedDeformConv2dPack(_Pack):
    """mmcv's: its offset convolution has the dilation too."""

    modulated, groups_name = True, "deform_groups"

    def predictor_dilation(self):
        return self.dilation


class DCN(ModulatedDeformConvPack):
    pass


class DCNv2Pack(ModulatedDeformConvPack):
    """BasicSR's: the offsets come from features that it is given."""

    def forward(self, x, feat):
        raise RuntimeError("looks at the numbers of the offsets")

    def reference(self, x):
        return self.aligned(x, x * 0.5 + 0.1)

    def aligned(self, x, features):
        first, second, mask = torch.chunk(self.conv_offset_mask(features), 3, dim=1)
        return self.operator(x, torch.cat((first, second), 1), mask.sigmoid())


class AlignedByList(ModulatedDeformConvPack):
    """That of EDVR's first version, which takes both in a list."""

    extra_offset_mask = True
    reference = DCNv2Pack.reference
    aligned = DCNv2Pack.aligned


AlignedByList.__name__ = "ModulatedDeformConvPack"


class Aligned(nn.Module):
    """Gives the module what its `reference` takes for features."""

    def __init__(self, module, in_a_list):
        super().__init__()
        self.module, self.in_a_list = module, in_a_list

    def forward(self, x):
        features = x * 0.5 + 0.1
        return self.module([x, features]) if self.in_a_list else self.module(x, features)

    def reference(self, x):
        return self.module.reference(x)


def detectron2_modulated(norm, activation):
    """detectron2's ModulatedDeformConv, which applies a norm and an activation of its own."""
    module = ModulatedDeformConv(4, 6, 3, padding=1)
    module.norm, module.activation = norm, activation
    plain = module.reference

    def reference(*inputs):
        return activation(norm(plain(*inputs)))

    module.reference = reference
    return module


class Around(nn.Module):
    """A network around the module: offsets (and mask) come from convolutions where it has none of its own."""

    def __init__(self, module, channels=4, predict=None):
        super().__init__()
        self.module, self.predict = module, predict
        self.stem = nn.Conv2d(3, channels, 3, padding=1)
        if predict:
            kernel, groups, options = predict
            taps = groups * kernel * kernel
            self.offset = nn.Conv2d(channels, 2 * taps, kernel, **options)
            self.mask = nn.Conv2d(channels, taps, kernel, **options)
            nn.init.normal_(self.offset.weight, std=0.3)

    def forward(self, x):
        return self.run(x, self.module)

    def reference(self, x):
        return self.run(x, self.module.reference)

    def run(self, x, function):
        x = self.stem(x)
        if not self.predict:
            return function(x).relu()
        if not self.module.modulated:
            return function(x, self.offset(x)).relu()
        return function(x, self.offset(x), torch.sigmoid(self.mask(x))).relu()
