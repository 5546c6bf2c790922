"""Installs Pliant as its users would have it, and looks at what was installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SYSTEM_LIBRARIES = ("libstdc++.so.", "libm.so.", "libgcc_s.so.", "libc.so.", "ld-linux")
JOBS = os.environ.get("PLIANT_JOBS", str(os.cpu_count() or 1))


def run(*command: object, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    """Standard output of a command that must succeed; what it said is in the error otherwise."""
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(words)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout


@dataclass(frozen=True)
class Package:
    """One installed build; `kind` is the preset that made it, `static` or `shared`."""

    kind: str
    prefix: Path

    @property
    def files(self) -> list[Path]:
        return sorted(path for path in self.prefix.rglob("*") if path.is_file() and not path.is_symlink())

    def shared_library(self, name: str) -> Path:
        """The file of a library, e.g. `libpliant.so` (through its links) or `libpliant.a`."""
        [path] = self.prefix.glob(f"lib*/{name}")
        return path.resolve()


def install(kind: str, prefix: Path) -> Package:
    """Builds the preset `kind` in the repository's build folder and installs it to `prefix`."""
    build = REPOSITORY / "build" / kind
    run("cmake", "--preset", kind, cwd=REPOSITORY)  # also where it was configured before: presets change
    run("cmake", "--build", build, "-j", JOBS)
    run("cmake", "--install", build, "--prefix", prefix)
    return Package(kind, prefix)


def build_example(package: Package, folder: Path, *arguments: str) -> Path:
    """Builds a copy of examples/embed against the installed package alone; returns its build folder."""
    shutil.copytree(REPOSITORY / "examples/embed", folder / "source")
    run("cmake", "-G", "Ninja", "-S", folder / "source", "-B", folder / "build",
        f"-DCMAKE_PREFIX_PATH={package.prefix}", "-DCMAKE_BUILD_TYPE=Release", *arguments)
    run("cmake", "--build", folder / "build", "-j", JOBS)
    return folder / "build"


def dynamic_section(library: Path) -> dict[str, list[str]]:
    """`readelf -d`: tag -> names, e.g. {"SONAME": ["libpliant.so.0.1"], "NEEDED": ["libc.so.6", ...]}."""
    section: dict[str, list[str]] = {}
    for tag, name in re.findall(r"\((\w+)\)[^\[\n]*\[([^\]]*)\]", run("readelf", "-dW", library)):
        section.setdefault(tag, []).append(name)
    return section


def exported_symbols(library: Path) -> list[str]:
    """Demangled names of what a shared library defines for others, sorted, each once."""
    lines = run("nm", "-DC", "--defined-only", library).splitlines()
    return sorted({line.split(" ", 2)[2] for line in lines})


def stripped_size(library: Path, folder: Path) -> int:
    """Bytes of the library without its symbol table and debug information."""
    copy = folder / library.name
    run("strip", "--strip-unneeded", "-o", copy, library)
    return copy.stat().st_size
