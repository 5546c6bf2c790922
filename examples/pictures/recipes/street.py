"""An old street at dusk: shop signs in perspective or on brackets, a sagging banner, a gate, lamps.

One-point perspective: a point `across` metres right of the eye, `up` metres above the ground and `z` metres
away is seen at (EYE_X + across * FOCAL / z, EYE_Y - (up - EYE) * FOCAL / z).
"""

import cv2
import numpy as np

from .facades import card, hanging_sign, left_wall, paving, right_wall
from .sheet import Colour, Sheet, noise, row

HEIGHT, WIDTH = 1066, 1600
FOCAL, EYE_X, EYE_Y, EYE = 1100.0, 1000.0, 610.0, 1.6
LEFT, RIGHT, FAR, TALL = -6.0, 4.0, 27.0, 9.0
GATE_Z = 24.0
DUSK, DAWN = (44, 66, 124), (255, 206, 150)
# Text, font, ground, ink, rim; the wall it hangs from, distance, height of its top edge, width (metres).
SIGNS = (
    ('鐘錶眼鏡', 'heavy', (24, 54, 110), (248, 246, 236), (200, 204, 214), LEFT, 11.4, 6.75, 0.85),
    ('藥房', 'heavy', (240, 246, 238), (16, 116, 70), (16, 116, 70), RIGHT, 17.0, 4.9, 1.2),
    ('春江花店', 'slanted', (196, 60, 96), (255, 244, 236), (250, 214, 220), RIGHT, 12.4, 5.6, 0.95),
)


def seen(across: float, up: float, z: float) -> tuple[float, float]:
    """Where a point is seen, in pixels."""
    return EYE_X + across * FOCAL / z, EYE_Y - (up - EYE) * FOCAL / z


