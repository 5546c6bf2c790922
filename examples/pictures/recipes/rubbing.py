"""A stone rubbing: brushwork left white by the ink pad, with cracks and worn places, on a silk mount."""

import cv2
import numpy as np

from .seal import stamp
from .sheet import Sheet, column, noise, thicken

HEIGHT, WIDTH = 1440, 1080
COLUMNS, PER_COLUMN, SIZE = 8, 13, 70
LEFT, RIGHT, TOP, BOTTOM = 96, 984, 104, 1336  # the inked part

# Wang Xizhi, preface to the Orchid Pavilion poems (Lantingji xu), AD 353, in the spelling that the font has.
TEXT = (
    '永和九年歳在癸丑暮春之初會于會稽山陰之蘭亭修禊事也群賢畢至少長咸集此地有崇山峻嶺茂林修竹又有清流激湍映帶左右'
    '引以為流觴曲水列坐其次雖無絲竹管絃之盛一觴一詠亦足以暢敘幽情是日也天朗氣清惠風和暢仰觀宇宙之大俯察品類之盛'
)


def mount(rng: np.random.Generator) -> Sheet:
    """Woven silk around the rubbing."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    weave = 1.6 * np.sin(x * 1.3) + 1.6 * np.sin(y * 1.2) + 1.6 * noise(rng, HEIGHT, WIDTH, (150, 300))
    cloud = 3.5 * noise(rng, HEIGHT, WIDTH, (3, 6, 12))
    return Sheet(np.float32((205, 188, 150)) + (weave + cloud)[..., None] * np.float32((1, 1, 0.9)))


def cracks(rng: np.random.Generator) -> np.ndarray:
    """Lines where the stone has split, as a mask; each wanders, and some fork."""
    mask = np.zeros((HEIGHT, WIDTH), np.float32)

    def split(x: float, y: float, angle: float, length: float, width: float) -> None:
        while length > 0 and LEFT < x < RIGHT and TOP < y < BOTTOM:
            angle += rng.normal(0, 0.16)
            step = rng.uniform(8, 20)
            nx, ny = x + step * np.cos(angle), y + step * np.sin(angle)
            thick = max(1, int(round(width * rng.uniform(0.5, 1.4))))
            cv2.line(mask, (int(x), int(y)), (int(nx), int(ny)), 1.0, thick, cv2.LINE_AA)
            if rng.random() < 0.03:
                split(nx, ny, angle + rng.choice([-0.7, 0.7]), length * 0.3, width * 0.6)
            x, y, length = nx, ny, length - step

    split(LEFT + 8, 640, 0.33, 560, 3.0)
    split(RIGHT - 8, 420, 2.75, 300, 2.0)
    split(560, BOTTOM - 8, -1.2, 330, 2.2)
    split(300, TOP + 8, 1.9, 210, 1.6)
    return mask


def inked(rng: np.random.Generator) -> np.ndarray:
    """Where the pad left ink, 0..1: an irregular rim, worn places, the speckle of the stone's pores."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    rough = noise(rng, HEIGHT, WIDTH, (14, 40, 110))
    rim = np.minimum.reduce([x - LEFT, RIGHT - x, y - TOP, BOTTOM - y]) + 4.5 * rough
    cover = np.clip(rim / 5, 0, 1)
    pores = noise(rng, HEIGHT, WIDTH, (240, 420, 700))
    patches = noise(rng, HEIGHT, WIDTH, (5, 9, 22))
    cover *= 1 - 0.75 * np.clip((pores - 2.35 + 0.22 * patches) * 1.6, 0, 1)
    # Worn corners and one blow: the surface is gone and the paper touched little.
    for cx, cy, radius in (
        (LEFT - 16, BOTTOM + 16, 84),
        (RIGHT + 14, TOP - 14, 88),
        (650, BOTTOM + 16, 62),
        (LEFT - 12, 520, 52),
    ):
        near = np.hypot(x - cx, y - cy) + 17 * noise(rng, HEIGHT, WIDTH, (10, 24, 60, 140))
        worn = np.clip((radius - near) / 40, 0, 1)
        cover *= 1 - worn * np.clip(0.84 + 0.12 * rough + 0.12 * pores, 0.2, 0.97)
    return cover


