#!/usr/bin/env python3
"""Checks that includes point one way: a room includes itself and the rooms below it, nothing else.

Usage: check_includes.py [ROOT]        prints one line a wrong include, exits 1 if there is any.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

SUFFIXES = {".c", ".cc", ".cpp", ".cu", ".cuh", ".def", ".h", ".hpp", ".inc"}

# The header that flatc makes from schema/model.fbs; it exists in the build folder only.
SCHEMA_HEADER = "schema/model_generated.h"

# Patterns: "room/**" is everything below a folder, "room/*.hpp" what lies directly in it.
PUBLIC = ("include/**",)
CONTRACT = "backends/*.hpp"  # all that the runtime sees of a backend
ENGINE_ROOMS = ("core/**", "layers/**", "backends/**", "runtime/**")


class Rule(NamedTuple):
    """What the files under `folder` may include of our own; the first rule that matches a file counts."""

    folder: str
    allowed: tuple[str, ...]


RULES = (
    Rule("include/", PUBLIC),
    Rule("schema/", ()),
    Rule("core/", (*PUBLIC, "core/**")),
    Rule("layers/", (*PUBLIC, "core/**", "layers/**", SCHEMA_HEADER)),
    Rule("backends/cpu/", (*PUBLIC, "core/**", "layers/**", CONTRACT, "backends/cpu/**")),
    Rule("backends/cuda/", (*PUBLIC, "core/**", "layers/**", CONTRACT, "backends/cuda/**")),
    Rule("backends/", (*PUBLIC, "core/**", "layers/**", CONTRACT)),
    Rule("runtime/graph/", (*PUBLIC, "core/**", "layers/**", CONTRACT, "runtime/graph/**", SCHEMA_HEADER)),
    Rule("runtime/", (*PUBLIC, "core/**", "layers/**", CONTRACT, "runtime/**")),
    # Libraries and programs on top of libpliant see its public face alone; format.hpp is header-only.
    Rule("models/", (*PUBLIC, "core/format.hpp", "models/**")),
    Rule("tools/", (*PUBLIC, "core/format.hpp", "tools/**")),
    Rule("bindings/", (*PUBLIC, "bindings/**")),
    Rule("examples/", PUBLIC),
    # A unit test sees its own room and those below it.
    Rule("tests/unit/core/", (*PUBLIC, "core/**", "tests/**")),
    Rule("tests/unit/layers/", (*PUBLIC, "core/**", "layers/**", "tests/**", SCHEMA_HEADER)),
    Rule("tests/unit/backends/", (*PUBLIC, "core/**", "layers/**", "backends/**", "tests/**")),
    Rule("tests/unit/runtime/", (*PUBLIC, *ENGINE_ROOMS, "tests/**", SCHEMA_HEADER)),
    Rule("tests/unit/models/", (*PUBLIC, "core/**", "models/**", "tests/**")),
    Rule("tests/embed/", PUBLIC),
    Rule("tests/fuzz/", (*PUBLIC, *ENGINE_ROOMS, "models/**", "tools/**", "tests/**", SCHEMA_HEADER)),
    Rule("tests/bench/", (*PUBLIC, "tools/fma_peak.hpp", "tests/**")),
    Rule("tests/", (*PUBLIC, *ENGINE_ROOMS, "models/**", "tests/**", SCHEMA_HEADER)),
)


class Owner(NamedTuple):
    """Third-party headers (glob) and the only places that may include them."""

    header: str
    places: tuple[str, ...]


OWNERS = (
    Owner("cblas.h", ("backends/cpu/gemm*",)),
    Owner("hwy/*", ("backends/cpu/**", "tests/**")),
    Owner("flatbuffers/*", ("layers/**", "runtime/graph/**", "tests/**")),
    Owner("opencv2/*", ("models/**", "tests/unit/models/**")),
    Owner("*clipper.hpp", ("models/**",)),
    Owner("*stb_image*.h", ("models/**", "tests/unit/models/**")),
    Owner("cuda*", ("backends/cuda/**",)),
    Owner("cublas*", ("backends/cuda/blas*",)),
    Owner("CLI/*", ("tools/**", "tests/bench/**")),
    Owner("nlohmann/*", ("tools/**", "tests/**")),
    Owner("doctest/*", ("tests/**",)),
    # Libraries never print; the command does.
    Owner("iostream", ("tools/**", "tests/**", "examples/**")),
)

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include(?:_next)?[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)
COMMENT_OR_STRING = re.compile(
    r'//[^\n]*|/\*.*?\*/|(?P<include>^[ \t]*#[ \t]*include[^\n]*)|R"\w*\(.*?\)\w*"|"(?:\\.|[^"\\\n])*"',
    re.DOTALL | re.MULTILINE)


def includes_of(text: str) -> Iterator[tuple[int, str, bool]]:
    """Yields (line, header, quoted) of every include outside comments and strings."""

    def blank(match: re.Match[str]) -> str:
        return match.group(0) if match.group("include") else re.sub(r"[^\n]", " ", match.group(0))

    code = COMMENT_OR_STRING.sub(blank, text)
    for match in INCLUDE.finditer(code):
        yield code.count("\n", 0, match.start(2)) + 1, match.group(2), match.group(1) == '"'


def matches(path: str, patterns: tuple[str, ...]) -> bool:
    for pattern in patterns:
        if pattern.endswith("/**"):
            if path.startswith(pattern[:-2]):
                return True
        elif path.count("/") == pattern.count("/") and fnmatch(path, pattern):
            return True
    return False


def resolve(root: Path, file: str, header: str) -> str | None:
    """The repository path of one of our headers, None for somebody else's."""
    if header == SCHEMA_HEADER:
        return header
    for candidate in (header, f"include/{header}"):
        if (root / candidate).is_file():
            return candidate
    beside = (Path(file).parent / header).as_posix()
    return beside if (root / beside).is_file() else None