def sky(rng: np.random.Generator) -> Sheet:
    """Dusk, with thin clouds and two ranges of hills."""
    t = np.linspace(0, 1, HEIGHT, dtype=np.float32) * HEIGHT / EYE_Y
    stops, colours = (0, 0.45, 0.8, 1.0, 2.0), (DUSK, (108, 112, 164), (222, 158, 142), DAWN, DAWN)
    column = np.stack([np.interp(t, stops, [c[i] for c in colours]) for i in range(3)], 1)
    sheet = Sheet(np.repeat(column[:, None], WIDTH, 1))
    clouds = cv2.resize(
        noise(rng, HEIGHT, WIDTH // 5, (4, 9, 20)), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC
    )
    sheet.tint(np.clip(clouds - 0.5, 0, 1) * 0.35, (255, 200, 190))
    x = np.arange(WIDTH)
    for base, high, cells, colour in (
        (545, 26, (9, 20), (128, 110, 146)),
        (578, 18, (13, 30), (84, 78, 112)),
    ):
        ridge = base - high * noise(rng, 1, WIDTH, cells)[0]
        mask = (np.arange(HEIGHT)[:, None] > ridge[x][None]).astype(np.float32)
        sheet.tint(mask, colour)
    return sheet


def glow(sheet: Sheet, x: float, y: float, radius: float, colour: Colour, strength: float) -> None:
    """Light that is added around a lamp."""
    r = int(radius * 3)
    v, u = np.mgrid[-r : r + 1, -r : r + 1].astype(np.float32)
    light = np.exp(-(u * u + v * v) / (2 * radius * radius)) * strength
    x0, y0 = int(x) - r, int(y) - r
    a, b, c, d = max(x0, 0), max(y0, 0), min(x0 + 2 * r + 1, WIDTH), min(y0 + 2 * r + 1, HEIGHT)
    if a < c and b < d:
        sheet.pixels[b:d, a:c] += light[b - y0 : d - y0, a - x0 : c - x0, None] * np.float32(colour)


def gate(sheet: Sheet) -> None:
    """A memorial gate across the end of the street: four posts, three roofs, a name board."""

    def paint(colour: Colour, boxes: list) -> None:
        for left, low, right, high in boxes:
            sheet.box(*seen(left, high, GATE_Z), *seen(right, low, GATE_Z), colour)

    def roof(left: float, right: float, low: float) -> None:
        bend = [
            (left - 0.75, low + 0.42),
            (left - 0.35, low),
            (right + 0.35, low),
            (right + 0.75, low + 0.42),
            (right - 0.3, low + 0.62),
            (left + 0.3, low + 0.62),
        ]
        sheet.draw(
            lambda d, s: d.polygon(
                [(x * s, y * s) for x, y in (seen(a, u, GATE_Z) for a, u in bend)], fill=255
            ),
            (52, 58, 74),
        )

    paint((122, 42, 38), [(p - 0.22, 0, p + 0.22, 5.6) for p in (-4.6, -2.3, 2.3, 4.6)])
    paint((150, 60, 46), [(-4.6, 3.6, -2.3, 4.2), (2.3, 3.6, 4.6, 4.2), (-2.3, 4.0, 2.3, 4.4)])
    paint((38, 74, 84), [(-4.4, 4.2, -2.5, 4.7), (2.5, 4.2, 4.4, 4.7)])
    roof(-4.8, -2.4, 4.7)
    roof(2.4, 4.8, 4.7)
    board = card(420, 150, (30, 44, 84), (('江月坊', 'running', 118, 75, (250, 214, 120)),))
    left, top = seen(-2.0, 5.95, GATE_Z)
    right, low = seen(2.0, 4.45, GATE_Z)
    sheet.paste(board, [(left, top), (right, top), (right, low), (left, low)])
    roof(-2.3, 2.3, 6.0)


def banner(sheet: Sheet) -> None:
    """A cloth across the street; it sags, and its text with it."""
    z, up = 13.0, 6.2
    (x0, y0), (x1, y1) = seen(LEFT, up + 0.3, z), seen(RIGHT, up + 0.3, z)
    sag = 46.0
    rope = [(x0 + (x1 - x0) * t, y0 + (y1 - y0) * t + 4 * sag * t * (1 - t)) for t in np.linspace(0, 1, 60)]
    sheet.draw(lambda d, s: d.line([(x * s, y * s) for x, y in rope], 255, 4), (40, 34, 40))
    width, height = 560, 92
    cloth = Sheet.plain(height + 120, width, (0, 0, 0))
    cloth.box(0, 60, width, 60 + height, (178, 40, 40))
    cloth.box(0, 64, width, 66, (240, 196, 110))
    cloth.box(0, 56 + height - 2, width, 56 + height, (240, 196, 110))
    mask = row('老街夜市歡迎您', 'heavy', 60, 12)
    cloth.write(
        '老街夜市歡迎您',
        mask,
        (width - mask.shape[1]) / 2,
        60 + (height - mask.shape[0]) / 2,
        (252, 232, 170),
    )
    cover = np.zeros((height + 120, width), np.float32)
    cover[60 : 60 + height] = 1
    both = Sheet(np.repeat(cover[..., None], 3, 2))
    depth = 26.0

    def bend(u, v):
        return np.zeros_like(u), -depth * (1 - ((u - width / 2) / (width / 2)) ** 2) + depth / 2

    cloth.bend(bend)
    both.bend(bend)
    wave = 1 + 0.08 * np.sin(np.arange(width) / 23.0)
    cloth.pixels *= wave[None, :, None]
    left, top = (x0 + x1) / 2 - width / 2 + 26, y0 + sag - 62
    sheet.paste(
        cloth,
        [(left, top), (left + width, top), (left + width, top + height + 120), (left, top + height + 120)],
        both.pixels[..., 0].clip(0, 1),
    )


def bracket_sign(sheet: Sheet, sign: Sheet, wall: float, z: float, top: float, wide: float) -> None:
    """Hangs a sign on a bracket at right angles to a wall; `top` is the height of its top edge, in metres."""
    out = 1 if wall < 0 else -1
    a, b = wall + out * 0.15, wall + out * (0.15 + wide)
    x0, y0 = seen(min(a, b), top, z)
    x1, _ = seen(max(a, b), top, z)
    y1 = y0 + (x1 - x0) * sign.height / sign.width
    thick = max(2, int(FOCAL / z * 0.05))
    edge, _ = seen(wall, top, z)
    sheet.box(min(edge, x0), y0 - 3 * thick, max(edge, x1), y0 - 2 * thick, (32, 28, 32))
    for x in (x0 + 0.15 * (x1 - x0), x0 + 0.85 * (x1 - x0)):
        sheet.box(x - thick / 2, y0 - 3 * thick, x + thick / 2, y0, (32, 28, 32))
    sheet.box(x0 + out * 5, y0 + 4, x1 + out * 5, y1 + 4, (20, 14, 22), 0.45)
    sheet.paste(sign, [(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
    glow(sheet, (x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0) * 0.8, (255, 190, 120), 0.10)


def lamp_post(sheet: Sheet, across: float, z: float) -> None:
    """A cast-iron post with a lantern; it lights the stones at its foot."""
    s = FOCAL / z
    x, foot = seen(across, 0, z)
    _, top = seen(across, 4.3, z)
    v, u = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    pool = np.exp(-(((u - x) / (1.9 * s)) ** 2 + ((v - foot) / (0.55 * s)) ** 2)) * (v > EYE_Y)
    sheet.light(1 + 0.75 * pool)
    iron = (28, 28, 36)
    sheet.box(x - 0.055 * s, top, x + 0.055 * s, foot, iron)
    sheet.box(x - 0.02 * s, top, x + 0.0 * s, foot, (70, 66, 78))
    sheet.box(x - 0.13 * s, foot - 0.5 * s, x + 0.13 * s, foot, iron)
    sheet.box(x - 0.18 * s, foot - 0.1 * s, x + 0.18 * s, foot, iron)
    shape = [(-0.12, 0), (0.12, 0), (0.21, 0.52), (-0.21, 0.52)]
    hat = [(-0.27, 0.5), (0.27, 0.5), (0.05, 0.78), (-0.05, 0.78)]

    def poly(points):
        return lambda d, k: d.polygon([((x + a * s) * k, (top - b * s) * k) for a, b in points], fill=255)

    glow(sheet, x, top - 0.28 * s, 0.6 * s, (255, 180, 100), 0.38)
    sheet.draw(poly(shape), (255, 240, 196))
    sheet.draw(poly(hat), iron)
    glow(sheet, x, top - 0.28 * s, 0.22 * s, (255, 220, 150), 0.6)


def ellipse(x: float, y: float, a: float, b: float):
    """A paint for Sheet.draw: an upright ellipse around (x, y) with half axes a and b."""
    return lambda d, k: d.ellipse([(x - a) * k, (y - b) * k, (x + a) * k, (y + b) * k], fill=255)


def lanterns(sheet: Sheet, z: float, up: float, count: int, sag: float) -> None:
    """Red paper lanterns on a rope from wall to wall."""
    s = FOCAL / z
    points = []
    for t in np.linspace(0, 1, 50):
        points.append(seen(LEFT + (RIGHT - LEFT) * t, up - 4 * sag * t * (1 - t), z))
    sheet.draw(lambda d, k: d.line([(x * k, y * k) for x, y in points], 255, 3), (36, 30, 38))
    for i in range(count):
        t = (i + 0.5) / count
        x, y = seen(LEFT + (RIGHT - LEFT) * t, up - 4 * sag * t * (1 - t), z)
        y += 0.36 * s
        a, b = 0.27 * s, 0.22 * s
        glow(sheet, x, y, 0.5 * s, (255, 90, 50), 0.35)
        sheet.draw(ellipse(x, y, a, b), (206, 44, 34))
        glow(sheet, x, y, 0.13 * s, (255, 150, 70), 0.45)
        sheet.box(x - 0.09 * s, y - b - 0.05 * s, x + 0.09 * s, y - b + 0.03 * s, (220, 170, 80))
        sheet.box(x - 0.09 * s, y + b - 0.03 * s, x + 0.09 * s, y + b + 0.05 * s, (220, 170, 80))
        sheet.box(x - 0.02 * s, y + b + 0.05 * s, x + 0.02 * s, y + b + 0.28 * s, (214, 150, 60))


def tilted(sheet: Sheet, sign: Sheet, x: float, y: float, wide: float, degrees: float) -> None:
    """Lays a sign with its middle at (x, y), `wide` pixels wide, turned by `degrees`."""
    half = (
        np.float32(
            [
                [-1, -sign.height / sign.width],
                [1, -sign.height / sign.width],
                [1, sign.height / sign.width],
                [-1, sign.height / sign.width],
            ]
        )
        * wide
        / 2
    )
    a = np.radians(degrees)
    corners = half @ np.float32([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]]) + (x, y)
    shade = corners + (5, 7)
    sheet.draw(
        lambda d, k: d.polygon([(float(p) * k, float(q) * k) for p, q in shade], fill=255),
        (16, 12, 18),
        0.5,
        4,
    )
    sheet.paste(sign, corners)


def make(seed: int) -> Sheet:
    """The street, 1600 x 1066."""
    rng = np.random.default_rng(seed + 3)
    sheet = sky(rng)
    ground, near = paving(rng, FAR - 3.5, 6.5), 3.5
    sheet.paste(ground, [seen(-6.5, 0, FAR), seen(6.5, 0, FAR), seen(6.5, 0, near), seen(-6.5, 0, near)])
    sheet.box(*seen(-7, 1.5, FAR), *seen(7, 0, FAR), (70, 64, 84))  # a garden wall behind the gate
    sheet.box(*seen(-7, 1.62, FAR), *seen(7, 1.5, FAR), (46, 44, 60))
    gate(sheet)
    for wall, side, close in (
        (left_wall(rng, FAR - 5.9, TALL), LEFT, 5.9),
        (right_wall(rng, FAR - 6.6, TALL), RIGHT, 6.6),
    ):
        depth = np.linspace(0, 1, wall.width, dtype=np.float32)
        depth = depth if side < 0 else depth[::-1]
        haze = np.repeat((0.42 * depth**1.3)[None], wall.height, 0)
        wall.tint(haze, (150, 116, 122))
        height = np.linspace(1, 0, wall.height, dtype=np.float32)
        wall.light(np.repeat((1.02 - 0.38 * height**1.2)[:, None], wall.width, 1))
        ends = (close, FAR) if side < 0 else (FAR, close)
        sheet.paste(
            wall,
            [
                seen(side, TALL, ends[0]),
                seen(side, TALL, ends[1]),
                seen(side, 0, ends[1]),
                seen(side, 0, ends[0]),
            ],
        )
    v, u = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    for across, z, strength in (
        (-4.6, 7.5, 0.6),
        (-4.6, 13, 0.4),
        (2.8, 8.5, 0.5),
    ):  # light from the shop windows
        x, y = seen(across, 0, z)
        sheet.light(
            1
            + strength
            * np.exp(-(((u - x) / (190 * 8 / z)) ** 2 + ((v - y) / (62 * 8 / z)) ** 2))
            * (v > EYE_Y)
        )
    lanterns(sheet, 17.5, 6.6, 9, 0.9)
    banner(sheet)
    lamp_post(sheet, 2.75, 20.0)
    for text, face, ground, ink, rim, wall, z, top, wide in SIGNS:
        bracket_sign(sheet, hanging_sign(text, face, 120, ground, ink, rim), wall, z, top, wide)
    lamp_post(sheet, -2.9, 10.0)
    x, y = seen(-2.9, 3.3, 10.0)
    street_name = card(
        400,
        196,
        (24, 66, 140),
        (('江月路', 'hei', 76, 64, (250, 250, 250)), ('JIANGYUE RD', 'lato-bold', 42, 150, (250, 250, 250))),
    )
    tilted(sheet, street_name, x + 92, y, 176, 2.5)
    stand = card(
        420,
        560,
        (40, 44, 42),
        (
            ('今日好茶', 'kai', 84, 86, (250, 236, 190)),
            ('龍井', 'brush', 96, 216, (240, 244, 236)),
            ('鐵觀音', 'brush', 96, 336, (240, 244, 236)),
            ('OPEN 10–22', 'lato-bold', 58, 464, (250, 206, 120)),
        ),
    )
    for foot in (414, 598):
        sheet.box(foot, 1000, foot + 9, 1036, (30, 28, 28))
    tilted(sheet, stand, 500, 880, 206, -5.0)
    r = np.hypot((u - WIDTH * 0.55) / WIDTH, (v - HEIGHT * 0.5) / HEIGHT)
    sheet.light(1.06 - 0.42 * r**2)
    soft = cv2.GaussianBlur(np.clip(sheet.pixels - 190, 0, None), (0, 0), 9)
    sheet.pixels += 0.35 * soft
    sheet.grain(rng, 1.8)
    return sheet
