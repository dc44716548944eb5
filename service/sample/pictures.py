"""Pictures. In: a motif and a seed. Out: a calm 1200 × 675 illustration as PNG bytes, the same for the same seed.

Drawn by us from the colours of the house; no text in any of them. Each motif is one function of the table at the end.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from random import Random

from PIL import Image, ImageDraw, ImageOps

WIDTH, HEIGHT = 1200, 675
SCALE = 2
"""Drawn twice as large and reduced: that is what makes the edges smooth."""

PAPER, SAND, LINE = "#fbf6ec", "#efe4d2", "#d8d4cb"
INK, SLATE, DUSK, MIST = "#1d2a33", "#33505c", "#5f8290", "#b9cdd0"
GREEN, LEAF, SAGE, QUIET = "#0b6b5d", "#3f9384", "#93bfb4", "#e3f1ee"
EMBER, APRICOT, BLUSH = "#c2410c", "#f0995f", "#f8d5bd"

Point = tuple[float, float]


class Canvas:
    """A drawing in units of the finished picture."""

    def __init__(self, ground: str) -> None:
        self.image = Image.new("RGB", (WIDTH * SCALE, HEIGHT * SCALE), ground)
        self.pen = ImageDraw.Draw(self.image)

    def box(self, x: float, y: float, w: float, h: float, fill: str, radius: float = 0) -> None:
        corners = (x * SCALE, y * SCALE, (x + w) * SCALE, (y + h) * SCALE)
        self.pen.rounded_rectangle(corners, radius * SCALE, fill=fill)

    def disc(self, x: float, y: float, r: float, fill: str, flat: float = 1.0) -> None:
        self.pen.ellipse(((x - r) * SCALE, (y - r * flat) * SCALE, (x + r) * SCALE, (y + r * flat) * SCALE), fill=fill)

    def half(self, x: float, y: float, r: float, fill: str, up: bool) -> None:
        box = ((x - r) * SCALE, (y - r) * SCALE, (x + r) * SCALE, (y + r) * SCALE)
        self.pen.pieslice(box, 180 if up else 0, 360 if up else 180, fill=fill)

    def shape(self, points: list[Point], fill: str) -> None:
        self.pen.polygon([(x * SCALE, y * SCALE) for x, y in points], fill=fill)

    def stroke(self, points: list[Point], fill: str, width: float) -> None:
        self.pen.line([(x * SCALE, y * SCALE) for x, y in points], fill=fill, width=int(width * SCALE), joint="curve")

    def bands(self, colours: tuple[str, ...], top: float, bottom: float) -> None:
        """A sky of broad, calm bands."""
        step = (bottom - top) / len(colours)
        for n, colour in enumerate(colours):
            self.box(0, top + n * step, WIDTH, step + 1, colour)

    def png(self) -> bytes:
        small = self.image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
        out = io.BytesIO()
        small.save(out, "PNG")
        return out.getvalue()


def _ridge(c: Canvas, chance: Random, base: float, swing: float, fill: str, rough: float = 1.0) -> list[Point]:
    """A line of hills from edge to edge: three waves of chance lengths."""
    waves = [(chance.uniform(0.8, 2.2) * k, chance.uniform(0, 7), swing / (k * 1.4)) for k in (1, 2, 4 * rough)]
    line = [
        (float(x), base + sum(a * math.sin(x / WIDTH * math.tau * f + p) for f, p, a in waves))
        for x in range(-10, WIDTH + 20, 6)
    ]
    c.shape([*line, (WIDTH + 20, HEIGHT + 10), (-10, HEIGHT + 10)], fill)
    return line


def _fir(c: Canvas, x: float, foot: float, tall: float, fill: str) -> None:
    c.box(x - tall * 0.03, foot - tall * 0.2, tall * 0.06, tall * 0.22, SLATE)
    for n in range(3):
        wide, top = tall * (0.2 + 0.07 * n), foot - tall * (1 - 0.22 * n)
        c.shape([(x, top), (x - wide, top + tall * 0.42), (x + wide, top + tall * 0.42)], fill)


def _train(c: Canvas, x: float, y: float, cars: int, body: str, lit: str, stripe: str, size: float = 1.0) -> None:
    """A sleeper from the side; its wheels stand on y."""
    wide, tall = 250 * size, 78 * size
    for n in range(cars):
        left = x + n * (wide + 8 * size)
        for wheel in (0.18, 0.3, 0.7, 0.82):
            c.disc(left + wide * wheel, y - 8 * size, 11 * size, INK)
        c.box(left, y - tall - 14 * size, wide, tall, body, 14 * size)
        c.box(left, y - tall * 0.36 - 14 * size, wide, 5 * size, stripe)
        for k in range(6):
            c.box(left + (20 + k * 37) * size, y - tall + 2 * size, 24 * size, 27 * size, lit, 5 * size)


def hills(c: Canvas, chance: Random) -> None:
    """Hills before a low sun."""
    c.bands((BLUSH, "#f9dfca", "#fae8d8", PAPER), 0, HEIGHT * 0.75)
    c.disc(chance.uniform(320, 900), chance.uniform(190, 260), chance.uniform(70, 110), APRICOT)
    for n, colour in enumerate((MIST, SAGE, LEAF, GREEN)):
        line = _ridge(c, chance, 330 + n * 82, 52 - 6 * n, colour)
    for _ in range(9):
        x, y = chance.choice(line)
        _fir(c, x, y + 30, chance.uniform(60, 120), SLATE)


def night(c: Canvas, chance: Random) -> None:
    """A lit train under the moon."""
    c.bands((INK, "#22343f", "#2a404b", SLATE), 0, HEIGHT)
    for _ in range(70):
        c.disc(chance.uniform(0, WIDTH), chance.uniform(0, 330), chance.choice((1.2, 1.8, 2.6)), "#e8dfcc")
    x = chance.uniform(180, 1000)
    c.disc(x, 150, 62, "#f6e7c8")
    c.disc(x + 26, 138, 54, "#22343f")
    _ridge(c, chance, 400, 60, DUSK)
    _ridge(c, chance, 470, 40, "#3d6470")
    c.box(0, 580, WIDTH, 100, "#16222a")
    c.box(0, 574, WIDTH, 6, MIST)
    _train(c, chance.uniform(-160, 40), 574, 5, GREEN, "#f8d58f", APRICOT)


def sea(c: Canvas, chance: Random) -> None:
    """A coast with a small boat."""
    c.bands((QUIET, "#edf2e9", "#f7efdf", BLUSH), 0, 330)
    c.disc(chance.uniform(250, 950), 330, 84, EMBER)
    c.bands((DUSK, "#4f7787", "#426977", SLATE), 330, HEIGHT)
    for n in range(26):
        y = 345 + n * 12.5
        x = chance.uniform(-40, WIDTH)
        c.box(x, y, chance.uniform(40, 190), 3, MIST if n % 3 else BLUSH, 2)
    x, y = chance.uniform(280, 860), chance.uniform(440, 500)
    c.shape([(x - 74, y), (x + 74, y), (x + 46, y + 34), (x - 52, y + 34)], INK)
    c.shape([(x - 4, y - 150), (x - 4, y - 8), (x - 62, y - 8)], PAPER)
    c.shape([(x + 6, y - 128), (x + 6, y - 8), (x + 66, y - 8)], APRICOT)
    side = chance.choice((-1, 1))
    edge = 0 if side < 0 else WIDTH
    c.shape([(edge, 250), (edge - side * 240, 320), (edge - side * 300, 352), (edge, 360)], GREEN)
    c.box(edge - side * 120 - 9, 196, 18, 90, PAPER)
    c.disc(edge - side * 120, 192, 14, EMBER)


def table(c: Canvas, chance: Random) -> None:
    """A still life: bowl, jug, fruit on a cloth."""
    wall, bowl, vessel = chance.choice(
        ((QUIET, GREEN, SLATE), (BLUSH, SLATE, GREEN), ("#e6ddcb", EMBER, DUSK), (MIST, INK, GREEN))
    )
    c.bands((wall, wall), 0, 430)
    c.box(0, 430, WIDTH, 250, SAND)
    c.box(120, 430, WIDTH - 240, 250, PAPER)
    for n in range(7):
        c.box(150 + n * 136, 430, 10, 250, BLUSH)
    x = chance.uniform(300, 480)
    c.disc(x, 558, 190, "#e0d3bd", 0.16)
    for n in range(5):
        tone = chance.choice((EMBER, APRICOT, "#e2763a", LEAF))
        c.disc(x - 104 + n * 52, 392 - 22 * (n % 2), chance.uniform(40, 52), tone)
    c.half(x, 412, 165, bowl, up=False)
    c.box(x - 46, 566, 92, 16, bowl, 6)
    jug = chance.uniform(760, 900)
    c.disc(jug, 570, 130, "#e0d3bd", 0.16)
    c.box(jug - 76, 300, 152, 270, vessel, 56)
    c.box(jug - 46, 232, 92, 130, vessel, 18)
    c.box(jug - 56, 226, 112, 20, INK, 10)
    for n in range(5):
        tip = (jug - 130 + n * 64, chance.uniform(70, 130))
        c.stroke([(jug + (n - 2) * 12, 240), tip], GREEN, 5)
        c.disc(tip[0], tip[1], chance.uniform(17, 27), chance.choice((EMBER, APRICOT, SAGE)))
    for n in range(2):
        c.disc(jug + 150 + n * 64, 556, 38, chance.choice((APRICOT, EMBER)))


def city(c: Canvas, chance: Random) -> None:
    """Roofs and towers by a river."""
    c.bands(("#f9e3d0", "#fbeede", PAPER), 0, 480)
    c.disc(chance.uniform(150, 1050), 160, 66, APRICOT)
    for depth, (tone, low) in enumerate(((MIST, 300), (SAGE, 350), (DUSK, 410))):
        x = -30.0
        while x < WIDTH:
            wide, top = chance.uniform(70, 150), low + chance.uniform(-70, 50)
            c.box(x, top, wide, 520 - top, tone)
            roof = chance.choice(("gable", "gable", "flat", "tower", "dome"))
            if roof == "gable":
                c.shape(
                    [(x - 6, top), (x + wide + 6, top), (x + wide / 2, top - wide * 0.42)], EMBER if depth else BLUSH
                )
            elif roof == "tower":
                c.shape([(x + wide * 0.3, top), (x + wide * 0.7, top), (x + wide / 2, top - 130)], GREEN)
            elif roof == "dome":
                c.half(x + wide / 2, top + 2, wide * 0.36, LEAF, up=True)
            if depth == 2:
                for k in range(int(wide // 30)):
                    for row in range(2):
                        c.box(x + 13 + k * 30, top + 26 + row * 44, 14, 24, "#f8d9a0", 4)
            x += wide + 4
    c.box(0, 510, WIDTH, 170, SLATE)
    for _ in range(24):
        c.box(chance.uniform(-30, WIDTH), chance.uniform(526, 664), chance.uniform(40, 160), 4, DUSK, 2)
    for n in range(4):
        c.half(150 + n * 300, 560, 118, PAPER, up=True)
        c.half(150 + n * 300, 560, 92, SLATE, up=True)
    c.box(0, 436, WIDTH, 34, PAPER)


def _hammer(c: Canvas, x: float) -> None:
    c.box(x - 9, 130, 18, 220, "#b98a5e", 8)
    c.box(x - 52, 120, 104, 44, INK, 8)


def _wheel(c: Canvas, x: float) -> None:
    for radius, tone in ((78, GREEN), (50, SAND), (16, GREEN)):
        c.disc(x, 240, radius, tone)


def _saw(c: Canvas, x: float) -> None:
    c.shape([(x - 30, 130), (x + 30, 130), (x + 74, 360), (x - 30, 360)], MIST)
    c.box(x - 44, 112, 92, 50, EMBER, 20)


def _spanner(c: Canvas, x: float) -> None:
    c.box(x - 7, 150, 14, 210, SLATE, 6)
    c.half(x, 150, 40, SLATE, up=False)
    c.disc(x, 132, 22, SAND)


def _awl(c: Canvas, x: float) -> None:
    c.box(x - 20, 120, 40, 110, EMBER, 16)
    c.shape([(x - 8, 230), (x + 8, 230), (x + 4, 370), (x - 4, 370)], DUSK)


def workshop(c: Canvas, chance: Random) -> None:
    """Tools on a wall above a bench."""
    c.bands((SAND, SAND), 0, 500)
    for row in range(4):
        c.box(0, 118 + row * 124, WIDTH, 3, "#e3d5be")
    c.box(0, 500, WIDTH, 60, "#b98a5e")
    c.box(0, 556, WIDTH, 120, "#96683f")
    tools = [_hammer, _wheel, _saw, _spanner, _awl]
    chance.shuffle(tools)
    for n, draw in enumerate(tools):
        draw(c, 150 + n * 225)
    x = chance.uniform(240, 800)
    c.box(x, 404, 240, 96, GREEN, 12)
    c.box(x + 20, 424, 200, 10, SAGE, 5)
    c.box(x - 150, 450, 120, 50, SLATE, 8)
    for n in range(4):
        c.disc(x + 300 + n * 34, 486 - 14 * (n % 2), 15, chance.choice((APRICOT, DUSK, EMBER)))


def window(c: Canvas, chance: Random) -> None:
    """A berth's window: a landscape, a curtain, a cup."""
    c.bands(("#2b4a4c", "#2b4a4c"), 0, HEIGHT)
    inner = Canvas(BLUSH)
    inner.bands((MIST, "#d9e2da", "#f4e4d2", BLUSH), 0, 420)
    inner.disc(chance.uniform(380, 840), 240, 60, EMBER)
    for n, colour in enumerate((DUSK, LEAF, GREEN)):
        _ridge(inner, chance, 330 + n * 76, 50, colour)
    view = inner.image.crop((180 * SCALE, 80 * SCALE, 1020 * SCALE, 520 * SCALE))
    mask = Image.new("L", view.size, 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, view.width - 1, view.height - 1), 54 * SCALE, fill=255)
    c.box(162, 62, 876, 476, "#d9b98c", 68)
    c.image.paste(view, (180 * SCALE, 80 * SCALE), mask)
    for n in range(5):
        for side in (-1, 1):
            x = 600 + side * (560 - n * 44)
            c.box(x - 24, 0, 48, 560 - n * 8, EMBER if n % 2 else "#a83a0c", 18)
    c.box(0, 560, WIDTH, 120, "#b98a5e")
    c.box(0, 560, WIDTH, 12, "#d9b98c")
    cup = chance.uniform(420, 780)
    c.disc(cup, 606, 92, "#8f6440", 0.2)
    c.disc(cup + 58, 552, 28, PAPER)
    c.disc(cup + 58, 552, 16, "#b98a5e")
    c.box(cup - 60, 508, 120, 92, PAPER, 26)
    c.box(cup - 60, 540, 120, 10, GREEN)


