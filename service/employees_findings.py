"""Findings. In: codes of what can be wrong in an employee file. Out: each with its reason and its remedy in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from service.validation import N_, Words

ADVICE: dict[str, tuple[str, str]] = {
    "no-address": (N_("There is no mail address."), N_("Fill in the address, or take the row out.")),
    "not-an-address": (N_("This is no address."), N_("Correct the address in your HR system.")),
    "same-address": (N_("Row %(first)d has this address already."), N_("Keep one of the two rows.")),
    "formula": (
        N_("A spreadsheet formula stands where a name belongs."),
        N_("Write the name as text: format the column as text before you export."),
    ),
    "too-many-cells": (
        N_("The row has more cells than the heading."),
        N_("Put a value that contains the separator between quotation marks."),
    ),
    "torn": (N_("A quotation mark opens and never closes."), N_("Close it, or take it out.")),
    "tidied": (N_("Spaces or capitals were tidied."), N_("Nothing to do.")),
    "doubled": (N_("The same row stands twice; it counts once."), N_("Nothing to do.")),
    "line-break": (N_("A line break stood inside; the text is on one line now."), N_("Check the name.")),
    "cut": (N_("What followed a line break was no name and is left out."), N_("Check the name.")),
    "sign": (N_("A sign could not be read."), N_("Export the file as UTF-8.")),
    "too-long": (N_("The text was too long and is cut."), N_("Check the text.")),
    "no-name": (N_("There is no name; mails greet without one."), N_("Fill in the name.")),
    "name-is-address": (N_("The name is an address; mails greet without a name."), N_("Fill in the name.")),
    "short-row": (N_("The row has fewer cells than the heading; the rest counts as empty."), N_("Check the row.")),
    "dropped-formula": (N_("A spreadsheet formula is left out."), N_("Write the value as text.")),
    "unknown-zone": (
        N_("We know no such time zone; somebody new gets the programme's, %(zone)s."),
        N_("Write it like Europe/Rome."),
    ),
    "unknown-country": (
        N_("We know no such country; it is left out."),
        N_("Write its code of two letters (ISO 3166-1), like SI."),
    ),
    "unknown-language": (
        N_("We know no such language; somebody new gets mails in %(language)s."),
        N_("Write a code like en, it or sl."),
    ),
    "language-not-offered": (
        N_("The programme sends no mails in this language; they come in %(language)s."),
        N_("Add the language to the programme once its words are translated."),
    ),
    "unknown-topic": (
        N_("The programme has no such topic; it is left out."),
        N_("Create the topic, or import with --create-topics."),
    ),
    "unknown-network": (N_("We know no such network; it is left out."), N_("Nothing to do, or correct its name.")),
}
"""Code of a finding → (reason, remedy)."""

REFUSED = frozenset({"no-address", "not-an-address", "same-address", "formula", "too-many-cells", "torn"})
"""Codes that keep a row out; with any other it goes in, repaired."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was noticed about a cell: refused rows stay out, others go in repaired.

    Row numbers are those a spreadsheet shows.
    """

    row: int
    field: str
    value: str
    code: str
    reason: Words
    remedy: Words
    refused: bool = False


def finding(row: int, name: str, value: str, code: str, /, reason: Words | None = None, **values: Any) -> Finding:
    """Return the Finding of this code; `reason` replaces the table's, `values` fill its placeholders."""
    message, remedy = ADVICE[code]
    return Finding(row, name, value[:80], code, reason or Words(message, values), Words(remedy), code in REFUSED)
