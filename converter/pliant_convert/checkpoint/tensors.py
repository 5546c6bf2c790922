"""A tensor of a checkpoint as its pickle describes it: a view of a storage whose bytes are read on demand."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Callable, Optional

import numpy as np

from ..errors import ConvertError

# PyTorch's storage classes: NumPy's dtype of the elements as they stand in the file.
STORAGE_DTYPES = {
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "<i1",
    "ByteStorage": "<u1",
    "BoolStorage": "<u1",
}
# The same for the dtype objects that tensors over untyped storages name.
TORCH_DTYPES = {
    "float64": "<f8",
    "double": "<f8",
    "float32": "<f4",
    "float": "<f4",
    "float16": "<f2",
    "half": "<f2",
    "bfloat16": "bfloat16",
    "int64": "<i8",
    "int32": "<i4",
    "int16": "<i2",
    "int8": "<i1",
    "uint8": "<u1",
    "bool": "<u1",
}
# A model file is smaller than 2 GiB, so no single weight of it can be this large.
MAX_ELEMENTS = 2**29


def item_size(dtype: str) -> int:
    """Bytes of one element."""
    return 2 if dtype == "bfloat16" else np.dtype(dtype).itemsize


@dataclass(eq=False)
class Storage:
    """`elements` elements of `dtype`; `read(first, count)` gives `count` bytes from byte `first` on.

    `dtype` is None for an untyped storage: then the tensor says it, and `elements` counts bytes.
    """

    key: str
    dtype: Optional[str]
    elements: int
    read: Callable[[int, int], bytes]


@dataclass(eq=False)
class Tensor:
    """A strided view of a storage. The numbers come from the file: `check` before use."""

    storage: Storage
    offset: Any
    shape: Any
    stride: Any
    dtype: Optional[str] = None

    def check(self, key: str) -> None:
        """Raises ConvertError, naming `key`, unless every element lies inside the storage."""

        def is_index(number: Any) -> bool:
            return type(number) is int and 0 <= number < 2**63

        shape, stride = self.shape, self.stride
        if not isinstance(shape, (tuple, list)) or not all(map(is_index, shape)) or len(shape) > 32:
            raise ConvertError(
                f"tensor '{key}' has an impossible shape {short(shape)}; the checkpoint is damaged"
            )
        if (
            not isinstance(stride, (tuple, list))
            or len(stride) != len(shape)
            or not all(map(is_index, stride))
        ):
            raise ConvertError(
                f"tensor '{key}' has impossible strides {short(stride)}; the checkpoint is damaged"
            )
        if not is_index(self.offset):
            raise ConvertError(
                f"tensor '{key}' has an impossible offset {short(self.offset)}; the checkpoint is damaged"
            )
        if (self.dtype or self.storage.dtype) is None:
            raise ConvertError(f"tensor '{key}' has no element type; the checkpoint is damaged")
        elements = math.prod(shape)
        if elements >= MAX_ELEMENTS:
            raise ConvertError(
                f"tensor '{key}' of shape {short(shape)} has {elements} elements, "
                f"but a model file holds fewer than {MAX_ELEMENTS} per weight"
            )
        held = self.storage.elements // self._unit()
        if elements and self.last() >= held:
            raise ConvertError(
                f"tensor '{key}' of shape {short(shape)} needs {self.last() + 1} elements of its storage, "
                f"which has {held}; the checkpoint is damaged"
            )

    def _unit(self) -> int:
        """Storage elements (bytes of an untyped storage) per element of this tensor."""
        return item_size(self.dtype) if self.storage.dtype is None and self.dtype else 1

    def last(self) -> int:
        """Index in the storage of the last element, counted in this tensor's elements."""
        return self.offset + sum((n - 1) * s for n, s in zip(self.shape, self.stride))

    def numpy(self, key: str) -> np.ndarray:
        """The elements, C-contiguous: floating point as float32, integers as they are."""
        self.check(key)
        dtype = self.storage.dtype or self.dtype
        if 0 in self.shape:
            return np.zeros(tuple(self.shape), np.float32)
        count = self.last() - self.offset + 1
        size = item_size(dtype)
        data = self.storage.read(self.offset * size, count * size)
        if dtype == "bfloat16":
            flat = (np.frombuffer(data, "<u2").astype(np.uint32) << 16).view(np.float32)
        else:
            flat = np.frombuffer(data, dtype)
        view = np.lib.stride_tricks.as_strided(
            flat, tuple(self.shape), tuple(s * flat.itemsize for s in self.stride), writeable=False
        )
        if flat.dtype.kind == "f":
            with np.errstate(over="ignore"):
                return np.array(view, np.float32, order="C")
        return np.array(view, order="C")


def short(value: Any) -> str:
    """A few words for messages, whatever the file made of it: repr() of a nested tuple may have no end."""
    if isinstance(value, (tuple, list)):
        items = ["(...)" if isinstance(item, (tuple, list)) else short(item) for item in value[:8]]
        return "(" + ", ".join(items + ["..."] * (len(value) > 8)) + ("," if len(value) == 1 else "") + ")"
    if type(value) is int:
        return str(value) if value.bit_length() <= 128 else f"a number of {value.bit_length()} bits"
    if isinstance(value, (str, bytes)):
        return repr(value[:40]) + "..." * (len(value) > 40)
    return repr(value) if value is None or isinstance(value, (bool, float)) else type(value).__name__
