"""A modern notice, Chinese and English, on paper pinned to a cork board, seen a little from the side."""

import cv2
import numpy as np

from .fonts import font
from .seal import stamp
from .sheet import Sheet, noise, row

HEIGHT, WIDTH = 1560, 1170
PAPER_HEIGHT, PAPER_WIDTH = 1400, 1020
INK, GREY, ACCENT = (36, 38, 44), (92, 96, 104), (24, 84, 120)
HEAD, RULE, RED = (250, 250, 248), (150, 168, 180), (120, 52, 40)

CHINESE = (
    '即日起至六月三十日，阅览室延长开放时间。',
    '每周五晚七点举行古诗诵读会，欢迎参加，',
    '无需预约。请保持安静，爱护图书。',
)
ENGLISH = (
    'From today until 30 June the reading room',
    'stays open longer. Join us for an evening of',
    'classical poems every Friday at seven.',
)
TABLE = (
    ('日期', '日间', '晚间'),
    ('周一至周四', '9:00–17:30', '闭馆'),
    ('周五', '9:00–17:30', '19:00–21:00'),
    ('周六、周日', '10:00–16:00', '闭馆'),
)
# Wang Zhihuan (688-742), "Climbing Stork Tower".
POEM = (('白日依山尽', '黄河入海流'), ('欲穷千里目', '更上一层楼'))


def cork(rng: np.random.Generator) -> Sheet:
    """A cork board: warm granules, light and dark."""
    base = np.float32((181, 137, 92)) + (7 * noise(rng, HEIGHT, WIDTH, (4, 9)))[..., None]
    grains = noise(rng, HEIGHT, WIDTH, (110, 190))
    base += (8 * grains + 26 * np.clip(grains - 1.5, 0, 1) - 24 * np.clip(-grains - 1.7, 0, 1))[..., None] * (
        1,
        0.95,
        0.8,
    )
    return Sheet(base)


def line(
    sheet: Sheet,
    text: str,
    face: str,
    size: int,
    x: float,
    y: float,
    colour: tuple,
    tracking: float = 0,
    align: float = 0.0,
) -> None:
    """A line with its baseline 0.94 em below y; x is its left end (align 0), middle (0.5), right end (1)."""
    mask = row(text, face, size, tracking)
    above = -font(face, size).getbbox(text, anchor='ls')[1]  # from the tight mask's top to the baseline
    sheet.write(text, mask, x - align * mask.shape[1], y + size * 0.94 - above, colour)


def table(sheet: Sheet, left: float, top: float, widths: tuple, height: int) -> None:
    """The opening hours: a coloured head, striped rows, thin rules."""
    right = left + sum(widths)
    for i, cells in enumerate(TABLE):
        y = top + i * height
        sheet.box(
            left, y, right, y + height, ACCENT if i == 0 else (233, 240, 244) if i % 2 else (248, 249, 249)
        )
        x = left
        for cell, width in zip(cells, widths):
            face, size, tracking = ('lato', 35, 0) if cell[0].isdigit() else ('hei', 36, 3)
            line(
                sheet,
                cell,
                face,
                size,
                x + width / 2,
                y + (height - 43) / 2,
                HEAD if i == 0 else INK,
                tracking,
                0.5,
            )
            x += width
    for i in range(len(TABLE) + 1):
        sheet.box(left, top + i * height - 1, right, top + i * height + 1, RULE)
    x = left
    for width in (*widths, 0):
        sheet.box(x - 1, top, x + 1, top + len(TABLE) * height, RULE)
        x += width


