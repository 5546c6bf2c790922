"""Mutated checkpoints behind valid checksums: weights or one clear error, and nothing else.

As a command, for as many as one likes: python test_mutated_checkpoints.py ROUNDS [SEED]
"""

from __future__ import annotations

import io
import json
import random
import sys
import tempfile
import zipfile
from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from pliant_convert import ConvertError
from pliant_convert.checkpoint import find_state_dict, open_checkpoint

ROUNDS = 150
# What has a meaning in some place: instructions, sizes around the edges, numbers of the memo.
BYTES = b"\x00\x01\x02\x7f\x80\xfe\xff(.0]}tuRsbhqQcXKJM\x85\x86\x87\x88\x89\x8a\x8b\x8e\x93\x94NI2"
NUMBERS = (0, 1, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**63, 2**64 - 1)


def content():
    state = OrderedDict((f"module.{i}.weight", torch.arange(6.0).reshape(2, 3) + i) for i in range(3))
    state["module.half"] = torch.ones(3).half()
    state["module.view"] = state["module.0.weight"].t()
    state["module.count"] = torch.tensor(7)
    return {"state_dict": state, "epoch": 3, "lr": 0.1, "config": {"names": ["a", ("b", None)]}}


def saved(legacy: bool) -> bytes:
    stream = io.BytesIO()
    torch.save(content(), stream, _use_new_zipfile_serialization=not legacy)
    return stream.getvalue()


def safetensors() -> bytes:
    header = {
        "a": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
        "b": {"dtype": "BF16", "shape": [4], "data_offsets": [24, 32]},
    }
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + bytes(range(32))


def mutate(data: bytes, choose: random.Random) -> bytes:
    made = bytearray(data)
    for _ in range(choose.choice((1, 1, 1, 2, 3, 8))):
        place = choose.randrange(len(made) + 1)
        other = choose.randrange(len(made) + 1)
        span = choose.choice((1, 2, 4, 8, 30))
        kind = choose.randrange(6)
        if kind == 0:
            made[place : place + 1] = bytes([choose.choice(BYTES)])
        elif kind == 1:
            made[place:place] = bytes([choose.choice(BYTES)])
        elif kind == 2:
            del made[place : place + span]
        elif kind == 3:
            made[place:place] = made[other : other + span]
        elif kind == 4:
            number = choose.choice(NUMBERS).to_bytes(8, "little")[: choose.choice((1, 2, 4, 8))]
            made[place : place + len(number)] = number
        else:
            made[place : place + 1] = bytes([choose.randrange(256)])
    return bytes(made)


def mutated_zip(data: bytes, choose: random.Random) -> bytes:
    """One entry is changed and all are packed again, so that the checksums are right."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w") as new:
        names = old.namelist()
        wanted = next(name for name in names if name.endswith("data.pkl"))
        if choose.random() < 0.1:
            wanted = choose.choice(names)
        for name in names:
            entry = old.read(name)
            new.writestr(name, mutate(entry, choose) if name == wanted else entry)
    return stream.getvalue()


SOURCES = {
    "zip": (lambda: saved(False), mutated_zip),
    "legacy": (lambda: saved(True), mutate),
    "safetensors": (safetensors, mutate),
}


def check(path: Path) -> bool:
    """Reads everything; True where there was something to read. ConvertError alone may come instead."""
    try:
        with open_checkpoint(path) as checkpoint:
            for key, tensor in find_state_dict(checkpoint.content).items():
                array = tensor.numpy(key)
                assert array.shape == tuple(tensor.shape) and array.nbytes < 1 << 24
        return True
    except ConvertError as error:
        assert 10 < len(str(error)) < 3000
        return False


@pytest.mark.filterwarnings("ignore:invalid escape sequence")
@pytest.mark.parametrize("source", SOURCES)
def test_mutations(tmp_path, source):
    make, change = SOURCES[source]
    data, choose = make(), random.Random(source)
    path = tmp_path / "x.pth"
    path.write_bytes(data)
    assert check(path)
    read = 0
    for _ in range(ROUNDS):
        path.write_bytes(change(data, choose))
        read += check(path)
    assert 0 < read < ROUNDS


def main() -> None:
    rounds, seed = int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "0"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.pth"
        for source, (make, change) in SOURCES.items():
            data, choose, read = make(), random.Random(source + seed), 0
            for number in range(rounds):
                path.write_bytes(change(data, choose))
                try:
                    read += check(path)
                except Exception as error:
                    Path(f"finding-{source}-{number}.pth").write_bytes(path.read_bytes())
                    print(f"{source} {number}: {type(error).__name__}: {str(error)[:200]}")
            print(f"{source}: {rounds} tried, {read} read")


if __name__ == "__main__":
    main()
