"""Measures one case: everybody's starts, the comparison of the outputs, then rounds A B C D A B C D ...

Every peer is a process of its own on the same cores, and only one computes at a time. The machine's FMA peak
is measured in every round, so that a time can be said as a share of what the machine could do that minute.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from case import Case
from processes import OWN_LAYOUTS, PAUSE, PeerError, Process, start, start_fma_peak

TOLERANCE = 1e-3


@dataclass
class Measured:
    """What was seen of one peer; times in milliseconds, one number a start or a round."""

    difference: float = 0  # the largest, from PyTorch's output
    load_ms: list[float] = field(default_factory=list)
    first_ms: list[float] = field(default_factory=list)
    exec_to_output_ms: list[float] = field(default_factory=list)
    run_ms: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)  # of all threads, spinning after the run included
    peak_mb: float = 0  # the process's; for Python ones without what an empty one has


@dataclass
class Rounds:
    """A case's measurements."""

    case: str
    macs: int
    peers: dict[str, Measured]
    fma_gflops: list[float] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        """For report.json: all single times, so that any other statistic can be made of them."""
        peers = {name: vars(measured) for name, measured in self.peers.items()}
        return {"case": self.case, "macs": self.macs, "fma_gflops": self.fma_gflops, "peers": peers}


@dataclass
class Plan:
    peers: Sequence[str]
    cores: Sequence[int]
    executables: Path
    rounds: int
    warmup: int
    starts: int


def measure(case: Case, plan: Plan) -> Rounds:
    """Raises PeerError where a peer fails or its output differs."""
    result = Rounds(case.name, case.macs, {peer: Measured() for peer in plan.peers})
    _starts(case, plan, result)
    with ExitStack() as stack:
        processes = {}
        for peer in plan.peers:
            processes[peer] = stack.enter_context(start(peer, case, plan.cores, plan.executables))
            processes[peer].answer()
            for _ in range(max(1, plan.warmup)):
                processes[peer].ask("run")
        peak = stack.enter_context(start_fma_peak(plan.cores, plan.executables))
        peak.ask("peak")
        _rounds(plan, processes, peak, result)
        for peer, process in processes.items():
            result.peers[peer].peak_mb = process.ask("memory")["peak_kb"] / 1024
    empty = _empty_mb(case, plan)
    for peer, measured in result.peers.items():
        measured.peak_mb -= 0 if peer in OWN_LAYOUTS else empty
    return result


def _starts(case: Case, plan: Plan, result: Rounds) -> None:
    """Load times and first runs, in turns. The first turn (files may be new to memory) compares outputs."""
    for turn in range(plan.starts + 1):
        for peer in plan.peers:
            measured = result.peers[peer]
            with start(peer, case, plan.cores, plan.executables) as process:
                load_ms = process.answer()["load_ms"]
                first_ms = process.ask("run")["ms"]
                whole_ms = (time.perf_counter() - process.started) * 1e3
                if turn == 0:
                    measured.difference = _difference(case, process)
                    continue
            measured.load_ms.append(load_ms)
            measured.first_ms.append(first_ms)
            measured.exec_to_output_ms.append(whole_ms)
            time.sleep(PAUSE)


def _difference(case: Case, process: Process) -> float:
    """From PyTorch's output."""
    path = case.folder / f"{process.peer}.f32"
    process.ask(f"save {path}")
    output, expected = np.fromfile(path, np.float32), case.expected().ravel()
    path.unlink()
    if output.size != expected.size:
        raise PeerError(
            f"{case.name}: {process.peer} gives {output.size} numbers, PyTorch gives {expected.size}"
        )
    difference = float(np.abs(output - expected).max())
    if not difference <= TOLERANCE:
        raise PeerError(
            f"{case.name}: the output of {process.peer} differs from PyTorch's by {difference:.3g}, expected "
            f"at most {TOLERANCE:g}; times of different networks are not compared"
        )
    return difference


def _rounds(plan: Plan, processes: dict[str, Process], peak: Process, result: Rounds) -> None:
    used: dict[str, list[float]] = {peer: [] for peer in processes}
    for _ in range(plan.rounds):
        result.fma_gflops.append(peak.ask("peak")["gflops"])
        time.sleep(PAUSE)
        for peer, process in processes.items():
            answer = process.ask("run")
            result.peers[peer].run_ms.append(answer["ms"])
            used[peer].append(answer["cpu_s"])
            time.sleep(PAUSE)
    for peer, process in processes.items():
        used[peer].append(process.ask("memory")["cpu_s"])
        spent = zip(used[peer], used[peer][1:])
        result.peers[peer].cpu_ms = [(after - before) * 1e3 for before, after in spent]


def _empty_mb(case: Case, plan: Plan) -> float:
    """The peak memory of a Python with NumPy that holds the inputs and computes nothing."""
    peaks = []
    for _ in range(3):
        with start("nothing", case, plan.cores, plan.executables) as process:
            process.answer()
            process.ask("run")
            peaks.append(process.ask("memory")["peak_kb"] / 1024)
    return statistics.median(peaks)
