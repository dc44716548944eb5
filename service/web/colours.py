"""Colours of pages. In: a programme's own colours. Out: a small style sheet and the mark in them, kept for a year.

Both are made of their address alone, so that they are the same for ever and ask no database.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

from flask import Blueprint, Response, abort, url_for

from emails import colours
from emails.colours import Colours
from service import house_colours, programmes
from service.web import assets

room = Blueprint("colours", __name__)

_OWN = "own"
"""Stands in an address for a colour of the look's own."""
_TOKENS = {"act": ("act", "act_strong", "quiet"), "celebrate": ("celebrate", "glow")}


@lru_cache(maxsize=64)
def sheet_of(hue: Colours) -> str:
    """Return the style sheet that gives pages these colours: the tokens of goodword.css that differ, both themes."""
    changed = [role for group, chosen in zip(_TOKENS.values(), hue, strict=True) if chosen for role in group]

    def tokens(theme: dict[str, str]) -> str:
        return " ".join(f"--{role.replace('_', '-')}: {theme[role]};" for role in changed)

    light, dark = tokens(dict(colours.light(hue))), tokens(dict(colours.dark(hue)))
    return f":root {{ {light} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"


def mark_of(hue: Colours) -> str:
    """Return the mark, its circle in the colour of what acts."""
    return assets.text("mark.svg").replace(colours.LIGHT["act"], colours.light(hue)["act"])


@room.app_template_global("house_colours")
def links() -> dict[str, str]:
    """Return the addresses of the programme's `sheet` and `mark`; {} where it has no colours of its own.

    For pages that know the programme already: it costs no second reading.
    """
    hue = house_colours.of(programmes.found())
    if hue == colours.NONE:
        return {}
    act, second = (each.removeprefix("#") or _OWN for each in hue)
    return {
        "sheet": url_for("colours.sheet", digest=_digest(sheet_of(hue)), act=act, second=second),
        "mark": url_for("colours.mark", digest=_digest(mark_of(hue)), act=act),
    }


@room.get("/static/<digest>/colours/<act>-<second>.css")
def sheet(digest: str, act: str, second: str) -> Response:
    """Answer the style sheet of these colours; 404 for what is no colour or not read on paper."""
    return _kept(sheet_of((_asked(act), _asked(second))), "text/css")


@room.get("/static/<digest>/colours/<act>.svg")
def mark(digest: str, act: str) -> Response:
    """Answer the mark in this colour; likewise."""
    return _kept(mark_of((_asked(act), "")), "image/svg+xml")


def _asked(text: str) -> str:
    if text == _OWN:
        return ""
    colour = colours.normal(text)
    if colour is None or colour != f"#{text}" or colours.passing(colour) != colour:
        abort(404)
    return colour


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _kept(text: str, kind: str) -> Response:
    answer = Response(text, mimetype=kind)
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return answer
