"""Memory stays flat while shapes vary, and large pictures work."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "models" / "db" / "weights" / "slim-db.pliant"


@pytest.mark.heavy
def test_a_picture_beyond_4096_pixels_a_side(pliant_command, tmp_path):
    """A strip of 5000 x 160, at its own size: the text at its far end is found where it is."""
    strip = np.full((160, 5000, 3), 235, np.uint8)
    for x in (120, 4500):
        cv2.putText(strip, "PLIANT", (x, 105), cv2.FONT_HERSHEY_SIMPLEX, 2, (30, 30, 30), 5, cv2.LINE_AA)
    cv2.imwrite(str(tmp_path / "strip.png"), strip)
    command = [str(pliant_command), "detect", str(MODEL), str(tmp_path / "strip.png"), "--short-side", "160"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lefts = sorted(min(p[0] for p in r["points"]) for r in json.loads(done.stdout)["regions"])
    assert lefts and lefts[0] < 400 and lefts[-1] > 4200


def test_max_side_caps_memory(pliant_command, tmp_path):
    picture = np.full((2000, 3000, 3), 235, np.uint8)
    cv2.imwrite(str(tmp_path / "p.png"), picture)
    for option in ("--max-side", "320"), ("--short-side", "160"):
        command = [str(pliant_command), "detect", str(MODEL), str(tmp_path / "p.png"), *option]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
