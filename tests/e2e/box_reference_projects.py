"""References for `pliant boxes --rule`: the post-processing of the projects other than MhLiao/DB.

Written from what each project's code computes, with OpenCV, pyclipper and shapely. Where an original would
crash, the region is left out here.
"""

from __future__ import annotations

from typing import Callable, Optional

import cv2
import numpy as np
from box_reference import Parameters, Region, contours, mean_inside, min_box, quads, to_source, unclip

Size = tuple[float, float]


def usual(rule: str) -> Parameters:
    """The parameters that a project's own script uses."""
    return {
        "mmocr": Parameters(box_thresh=0.3, max_candidates=3000, polygon_epsilon=0.01),
        "mmocr_0x": Parameters(box_thresh=0.3, max_candidates=3000, polygon_epsilon=0.01),
        "wenmuzhou": Parameters(polygon_epsilon=0.005),
        "paddle": Parameters(box_thresh=0.6),
        "easyocr": Parameters(thresh=0.2, box_thresh=0.2, max_candidates=10**9),
    }[rule]


def _simplified(contour: np.ndarray, epsilon: float) -> np.ndarray:
    return cv2.approxPolyDP(contour, epsilon * cv2.arcLength(contour, True), True).reshape(-1, 2)


def _mmocr_pieces(pieces: list[np.ndarray], version: int) -> Optional[np.ndarray]:
    """What is left of a grown outline: pieces of different lengths are given up.

    Pieces of one length become one array, of which version 1 takes the first piece and version 0 all points.
    """
    if not pieces or len({len(piece) for piece in pieces}) > 1:
        return None
    return pieces[0].astype(np.float32) if version == 1 else np.concatenate(pieces)


def _mmocr(
    version: int, polygons: bool, probability: np.ndarray, source: tuple[int, int], p: Parameters,
    content: Size,
) -> list[Region]:
    factors = np.array([content[1] / source[1], content[0] / source[0]])
    inverse = 1 / factors if version == 1 else np.float32(1) / factors.astype(np.float32)
    regions = []
    for index, contour in enumerate(contours(probability, p)):
        if index > p.max_candidates:
            break
        outline = _simplified(contour, p.polygon_epsilon)
        if len(outline) < 4:
            continue
        score = mean_inside(probability, outline)
        if score < p.box_thresh:
            continue
        grown = _mmocr_pieces(unclip(outline, p.unclip_ratio), version)
        if grown is None:
            continue
        if not polygons:
            rectangle = cv2.minAreaRect(grown)
            side, least = min(rectangle[1]), p.min_size + 2
            if side < least or (version == 0 and side == least):
                continue
            grown = cv2.boxPoints(rectangle)
        elif len(grown) < 4:
            continue
        # Version 1 keeps float32 points until they are multiplied by doubles, version 0 multiplies floats by
        # rounded factors.
        regions.append((grown.astype(np.float64) * inverse.astype(np.float64), score))
    return regions


def _wenmuzhou_quads(
    probability: np.ndarray, source: tuple[int, int], p: Parameters, content: Size
) -> list[Region]:
    regions = []
    for contour in contours(probability, p)[: p.max_candidates]:
        corners, side = min_box(contour)
        score = mean_inside(probability, contour.reshape(-1, 2))
        if side < p.min_size or p.box_thresh > score:
            continue
        pieces = unclip(corners, p.unclip_ratio)
        if not pieces:
            continue
        box, side = min_box(np.concatenate(pieces).reshape(-1, 1, 2))
        if side >= p.min_size + 2:
            regions.append((to_source(box, content, source), score))
    return regions


def _polygons(
    on_outline: bool, probability: np.ndarray, source: tuple[int, int], p: Parameters, content: Size
) -> list[Region]:
    regions = []
    for contour in contours(probability, p)[: p.max_candidates]:
        outline = _simplified(contour, p.polygon_epsilon)
        if len(outline) < 4:
            continue
        score = mean_inside(probability, contour.reshape(-1, 2) if on_outline else outline)
        if p.box_thresh > score:
            continue
        pieces = unclip(outline, p.unclip_ratio)
        if len(pieces) == 1 and min_box(pieces[0].reshape(-1, 1, 2))[1] >= p.min_size + 2:
            regions.append((to_source(pieces[0], content, source), score))
    return regions


def _paddle_box(points: np.ndarray) -> tuple[np.ndarray, float]:
    """Fewer than five points get an upright box that is a pixel larger than they are."""
    if len(points) >= 5:
        return min_box(points)
    x, y, width, height = cv2.boundingRect(points)
    corners = [[x, y], [x + width, y], [x + width, y + height], [x, y + height]]
    return np.array(corners, np.float32), min(width, height)


def _paddle_final(points: np.ndarray, source: tuple[int, int]) -> Optional[np.ndarray]:
    """The corners in order and within the picture; None for boxes with a side of 3 pixels or less."""
    by_x = points[np.argsort(points[:, 0], kind="stable")]
    left = by_x[:2][np.argsort(by_x[:2, 1], kind="stable")]
    right = by_x[2:][np.argsort(by_x[2:, 1], kind="stable")]
    box = np.array([left[0], right[0], right[1], left[1]], np.float32)
    box[:, 0] = np.clip(box[:, 0], 0, source[1] - 1)
    box[:, 1] = np.clip(box[:, 1], 0, source[0] - 1)
    sides = [int(np.linalg.norm(box[0] - box[i])) for i in (1, 3)]
    return box if min(sides) > 3 else None


def _paddle_quads(
    probability: np.ndarray, source: tuple[int, int], p: Parameters, content: Size
) -> list[Region]:
    regions = []
    for contour in contours(probability, p)[: p.max_candidates]:
        if len(contour) < 3:
            continue
        corners, side = _paddle_box(contour)
        if side < p.min_size:
            continue
        score = mean_inside(probability, contour.reshape(-1, 2) if p.score_outline else corners)
        if p.box_thresh > score:
            continue
        pieces = unclip(corners, p.unclip_ratio)
        if not pieces:
            continue
        box, side = _paddle_box(np.concatenate(pieces).reshape(-1, 1, 2))
        if side < p.min_size + 2:
            continue
        final = _paddle_final(to_source(box, content, source), source)
        if final is not None:
            regions.append((final, score))
    return regions


def _with_a_score(regions: list[Region]) -> list[Region]:
    return [region for region in regions if region[1] > 0]


def _easyocr_quads(
    probability: np.ndarray, source: tuple[int, int], p: Parameters, content: Size
) -> list[Region]:
    return _with_a_score(quads(probability, source, p, content))


def find(
    rule: str, polygons: bool, probability: np.ndarray, source: tuple[int, int], parameters: Parameters,
    content: Optional[Size] = None,
) -> list[Region]:
    """Regions of a map [H, W] of which `content` (height, width) shows the picture of size `source`."""
    found: dict[tuple[str, bool], Callable[..., list[Region]]] = {
        ("mmocr", False): lambda *a: _mmocr(1, False, *a),
        ("mmocr", True): lambda *a: _mmocr(1, True, *a),
        ("mmocr_0x", False): lambda *a: _mmocr(0, False, *a),
        ("mmocr_0x", True): lambda *a: _mmocr(0, True, *a),
        ("wenmuzhou", False): _wenmuzhou_quads,
        ("wenmuzhou", True): lambda *a: _polygons(True, *a),
        ("paddle", False): _paddle_quads,
        ("easyocr", False): _easyocr_quads,
        ("easyocr", True): lambda *a: _with_a_score(_polygons(False, *a)),
    }
    return found[rule, polygons](probability, source, parameters, content or probability.shape)
