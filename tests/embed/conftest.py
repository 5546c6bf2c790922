"""The two packages, made once for all tests here."""

from __future__ import annotations

from pathlib import Path

import packages
import pytest

_sizes: dict[str, int] = {}


@pytest.fixture(scope="session")
def shared_package(tmp_path_factory: pytest.TempPathFactory) -> packages.Package:
    return packages.install("shared", tmp_path_factory.mktemp("shared-package"))


@pytest.fixture(scope="session")
def static_package(tmp_path_factory: pytest.TempPathFactory) -> packages.Package:
    return packages.install("static", tmp_path_factory.mktemp("static-package"))


@pytest.fixture(scope="session", params=["static", "shared"])
def package(request: pytest.FixtureRequest) -> packages.Package:
    return request.getfixturevalue(f"{request.param}_package")


@pytest.fixture(scope="session")
def example(package: packages.Package, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """examples/embed, built against the package."""
    return packages.build_example(package, tmp_path_factory.mktemp(f"{package.kind}-example"))


@pytest.fixture(scope="session")
def library_sizes() -> dict[str, int]:
    """Name -> bytes; what a test puts in is printed at the end of the run."""
    return _sizes


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for name, size in sorted(_sizes.items()):
        terminalreporter.write_line(f"{name}: {size / 1024:.0f} KiB stripped")
