#!/usr/bin/env python3
"""Sums the results of several test runs.

Usage: count_results.py FILE=STATUS...   FILE is a JUnit file of ctest or pytest, STATUS its runner's exit
status.

The last line says `N passed, N failed`; the exit status is 1 where a test failed, a runner broke down or
nothing ran.
"""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter


def outcome(case: ElementTree.Element) -> str:
    """`passed`, `failed` or `skipped`, from one <testcase>."""
    children = {child.tag for child in case}
    if children & {"failure", "error"}:
        return "failed"
    if "skipped" in children or case.get("status") == "disabled":
        return "skipped"
    # ctest says "notrun" of a test whose program is missing; pytest has no status.
    return "passed" if case.get("status", "run") == "run" else "failed"


def name_of(case: ElementTree.Element) -> str:
    return "::".join(part for part in (case.get("classname"), case.get("name")) if part)


def count(file: str, status: int) -> tuple[Counter[str], list[str]]:
    """The outcomes in one file, and what went wrong."""
    try:
        cases = list(ElementTree.parse(file).iter("testcase"))
    except (OSError, ElementTree.ParseError):
        # A filter may leave a runner without tests and so without a file; that is no failure.
        return (Counter(failed=1), [f"{file}: the runner left no results"]) if status else (Counter(), [])
    counts = Counter(outcome(case) for case in cases)
    troubles = [name_of(case) for case in cases if outcome(case) == "failed"]
    if status and not counts["failed"]:
        counts["failed"] += 1
        troubles.append(f"{file}: the runner ended with exit status {status}")
    return counts, troubles


def main(arguments: list[str]) -> int:
    total: Counter[str] = Counter()
    troubles: list[str] = []
    for argument in arguments:
        file, _, status = argument.rpartition("=")
        counts, found = count(file, int(status))
        total += counts
        troubles += found
    print()
    for trouble in troubles:
        print(f"failed: {trouble}")
    if total["skipped"]:
        print(f"{total['skipped']} skipped")
    if not total["passed"] and not total["failed"]:
        print("no test has such a name")
    print(f"{total['passed']} passed, {total['failed']} failed")
    return 0 if total["passed"] and not total["failed"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
