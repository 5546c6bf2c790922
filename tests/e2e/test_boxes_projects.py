"""`pliant boxes --rule` against the references of the other projects: the same regions in the same order."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import box_maps
import box_reference_projects as reference
import numpy as np
import pytest
from box_reference import Parameters
from test_boxes import pliant_boxes

MAPS = {
    name: probability
    for index, (name, probability) in enumerate(box_maps.all_maps().items())
    if index % 2 == 0 or name in ("grain", "full") or name.startswith("tiny")
}
KINDS = [
    ("mmocr", False), ("mmocr", True), ("mmocr_0x", False), ("mmocr_0x", True), ("wenmuzhou", False),
    ("wenmuzhou", True), ("paddle", False), ("easyocr", False), ("easyocr", True),
]
NAMES = [f"{rule}-{'polygons' if polygons else 'quads'}" for rule, polygons in KINDS]
NO_LIMIT = 10**9


def usual(rule: str, polygons: bool) -> Parameters:
    parameters = reference.usual(rule)
    return replace(parameters, unclip_ratio=2.0) if rule == "easyocr" and polygons else parameters


def options_for(rule: str, polygons: bool, parameters: Parameters) -> list[str]:
    options = ["--rule", rule, "--thresh", str(parameters.thresh), "--box-thresh", str(parameters.box_thresh),
               "--unclip-ratio", str(parameters.unclip_ratio), "--min-size", str(parameters.min_size),
               "--polygon-epsilon", str(parameters.polygon_epsilon)]
    if parameters.max_candidates != NO_LIMIT:
        options += ["--max-candidates", str(parameters.max_candidates)]
    flags = [("--polygons", polygons), ("--dilate", parameters.dilate),
             ("--score-outline", parameters.score_outline)]
    return options + [flag for flag, given in flags if given]


def compare(command: Path, folder: Path, probability: np.ndarray, source: tuple[int, int], rule: str,
            polygons: bool, parameters: Parameters, options: list[str]) -> int:
    """Asserts equality and returns how many regions there were."""
    answer = pliant_boxes(command, folder, probability,
                          ["--source-size", f"{source[0]}x{source[1]}", *options])
    expected = reference.find(rule, polygons, probability, source, parameters)
    assert [region["points"] for region in answer["regions"]] == [points.tolist() for points, _ in expected]
    scores = [region["score"] for region in answer["regions"]]
    assert np.allclose(scores, [score for _, score in expected], rtol=0, atol=1e-6)
    return len(expected)


@pytest.mark.parametrize(("rule", "polygons"), KINDS, ids=NAMES)
@pytest.mark.parametrize("name", MAPS)
def test_map(pliant_command: Path, tmp_path: Path, name: str, rule: str, polygons: bool) -> None:
    probability = MAPS[name]
    height, width = probability.shape
    parameters = usual(rule, polygons)
    # With what the rule has of itself, then with everything said and the picture of another size.
    plain = ["--rule", rule] + ["--polygons"] * polygons
    compare(pliant_command, tmp_path, probability, (height, width), rule, polygons, parameters, plain)
    other = replace(parameters, thresh=0.25, box_thresh=0.4, unclip_ratio=1.8, polygon_epsilon=0.004)
    compare(pliant_command, tmp_path, probability, (height * 3 + 1, width * 2 + 5), rule, polygons, other,
            options_for(rule, polygons, other))


@pytest.mark.parametrize(("dilate", "outline"), [(True, False), (False, True), (True, True)])
@pytest.mark.parametrize("name", [name for name in MAPS if not name.startswith("tiny")][::2])
def test_paddle_options(
    pliant_command: Path, tmp_path: Path, name: str, dilate: bool, outline: bool
) -> None:
    """Its use_dilation and its slow score."""
    parameters = replace(usual("paddle", False), box_thresh=0.4, dilate=dilate, score_outline=outline)
    compare(pliant_command, tmp_path, MAPS[name], (411, 503), "paddle", False, parameters,
            options_for("paddle", False, parameters))


@pytest.mark.parametrize("rule", ["mmocr", "mmocr_0x", "wenmuzhou", "paddle"])
@pytest.mark.parametrize("limit", [1, 5])
def test_candidates(pliant_command: Path, tmp_path: Path, rule: str, limit: int) -> None:
    """MMOCR looks at one outline more than its limit says."""
    probability = MAPS["rectangles-10-352x224"]
    parameters = replace(usual(rule, False), box_thresh=0.3, max_candidates=limit)
    compare(pliant_command, tmp_path, probability, (480, 480), rule, False, parameters,
            options_for(rule, False, parameters))


def test_easyocr_has_no_limit(pliant_command: Path, tmp_path: Path) -> None:
    """More outlines than the limit of the others: a grid of 1600 squares."""
    probability = np.zeros((400, 400), np.float32)
    for y in range(0, 400, 10):
        for x in range(0, 400, 10):
            probability[y : y + 7, x : x + 7] = 0.9
    count = compare(pliant_command, tmp_path, probability, (400, 400), "easyocr", False,
                    usual("easyocr", False), ["--rule", "easyocr"])
    assert count == 1600


def test_the_rules_differ() -> None:
    """At least 20 maps with regions for each rule, and every rule with another answer than all others."""
    answers = {}
    for rule, polygons in KINDS:
        if not polygons:
            parameters = Parameters(box_thresh=0.5)
            found = [reference.find(rule, polygons, m, (300, 500), parameters) for m in MAPS.values()]
            assert sum(len(regions) > 0 for regions in found) >= 20
            answers[rule] = str([[points.tolist() for points, _ in regions] for regions in found])
    assert len(set(answers.values())) == len(answers)
