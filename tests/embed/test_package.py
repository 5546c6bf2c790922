"""What is in the installed packages, and what is not."""

from __future__ import annotations

import os
import re
from pathlib import Path

import packages
import pytest

LISTS = packages.REPOSITORY / "tests/package"
VERSION_HEADER = packages.REPOSITORY / "include/pliant/version.hpp"

VISION = ("libopencv_core.so.", "libopencv_imgproc.so.", "libpolyclipping.so.")


def version() -> list[str]:
    return re.findall(r"#define PLIANT_VERSION_\w+ (\d+)", VERSION_HEADER.read_text())


def test_headers(package: packages.Package) -> None:
    installed = {path.name for path in (package.prefix / "include").rglob("*.h*")}
    public = {path.name for path in (packages.REPOSITORY / "include/pliant").glob("*.h*")}
    assert installed == public


def test_every_header_stands_alone(package: packages.Package, tmp_path: Path) -> None:
    """No public header needs another one before it, a private one, or somebody else's library."""
    source = tmp_path / "header.cpp"
    for header in sorted((package.prefix / "include").rglob("*.hpp")):
        source.write_text(f"#include <pliant/{header.name}>\n")
        packages.run(os.environ.get("CXX", "c++"), "-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Werror",
                     "-fsyntax-only", f"-I{package.prefix}/include", source)


def test_nothing_points_to_the_build(package: packages.Package) -> None:
    place = os.fsencode(packages.REPOSITORY) + b"/"
    assert [path for path in package.files if place in path.read_bytes()] == []


def test_licences_are_installed(package: packages.Package) -> None:
    names = {path.name for path in package.files}
    assert {"LICENSE", "THIRD_PARTY_NOTICES"} <= names


def test_the_installed_command_runs(package: packages.Package) -> None:
    shown = packages.run(package.prefix / "bin/pliant", "--version", env={"PATH": os.environ["PATH"]})
    assert ".".join(version()) in shown


@pytest.mark.parametrize("name", ["libpliant", "libpliant_text"])
def test_soname(shared_package: packages.Package, name: str) -> None:
    major, minor, patch = version()
    library = shared_package.shared_library(f"{name}.so")
    assert library.name == f"{name}.so.{major}.{minor}.{patch}"
    assert packages.dynamic_section(library)["SONAME"] == [f"{name}.so.{major}.{minor}"]


@pytest.mark.parametrize(
    "name, others, own",
    [("libpliant", (), ()), ("libpliant_text", VISION, ("libpliant.so.",))],
)
def test_needed_libraries(
    shared_package: packages.Package, name: str, others: tuple[str, ...], own: tuple[str, ...]
) -> None:
    needed = packages.dynamic_section(shared_package.shared_library(f"{name}.so"))["NEEDED"]
    known = (*packages.SYSTEM_LIBRARIES, *others, *own)
    assert not [library for library in needed if not library.startswith(known)]
    for wanted in (*others, *own):
        assert any(library.startswith(wanted) for library in needed), wanted


def test_libraries_look_beside_themselves_only(shared_package: packages.Package) -> None:
    for name in ("libpliant.so", "libpliant_text.so"):
        section = packages.dynamic_section(shared_package.shared_library(name))
        assert section.get("RPATH", []) == []
        assert section.get("RUNPATH", []) in ([], ["$ORIGIN"])


@pytest.mark.parametrize("name", ["libpliant", "libpliant_text"])
def test_exported_symbols(shared_package: packages.Package, name: str) -> None:
    """tests/package/README.md says what to do where this fails."""
    exported = packages.exported_symbols(shared_package.shared_library(f"{name}.so"))
    expected = LISTS / f"{name}.symbols"
    if os.environ.get("PLIANT_UPDATE_SYMBOLS"):
        expected.write_text("".join(f"{symbol}\n" for symbol in exported))
    listed = expected.read_text().splitlines()
    assert {"new": sorted(set(exported) - set(listed)), "gone": sorted(set(listed) - set(exported))} == {
        "new": [], "gone": []}
    assert not [symbol for symbol in exported if "pliant::" not in symbol]


@pytest.mark.parametrize("name", ["libpliant", "libpliant_text"])
def test_size(
    shared_package: packages.Package, name: str, library_sizes: dict[str, int], tmp_path: Path
) -> None:
    """The sizes are printed at the end of the run; the limit notices another library that slips in."""
    size = packages.stripped_size(shared_package.shared_library(f"{name}.so"), tmp_path)
    library_sizes[f"{name}.so"] = size
    assert size < (4 << 20)
