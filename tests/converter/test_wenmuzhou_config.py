"""What a checkpoint of WenmuZhou/DBNet.pytorch says of its pictures and boxes is what the file gets."""

from __future__ import annotations

import copy

import pytest
import torch
from pliant_convert import recipes
from pliant_convert.schema.ChannelOrder import ChannelOrder
from reference import ReferenceModel

NAME = "wenmuzhou_resnet18"
CONFIG = {
    "name": "DBNet",
    "dataset": {
        "train": {
            "dataset": {
                "type": "ICDAR2015Dataset",
                "args": {
                    "transforms": [
                        {"type": "ToTensor", "args": {}},
                        {"type": "Normalize", "args": {"mean": [0.5, 0.25, 0.75], "std": [0.5, 0.25, 1]}},
                    ],
                    "img_mode": "BRG",
                },
            }
        }
    },
    "post_processing": {
        "type": "SegDetectorRepresenter",
        "args": {"thresh": 0.25, "box_thresh": 0.5, "max_candidates": 400, "unclip_ratio": 1.75},
    },
}


@pytest.fixture
def save(tmp_path):
    def write(config):
        network = recipes.recipe_named(NAME).skeleton()
        torch.save({"state_dict": network.state_dict(), "config": config}, str(tmp_path / "x.pth"))
        return tmp_path / "x.pth"

    return write


@pytest.fixture
def processing(save, convert, tmp_path):
    def read(config, *arguments):
        result = convert(save(config), "-o", tmp_path / "x.pliant", *arguments)
        assert result.code == 0, result.err
        model = ReferenceModel((tmp_path / "x.pliant").read_bytes()).model
        return model.Preprocess(), model.Postprocess()

    return read


def changed(path, value):
    """CONFIG with another value at the place that `path` names, or without it."""
    config = copy.deepcopy(CONFIG)
    *way, last = path
    place = config
    for name in way:
        place = place[name]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return config


DATA = ("dataset", "train", "dataset", "args")
BOXES = ("post_processing", "args")


def test_the_checkpoints_own_values(processing):
    before, after = processing(CONFIG)
    assert before.ChannelOrder() == ChannelOrder.bgr
    assert before.MeanAsNumpy().tolist() == [127.5, 63.75, 191.25]
    assert before.StdAsNumpy().tolist() == [0.5, 0.25, 1.0]
    assert (before.ShortSide(), before.Scale()) == (1024, 255.0)
    assert (after.Thresh(), after.BoxThresh(), after.MaxCandidates()) == (0.25, 0.5, 400)
    assert after.UnclipRatio() == after.PolygonUnclipRatio() == 1.75


def test_options_come_before_the_checkpoints_values(processing):
    _, after = processing(CONFIG, "--thresh", "0.125", "--unclip-ratio", "2")
    assert (after.Thresh(), after.BoxThresh()) == (0.125, 0.5)
    assert after.UnclipRatio() == after.PolygonUnclipRatio() == 2


def test_rgb_without_normalisation(processing):
    before, _ = processing(
        changed(DATA, {"img_mode": "RGB", "transforms": [{"type": "ToTensor"}, {"type": "ColorJitter"}]})
    )
    assert before.ChannelOrder() == ChannelOrder.rgb
    assert before.MeanAsNumpy().tolist() == [0, 0, 0] and before.StdIsNone()


@pytest.mark.parametrize(
    "config", [None, {}, [], {"dataset": None, "post_processing": []}, changed(("dataset",), None)]
)
def test_what_is_not_said_is_as_usual(processing, config):
    usual = recipes.recipe_named(NAME)
    before, after = processing(config)
    assert before.MeanAsNumpy().tolist() == pytest.approx(list(usual.preprocess.mean))
    assert before.ChannelOrder() == ChannelOrder.rgb
    assert after.BoxThresh() == (0.5 if config and "name" in config else 0.7)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ((*DATA, "img_mode"), "GRAY", "img_mode GRAY"),
        ((*DATA, "transforms", 1, "args", "mean"), [0.5, 0.5], "mean of Normalize"),
        ((*DATA, "transforms", 1, "args", "mean"), "many", "mean of Normalize"),
        ((*DATA, "transforms", 1, "args", "std"), [1, float("nan"), 1], "std of Normalize"),
        ((*DATA, "transforms", 1, "args", "std"), [1, 0, 1], "std of 0"),
        ((*DATA, "transforms", 0), {"type": "Normalize"}, "normalises 2 times"),
        ((*BOXES, "thresh"), 1.5, "thresh is no number from 0 to 1"),
        ((*BOXES, "box_thresh"), True, "box_thresh is no number from 0 to 1"),
        ((*BOXES, "unclip_ratio"), "1.5", "unclip_ratio is no number from 0 to 100"),
        ((*BOXES, "max_candidates"), 0, "max_candidates is no whole number from 1 to"),
        ((*BOXES, "max_candidates"), 10.5, "max_candidates is no whole number from 1 to"),
    ],
)
def test_senseless_values(save, fails, path, value, words):
    message = fails(save(changed(path, value)))
    assert words in message and NAME in message


def test_a_network_for_grey_pictures(tmp_path, fails):
    state = recipes.recipe_named(NAME).skeleton().state_dict()
    state["backbone.conv1.weight"] = state["backbone.conv1.weight"][:, :1].clone()
    torch.save({"state_dict": state}, str(tmp_path / "x.pth"))
    message = fails(tmp_path / "x.pth")
    assert "'backbone.conv1.weight' takes one channel (img_mode GRAY)" in message
