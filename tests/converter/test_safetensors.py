"""safetensors files: every type, and every damage as one clear error."""

from __future__ import annotations

import json

import numpy as np
import pytest
import seeded
import torch
from pliant_convert import ConvertError
from pliant_convert.checkpoint import find_state_dict, open_checkpoint

TYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}


def encode(tensors, metadata=None, pad=b""):
    """The format's bytes, written here by its specification."""
    header, data = {}, b""
    if metadata:
        header["__metadata__"] = metadata
    for name, tensor in tensors.items():
        plain = tensor.contiguous()
        raw = plain.view(torch.int16) if plain.dtype == torch.bfloat16 else plain
        content = raw.numpy().tobytes()
        kind = next(key for key, dtype in TYPES.items() if dtype == tensor.dtype)
        offsets = [len(data), len(data) + len(content)]
        header[name] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": offsets}
        data += content
    text = json.dumps(header).encode() + pad
    return len(text).to_bytes(8, "little") + text + data


def read(path):
    with open_checkpoint(path) as checkpoint:
        weights = find_state_dict(checkpoint.content)
        return {key: tensor.numpy(key) for key, tensor in weights.items()}


@pytest.mark.parametrize("kind", TYPES)
def test_types(kind, tmp_path):
    torch.manual_seed(1)
    tensors = {"a.w": (torch.randn(2, 3, 4) * 9).to(TYPES[kind]), "b": torch.ones(1).to(TYPES[kind])}
    (tmp_path / "x.safetensors").write_bytes(encode(tensors, {"format": "pt"}, b"   "))
    found = read(tmp_path / "x.safetensors")
    assert list(found) == ["a.w", "b"]
    for key, tensor in tensors.items():
        expected = tensor.float() if tensor.is_floating_point() else tensor
        assert np.array_equal(found[key], expected.numpy())


def test_scalars_and_wrapped_keys(tmp_path):
    (tmp_path / "x.bin").write_bytes(encode({"module.a": torch.tensor(3.0), "module.b": torch.zeros(2, 0)}))
    found = read(tmp_path / "x.bin")
    assert found["a"].shape == () and found["b"].shape == (2, 0)


def test_conversion(tmp_path, convert):
    """The same model file as from torch.save, but for the name and hash of the source."""
    state = seeded.state_dict(seeded.module("resnet18", 3, width=8, neck=16), prefix="")
    seeded.save(state, tmp_path / "w.pth")
    (tmp_path / "w.safetensors").write_bytes(encode(state))
    for name in ("w.pth", "w.safetensors"):
        assert convert(tmp_path / name, "-o", tmp_path / f"{name}.pliant", "--name", "w").code == 0
    one, two = ((tmp_path / f"{name}.pliant").read_bytes() for name in ("w.pth", "w.safetensors"))
    assert len(one) == len(two) and one[-len(one) * 9 // 10 :] == two[-len(two) * 9 // 10 :]


def entry(**changes):
    item = {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24], **changes}
    text = json.dumps({"a": item}).encode()
    return len(text).to_bytes(8, "little") + text + bytes(24)


DAMAGED = {
    "beyond the end": (entry(data_offsets=[8, 32]), "does not fit"),
    "too short": (entry(data_offsets=[0, 20]), "needs 24 bytes"),
    "backwards": (entry(data_offsets=[24, 0]), "does not fit"),
    "negative": (entry(data_offsets=[-24, 0]), "impossible"),
    "three offsets": (entry(data_offsets=[0, 24, 30]), "impossible"),
    "no offsets": (entry(data_offsets=None), "impossible"),
    "float shape": (entry(shape=[2.0, 3]), "impossible"),
    "huge shape": (entry(shape=[2**62, 2**62]), "does not fit"),
    "true in shape": (entry(shape=[True, 6]), "impossible"),
    "type": (entry(dtype="F8_E4M3"), "F8_E4M3"),
    "type of type": (entry(dtype=["F32"]), "known are"),
    "many axes": (entry(shape=[1] * 40 + [6]), "impossible"),
    "array": (b"\x02" + bytes(7) + b"{}"[:1] + b"]" + bytes(9), "no JSON"),
    "not closed": (b"\x04" + bytes(7) + b'{"a"' + bytes(9), "no JSON"),
    "deep": ((100_000).to_bytes(8, "little") + b'{"a":' + b"[" * 99_995, "no JSON"),
    "twice": ((14).to_bytes(8, "little") + b'{"a":1,"a":2} ' + bytes(9), "twice"),
    "no object": ((8).to_bytes(8, "little") + b'{"a":1} ' + bytes(9), "no object"),
    "not UTF-8": ((8).to_bytes(8, "little") + b'{"\xff":1} ' + bytes(9), "no JSON"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damage(name, tmp_path, fails):
    data, words = DAMAGED[name]
    (tmp_path / "x.safetensors").write_bytes(data)
    assert words in fails(tmp_path / "x.safetensors")


def test_truncated_everywhere(tmp_path):
    whole = encode({"a": torch.randn(3, 2), "b": torch.ones(4)})
    for size in range(len(whole)):
        (tmp_path / "x.safetensors").write_bytes(whole[:size])
        with pytest.raises(ConvertError):
            read(tmp_path / "x.safetensors")


def test_every_byte_changed(tmp_path):
    """A result or one clear error, never another exception."""
    whole = bytearray(encode({"a": torch.randn(3, 2), "b": torch.ones(4)}))
    for place in range(len(whole) - 40):
        for value in (0, 255, whole[place] ^ 1):
            before, whole[place] = whole[place], value
            (tmp_path / "x.safetensors").write_bytes(whole)
            whole[place] = before
            try:
                read(tmp_path / "x.safetensors")
            except ConvertError as error:
                assert str(error)
