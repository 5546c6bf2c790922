"""DBNet++'s adaptive scale fusion: how much of each of the four scales every place (or picture) takes.

Attribute names are those of MhLiao/DB's checkpoints (decoders/feature_attention.py), under
`decoder.concat_attention.`
"""

from __future__ import annotations

import torch
from torch import nn

SCALES = 4


def _spatial() -> nn.Sequential:
    """One number a place from the mean over channels: [N,1,H,W] -> [N,1,H,W] in 0..1."""
    return nn.Sequential(
        nn.Conv2d(1, 1, 3, padding=1, bias=False), nn.ReLU(), nn.Conv2d(1, 1, 1, bias=False), nn.Sigmoid()
    )


def _scores(channels: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(channels, SCALES, 1, bias=False), nn.Sigmoid())


class ScaleSpatial(nn.Module):
    """x[N,C,H,W] -> scores[N,4,H,W]: every place chooses its scales."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.spatial_wise = _spatial()
        self.attention_wise = _scores(channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.attention_wise(self.spatial_wise(x.mean(1, keepdim=True)) + x)


class ScaleChannelSpatial(nn.Module):
    """x[N,C,H,W] -> scores[N,4,H,W]: as ScaleSpatial, after a shift of every channel by the picture's."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = channels // 4
        self.channel_wise = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, inner, 1, bias=False),
            nn.ReLU(),
            nn.Conv2d(inner, channels, 1, bias=False),
        )
        self.spatial_wise = _spatial()
        self.attention_wise = _scores(channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.channel_wise(x).sigmoid() + x
        return self.attention_wise(self.spatial_wise(x.mean(1, keepdim=True)) + x)


class ScaleChannel(nn.Module):
    """x[N,C,H,W] -> scores[N,4,1,1] that add up to one: the whole picture chooses its scales.

    MhLiao/DB then enlarges the scores bilinearly to H x W; from a single place that is broadcasting.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = channels // 2
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(channels, inner, 1, bias=False)
        self.bn = nn.BatchNorm2d(inner)
        self.relu = nn.ReLU()
        self.fc2 = nn.Conv2d(inner, SCALES, 1, bias=False)
        self.softmax = nn.Softmax(dim=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.softmax(self.fc2(self.relu(self.bn(self.fc1(self.avgpool(x))))))


ATTENTIONS = {
    "scale_spatial": ScaleSpatial,
    "scale_channel_spatial": ScaleChannelSpatial,
    "scale_channel": ScaleChannel,
}


class ScaleFeatureSelection(nn.Module):
    """Four feature maps [N,neck/4,H,W] -> [N,neck,H,W], each map times its score."""

    def __init__(self, neck: int, attention: str) -> None:
        super().__init__()
        self.conv = nn.Conv2d(neck, neck // 4, 3, padding=1)
        self.enhanced_attention = ATTENTIONS[attention](neck // 4)

    def forward(self, maps: tuple[torch.Tensor, ...]) -> torch.Tensor:
        scores = self.enhanced_attention(self.conv(torch.cat(maps, dim=1)))
        return torch.cat([scores[:, i : i + 1] * one for i, one in enumerate(maps)], dim=1)
