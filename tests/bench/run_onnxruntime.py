"""ONNX Runtime: its CPU provider with all optimisations."""

from __future__ import annotations

import numpy as np
import onnxruntime
from case import Case
from runner import Run, serve


def load(case: Case, inputs: dict[str, np.ndarray], threads: int) -> Run:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    path = str(case.folder / "model.onnx")
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, inputs)[0]


if __name__ == "__main__":
    serve(load)
