"""Reads safetensors files: 8 bytes with the header's length, a JSON header, the tensors' bytes.

Format: header entries are {"name": {"dtype", "shape", "data_offsets": [first, end]}} with offsets from the
end of the header, and optionally "__metadata__" with text. All numbers come from the file and are checked.
"""

from __future__ import annotations

import json
import math
import struct
from typing import Any, BinaryIO, Callable

from .tensors import Storage, Tensor, item_size
from .unpickler import Damaged

DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": "bfloat16",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "<i1",
    "U8": "<u1",
    "BOOL": "<u1",
}
# The format allows 100 MB, but JSON takes up to thirty times that in memory; a thousand tensors need 100 kB.
MAX_HEADER_BYTES = 16 << 20


def is_one(head: bytes, size: int) -> bool:
    """Whether a file of `size` bytes that starts with `head` looks like one."""
    return len(head) >= 10 and head[8:9] == b"{" and 2 <= struct.unpack("<Q", head[:8])[0] <= size - 8


def read(stream: BinaryIO, size: int) -> dict[str, Tensor]:
    """The tensors by name; their elements are read on demand. Raises Damaged."""
    (length,) = struct.unpack("<Q", stream.read(8))
    if length > MAX_HEADER_BYTES:
        raise Damaged(f"its header claims {length} bytes, at most {MAX_HEADER_BYTES} are expected")
    try:
        header = json.loads(stream.read(length).decode("utf-8"), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise Damaged(f"its header is no JSON ({error})") from error
    if not isinstance(header, dict):
        raise Damaged("its header is no JSON object")
    start = 8 + length
    return {
        name: _tensor(stream, name, entry, start, size)
        for name, entry in header.items()
        if name != "__metadata__"
    }


def _unique(pairs: list) -> dict:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise Damaged("its header has a name twice")
    return made


def _tensor(stream: BinaryIO, name: str, entry: Any, start: int, size: int) -> Tensor:
    if not isinstance(entry, dict):
        raise Damaged(f"its entry '{name}' is no object")
    dtype, shape, offsets = entry.get("dtype"), entry.get("shape"), entry.get("data_offsets")
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise Damaged(f"its tensor '{name}' has the type {str(dtype)[:40]}; known are {', '.join(DTYPES)}")
    if not _are_sizes(shape) or not _are_sizes(offsets) or len(offsets) != 2 or len(shape) > 32:
        raise Damaged(f"its tensor '{name}' has an impossible shape or place")
    first, end = offsets
    kind = DTYPES[dtype]
    elements = math.prod(shape)
    if end - first != elements * item_size(kind) or start + end > size:
        raise Damaged(
            f"its tensor '{name}' needs {elements * item_size(kind)} bytes, its place {first} to {end} in "
            f"the {size - start} bytes of data does not fit"
        )
    stride, step = [], 1
    for count in reversed(shape):
        stride.insert(0, step)
        step *= max(count, 1)
    return Tensor(
        Storage(name, kind, elements, _reader(stream, start + first)), 0, tuple(shape), tuple(stride)
    )


def _are_sizes(items: Any) -> bool:
    return isinstance(items, list) and all(type(n) is int and 0 <= n < 2**63 for n in items)


def _reader(stream: BinaryIO, position: int) -> Callable[[int, int], bytes]:
    def read_bytes(first: int, count: int) -> bytes:
        stream.seek(position + first)
        return stream.read(count)

    return read_bytes
