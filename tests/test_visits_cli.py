"""`goodword visits` and the console's page of odd patterns. In: a reader of everybody. Out: told, decided, undone."""

from __future__ import annotations

import json

import pytest
from click.testing import Result
from flask import Flask

from service import ledger, quarantine, settling
from service.cli import cli
from service.config import Config
from service.database import db
from service.models import Evidence, Programme, Share
from tests import week47
from tests.conftest import TUESDAY, environment
from tests.liam import Liam, at_the_console
from tests.test_quarantine import a_reader_of_everybody, came, only, points
from tests.test_settling import noor, programme, share


@pytest.fixture
def run(app: Flask, settings: Config, redis_url: str, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    from click.testing import CliRunner

    for name, value in environment(settings.database_url, redis_url, settings.data).items():
        monkeypatch.setenv(name, value)

    def told(*words: str) -> Result:
        db.session.commit()
        result = CliRunner().invoke(cli, list(words), catch_exceptions=False)
        db.session.expire_all()
        return result

    programme()
    return told


def test_visits_of_a_person_and_of_a_link_are_told_with_verdict_and_reason_in_words(run) -> None:  # type: ignore[no-untyped-def]
    who = noor()
    one, other = share(who), share(who, "x")
    other.code = "abcdefghij"
    came(one, "ana")
    came(other, "bot", 1, verdict="bot", reason="tool", facts={"agent": "curl/8.0"})
    hers = run("visits", "list", "noor@acme.example")
    assert hers.exit_code == 0
    assert "human     A browser such as people use" in hers.output
    assert "curl/8.0" in hers.output
    found = json.loads(run("visits", "list", other.code, "--json").output)
    assert [(s["verdict"], s["reason"], s["words"]) for s in found] == [("bot", "tool", "A program, not a browser")]
    assert run("visits", "list", "nobody@acme.example").exit_code == 1
    assert run("visits", "list", "neither code nor address").exit_code == 1


def test_patterns_are_listed_decided_and_taken_back_on_the_command_line(run) -> None:  # type: ignore[no-untyped-def]
    a_reader_of_everybody()
    assert "found or changed: 1" in run("visits", "quarantine", "look").output
    number = str(only().id)
    told = run("visits", "quarantine", "list").output
    assert "One visitor followed the links of 5 colleagues in one week." in told
    assert "everywhere" not in told, "nothing of the visitor is shown"
    assert run("visits", "quarantine", "count", number, "--reason", "a fan").exit_code == 0
    assert (points(), only().reason) == ([10] * 5, "a fan")
    assert "Nothing waits" in run("visits", "quarantine", "list").output
    assert json.loads(run("visits", "quarantine", "list", "--all", "--json").output)[0]["decision"] == "count"
    assert run("visits", "quarantine", "leave-out", number).exit_code == 0
    assert points() == [0] * 5
    assert run("visits", "quarantine", "undo", number).exit_code == 0
    assert only().decision is None
    assert run("visits", "quarantine", "count", "999").exit_code == 1


def test_a_dry_run_of_reclassifying_names_people_only_if_asked_and_changes_nothing(run) -> None:  # type: ignore[no-untyped-def]
    who = noor()
    came(share(who), "ana", facts={"agent": "curl/8.0", "method": "GET"})
    settling.settle(who.subject)
    told = run("visits", "reclassify", "--dry-run").output
    assert "human, browser → bot, tool" in told
    assert "Points would be changed for 1 people, -10 in all; lines booked: 1." in told
    assert "Noor" not in told
    assert "-10  Noor" in run("visits", "reclassify", "--dry-run", "--who").output
    assert ledger.total(who.subject) == 10
    assert json.loads(run("visits", "reclassify", "--json", "--since", "2030-01-01").output)["verdicts"] == 0
    did = json.loads(run("visits", "reclassify", "--json").output)
    assert (did["points"], did["reasons"][0]["visits"], ledger.total(who.subject)) == (-10, 1, 0)


def test_rules_are_shown_set_and_put_back(run) -> None:  # type: ignore[no-untyped-def]
    assert "many_sharers                 5" in run("programme", "rules").output
    told = run("programme", "rules", "points-a-day=40", "confirmed=7").output
    assert "points_a_day                40  (default 0)" in told
    assert json.loads(run("programme", "rules", "confirmed=", "--json").output)["confirmed"] == 10
    assert db.session.get_one(Programme, 1).rules == {"points_a_day": 40}
    assert run("programme", "rules", "pionts=3").exit_code == 2
    assert run("programme", "rules", "confirmed=-3").exit_code == 2


@pytest.fixture
def liam(app: Flask) -> Liam:
    week47.programme()
    return at_the_console(app)


def test_the_liaison_is_told_looks_decides_with_a_reason_and_takes_it_back(liam: Liam) -> None:
    assert "Nothing waits for you" in liam.get("/console/patterns").text
    assert "odd pattern" not in liam.get("/console/").text
    a_reader_of_everybody()
    quarantine.look()
    assert "1 odd pattern of visits was noticed" in liam.get("/console/").text
    page = liam.get("/console/patterns").text
    assert "One visitor followed the links of 5 colleagues in one week" in page
    assert all(name in page for name in ("Ana", "Bea", "Cem", "Dan", "Eva"))
    assert "everywhere" not in page
    number = only().id
    db.session.commit()
    done = liam.post(f"/console/patterns/{number}", {"act": "count", "reason": "<b>a fan</b>"}).text
    assert "These visits count." in done and "Undo" in done
    assert "&lt;b&gt;a fan&lt;/b&gt;" in done and "Liam Novak" in done
    db.session.expire_all()
    assert points() == [10] * 5
    db.session.commit()
    assert "waits for you again" in liam.post(f"/console/patterns/{number}", {"act": "undo"}).text
    db.session.expire_all()
    assert (points(), only().decided_by) == ([0] * 5, None)
    db.session.commit()
    assert liam.post(f"/console/patterns/{number}", {"act": "punish"}).status_code == 400
    assert liam.post("/console/patterns/999", {"act": "count"}).status_code == 404


def test_odd_visits_bring_no_draw_ticket_even_if_nobody_looked_before_the_freeze(app: Flask) -> None:
    from datetime import timedelta

    from service import clock, draws

    week47.programme()
    shares = a_reader_of_everybody()
    honest = share(noor("Fay"))
    db.session.add(Evidence(share_id=honest.id, kind="visit", at=TUESDAY, verdict="human", visitor="reader"))
    db.session.flush()
    settling.settle(honest.subject)
    draw = draws.create("2026-11", "November", [("A weekend", "")], source_text="The numbers of Saturday")
    frozen = draws.freeze(draw, clock.now() + timedelta(days=3))
    assert [s for s, _ in draws.entries_due(frozen)] == [honest.subject]
    assert {s.state for s in db.session.scalars(db.select(Share).where(Share.id.in_([s.id for s in shares])))} == {
        "opened"
    }
