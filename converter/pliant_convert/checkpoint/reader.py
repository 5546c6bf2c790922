"""The two containers of `torch.save`: zip files (PyTorch 1.6 and later) and the older plain stream."""

from __future__ import annotations

import hashlib
import io
import os
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO, Callable, Optional

from ..errors import ConvertError
from . import safetensors, unpickler
from .foreign import foreign_format
from .tensors import MAX_ELEMENTS, Storage, item_size
from .unpickler import Damaged, Name, Stub

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
LEGACY_PROTOCOL = 1001
# A pickle without its tensors is small; more than this is an attack or no checkpoint.
MAX_PICKLE_BYTES = 256 << 20
MAX_STORAGE_KEY = 1000  # characters
# torch.save compresses nothing. Who does must not make much of little: a larger storage has to be stored.
MAX_INFLATED_BYTES = 2 << 30
SAVE_A_STATE_DICT = (
    "in the project that made it, save the weights alone: torch.save(model.state_dict(), 'weights.pth')"
)


class Checkpoint:
    """An open checkpoint. `content` is what was saved; its tensors are read while it is open."""

    def __init__(self, path: Path, stream: BinaryIO) -> None:
        self.path = path
        self.stream = stream
        self.content: Any = None

    def __enter__(self) -> Checkpoint:
        return self

    def __exit__(self, *_: object) -> None:
        self.stream.close()

    def sha256(self, progress: Optional[Callable[[int, int], None]] = None) -> str:
        """64 hex digits over the whole file; `progress` hears of the bytes done and of all bytes."""
        digest = hashlib.sha256()
        size = os.fstat(self.stream.fileno()).st_size
        self.stream.seek(0)
        for block in iter(lambda: self.stream.read(1 << 20), b""):
            digest.update(block)
            if progress is not None:
                progress(self.stream.tell(), size)
        return digest.hexdigest()


def open_checkpoint(path: Path) -> Checkpoint:
    """Opens a checkpoint and reads all but its tensors' elements. Raises ConvertError."""
    try:
        if not path.is_file():
            problem = "is a folder, not a file" if path.is_dir() else "is no file"
            raise ConvertError(f"checkpoint '{path}' {problem if path.exists() else 'does not exist'}")
        stream = open(path, "rb")
    except OSError as error:
        raise ConvertError(f"checkpoint '{path}' cannot be read: {error.strerror or error}") from error
    checkpoint = Checkpoint(path, stream)
    try:
        checkpoint.content = _read(path, stream)
    except BaseException as error:
        stream.close()
        if isinstance(error, Damaged):
            raise ConvertError(f"checkpoint '{path}' is damaged or no PyTorch checkpoint: {error}") from error
        if isinstance(error, OSError):
            raise ConvertError(f"checkpoint '{path}' cannot be read: {error.strerror or error}") from error
        raise
    return checkpoint


def _read(path: Path, stream: BinaryIO) -> Any:
    size = os.fstat(stream.fileno()).st_size
    head = stream.read(512)
    stream.seek(0)
    if size == 0:
        raise ConvertError(f"checkpoint '{path}' is empty")
    if head.startswith(b"PK\x03\x04"):
        return _read_zip(path, stream)
    if head[257:262] == b"ustar":
        raise ConvertError(
            f"checkpoint '{path}' is a tar file, the format of PyTorch 0.1; "
            "load it with that project's PyTorch and save its state dict again with a newer one"
        )
    if safetensors.is_one(head, size):
        return safetensors.read(stream, size)
    foreign = foreign_format(head)
    if foreign is not None:
        raise ConvertError(f"'{path}' is {foreign}")
    if path.suffix == ".safetensors":
        raise Damaged("it does not start as a safetensors file")
    return _read_legacy(path, stream, size)