def rails(c: Canvas, chance: Random) -> None:
    """Rails that run to the horizon through fields."""
    c.bands((QUIET, "#eff3e8", PAPER, "#faead9"), 0, 320)
    c.disc(600 + chance.uniform(-160, 160), 300, 92, APRICOT)
    _ridge(c, chance, 300, 32, SAGE)
    c.box(0, 330, WIDTH, 350, LEAF)
    for n in range(7):
        left = n * 190 - 90 + chance.uniform(-20, 20)
        tone = (SAGE, GREEN, "#d9b56d", LEAF)[n % 4]
        c.shape([(600 + (n - 3) * 22, 330), (600 + (n - 2) * 22, 330), (left + 330, HEIGHT), (left, HEIGHT)], tone)
    c.shape([(588, 330), (612, 330), (860, HEIGHT), (340, HEIGHT)], SAND)
    y = 338.0
    while y < HEIGHT:
        near = (y - 330) / 345
        c.box(600 - 14 - 200 * near, y, 28 + 400 * near, 3 + 15 * near, "#8f6440", 2)
        y += 8 + 34 * near
    for side in (-1, 1):
        c.shape(
            [(600 + side * 7, 330), (600 + side * 9, 330), (600 + side * 160, HEIGHT), (600 + side * 140, HEIGHT)], INK
        )
    for _ in range(8):
        x = chance.choice((chance.uniform(20, 380), chance.uniform(820, 1180)))
        _fir(c, x, chance.uniform(350, 400), chance.uniform(60, 110), SLATE)


