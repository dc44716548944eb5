"""Settling many at once. In: the same visits, in one batch or one by one. Out: the same scores, in few statements."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from service import clock, ledger, settling, visiting
from service.database import db
from service.models import Arrival, Award, Evidence, LedgerEntry, Share, Story, Total
from service.visiting_history import Arrived
from tests import noor as world
from tests.test_settling import noor, programme, share
from tests.test_visits_flood import FACTS, statements

PEOPLE = 60


def _people(name: str, stories: list[Story]) -> list[list[Share]]:
    found = []
    for n in range(PEOPLE):
        who = noor(f"{name}{n}")
        some = {"created_at": clock.now(), "visited_at": []}
        found.append([share(who, network, story, **some) for network in ("linkedin", "x") for story in stories])
    db.session.commit()
    return found


def _traces(chance: random.Random) -> list[list[tuple[int, timedelta, str, dict[str, str]]]]:
    """For each person: which of her four shares, when, who and what came."""
    kinds = [{}, {}, {}, {"purpose": "prefetch"}, {"agent": "LinkedInBot/1.0"}, {"agent": "curl/8"}]
    return [
        [
            (
                chance.randrange(4),
                timedelta(seconds=chance.choice([0, 1, 60, 7200, 90_000]) * chance.randrange(30)),
                f"{chance.randrange(9):08x}",
                chance.choice(kinds),
            )
            for _ in range(chance.randrange(9))
        ]
        for _ in range(PEOPLE)
    ]


def _books(people: list[list[Share]]) -> list[Any]:
    """What is booked of each person, her shares by number; what was taken back is left out with its reversal."""
    found: list[Any] = []
    for hers in people:
        number = {each.id: n for n, each in enumerate(hers)}
        subject = hers[0].subject
        net: dict[Any, int] = {}
        for line in db.session.scalars(sa.select(LedgerEntry).where(LedgerEntry.subject == subject)):
            where = number.get(line.share_id or 0), line.at
            net[where] = net.get(where, 0) + line.points
        totals = db.session.scalars(sa.select(Total).where(Total.subject == subject))
        awards = db.session.scalars(sa.select(Award).where(Award.subject == subject, Award.revoked_at.is_(None)))
        found.append(
            (
                {key: points for key, points in net.items() if points},
                {total.period: total.points for total in totals if total.points},
                {(award.badge, award.level, award.earned_at) for award in awards},
                [(each.state, each.seen_at, each.visited_at) for each in hers],
            )
        )
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_all_at_once_or_one_by_one_in_any_order_the_scores_are_the_same(app: Flask, seed: int) -> None:
    programme()
    stories = [Story(title="News", url=f"https://acme.example/{n}", status="approved") for n in range(2)]
    db.session.add_all(stories)
    db.session.flush()
    chance, begin = random.Random(seed), clock.now() + timedelta(hours=1)
    traces = _traces(chance)
    together, apart = _people("Together", stories), _people("Apart", stories)

    def arrived(people: list[list[Share]]) -> list[Arrived]:
        return [
            Arrived(people[n][which].id, begin + later, who * 4, who * 4, None, None, None, FACTS | facts)
            for n, trace in enumerate(traces)
            for which, later, who, facts in trace
        ]

    assert visiting.record(arrived(together)) == sum(map(len, traces))
    coming = arrived(apart)
    chance.shuffle(coming)
    for n in range(0, len(coming), 3):
        visiting.record(coming[n : n + 3])
        if n % 5 == 0:
            settling.settle(apart[n % PEOPLE][0].subject)
            db.session.commit()
    assert any(lines for lines, *_ in _books(together))
    assert _books(together) == _books(apart)
    again = settling.settle_all([hers[0].subject for hers in (*together, *apart)])
    assert set(again.values()) == {()}, "nothing is left to settle"
    assert ledger.verify() == []


def test_the_visits_of_many_sharers_are_judged_in_few_statements(app: Flask) -> None:
    world.begin()
    now, story, count = clock.now(), world.story(), settling.people_at_once()
    some = {"created_at": now, "visited_at": []}
    shares = [share(noor(f"Sharer{n}"), "linkedin", story, **some) for n in range(count)]
    facts = f'{{"agent":"{world.CHROME}","language":"it"}}'
    for n, each in enumerate(shares):
        db.session.add(Arrival(share_id=each.id, at=now, visitor=f"{n:032x}", weekly=f"{n:032x}", facts=facts))
    db.session.commit()
    with statements() as said:
        assert visiting.judge_arrivals() == count
    assert len(said) < 50, "as many statements for all of them as for one"
    assert db.session.query(Evidence).filter_by(verdict="human").count() == count
    assert ledger.verify() == []
