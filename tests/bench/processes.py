"""Who takes part: processes that run when they are told to, on the cores they are given."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from case import Case

HERE = Path(__file__).resolve().parent
# Seconds: a runtime's threads may spin for a while after its run, which must not slow the next one.
PAUSE = 0.05
OWN_LAYOUTS = {"pliant": "nchw", "pliant-nhwc": "nhwc"}


def physical_cores() -> list[int]:
    """Processors that this process may run on, one for each core of the machine."""
    chosen: dict[str, int] = {}
    for processor in sorted(os.sched_getaffinity(0)):
        siblings = Path(f"/sys/devices/system/cpu/cpu{processor}/topology/thread_siblings_list")
        chosen.setdefault(siblings.read_text() if siblings.is_file() else str(processor), processor)
    return list(chosen.values())


class PeerError(Exception):
    """A process that ended or said something unexpected; the message is one sentence."""


class Process:
    """A running process; `load_ms` is what it needed to make the case ready, after its imports."""

    def __init__(self, peer: str, command: Sequence[str], cores: Sequence[int]) -> None:
        self.peer = peer
        threads = str(len(cores))
        environment = {**os.environ, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": "1"}
        for name in [name for name in environment if name.startswith("PLIANT_")]:
            del environment[name]  # overrides for experiments
        self.started = time.perf_counter()
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            preexec_fn=lambda: os.sched_setaffinity(0, cores),
        )

    def answer(self) -> dict[str, Any]:
        line = self._process.stdout.readline()
        if not line:
            code = self._process.wait()
            raise PeerError(f"{self.peer} ended with exit status {code}; its message stands above")
        try:
            return json.loads(line)
        except ValueError:
            raise PeerError(f"{self.peer} said {line.strip()!r} where JSON was expected") from None

    def ask(self, command: str) -> dict[str, Any]:
        try:
            self._process.stdin.write(command + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # the missing answer tells
        return self.answer()

    def close(self) -> None:
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def start(peer: str, case: Case, cores: Sequence[int], executables: Path) -> Process:
    """Starts a peer on a case; its first answer is load_ms. `nothing` is a Python that computes nothing."""
    threads = str(len(cores))
    if peer in OWN_LAYOUTS:
        inputs = [f"{'x'.join(map(str, s))}={case.folder / name}.f32" for name, s in case.inputs.items()]
        model = str(case.folder / "model.pliant")
        command = [str(executables / "bench_serve"), model, threads, OWN_LAYOUTS[peer], *inputs]
    else:
        command = [sys.executable, "-B", str(HERE / f"run_{peer}.py"), str(case.folder), threads]
    return Process(peer, command, cores)


def start_fma_peak(cores: Sequence[int], executables: Path) -> Process:
    return Process("fma_peak", [str(executables / "fma_peak"), str(len(cores))], cores)
