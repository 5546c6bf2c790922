"""The README's code does what it says: shell blocks run, code blocks are excerpts of built examples."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"<!-- tested: (\S+) -->\n```\w+\n(.*?)```", re.S)
BLOCKS = BLOCK.findall((ROOT / "README.md").read_text(encoding="utf-8"))

sys.path.insert(0, str(ROOT / "tests" / "converter"))
import seeded  # noqa: E402


def test_there_are_blocks_for_all_three_uses():
    assert [kind for kind, _ in BLOCKS].count("shell") == 2
    assert len(BLOCKS) == 5


@pytest.mark.parametrize("source,code", [b for b in BLOCKS if b[0] != "shell"], ids=lambda b: b[:30])
def test_code_is_an_excerpt_of_an_example(source, code):
    assert code in (ROOT / source).read_text(encoding="utf-8")


def test_shell_blocks_run(pliant_command, pliant_convert_command, tmp_path):
    shutil.copy(ROOT / "models/db/weights/slim-db.pliant", tmp_path)
    picture = cv2.resize(cv2.imread(str(ROOT / "examples/pictures/notice.jpg")), (480, 640))
    (tmp_path / "scans").mkdir()
    for name in ("page.jpg", "scans/a.jpg", "scans/b.png"):
        cv2.imwrite(str(tmp_path / name), picture)
    np.save(tmp_path / "picture.npy", np.zeros((1, 3, 64, 96), np.float32))
    state = seeded.state_dict(seeded.module("deformable_resnet18", seed=1, width=8, neck=16))
    torch.save(state, tmp_path / "checkpoint.pth")
    folders = [str(Path(pliant_command).parent), str(Path(pliant_convert_command).parent), os.environ["PATH"]]
    environment = {**os.environ, "PATH": os.pathsep.join(folders)}
    for kind, code in BLOCKS:
        if kind != "shell":
            continue
        done = subprocess.run(
            ["bash", "-euxc", code],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "overlays" / "page.png").is_file()
    assert len((tmp_path / "regions.jsonl").read_text().splitlines()) == 2
    assert np.load(tmp_path / "map.npy").shape == (1, 1, 64, 96)
    assert (tmp_path / "model.pliant").is_file()
