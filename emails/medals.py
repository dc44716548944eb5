"""Medals. In: what a badge counts, a level, a form. Out: its picture drawn from one list of shapes, as SVG or as PNG.

A picture never holds words: whoever shows it says beside it what it is. Shapes are in a square of 100 by 100.
"""

from __future__ import annotations

import hashlib
import io
from functools import lru_cache
from typing import NamedTuple

from PIL import Image, ImageDraw

PAPER, GLOW, WARM, INK = "#fbfaf7", "#fdf1e3", "#c2410c", "#1d2a33"
"""Colours of the look: they stay as they are on dark pages, for the medal brings its own ground."""

MEDAL, CARD = (240, 240), (1200, 630)
"""Pixels of the PNG in mails, and of the one that networks show of an award's page (Open Graph)."""

_SHARPER = 3
"""A PNG is drawn so many times larger, then made smaller: its edges are smooth."""


class Shape(NamedTuple):
    """A disc (x, y, radius), a line (x, y, x, y, width) or a polygon (x, y, …), filled with a colour."""

    form: str
    at: tuple[float, ...]
    colour: str


def _disc(x: float, y: float, radius: float, colour: str = WARM) -> Shape:
    return Shape("disc", (x, y, radius), colour)


def _line(x: float, y: float, to_x: float, to_y: float, width: float = 4) -> Shape:
    return Shape("line", (x, y, to_x, to_y, width), WARM)


def _polygon(*at: float, colour: str = WARM) -> Shape:
    return Shape("polygon", at, colour)


def _bubble(x: float, y: float, radius: float) -> list[Shape]:
    return [
        _disc(x, y, radius),
        _polygon(x - radius * 0.8, y + radius * 0.4, x, y + radius * 0.7, x - radius, y + radius * 1.3),
    ]


_BARS = ((31, 12), (41, 19), (51, 26), (61, 33))
_PETALS = ((50, 37), (63, 47), (58, 62), (42, 62), (37, 47))
_RAYS = ((0, -1), (-0.8, -0.6), (0.8, -0.6), (-1, 0), (1, 0))

_SIGNS: dict[str, list[Shape]] = {
    "shares": [*_bubble(50, 46, 17), _disc(42, 46, 2.5, GLOW), _disc(50, 46, 2.5, GLOW), _disc(58, 46, 2.5, GLOW)],
    "readers": [_disc(x, y, 6) for x, y in ((50, 32), (34, 42), (66, 42), (50, 50), (38, 62), (62, 62))],
    "readers-of-one": [*_bubble(43, 44, 13), _disc(63, 56, 9), _disc(63, 56, 6, GLOW)],
    "weeks": [_polygon(x, 64, x + 7, 64, x + 7, 64 - h, x, 64 - h) for x, h in _BARS],
    "networks": [
        *(_line(50, 50, x, y) for x, y in ((50, 30), (33, 62), (67, 62))),
        _disc(50, 50, 7),
        *(_disc(x, y, 6) for x, y in ((50, 30), (33, 62), (67, 62))),
    ],
    "topics": [*(_disc(x, y, 9) for x, y in _PETALS), _disc(50, 51, 6, GLOW)],
    "one-topic": [_disc(50, 50, 22), _disc(50, 50, 16, GLOW), _disc(50, 50, 10), _disc(50, 50, 4, GLOW)],
    "one-campaign": [_line(38, 30, 38, 70), _polygon(40, 31, 68, 40, 40, 50)],
    "whole-campaign": [_line(34, 30, 34, 70), _polygon(36, 31, 60, 38, 36, 46), _polygon(36, 48, 68, 54, 36, 62)],
    "first-of-story": [
        *(_line(50 + 15 * x, 52 + 15 * y, 50 + 24 * x, 52 + 24 * y) for x, y in _RAYS),
        _polygon(36, 56, 64, 56, 60, 46, 50, 41, 40, 46),
        _line(28, 62, 72, 62),
    ],
    "first-on-network": [_polygon(50, 28, 56, 43, 72, 44, 60, 54, 64, 70, 50, 61, 36, 70, 40, 54, 28, 44, 44, 43)],
    "team": [
        *(_disc(x, y, 6) for x, y in ((36, 42), (64, 42), (50, 36))),
        *(_polygon(x - 9, 66, x - 7, y + 9, x + 7, y + 9, x + 9, 66) for x, y in ((36, 42), (64, 42), (50, 36))),
    ],
}  # fmt: skip
"""By kind of scoring.badges; what is counted otherwise gets the sign of shares."""


