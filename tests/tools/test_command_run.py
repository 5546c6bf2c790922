"""pliant run: which file belongs to which input and output, and what is written when."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from command_support import Pliant, assert_error


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    for name in ("x", "y"):
        np.save(tmp_path / f"{name}.npy", random.standard_normal((1, 2, 5, 7), np.float32))
    np.save(tmp_path / "rank3.npy", np.zeros((2, 5, 7), np.float32))
    np.save(tmp_path / "channels.npy", np.zeros((1, 3, 5, 7), np.float32))
    return tmp_path


def load(folder: Path, *names: str) -> list[np.ndarray]:
    return [np.load(folder / f"{name}.npy") for name in names]


def leftovers(folder: Path) -> list[str]:
    return [name for name in os.listdir(folder) if ".pliant-" in name]


def test_in_the_graphs_order(pliant: Pliant, pair_model: Path, folder: Path) -> None:
    result = pliant("run", pair_model, "--input", "x.npy", "y.npy", "--output", "s.npy", "p.npy", cwd=folder)
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")
    x, y, s, p = load(folder, "x", "y", "s", "p")
    assert s.dtype == np.float32 and s.shape == x.shape
    np.testing.assert_array_equal(s, x + y)
    np.testing.assert_array_equal(p, x * y)
    assert leftovers(folder) == []


def test_by_name(pliant: Pliant, pair_model: Path, folder: Path) -> None:
    files = ["--input", "b=y.npy", "x.npy", "--output", "product=p.npy", "--threads", "1"]
    assert pliant("run", pair_model, *files, cwd=folder).returncode == 0
    x, y, p = load(folder, "x", "y", "p")
    np.testing.assert_array_equal(p, x * y)
    assert not (folder / "s.npy").exists()


def test_a_file_name_with_an_equals_sign(pliant: Pliant, pair_model: Path, folder: Path) -> None:
    os.rename(folder / "x.npy", folder / "c=x.npy")
    rest = ["y.npy", "--output", "s.npy"]
    assert_error(
        pliant("run", pair_model, "--input", "c=x.npy", *rest, cwd=folder), 2, "no input 'c'", "./c=x.npy"
    )
    assert pliant("run", pair_model, "--input", "./c=x.npy", *rest, cwd=folder).returncode == 0


@pytest.mark.parametrize(
    ("inputs", "outputs", "part"),
    [
        (["x.npy"], ["s.npy"], "no file for 'b'"),
        (["b=x.npy"], ["s.npy"], "no file for 'a'"),
        (["x.npy", "y.npy", "x.npy"], ["s.npy"], "3 files for 2 inputs (a, b)"),
        (["a=x.npy", "a=y.npy"], ["s.npy"], "'a' comes twice"),
        (["a=", "y.npy"], ["s.npy"], "the file is missing"),
        (["-", "-"], ["s.npy"], "only once"),
        (["x.npy", "y.npy"], ["s.npy", "p.npy", "q.npy"], "3 files for 2 outputs"),
        (["x.npy", "y.npy"], ["s.npy", "./s.npy"], "named twice"),
        (["x.npy", "y.npy"], ["total=s.npy"], "no output 'total'"),
    ],
)
def test_files_that_do_not_fit_the_model(
    pliant: Pliant, pair_model: Path, folder: Path, inputs: list[str], outputs: list[str], part: str
) -> None:
    result = pliant("run", pair_model, "--input", *inputs, "--output", *outputs, cwd=folder)
    assert_error(result, 2, part)
    assert not (folder / "s.npy").exists()


@pytest.mark.parametrize("bad", ["rank3.npy", "channels.npy"])
def test_arrays_that_do_not_fit_the_model(pliant: Pliant, pair_model: Path, folder: Path, bad: str) -> None:
    result = pliant("run", pair_model, "--input", bad, "y.npy", "--output", "s.npy", cwd=folder)
    assert_error(result, 1, bad, "'a'")
    assert not (folder / "s.npy").exists()


@pytest.mark.parametrize("size", [(33, 64), (64, 40), (1, 1)])
def test_sides_that_are_no_multiple(
    pliant: Pliant, bright_model: Path, tmp_path: Path, size: tuple[int, int]
) -> None:
    np.save(tmp_path / "x.npy", np.zeros((1, 3, *size), np.float32))
    result = pliant("run", bright_model, "--input", tmp_path / "x.npy", "--output", tmp_path / "y.npy")
    assert_error(result, 1, "image", "multiple of 32")
    assert not (tmp_path / "y.npy").exists()


def test_a_full_disk_leaves_no_output(pliant: Pliant, pair_model: Path, folder: Path) -> None:
    np.save(folder / "s.npy", np.float32(7))
    result = pliant(
        "run", pair_model, "--input", "x.npy", "y.npy", "--output", "s.npy", "/dev/full", cwd=folder
    )
    assert_error(result, 1, "/dev/full", "No space left on device")
    assert np.load(folder / "s.npy") == 7
    assert leftovers(folder) == []


def test_unwritable_outputs(pliant: Pliant, pair_model: Path, folder: Path) -> None:
    os.mkdir(folder / "sub")
    for output, part in [
        ("absent/s.npy", "the folder absent does not exist"),
        ("sub", "it is a folder"),
        ("x.npy/s.npy", "Not a directory"),
        ("s" * 300, "File name too long"),
    ]:
        result = pliant("run", pair_model, "--input", "x.npy", "y.npy", "--output", output, cwd=folder)
        assert_error(result, 1, f"cannot write {output}", part)


def test_the_model_is_not_overwritten(pliant: Pliant, pair_model: Path, folder: Path) -> None:
    os.link(pair_model, folder / "m.pliant")
    result = pliant("run", "m.pliant", "--input", "x.npy", "y.npy", "--output", "./m.pliant", cwd=folder)
    assert_error(result, 2, "would overwrite m.pliant")


def test_devices_and_pipes_are_written_directly(pliant: Pliant, pair_model: Path, folder: Path) -> None:
    before = os.stat("/dev/null")
    files = ["--input", "x.npy", "y.npy", "--output"]
    assert pliant("run", pair_model, *files, "/dev/null", cwd=folder).returncode == 0
    assert os.path.samestat(before, os.stat("/dev/null"))
    for name in ("-", "/dev/stdout", "/dev/fd/1"):
        result = pliant("run", pair_model, *files, name, cwd=folder)
        assert result.returncode == 0
        (folder / "s.npy").write_bytes(result.stdout)
        x, y, s = load(folder, "x", "y", "s")
        np.testing.assert_array_equal(s, x + y)


def test_links_and_permissions_are_kept(pliant: Pliant, pair_model: Path, folder: Path) -> None:
    os.mkdir(folder / "results")
    os.symlink("results/s.npy", folder / "link.npy")
    files = ["--input", "x.npy", "y.npy", "--output", "link.npy"]
    assert pliant("run", pair_model, *files, cwd=folder).returncode == 0
    assert (folder / "link.npy").is_symlink() and (folder / "results" / "s.npy").is_file()
    os.chmod(folder / "results" / "s.npy", 0o600)
    assert pliant("run", pair_model, *files, cwd=folder).returncode == 0
    assert (folder / "results" / "s.npy").stat().st_mode & 0o777 == 0o600


def test_input_from_standard_input(pliant: Pliant, pair_model: Path, folder: Path) -> None:
    content = (folder / "x.npy").read_bytes()
    result = pliant(
        "run", pair_model, "--input", "-", "y.npy", "--output", "s.npy", input=content, cwd=folder
    )
    assert result.returncode == 0
    x, y, s = load(folder, "x", "y", "s")
    np.testing.assert_array_equal(s, x + y)
