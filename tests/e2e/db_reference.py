"""What a DB checkpoint means, straight from its keys; it shares no code with the recipes.

Written after MhLiao/DB's networks (backbones/resnet.py, decoders/seg_detector.py), with torchvision's
deformable convolution in place of the CUDA operator and that operator's unchecked read of larger offset maps
spelled out.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torchvision.ops import deform_conv2d

State = dict  # key -> tensor


def _bn(state: State, key: str, x: torch.Tensor) -> torch.Tensor:
    return F.batch_norm(
        x,
        state[f"{key}.running_mean"],
        state[f"{key}.running_var"],
        state[f"{key}.weight"],
        state[f"{key}.bias"],
    )


def _conv(state: State, key: str, x: torch.Tensor, stride: int = 1) -> torch.Tensor:
    weight = state[f"{key}.weight"]
    return F.conv2d(x, weight, state.get(f"{key}.bias"), stride=stride, padding=weight.shape[2] // 2)


def cuda_read(buffer: torch.Tensor, channels: int, height: int, width: int) -> torch.Tensor:
    """Image by image, the buffer read as if it were packed as [channels, height, width]."""
    images = [one.contiguous().flatten()[: channels * height * width] for one in buffer]
    return torch.stack([one.view(channels, height, width) for one in images])


def _deformable(state: State, block: str, x: torch.Tensor, stride: int) -> torch.Tensor:
    maps = _conv(state, f"{block}.conv2_offset", x)
    height, width = (x.shape[2] - 1) // stride + 1, (x.shape[3] - 1) // stride + 1
    offset, mask = maps[:, :18], torch.sigmoid(maps[:, 18:27])
    weight = state[f"{block}.conv2.weight"]
    return deform_conv2d(
        x,
        cuda_read(offset, 18, height, width),
        weight,
        stride=stride,
        padding=1,
        mask=cuda_read(mask, 9, height, width),
    )


def _conv2(state: State, block: str, x: torch.Tensor, stride: int) -> torch.Tensor:
    if f"{block}.conv2_offset.weight" in state:
        return _deformable(state, block, x, stride)
    return _conv(state, f"{block}.conv2", x, stride)


def _block(state: State, block: str, x: torch.Tensor, stride: int) -> torch.Tensor:
    if f"{block}.conv3.weight" in state:
        y = F.relu(_bn(state, f"{block}.bn1", _conv(state, f"{block}.conv1", x)))
        y = F.relu(_bn(state, f"{block}.bn2", _conv2(state, block, y, stride)))
        y = _bn(state, f"{block}.bn3", _conv(state, f"{block}.conv3", y))
    else:
        y = F.relu(_bn(state, f"{block}.bn1", _conv(state, f"{block}.conv1", x, stride)))
        y = _bn(state, f"{block}.bn2", _conv2(state, block, y, 1))
    if f"{block}.downsample.0.weight" in state:
        x = _bn(state, f"{block}.downsample.1", _conv(state, f"{block}.downsample.0", x, stride))
    return F.relu(y + x)


def _backbone(state: State, x: torch.Tensor) -> list[torch.Tensor]:
    x = F.relu(_bn(state, "backbone.bn1", _conv(state, "backbone.conv1", x, 2)))
    x = F.max_pool2d(x, 3, 2, 1)
    features = []
    for stage in range(1, 5):
        index = 0
        while f"backbone.layer{stage}.{index}.conv1.weight" in state:
            stride = 2 if stage > 1 and index == 0 else 1
            x = _block(state, f"backbone.layer{stage}.{index}", x, stride)
            index += 1
        features.append(x)
    return features


def _up(x: torch.Tensor, scale: int) -> torch.Tensor:
    return F.interpolate(x, scale_factor=scale, mode="nearest")


def _neck(state: State, features: list[torch.Tensor]) -> torch.Tensor:
    in2, in3, in4, in5 = (_conv(state, f"decoder.in{i + 2}", f) for i, f in enumerate(features))
    out4 = _up(in5, 2) + in4
    out3 = _up(out4, 2) + in3
    out2 = _up(out3, 2) + in2
    p5 = _up(_conv(state, "decoder.out5.0", in5), 8)
    p4 = _up(_conv(state, "decoder.out4.0", out4), 4)
    p3 = _up(_conv(state, "decoder.out3.0", out3), 2)
    return torch.cat([p5, p4, p3, _conv(state, "decoder.out2", out2)], 1)


def logits(state: State, x: torch.Tensor) -> torch.Tensor:
    """The probability map before its sigmoid, [N,1,H,W]; the keys of `state` carry no prefix."""
    with torch.no_grad():
        y = _neck(state, _backbone(state, x))
        y = F.relu(_bn(state, "decoder.binarize.1", _conv(state, "decoder.binarize.0", y)))
        key = "decoder.binarize.3"
        y = F.conv_transpose2d(y, state[f"{key}.weight"], state[f"{key}.bias"], stride=2)
        y = F.relu(_bn(state, "decoder.binarize.4", y))
        key = "decoder.binarize.6"
        return F.conv_transpose2d(y, state[f"{key}.weight"], state[f"{key}.bias"], stride=2)
