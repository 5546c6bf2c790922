"""The loop of a peer's process: loads a case, then does what standard input says, one word a line.

python run_<peer>.py CASE THREADS

It answers with one line of JSON each: after loading {"load_ms"}; to `run` {"ms", "cpu_s": the processor time
used before it}; to `save PATH` (the output's elements) {}; to `memory` {"peak_kb", "cpu_s"}. It ends with its
input.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Callable, Optional

import numpy as np
from case import Case

Run = Callable[[], np.ndarray]
Load = Callable[[Case, dict[str, np.ndarray], int], Run]


def serve(load: Load) -> None:
    """`load` prepares a run, which computes the output from the inputs given."""
    case, threads = Case(Path(sys.argv[1])), int(sys.argv[2])
    inputs = case.arrays()
    start = time.perf_counter()
    run = load(case, inputs, threads)
    _answer(load_ms=(time.perf_counter() - start) * 1e3)
    output: Optional[np.ndarray] = None
    for line in sys.stdin:
        word, _, rest = line.strip().partition(" ")
        if word == "run":
            used = time.process_time()
            start = time.perf_counter()
            output = run()
            _answer(ms=(time.perf_counter() - start) * 1e3, cpu_s=used)
        elif word == "save":
            output.astype(np.float32).tofile(rest)
            _answer()
        elif word == "memory":
            _answer(peak_kb=peak_kb(), cpu_s=time.process_time())
        else:
            raise ValueError(f"no command '{word}'")


def peak_kb() -> int:
    """The most memory this process has held."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def _answer(**values: float) -> None:
    print(json.dumps(values), flush=True)
