"""The ledger. In: books that were tampered with, and the command line. Out: every difference by name; right exits."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from service import clock, database, ledger, settling
from service.cli.ledger import ledger as command
from service.database import db
from service.models import Award, Employee, Evidence, Holders, LedgerEntry, Share, ShareNews, Total
from tests.conftest import TUESDAY
from tests.test_settling import noor, programme, share, visit
from tests.unlocked import unlocked


@pytest.fixture
def her(app: Flask) -> str:
    """The subject of somebody with 22 points: declared, confirmed in her own words, engaged, two more readers."""
    programme()
    who = noor()
    one = share(who, declared_at=TUESDAY, own_words=True)
    for n in range(5):
        visit(one, f"v{n}", n)
    settling.settle(who.subject)
    db.session.commit()
    return who.subject


def found() -> set[tuple[str, str, str, str]]:
    """Findings but those that follow: totals of weeks, quarters and campaigns, and the boards made of totals."""
    db.session.commit()
    db.session.expire_all()
    return {
        (f.kind, f.what, f.expected, f.found)
        for f in ledger.verify()
        if f.kind != "board" and (f.kind != "total" or re.fullmatch(r"all|\d{4}-\d\d", f.what))
    }


def tamper(sql: str) -> None:
    with unlocked():
        db.session.execute(sa.text(sql))


def test_books_that_agree_have_no_findings(her: str) -> None:
    assert found() == set()
    assert ledger.count_subjects() == 1


def test_a_line_can_be_neither_changed_nor_deleted(her: str) -> None:
    line = ledger.entries(her)[0]
    line.points = 99
    with pytest.raises(ledger.AppendOnly, match=line.key):
        db.session.flush()
    db.session.rollback()
    db.session.delete(ledger.entries(her)[0])
    with pytest.raises(ledger.AppendOnly):
        db.session.flush()
    db.session.rollback()


@pytest.mark.parametrize("sql", ["UPDATE ledger_entry SET points = 99", "DELETE FROM ledger_entry"])
def test_the_database_itself_lets_nobody_change_or_delete_a_line(her: str, sql: str) -> None:
    with pytest.raises(sa.exc.DBAPIError, match="never changed or deleted"):
        db.session.execute(sa.text(sql))
    db.session.rollback()
    assert ledger.total(her) == 22
    assert found() == set()


def test_a_changed_total_is_found_for_its_period(her: str) -> None:
    tamper("UPDATE total SET points = 23 WHERE period = '2026-11'")
    assert found() == {("total", "2026-11", "22", "23")}


def test_a_lost_total_and_one_without_lines_are_found(her: str) -> None:
    tamper("UPDATE total SET period = '2026-10' WHERE period = '2026-11'")
    assert found() == {("total", "2026-11", "22", "0"), ("total", "2026-10", "0", "22")}


def test_a_changed_line_is_found_with_the_totals_it_belies(her: str) -> None:
    tamper("UPDATE ledger_entry SET points = 1000 WHERE reason = 'confirmed'")
    assert found() == {
        ("surplus", "share:1:confirmed", "0", "1000"),
        ("missing", "share:1:confirmed+1", "10", "0"),
        ("total", "all", "1012", "22"),
        ("total", "2026-11", "1012", "22"),
    }


def test_a_deleted_line_is_found(her: str) -> None:
    tamper("DELETE FROM ledger_entry WHERE reason = 'own-words'")
    assert found() == {
        ("missing", "share:1:own-words", "5", "0"),
        ("total", "all", "17", "22"),
        ("total", "2026-11", "17", "22"),
    }


def test_an_invented_line_is_found(her: str) -> None:
    tamper(
        "INSERT INTO ledger_entry (key, subject, points, reason, facts, share_id, at, month, booked_at) "
        "SELECT 'share:1:gift', subject, 50, 'confirmed', facts, share_id, at, month, booked_at "
        "FROM ledger_entry WHERE reason = 'declared'"
    )
    assert ("surplus", "share:1:gift", "0", "50") in found()


def test_a_line_moved_to_another_month_is_found(her: str) -> None:
    tamper("UPDATE ledger_entry SET month = '2026-10' WHERE reason = 'declared'")
    assert ("line", "share:1:declared", "2026-11", "2026-10") in found()


def test_a_reversal_unlike_its_line_is_found(her: str) -> None:
    db.session.execute(sa.update(Evidence).where(Evidence.visitor == "v4").values(verdict="bot"))
    lines = settling.settle(her)
    assert [line.points for line in lines] == [-1]
    assert found() == set()
    tamper("UPDATE ledger_entry SET points = -7 WHERE points = -1")
    assert {f[0] for f in found()} == {"line", "total"}


def test_changed_states_and_visits_of_a_share_are_found(her: str) -> None:
    tamper("UPDATE share SET state = 'opened'")
    assert found() == {("share", "share:1", "engaged", "opened")}
    settling.settle(her)
    db.session.execute(sa.update(Share).values(visited_at=[]))
    assert {(kind, what) for kind, what, _, _ in found()} == {("share", "share:1")}
    settling.settle(her)
    assert found() == set()


def test_evidence_that_nobody_settled_is_found(her: str) -> None:
    visit(db.session.scalars(sa.select(Share)).one(), "late", 9)
    kinds = {(kind, expected) for kind, _, expected, _ in found()}
    assert ("missing", "1") in kinds and len(kinds) == 2


def test_an_invented_badge_and_a_lost_one_are_found(her: str) -> None:
    tamper("UPDATE award SET badge = 'steady-voice' WHERE badge = 'first-word'")
    assert {f[1] for f in found()} == {"steady-voice", "first-word"}


def test_points_that_lapsed_today_may_wait_a_day_for_their_reversal(app: Flask) -> None:
    programme()
    one = share(noor(), declared_at=TUESDAY)
    settling.settle(one.subject)
    db.session.commit()
    clock.set_now(TUESDAY + timedelta(days=14, hours=23))
    assert found() == set()
    clock.set_now(TUESDAY + timedelta(days=15, hours=1))
    assert found() == {("surplus", f"share:{one.id}:declared", "0", "2")}


def test_a_booking_that_stands_adds_nothing_to_the_totals(her: str) -> None:
    from scoring.points import Entry

    line = Entry("share:1:confirmed", "share:1", 10, "confirmed", TUESDAY)
    assert ledger.book(her, [line], "UTC") == 0
    assert ledger.book(her, [], "UTC") == 0
    assert ledger.total(her) == 22


@hypothesis_settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(-300, 300), st.sampled_from("abcde"), st.booleans()),
        min_size=1,
        max_size=12,
    ),
    st.data(),
)
def test_events_give_the_same_totals_in_any_order(
    app: Flask, events: list[tuple[int, int, str, bool]], data: st.DataObject
) -> None:
    db.session.rollback()
    with unlocked():
        for table in (Award, Total, Holders, LedgerEntry, Evidence, ShareNews, Share, Employee):
            db.session.execute(sa.delete(table))
    totals = []
    for name in ("first", "second"):
        who = noor(name)
        mine = [share(who, network) for network in ("x", "linkedin", "bluesky")]
        for n, hours, visitor, human in data.draw(st.permutations(events)):
            visit(mine[n], visitor, hours, "human" if human else "suspected")
            settling.settle(who.subject)
        rows = db.session.execute(sa.select(Total.period, Total.points).where(Total.subject == who.subject))
        totals.append({period: points for period, points in rows if points})
    assert totals[0] == totals[1]
    assert ledger.verify() == []
    db.session.commit()


@pytest.fixture
def run(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Result]]:
    """Run `goodword ledger` with these words in the test's own application."""
    monkeypatch.setattr("service.create_app", lambda: app)

    def command_line(*words: str) -> Result:
        db.session.commit()
        return CliRunner().invoke(command, words)

    yield command_line
    database.reading.set(False)


