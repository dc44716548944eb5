"""Reclassifying beside judging. In: both at once, twice. Out: each visit judged once, one final score."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import sqlalchemy as sa
from flask import Flask

from service import ledger, reclassifying, settling, visiting
from service.database import db
from service.models import Arrival, Evidence, Poster, Share
from tests.conftest import TUESDAY
from tests.test_settling import noor, programme, share

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
SHARERS, VISITORS = 6, 8


def _given(rule_was_wrong: bool) -> list[str]:
    """Make sharers whose older visits, if so, were judged by wrong rules; as many new ones wait to be judged."""
    subjects = []
    for n in range(SHARERS):
        hers = share(noor(f"{'Wrong' if rule_was_wrong else 'Right'}{n}"))
        subjects.append(hers.subject)
        for who in range(VISITORS):
            facts = {"agent": BROWSER if (n + who) % 3 else "curl/8.0", "language": "en"}
            at = TUESDAY - timedelta(minutes=10 * who + n)
            if who % 2:
                told = {
                    "verdict": "human" if (n + who) % 3 else "bot",
                    "reason": "browser" if (n + who) % 3 else "tool",
                }
                wrong = {"verdict": "human", "reason": "browser"} if n % 2 else {"verdict": "bot", "reason": "scanner"}
                said = wrong if rule_was_wrong else told
                row = Evidence(share_id=hers.id, kind="visit", at=at, visitor=f"{who}", facts=facts, **said)
                db.session.add(row)
            else:
                db.session.add(Arrival(share_id=hers.id, at=at, visitor=f"{who}", facts=json.dumps(facts)))
    for subject in subjects:
        settling.settle(subject)
    db.session.commit()
    return subjects


def _scores(subjects: list[str]) -> list[tuple[int, str, tuple[str, ...]]]:
    db.session.rollback()
    rows = {s.subject: s for s in db.session.scalars(sa.select(Share))}
    return [(ledger.total(s), rows[s].state, tuple(rows[s].visited_at)) for s in subjects]


def test_reclassifying_twice_and_at_once_with_judging_ends_where_one_after_the_other_does(app: Flask) -> None:
    programme()
    plain = _given(rule_was_wrong=False)
    visiting.judge_arrivals()
    together = _given(rule_was_wrong=True)
    db.session.remove()
    begin = Barrier(3)

    def run(act: Callable[[], object]) -> None:
        with app.app_context():
            begin.wait()
            act()
            db.session.remove()

    acts = (reclassifying.reclassify, reclassifying.reclassify, visiting.judge_arrivals)
    with ThreadPoolExecutor(3) as threads:
        for done in [threads.submit(run, act) for act in acts]:
            done.result(60)
    assert db.session.query(Arrival).count() == 0
    assert db.session.query(Evidence).count() == 2 * SHARERS * VISITORS
    assert _scores(together) == _scores(plain)
    assert len({total for total, *_ in _scores(plain)}) > 1, "they differ, so that the comparison says something"
    again = reclassifying.reclassify()
    assert (again.verdicts, again.lines) == (0, 0)
    assert ledger.verify() == []


@pytest.mark.parametrize("at_once", [True, False])
def test_nothing_of_a_poster_is_touched_by_reclassifying(app: Flask, at_once: bool) -> None:
    programme()
    hers = share(noor())
    db.session.add(Poster(story_id=hers.story_id, code="poster1234", salt="00" * 16))
    db.session.flush()
    number = db.session.scalar(sa.select(Poster.id))
    db.session.add(
        Arrival(poster_id=number, at=TUESDAY, visitor="v", facts=json.dumps({"agent": BROWSER, "language": "en"}))
    )
    db.session.commit()
    if at_once:
        visiting.judge_arrivals()
    reclassifying.reclassify()
    visiting.judge_arrivals()
    assert (ledger.total(hers.subject), db.session.query(Poster).one().people) == (0, 1)
