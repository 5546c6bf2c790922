"""A leaf of a classical book, unfolded: ruled columns in a double border, a fish-tail at the fold, a seal."""

import cv2
import numpy as np

from .seal import stamp
from .sheet import Sheet, column, noise, thicken

HEIGHT, WIDTH = 1060, 1480
COLUMNS, PER_COLUMN = 8, 16  # of each half leaf
INK = (38, 30, 26)

# The Analects (Lunyu), book 1, "Xue er": one saying starts one column.
TITLE = '論語卷上'
SUBTITLE = '學而第一'
SAYINGS = (
    '子曰學而時習之不亦說乎有朋自遠方來不亦樂乎人不知而不慍不亦君子乎',
    '有子曰其為人也孝弟而好犯上者鮮矣不好犯上而好作亂者未之有也君子務本本立而道生孝弟也者其為仁之本與',
    '子曰巧言令色鮮矣仁',
    '曾子曰吾日三省吾身為人謀而不忠乎與朋友交而不信乎傳不習乎',
    '子曰道千乘之國敬事而信節用而愛人使民以時',
    '子曰弟子入則孝出則弟謹而信汎愛眾而親仁行有餘力則以學文',
    '子夏曰賢賢易色事父母能竭其力事君能致其身與朋友交言而有信雖曰未學吾必謂之學矣',
)


def paper(rng: np.random.Generator) -> np.ndarray:
    """Aged paper: warm, cloudy, with fibres, darker at the rim."""
    sheet = np.zeros((HEIGHT, WIDTH, 3), np.float32) + (226, 206, 166)
    cloud = noise(rng, HEIGHT, WIDTH, (3, 7, 15))
    fine = noise(rng, HEIGHT, WIDTH, (160, 400, 700))
    sheet += cloud[..., None] * (4.5, 5.5, 7) + fine[..., None] * (2.4, 2.4, 2.4)
    for _ in range(420):  # fibres
        x, y, angle, length = (
            rng.uniform(0, WIDTH),
            rng.uniform(0, HEIGHT),
            rng.normal(0, 0.5),
            rng.uniform(10, 46),
        )
        ends = (int(x + length * np.cos(angle)), int(y + length * np.sin(angle)))
        shade = rng.uniform(-14, 12)
        colour = sheet[int(y), int(x)] + shade
        cv2.line(sheet, (int(x), int(y)), ends, tuple(map(float, colour)), 1, cv2.LINE_AA)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    rim = np.minimum.reduce([x, WIDTH - x, y, HEIGHT - y]) + 14 * noise(rng, HEIGHT, WIDTH, (9, 20, 50))
    sheet -= (np.exp(-np.maximum(rim, 0) / 46) * 52)[..., None] * (0.75, 1.0, 1.25)
    return sheet


def stains(sheet: Sheet, rng: np.random.Generator) -> None:
    """Water marks with a dark edge, and foxing."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    for cx, cy, radius in ((90, 985, 190), (1420, 70, 165), (860, 1090, 150)):
        r = np.hypot(x - cx, (y - cy) * 1.15) + 17 * noise(rng, HEIGHT, WIDTH, (6, 14, 30))
        inside = 1 / (1 + np.exp(np.clip((r - radius) / 5, -30, 30)))
        edge = np.exp(-(((r - radius) / 6) ** 2)) + 0.5 * inside * np.exp(-np.abs(r - radius) / 30)
        sheet.pixels *= 1 - (0.03 * inside + 0.11 * edge)[..., None] * (0.7, 1.0, 1.5)
    for _ in range(70):
        cx, cy, radius = rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT), rng.uniform(1.5, 6)
        spot = np.zeros((40, 40), np.float32)
        cv2.circle(spot, (20, 20), int(radius), 1.0, -1, cv2.LINE_AA)
        sheet.tint(
            cv2.GaussianBlur(spot, (0, 0), 1.6 + radius * 0.4) * rng.uniform(0.15, 0.45),
            (150, 104, 58),
            cx,
            cy,
        )


def printed(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A block's print: a little ink spread, uneven pressure, tiny gaps."""
    height, width = mask.shape
    wide = thicken(np.pad(mask, 4), 0.55)[4:-4, 4:-4]
    pressure = 0.9 + 0.07 * noise(rng, height, width, (5, 12, 24))
    gaps = np.clip(2.3 - noise(rng, height, width, (60, 160, 300)), 0, 1)
    return wide * np.clip(pressure, 0.55, 1) * (0.45 + 0.55 * gaps)


