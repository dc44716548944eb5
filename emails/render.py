"""Render. In: a template's name and a language. Out: its tree of pieces; the doorman of MJML and of Jinja."""

from __future__ import annotations

import html
import re
import textwrap
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import jinja2
from babel import dates, numbers
from babel.support import NullTranslations
from mjml import mjml2html

from emails import colours, lines, pieces
from emails.colours import Colours
from emails.words import CATALOGUES

TEMPLATES = Path(__file__).resolve().parent / "templates"

_ROLES = ("paper", "ink", "muted", "line", "act", "on_act", "quiet", "celebrate")

TOKENS = {role: colours.LIGHT[role] for role in _ROLES}
"""The look's colours by role in mails, light; a programme may have its own (emails.colours)."""

DARK = {role: colours.DARK[role] for role in _ROLES}
"""The same roles, dark."""

FONT = "system-ui, -apple-system, Segoe UI, Roboto, Helvetica Neue, Arial, sans-serif"
WIDTH = 72
"""Columns of a text part."""

_RIGHT_TO_LEFT = {"ar", "arc", "ckb", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"}
_REOPENED = re.compile(r"(?<!<!--)<!\[endif\]-->\s*<!--\[if mso\]>")
line, called, shortened = lines.line, lines.called, lines.shortened


@lru_cache(maxsize=256)
def known(language: str) -> str:
    """Return the language whose words are used: `pt-BR` → `pt` → English."""
    for each in (language, language.replace("_", "-").split("-")[0].lower()):
        if each in CATALOGUES.languages:
            return each
    return "en"


def words(language: str) -> NullTranslations:
    """Return the catalogue used for this language."""
    return CATALOGUES[known(language)]


def direction(language: str) -> str:
    """Return `rtl` or `ltr`."""
    return "rtl" if language.replace("_", "-").split("-")[0].lower() in _RIGHT_TO_LEFT else "ltr"


def escape(text: str) -> str:
    """Return text made safe inside HTML and its quoted attributes."""
    return html.escape(text, quote=True)


def wrap(text: str) -> str:
    """Return text with each line of it that is longer than WIDTH broken at spaces; addresses stay whole."""
    if len(text) <= WIDTH:
        return text
    return "\n".join(
        textwrap.fill(each, WIDTH, break_long_words=False, break_on_hyphens=False) if len(each) > WIDTH else each
        for each in text.split("\n")
    )


@lru_cache(maxsize=16)
def _environment(language: str, hue: Colours = colours.NONE) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=jinja2.select_autoescape(("mjml", "css"), default=False),
        extensions=["jinja2.ext.i18n"],
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    catalogue = words(language)
    environment.install_gettext_callables(catalogue.gettext, catalogue.ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.globals.update(
        t=colours.light(hue),
        dark=colours.dark(hue),
        font=FONT,
        language=known(language),
        direction=direction(known(language)),
        start="right" if direction(known(language)) == "rtl" else "left",
        end="left" if direction(known(language)) == "rtl" else "right",
    )
    return environment


@lru_cache(maxsize=64)
def page(name: str, language: str, hue: Colours = colours.NONE) -> pieces.Piece:
    """Return the tree of `NAME.mjml` as HTML in this language and these colours: MJML is compiled here alone."""
    mjml = _environment(language, hue).get_template(f"{name}.mjml").render()
    # Without an empty table of fonts MRML loads every face that it knows by name (Roboto) from a third party.
    return pieces.parse(_lean(mjml2html(mjml, fonts={})))


@lru_cache(maxsize=64)
def text(name: str, language: str) -> pieces.Piece:
    """Return the tree of `NAME.txt` in this language."""
    return pieces.parse(_environment(language).get_template(f"{name}.txt").render())


def _lean(found: str) -> str:
    """Drop what MJML writes and no client needs: half of a card's bytes would be empty conditional comments."""
    found = found.replace("<!--[if mso | IE]>", "<!--[if mso]>")
    return _REOPENED.sub("", found)


def counter(language: str) -> Callable[[int], str]:
    """Return what writes whole numbers with this language's separators."""
    locale = known(language)
    return lambda n: _number(n, locale)


@lru_cache(maxsize=4096)
def _number(n: int, locale: str) -> str:
    return str(numbers.format_decimal(n, locale=locale))


def moment(value: datetime, zone: str, language: str) -> str:
    """Return an aware moment as people say it in the zone: `Friday, 13 November 2026, 9:00 (CET)`."""
    there = value.astimezone(ZoneInfo(zone))
    locale = "en_GB" if known(language) == "en" else known(language)
    day = dates.format_date(there.date(), "full", locale=locale)
    clock = dates.format_time(there.time(), "short", locale=locale)
    return f"{day}, {clock} ({there.tzname()})"
