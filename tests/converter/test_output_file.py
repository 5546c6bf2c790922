"""A file is written whole or not at all."""

from __future__ import annotations

import os
import stat
import threading

import pytest
from pliant_convert import ConvertError
from pliant_convert.output_file import write_file


def test_new_file_has_the_usual_mode(tmp_path):
    old = os.umask(0o027)
    try:
        write_file(tmp_path / "x", b"abc")
    finally:
        os.umask(old)
    assert (tmp_path / "x").read_bytes() == b"abc"
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["x"]


def test_an_existing_file_is_replaced_and_keeps_its_mode(tmp_path):
    (tmp_path / "x").write_bytes(b"a longer file than before")
    (tmp_path / "x").chmod(0o600)
    write_file(tmp_path / "x", b"new")
    assert (tmp_path / "x").read_bytes() == b"new"
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o600


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder/target")
    write_file(tmp_path / "link", b"1")
    write_file(tmp_path / "link", b"2")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "folder" / "target").read_bytes() == b"2"
    assert os.listdir(tmp_path / "folder") == ["target"]


def test_a_full_device():
    with pytest.raises(ConvertError, match="/dev/full.*No space left"):
        write_file("/dev/full", b"abc")
    assert stat.S_ISCHR(os.stat("/dev/full").st_mode)


def test_a_pipe_is_written_directly(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    data = os.urandom(1 << 20)
    found = []
    reader = threading.Thread(target=lambda: found.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    write_file(tmp_path / "pipe", data)
    reader.join(10)
    assert found == [data]
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_folders(tmp_path):
    with pytest.raises(ConvertError, match="is a folder"):
        write_file(tmp_path, b"abc")
    with pytest.raises(ConvertError, match="No such file"):
        write_file(tmp_path / "none" / "x", b"abc")
    with pytest.raises(ConvertError, match="Not a directory"):
        (tmp_path / "x").write_bytes(b"")
        write_file(tmp_path / "x" / "y", b"abc")


@pytest.mark.parametrize("step", ["write", "fsync", "replace"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_nothing_is_left_behind(tmp_path, monkeypatch, step, error):
    (tmp_path / "x").write_bytes(b"old")

    def fail(*_):
        raise error

    monkeypatch.setattr(os, step, fail)
    with pytest.raises((ConvertError, KeyboardInterrupt)):
        write_file(tmp_path / "x", b"new")
    monkeypatch.undo()
    assert os.listdir(tmp_path) == ["x"]
    assert (tmp_path / "x").read_bytes() == b"old"
