"""Names the files of other kinds that people take for checkpoints, by their first bytes."""

from __future__ import annotations

from typing import Optional

_STARTS = (
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file (Keras saves such), not a checkpoint of PyTorch"),
    (b"\x93NUMPY", "a NumPy array, not a checkpoint of PyTorch"),
    (b"\x1f\x8b", "compressed by gzip; unpack it first"),
    (b"BZh", "compressed by bzip2; unpack it first"),
    (b"\xfd7zXZ", "compressed by xz; unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive; unpack it first"),
    (b"Rar!", "a RAR archive; unpack it first"),
    (
        b"version https://git-lfs",
        "the pointer that Git LFS leaves in place of a large file; fetch the file itself with 'git lfs pull'",
    ),
)
_WEB_PAGE = "a web page, perhaps saved in place of the checkpoint; download the file itself"
_ONNX = "an ONNX model; convert the PyTorch checkpoint that it was made from"


def foreign_format(head: bytes) -> Optional[str]:
    """What a file that starts with `head` (some hundred bytes) is, with what to do, or None."""
    for start, what in _STARTS:
        if head.startswith(start):
            return what
    if head[4:8] == b"PLNT":
        return "a model file of Pliant already"
    if head[4:8] == b"TFL3":
        return "a TensorFlow Lite model, not a checkpoint of PyTorch"
    if head.lstrip().lower().startswith((b"<!doctype html", b"<html", b"<?xml")):
        return _WEB_PAGE
    # protobuf: field 1 (ir_version), a small number, then field 2 (producer_name) or 7 (graph)
    if len(head) > 4 and head[0] == 0x08 and head[1] < 0x20 and head[2] in (0x12, 0x3A):
        return _ONNX
    return None
