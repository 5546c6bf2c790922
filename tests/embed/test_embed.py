"""Programs that embed Pliant: examples/embed, built and run against the installed packages."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import packages
import pytest

MODEL = packages.REPOSITORY / "models/db/weights/slim-db.pliant"
PICTURE = packages.REPOSITORY / "examples/pictures/notice.jpg"


def test_run_a_model(example: Path) -> None:
    assert packages.run(example / "run_model", MODEL).endswith(": 1x3x64x96 -> 1x1x64x96\n")


def test_find_text(example: Path) -> None:
    regions = packages.run(example / "find_text", MODEL, PICTURE).splitlines()
    assert len(regions) >= 5
    for region in regions:
        *points, score = region.split(" ")
        assert len(points) == 4
        assert 0 < float(score) <= 1


def test_an_error_is_reported(example: Path, tmp_path: Path) -> None:
    command = [example / "run_model", tmp_path / "none.pliant"]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert "none.pliant" in done.stderr


@pytest.mark.parametrize(
    "module, source, arguments",
    [("pliant", "main.cpp", [MODEL]), ("pliant-text", "find_text.cpp", [MODEL, PICTURE])],
)
def test_pkg_config(
    package: packages.Package, tmp_path: Path, module: str, source: str, arguments: list[Path]
) -> None:
    [folder] = package.prefix.glob("lib*/pkgconfig")
    flags = packages.run("pkg-config", "--cflags", "--libs", module,
                         env={**os.environ, "PKG_CONFIG_PATH": str(folder)}).split()
    program = tmp_path / "program"
    packages.run(os.environ.get("CXX", "c++"), "-std=c++20", packages.REPOSITORY / "examples/embed" / source,
                 *flags, "-o", program)
    library_path = {**os.environ, "LD_LIBRARY_PATH": str(folder.parent)}
    assert packages.run(program, *arguments, env=library_path)


def test_the_runtime_alone_needs_no_opencv(static_package: packages.Package, tmp_path: Path) -> None:
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.22)\n"
        "project(Alone LANGUAGES CXX)\n"
        "set(CMAKE_DISABLE_FIND_PACKAGE_PliantVision TRUE)\n"
        "find_package(Pliant 0.1 REQUIRED)\n"
        f"add_executable(alone {packages.REPOSITORY}/examples/embed/main.cpp)\n"
        "target_link_libraries(alone PRIVATE Pliant::pliant)\n")
    packages.run("cmake", "-G", "Ninja", "-S", tmp_path, "-B", tmp_path / "build",
                 f"-DCMAKE_PREFIX_PATH={static_package.prefix}")
    packages.run("cmake", "--build", tmp_path / "build")
    needed = packages.dynamic_section(tmp_path / "build/alone")["NEEDED"]
    assert not [name for name in needed if not name.startswith(packages.SYSTEM_LIBRARIES)]


@pytest.mark.parametrize(
    "request_line, reason",
    [
        ("find_package(Pliant 9.0 REQUIRED)", "9.0"),
        ("find_package(Pliant REQUIRED COMPONENTS speech)", "speech"),
    ],
)
def test_what_the_package_does_not_have_is_refused(
    shared_package: packages.Package, tmp_path: Path, request_line: str, reason: str
) -> None:
    (tmp_path / "CMakeLists.txt").write_text(
        f"cmake_minimum_required(VERSION 3.22)\nproject(Refused LANGUAGES CXX)\n{request_line}\n")
    done = subprocess.run(
        ["cmake", "-S", tmp_path, "-B", tmp_path / "build", f"-DCMAKE_PREFIX_PATH={shared_package.prefix}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert done.returncode != 0
    assert reason in done.stderr
