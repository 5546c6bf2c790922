"""A collector's seal."""

import cv2
import numpy as np

from .sheet import Sheet, column, noise, thicken

RED = (178, 44, 36)


def stamp(
    sheet: Sheet, rng: np.random.Generator, text: str, x: float, y: float, side: int, relief: bool = True
) -> None:
    """A square red seal of two or four characters, read in columns from the right, its corner at (x, y).

    With relief the ground is red and the characters are left out; without, the characters and a rim are red.
    Not recorded as a line of text: a seal is a picture to a text detector, and may be found or not.
    """
    scale = 4
    big = side * scale
    ink = np.zeros((big, big), np.float32)
    rows, columns = (len(text) + 1) // 2 if len(text) > 2 else len(text), 2 if len(text) > 2 else 1
    margin = big // 11
    cell_x, cell_y = (big - 2 * margin) / columns, (big - 2 * margin) / rows
    for i, c in enumerate(text):
        glyph = thicken(np.pad(column(c, 'kai', 160, 160), 6), 4.0)
        width, height = int(cell_x * 0.92), int(cell_y * 0.92)
        glyph = cv2.resize(glyph, (width, height), interpolation=cv2.INTER_AREA)
        left = int(margin + (columns - 1 - i // rows) * cell_x + cell_x * 0.04)
        top = int(margin + (i % rows) * cell_y + cell_y * 0.04)
        ink[top : top + height, left : left + width] = glyph
    rim = np.zeros_like(ink)
    cv2.rectangle(rim, (scale, scale), (big - scale, big - scale), 1.0, -1)
    if relief:
        ink = rim * (1 - ink)
    else:
        cv2.rectangle(ink, (2 * scale, 2 * scale), (big - 2 * scale, big - 2 * scale), 1.0, 3 * scale // 2)
    ink = cv2.resize(ink, (side, side), interpolation=cv2.INTER_AREA)
    wear = np.clip(2.4 - noise(rng, side, side, (5, 16, 40)), 0.25, 1)
    sheet.tint(cv2.GaussianBlur(ink, (0, 0), 0.5) * wear * 0.88, RED, x, y)
