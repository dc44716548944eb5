"""Snapshots. In: readers with a history. Out: the same lines as looking up each of them makes, on PostgreSQL."""

from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from service import digests, editions, programmes, readers, snapshots
from service.choosing import Choosing
from service.database import db
from service.lines import MAILED
from service.models import Declined, Edition, Employee, Outbox, Share, Story, Total
from service.models.mail import MailState
from service.planning import Desk
from tests import week47
from tests.week47 import ROME, TOKYO, WEEK, at, reader, story

PEOPLE, STORIES = 40, 130
"""More stories than two columns hold."""


@pytest.fixture
def edition(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Edition:
    """This week's, with mails for Tokyo and reasons, of people who had mails of last week that fared variously."""
    monkeypatch.setattr("service.readers.PAGE", 7)
    chance = Random(47)
    at("2026-11-09T10:00")
    week47.programme(digest_size=20)
    for n in range(STORIES):
        story(f"Story {n}", topics=[1 + n % 2])
    for n in range(PEOPLE):
        reader(f"N{n}", topics=chance.choice([[1], [1, 2], []]), zone=chance.choice([ROME, TOKYO]))
    digests.plan(editions.release(editions.edition("2026-W46"), "test"))
    for row in week47.digests():
        row.state = chance.choice([MailState.DELIVERED, MailState.QUEUED, MailState.BOUNCED, MailState.CANCELLED])
    people = list(db.session.scalars(sa.select(Employee)))
    first = db.session.scalars(sa.select(Story)).first()
    assert first is not None
    for who in people[::5]:
        db.session.add(Share(subject=who.subject, story_id=first.id, network="linkedin", code=who.subject[:10]))
    db.session.add_all(Total(subject=who.subject, period="all", points=3) for who in people[::7])
    db.session.add(Declined(subject=people[1].subject, story_id=first.id))
    at("2026-11-16T10:00")
    found = editions.release(editions.edition(WEEK), "test")
    at("2026-11-16T23:45")
    digests.plan_due_slots()
    people[-1].topics = [2]
    reader("Newest", zone=TOKYO)
    db.session.commit()
    return found


def test_lines_of_a_snapshot_are_those_of_looking_everybody_up(edition: Edition) -> None:
    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite looks every reader up")
    lines = Choosing(edition).lines
    snapshot = snapshots.Snapshot(lines, sa.true())
    line = lines.table.c
    asked = [line.id, line.standing, line.less, *lines.left(), line.seen_0.bitwise_and(MAILED)]
    drawn: list[list[Any]] = []
    for marks in (None, *(snapshot.of(page, 7) for page in range(6))):
        where = sa.true() if marks is None else readers.on_page(len(drawn) - 1)
        lines.draw(where, marks)
        told = lines.telling(marks)
        drawn.append(list(db.session.execute(sa.select(*asked, told.label("told")).order_by(line.id))))
    looked_up, *pages = drawn
    assert [row for page in pages for row in page] == looked_up and len(looked_up) == PEOPLE + 1
    assert {row.told for row in looked_up} == {True, False}
    assert {row[-2] for row in looked_up} == {0, MAILED}
    assert len(lines.words) == 3 and len({row.standing for row in looked_up}) > 2


def test_marks_are_read_at_once_where_many_of_all_are_due(edition: Edition, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not snapshots.worth_while(PEOPLE // 2), "few are looked up"
    looked_up = digests.forecast(edition)
    monkeypatch.setattr("service.snapshots.FEWEST", 5)
    assert snapshots.worth_while(PEOPLE // 2) == (db.engine.dialect.name == "postgresql")
    assert digests.forecast(edition) == looked_up and looked_up.omitted and looked_up.planned
    monkeypatch.setattr("service.snapshots.ONE_IN", 1)
    assert not snapshots.worth_while(PEOPLE // 2), "as few of many are"


def test_a_copy_that_somebody_else_made_since_the_snapshot_stays_the_only_one(
    edition: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite looks every reader up")
    ours, theirs = Desk(edition, slots_of(edition), True), Desk(edition, slots_of(edition))
    db.session.commit()
    for desk in (theirs, ours):
        for page in range(6):
            digests._write(desk, page)
    mailed = list(db.session.scalars(sa.select(Outbox.subject).where(Outbox.occasion == f"digest:{WEEK}")))
    assert len(mailed) == len(set(mailed)) > 20


def slots_of(edition: Edition) -> list[readers.Slot]:
    return list(readers.all_slots(edition.week, programmes.current()))
