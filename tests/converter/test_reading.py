"""Every harmless form of a checkpoint gives the same weights."""

from __future__ import annotations

import io
import pickle
import struct
from collections import OrderedDict

import numpy as np
import pytest
import torch
from pliant_convert.checkpoint import find_state_dict, open_checkpoint


def read(path):
    """Keys and arrays of a checkpoint, read by the converter."""
    with open_checkpoint(path) as checkpoint:
        return {key: tensor.numpy(key) for key, tensor in find_state_dict(checkpoint.content).items()}


def save(content, path, legacy):
    torch.save(content, str(path), _use_new_zipfile_serialization=not legacy)
    return path


@pytest.fixture(params=[False, True], ids=["zip", "legacy"])
def legacy(request):
    return request.param


def test_dtypes(tmp_path, legacy):
    torch.manual_seed(0)
    values = torch.randn(3, 5)
    floating = (torch.float32, torch.float64, torch.float16, torch.bfloat16)
    whole = (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool)
    state = {str(d): (values * 40).abs().to(d) if d in whole else values.to(d) for d in floating + whole}
    found = read(save(state, tmp_path / "x.pth", legacy))
    assert list(found) == list(state)
    for key, tensor in state.items():
        if tensor.is_floating_point():
            assert found[key].dtype == np.float32
            np.testing.assert_array_equal(found[key], tensor.float().numpy())
        else:
            np.testing.assert_array_equal(found[key], tensor.numpy())


def test_views_share_a_storage(tmp_path, legacy):
    base = torch.arange(60.0).reshape(3, 4, 5)
    state = {
        "base": base,
        "transposed": base.permute(2, 0, 1),
        "part": base[1:, ::2, 3],
        "expanded": base[0, 0, :1].expand(7, 1),
        "scalar": base[2, 3, 4],
        "empty": base[:0],
        "parameter": torch.nn.Parameter(base[0]),
    }
    found = read(save(state, tmp_path / "x.pth", legacy))
    for key, tensor in state.items():
        assert found[key].shape == tuple(tensor.shape)
        assert found[key].flags.c_contiguous
        np.testing.assert_array_equal(found[key], tensor.detach().numpy())


@pytest.mark.parametrize("prefix", ["", "module.", "model.module.", "model.", "module.model."])
@pytest.mark.parametrize(
    "containers", [(), ("state_dict",), ("model",), ("model_state_dict",), ("model", "state_dict")]
)
def test_containers_and_prefixes(tmp_path, legacy, prefix, containers):
    content = OrderedDict(
        (prefix + key, torch.full((2,), i)) for i, key in enumerate(["backbone.a", "module_b.c"])
    )
    content = content if not containers else content
    for name in reversed(containers):
        content = {"epoch": 3, name: content, "optimizer": {"state": {0: {"step": torch.zeros(3)}}}}
    assert list(read(save(content, tmp_path / "x.pth", legacy))) == ["backbone.a", "module_b.c"]


def test_averaged_weights(tmp_path):
    """BasicSR keeps both; the wrappers of PyTorch and MMEngine count beside the weights."""
    last, averaged = {"a": torch.zeros(1)}, {"a": torch.ones(1)}
    found = read(save({"params": last, "params_ema": averaged}, tmp_path / "x.pth", False))
    assert found["a"][0] == 1
    for counter in ("n_averaged", "steps"):
        state = {counter: torch.tensor(5), "module.a": torch.ones(1), "module.b.c": torch.ones(1)}
        assert list(read(save(state, tmp_path / "x.pth", False))) == ["a", "b.c"]


def test_a_prefix_of_some_keys_stays(tmp_path):
    state = {"module.a": torch.zeros(1), "b": torch.zeros(1)}
    assert list(read(save(state, tmp_path / "x.pth", False))) == ["module.a", "b"]


class Configuration:
    """Training checkpoints hold objects of their projects' classes."""

    def __init__(self, **options):
        self.options = options

    def __reduce__(self):
        return (Configuration, (), {"options": self.options}, iter([1, 2]), iter([("a", 3)]))

    def append(self, item):
        raise AssertionError("the converter ran code of the checkpoint")

    __setstate__ = __setitem__ = extend = append


