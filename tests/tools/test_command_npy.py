"""Which .npy files are read, and what is said about the others."""

from __future__ import annotations

import io
import json
import struct
import subprocess
from pathlib import Path
from typing import Callable, Union

import numpy as np
import pytest
from command_support import Pliant, assert_error

HEADER = "{'descr': '<f4', 'fortran_order': False, 'shape': %s, }\n"


def saved(array: np.ndarray, **options: bool) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


def in_format(array: np.ndarray, version: tuple[int, int]) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version=version)
    return buffer.getvalue()


def by_hand(header: Union[str, bytes], body: bytes = b"", major: int = 1, length: int = -1) -> bytes:
    text = header if isinstance(header, bytes) else header.encode()
    count = len(text) if length < 0 else length
    return b"\x93NUMPY" + bytes([major, 0]) + struct.pack("<H" if major == 1 else "<I", count) + text + body


def blob() -> np.ndarray:
    array = np.zeros((48, 64), np.float32)
    array[10:30, 8:50] = 0.9
    return array


@pytest.fixture
def boxes(pliant: Pliant, tmp_path: Path) -> Callable[[bytes], subprocess.CompletedProcess]:
    def run(content: bytes) -> subprocess.CompletedProcess:
        (tmp_path / "map.npy").write_bytes(content)
        return pliant("boxes", "map.npy", cwd=tmp_path)

    return run


@pytest.mark.parametrize(
    "content",
    [
        saved(blob()),
        saved(blob()[None]),
        saved(blob()[None, None]),
        in_format(blob(), (1, 0)),
        in_format(blob(), (2, 0)),
        in_format(blob(), (3, 0)),
        by_hand("{\"shape\":(48,64),'fortran_order':False,'descr':'<f4'}", blob().tobytes()),
        by_hand(HEADER % "( 48 , 64 , )" + " " * 5000 + "\n", blob().tobytes(), major=2),
    ],
    ids=["plain", "1xHxW", "1x1xHxW", "format 1", "format 2", "format 3", "tight header", "roomy header"],
)
def test_accepted(boxes: Callable, content: bytes) -> None:
    result = boxes(content)
    assert result.returncode == 0, result.stderr
    document = json.loads(result.stdout)
    assert (document["width"], document["height"]) == (64, 48)
    assert len(document["regions"]) == 1


@pytest.mark.parametrize(
    ("dtype", "name"),
    [
        ("|u1", "uint8"),
        ("|b1", "bool"),
        ("<f8", "float64"),
        ("<f2", "float16"),
        ("<i8", "int64"),
        ("<c8", "complex64"),
    ]
    + [(">f4", "big-endian float32"), ("<U3", "'<U3'")],
)
def test_other_element_types_are_named(boxes: Callable, dtype: str, name: str) -> None:
    assert_error(boxes(saved(np.zeros((4, 4), dtype))), 1, "map.npy: ", name, "x.astype(np.float32)")


def test_other_contents_are_named(boxes: Callable) -> None:
    assert_error(boxes(saved(np.asfortranarray(blob()))), 1, "np.ascontiguousarray(x)")
    assert_error(boxes(saved(np.zeros(3, [("a", "<f4")]))), 1, "structured")
    assert_error(boxes(saved(np.array([{}], object), allow_pickle=True)), 1, "'|O'")
    archive = io.BytesIO()
    np.savez(archive, x=blob())
    assert_error(boxes(archive.getvalue()), 1, ".npz")


DAMAGED = [
    (b"", "not a .npy file"),
    (b"a text file", "not a .npy file"),
    (b"\x93NUMPY\x01\x00", "truncated"),
    (by_hand(HEADER % "(1,)", major=4), "4.0"),
    (by_hand(HEADER % "(1,)", length=5000), "truncated"),
    (by_hand(HEADER % "(1,)", major=2, length=2**32 - 1), "4294967295 bytes"),
    (by_hand("garbage"), "expected '{'"),
    (by_hand("{'descr: 4"), "end of a string"),
    (by_hand("{'descr': '<f4', 'shape': (1,)}", b"0000"), "'fortran_order'"),
    (
        by_hand("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", b"0000"),
        "each once",
    ),
    (by_hand("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}", b"0000"), "each once"),
    (by_hand("{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}", b"0000"), "True or False"),
    (by_hand((HEADER % "(1,)").strip() + " import os", b"0000"), "white space"),
    (by_hand(HEADER % "(1)", b"0000"), "comma"),
    (by_hand(HEADER % "[1]", b"0000"), "'('"),
    (by_hand(HEADER % "(-1,)", b"0000"), "a size"),
    (by_hand(HEADER % "(1.0,)", b"0000"), "damaged"),
    (by_hand(HEADER % "(2**3,)", b"0" * 32), "damaged"),
    (by_hand(HEADER % "(1152921504606846976,)", b"0000"), "1152921504606846976"),
    (
        by_hand(HEADER % "(4294967296, 4294967296, 4294967296)", b"0000"),
        "4294967296x4294967296x4294967296",
    ),
    (by_hand(HEADER % "(99999999999999999999,)", b"0000"), "63 bits"),
    (by_hand(HEADER % "(17592186044416,)", b"0000"), "takes 70368744177664 bytes, the file has 4"),
    (by_hand(HEADER % "(1, 1, 1, 1, 1, 1, 1)", b"0000"), "rank 7"),
    (by_hand(HEADER % "(4, 4)", b"0" * 63), "takes 64 bytes, the file has 63"),
    (by_hand(HEADER % "(4, 4)", b"0" * 65), "takes 64 bytes, the file has 65"),
]


@pytest.mark.parametrize(("content", "part"), DAMAGED, ids=[part for _, part in DAMAGED])
def test_damaged(boxes: Callable, content: bytes, part: str) -> None:
    assert_error(boxes(content), 1, "map.npy: ", part)


@pytest.mark.parametrize("shape", [(), (5,), (3, 4, 4), (1, 2, 4, 4), (1, 1, 1, 4, 4)])
def test_shapes_that_are_no_map(boxes: Callable, shape: tuple[int, ...]) -> None:
    assert_error(boxes(saved(np.zeros(shape, np.float32))), 1, "map.npy: ", "HxW")


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (0, 0)])
def test_empty_maps(boxes: Callable, shape: tuple[int, ...]) -> None:
    assert_error(boxes(saved(np.zeros(shape, np.float32))), 1, "map.npy: ")


def test_from_a_pipe(pliant: Pliant) -> None:
    whole = saved(blob())
    assert pliant("boxes", "-", input=whole).returncode == 0
    assert_error(pliant("boxes", "-", input=whole[:-1]), 1, "standard input", "truncated")
    assert_error(pliant("boxes", "-", input=whole + b"x"), 1, "standard input", "behind the array")
    # The claim alone takes no memory.
    claim = by_hand(HEADER % "(17592186044416,)", b"0000")
    assert_error(pliant("boxes", "-", input=claim), 1, "the file has 4")


def test_files_that_cannot_be_read(pliant: Pliant, tmp_path: Path) -> None:
    assert_error(pliant("boxes", tmp_path / "absent.npy"), 1, "absent.npy", "No such file")
    assert_error(pliant("boxes", tmp_path), 1, "Is a directory")