def make(seed: int) -> Sheet:
    """The rubbing, 1080 x 1440."""
    rng = np.random.default_rng(seed + 1)
    sheet = mount(rng)
    sheet.draw(
        lambda d, s: d.rectangle(
            [(LEFT - 26) * s, (TOP - 26) * s, (RIGHT + 30) * s, (BOTTOM + 30) * s], fill=255
        ),
        (70, 52, 30),
        0.5,
        7,
    )
    paper = np.float32((222, 212, 188)) + (4 * noise(rng, HEIGHT, WIDTH, (4, 9, 300)))[..., None]
    bed = np.zeros((HEIGHT, WIDTH), np.float32)
    bed[TOP - 22 : BOTTOM + 22, LEFT - 22 : RIGHT + 22] = 1
    sheet.pixels += (paper - sheet.pixels) * bed[..., None]

    step, pitch = (RIGHT - LEFT - 88) / COLUMNS, (BOTTOM - TOP - 66) / PER_COLUMN
    carved = Sheet.plain(HEIGHT, WIDTH, (0, 0, 0))
    for i in range(COLUMNS):
        text = TEXT[i * PER_COLUMN : (i + 1) * PER_COLUMN]
        mask = thicken(np.pad(column(text, 'brush', SIZE, pitch, rng, 0.018), 4), 0.45)
        centre = RIGHT - 44 - (i + 0.5) * step + rng.normal(0, 2)
        carved.write(text, mask, centre - mask.shape[1] / 2, TOP + 33 + (pitch - SIZE) / 2, (255, 255, 255))
    cut = carved.pixels[..., 0] / 255
    chips = noise(rng, HEIGHT, WIDTH, (90, 220, 420))
    cut = np.clip((cv2.GaussianBlur(cut, (0, 0), 1.15) - 0.46 + 0.08 * chips) * 4.0 + 0.35, 0, 1)

    rules = Sheet.plain(HEIGHT, WIDTH, (0, 0, 0))
    rules.draw(
        lambda d, s: [
            d.line(
                [(RIGHT - 44 - i * step) * s, (TOP + 22) * s, (RIGHT - 44 - i * step) * s, (BOTTOM - 22) * s],
                255,
                3,
            )
            for i in range(COLUMNS + 1)
        ],
        (255, 255, 255),
    )
    faint = (
        rules.pixels[..., 0] / 255 * np.clip(0.32 + 0.22 * noise(rng, HEIGHT, WIDTH, (30, 80, 200)), 0, 0.7)
    )

    left_white = np.maximum.reduce([cut, faint, cv2.GaussianBlur(cracks(rng), (0, 0), 0.9) * 0.85])
    ink = inked(rng) * (1 - left_white * np.clip(0.95 + 0.04 * chips, 0.6, 1))
    tone = 38 + 5 * noise(rng, HEIGHT, WIDTH, (4, 9, 20)) + 5.5 * noise(rng, HEIGHT, WIDTH, (260, 500, 800))
    black = tone[..., None] * np.float32((1.0, 0.98, 0.96))
    # Soft edges of the pad's dabs: the ink is never quite even.
    dabs = np.clip(0.95 + 0.035 * noise(rng, HEIGHT, WIDTH, (18, 36)), 0.8, 1)
    sheet.pixels += (black - sheet.pixels) * (ink * dabs)[..., None]
    sheet.lines = carved.lines

    stamp(sheet, rng, '墨林珍賞', LEFT - 20, BOTTOM + 34, 54)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    sheet.light(1.04 - 0.10 * np.hypot(x / WIDTH - 0.45, y / HEIGHT - 0.4) + 0.012 * np.sin(y / 85 + x / 600))
    sheet.bend(
        lambda u, v: (3.0 * np.sin(v / 240) + (v - 700) * 0.004, 2.5 * np.sin(u / 210)), border=(120, 104, 74)
    )
    sheet.grain(rng, 1.2)
    return sheet
