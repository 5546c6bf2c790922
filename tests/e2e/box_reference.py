"""The reference for `pliant boxes`: MhLiao/DB's post-processing, with OpenCV, pyclipper and shapely.

Where the original would crash or answer with a row of zeros, the region is left out here. Quads keep
coordinates beyond 32767, which the original's int16 would wrap.
"""

from dataclasses import dataclass
from typing import Optional

import cv2
import numpy as np
import pyclipper
from shapely.geometry import Polygon

Region = tuple[np.ndarray, float]


@dataclass
class Parameters:
    thresh: float = 0.3
    box_thresh: float = 0.7
    unclip_ratio: float = 1.5
    max_candidates: int = 1000
    min_size: float = 3
    polygon_epsilon: float = 0.002
    dilate: bool = False
    score_outline: bool = False


def contours(probability: np.ndarray, parameters: Parameters) -> list:
    """All outlines in OpenCV's order."""
    bitmap = (probability > np.float32(parameters.thresh)).astype(np.uint8) * 255
    if parameters.dilate:
        bitmap = cv2.dilate(bitmap, np.ones((2, 2), np.uint8))
    return list(cv2.findContours(bitmap, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)[0])


def min_box(points: np.ndarray) -> tuple[np.ndarray, float]:
    """Corners (float32 [4,2]) from the upper left, clockwise, and the short side."""
    rectangle = cv2.minAreaRect(points)
    corners = sorted(cv2.boxPoints(rectangle), key=lambda corner: corner[0])
    left, right = corners[:2], corners[2:]
    upper_left, lower_left = left if left[1][1] > left[0][1] else left[::-1]
    upper_right, lower_right = right if right[1][1] > right[0][1] else right[::-1]
    return np.array([upper_left, upper_right, lower_right, lower_left]), min(rectangle[1])


def mean_inside(probability: np.ndarray, polygon: np.ndarray) -> float:
    """The mean over a polygon [n, 2], its points truncated relative to their bounding box's corner."""
    height, width = probability.shape
    x0, y0 = (int(np.clip(np.floor(polygon[:, i].min()), 0, n - 1)) for i, n in ((0, width), (1, height)))
    x1, y1 = (int(np.clip(np.ceil(polygon[:, i].max()), 0, n - 1)) for i, n in ((0, width), (1, height)))
    shifted = polygon.copy()
    shifted[:, 0] -= x0
    shifted[:, 1] -= y0
    mask = np.zeros((y1 - y0 + 1, x1 - x0 + 1), np.uint8)
    cv2.fillPoly(mask, [shifted.astype(np.int32)], 1)
    return cv2.mean(probability[y0 : y1 + 1, x0 : x1 + 1], mask)[0]


def unclip(polygon: np.ndarray, ratio: float) -> list[np.ndarray]:
    """The pieces of the grown polygon; pyclipper itself truncates the points to integers."""
    shape = Polygon(polygon)
    offset = pyclipper.PyclipperOffset()
    offset.AddPath(polygon, pyclipper.JT_ROUND, pyclipper.ET_CLOSEDPOLYGON)
    return [np.array(piece) for piece in offset.Execute(shape.area * ratio / shape.length)]


def to_source(points: np.ndarray, map_shape: tuple[float, float], source: tuple[int, int]) -> np.ndarray:
    """NumPy's own types: float32 points (quads) stay float32, whole numbers (polygons) become float64."""
    scaled = points.copy()
    for axis in (0, 1):
        size, target = map_shape[1 - axis], source[1 - axis]
        scaled[:, axis] = np.clip(np.round(points[:, axis] / size * target), 0, target)
    return scaled


def quads(
    probability: np.ndarray, source: tuple[int, int], parameters: Parameters,
    content: Optional[tuple[float, float]] = None,
) -> list[Region]:
    """Regions of a float32 map [H, W] for a source picture of (height, width).

    `content` (height, width) is the part of the map that shows the picture; all of it where nothing is said.
    """
    regions = []
    for contour in contours(probability, parameters)[: parameters.max_candidates]:
        corners, side = min_box(contour)
        if side < parameters.min_size:
            continue
        score = mean_inside(probability, corners)
        if parameters.box_thresh > score:
            continue
        pieces = unclip(corners, parameters.unclip_ratio)
        if not pieces:
            continue
        box, side = min_box(np.concatenate(pieces).reshape(-1, 1, 2))
        if side < parameters.min_size + 2:
            continue
        regions.append((to_source(box, content or probability.shape, source), score))
    return regions


def polygons(probability: np.ndarray, source: tuple[int, int], parameters: Parameters) -> list[Region]:
    """As quads, with as many corners as the outline needs."""
    regions = []
    for contour in contours(probability, parameters)[: parameters.max_candidates]:
        epsilon = parameters.polygon_epsilon * cv2.arcLength(contour, True)
        outline = cv2.approxPolyDP(contour, epsilon, True).reshape(-1, 2)
        if len(outline) < 4:
            continue
        score = mean_inside(probability, outline)
        if parameters.box_thresh > score:
            continue
        pieces = unclip(outline, parameters.unclip_ratio)
        if len(pieces) != 1:
            continue
        if min_box(pieces[0].reshape(-1, 1, 2))[1] < parameters.min_size + 2:
            continue
        regions.append((to_source(pieces[0], probability.shape, source), score))
    return regions