def garden(c: Canvas, chance: Random) -> None:
    """Leaves and blossoms, large and flat."""
    c.bands((QUIET, QUIET), 0, HEIGHT)
    c.disc(chance.uniform(300, 900), 330, 250, "#f9e3d0")
    for n in range(11):
        x, tall = 60 + n * 108 + chance.uniform(-24, 24), chance.uniform(240, 520)
        sway = chance.uniform(-50, 50)
        c.stroke([(x, HEIGHT), (x + sway / 2, HEIGHT - tall / 2), (x + sway, HEIGHT - tall)], GREEN, 7)
        for k in range(3, 8):
            at = tall * k / 9
            for side in (-1, 1):
                px, py = x + sway * k / 9, HEIGHT - at
                leaf = [(px, py), (px + side * 42, py - 44), (px + side * 74, py - 40), (px + side * 46, py - 6)]
                c.shape(leaf, (LEAF, SAGE, GREEN)[(n + k) % 3])
        top = (x + sway, HEIGHT - tall)
        tone = (EMBER, APRICOT, PAPER, BLUSH)[n % 4]
        for k in range(6):
            c.disc(top[0] + 26 * math.cos(k * math.tau / 6), top[1] + 26 * math.sin(k * math.tau / 6), 21, tone)
        c.disc(top[0], top[1], 17, "#d9a441" if tone != APRICOT else INK)


