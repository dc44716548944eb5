"""Landscapes. In: a canvas and chance. Out: hills, nights, coasts, towns and railway lines, drawn from flat shapes."""

from __future__ import annotations

import math
from random import Random

from service.sample.canvas import (
    APRICOT,
    BLUSH,
    DUSK,
    EMBER,
    GREEN,
    HEIGHT,
    INK,
    LEAF,
    MIST,
    PAPER,
    QUIET,
    SAGE,
    SAND,
    SLATE,
    WIDTH,
    Canvas,
    Point,
)


def ridge(c: Canvas, chance: Random, base: float, swing: float, fill: str, rough: float = 1.0) -> list[Point]:
    """A line of hills from edge to edge: three waves of chance lengths."""
    waves = [(chance.uniform(0.8, 2.2) * k, chance.uniform(0, 7), swing / (k * 1.4)) for k in (1, 2, 4 * rough)]
    line = [
        (float(x), base + sum(a * math.sin(x / WIDTH * math.tau * f + p) for f, p, a in waves))
        for x in range(-10, WIDTH + 20, 6)
    ]
    c.shape([*line, (WIDTH + 20, HEIGHT + 10), (-10, HEIGHT + 10)], fill)
    return line


def fir(c: Canvas, x: float, foot: float, tall: float, fill: str) -> None:
    c.box(x - tall * 0.03, foot - tall * 0.2, tall * 0.06, tall * 0.22, SLATE)
    for n in range(3):
        wide, top = tall * (0.2 + 0.07 * n), foot - tall * (1 - 0.22 * n)
        c.shape([(x, top), (x - wide, top + tall * 0.42), (x + wide, top + tall * 0.42)], fill)


def train(c: Canvas, x: float, y: float, cars: int, body: str, lit: str, stripe: str, size: float = 1.0) -> None:
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
        line = ridge(c, chance, 330 + n * 82, 52 - 6 * n, colour)
    for _ in range(9):
        x, y = chance.choice(line)
        fir(c, x, y + 30, chance.uniform(60, 120), SLATE)


def night(c: Canvas, chance: Random) -> None:
    """A lit train under the moon."""
    c.bands((INK, "#22343f", "#2a404b", SLATE), 0, HEIGHT)
    for _ in range(70):
        c.disc(chance.uniform(0, WIDTH), chance.uniform(0, 330), chance.choice((1.2, 1.8, 2.6)), "#e8dfcc")
    x = chance.uniform(180, 1000)
    c.disc(x, 150, 62, "#f6e7c8")
    c.disc(x + 26, 138, 54, "#22343f")
    ridge(c, chance, 400, 60, DUSK)
    ridge(c, chance, 470, 40, "#3d6470")
    c.box(0, 580, WIDTH, 100, "#16222a")
    c.box(0, 574, WIDTH, 6, MIST)
    train(c, chance.uniform(-160, 40), 574, 5, GREEN, "#f8d58f", APRICOT)


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


def rails(c: Canvas, chance: Random) -> None:
    """Rails that run to the horizon through fields."""
    c.bands((QUIET, "#eff3e8", PAPER, "#faead9"), 0, 320)
    c.disc(600 + chance.uniform(-160, 160), 300, 92, APRICOT)
    ridge(c, chance, 300, 32, SAGE)
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
        fir(c, x, chance.uniform(350, 400), chance.uniform(60, 110), SLATE)
