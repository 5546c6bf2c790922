"""Small files that ask for much time or memory, and files of other kinds: one clear error each, at once."""

from __future__ import annotations

import math
import os
import pickle
import struct
import zipfile

import pytest
import torch
from pliant_convert import recipes
from pliant_convert.checkpoint import reader, unpickler
from pliant_convert.models import RECIPES

STORAGE = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpu%stQ"


def integer(number: int) -> bytes:
    return pickle.dumps(number, 2)[2:-1]


def integers(numbers) -> bytes:
    return b"(" + b"".join(map(integer, numbers)) + b"t"


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def tensor(shape: bytes, stride: bytes, elements: int = 4) -> bytes:
    numbers = integer(0) + shape + stride
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + STORAGE % integer(elements) + numbers + b"\x89}tR"


def save(path, pickled: bytes, compression=zipfile.ZIP_DEFLATED, storage: bytes = bytes(16)):
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02" + pickled + b".")
        archive.writestr("archive/data/0", storage)
    return path


NESTED = b")" + b"2\x86" * 60  # repr() of it has 2^60 parentheses
HUGE = b"\x8b" + struct.pack("<i", 100_000) + b"\x7f" * 100_000  # str() of it has too many digits


@pytest.mark.parametrize(
    ("shape", "stride", "words"),
    [
        (NESTED, b"(K\x01t", "impossible shape ((...), (...))"),
        (b"(K\x04t", NESTED, "impossible strides ((...), (...))"),
        (b"(" + HUGE + b"t", b"(K\x01t", "a number of 799999 bits"),
        (integers([1] * 5000), b"(K\x01t", "(1, 1, 1, 1, 1, 1, 1, 1, ...)"),
        (b"(" + text("x" * 5000) + b"t", b"(K\x01t", "('xxxxxxxx"),
        (b"(}t", b"(K\x01t", "(dict,)"),
    ],
)
def test_shapes_that_take_long_to_say(tmp_path, fails, shape, stride, words):
    message = fails(save(tmp_path / "x.pth", b"}" + text("w") + tensor(shape, stride) + b"s"))
    assert words in message and len(message) < 500


COPIED = {
    "a list as a size": b"(" + b"N" * 500 + b"lq\x00" + b"ctorch\nSize\nh\x00\x85R" * 500,
    "an ordered dictionary": b"}q\x00("
    + b"".join(integer(i) + b"N" for i in range(500))
    + b"u"
    + b"ccollections\nOrderedDict\nh\x00\x85R" * 500,
    "pairs": b"("
    + b"X\x01\x00\x00\x00aN\x86" * 500
    + b"lq\x00"
    + b"ccollections\nOrderedDict\nh\x00\x85R" * 500,
    "empty lists": b"]" * 30_000,
    "by way of a type": b"(" + b"N" * 500 + b"lq\x00"
    b"ctorch._tensor\n_rebuild_from_type_v2\n(ctorch\nSize\nNh\x00\x85tR" + b"0N" * 15_000,
}


@pytest.mark.parametrize("kind", COPIED)
def test_much_of_little(tmp_path, fails, monkeypatch, kind):
    """48 kB of a zip file were 50 million lists once, and a hundred thousand copies of a long one."""
    monkeypatch.setattr(unpickler, "MAX_INSTRUCTIONS", 20_000)
    assert "more than 20000 instructions" in fails(save(tmp_path / "x.pth", COPIED[kind]))


def test_long_names_and_keys(tmp_path, fails):
    """Each use of a name or a key makes another text, however often the file repeats it in two bytes."""
    long = text("x" * 2000) + b"q\x00"
    assert "1000 characters" in fails(save(tmp_path / "x.pth", long + b"0h\x00h\x00\x93"))
    storage = STORAGE.replace(b"X\x01\x00\x00\x000", long) % b"K\x04"
    assert "impossible size" in fails(save(tmp_path / "x.pth", storage))


@pytest.mark.parametrize("key", [HUGE, b"(" + b"N" * 1000 + b"t", b"N\x85\x85"])
def test_keys_that_take_long_to_hash_are_left_out(tmp_path, fails, key):
    assert "a dictionary with nothing" in fails(save(tmp_path / "x.pth", b"}" + key + b"Ns"))


@pytest.mark.parametrize("instruction", [b"T", b"\x8e", b"V"])
def test_an_old_file_of_one_long_text(tmp_path, fails, monkeypatch, instruction):
    monkeypatch.setattr(reader, "MAX_PICKLE_BYTES", 1 << 16)
    size = {b"T": struct.pack("<i", 1 << 30), b"\x8e": struct.pack("<Q", 1 << 30), b"V": b""}[instruction]
    with open(tmp_path / "x.pth", "wb") as stream:
        stream.write(pickle.dumps(reader.LEGACY_MAGIC, 2) + b"\x80\x02" + instruction + size)
        stream.truncate(2 << 30)  # no bytes on the disk
    assert "larger than 65536" in fails(tmp_path / "x.pth")


