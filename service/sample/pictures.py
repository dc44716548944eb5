"""Pictures. In: a motif and a seed. Out: a calm 1200 × 675 illustration as PNG bytes, the same for the same seed.

Drawn by us; no text in any of them.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from PIL import ImageOps

from service.sample.canvas import PAPER, Canvas
from service.sample.landscapes import city, hills, night, rails, sea
from service.sample.still_lifes import garden, people, table, window, workshop

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
