"""Still lifes. In: a canvas and chance. Out: tables, tools, windows, flowers and people, drawn from flat shapes."""

from __future__ import annotations

import math
from random import Random

from PIL import Image, ImageDraw

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
    SCALE,
    SLATE,
    WIDTH,
    Canvas,
)
from service.sample.landscapes import ridge, train


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
        ridge(inner, chance, 330 + n * 76, 50, colour)
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
    train(c, -60, 482, 3, SAGE, PAPER, EMBER, 1.7)
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
