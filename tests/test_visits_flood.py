"""A flood on one link: what it costs to judge does not grow with what came before, and the score is what it must be."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask import Flask

from service import clock, settling, shares, visiting
from service.database import db
from service.models import Evidence, Share
from service.visiting_history import Arrived
from tests import noor as world

FACTS = {"agent": world.CHROME, "language": "it"}


def _share() -> Share:
    noor = db.session.query(world.Employee).first() or world.begin()
    share = shares.open_share(noor, world.story(), "linkedin").share
    db.session.commit()
    return share


def _visit(share: Share, at: datetime, who: str, place: str | None = None, **facts: str) -> Arrived:
    return Arrived(share.id, at, who * 4, place or who * 4, None, None, None, FACTS | facts)


@contextmanager
def statements() -> Iterator[list[str]]:
    said: list[str] = []

    def note(*args: object) -> None:
        said.append(str(args[2]))

    sa.event.listen(db.engine, "before_cursor_execute", note)
    yield said
    sa.event.remove(db.engine, "before_cursor_execute", note)


def test_once_all_visitors_that_pay_came_more_of_them_are_kept_without_settling_anew(app: Flask) -> None:
    share, begin = _share(), clock.now() + timedelta(hours=1)
    visiting.record([_visit(share, begin + timedelta(minutes=n), f"{n:08x}") for n in range(20)])
    assert len(share.visited_at) == 20
    for round_ in range(2):
        later = begin + timedelta(hours=1 + round_)
        with statements() as said:
            more = [_visit(share, later + timedelta(seconds=3 * n), f"{round_}{n:07x}") for n in range(300)]
            assert visiting.record(more) == 300
        assert len(said) < 20, "as many statements as for a single visit"
        assert not any("ledger_entry" in each for each in said), "nobody's score was read"
    assert settling.settle(share.subject) == ()
    assert db.session.query(Evidence).filter_by(verdict="human").count() == 620


def test_a_visitor_who_counts_already_costs_no_settling_and_one_who_comes_before_all_others_does(app: Flask) -> None:
    share, begin = _share(), clock.now() + timedelta(hours=1)
    visiting.record([_visit(share, begin, "aaaaaaaa")])
    with statements() as said:
        visiting.record([_visit(share, begin + timedelta(seconds=5 * n), "aaaaaaaa") for n in range(1, 50)])
    assert not any("ledger_entry" in each for each in said)
    visiting.record([_visit(share, begin - timedelta(minutes=5), "bbbbbbbb")])
    db.session.refresh(share)
    assert len(share.visited_at) == 2


def test_whatever_comes_in_whatever_order_nothing_is_left_to_settle(app: Flask) -> None:
    share, begin = _share(), clock.now() + timedelta(hours=1)
    chance = random.Random(4)
    coming = []
    for _ in range(150):
        at = begin + timedelta(seconds=chance.choice([0, 0, 1, 2, 60]) * chance.randrange(400))
        more = chance.choice([{}, {}, {}, {"purpose": "prefetch"}, {"agent": "LinkedInBot/1.0"}, {"agent": "curl/8"}])
        coming.append(_visit(share, at, f"{chance.randrange(40):08x}", f"{chance.randrange(9):032x}", **more))
    whole = None
    while coming:
        some, coming = coming[:7], coming[7:]
        visiting.record(some)
        assert settling.settle(share.subject) == ()
        db.session.refresh(share)
        whole = share.visited_at, share.seen_at
    assert whole is not None and whole[0] and whole[1]
