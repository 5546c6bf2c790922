"""A sheet: pixels and the text lines written on them, kept together through every bend and turn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable, Optional

import cv2
import numpy as np
from PIL import Image, ImageDraw

from .fonts import font, require

Colour = Sequence[float]  # red, green, blue, 0..255


def noise(rng: np.random.Generator, height: int, width: int, cells: Sequence[int]) -> np.ndarray:
    """Smooth noise (height, width), mean 0 and deviation 1.

    A sum of random grids with `cells` across the longer side, each as strong as 1/sqrt of its fineness.
    """
    total = np.zeros((height, width), np.float32)
    for count in cells:
        step = max(height, width) / count
        grid = rng.standard_normal((int(height / step) + 3, int(width / step) + 3)).astype(np.float32)
        big = cv2.resize(grid, None, fx=step, fy=step, interpolation=cv2.INTER_CUBIC)
        total += big[:height, :width] * (cells[0] / count) ** 0.5
    return (total - total.mean()) / (total.std() + 1e-6)


def tight(mask: np.ndarray) -> np.ndarray:
    """The mask (rows, columns, 0..1) without its empty margins."""
    ys, xs = np.flatnonzero(mask.max(1) > 0.2), np.flatnonzero(mask.max(0) > 0.2)
    return mask[ys[0] : ys[-1] + 1, xs[0] : xs[-1] + 1]


def row(text: str, face: str, size: int, tracking: float = 0.0) -> np.ndarray:
    """A horizontal line of text as a tight mask; `tracking` is added after each character, in pixels."""
    require(face, text)
    letters = font(face, size)
    width = int(letters.getlength(text) + abs(tracking) * len(text) + 2 * size)
    image = Image.new('L', (width, size * 2))
    draw = ImageDraw.Draw(image)
    if tracking:
        x = size * 0.5
        for c in text:
            draw.text((x, size * 0.3), c, font=letters, fill=255)
            x += letters.getlength(c) + tracking
    else:
        draw.text((size * 0.5, size * 0.3), text, font=letters, fill=255)
    return tight(np.asarray(image, np.float32) / 255)


def column(
    text: str,
    face: str,
    size: int,
    pitch: float,
    rng: Optional[np.random.Generator] = None,
    jitter: float = 0.0,
) -> np.ndarray:
    """A vertical column of text as a tight mask; `pitch` pixels from character to character.

    Each is moved at random by `jitter` times the size.
    """
    require(face, text)
    image = Image.new('L', (size * 2, int(pitch * len(text) + size * 2)))
    draw = ImageDraw.Draw(image)
    for i, c in enumerate(text):
        dx, dy = rng.normal(0, jitter * size, 2) if rng is not None and jitter else (0.0, 0.0)
        draw.text((size + dx, size + i * pitch + dy), c, font=font(face, size), fill=255, anchor='mm')
    return tight(np.asarray(image, np.float32) / 255)


def thicken(mask: np.ndarray, pixels: float) -> np.ndarray:
    """Strokes widened by about `pixels` (or a fraction) on each side, as ink spreads in paper; same size."""
    whole = int(pixels)
    if whole:
        mask = cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * whole + 1, 2 * whole + 1)))
    rest = pixels - whole
    soft = cv2.GaussianBlur(mask, (0, 0), 0.6 + rest)
    return np.clip((soft - 0.5 + 0.28 * rest) * 2.2 + 0.4, 0, 1)


class Sheet:
    """pixels: (height, width, 3) float32, red-green-blue, 0..255.
    lines: (text, polygon) of each line; polygon (points, 2) float32 in pixels, clockwise, its start first."""

    def __init__(self, pixels: np.ndarray) -> None:
        self.pixels = pixels.astype(np.float32)
        self.lines: list[tuple[str, np.ndarray]] = []

    @classmethod
    def plain(cls, height: int, width: int, colour: Colour) -> Sheet:
        return cls(np.zeros((height, width, 3), np.float32) + np.asarray(colour, np.float32))

    @property
    def height(self) -> int:
        return self.pixels.shape[0]

    @property
    def width(self) -> int:
        return self.pixels.shape[1]

    def tint(self, mask: np.ndarray, colour: Colour, x: float = 0, y: float = 0) -> None:
        """Covers with the colour where the mask (0..1) says, its corner at (x, y); cut off at the rim."""
        x, y = int(round(x)), int(round(y))
        x0, y0, x1, y1 = (
            max(x, 0),
            max(y, 0),
            min(x + mask.shape[1], self.width),
            min(y + mask.shape[0], self.height),
        )
        if x0 >= x1 or y0 >= y1:
            return
        part = mask[y0 - y : y1 - y, x0 - x : x1 - x, None]
        area = self.pixels[y0:y1, x0:x1]
        area += (np.asarray(colour, np.float32) - area) * part

    def draw(
        self,
        paint: Callable[[ImageDraw.ImageDraw, float], None],
        colour: Colour,
        alpha: float = 1.0,
        blur: float = 0.0,
    ) -> None:
        """Shapes in one colour: `paint(draw, scale)` fills with 255 at twice the sheet's size (scale = 2)."""
        image = Image.new('L', (self.width * 2, self.height * 2))
        paint(ImageDraw.Draw(image), 2.0)
        mask = np.asarray(image.resize((self.width, self.height), Image.BOX), np.float32) / 255
        if blur:
            mask = cv2.GaussianBlur(mask, (0, 0), blur)
        self.tint(mask * alpha, colour)

    def box(self, x0: float, y0: float, x1: float, y1: float, colour: Colour, alpha: float = 1.0) -> None:
        """A filled upright rectangle."""
        self.tint(np.full((int(round(y1 - y0)), int(round(x1 - x0))), alpha, np.float32), colour, x0, y0)

    def write(
        self, text: str, mask: np.ndarray, x: float, y: float, colour: Colour, alpha: float = 1.0
    ) -> None:
        """A line of text, its tight mask's corner at (x, y); its polygon has eight points a long side."""
        self.tint(mask * alpha, colour, x, y)
        height, width = mask.shape
        t = np.linspace(0, 1, 8)
        top = np.stack([x + t * width, np.full(8, float(y))], 1)
        low = np.stack([x + t[::-1] * width, np.full(8, float(y + height))], 1)
        if height > width:
            top = np.stack([np.full(8, float(x + width)), y + t * height], 1)
            low = np.stack([np.full(8, float(x)), y + t[::-1] * height], 1)
        self.lines.append((text, np.concatenate([top, low]).astype(np.float32)))

    def paste(
        self, other: Sheet, corners: Sequence[Sequence[float]], alpha: Optional[np.ndarray] = None
    ) -> None:
        """Lays another sheet on this one, its corners (from top left, clockwise) at the four given points."""
        source = np.float32([[0, 0], [other.width, 0], [other.width, other.height], [0, other.height]])
        matrix = cv2.getPerspectiveTransform(source, np.float32(corners))
        cover = np.ones((other.height, other.width), np.float32) if alpha is None else alpha
        both = np.dstack([other.pixels, cover])
        # Sampled at twice the size and averaged, else thin strokes would break where the sheet shrinks.
        twice = np.diag([2.0, 2.0, 1.0]) @ matrix
        both[..., :3] *= cover[..., None]
        big = cv2.warpPerspective(both, twice, (self.width * 2, self.height * 2), flags=cv2.INTER_LINEAR)
        big = cv2.resize(big, (self.width, self.height), interpolation=cv2.INTER_AREA)
        self.pixels = self.pixels * (1 - big[..., 3:]) + big[..., :3]
        self.lines += [(text, cv2.perspectiveTransform(p[None], matrix)[0]) for text, p in other.lines]

    def bend(
        self,
        shift: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]],
        border: Colour = (0, 0, 0),
    ) -> None:
        """Moves the pixels: the new (x, y) shows the old (x + dx, y + dy), where (dx, dy) = shift(x, y)."""
        y, x = np.mgrid[0 : self.height, 0 : self.width].astype(np.float32)
        dx, dy = shift(x, y)
        self.pixels = cv2.remap(
            self.pixels,
            x + dx.astype(np.float32),
            y + dy.astype(np.float32),
            cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=tuple(map(float, border)),
        )
        moved = []
        for text, old in self.lines:
            new = old.copy()
            for _ in range(6):  # the inverse of a gentle bend, by fixed-point iteration
                dx, dy = shift(new[:, 0], new[:, 1])
                new = np.stack([old[:, 0] - dx, old[:, 1] - dy], 1).astype(np.float32)
            moved.append((text, new))
        self.lines = moved

    def grain(self, rng: np.random.Generator, deviation: float) -> None:
        """A camera's noise, mostly in brightness."""
        shape = self.pixels.shape
        self.pixels += rng.normal(0, deviation, shape[:2] + (1,)) + rng.normal(0, deviation * 0.35, shape)

    def light(self, factor: np.ndarray) -> None:
        """Multiplies the brightness by a map (height, width)."""
        self.pixels *= factor[..., None]

    def image(self) -> Image.Image:
        return Image.fromarray(self.pixels.clip(0, 255).round().astype(np.uint8), 'RGB')
