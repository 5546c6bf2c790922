"""Writes a file whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path
from typing import Union

from .errors import ConvertError


def write_file(path: Path, data: Union[bytes, memoryview]) -> None:
    """Writes `data` to a temporary name beside `path` and renames it; nothing is left behind on failure.

    A link's target is replaced, not the link. What is neither absent nor a regular file (a device such as
    /dev/full, a pipe) is written directly. Raises ConvertError.
    """
    try:
        target = Path(os.path.realpath(path))
        try:
            mode = target.stat().st_mode
        except FileNotFoundError:
            mode = None
        if mode is not None and stat.S_ISDIR(mode):
            raise ConvertError(f"output '{path}' is a folder; give the name of a file")
        if mode is not None and not stat.S_ISREG(mode):
            with open(target, "wb", buffering=0) as stream:
                _write_all(stream.fileno(), data)
            return
        _write_and_rename(target, data, mode)
    except OSError as error:
        raise ConvertError(f"output '{path}' cannot be written: {error.strerror or error}") from error


def _write_and_rename(target: Path, data: Union[bytes, memoryview], mode: Union[int, None]) -> None:
    if mode is None:
        mask = os.umask(0)
        os.umask(mask)
        mode = 0o666 & ~mask
    handle, temporary = tempfile.mkstemp(prefix=f".{target.name[:100]}.", suffix=".part", dir=target.parent)
    try:
        try:
            _write_all(handle, data)
            os.fchmod(handle, stat.S_IMODE(mode))
            os.fsync(handle)
        finally:
            os.close(handle)
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise


def _write_all(handle: int, data: Union[bytes, memoryview]) -> None:
    rest = memoryview(data)
    while len(rest):
        rest = rest[os.write(handle, rest) :]