@pytest.mark.parametrize("protocol", [1, 2, 3, 4, 5])
def test_foreign_objects_beside_the_weights(tmp_path, legacy, protocol):
    content = {
        "meta": Configuration(lr=0.1),
        "best": np.float64(0.5),
        "history": [
            np.arange(3),
            {1, 2},
            frozenset([3]),
            torch.float32,
            torch.Size([1, 2]),
            slice(1, 2),
            b"x",
            1 << 70,
        ],
        ("a", "tuple"): {(1, (2, 3)): 4},
        "self": [],
        "state_dict": OrderedDict(w=torch.ones(2, 2)),
    }
    content["self"].append(content["self"])
    content["self"].append(content)
    torch.save(
        content, str(tmp_path / "x.pth"), pickle_protocol=protocol, _use_new_zipfile_serialization=not legacy
    )
    np.testing.assert_array_equal(read(tmp_path / "x.pth")["w"], np.ones((2, 2)))


def test_tensor_with_attributes(tmp_path, legacy):
    tensor = torch.ones(3)
    tensor.note = "kept by newer versions"
    parameter = torch.nn.Parameter(torch.ones(2))
    parameter.note = "as well"
    found = read(save({"a": tensor, "b": parameter}, tmp_path / "x.pth", legacy))
    assert {key: array.shape for key, array in found.items()} == {"a": (3,), "b": (2,)}


def test_state_dict_of_a_module(tmp_path, legacy):
    """Its OrderedDict carries an attribute (`_metadata`), and it was saved with its own aliases."""
    module = torch.nn.Sequential(torch.nn.Conv2d(2, 3, 3), torch.nn.BatchNorm2d(3))
    found = read(save(module.state_dict(), tmp_path / "x.pth", legacy))
    assert list(found) == list(module.state_dict())


class _Old(pickle._Pickler):
    """Writes what PyTorch before 0.4 wrote: _rebuild_tensor, and views of storages in the persistent ids."""

    def __init__(self, stream, view):
        super().__init__(stream, 2)
        self.view = view

    def persistent_id(self, item):
        return item.identifier if isinstance(item, _OldStorage) else None


class _OldStorage:
    def __init__(self, identifier):
        self.identifier = identifier


class _OldTensor:
    def __init__(self, storage, *numbers):
        self.arguments = (storage, *numbers)

    def __reduce__(self):
        return torch._utils._rebuild_tensor, self.arguments


def test_views_of_the_oldest_stream(tmp_path):
    identifier = ("storage", torch.FloatStorage, "17", "cuda:0", 10, ("18", 4, 6))
    stream = io.BytesIO()
    for part in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True, "protocol_version": 1001}):
        pickle.dump(part, stream, 2)
    _Old(stream, None).dump(OrderedDict(w=_OldTensor(_OldStorage(identifier), 1, (2, 2), (2, 1))))
    pickle.dump(["17"], stream, 2)
    stream.write(struct.pack("<q", 10) + np.arange(10, dtype="<f4").tobytes())
    (tmp_path / "x.pth").write_bytes(stream.getvalue())
    np.testing.assert_array_equal(read(tmp_path / "x.pth")["w"], [[5, 6], [7, 8]])


def test_untyped_storages(tmp_path):
    """The newest spelling, _rebuild_tensor_v3: bytes in an untyped storage, the element type beside them."""
    pickled = (
        b"\x80\x02}q\x00X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v3\n"
        b"((X\x07\x00\x00\x00storagectorch.storage\nUntypedStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x10tQ"
        b"K\x01K\x03\x85K\x01\x85\x89}ctorch\nfloat32\ntRs."
    )
    import zipfile

    with zipfile.ZipFile(tmp_path / "x.pth", "w") as archive:
        archive.writestr("archive/data.pkl", pickled)
        archive.writestr("archive/data/0", np.arange(4, dtype="<f4").tobytes())
    np.testing.assert_array_equal(read(tmp_path / "x.pth")["w"], [1, 2, 3])