def people(c: Canvas, chance: Random) -> None:
    """Colleagues on a platform, as calm shapes."""
    c.bands(("#f9e3d0", "#fbeede", PAPER), 0, 470)
    c.box(0, 90, WIDTH, 26, SLATE)
    for n in range(4):
        c.box(130 + n * 310, 110, 18, 380, SLATE)
    _train(c, -60, 482, 3, SAGE, PAPER, EMBER, 1.7)
    c.box(0, 482, WIDTH, 200, "#d9cbb4")
    c.box(0, 482, WIDTH, 12, APRICOT)
    skins = ("#7a4b2e", "#c58c63", "#e8bd98", "#a46a44")
    coats = [EMBER, GREEN, INK, DUSK, APRICOT]
    chance.shuffle(coats)
    for n, coat in enumerate(coats):
        x, tall = 190 + n * 205 + chance.uniform(-24, 24), chance.uniform(0, 34)
        c.disc(x, 634, 74, "#c6b69c", 0.16)
        c.box(x - 26, 520, 20, 112, INK, 8)
        c.box(x + 6, 520, 20, 112, INK, 8)
        c.box(x - 48, 372 - tall, 96, 186 + tall, coat, 44)
        c.disc(x, 334 - tall, 40, chance.choice(skins))
        c.half(x, 326 - tall, 42, chance.choice((INK, "#5b3a22", SLATE)), up=True)
        if n % 2:
            c.box(x + 54, 560, 58, 74, chance.choice((EMBER, GREEN, SLATE)), 10)


MOTIFS: dict[str, Callable[[Canvas, Random], None]] = {
    motif.__name__: motif for motif in (hills, night, sea, table, city, workshop, window, rails, garden, people)
}


def draw(motif: str, seed: str) -> bytes:
    """Return a picture as PNG. Raises KeyError for an unknown motif."""
    canvas = Canvas(PAPER)
    chance = Random(f"{motif} {seed}")  # noqa: S311  (a picture is no secret)
    MOTIFS[motif](canvas, chance)
    if chance.random() < 0.5:
        canvas.image = ImageOps.mirror(canvas.image)
    return canvas.png()