def make(seed: int) -> Sheet:
    """The page, 1480 x 1060."""
    rng = np.random.default_rng(seed)
    sheet = Sheet(paper(rng))
    left, right, top, bottom = 74, WIDTH - 74, 118, HEIGHT - 76
    step = (right - left - 66) / (2 * COLUMNS)  # 66 for the fold
    edges = [right - i * step for i in range(COLUMNS + 1)] + [left + i * step for i in range(COLUMNS, -1, -1)]

    def frame(draw, s):
        for x in edges[1:-1]:
            draw.line([x * s, top * s, x * s, bottom * s], 215, 3)
        draw.rectangle([left * s, top * s, right * s, bottom * s], outline=255, width=4)
        draw.rectangle(
            [(left - 11) * s, (top - 11) * s, (right + 11) * s, (bottom + 11) * s], outline=255, width=11
        )
        a, b = edges[COLUMNS] * s, edges[COLUMNS + 1] * s  # the fold: b is left of a
        draw.rectangle([(a + b) / 2 - 5, top * s, (a + b) / 2 + 5, (top + 128) * s], fill=255)
        for y, up in ((top + 132, False), (bottom - 190, True)):
            h, notch = 46 * s, 26 * s
            y *= s
            if up:
                draw.polygon(
                    [b + 3, y, (a + b) / 2, y + notch, a - 3, y, a - 3, y + h, b + 3, y + h], fill=255
                )
            else:
                draw.polygon(
                    [b + 3, y, a - 3, y, a - 3, y + h, (a + b) / 2, y + h - notch, b + 3, y + h], fill=255
                )
        draw.rectangle([(a + b) / 2 - 5, (bottom - 60) * s, (a + b) / 2 + 5, bottom * s], fill=255)

    ruling = Sheet.plain(HEIGHT, WIDTH, (0, 0, 0))
    ruling.draw(frame, (255, 255, 255))
    sheet.tint(printed(ruling.pixels[..., 0] / 255, rng) * 0.9, INK)

    columns = [(TITLE, 0), (SUBTITLE, 2)]  # text, characters left free above it
    for saying in SAYINGS:
        columns += [(saying[i : i + PER_COLUMN], 0) for i in range(0, len(saying), PER_COLUMN)]
    pitch, size = (bottom - top - 22) / PER_COLUMN, 47
    centres = [right - (i + 0.5) * step for i in range(COLUMNS)]
    centres += [left + (COLUMNS - i - 0.5) * step for i in range(COLUMNS)]
    for centre, (text, skip) in zip(centres, columns):
        mask = column(text, 'kai', size, pitch, rng, 0.014)
        ink = printed(cv2.resize(mask, None, fx=1.06, fy=1.0, interpolation=cv2.INTER_LINEAR).clip(0, 1), rng)
        y = top + 11 + (pitch - size) / 2 + 2 + skip * pitch
        sheet.write(text, ink, centre - ink.shape[1] / 2, y, INK)
    middle = (edges[COLUMNS] + edges[COLUMNS + 1]) / 2
    for text, y in (('論語卷上', top + 216), ('學而', top + 470), ('三', bottom - 120)):
        mask = printed(column(text, 'kai', 36, 46), rng)
        sheet.write(text, mask, middle - mask.shape[1] / 2, y, INK)

    stamp(sheet, rng, '清風明月', right - step * 1.5 - 37, bottom - 112, 74)
    stains(sheet, rng)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    crease = np.exp(-(((x - middle + 2) / 16) ** 2)) * 0.10 - np.exp(-(((x - middle - 12) / 12) ** 2)) * 0.05
    folds = 0.02 * np.sin(x / 120 + y / 400) + 0.012 * noise(rng, HEIGHT, WIDTH, (4, 9))
    sheet.light((1 - crease) * (1 + folds) * (1.03 - 0.07 * y / HEIGHT))
    sheet.bend(
        lambda u, v: (3.0 * np.sin(v / 190 + 0.6), 5.0 * np.sin(u / 260 + v / 900) + (u - WIDTH / 2) * 0.004),
        border=(150, 118, 76),
    )
    sheet.grain(rng, 2.2)
    return sheet
