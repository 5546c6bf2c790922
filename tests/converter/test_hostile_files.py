"""Damaged and hostile checkpoints: one clear error each, and nothing of them runs."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch


class Runs:
    """An object whose unpickling creates a file."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


class RunsByMethods(Runs):
    """The same by each of the hooks that an unpickler calls on an object."""

    def __reduce__(self):
        return (eval, (f"open({self.path!r}, 'w')",), {"a": 1}, iter([1]), iter([(1, 2)]))


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("kind", [Runs, RunsByMethods])
@pytest.mark.parametrize("place", ["alone", "container", "weight"])
def test_code_in_the_pickle(tmp_path, fails, legacy, kind, place):
    marker = tmp_path / "ran"
    evil = kind(marker)
    content = {
        "alone": evil,
        "container": {"state_dict": evil},
        "weight": {"a.weight": torch.ones(2), "b.weight": evil},
    }
    torch.save(content[place], str(tmp_path / "x.pth"), _use_new_zipfile_serialization=not legacy)
    message = fails(tmp_path / "x.pth")
    assert "code" in message and "state_dict()" in message
    assert not marker.exists()
    with contextlib.suppress(Exception):
        torch.load(str(tmp_path / "x.pth"), weights_only=False)
    assert marker.exists()  # the file is dangerous indeed


def test_code_beside_the_weights_is_ignored(tmp_path, convert):
    import seeded

    marker = tmp_path / "ran"
    state = seeded.state_dict(seeded.module("resnet18", 1, width=8, neck=16))
    torch.save({"state_dict": state, "config": Runs(marker)}, str(tmp_path / "x.pth"))
    assert convert(tmp_path / "x.pth", "-o", tmp_path / "x.pliant").code == 0
    assert not marker.exists()


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
def test_plain_pickle_with_code(tmp_path, fails, protocol):
    marker = tmp_path / "ran"
    (tmp_path / "x.pth").write_bytes(pickle.dumps(Runs(marker), protocol))
    assert "plain pickle" in fails(tmp_path / "x.pth")
    assert not marker.exists()


@pytest.mark.parametrize("legacy", [False, True])
def test_pickled_module(tmp_path, fails, legacy):
    torch.save(torch.nn.Conv2d(1, 2, 3), str(tmp_path / "x.pth"), _use_new_zipfile_serialization=not legacy)
    message = fails(tmp_path / "x.pth")
    assert "whole pickled module ('torch.nn.modules.conv.Conv2d')" in message and "state_dict()" in message


def test_torchscript(tmp_path, fails):
    torch.jit.script(torch.nn.ReLU()).save(str(tmp_path / "x.pt"))
    assert "TorchScript" in fails(tmp_path / "x.pt")


def test_tar(tmp_path, fails):
    with tarfile.open(tmp_path / "x.pth", "w") as archive:
        archive.addfile(tarfile.TarInfo("storages"))
    assert "tar file" in fails(tmp_path / "x.pth")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\x00" * 1000, "no PyTorch checkpoint"),
        (b"hello, I am text\n" * 50, "no PyTorch checkpoint"),
        (b"PK\x03\x04" + b"\x17" * 400, "zip directory"),
        (b"\x80\x02K\x05.", "does not start as torch.save"),
    ],
)
def test_garbage(tmp_path, fails, content, words):
    (tmp_path / "x.pth").write_bytes(content)
    assert words in fails(tmp_path / "x.pth")


def test_missing_file_and_folder(tmp_path, fails):
    assert "does not exist" in fails(tmp_path / "none.pth")
    assert "is a folder" in fails(tmp_path)


@pytest.mark.parametrize(
    "content", [[torch.ones(2)], 5, {}, {"epoch": 3}, torch.ones(3), None, {"model": {"model": {}}}]
)
def test_no_state_dict(tmp_path, fails, content):
    torch.save(content, str(tmp_path / "x.pth"))
    message = fails(tmp_path / "x.pth")
    assert "no state dict" in message or "no weights" in message


def test_a_dictionary_within_itself(tmp_path, fails):
    content = {}
    content["state_dict"] = content
    torch.save(content, str(tmp_path / "x.pth"))
    assert "nested" in fails(tmp_path / "x.pth")


def small_state():
    return {
        "backbone.layer1.0.conv1.weight": torch.arange(24.0).reshape(2, 3, 2, 2),
        "decoder.in5.weight": torch.ones(4),
    }


@pytest.mark.parametrize("legacy", [False, True])
def test_truncated_everywhere(tmp_path, fails, legacy):
    torch.save(small_state(), str(tmp_path / "whole.pth"), _use_new_zipfile_serialization=not legacy)
    whole = (tmp_path / "whole.pth").read_bytes()
    for length in range(0, len(whole), 16):
        (tmp_path / "x.pth").write_bytes(whole[:length])
        fails(tmp_path / "x.pth")


@pytest.mark.parametrize("legacy", [False, True])
def test_every_byte_flipped(tmp_path, fails, legacy):
    """The weights are incomplete anyway, so every mutation has to end in some clear error."""
    torch.save(small_state(), str(tmp_path / "whole.pth"), _use_new_zipfile_serialization=not legacy)
    whole = (tmp_path / "whole.pth").read_bytes()
    generator = np.random.default_rng(1)
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= int(generator.integers(1, 256))
        (tmp_path / "x.pth").write_bytes(bytes(changed))
        fails(tmp_path / "x.pth", "--arch", "resnet18")


