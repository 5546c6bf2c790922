"""The parts of `./dev bench-peers` that need no other runtime."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import xml.etree.ElementTree
from pathlib import Path
from typing import Any

import numpy as np
import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import arguments  # noqa: E402
import interleave  # noqa: E402
import processes  # noqa: E402
import report  # noqa: E402
from case import Case  # noqa: E402

TINY, LAYER = "tiny@64x96", "conv1x1-256@46x80"
MOBILE = ("mobile@64x96", "ppocr@64x96")


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cases")
    subprocess.run([sys.executable, HERE / "make_cases.py", folder, TINY, LAYER, *MOBILE], check=True)
    return folder


def plan(pliant_bin: Path, *peers: str) -> interleave.Plan:
    cores = sorted(os.sched_getaffinity(0))[:2]
    return interleave.Plan(peers, cores, pliant_bin, rounds=3, warmup=1, starts=2)


def test_measures_a_network(cases: Path, pliant_bin: Path) -> None:
    measured = interleave.measure(Case(cases / TINY), plan(pliant_bin, "pliant"))
    assert len(measured.fma_gflops) == 3 and min(measured.fma_gflops) > 0.1
    pliant = measured.peers["pliant"]
    assert pliant.difference < 1e-4
    for times, count in (
        (pliant.run_ms, 3),
        (pliant.cpu_ms, 3),
        (pliant.load_ms, 2),
        (pliant.first_ms, 2),
        (pliant.exec_to_output_ms, 2),
    ):
        assert len(times) == count and min(times) > 0
    assert pliant.exec_to_output_ms[0] > pliant.load_ms[0] + pliant.first_ms[0]
    assert 1 < pliant.peak_mb < 1024
    json.dumps(measured.summary())


@pytest.mark.parametrize("name", MOBILE)
def test_mobile_networks_agree_with_pytorch(cases: Path, pliant_bin: Path, name: str) -> None:
    measured = interleave.measure(Case(cases / name), plan(pliant_bin, "pliant"))
    assert measured.peers["pliant"].difference < 3e-4


def test_both_layouts_of_a_layer_agree_with_pytorch(cases: Path, pliant_bin: Path) -> None:
    measured = interleave.measure(Case(cases / LAYER), plan(pliant_bin, "pliant", "pliant-nhwc"))
    assert all(peer.difference < 1e-4 for peer in measured.peers.values())
    assert measured.macs == 256 * 256 * 46 * 80


def test_a_wrong_output_stops(cases: Path, pliant_bin: Path) -> None:
    path = cases / LAYER / "expected.f32"
    right = path.read_bytes()
    changed = np.frombuffer(right, np.float32).copy()
    changed[7] += 0.01
    changed.tofile(path)
    try:
        with pytest.raises(processes.PeerError, match="pliant differs from PyTorch's by 0.01"):
            interleave.measure(Case(cases / LAYER), plan(pliant_bin, "pliant"))
    finally:
        path.write_bytes(right)


def test_a_peer_that_ends_is_named(cases: Path, pliant_bin: Path) -> None:
    case = Case(cases / LAYER)
    case.inputs = {"input": [1, 256, 46, 81]}
    with pytest.raises(processes.PeerError, match="pliant ended with exit status 1"):
        interleave.measure(case, plan(pliant_bin, "pliant"))


def peer(run_ms: list[float], **changes: Any) -> dict[str, Any]:
    usual = {
        "load_ms": [5.0, 1.0, 2.0],
        "first_ms": [10.0, 30.0, 20.0],
        "exec_to_output_ms": [100.0, 90.0, 80.0],
        "cpu_ms": [4.0, 6.0, 5.0],
        "peak_mb": 100.0,
        "difference": 1e-6,
    }
    return {"run_ms": run_ms, **usual, **changes}


def document() -> dict[str, Any]:
    case = {
        "case": "r18@32x32 <&>",
        "macs": 10**9,
        "fma_gflops": [100.0, 200.0, 100.0],
        "peers": {
            "other": peer([40.0, 20.0, 50.0]),
            "pliant": peer([20.0, 10.0, 50.0], peak_mb=25.0),
            "slow": peer([400.0, 200.0, 300.0]),
        },
    }
    keys = dict.fromkeys(("machine", "threads", "cores", "date", "rounds", "warmup", "command"), "x")
    return {**keys, "versions": {"pliant": "1"}, "cases": [case]}


def test_rows() -> None:
    table = report.rows(document()["cases"][0])
    assert [row["peer"] for row in table] == ["pliant", "other", "slow"]
    own = table[0]
    assert (own["median_ms"], own["p10_ms"], own["p90_ms"]) == (20, pytest.approx(12), pytest.approx(44))
    assert own["to_best"] == 0.5 and own["to_best_paired"] == 0.5
    assert own["load_first_ms"] == 22  # the median of the sums, not the sum of the medians
    assert own["fma_share"] == pytest.approx(1.0)  # 2 GFLOP in 20 ms at 100 GFLOP/s, in 10 ms at 200
    assert table[1]["to_best"] == 1


def test_table_and_chart() -> None:
    text = report.markdown(document())
    assert "Pliant to the best other runtime: time 0.50, load + first run 1.00, peak memory 0.25." in text
    widths = {line.count("|") for line in text.splitlines() if line.startswith("|")}
    assert len(widths) == 1
    image = xml.etree.ElementTree.fromstring(report.chart(document()))
    bars = [element for element in image if element.tag.endswith("rect") and element.get("x")]
    assert [float(bar.get("width")) for bar in bars] == pytest.approx([29.5, 58.9, 442.0], abs=0.1)


def test_arguments() -> None:
    usual = arguments.parse([])
    assert usual.peers == ["pliant", "onnxruntime", "openvino", "ncnn"]
    assert [str(size) for size in usual.size] == ["640x640", "736x1280"]
    assert not any(package.startswith("torch") for package in arguments.packages(usual.peers))
    layers = arguments.parse(["--layers"])
    assert layers.layers == list(arguments.LAYERS) and "pliant-nhwc" in layers.peers
    assert any(package.startswith("torch==") for package in arguments.packages(["torch"]))