def _read_zip(path: Path, stream: BinaryIO) -> Any:
    try:
        archive = zipfile.ZipFile(stream)
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise Damaged(f"its zip directory cannot be read ({error})") from error
    names = archive.namelist()
    pickles = [name for name in names if name.endswith("/data.pkl") and name.count("/") == 1]
    if not pickles:
        if any(name.endswith(("models/model.json", "serialized_exported_program.json")) for name in names):
            raise ConvertError(
                f"checkpoint '{path}' is a torch.export program (.pt2), not a state dict; save its weights "
                f"with torch.save(torch.export.load('{path.name}').state_dict, 'weights.pth')"
            )
        raise Damaged("the zip file holds no data.pkl of torch.save")
    folder = pickles[0][: -len("data.pkl")]
    if folder + "constants.pkl" in names or any(name.startswith(folder + "code/") for name in names):
        raise ConvertError(
            f"checkpoint '{path}' is a TorchScript program, not a state dict; "
            f"save its weights with torch.save(torch.jit.load('{path.name}').state_dict(), 'weights.pth')"
        )
    if folder + "byteorder" in names and _zip_entry(archive, folder + "byteorder", 16) != b"little":
        raise ConvertError(
            f"checkpoint '{path}' was written in big-endian byte order, which is not supported"
        )
    cache = _LastEntry(archive)

    def persistent(identifier: Any) -> Any:
        kind, key, elements, _ = _storage_identifier(identifier)
        dtype = unpickler.storage_dtype(kind)
        entry = f"{folder}data/{key}"
        return Storage(
            key, dtype, elements, cache.reader(entry, elements * (item_size(dtype) if dtype else 1))
        )

    return unpickler.load(io.BytesIO(_zip_entry(archive, pickles[0], MAX_PICKLE_BYTES)), persistent)


