"""Probability maps that give post-processing something to do."""


import cv2
import numpy as np


def _soften(mask: np.ndarray, rng: np.random.Generator, sigma: float) -> np.ndarray:
    """0/255 shapes to probabilities with soft edges and some grain."""
    soft = cv2.GaussianBlur(mask.astype(np.float32) / 255, (0, 0), sigma)
    grain = rng.normal(0, 0.04, mask.shape).astype(np.float32)
    return np.clip(soft * rng.uniform(0.8, 1.0) + grain, 0, 1).astype(np.float32)


def rectangles(height: int, width: int, seed: int, count: int) -> np.ndarray:
    """Rotated rectangles at fractional angles, some touching each other or the edge."""
    rng = np.random.default_rng(seed)
    mask = np.zeros((height, width), np.uint8)
    for _ in range(count):
        center = (rng.uniform(0, width), rng.uniform(0, height))
        size = (rng.uniform(6, max(8, width / 3)), rng.uniform(3, max(5, height / 10)))
        corners = cv2.boxPoints((center, size, rng.uniform(-90, 90)))
        cv2.fillPoly(mask, [np.round(corners).astype(np.int32)], 255)
    return _soften(mask, rng, rng.uniform(0.5, 1.6))


def bands(height: int, width: int, seed: int, count: int) -> np.ndarray:
    """Curved bands: parts of ellipses and waves."""
    rng = np.random.default_rng(seed)
    mask = np.zeros((height, width), np.uint8)
    for i in range(count):
        thick = int(rng.integers(4, max(6, height // 16)))
        if i % 2:
            center = (int(rng.uniform(0, width)), int(rng.uniform(0, height)))
            axes = (int(rng.uniform(15, width / 2)), int(rng.uniform(10, height / 2)))
            start = rng.uniform(0, 360)
            end = start + rng.uniform(40, 300)
            cv2.ellipse(mask, center, axes, rng.uniform(0, 180), start, end, 255, thick)
        else:
            x = np.linspace(rng.uniform(0, width / 3), rng.uniform(width / 2, width), 60)
            y = rng.uniform(0, height) + height / 12 * np.sin(x / width * rng.uniform(5, 20))
            cv2.polylines(mask, [np.stack([x, y], 1).astype(np.int32)], False, 255, thick)
    return _soften(mask, rng, 0.8)


def columns(height: int, width: int, seed: int) -> np.ndarray:
    """Columns as of a book, upright, with rings (outlines with holes) among them."""
    rng = np.random.default_rng(seed)
    mask = np.zeros((height, width), np.uint8)
    for x in range(6, width - 12, 17):
        top, bottom = sorted(rng.integers(0, height, 2))
        cv2.rectangle(mask, (x, int(top)), (x + 9, int(bottom)), 255, -1)
    cv2.circle(mask, (width // 2, height // 2), min(height, width) // 4, 255, 7)
    return _soften(mask, rng, 0.7)


def blobs(height: int, width: int, seed: int) -> np.ndarray:
    """Smooth noise: outlines of every shape, the worst case for a polygon."""
    rng = np.random.default_rng(seed)
    noise = cv2.GaussianBlur(rng.normal(0, 1, (height, width)).astype(np.float32), (0, 0), 4 + seed % 5)
    return (1 / (1 + np.exp(-noise / noise.std() * 3))).astype(np.float32)


def all_maps() -> dict[str, np.ndarray]:
    """By name; the same on every machine with the same NumPy and OpenCV."""
    maps = {}
    sizes = [(184, 320), (160, 160), (352, 224), (96, 416), (256, 256), (33, 57), (736, 736), (64, 1000)]
    for seed in range(20):
        height, width = sizes[seed % len(sizes)]
        maps[f"rectangles-{seed}-{height}x{width}"] = rectangles(height, width, seed, 4 + 2 * seed)
    for seed in range(16):
        height, width = sizes[(seed + 3) % len(sizes)]
        maps[f"bands-{seed}-{height}x{width}"] = bands(height, width, 100 + seed, 2 + seed // 3)
    for seed in range(8):
        height, width = sizes[(seed + 1) % len(sizes)]
        maps[f"columns-{seed}-{height}x{width}"] = columns(height, width, 200 + seed)
    for seed in range(8):
        height, width = sizes[(seed + 2) % len(sizes)]
        maps[f"blobs-{seed}-{height}x{width}"] = blobs(height, width, 300 + seed)
    rng = np.random.default_rng(7)
    maps["grain"] = rng.random((128, 128), np.float32)
    maps["empty"] = np.zeros((64, 96), np.float32)
    maps["full"] = np.ones((64, 96), np.float32)
    maps["exactly-thresh"] = np.full((32, 32), 0.3, np.float32)
    for height, width in ((1, 1), (1, 40), (40, 1), (2, 2), (5, 5), (3, 200)):
        maps[f"tiny-full-{height}x{width}"] = np.full((height, width), 0.9, np.float32)
        maps[f"tiny-random-{height}x{width}"] = rng.random((height, width), np.float32)
    return maps
