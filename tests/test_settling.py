"""Settling. In: shares with evidence on both databases. Out: the promises of the score, whoever calls how often."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from service import clock, ledger, settling
from service.database import db
from service.models import Award, Campaign, Employee, Evidence, LedgerEntry, Programme, Share, Story, Total
from tests.conftest import TUESDAY


def programme() -> None:
    db.session.add(
        Programme(
            id=1,
            name="Good news",
            company="Acme",
            zone="Europe/Ljubljana",
            liaison_name="Liam",
            liaison_email="liam@acme.example",
            sender="news@acme.example",
        )
    )
    db.session.commit()


def noor(name: str = "Noor") -> Employee:
    found = Employee(email=f"{name.lower()}@acme.example", name=name, status="active")
    db.session.add(found)
    db.session.flush()
    return found


def share(who: Employee, network: str = "linkedin", story: Story | None = None, **more: object) -> Share:
    n = db.session.scalar(sa.select(sa.func.count(Share.id))) or 0
    if story is None:
        story = Story(title="A new school", url=f"https://acme.example/{n}", status="approved")
        db.session.add(story)
        db.session.flush()
    found = Share(subject=who.subject, story_id=story.id, network=network, code=f"code{n:06d}", salt="00" * 16, **more)
    db.session.add(found)
    db.session.flush()
    return found


def visit(at: Share, visitor: str, hours: float = 0, verdict: str = "human", **more: object) -> Evidence:
    moment = TUESDAY + timedelta(hours=hours)
    found = Evidence(share_id=at.id, kind="visit", at=moment, verdict=verdict, visitor=visitor, **more)
    db.session.add(found)
    db.session.flush()
    return found


def lines(subject: str) -> list[tuple[str, int, str]]:
    return [(e.key, e.points, e.reason) for e in reversed(ledger.entries(subject))]


@pytest.fixture
def house(app: Flask) -> Flask:
    programme()
    return app


def test_first_visit_of_a_human_confirms_the_share_and_earns_ten(house: Flask) -> None:
    who = noor()
    one = share(who)
    visit(one, "ana")
    settling.settle(who.subject)
    db.session.commit()
    assert one.state == "confirmed"
    assert lines(who.subject) == [(f"share:{one.id}:confirmed", 10, "confirmed")]
    assert ledger.total(who.subject) == ledger.total(who.subject, "2026-11") == 10


def test_settling_again_books_nothing(house: Flask) -> None:
    who = noor()
    visit(share(who), "ana")
    assert len(settling.settle(who.subject)) == 1
    assert settling.settle(who.subject) == ()
    assert ledger.total(who.subject) == 10
