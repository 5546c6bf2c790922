"""ncnn: float32 throughout, memory from pools that live as long as the network."""

from __future__ import annotations

import ncnn
import numpy as np
from case import Case
from runner import Run, serve


def load(case: Case, inputs: dict[str, np.ndarray], threads: int) -> Run:
    net = ncnn.Net()
    options = net.opt
    options.num_threads = threads
    options.lightmode = True
    for name in (
        "use_fp16_packed",
        "use_fp16_storage",
        "use_fp16_arithmetic",
        "use_bf16_packed",
        "use_bf16_storage",
        "use_vulkan_compute",
    ):
        setattr(options, name, False)
    # Kernels of one layer share the second from several threads.
    pools = ncnn.UnlockedPoolAllocator(), ncnn.PoolAllocator()
    options.blob_allocator, options.workspace_allocator = pools
    for method, file in ((net.load_param, "ncnn.param"), (net.load_model, "ncnn.bin")):
        if method(str(case.folder / file)) != 0:
            raise RuntimeError(f"ncnn cannot load {file}")
    mats = {name: ncnn.Mat(array[0]) for name, array in inputs.items()}

    def run() -> np.ndarray:
        extractor = net.create_extractor()
        for name, mat in mats.items():
            extractor.input(name, mat)
        status, output = extractor.extract(case.output)
        if status != 0:
            raise RuntimeError(f"ncnn's run fails with {status}")
        run.alive = net, pools, output  # the array below looks at the last one's memory
        return np.asarray(output)

    return run


if __name__ == "__main__":
    serve(load)