def test_the_command_verifies_and_exits_with_one_on_a_difference(run: Callable[..., Result], her: str) -> None:
    fine = run("verify")
    assert (fine.exit_code, fine.output) == (0, "The ledger agrees with its evidence. People verified: 1.\n")
    tamper("UPDATE total SET points = 23 WHERE period = '2026-11'")
    wrong = run("verify")
    assert wrong.exit_code == 1
    assert f"{her} 2026-11: expected 22, found 23" in wrong.output
    told = json.loads(run("verify", "--json").stdout)
    assert told["findings"][0] == {
        "kind": "total",
        "subject": her,
        "what": "2026-11",
        "expected": "22",
        "found": "23",
    }


def test_the_command_shows_somebodys_lines_and_totals(run: Callable[..., Result], her: str) -> None:
    shown = run("show", "NOOR@acme.example")
    assert shown.exit_code == 0
    assert "2026-11-17 08:00    +10  confirmed      share:1:confirmed" in shown.output
    told = json.loads(run("show", "noor@acme.example", "--json").stdout)
    assert told["totals"] == {"2026-11": 22, "2026-Q4": 22, "2026-W47": 22, "all": 22}
    assert sum(line["points"] for line in told["lines"]) == 22


def test_the_command_says_when_there_is_nobody_or_no_address(run: Callable[..., Result], her: str) -> None:
    assert run("show", "who@acme.example").exit_code == 1
    assert run("show", "nonsense").exit_code == 2


def test_settling_everybody_heals_what_verify_found_and_judges_by_todays_rules(
    run: Callable[..., Result], her: str
) -> None:
    tool = {"agent": "curl/8.9.1", "method": "GET"}
    db.session.execute(sa.update(Evidence).where(Evidence.visitor == "v4").values(facts=tool))
    tamper("UPDATE share SET state = 'opened'")
    told = json.loads(run("settle", "--json").stdout)
    assert told == {"people": 1, "verdicts": 1, "lines": 1}
    assert (ledger.total(her), found()) == (21, set())
    assert db.session.scalars(sa.select(Evidence.reason).where(Evidence.visitor == "v4")).one() == "tool"
    again = run("settle")
    assert again.output == "People: 1. Verdicts given anew: 0. Lines booked: 0.\n"
