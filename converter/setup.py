"""Adds to the package what lives elsewhere in the repository: the schema's Python code and the recipes.

The build runs `flatc` over ../schema/model.fbs and copies ../models/db/*.py; neither result is kept in git.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent
SCHEMA = REPOSITORY / "schema" / "model.fbs"
RECIPES = REPOSITORY / "models" / "db"


def stop(message: str) -> None:
    sys.exit(f"pliant-convert's build: error: {message}")


def generate_schema(package: Path) -> None:
    """Writes the generated modules to `package`/schema."""
    flatc = shutil.which("flatc")
    if flatc is None:
        stop("the command 'flatc' is needed and was not found; install Debian's flatbuffers-compiler")
    if not SCHEMA.is_file():
        stop(f"{SCHEMA} was not found; install from a checkout of the whole repository")
    # The generated modules import each other by their namespace, so it has to be the package's own name.
    text, count = re.subn(
        r"(?m)^namespace [\w.]+;", f"namespace {package.name}.schema;", SCHEMA.read_text("utf-8")
    )
    if count != 1:
        stop(f"{SCHEMA} should have exactly one namespace, it has {count}")
    with tempfile.TemporaryDirectory() as folder:
        renamed = Path(folder) / SCHEMA.name
        renamed.write_text(text, "utf-8")
        result = subprocess.run(
            [flatc, "--python", "-o", folder, str(renamed)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if result.returncode != 0:
            stop(f"flatc failed on {SCHEMA}: {result.stdout.strip()}")
        shutil.copytree(Path(folder) / package.name / "schema", package / "schema")


def copy_recipes(package: Path) -> None:
    sources = sorted(RECIPES.glob("*.py"))
    if not sources:
        stop(f"no recipes were found in {RECIPES}; install from a checkout of the whole repository")
    target = package / "models" / RECIPES.name
    target.mkdir(parents=True)
    for source in sources:
        shutil.copy(source, target / source.name)


class BuildWithRepository(build_py):
    """build_py that starts from an empty folder, so that nothing deleted survives from an earlier build."""

    def run(self) -> None:
        if getattr(self, "editable_mode", False):
            stop(
                "editable installs are not supported (a part of the package is generated); install without -e"
            )
        package = Path(self.build_lib) / "pliant_convert"
        shutil.rmtree(package, ignore_errors=True)
        super().run()
        generate_schema(package)
        copy_recipes(package)


setup(cmdclass={"build_py": BuildWithRepository})
