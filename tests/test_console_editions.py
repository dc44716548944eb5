"""Editions in the console. In: editions past and to come. Out: previews of all kinds, the very mail, groups of five."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from service import compose, delivery, previews, results, whose
from service.boards import FEWEST
from service.database import db
from service.models import Edition, Employee, Outbox, Programme, Story, Suggestion
from service.models.mail import MailState
from service.web.console import counts
from tests import postroom
from tests.liam import Liam, at_the_console

WEEK = "2026-W47"


@pytest.fixture
def people(app: Flask) -> list[Employee]:
    """Three readers whose digests of this week are in the outbox."""
    found = postroom.open_room(3)
    db.session.execute(sa.update(Programme).values(languages=["en", "it", "sl"]))
    edition = postroom.digest_week(found)
    edition.frozen = {**(edition.frozen or {}), "candidates": []}
    db.session.commit()
    return found


@pytest.fixture
def liam(app: Flask, people: list[Employee]) -> Liam:
    return at_the_console(app)


def council() -> None:
    db.session.execute(sa.update(Programme).values(works_council=True))
    db.session.commit()


def test_a_preview_speaks_every_language_and_shows_every_look(liam: Liam, people: list[Employee]) -> None:
    at = f"/console/editions/{WEEK}/preview"
    frame = f"{at}/{people[0].id}/mail"
    page = liam.get(f"{at}?employee={people[0].id}&language=it&theme=dark&pictures=off").text
    for words in ("Italian", "Slovenian", "Dark", "Pictures blocked", "Phone", "Text"):
        assert words in page
    html = liam.get(f"{frame}?language=it&theme=dark&pictures=off").text
    assert '<html lang="it"' in html and "@media all" in html and "prefers-color-scheme" not in html
    assert '<meta name="color-scheme" content="dark"' in html
    assert "@media not all" in liam.get(f"{frame}?theme=light").text
    plain = liam.get(frame).text
    assert "prefers-color-scheme: dark" in plain and '<html lang="en"' in plain
    assert liam.get(f"{frame}?language=xx&theme=x").text == plain
    assert "Scrivi a Liam" in liam.get(f"{at}?employee={people[0].id}&language=it&view=text").text


def test_blocked_pictures_leave_their_words() -> None:
    from service.web.console.previews import View, as_seen

    html = '<head></head><img class="q" src="https://good.example/pictures/a.jpg" alt="A lighthouse"/>'
    shown = as_seen(html, View(pictures=False))
    assert 'src="data:,"' in shown and 'alt="A lighthouse"' in shown and "pictures/a.jpg" not in shown


def test_the_very_mail_is_made_again_to_the_letter_and_opens_nothing(liam: Liam, people: list[Employee]) -> None:
    mailer = postroom.MemoryMailer()
    assert delivery.deliver_due(mailer=mailer) == {"accepted": 3}
    row, left = postroom.row(1), mailer.sent[0]
    look = previews.sent(row)
    passes = compose.digest_of(row).to.passes
    blotted = left.html
    for name in ("share", "me", "unsubscribe", "claim"):
        assert getattr(passes, name) not in look.html and getattr(passes, name) not in look.text
        blotted = blotted.replace(getattr(passes, name), "0" * 36)
    assert look.html == blotted and look.subject == left.subject and passes.me in left.html
    page = liam.get(f"/console/editions/{WEEK}/mails/{people[0].id}").text
    assert "The mail of Person 0" in page and "to the letter" in page
    frame = liam.get(f"/console/editions/{WEEK}/mails/{people[0].id}/frame")
    assert "A lighthouse for all" in frame.text and passes.me not in frame.text


def test_what_is_not_kept_says_so(liam: Liam, people: list[Employee]) -> None:
    numbers = [each.id for each in people]
    db.session.execute(sa.update(Outbox).where(Outbox.id == 1).values(facts={}))
    db.session.execute(sa.update(Employee).where(Employee.id == numbers[1]).values(email=None, name=None))
    db.session.execute(sa.delete(Outbox).where(Outbox.id == 3))
    db.session.commit()
    told = [liam.get(f"/console/editions/{WEEK}/mails/{number}").text for number in numbers]
    assert "The texts of this mail are not kept any more." in told[0]
    assert "She was forgotten, or has another address since" in told[1] and "a former colleague" in told[1]
    assert "No mail was made for her in this edition." in told[2]
    assert liam.open(f"/console/editions/{WEEK}/mails/{numbers[0]}/frame").status_code == 404


def test_in_works_council_mode_her_month_is_hers_alone(liam: Liam, people: list[Employee]) -> None:
    edition = db.session.scalars(sa.select(Edition)).one()
    with_month = previews.preview(edition, people[0])
    assert "You, this month" in with_month.html and "You, this month" in previews.sent(postroom.row(1)).text
    council()
    shown = previews.preview(edition, people[0])
    assert "You, this month" not in shown.html + shown.text + previews.sent(postroom.row(1)).html
    assert "A lighthouse for all" in shown.html
    assert "You, this month" in compose.message_of(postroom.row(1)).html
    page = liam.get(f"/console/editions/{WEEK}/preview?employee={people[0].id}").text
    assert "is hers alone, so it is left out here" in page


def test_in_works_council_mode_names_stand_only_where_a_mail_needs_a_hand(liam: Liam) -> None:
    council()
    db.session.execute(sa.update(Outbox).where(Outbox.id == 1).values(state=MailState.FAILED))
    db.session.commit()
    assert "Person" not in liam.get(f"/console/editions/{WEEK}/who/queued").text
    html = liam.get(f"/console/editions/{WEEK}/who/paused").text
    assert "No names here" in html and "0 people" not in html
    assert "Person 0" in liam.get(f"/console/editions/{WEEK}/who/failed").text


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 12)))
def test_no_group_below_five_is_told_and_none_can_be_found_by_subtracting(omitted: dict[str, int]) -> None:
    told, few = whose.in_groups(omitted)
    assert all(n >= FEWEST for n in told.values())
    total = sum(omitted.values())
    assert few == (0 < total < FEWEST)
    assert sum(told.values()) == (0 if few else total)
    assert all(told[reason] == omitted[reason] for reason in told if reason != whose.OTHER)


def test_the_history_tells_each_edition_with_its_figures(liam: Liam, people: list[Employee]) -> None:
    assert "not noted yet" in liam.get("/console/editions").text
    db.session.execute(sa.update(Outbox).where(Outbox.id < 3).values(state=MailState.DELIVERED))
    db.session.commit()
    results.refresh()
    page = liam.get("/console/editions").text
    row = page.split(f"/console/editions/{WEEK}")[1]
    assert [int(n) for n in re.findall(r'data-label="[^"]*">(\d+)<', row)][:3] == [2, 0, 1]
    assert "Nothing fits" in liam.get("/console/editions?status=cancelled").text


def test_a_large_programme_is_counted_where_somebody_asks(
    app: Flask, liam: Liam, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counts, "FORETOLD", 2)
    db.session.execute(sa.delete(Outbox))
    db.session.execute(sa.update(Edition).values(status="draft", frozen=None, released_at=None, leaves_at=None))
    db.session.execute(sa.delete(Story))
    db.session.commit()
    page = liam.get(f"/console/editions/{WEEK}").text
    assert "3 people are in the programme." in page and "Count who gets it" in page
    page = liam.get(f"/console/editions/{WEEK}?count=1").text
    assert "people get it," in page and "3 don’t." in page


def test_this_week_tells_what_is_urgent_first_and_that_nothing_needs_him(app: Flask, liam: Liam) -> None:
    html = liam.get("/console/").text
    assert "Nothing needs you." in html and "The edition goes its way by itself." in html
    db.session.add(Suggestion(subject="0" * 32, way="page", url="https://example.com/a", why="Good"))
    db.session.add(Story(title="A draft", url="https://example.com/b"))
    db.session.execute(sa.update(Outbox).where(Outbox.id == 1).values(state=MailState.AMBIGUOUS))
    db.session.execute(sa.update(Edition).values(held_why="connect: refused"))
    db.session.commit()
    html = liam.get("/console/").text
    told = ["Edition 2026-W47 stopped", "1 mail is in doubt", "1 suggestion waits", "1 story waits for your yes"]
    places = [html.index(words) for words in told]
    assert places == sorted(places) and "Nothing needs you." not in html
