"""Colours in the console. In: one or two colours, as typed. Out: a mail in them, each contrast; then they are taken."""

from __future__ import annotations

from typing import Any

from flask import Response as FlaskResponse
from flask import g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from emails import colours as look
from emails import values
from emails.colours import Colours
from service import house_colours, previews, programmes
from service.validation import Check, Invalid, Words
from service.web.console.cards import framed
from service.web.console.previews import View, as_seen
from service.web.console.room import done, room
from service.web.console.words import said_all
from service.web.language import gettext as _

FIELDS = ("colour", "second_colour")
LONGEST = 20
"""Characters of a colour in an address."""


@room.get("/settings/colours")
def colours() -> str:
    """Show the programme's colours, or those that the address asks for, on a mail; nothing is saved."""
    given = dict(zip(FIELDS, house_colours.of(programmes.current()), strict=True))
    if any(name in request.args for name in FIELDS):
        given = {name: request.args.get(name, "")[:LONGEST] for name in FIELDS}
    return _page(given, _wrong(given))


@room.post("/settings/colours")
def colours_save() -> Response | tuple[str, int]:
    """Take the colours; "look" shows them instead, under an address of their own."""
    given: dict[str, Any] = {name: request.form.get(name, "").strip()[:LONGEST] for name in FIELDS}
    if request.form.get("act") == "look":
        return redirect(url_for("console.colours", **given))
    try:
        programmes.change(**given)
    except Invalid as refusal:
        return _page(given, refusal.errors), 422
    done(_("Changed. Mails that are planned already keep the colours that they were planned with."))
    return redirect(url_for("console.colours"))


@room.get("/settings/colours/mail")
def colours_mail() -> FlaskResponse:
    """Answer this week's digest in the colours that the address asks for, light or dark, for the frame."""
    hue = _hue({name: request.args.get(name, "")[:LONGEST] for name in FIELDS})
    story = values.Story(
        id=1,
        title=_("A story as your colleagues will see it"),
        summary=_("Two lines of summary stand here, in ink that stays the same whatever the colours are."),
        language=g.language,
        topic={"": _("A topic")},
    )
    theme = "dark" if request.args.get("theme") == "dark" else "light"
    html = previews.in_colours(hue, g.language, g.liaison.name, story)
    return framed(as_seen(html, View(theme=theme)))


def _wrong(given: dict[str, str]) -> dict[str, Words]:
    check = Check()
    for name, text in given.items():
        house_colours.checked(check, name, text)
    return dict(check.errors)


def _hue(given: dict[str, str]) -> Colours:
    """Return the colours to show: the nearest shade of one that is too light, the look's for what is no colour."""
    first, second = (look.normal(given[name]) for name in FIELDS)
    return look.passing(first) if first else "", look.passing(second) if second else ""


def _page(given: dict[str, str], errors: dict[str, Words]) -> str:
    hue = _hue(given)
    nearest = {name: hue[at] for at, name in enumerate(FIELDS) if name in errors and hue[at]}
    return render_template(
        "console/colours.html",
        noun="console.colours",
        v=given,
        errors=said_all(errors),
        nearest=nearest,
        hue=dict(zip(FIELDS, hue, strict=True)),
        own={"colour": look.LIGHT["act"], "second_colour": look.LIGHT["celebrate"]},
        rows=_rows(hue),
        least=look.TEXT,
        saved=dict(zip(FIELDS, house_colours.of(programmes.current()), strict=True)) == given,
    )


def _rows(hue: Colours) -> list[dict[str, Any]]:
    """Return what is read on what, with its contrast in the light and the dark theme."""
    pairs = (
        (_("Links"), "act", "paper"),
        (_("Words on a button"), "on_act", "act"),
        (_("Share buttons"), "act", "quiet"),
        (_("Streaks and winners"), "celebrate", "paper"),
    )
    light, dark = look.light(hue), look.dark(hue)
    return [
        {
            "what": what,
            "light": round(look.contrast(light[text], light[ground]), 1),
            "dark": round(look.contrast(dark[text], dark[ground]), 1),
        }
        for what, text, ground in pairs
    ]