def _zip_entry(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    entry = archive.getinfo(name)
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Damaged(f"its part '{name}' is compressed in a way that torch.save never does")
    if entry.compress_type != zipfile.ZIP_STORED:
        limit = min(limit, MAX_INFLATED_BYTES)
    if entry.file_size > limit:
        raise Damaged(f"its part '{name}' is larger than the {limit} bytes expected at most")
    try:
        return archive.read(name)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise Damaged(f"its part '{name}' cannot be read ({error})") from error


class _LastEntry:
    """Reads whole entries, so that checksums are checked, and keeps the last for the views that share it."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.name: Optional[str] = None
        self.data = b""

    def reader(self, entry: str, size: int) -> Callable[[int, int], bytes]:
        def read(first: int, count: int) -> bytes:
            if self.name != entry:
                self.name, self.data = None, b""
                try:
                    held = self.archive.getinfo(entry).file_size
                    if held != size:
                        raise Damaged(f"the storage '{entry}' should have {size} bytes, it has {held}")
                    data = _zip_entry(self.archive, entry, size)
                except KeyError:
                    raise ConvertError(
                        f"the checkpoint is damaged: the storage '{entry}' is missing"
                    ) from None
                except Damaged as error:
                    raise ConvertError(f"the checkpoint is damaged: {error}") from error
                self.name, self.data = entry, data
            return self.data[first : first + count] if (first, count) != (0, len(self.data)) else self.data

        return read


def _storage_identifier(identifier: Any) -> tuple[Any, str, int, Any]:
    """(class, key, elements, view) of a persistent id ('storage', class, key, location, elements[, view])."""
    if not isinstance(identifier, tuple) or len(identifier) not in (5, 6) or identifier[0] != "storage":
        raise Damaged("it refers to something that is no storage")
    kind, key, elements = identifier[1], identifier[2], identifier[4]
    if not isinstance(key, str) or len(key) > MAX_STORAGE_KEY or type(elements) is not int or elements < 0:
        raise Damaged("it describes a storage of an impossible size")
    if elements >= 64 * MAX_ELEMENTS:
        raise Damaged(f"it claims a storage of {elements} elements")
    return kind, key, elements, identifier[5] if len(identifier) == 6 else None


class _Bounded:
    """A stream of which the pickles take MAX_PICKLE_BYTES together, whatever sizes they claim."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream, self.left = stream, MAX_PICKLE_BYTES

    def read(self, count: int) -> bytes:
        # What a pickle claims may be more than there is: then the file is too short, not the limit too small.
        return self._took(self.stream.read(min(count, self.left + 1)))

    def readline(self) -> bytes:
        return self._took(self.stream.readline(self.left + 1))

    def _took(self, data: bytes) -> bytes:
        self.left -= len(data)
        if self.left < 0:
            raise Damaged(f"what it says about its tensors is larger than {MAX_PICKLE_BYTES} bytes")
        return data

    def tell(self) -> int:
        return self.stream.tell()


def _read_legacy(path: Path, stream: BinaryIO, size: int) -> Any:
    bounded: Any = _Bounded(stream)
    first = unpickler.load(bounded)
    if first != LEGACY_MAGIC:
        if isinstance(first, (dict, Stub)):
            raise ConvertError(f"'{path}' is a plain pickle, not a file of torch.save; {SAVE_A_STATE_DICT}")
        raise Damaged("it does not start as torch.save starts a file")
    if unpickler.load(bounded) != LEGACY_PROTOCOL:
        raise Damaged("it has an unknown version of the format")
    system = unpickler.load(bounded)
    if isinstance(system, dict) and system.get("little_endian") is False:
        raise ConvertError(
            f"checkpoint '{path}' was written in big-endian byte order, which is not supported"
        )

    declared: dict[str, tuple[Optional[str], int]] = {}
    positions: dict[str, int] = {}

    def persistent(identifier: Any) -> Any:
        if isinstance(identifier, tuple) and len(identifier) == 4 and identifier[0] == "module":
            return identifier[1]  # a class with its source text; only the name is of use
        kind, key, elements, view = _storage_identifier(identifier)
        dtype = unpickler.storage_dtype(kind)
        if dtype is None:
            raise Damaged("it holds an untyped storage in the old format")
        if declared.setdefault(key, (dtype, elements)) != (dtype, elements):
            raise Damaged(f"it describes the storage '{key}' in two ways")
        start, held = 0, elements
        if view is not None:
            start, held = _view(view, elements)

        def read(first: int, count: int) -> bytes:
            if key not in positions:
                raise ConvertError(f"checkpoint '{path}' is damaged: the storage '{key}' is missing")
            stream.seek(positions[key] + start * item_size(dtype) + first)
            return stream.read(count)

        return Storage(key, dtype, held, read)

    content = unpickler.load(bounded, persistent)
    keys = unpickler.load(bounded)
    if not isinstance(keys, list):
        raise Damaged("the list of its storages is missing")
    for key in keys:
        _locate(stream, size, key, declared, positions)
    return content


def _view(view: Any, elements: int) -> tuple[int, int]:
    """(first element, elements) of a view (key, offset, size) of a storage (files before PyTorch 0.4)."""
    if not isinstance(view, tuple) or len(view) != 3 or type(view[1]) is not int or type(view[2]) is not int:
        raise Damaged("it describes a part of a storage that makes no sense")
    if view[1] < 0 or view[2] < 0 or view[1] + view[2] > elements:
        raise Damaged("it describes a part of a storage outside of it")
    return view[1], view[2]


def _locate(stream: BinaryIO, size: int, key: Any, declared: dict, positions: dict[str, int]) -> None:
    """Notes where the storage `key` lies, which starts at the stream's position, and steps over it."""
    if not isinstance(key, str) or key not in declared:
        raise Damaged("it holds a storage that nothing refers to")
    dtype, elements = declared[key]
    header = stream.read(8)
    if len(header) != 8:
        raise Damaged(f"it ends before the storage '{key}'")
    held = struct.unpack("<q", header)[0]
    if held != elements:
        raise Damaged(f"the storage '{key}' should have {elements} elements, it has {held}")
    position = stream.tell()
    if elements * item_size(dtype) > size - position:
        raise Damaged(f"it ends inside the storage '{key}'")
    positions[key] = position
    stream.seek(elements * item_size(dtype), io.SEEK_CUR)


def describe(value: Any) -> str:
    """What an object of a checkpoint is, in words for messages."""
    if isinstance(value, (Stub, Name)):
        return f"an object '{value.name if isinstance(value, Stub) else value.text}'"
    return {dict: "a dictionary", list: "a list", tuple: "a tuple"}.get(
        type(value), f"a value of type {type(value).__name__}"
    )


def is_pickled_module(value: Any) -> bool:
    """True for an inert stub whose state is that of a torch.nn.Module."""
    return isinstance(value, Stub) and isinstance(value.state, dict) and "_modules" in value.state