def test_compressed_storages(tmp_path, convert, fails, monkeypatch):
    """Compression by the user is read; what becomes too large is refused before it is unpacked."""
    import seeded

    state = seeded.state_dict(seeded.module("resnet18", 1, width=8, neck=16))
    torch.save(state, str(tmp_path / "plain.pth"))
    with zipfile.ZipFile(tmp_path / "plain.pth") as old, zipfile.ZipFile(
        tmp_path / "x.pth", "w", zipfile.ZIP_DEFLATED
    ) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    assert convert(tmp_path / "x.pth", "-o", tmp_path / "x.pliant").code == 0
    (tmp_path / "x.pliant").unlink()
    monkeypatch.setattr(reader, "MAX_INFLATED_BYTES", 30_000)
    assert "larger than the 30000 bytes" in fails(tmp_path / "x.pth")
    assert convert(tmp_path / "plain.pth", "-o", tmp_path / "x.pliant").code == 0


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_foreign_compression(tmp_path, fails, method):
    save(tmp_path / "x.pth", b"}", method)
    assert "torch.save never does" in fails(tmp_path / "x.pth")


def claims(shapes) -> bytes:
    """A state dict of tensors whose every element is the same one."""
    made = b"}"
    for key, shape in shapes.items():
        made += text(key) + tensor(integers(shape), integers([0] * len(shape))) + b"s"
    return made


def test_a_claimed_network_is_not_allocated(tmp_path, fails, monkeypatch):
    """A kilobyte may claim any network: it is compared with the recipe before one is made."""
    recipe = next(recipe for recipe in RECIPES if recipe.name == "resnet18")
    shapes = {key: tuple(item.shape) for key, item in recipe.skeleton().state_dict().items()}
    narrow = shapes["backbone.conv1.weight"][0]
    wide = {key: tuple(4096 if n == narrow else n for n in shape) for key, shape in shapes.items()}
    assert max(math.prod(shape) for shape in wide.values()) >= 4096 * 4096
    made = []
    build = recipes.build

    def counted(*arguments):
        module = build(*arguments)
        made.append({str(item.device) for item in module.state_dict().values()})
        return module

    monkeypatch.setattr(recipes, "build", counted)
    fails(save(tmp_path / "x.pth", claims(wide)), "--arch", "resnet18")
    assert made == [{"meta"}]


def test_a_network_too_large_for_a_file(tmp_path, fails):
    from dataclasses import replace

    recipe = next(recipe for recipe in RECIPES if recipe.name == "resnet18")
    with recipes._OnMeta():
        state = recipe.build(replace(recipe.usual, planes=(4096,) * 4, stem=4096)).state_dict()
    shapes = {key: tuple(item.shape) for key, item in state.items()}
    message = fails(save(tmp_path / "x.pth", claims(shapes)), "--arch", "resnet18")
    assert "a model file holds at most" in message


FOREIGN = {
    b"\x89HDF\r\n\x1a\n": "HDF5",
    b"\x93NUMPY\x01\x00": "NumPy",
    b"\x1f\x8b\x08\x00": "gzip",
    b"BZh91AY": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"7z\xbc\xaf\x27\x1c": "7-Zip",
    b"Rar!\x1a\x07": "RAR",
    b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n": "git lfs pull",
    b"  <!DOCTYPE html><html>": "web page",
    b"<html>": "web page",
    b"\x08\x07\x12\x07pytorch\x1a\x051.13": "ONNX",
    b"\x1c\x00\x00\x00TFL3": "TensorFlow Lite",
    b"\x1c\x00\x00\x00PLNT": "model file of Pliant",
}


@pytest.mark.parametrize("head", FOREIGN)
def test_files_of_other_kinds(tmp_path, fails, head):
    (tmp_path / "x.pth").write_bytes(head + bytes(600))
    assert FOREIGN[head] in fails(tmp_path / "x.pth")


def test_arrays_are_named(tmp_path, fails):
    import numpy as np

    torch.save({"w": np.ones(3)}, str(tmp_path / "x.pth"))
    assert "'w' is an object 'numpy" in fails(tmp_path / "x.pth")


def test_pipes_and_devices(tmp_path, fails):
    os.mkfifo(tmp_path / "pipe.pth")
    assert "is no file" in fails(tmp_path / "pipe.pth")
    assert "is no file" in fails("/dev/zero")
