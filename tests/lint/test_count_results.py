"""The closing line of `./dev test` tells the truth about what ran."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).resolve().parents[1] / "count_results.py"

CTEST = """<testsuite name="ctest">
<testcase name="core" classname="core" time="1" status="run"/>
<testcase name="layers" classname="layers" time="1" status="{status}">{child}</testcase>
<testcase name="off" classname="off" status="disabled"/>
</testsuite>"""

PYTEST = """<testsuites><testsuite name="pytest">
<testcase classname="tests.a" name="test_one"/>
<testcase classname="tests.a" name="test_two">{child}</testcase>
<testcase classname="tests.a" name="test_three"><skipped message="why"/></testcase>
</testsuite></testsuites>"""


def closing(*arguments: str) -> tuple[int, str]:
    done = subprocess.run([sys.executable, str(PROGRAM), *arguments], stdout=subprocess.PIPE, text=True)
    return done.returncode, done.stdout.splitlines()[-1]


def write(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text)
    return str(folder / name)


def test_both_runners_are_summed(tmp_path: Path) -> None:
    ctest = write(tmp_path, "c.xml", CTEST.format(status="run", child=""))
    pytest = write(tmp_path, "p.xml", PYTEST.format(child=""))
    assert closing(f"{ctest}=0", f"{pytest}=0") == (0, "4 passed, 0 failed")


def test_failures_of_both_runners(tmp_path: Path) -> None:
    ctest = write(tmp_path, "c.xml", CTEST.format(status="fail", child="<failure/>"))
    pytest = write(tmp_path, "p.xml", PYTEST.format(child="<error/>"))
    assert closing(f"{ctest}=8", f"{pytest}=1") == (1, "2 passed, 2 failed")


def test_a_program_that_is_missing_has_failed(tmp_path: Path) -> None:
    ctest = write(tmp_path, "c.xml", CTEST.format(status="notrun", child=""))
    assert closing(f"{ctest}=8") == (1, "1 passed, 1 failed")


def test_a_runner_that_broke_down_has_failed(tmp_path: Path) -> None:
    pytest = write(tmp_path, "p.xml", PYTEST.format(child=""))
    assert closing(f"{pytest}=3") == (1, "2 passed, 1 failed")
    assert closing(f"{pytest}=0", f"{tmp_path}/none.xml=139") == (1, "2 passed, 1 failed")


def test_nothing_that_ran_is_a_failure(tmp_path: Path) -> None:
    assert closing(f"{tmp_path}/none.xml=0") == (1, "0 passed, 0 failed")
