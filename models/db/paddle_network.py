"""PaddleOCR2Pytorch's DB text detectors as ordinary PyTorch modules: their necks, head and the whole.

Attribute names are those of its checkpoints (pytorchocr/modeling/necks/db_fpn.py and intracl.py,
heads/det_db_head.py). Only what inference needs is built.
"""

from __future__ import annotations

import torch
from torch import nn

from .paddle_backbones import MobileNetV3, ResNet, SqueezeExcite
from .paddle_hgnet import ConvNorm, HGNet
from .paddle_lcnet import LCNetV3
from .paddle_sizes import HGNetSizes, LCNetSizes, MobileSizes, PaddleConfiguration, ResNetSizes

Maps = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]  # at 1/4, 1/8, 1/16, 1/32


class Neck(nn.Module):
    """What the necks share: sums from coarse to fine, and four maps joined at 1/4 of the picture's size."""

    def __init__(self) -> None:
        super().__init__()
        self.up2 = nn.Upsample(scale_factor=2, mode="nearest")
        self.up4 = nn.Upsample(scale_factor=4, mode="nearest")
        self.up8 = nn.Upsample(scale_factor=8, mode="nearest")

    def pyramid(self, in2: torch.Tensor, in3: torch.Tensor, in4: torch.Tensor, in5: torch.Tensor) -> Maps:
        out4 = in4 + self.up2(in5)
        out3 = in3 + self.up2(out4)
        return in2 + self.up2(out3), out3, out4, in5

    def enlarge(self, maps: Maps) -> list[torch.Tensor]:
        """All maps at 1/4, the coarsest first."""
        p2, p3, p4, p5 = maps
        return [self.up8(p5), self.up4(p4), self.up2(p3), p2]


class ScaleAttention(nn.Module):
    """DBNet++'s adaptive scale fusion: every place chooses how much of each scale it takes."""

    def __init__(self, neck: int) -> None:
        super().__init__()
        quarter = neck // 4
        self.conv = nn.Conv2d(neck, quarter, 3, padding=1)
        self.spatial_scale = nn.Sequential(
            nn.Conv2d(1, 1, 3, padding=1, bias=False), nn.ReLU(), nn.Conv2d(1, 1, 1, bias=False), nn.Sigmoid()
        )
        self.channel_scale = nn.Sequential(nn.Conv2d(quarter, 4, 1, bias=False), nn.Sigmoid())

    def forward(self, maps: list[torch.Tensor]) -> torch.Tensor:
        x = self.conv(torch.cat(maps, dim=1))
        scores = self.channel_scale(self.spatial_scale(x.mean(1, keepdim=True)) + x)
        return torch.cat([scores[:, i : i + 1] * part for i, part in enumerate(maps)], dim=1)


