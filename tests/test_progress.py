"""Progress. In: an edition at every step of its sending. Out: console, command line and database tell equal figures."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask

from service import clock, digests, editions, programmes, readers, tallies, whose
from service.cli import cli
from service.database import db
from service.delivery import limits
from service.models import Outbox, Sending
from service.models.mail import MailState
from tests import week47
from tests.liam import Liam, at_the_console
from tests.week47 import NEW_YORK, TOKYO, WEEK, at, reader

PAGE = f"/console/editions/{WEEK}"


@pytest.fixture
def liam(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Liam:
    at("2026-11-16T10:00")
    week47.programme()
    week47.story("One")
    monkeypatch.setattr("service.create_app", lambda: app)
    for number in range(13):
        reader(f"N{number}")
    reader("Bea", topics=[]), reader("Yorker", zone=NEW_YORK), reader("Tokyo", zone=TOKYO)
    reader("Gone").status = "gone"
    db.session.commit()
    return at_the_console(app)


def agree(liam: Liam, step: str) -> tallies.Tally:
    """Assert that all three tell the same, that nothing is uncounted, and return it."""
    db.session.rollback()
    tally = digests.status(editions.edition(WEEK))
    inside = dict(
        db.session.execute(sa.select(Outbox.state, sa.func.count()).group_by(Outbox.state)).all()  # only digests here
    )
    db.session.rollback()
    assert tally.mails == inside, step
    assert tally.planned == sum(getattr(tally, part) for part in tallies.PARTS), step
    told = json.loads(CliRunner().invoke(cli, ["digest", "status", "--json", "--week", WEEK]).stdout)
    assert told["mails"] == inside and told["planned"] == tally.planned, step
    never = 1 if tally.status == "cancelled" else 0  # New York, which nothing is planned for any more
    assert tally.planned + sum(tally.omitted.values()) + tally.undecided + never == 16, f"{step}: all but who is gone"
    page = liam.get(PAGE).text
    rows = re.findall(r"/who/([a-z-]+)\">([\d,]+)<", page.partition('id="states"')[2].partition("</details>")[0])
    if tally.status == "released" and inside and "data-countdown" not in page:
        assert {code: int(n.replace(",", "")) for code, n in rows} == inside, step
    for code, n in inside.items():
        assert whose.whose(editions.edition(WEEK), code).total == n, f"{step}: {code}"
    return tally


def test_figures_agree_at_each_step_and_nothing_is_uncounted(liam: Liam) -> None:
    edition = editions.edition(WEEK)
    assert agree(liam, "draft").undecided == 16
    editions.release(edition, "test")
    agree(liam, "released")
    at("2026-11-17T07:40")
    digests.plan_due_slots()
    assert (agree(liam, "planned").planned, agree(liam, "planned").undecided) == (14, 1)
    at("2026-11-17T08:01")
    rows = [row for row in week47.digests() if row.state == MailState.QUEUED]
    for row, state in zip(rows, MailState, strict=False):
        row.state, row.settled_at = state, clock.now() - timedelta(seconds=20)
    db.session.commit()
    tally = agree(liam, "every state at once")
    assert set(tally.mails) == set(MailState)
    assert 'data-moment="2 mails sent of 15. 5 need a look."' in liam.get(PAGE).text, "what a screen reader is told"
    assert (tally.suppressed, tally.cancelled) == (1, 1)
    db.session.rollback()
    said = CliRunner().invoke(cli, ["digest", "status", "--week", WEEK]).output
    assert re.search(r"1 +suppressed", said) and re.search(r"1 +cancelled", said)
    editions.cancel(edition)
    assert agree(liam, "cancelled").waiting == 2, "what is in a worker's hands"


def test_mails_that_a_limit_puts_off_are_part_of_the_time_left(liam: Liam) -> None:
    edition = editions.release(editions.edition(WEEK), "test")
    digests.plan(edition)
    at("2026-11-17T08:00")
    rows = week47.digests()
    for row in rows[:6]:
        row.state, row.settled_at = "accepted", clock.now() - timedelta(seconds=30)
    for row in rows[6:]:
        row.why, row.due_at = limits.WAITING, clock.now() + timedelta(minutes=5)
    db.session.commit()
    tally = digests.status(edition)
    assert tally.due == len(rows) - 6 and tally.seconds_left == pytest.approx(30 * tally.due / 6, abs=3)
    assert "Only so many mails a minute" in liam.get(PAGE).text
    editions.pause(edition)
    assert digests.status(edition).seconds_left is None, "nothing moves"


def test_the_page_does_not_promise_that_mails_leave_where_nothing_does(liam: Liam) -> None:
    edition = editions.release(editions.edition(WEEK), "test")
    digests.plan(edition)
    at("2026-11-17T08:01")
    assert "are due and leave next." in liam.get(PAGE).text
    at("2026-11-17T08:20")
    page = liam.get(PAGE).text
    assert "do not leave." in page and "whether a worker runs" in page
    row = week47.digests()[0]
    row.state, row.settled_at = "accepted", clock.now() - timedelta(seconds=5)
    db.session.commit()
    assert "whether a worker runs" not in liam.get(PAGE).text, "mails leave: it only takes its time"
    at("2026-11-17T08:22")
    db.session.add(Sending(id=1, held_why="restored", held_at=clock.now()))
    db.session.commit()
    page = liam.get(PAGE).text
    assert "leave next" not in page and "whether a worker runs" not in page and "See what to check" in page


def test_of_many_people_the_overdue_are_told_by_a_bound(liam: Liam, monkeypatch: pytest.MonkeyPatch) -> None:
    edition = editions.release(editions.edition(WEEK), "test")
    at("2026-11-17T08:20")
    exact = digests.status(edition)
    monkeypatch.setattr(tallies, "EXACTLY", 0)
    assert exact.unplanned == digests.status(edition).unplanned == 15, "all but New York"
    digests.plan_due_slots()
    assert digests.status(edition).unplanned == 0 and digests.status(edition).undecided == 1
    assert readers.undecided(edition, programmes.current(), 0, 0) == 16, "everybody but who is gone"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_has_which_hour_is_counted_in_an_index_and_not_person_by_person(liam: Liam) -> None:
    asked: list[str] = []

    @sa.event.listens_for(db.engine, "before_cursor_execute")
    def listen(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        asked.append(statement)

    readers.all_slots(WEEK, programmes.current())
    sa.event.remove(db.engine, "before_cursor_execute", listen)
    (tally,) = [each for each in asked if "GROUP BY employee.zone" in each]
    # PostgreSQL takes what its statistics say; SQLite only what the condition's own words allow.
    found = db.session.execute(sa.text(f"EXPLAIN QUERY PLAN {tally}"))
    assert "ix_employee_slot" in " ".join(str(row) for row in found)
