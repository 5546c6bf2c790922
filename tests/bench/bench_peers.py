"""`./dev bench-peers`: makes the cases, writes everybody's model files, measures and reports.

Runs in the virtual environment with the peers; PyTorch and the converter, which make the cases, are in
another.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import arguments as command_line
import interleave
import report
from case import Case
from processes import PeerError, physical_cores

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "build" / "peers"
EXECUTABLES = ROOT / "build" / "release" / "bin"
# What the cases are made of; where a file of them changes, the cases are made anew.
SOURCES = (
    "tests/bench/*.py",
    "tests/converter/seeded.py",
    "converter/pliant_convert/**/*.py",
    "schema/*.fbs",
    "models/db/*.py",
)


def fingerprint() -> str:
    files = sorted(path for pattern in SOURCES for path in ROOT.glob(pattern))
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()


def make_cases(names: Sequence[str], mark: str) -> list[Case]:
    """The cases as the converter and PyTorch make them; those that are there and up to date stay."""
    folders = {name: OUT / "cases" / name for name in names}
    missing = [name for name, folder in folders.items() if not _is_fresh(folder, mark)]
    if missing:
        say(f"Making {', '.join(missing)}")
        for name in missing:
            (folders[name] / "mark").unlink(missing_ok=True)
        python, script = ROOT / ".venv" / "bin" / "python", ROOT / "tests" / "bench" / "make_cases.py"
        # Debian's PyTorch may use a BLAS that is wrong with several threads.
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        command = [python, script, OUT / "cases", *missing]
        if subprocess.run(command, check=False, env=environment).returncode != 0:
            raise PeerError("the cases cannot be made; the message stands above")
    return [Case(folder) for folder in folders.values()]


def _is_fresh(folder: Path, mark: str) -> bool:
    path = folder / "mark"
    return path.is_file() and path.read_text() == mark


def write_models(case: Case, peers: Sequence[str], mark: str) -> None:
    """The model files that these peers read; those that are there and up to date stay."""
    onnx_path, xml, binary = (case.folder / name for name in ("model.onnx", "openvino.xml", "ncnn.bin"))
    wanted = [path for path, peer in ((xml, "openvino"), (binary, "ncnn")) if peer in peers]
    if "onnxruntime" in peers or "openvino" in peers:
        wanted.insert(0, onnx_path)
    if _is_fresh(case.folder, mark):
        wanted = [path for path in wanted if not path.is_file()]
    if wanted:
        (case.folder / "mark").unlink(missing_ok=True)  # what is interrupted is made anew
    for path in wanted:
        if path == onnx_path:
            import onnx_model

            onnx_model.write(case, path)
        elif path == xml:
            import openvino_model

            openvino_model.write(onnx_path, path)
        else:
            import ncnn_model

            ncnn_model.write(case, case.folder / "ncnn.param", path)
    (case.folder / "mark").write_text(mark)


def machine() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def versions(peers: Sequence[str]) -> dict[str, str]:
    shown = subprocess.run([EXECUTABLES / "pliant", "--version"], capture_output=True, text=True, check=True)
    words = subprocess.run(
        ["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    )
    result = {"pliant": " ".join(filter(None, [shown.stdout.split()[1], words.stdout.strip()]))}
    for peer in peers:
        for package in command_line.PEERS.get(peer, ()):
            name = package.partition("==")[0]
            result[name] = metadata.version(name)
    return result


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main(given: Sequence[str]) -> int:
    a = command_line.parse(given)
    cores = physical_cores()
    if a.threads > len(cores):
        say(f"dev: error: bench-peers: --threads {a.threads}, but the process may run on {len(cores)} cores")
        return command_line.USAGE
    plan = interleave.Plan(a.peers, cores[: a.threads], EXECUTABLES, a.rounds, a.warmup, a.starts)
    names = a.layers or [f"{model}@{size}" for model in a.models for size in a.size]
    mark = fingerprint()
    document: dict[str, Any] = {
        "machine": machine(),
        "threads": a.threads,
        "cores": plan.cores,
        "date": datetime.date.today().isoformat(),
        "rounds": a.rounds,
        "warmup": a.warmup,
        "versions": versions(a.peers),
        "command": shlex.join(["./dev", "bench-peers", *given]),
        "cases": [],
    }
    try:
        cases = make_cases(names, mark)
        for case in cases:
            write_models(case, a.peers, mark)
        for case in cases:
            say(f"Measuring {case.name}")
            document["cases"].append(interleave.measure(case, plan).summary())
    except PeerError as error:
        say(f"dev: error: bench-peers: {error}")
        return 1
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "report.json").write_text(json.dumps(document) + "\n")
    (OUT / "report.md").write_text(report.markdown(document))
    (OUT / "chart.svg").write_text(report.chart(document))
    print(report.markdown(document))
    say(f"{OUT.relative_to(ROOT)}/report.json, report.md and chart.svg are written")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
