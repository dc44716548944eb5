"""Reclassifying. In: kept visits and today's rules. Out: what a dry run tells is what is done; no order matters."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from service import ledger, quarantine, reclassifying, settling
from service.database import db
from service.models import (
    Award,
    Employee,
    Evidence,
    Holders,
    LedgerEntry,
    Programme,
    Quarantine,
    QuarantinedVisit,
    Share,
    ShareNews,
    Story,
    Total,
)
from tests.conftest import TUESDAY
from tests.test_quarantine import a_reader_of_everybody, came, house, only, points, verdicts
from tests.test_settling import noor, share
from tests.unlocked import unlocked

__all__ = ["house"]


def test_reclassifying_tells_what_would_change_and_then_does_exactly_that(house: Flask) -> None:
    one, other = share(noor("Ana")), share(noor("Bea"))
    bot = {"agent": "curl/8.0", "method": "GET"}
    human = {"agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "method": "GET"}
    came(one, "a", 1, facts=bot)
    came(one, "b", 2)
    came(other, "c", 3, facts=human | {"language": "en"}, verdict="suspected", reason="hosting")
    for each in (one, other):
        settling.settle(each.subject)
    db.session.commit()
    assert points() == [10, 0]
    would = reclassifying.reclassify(dry=True)
    db.session.rollback()
    assert points() == [10, 0]
    assert ledger.total(one.subject) == 10
    did = reclassifying.reclassify()
    assert (would.reasons, would.who, would.lines, would.points) == (did.reasons, did.who, did.lines, did.points)
    assert did.reasons == {
        (("human", "browser"), ("bot", "tool")): 1,
        (("suspected", "hosting"), ("human", "browser")): 1,
    }
    assert (points(), did.points, did.lines) == ([10, 10], 10, 3)
    assert reclassifying.reclassify().verdicts == 0
    assert ledger.verify() == []


def test_reclassifying_reaches_back_only_as_far_as_asked_and_leaves_patterns_aside(house: Flask) -> None:
    human = {"agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "language": "en"}
    shares = a_reader_of_everybody()
    db.session.execute(update(Evidence).values(facts=human))
    db.session.commit()
    quarantine.look()
    assert reclassifying.reclassify().verdicts == 0
    assert set(verdicts()) == {("suspected", "quarantined")}
    row = db.session.scalars(select(Evidence).where(Evidence.share_id == shares[0].id)).one()
    row.verdict, row.reason = "bot", "scanner"
    db.session.commit()
    assert reclassifying.reclassify(since=TUESDAY + timedelta(hours=1)).verdicts == 0
    assert reclassifying.reclassify(since=TUESDAY).reasons == {(("bot", "scanner"), ("suspected", "quarantined")): 1}
    quarantine.decide(only().id, quarantine.COUNT)
    assert points() == [10] * 5
    assert ledger.verify() == []


@hypothesis(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_order_repetition_and_batches_of_arrivals_never_change_the_final_score(
    house: Flask, data: st.DataObject
) -> None:
    """The same visits, told twice in different orders with settling, looking and wrong verdicts in between."""
    visits = data.draw(
        st.lists(
            st.tuples(
                st.integers(0, 5),
                st.sampled_from(["v", "w", "x", "y"]),
                st.integers(0, 600),
                st.sampled_from(["human", "human", "human", "suspected", "bot"]),
            ),
            min_size=5,
            max_size=18,
        )
    )
    outcomes = []
    for _ in range(2):
        with unlocked():
            for table in (
                QuarantinedVisit,
                Quarantine,
                Evidence,
                LedgerEntry,
                Total,
                Holders,
                Award,
                ShareNews,
                Share,
                Story,
                Employee,
            ):
                db.session.execute(delete(table))
        db.session.execute(update(Programme).values(rules={"many_sharers": 3, "visitors_a_place": 1}))
        shares = [share(noor(f"P{n}")) for n in range(6)]
        db.session.commit()
        rows: dict[int, Evidence] = {}
        for n in data.draw(st.permutations(range(len(visits)))):
            to, who, minute, verdict = visits[n]
            first = "bot" if data.draw(st.booleans()) else verdict
            rows[n] = came(shares[to], who, minute / 60, verdict=first, place=f"{who}{to}"[:1])
            match data.draw(st.integers(0, 3)):
                case 0:
                    settling.settle(shares[to].subject)
                    db.session.commit()
                case 1:
                    db.session.commit()
                    quarantine.look()
        for n, row in rows.items():
            if row.reason != "quarantined" or visits[n][3] != "human":
                row.verdict, row.reason = visits[n][3], "browser"
        db.session.commit()
        quarantine.look()
        for one in shares:
            settling.settle(one.subject)
            settling.settle(one.subject)
        db.session.commit()
        assert ledger.verify() == []
        outcomes.append(
            [
                (ledger.total(s.subject), s.state, tuple(s.visited_at), _standing(s.subject))
                for s in shares
            ]
        )  # fmt: skip
    assert outcomes[0] == outcomes[1]


def _standing(subject: str) -> set[tuple[str, int, datetime]]:
    lines = ledger.entries(subject)
    back = {line.reverses_id for line in lines}
    return {(line.reason, line.points, line.at) for line in lines if line.reverses_id is None and line.id not in back}
