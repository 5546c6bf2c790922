"""OpenVINO: one stream for latency, in float32."""

from __future__ import annotations

import numpy as np
import openvino
from case import Case
from runner import Run, serve


def load(case: Case, inputs: dict[str, np.ndarray], threads: int) -> Run:
    settings = {
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": "1",
        "INFERENCE_NUM_THREADS": str(threads),
        "INFERENCE_PRECISION_HINT": "f32",
    }
    model = openvino.Core().compile_model(str(case.folder / "openvino.xml"), "CPU", settings)
    request = model.create_infer_request()
    return lambda: request.infer(inputs, share_inputs=True, share_outputs=True)[0]


if __name__ == "__main__":
    serve(load)