class DBFPN(Neck):
    """A feature pyramid of plain convolutions, with DBNet++'s attention or without."""

    def __init__(self, widths: list[int], neck: int, attention: bool) -> None:
        super().__init__()
        for scale, width in zip((2, 3, 4, 5), widths):
            self.add_module(f"in{scale}_conv", nn.Conv2d(width, neck, 1, bias=False))
            self.add_module(f"p{scale}_conv", nn.Conv2d(neck, neck // 4, 3, padding=1, bias=False))
        self.asf = ScaleAttention(neck) if attention else None

    def forward(self, features: Maps) -> torch.Tensor:
        c2, c3, c4, c5 = features
        f2, f3, f4, f5 = self.pyramid(
            self.in2_conv(c2), self.in3_conv(c3), self.in4_conv(c4), self.in5_conv(c5)
        )
        maps = self.enlarge((self.p2_conv(f2), self.p3_conv(f3), self.p4_conv(f4), self.p5_conv(f5)))
        return torch.cat(maps, dim=1) if self.asf is None else self.asf(maps)


class ResidualSqueeze(nn.Module):
    """A convolution and, added to it, its squeeze-and-excite."""

    def __init__(self, inputs: int, outputs: int, kernel: int) -> None:
        super().__init__()
        self.in_conv = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False)
        self.se_block = SqueezeExcite(outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.in_conv(x)
        return x + self.se_block(x)


class IntraCollaborative(nn.Module):
    """x + what long and narrow, square, and wide and low convolutions see in it, three sizes in turn."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = channels // 2
        self.conv1x1_reduce_channel = nn.Conv2d(channels, inner, 1)
        self.conv1x1_return_channel = nn.Conv2d(inner, channels, 1)
        for n in (7, 5, 3):
            for name, size in (
                (f"c_layer_{n}x{n}", (n, n)),
                (f"v_layer_{n}x1", (n, 1)),
                (f"q_layer_1x{n}", (1, n)),
            ):
                self.add_module(name, nn.Conv2d(inner, inner, size, padding=(size[0] // 2, size[1] // 2)))
        self.bn = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.conv1x1_reduce_channel(x)
        y = self.c_layer_7x7(y) + self.v_layer_7x1(y) + self.q_layer_1x7(y)
        y = self.c_layer_5x5(y) + self.v_layer_5x1(y) + self.q_layer_1x5(y)
        y = self.c_layer_3x3(y) + self.v_layer_3x1(y) + self.q_layer_1x3(y)
        return x + self.relu(self.bn(self.conv1x1_return_channel(y)))


class ListNeck(Neck):
    """What the two necks share whose convolutions stand in lists, the finest scale first."""

    def __init__(self, neck: int, intra_collaborative: bool) -> None:
        super().__init__()
        self.ins_conv, self.inp_conv = nn.ModuleList(), nn.ModuleList()
        self.intra_collaborative = intra_collaborative
        for scale in (1, 2, 3, 4) if intra_collaborative else ():
            self.add_module(f"incl{scale}", IntraCollaborative(neck // 4))

    def maps(self, features: Maps) -> list[torch.Tensor]:
        """The pyramid's four maps with a quarter of the neck's width."""
        sums = self.pyramid(*(conv(c) for conv, c in zip(self.ins_conv, features)))
        return [conv(x) for conv, x in zip(self.inp_conv, sums)]

    def join(self, maps: list[torch.Tensor]) -> torch.Tensor:
        p2, p3, p4, p5 = maps
        if self.intra_collaborative:
            p2, p3, p4, p5 = self.incl1(p2), self.incl2(p3), self.incl3(p4), self.incl4(p5)
        return torch.cat(self.enlarge((p2, p3, p4, p5)), dim=1)


class RSEFPN(ListNeck):
    """A feature pyramid with residual squeeze-and-excite (PP-OCRv3 and later, mobile)."""

    def __init__(self, widths: list[int], neck: int, intra_collaborative: bool) -> None:
        super().__init__(neck, intra_collaborative)
        for width in widths:
            self.ins_conv.append(ResidualSqueeze(width, neck, 1))
            self.inp_conv.append(ResidualSqueeze(neck, neck // 4, 3))

    def forward(self, features: Maps) -> torch.Tensor:
        return self.join(self.maps(features))


class SeparableConv(nn.Module):
    """9x9 depthwise, 1x1 to four times the width, ReLU, 1x1; in parallel 1x1 where the width changes."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, inputs, 9, padding=4, groups=inputs, bias=False)
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv2 = nn.Conv2d(inputs, inputs * 4, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(inputs * 4)
        self.relu = nn.ReLU(inplace=True)
        self.conv3 = nn.Conv2d(inputs * 4, outputs, 1, bias=False)
        self.conv_end = nn.Conv2d(inputs, outputs, 1, bias=False) if inputs != outputs else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.conv3(self.relu(self.bn2(self.conv2(self.bn1(self.conv1(x))))))
        return y if self.conv_end is None else y + self.conv_end(x)


class LKPAN(ListNeck):
    """A path aggregation network with large kernels (the teachers and the server models)."""

    def __init__(self, widths: list[int], neck: int, lite: bool, intra_collaborative: bool) -> None:
        super().__init__(neck, intra_collaborative)
        quarter = neck // 4
        self.pan_head_conv, self.pan_lat_conv = nn.ModuleList(), nn.ModuleList()

        def large(inputs: int) -> nn.Module:
            if lite:
                return SeparableConv(inputs, quarter)
            return nn.Conv2d(inputs, quarter, 9, padding=4, bias=False)

        for number, width in enumerate(widths):
            self.ins_conv.append(nn.Conv2d(width, neck, 1, bias=False))
            self.inp_conv.append(large(neck))
            if number > 0:
                down = nn.Conv2d(quarter, quarter, 3, stride=2, padding=1, bias=False)
                self.pan_head_conv.append(down)
            self.pan_lat_conv.append(large(quarter))

    def forward(self, features: Maps) -> torch.Tensor:
        f2, f3, f4, f5 = self.maps(features)
        f3 = f3 + self.pan_head_conv[0](f2)
        f4 = f4 + self.pan_head_conv[1](f3)
        f5 = f5 + self.pan_head_conv[2](f4)
        return self.join([conv(f) for conv, f in zip(self.pan_lat_conv, (f2, f3, f4, f5))])


class Binarize(nn.Module):
    """The probability of text at four times the size of its input, and the features before the last step."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        quarter = inputs // 4
        self.conv1 = nn.Conv2d(inputs, quarter, 3, padding=1, bias=False)
        self.conv_bn1 = nn.BatchNorm2d(quarter)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.ConvTranspose2d(quarter, quarter, 2, stride=2)
        self.conv_bn2 = nn.BatchNorm2d(quarter)
        self.conv3 = nn.ConvTranspose2d(quarter, 1, 2, stride=2)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x = self.relu(self.conv_bn1(self.conv1(x)))
        x = self.relu(self.conv_bn2(self.conv2(x)))
        return self.conv3(x).sigmoid(), x


class LocalRefinement(nn.Module):
    """The probability anew, from itself and the head's features at the picture's size."""

    def __init__(self, inputs: int, inner: int) -> None:
        super().__init__()
        self.last_3 = ConvNorm(inputs + 1, inner, 3)
        self.last_1 = nn.Conv2d(inner, 1, 1)

    def forward(self, features: torch.Tensor, probability: torch.Tensor) -> torch.Tensor:
        return self.last_1(self.last_3(torch.cat([probability, features], dim=1))).sigmoid()


class Head(nn.Module):
    """DB's head without its threshold branch, which only training needs.

    If `refined`, the result is the mean of two probabilities (the project's PFHeadLocal).
    """

    def __init__(self, inputs: int, refined: int) -> None:
        super().__init__()
        self.binarize = Binarize(inputs)
        self.up_conv = nn.Upsample(scale_factor=2, mode="nearest")
        self.cbn_layer = LocalRefinement(inputs // 4, refined) if refined else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        probability, features = self.binarize(x)
        if self.cbn_layer is None:
            return probability
        return 0.5 * (probability + self.cbn_layer(self.up_conv(features), probability))


class PaddleTextDetector(nn.Module):
    """image[N,3,H,W] with H and W multiples of 32 -> probability of text [N,1,H,W]."""

    def __init__(self, configuration: PaddleConfiguration) -> None:
        super().__init__()
        sizes, neck = configuration.backbone, configuration.neck
        backbones = {ResNetSizes: ResNet, MobileSizes: MobileNetV3, LCNetSizes: LCNetV3, HGNetSizes: HGNet}
        self.backbone = backbones[type(sizes)](sizes)
        if configuration.neck_kind == "dbfpn":
            self.neck = DBFPN(sizes.widths(), neck, configuration.attention)
        elif configuration.neck_kind == "rsefpn":
            self.neck = RSEFPN(sizes.widths(), neck, configuration.intra_collaborative)
        else:
            self.neck = LKPAN(sizes.widths(), neck, configuration.lite, configuration.intra_collaborative)
        self.head = Head(neck, configuration.refined)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.head(self.neck(self.backbone(image)))
