"""Canvas. In: shapes in units of a 1200 × 675 picture. Out: PNG bytes with smooth edges; the colours of the house."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw

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