def shapes(kind: str, level: int) -> list[Shape]:
    """Return a medal as shapes: its ground, one ring for each level up to the third and a dot for each, its sign."""
    found = [_disc(50, 50, 48)]
    found.append(_disc(50, 50, 45, GLOW))
    for n in range(1, min(max(level, 1), 3)):
        found += [_disc(50, 50, 46 - 4 * n, WARM), _disc(50, 50, 45 - 4 * n, GLOW)]
    first = 50 - 3.5 * (max(level, 1) - 1)
    found += [_disc(first + 7 * n, 79, 2.4, INK) for n in range(max(level, 1))] if level > 1 else []
    return found + _SIGNS.get(kind, _SIGNS["shares"])


@lru_cache(maxsize=256)
def svg(kind: str, level: int) -> bytes:
    """Return the medal as SVG, of any size."""
    parts = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" width="96" height="96" aria-hidden="true">']
    for form, at, colour in shapes(kind, level):
        n = [f"{value:g}" for value in at]
        if form == "disc":
            parts.append(f'<circle cx="{n[0]}" cy="{n[1]}" r="{n[2]}" fill="{colour}"/>')
        elif form == "line":
            parts.append(
                f'<path d="M{n[0]} {n[1]}L{n[2]} {n[3]}" stroke="{colour}" stroke-width="{n[4]}" '
                'stroke-linecap="round"/>'
            )
        else:
            points = " ".join(f"{x},{y}" for x, y in zip(n[::2], n[1::2], strict=True))
            parts.append(f'<polygon points="{points}" fill="{colour}"/>')
    return "".join([*parts, "</svg>"]).encode()


@lru_cache(maxsize=256)
def png(kind: str, level: int, size: tuple[int, int] = MEDAL) -> bytes:
    """Return the medal as PNG of MEDAL pixels on nothing, or of CARD pixels in the middle of the look's paper."""
    width, height = (side * _SHARPER for side in size)
    alone = width == height
    picture = Image.new("RGBA", (width, height), "#ffffff00" if alone else PAPER)
    side = min(width, height) * (1 if alone else 0.76)
    left, top, unit = (width - side) / 2, (height - side) / 2, side / 100
    draw = ImageDraw.Draw(picture)
    for form, at, colour in shapes(kind, level):
        if form == "disc":
            x, y, r = left + at[0] * unit, top + at[1] * unit, at[2] * unit
            draw.ellipse((x - r, y - r, x + r, y + r), fill=colour)
            continue
        points = [(left + x * unit, top + y * unit) for x, y in zip(at[:4:2], at[1:4:2], strict=True)]
        if form == "line":
            draw.line(points, fill=colour, width=round(at[4] * unit))
            for x, y in points:
                r = at[4] * unit / 2
                draw.ellipse((x - r, y - r, x + r, y + r), fill=colour)
        else:
            whole = [(left + x * unit, top + y * unit) for x, y in zip(at[::2], at[1::2], strict=True)]
            draw.polygon(whole, fill=colour)
    out = io.BytesIO()
    picture.resize(size, Image.Resampling.LANCZOS).save(out, "PNG", optimize=True)
    return out.getvalue()


def picture(kind: str, level: int, form: str) -> bytes:
    """Return the picture in one of the forms `svg`, `png` and `card.png`. Raises KeyError for another."""
    if form == "svg":
        return svg(kind, level)
    return png(kind, level, {"png": MEDAL, "card.png": CARD}[form])


@lru_cache(maxsize=512)
def name(kind: str, level: int, form: str) -> str:
    """Return the file name that a picture is served under, with its content's hash: `weeks-2-0f3a….svg`."""
    return f"{kind}-{level}-{hashlib.sha256(picture(kind, level, form)).hexdigest()[:24]}.{form}"


KINDS = frozenset(_SIGNS)
"""Kinds that have a sign of their own."""
