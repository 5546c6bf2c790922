"""The walls, the ground and the signs of the street, seen straight on; `street` adds perspective."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from .sheet import Colour, Sheet, column, noise, row

SCALE = 150  # pixels a metre
GLOW = (255, 214, 140)
WOOD, DARK = (74, 40, 28), (34, 24, 24)


def bricks(rng: np.random.Generator, height: int, width: int, colour: Colour, mortar: Colour) -> np.ndarray:
    """A running bond: bricks 24 cm x 8 cm, each of a slightly other shade."""
    y, x = np.mgrid[0:height, 0:width]
    tall, wide = SCALE * 8 // 100, SCALE * 24 // 100
    course = y // tall
    along = x + (course % 2) * (wide // 2)
    shades = rng.normal(1.0, 0.10, (height // tall + 2, width // wide + 3)).astype(np.float32)
    wall = np.float32(colour) * shades[course, along // wide][..., None]
    joint = ((y % tall) < 2) | ((along % wide) < 2)
    wall[joint] = mortar
    return wall * (1 + 0.05 * noise(rng, height, width, (5, 12, 300)))[..., None]


class Wall(Sheet):
    """A wall measured in metres: x from its left end, y up from the pavement."""

    def __init__(self, pixels: np.ndarray) -> None:
        super().__init__(pixels)
        self.tall = self.height / SCALE

    def panel(self, x: float, y: float, wide: float, high: float, colour: Colour, alpha: float = 1.0) -> None:
        """A rectangle with its lower left corner at (x, y)."""
        x0, y0 = x * SCALE, (self.tall - y - high) * SCALE
        self.box(x0, y0, x0 + wide * SCALE, y0 + high * SCALE, colour, alpha)

    def window(
        self,
        rng: np.random.Generator,
        x: float,
        y: float,
        wide: float,
        high: float,
        bars: int,
        lit: float = 1.0,
    ) -> None:
        """A window with a frame and glazing bars; `lit` from 0 (dark) to 1 (lamps on)."""
        self.panel(x - 0.07, y - 0.07, wide + 0.14, high + 0.14, WOOD)
        pane = np.float32((58, 70, 96)) + (np.float32(GLOW) - np.float32((58, 70, 96))) * lit
        self.panel(x, y, wide, high, pane)
        fade = np.linspace(0.0, 0.5, int(high * SCALE), dtype=np.float32)[:, None] ** 1.2
        fade = np.repeat(fade, int(wide * SCALE), 1)
        self.tint(
            fade * (0.7 + 0.3 * rng.random()),
            np.float32((150, 84, 40)) * (0.3 + 0.7 * lit),
            x * SCALE,
            (self.tall - y - high) * SCALE,
        )
        for i in range(1, bars):
            self.panel(x + wide * i / bars - 0.018, y, 0.036, high, WOOD)
        for part in (0.36, 0.7):
            self.panel(x, y + high * part, wide, 0.036, WOOD)

    def eave(self, x: float, y: float, wide: float) -> None:
        """A row of round tiles with a shadow below."""
        self.panel(x, y - 0.55, wide, 0.55, (14, 12, 20), 0.35)
        self.panel(x, y, wide, 0.34, (58, 60, 70))
        for i in range(int(wide / 0.22)):
            cx, cy = int((x + 0.11 + i * 0.22) * SCALE), int((self.tall - y - 0.04) * SCALE)
            cv2.rectangle(self.pixels, (cx - 9, cy - int(0.32 * SCALE)), (cx + 5, cy), (82.0, 84.0, 94.0), -1)
            cv2.circle(self.pixels, (cx - 2, cy), 9, (66.0, 68.0, 78.0), -1, cv2.LINE_AA)

    def board(
        self,
        x: float,
        y: float,
        wide: float,
        high: float,
        ground: Colour,
        text: str,
        face: str,
        size: float,
        ink: Colour,
        tracking: float = 0.0,
    ) -> None:
        """A sign board, its lower left corner at (x, y), with one centred line, `size` metres an em."""
        self.panel(x - 0.06, y - 0.06, wide + 0.12, high + 0.12, np.float32(ground) * 0.55)
        self.panel(x, y, wide, high, ground)
        shine = np.repeat(
            np.linspace(0.16, 0.0, int(high * SCALE), dtype=np.float32)[:, None], int(wide * SCALE), 1
        )
        self.tint(shine, (255, 240, 210), x * SCALE, (self.tall - y - high) * SCALE)
        self.put(text, face, size, x + wide / 2, y + high / 2, ink, tracking)

    def put(
        self, text: str, face: str, size: float, x: float, y: float, ink: Colour, tracking: float = 0.0
    ) -> None:
        """A line of text centred at (x, y)."""
        mask = row(text, face, int(size * SCALE), tracking * SCALE)
        self.write(
            text, mask, x * SCALE - mask.shape[1] / 2, (self.tall - y) * SCALE - mask.shape[0] / 2, ink
        )

    def couplet(self, x: float, y: float, text: str, size: float) -> None:
        """A strip of red paper with a column of brushwork, its foot at (x, y)."""
        wide, high = size * 1.5, size * 1.16 * len(text) + size * 0.5
        self.panel(x - wide / 2, y, wide, high, (186, 44, 34))
        mask = column(text, 'brush', int(size * SCALE), size * 1.16 * SCALE)
        self.write(
            text,
            mask,
            x * SCALE - mask.shape[1] / 2,
            (self.tall - y - high / 2) * SCALE - mask.shape[0] / 2,
            (30, 18, 16),
        )


def left_wall(rng: np.random.Generator, length: float, tall: float) -> Wall:
    """A tea house, a bookshop, and houses beyond; the near end is on the left."""
    height, width = int(tall * SCALE), int(length * SCALE)
    wall = Wall(bricks(rng, height, width, (122, 112, 116), (84, 78, 84)))
    plaster = np.float32((196, 176, 156)) + (6 * noise(rng, height, int(5.2 * SCALE), (3, 8, 20)))[..., None]
    wall.pixels[:, : plaster.shape[1]] = plaster
    # The tea house
    wall.panel(0, 0, 5.2, 2.75, (92, 50, 34))
    wall.window(rng, 0.35, 0.75, 1.05, 1.75, 4)
    wall.window(rng, 2.05, 0.08, 1.25, 2.4, 3)
    wall.window(rng, 3.95, 0.75, 0.95, 1.75, 4)
    wall.couplet(1.72, 0.42, '客至心常熱', 0.34)
    wall.couplet(3.62, 0.42, '人走茶不涼', 0.34)
    wall.board(0.98, 2.86, 4.0, 1.02, (70, 22, 20), '清風茶館', 'running', 0.82, (244, 200, 96), 0.12)
    wall.eave(-0.1, 4.25, 5.4)
    for i in range(3):
        wall.window(rng, 0.5 + 1.6 * i, 5.3, 1.0, 1.5, 3, (0.85, 0.0, 0.7)[i])
    wall.panel(5.2, 0, 0.22, tall, (66, 60, 64))
    # The bookshop
    wall.panel(5.42, 0, 5.5, 2.75, (36, 62, 56))
    wall.window(rng, 5.8, 0.6, 2.0, 1.95, 3)
    wall.window(rng, 8.3, 0.08, 1.0, 2.45, 2)
    wall.window(rng, 9.7, 0.6, 1.0, 1.95, 2)
    for shelf in (0.62, 1.32):
        x = 5.84
        while x < 7.7:
            thick = rng.uniform(0.04, 0.11)
            wall.panel(x, shelf, thick, rng.uniform(0.3, 0.5), rng.uniform(40, 200, 3) * (1, 0.8, 0.65))
            x += thick + 0.012
    wall.board(5.65, 2.86, 5.05, 1.12, (28, 70, 62), '同心書店', 'heavy', 0.86, (246, 238, 214), 0.26)
    wall.eave(5.4, 4.35, 5.6)
    for i in range(3):
        wall.window(rng, 6.0 + 1.7 * i, 5.4, 1.1, 1.5, 2, (0.0, 0.9, 0.2)[i])
    # Beyond
    for i, x in enumerate(np.arange(11.3, length - 1.8, 2.5)):
        wall.panel(x, 2.8, 2.1, 0.6, ((110, 44, 40), (44, 60, 96), (120, 92, 44))[i % 3])
        wall.window(rng, x + 0.2, 0.5, 1.6, 2.0, 3, rng.uniform(0.6, 1))
        wall.window(rng, x + 0.4, 5.0, 1.1, 1.5, 2, rng.choice([0.0, 0.8]))
    wall.eave(11.0, 4.1, length - 11.0)
    return wall


def right_wall(rng: np.random.Generator, length: float, tall: float) -> Wall:
    """Red brick with a coffee shop; the near end is on the right."""
    height, width = int(tall * SCALE), int(length * SCALE)
    wall = Wall(bricks(rng, height, width, (142, 78, 60), (104, 86, 78)))
    near = length
    wall.panel(near - 6.0, 0, 6.0, 2.7, (44, 34, 34))
    wall.window(rng, near - 2.5, 0.5, 2.2, 2.0, 3)
    wall.window(rng, near - 3.9, 0.08, 1.0, 2.4, 2)
    wall.window(rng, near - 5.7, 0.5, 1.5, 2.0, 2)
    wall.board(
        near - 4.75, 2.85, 3.85, 1.05, (48, 36, 34), 'COFFEE', 'lato-black', 0.86, (250, 226, 180), 0.07
    )
    for i in range(5):
        wall.window(rng, near - 2.0 - 2.6 * i, 5.1, 1.2, 1.7, 2, (0.9, 0.0, 0.8, 0.0, 0.6)[i])
    for i, x in enumerate(np.arange(near - 9.0, 0.5, -2.7)):
        wall.panel(x, 2.7, 2.3, 0.62, ((36, 78, 92), (128, 58, 36), (60, 72, 50))[i % 3])
        wall.window(rng, x + 0.2, 0.5, 1.8, 2.0, 3, rng.uniform(0.6, 1))
    wall.eave(0, 8.0, length)
    return wall


def paving(rng: np.random.Generator, length: float, half: float) -> Sheet:
    """Stone setts with a smoother pavement on both sides; 60 pixels a metre, the far end on top."""
    height, width = int(length * 60), int(2 * half * 60)
    y, x = np.mgrid[0:height, 0:width]
    line = y // 16
    along = x + (line * 13) % 32
    shade = rng.normal(1.0, 0.12, (height // 16 + 2, width // 32 + 4)).astype(np.float32)
    stone = np.float32((88, 84, 92)) * shade[line, along // 32][..., None]
    stone[((y % 16) < 2) | ((along % 32) < 2)] = (56, 53, 60)
    aside = np.abs(x / 60 - half) > 2.6
    slab = np.float32((118, 110, 112)) * (1 + 0.05 * shade[line // 4, along // 128])[..., None]
    slab[((y % 64) < 2) | ((x % 48) < 2)] = (84, 78, 80)
    stone[aside] = slab[aside]
    stone[np.abs(np.abs(x / 60 - half) - 2.6) < 0.09] = (150, 144, 140)
    return Sheet(stone)


def hanging_sign(text: str, face: str, size: int, ground: Colour, ink: Colour, rim: Colour) -> Sheet:
    """A sign with a column of text, made to hang from a wall bracket."""
    pitch = size * 1.16
    height, width = int(pitch * len(text) + size * 0.7), int(size * 1.7)
    sign = Sheet.plain(height, width, rim)
    edge = max(3, size // 12)
    sign.box(edge, edge, width - edge, height - edge, ground)
    shine = np.repeat(np.linspace(0.2, 0, height, dtype=np.float32)[:, None], width, 1)
    sign.tint(shine, (255, 240, 220))
    mask = column(text, face, size, pitch)
    sign.write(text, mask, (width - mask.shape[1]) / 2, (height - mask.shape[0]) / 2, ink)
    return sign


def card(width: int, height: int, ground: Colour, lines: Sequence[tuple]) -> Sheet:
    """A card with centred lines (text, face, size, y of the middle, colour)."""
    sheet = Sheet.plain(height, width, np.float32(ground) * 0.6)
    sheet.box(6, 6, width - 6, height - 6, ground)
    for text, face, size, y, colour in lines:
        mask = row(text, face, size, size * 0.06)
        sheet.write(text, mask, (width - mask.shape[1]) / 2, y - mask.shape[0] / 2, colour)
    return sheet
