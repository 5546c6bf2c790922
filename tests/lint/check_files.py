#!/usr/bin/env python3
"""Checks what every file of the repository must hold to: no stray whitespace, no giants, nothing generated.

Usage: check_files.py [ROOT]        prints one line a finding, exits 1 if there is any.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

MEGABYTE = 1 << 20
SIZE_LIMIT = 4 * MEGABYTE
# The shipped model is the one large file.
LARGE = {".pliant": 16 * MEGABYTE}

CODE = {".cpp", ".cu", ".def", ".hpp", ".py", ".sh"}
# "About 400": a file that grows beyond holds more than one idea.
LINE_LIMIT = 450

GENERATED = ("model_generated.h", "_generated.hpp", ".pb.h")


def tracked_files(root: Path) -> list[Path]:
    """Files that are committed or would be by `git add .`."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=root, check=True, stdout=subprocess.PIPE).stdout.decode()
    return sorted({root / name for name in names.split("\0") if name})


def findings(path: Path) -> list[str]:
    """What is wrong with one file, each as "line: reason" or "reason"."""
    data = path.read_bytes()
    found = []
    limit = LARGE.get(path.suffix, SIZE_LIMIT)
    if len(data) > limit:
        found.append(f"{len(data) / MEGABYTE:.1f} MiB; {limit // MEGABYTE} MiB is the limit")
    if path.name.endswith(GENERATED):
        found.append("generated code is made by the build, not committed")
    if b"\0" in data[:8192]:
        return found
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return [*found, "text files are UTF-8"]
    if text and not text.endswith("\n"):
        found.append("the last line needs a newline")
    if text.endswith("\n\n"):
        found.append("empty lines at the end")
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if line.endswith("\r"):
            found.append(f"{number}: carriage return")
        elif line != line.rstrip():
            found.append(f"{number}: trailing whitespace")
        if line.startswith(("<<<<<<< ", ">>>>>>> ")):
            found.append(f"{number}: conflict marker")
    if path.suffix in CODE and len(lines) - 1 > LINE_LIMIT:
        found.append(f"{len(lines) - 1} lines; split what is more than one idea ({LINE_LIMIT} is the limit)")
    return found


def check(root: Path) -> list[str]:
    return [
        f"{path.relative_to(root).as_posix()}:{finding if finding[0].isdigit() else ' ' + finding}"
        for path in tracked_files(root)
        if path.is_file() and not path.is_symlink()
        for finding in findings(path)
    ]


def main(arguments: list[str]) -> int:
    root = Path(arguments[0]).resolve() if arguments else Path(__file__).resolve().parents[2]
    wrong = check(root)
    print("\n".join(wrong) if wrong else "file hygiene: clean")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