def is_ours(header: str) -> bool:
    return header.split("/")[0] in {"pliant", *(rule.folder.split("/")[0] for rule in RULES)}


def problem(root: Path, file: str, header: str, quoted: bool) -> str | None:
    """Why `file` may not include `header`, or None."""
    if ".." in header.split("/"):
        return "write the path from the repository's root"
    for owner in OWNERS:
        if fnmatch(header, owner.header):
            places = ", ".join(owner.places) or "nowhere"
            return None if matches(file, owner.places) else f"<{owner.header}> belongs to {places}"
    target = resolve(root, file, header)
    if target is None:
        return "there is no such file" if quoted and is_ours(header) else None
    if target != header and target != f"include/{header}" and not file.startswith("tests/"):
        return f'write "{target}", the path from the repository\'s root'
    rule = next((rule for rule in RULES if file.startswith(rule.folder)), None)
    if rule is None:
        return f"no rule for {file}; add its folder to check_includes.py"
    if not matches(target, rule.allowed):
        return f"{rule.folder} may include only {', '.join(rule.allowed) or 'nothing of ours'}"
    return None


def check(root: Path) -> list[str]:
    """One line for each include under `root` that points the wrong way."""
    wrong = []
    folders = sorted({rule.folder.split("/")[0] for rule in RULES})
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix not in SUFFIXES or not path.is_file():
                continue
            file = path.relative_to(root).as_posix()
            for line, header, quoted in includes_of(path.read_text(encoding="utf-8")):
                reason = problem(root, file, header, quoted)
                if reason:
                    wrong.append(f"{file}:{line}: must not include {header}: {reason}")
    return wrong


def main(arguments: list[str]) -> int:
    root = Path(arguments[0]) if arguments else Path(__file__).resolve().parents[2]
    wrong = check(root)
    print("\n".join(wrong) if wrong else "include directions: clean")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
