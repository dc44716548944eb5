"""Colours. In: one or two colours of a programme. Out: the look's roles in them, light and dark; contrast, checked.

Relative luminance and contrast are those of WCAG 2.2 (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType

Colours = tuple[str, str]
"""What acts (links, buttons) and what celebrates (streaks, winners), each `#rrggbb`; "": the look's own."""

NONE: Colours = ("", "")

TEXT = 4.5
"""Least contrast of text with its ground (WCAG 2.2, 1.4.3)."""

BY_NIGHT = 6.5
"""Contrast that a colour is lightened to on dark paper: what only just passes is dull there."""

LIGHT = {
    "paper": "#fbfaf7",
    "surface": "#ffffff",
    "ink": "#1d2a33",
    "muted": "#5a6872",
    "line": "#d8d4cb",
    "act": "#0b6b5d",
    "act_strong": "#07554a",
    "on_act": "#ffffff",
    "quiet": "#e3f1ee",
    "celebrate": "#c2410c",
    "glow": "#fdf0e8",
}
"""The look's colours by role, light: those of static/goodword.css."""

DARK = {
    "paper": "#12181c",
    "surface": "#1a2227",
    "ink": "#e7f3f0",
    "muted": "#9fb0ba",
    "line": "#2c373e",
    "act": "#5ec9b5",
    "act_strong": "#86dccc",
    "on_act": "#12181c",
    "quiet": "#16302c",
    "celebrate": "#ff9d6b",
    "glow": "#2e2019",
}
"""The same roles, dark."""

_WRITTEN = re.compile(r"#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
_STEPS = 256


def normal(text: str) -> str | None:
    """Return a colour as `#rrggbb`, however it was written (`#0A5`, `00aa55`); None for what is no colour."""
    found = _WRITTEN.fullmatch(text.strip())
    if not found:
        return None
    digits = found[1].lower()
    return "#" + (digits if len(digits) == 6 else "".join(2 * digit for digit in digits))


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def luminance(colour: str) -> float:
    """Return the relative luminance of `#rrggbb`, 0 (black) to 1 (white)."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (each / 255 for each in _parts(colour))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21, whichever is in front."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def mixed(colour: str, ground: str, part: float) -> str:
    """Return `colour` over `ground`, `part` of it (0 to 1)."""
    return "#" + "".join(
        f"{round(above * part + below * (1 - part)):02x}"
        for above, below in zip(_parts(colour), _parts(ground), strict=True)
    )


def shade(colour: str, grounds: Iterable[str], least: float, towards: str) -> str:
    """Return the colour with as little of `towards` (black or white) in it as gives `least` contrast on all grounds.

    One that has it already comes back as it is; where even `towards` has not, `towards` comes back.
    """
    below = tuple(grounds)
    for step in range(_STEPS + 1):
        found = mixed(towards, colour, step / _STEPS)
        if all(contrast(found, ground) >= least for ground in below):
            return found
    return towards


def passing(colour: str) -> str:
    """Return the nearest shade that is read on light paper, and white on it: the colour itself where it is."""
    return shade(colour, (LIGHT["paper"], LIGHT["surface"]), TEXT, "#000000")


def least(colour: str) -> float:
    """Return the contrast of a colour on light paper, where it is the smallest."""
    return min(contrast(colour, LIGHT[role]) for role in ("paper", "surface"))


def _ground(colour: str, paper: str, part: float, *texts: str) -> str:
    """Return a tint of paper on which the colour and these texts are read: paper itself at the least."""
    while part > 0 and min(contrast(text, mixed(colour, paper, part)) for text in (colour, *texts)) < TEXT:
        part -= 0.01
    return mixed(colour, paper, max(part, 0))


@lru_cache(maxsize=64)
def light(colours: Colours) -> Mapping[str, str]:
    """Return the light roles in these colours; each is expected to pass, and is darkened where it does not."""
    found = dict(LIGHT)
    act, celebrate = colours
    if act:
        act = passing(act)
        quiet = _ground(act, LIGHT["surface"], 0.12, LIGHT["muted"])
        found.update(act=act, act_strong=mixed("#000000", act, 0.22), quiet=quiet)
    if celebrate:
        celebrate = passing(celebrate)
        found.update(celebrate=celebrate, glow=_ground(celebrate, LIGHT["surface"], 0.1, LIGHT["muted"]))
    return MappingProxyType(found)


@lru_cache(maxsize=64)
def dark(colours: Colours) -> Mapping[str, str]:
    """Return the dark roles in these colours, lightened until they are read well."""
    found = dict(DARK)
    act, celebrate = colours
    papers = DARK["paper"], DARK["surface"]
    if act:
        act = shade(act, papers, BY_NIGHT, "#ffffff")
        quiet = _ground(act, DARK["paper"], 0.16, DARK["muted"])
        found.update(act=act, act_strong=mixed("#ffffff", act, 0.3), quiet=quiet)
    if celebrate:
        celebrate = shade(celebrate, papers, BY_NIGHT, "#ffffff")
        found.update(celebrate=celebrate, glow=_ground(celebrate, DARK["paper"], 0.14, DARK["muted"]))
    return MappingProxyType(found)
