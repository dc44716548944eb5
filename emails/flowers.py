"""Flowers. In: readers of each share of a month, active weeks. Out: a picture of it as PNG; it holds no words.

A flower is a share, a seed a reader, a leaf an active week; whoever shows it says the same beside it. Shapes are in a
field of 1200 by 600.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from PIL import Image, ImageDraw

SIZE = (1200, 600)
"""Pixels of the PNG: twice what a mail shows."""
MOST_FLOWERS, MOST_SEEDS, MOST_LEAVES = 8, 60, 6
"""What is more is drawn as so many: a picture is to be looked at, figures stand beside it."""

PAPER, GROUND, STEM, PETAL, HEART, SEED = "#fbfaf7", "#e3f1ee", "#0b6b5d", "#f6b98d", "#fdf1e3", "#c2410c"
_GOLDEN = math.pi * (3 - math.sqrt(5))
"""The golden angle: seeds of a sunflower lie so (Vogel 1979)."""
_SHARPER = 2
_SPEC = re.compile(r"([0-6])((?:-[1-9][0-9]?){1,8})")


class Disc(NamedTuple):
    """A filled circle."""

    x: float
    y: float
    radius: float
    colour: str


class Line(NamedTuple):
    """A stem: a straight line with round ends."""

    x: float
    y: float
    to_x: float
    to_y: float
    width: float
    colour: str


class Leaf(NamedTuple):
    """A leaf from a stem: where it begins, and to which side it grows (-1 or 1)."""

    x: float
    y: float
    side: int
    colour: str

    def outline(self) -> list[tuple[float, float]]:
        """Return its edge: two curves between the stem and the tip."""
        points = []
        for k in range(25):
            way, bow = (k / 12, 1) if k <= 12 else ((24 - k) / 12, -1)
            swell = 15 * math.sin(math.pi * way) * bow
            points.append((self.x + self.side * (62 * way + swell * 0.4), self.y - 34 * way - swell))
        return points


def spec(readers: Sequence[int], weeks: int) -> str:
    """Return what is drawn as a short text: leaves, then seeds of each flower (`3-12-4`). Raises ValueError for none.

    `readers` of each share, those of at least one; the most read stand in the middle.
    """
    seeds = sorted((min(n, MOST_SEEDS) for n in readers if n > 0), reverse=True)[:MOST_FLOWERS]
    if not seeds:
        raise ValueError("no share was read")
    middle = seeds[::-1][len(seeds) % 2 :: 2] + seeds[::2]
    return "-".join(str(n) for n in (min(max(weeks, 0), MOST_LEAVES), *middle))


def shapes(drawn: str) -> list[Disc | Line | Leaf]:
    """Return the shapes of a `spec`. Raises ValueError for a text that is none."""
    found = _SPEC.fullmatch(drawn)
    if found is None:
        raise ValueError("not a picture of a month")
    leaves, seeds = int(found[1]), [min(int(n), MOST_SEEDS) for n in found[2][1:].split("-")]
    width, height = SIZE
    step = width / (len(seeds) + 1)
    result: list[Disc | Line | Leaf] = [Disc(width / 2, height + 3880, 4000, GROUND)]
    crowd = min(1.0, 3.4 / len(seeds) + 0.42)
    for n, count in enumerate(seeds):
        x = step * (n + 1)
        radius = (40 + 9 * math.sqrt(count)) * crowd
        y = height - 210 - 170 * math.sqrt(count / max(seeds)) + (34 if n % 2 else 0)
        result.append(Line(x, height - 58, x, y, 9, STEM))
        for leaf in range(leaves if len(seeds) == 1 else _share(leaves, n, len(seeds))):
            result.append(Leaf(x, height - 82 - 26 * leaf, 1 if (leaf + n) % 2 else -1, STEM))
        petals = max(9, round(2 * math.pi * radius / 24))
        for k in range(petals):
            angle = 2 * math.pi * k / petals
            result.append(Disc(x + radius * math.cos(angle), y + radius * math.sin(angle), 17, PETAL))
        result.append(Disc(x, y, radius, HEART))
        for k in range(count):
            away, angle = (radius - 12) * (math.sqrt((k + 0.5) / count) if count > 1 else 0), k * _GOLDEN
            result.append(Disc(x + away * math.cos(angle), y + away * math.sin(angle), 5.5, SEED))
    return result


def _share(leaves: int, n: int, flowers: int) -> int:
    """Spread so many leaves over the flowers, the first ones first."""
    return leaves // flowers + (1 if n < leaves % flowers else 0)


@lru_cache(maxsize=256)
def png(drawn: str) -> bytes:
    """Return the picture of a `spec` as PNG of SIZE pixels. Raises ValueError for a text that is none."""
    width, height = (side * _SHARPER for side in SIZE)
    picture = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(picture)
    for shape in shapes(drawn):
        if isinstance(shape, Leaf):
            draw.polygon([(px * _SHARPER, py * _SHARPER) for px, py in shape.outline()], fill=shape.colour)
            continue
        x, y = shape.x * _SHARPER, shape.y * _SHARPER
        if isinstance(shape, Disc):
            r = shape.radius * _SHARPER
            draw.ellipse((x - r, y - r, x + r, y + r), fill=shape.colour)
        else:
            draw.line((x, y, shape.to_x * _SHARPER, shape.to_y * _SHARPER), fill=shape.colour, width=18)
    out = io.BytesIO()
    picture.resize(SIZE, Image.Resampling.LANCZOS).quantize(64).save(out, "PNG", optimize=True)
    return out.getvalue()
