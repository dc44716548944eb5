"""Languages of the console. In: Liam, reading Italian or Slovenian. Out: every page of his speaks it, in any state."""

from __future__ import annotations

import io

import pytest
from flask import Flask

from service import draws, editions, liaisons
from service.database import db
from service.models import Campaign, Edition
from tests import week47
from tests.conftest import TUESDAY
from tests.leftovers import english_in
from tests.liam import ADDRESS, PASSWORD, Liam
from tests.test_console import _routes
from tests.test_draws import DUE, SOURCE
from tests.week47 import WEEK, at, reader

pytestmark = pytest.mark.parametrize("language", ["it", "sl"])
FILE = b"Email,Name,Language,Zone\nbea@beacon.example,Bea,it,Nowhere\nno address,Noor,xx,\nbea@beacon.example,Bea,it,\n"


@pytest.fixture
def liam(app: Flask, language: str) -> Liam:
    at("2026-11-16T10:00")
    week47.programme()
    liaisons.add(ADDRESS, "Liam Novak", PASSWORD, language=language, zone="Europe/Rome")
    found = Liam(app)
    assert found.sign_in().status_code == 200
    return found


def _left(liam: Liam, language: str, *skipped: str) -> dict[str, list[str]]:
    """Return what is left in English on each page of the console that a GET shows."""
    left = {}
    for endpoint, method, path in _routes(liam.app):
        if method == "GET" and endpoint not in {"console.sign_in", *skipped}:
            answer = liam.get(path)
            if answer.mimetype == "text/html" and answer.status_code == 200 and "<html" in answer.text:
                assert "%(" not in answer.text, path
                if found := english_in(answer.text, language):
                    left[path] = found
    return left


MAILS = ("console.edition_preview_mail", "console.card", "console.card_of_form")
"""What is shown as the mail shows it, in the reader's language and not in Liam's."""


def test_an_empty_console_says_what_to_do_first_in_the_liaisons_language(liam: Liam, language: str) -> None:
    assert _left(liam, language, *MAILS) == {}


def test_a_full_console_speaks_the_liaisons_language(liam: Liam, language: str) -> None:
    reader("Noor"), reader("Bea", topics=[]), reader("Ada", status="suspended"), reader("Mei", status="invited")
    week47.story("Roofs", evergreen=True)
    week47.story("Kilns", status="draft")
    db.session.add(
        Campaign(slug="doors", name="Doors", goal="Roofs", hashtags=["#Roofs"], starts_on=TUESDAY, ends_on=TUESDAY)
    )
    db.session.commit()
    draws.create("2026-11", "Novembre", [("Piran", "")], source_text=SOURCE, rules="Uno per uno.")
    assert _left(liam, language, *MAILS) == {}
    edition = db.session.query(Edition).filter_by(week=WEEK).one_or_none() or editions.edition(WEEK)
    editions.release(edition, "Liam")
    draws.freeze(draws.create("void", "2026-12", [("Piran", "")], source_text=SOURCE), DUE)
    assert _left(liam, language, *MAILS) == {}
    liam.get(f"/console/editions/{WEEK}")  # the walk may have ended where no form is
    for act in ("pause", "resume", "undo", "release", "cancel"):
        answer = liam.post(f"/console/editions/{WEEK}/act", {"act": act})
        assert english_in(answer.text, language) == [], act


def test_refusals_and_findings_of_a_file_speak_the_liaisons_language(liam: Liam, language: str) -> None:
    for path, form in (
        ("/console/stories/new", {"title": "", "url": "nowhere", "kind": "odd"}),
        ("/console/campaigns/new", {"name": "", "hashtags": "#a-b", "starts_on": "x", "multiplier": "9"}),
        ("/console/draws/new", {"name": "N O", "title": "", "prizes": "", "alternates": "x", "month": "May"}),
    ):
        answer = liam.post(path, form)
        assert answer.status_code == 422, path
        assert english_in(answer.text, language) == [], path
    for complete in ({}, {"complete": "1"}):
        answer = liam.post("/console/people/import", {"file": (io.BytesIO(FILE), "people.csv"), **complete})
        assert english_in(answer.text, language) == []
    answer = liam.post("/console/people/import", {"file": (io.BytesIO(b"PK\x03\x04"), "people.xlsx")})
    assert english_in(answer.text, language) == []