def printed_page(rng: np.random.Generator) -> Sheet:
    """The notice itself, seen straight on."""
    page = Sheet.plain(PAPER_HEIGHT, PAPER_WIDTH, (247, 246, 241))
    page.pixels += (0.9 * noise(rng, PAPER_HEIGHT, PAPER_WIDTH, (5, 200)))[..., None]
    page.box(0, 0, PAPER_WIDTH, 26, ACCENT)
    middle, left, right = PAPER_WIDTH / 2, 90, PAPER_WIDTH - 90
    line(page, '阅览室开放通知', 'hei', 92, middle, 84, ACCENT, 14, 0.5)
    line(page, 'READING ROOM OPENING HOURS', 'lato-bold', 44, middle, 218, GREY, 3, 0.5)
    page.box(left, 296, right, 300, ACCENT)
    y = 326
    for text in CHINESE:
        line(page, text, 'hei', 42, left, y, INK)
        y += 68
    y += 16
    for text in ENGLISH:
        line(page, text, 'garamond', 45, left, y, INK)
        y += 60
    table(page, left, y + 26, (280, 280, 280), 74)
    y += 26 + len(TABLE) * 74 + 30
    for first, second in POEM:
        line(page, first, 'kai', 48, middle - 36, y, RED, 5, 1.0)
        line(page, second, 'kai', 48, middle + 36, y, RED, 5)
        y += 70
    page.box(left, y + 14, right, y + 16, (180, 184, 188))
    line(page, 'Riverside Library', 'garamond-italic', 46, left, y + 40, GREY)
    line(page, '河畔图书馆', 'song', 40, right, y + 38, INK, 2, 1.0)
    line(page, '二〇二四年三月一日', 'song', 40, right, y + 100, INK, 2, 1.0)
    stamp(page, rng, '河畔藏書', 462, y + 40, 96, relief=False)
    return page


def shadow(corners: np.ndarray, shift: tuple, blur: float) -> np.ndarray:
    """A soft shadow of a quadrangle as a mask."""
    mask = np.zeros((HEIGHT, WIDTH), np.float32)
    cv2.fillPoly(mask, [np.int32(corners + np.float32(shift))], 1.0, cv2.LINE_AA)
    return cv2.GaussianBlur(mask, (0, 0), blur)


def pin(sheet: Sheet, x: float, y: float, colour: tuple) -> None:
    """A round-headed pin with its shadow and a highlight."""

    def disc(cx, cy, r):
        return lambda d, s: d.ellipse([(cx - r) * s, (cy - r) * s, (cx + r) * s, (cy + r) * s], fill=255)

    sheet.draw(disc(x + 12, y + 15, 17), (30, 24, 20), 0.45, 6)
    sheet.draw(disc(x, y, 19), colour, 1.0, 0.6)
    sheet.draw(disc(x + 2, y + 3, 13), tuple(0.72 * c for c in colour), 0.8, 4)
    sheet.draw(disc(x - 6, y - 7, 4.5), (255, 250, 245), 0.85, 1.5)


def make(seed: int) -> Sheet:
    """The notice on its board, upright, 1170 x 1560."""
    rng = np.random.default_rng(seed + 2)
    sheet = cork(rng)
    slip = np.float32([(760, 1300), (1240, 1262), (1262, 1640), (782, 1668)])  # another paper, half hidden
    sheet.tint(shadow(slip, (8, 12), 9) * 0.45, (40, 26, 14))
    sheet.paste(Sheet.plain(200, 240, (240, 219, 140)), slip)
    corners = np.float32([(78, 92), (1086, 66), (1104, 1478), (58, 1462)])
    sheet.tint(shadow(corners, (5, 7), 4) * 0.35, (40, 26, 14))
    sheet.tint(shadow(corners, (16, 24), 20) * 0.45, (40, 26, 14))
    sheet.paste(printed_page(rng), corners)
    pin(sheet, 586, 112, (196, 48, 44))
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    wave = 0.018 * np.sin(x / 130 + y / 700) + 0.012 * np.sin(y / 190 + 1)
    lamp = 1.06 - 0.20 * ((x / WIDTH - 0.28) ** 2 + (y / HEIGHT - 0.22) ** 2)
    sheet.light(lamp * (1 + wave))
    sheet.pixels *= np.float32((1.01, 1.0, 0.975))
    sheet.bend(lambda u, v: (2.5 * np.sin(v / 260 + 0.4), 4.0 * np.sin(u / 230)), border=(181, 137, 92))
    sheet.grain(rng, 2.0)
    return sheet
