"""House colours. In: a colour as the liaison wrote it. Out: it checked; the programme's two for mails and pages."""

from __future__ import annotations

from emails import colours
from emails.colours import Colours
from service.models import Programme
from service.validation import N_, Check


def checked(check: Check, name: str, value: object) -> str:
    """Return a colour that is read on light paper, as `#rrggbb`; the dark one is made of it. Empty: the look's own.

    Refuses into `check` what is no colour, and what is too light, with the nearest shade that is not.
    """
    text = str(value or "").strip()
    if not text:
        return ""
    colour = colours.normal(text)
    if colour is None:
        check.refuse(name, N_("%(colour)s is no colour; write it like #0b6b5d."), colour=text[:20])
        return ""
    nearest = colours.passing(colour)
    if nearest != colour:
        check.refuse(
            name,
            N_("%(colour)s is too light to be read on paper. The nearest shade that is read is %(nearest)s."),
            colour=colour,
            nearest=nearest,
        )
    return colour


def of(programme: Programme | None) -> Colours:
    """Return the programme's colours, "" for each that is the look's own."""
    return (programme.colour, programme.second_colour) if programme else colours.NONE