STORAGE = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpu%stQ"


def integer(number: int) -> bytes:
    return pickle.dumps(number, 2)[2:-1]


def integers(numbers) -> bytes:
    return b"(" + b"".join(integer(n) for n in numbers) + b"t"


def write_tensor(path: Path, elements=4, held=4, offset=0, shape=(4,), stride=(1,)) -> None:
    """A state dict with one tensor of which every number can be a lie."""
    storage = STORAGE % integer(elements)
    tensor = b"(" + storage + integer(offset) + integers(shape) + integers(stride) + b"\x89}t"
    pickled = b"\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n" + tensor + b"Rs."
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickled)
        archive.writestr("archive/data/0", np.zeros(held, "<f4").tobytes())


@pytest.mark.parametrize(
    ("lie", "words"),
    [
        ({"shape": (5,)}, "which has 4"),
        ({"offset": 1}, "which has 4"),
        ({"stride": (2,)}, "which has 4"),
        ({"offset": -1}, "impossible offset"),
        ({"shape": (-4,)}, "impossible shape"),
        ({"stride": (-1,)}, "impossible strides"),
        ({"shape": (2, 2)}, "impossible strides"),
        ({"shape": (2**62, 2**62), "stride": (0, 0)}, "a model file holds fewer"),
        ({"shape": (2**64,)}, "impossible shape"),
        ({"shape": (2**40,), "stride": (0,)}, "a model file holds fewer"),
        ({"shape": (2,) * 40, "stride": (0,) * 40}, "impossible shape"),
        ({"elements": -4}, "impossible size"),
        ({"elements": 2**50}, "claims a storage"),
        ({"shape": (2**20, 4), "stride": (2**50, 1)}, "which has 4"),
    ],
    ids=str,
)
def test_lying_tensors(tmp_path, fails, lie, words):
    write_tensor(tmp_path / "x.pth", **lie)
    assert words in fails(tmp_path / "x.pth")


@pytest.mark.parametrize("held", [0, 3, 5])
def test_storage_of_another_length(tmp_path, held):
    from pliant_convert import ConvertError
    from pliant_convert.checkpoint import find_state_dict, open_checkpoint

    write_tensor(tmp_path / "x.pth", held=held)
    with open_checkpoint(tmp_path / "x.pth") as checkpoint:
        weights = find_state_dict(checkpoint.content)
        with pytest.raises(ConvertError, match="16 bytes"):
            weights["w"].numpy("w")


@pytest.mark.parametrize(
    "pickled",
    [
        b"\x80\x02" + b"]q\x00h\x00a" * 3 + b".",  # a list within itself
        b"\x80\x04" + b"(" * 5000 + b"l" * 5000 + b".",  # deeply nested
        b"\x80\x02r\xff\xff\xff\xffN.",  # a huge memo index
        b"\x80\x02N" + b"r\xff\xff\xff\x7f" + b".",
        b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\x7fabc.",  # text of 2^63 bytes
        b"\x80\x04\x8e\xff\xff\xff\x7f\x00\x00\x00\x00abc.",
        b"\x80\x02" + b"I" + b"9" * 10000 + b"\n.",
        b"\x80\x02}N2" + b"\x86" + b"2\x86" * 60 + b"Ns.",  # a key whose hash takes 2^60 steps
        b"\x80\x02(((0011.",
        b"\x80\x02\x82\x01.",
        b"\x80\x02\x97.",
        b".",
    ],
)
def test_hostile_instructions(tmp_path, fails, pickled):
    with zipfile.ZipFile(tmp_path / "x.pth", "w") as archive:
        archive.writestr("archive/data.pkl", pickled)
    fails(tmp_path / "x.pth")
    (tmp_path / "x.pth").write_bytes(pickled)
    fails(tmp_path / "x.pth")


def test_zip_bomb(tmp_path, fails):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("archive/data.pkl", "w") as entry:
            for _ in range(257):
                entry.write(bytes(1 << 20))
    (tmp_path / "x.pth").write_bytes(stream.getvalue())
    assert "larger than" in fails(tmp_path / "x.pth")


def test_damaged_weight_bytes_are_noticed(tmp_path, fails):
    """A zip file has checksums: a flipped bit in a weight is an error, not another network."""
    import seeded

    state = seeded.state_dict(seeded.module("resnet18", 1, width=8, neck=16))
    torch.save(state, str(tmp_path / "whole.pth"))
    data = bytearray((tmp_path / "whole.pth").read_bytes())
    place = bytes(data).index(state["backbone.layer3.1.conv2.weight"].numpy().tobytes())
    data[place + 100] ^= 1
    (tmp_path / "x.pth").write_bytes(bytes(data))
    assert "CRC" in fails(tmp_path / "x.pth")


def test_control_characters_do_not_reach_the_terminal(tmp_path, fails):
    torch.save({"a\x1b[31m\nb": torch.ones(2)}, str(tmp_path / "x.pth"))
    message = fails(tmp_path / "x.pth")
    assert "\x1b" not in message
