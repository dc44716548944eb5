"""The decoy. In: the link of a mail that no person sees. Out: a page that says so, and a scanner known for one.

The link is hidden from sight, from screen readers and from the keyboard, and the text twin has none. Whoever opens it
all the same loses nothing: what is opened earns nothing, and pages go on working.
"""

from __future__ import annotations

from flask import Blueprint, request

from service import opened_links
from service.passes import Purpose
from service.web import reader, records

room = Blueprint("decoy", __name__)


@room.get("/me/<text>/programs")
@records
def programs(text: str) -> str:
    """Say what the link is for; mark what was opened of her mail within ten seconds as a scanner's."""
    employee = reader.open_pass(text, Purpose.ME)
    if request.method == "GET":
        opened_links.decoy(employee)
    return reader.show("inbox/decoy.html", text)
