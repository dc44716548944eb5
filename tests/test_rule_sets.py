"""Versions of rules. In: files, forms. Out: rules by moment, dry runs that book nothing, absences that never score."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask

from scoring import weeks
from scoring.rules import Rules
from service import books, clock, ledger, programmes, recognition, rule_sets, settling, thanks, trials
from service.cli.rule_sets import rules as command
from service.config import Config
from service.database import db
from service.models import Absence, Award, Employee, LedgerEntry, Programme
from service.validation import Invalid
from tests.conftest import TUESDAY, environment
from tests.test_settling import noor, programme, share, together, visit


@pytest.fixture
def house(app: Flask) -> Flask:
    programme()
    return app


def confirmed(name: str, hours: float = 0) -> Employee:
    who = noor(name)
    visit(share(who), "a", hours)
    settling.settle(who.subject)
    db.session.commit()
    return who


def test_a_new_version_holds_from_its_moment_and_changes_nothing_before_it(house: Flask) -> None:
    db.session.execute(sa.update(Programme).values(rules={"confirmed": 8}))
    early = confirmed("Ana")
    monday = rule_sets.next_monday()
    saved = rule_sets.save(Rules(confirmed=3), monday, "Smaller now")
    assert (saved.number, books.terms().rules.confirmed, books.terms(monday).rules.confirmed) == (2, 8, 3)
    clock.set_now(monday + timedelta(days=1))
    late = confirmed("Bor", hours=24 * 6)
    settling.settle(early.subject)
    assert (ledger.total(early.subject), ledger.total(late.subject), ledger.verify()) == (8, 3, [])
    assert [v.number for v in rule_sets.versions()] == [2, 1]


def test_a_version_that_began_can_be_neither_changed_nor_taken_back_and_none_begins_in_the_past(house: Flask) -> None:
    first = rule_sets.save(Rules(confirmed=3))
    assert not rule_sets.withdraw(first.number)
    with pytest.raises(Invalid) as refusal:
        rule_sets.save(Rules(), clock.now() - timedelta(seconds=1))
    assert "valid_from" in refusal.value.errors


def test_a_newer_plan_takes_the_place_of_one_that_has_not_begun(house: Flask) -> None:
    monday = rule_sets.next_monday()
    rule_sets.save(Rules(confirmed=3), monday)
    rule_sets.save(Rules(confirmed=4), monday + timedelta(days=7))
    assert books.terms(monday).rules.confirmed == 10
    planned = rule_sets.planned()
    assert planned is not None
    assert rule_sets.withdraw(planned.number)
    assert rule_sets.planned() is None


def test_a_badge_stays_when_rules_ask_for_more_and_comes_when_they_ask_for_less(house: Flask) -> None:
    her, other = noor("Ana"), noor("Bea")
    for who, visitors in ((her, "abc"), (other, "de")):
        one = share(who)
        for visitor in visitors:
            visit(one, visitor)
        settling.settle(who.subject)
    db.session.commit()
    assert (rule_sets.settle_begun(), ledger.verify()) == (0, [])
    monday = rule_sets.next_monday()
    rule_sets.save(Rules(engaged_from=9), monday)
    assert (rule_sets.settle_begun(), starters()) == (0, [her.subject])
    clock.set_now(monday + timedelta(minutes=1))
    assert (rule_sets.settle_begun(), rule_sets.settle_begun()) == (2, 0)
    assert (starters(), ledger.verify()) == ([her.subject], []), "what happened keeps the rules of its time"
    assert ledger.total(her.subject) == 13
    (told,) = [b for b in recognition.page_facts(her).badges if b.slug == "conversation-starter"]
    assert (told.level, told.have == told.need) == (1, True), "she is asked for no more"
    rule_sets.save(Rules(engaged_from=2), monday + timedelta(days=7))
    clock.set_now(monday + timedelta(days=7, minutes=1))
    assert rule_sets.settle_begun() == 2
    assert (starters(), ledger.verify()) == (sorted([her.subject, other.subject]), [])


def starters() -> list[str]:
    held = sa.select(Award.subject).where(Award.badge == "conversation-starter", Award.revoked_at.is_(None))
    return sorted(db.session.scalars(held))


def test_tickets_of_a_month_are_capped_by_the_rules_that_held_when_it_began(house: Flask) -> None:
    who = confirmed("Ana")
    week = weeks.week_of(clock.now(), "UTC")
    rule_sets.save(Rules(tickets_a_month=0))
    clock.set_now(clock.now() + timedelta(minutes=1))
    assert books.terms().rules.tickets_a_month == 0
    assert recognition.digest_facts([who.subject], week)[who.subject].tickets == 1


def test_every_wrong_rule_of_a_file_is_told_at_once(house: Flask) -> None:
    with pytest.raises(Invalid) as refusal:
        rule_sets.from_file(
            'confirmd = 3\ndeclared = -1\n[networks.mastodont]\nconfirmed = 1\n[networks.x]\nseen="2"', "a.toml"
        )
    assert set(refusal.value.errors) == {"confirmd", "declared", "networks.mastodont", "networks.x.seen"}
    with pytest.raises(Invalid) as refusal:
        rule_sets.from_file("{", "a.json")
    assert "file" in refusal.value.errors


def test_a_file_written_is_read_back_as_it_was() -> None:
    rules = Rules.of({"confirmed": 7, "active_week": 2, "networks": {"mastodon": {"confirmed": 12}}})
    assert rule_sets.from_file(rule_sets.as_toml(rules), "rules.toml") == rules


def test_a_dry_run_tells_who_gains_and_loses_and_books_nothing(house: Flask) -> None:
    ana, bor = confirmed("Ana"), noor("Bor")
    settling.settle(bor.subject)
    said = share(bor, declared_at=TUESDAY)
    settling.settle(bor.subject)
    db.session.commit()
    lines = db.session.query(LedgerEntry).count()
    told = trials.run(Rules(confirmed=25, declared=1), TUESDAY - timedelta(days=30), TUESDAY + timedelta(days=1))
    assert (told.people, told.up, told.down, told.points) == (2, 1, 1, [12, 26])
    assert told.reasons == {"confirmed": [10, 25], "declared": [2, 1]}
    assert told.tickets == {"2026-11": [1, 1]}
    assert told.largest == [(ana.subject, 10, 25), (bor.subject, 2, 1)]
    assert db.session.query(LedgerEntry).count() == lines
    assert said.state == "declared"
    before = trials.run(Rules(confirmed=25), TUESDAY - timedelta(days=60), TUESDAY - timedelta(days=30))
    assert (before.up, before.points) == (0, [0, 0])


def test_a_dry_run_tells_tickets_that_stricter_rules_would_cost(house: Flask) -> None:
    who = noor()
    visit(share(who, opened_at=TUESDAY - timedelta(seconds=5)), "a")
    settling.settle(who.subject)
    db.session.commit()
    row = trials.begin(Rules(visit_after_seconds=60), *trials.default_period())
    assert row.result is None or row.result
    db.session.refresh(row)
    assert row.result is not None
    clock.set_now(TUESDAY + timedelta(hours=1))
    again = trials.begin(Rules(visit_after_seconds=60), *trials.default_period())
    db.session.refresh(again)
    assert again.result is not None
    assert (again.result["tickets"], again.result["other_tickets"]) == ({"2026-11": [1, 0]}, 1)


def test_nothing_scores_while_somebody_is_suspended_or_after_she_left(house: Flask) -> None:
    who = confirmed("Ana")
    mine = [share(who, network) for network in ("x", "bluesky", "mastodon")]
    who.status = "suspended"
    db.session.commit()
    clock.set_now(TUESDAY + timedelta(hours=10))
    visit(mine[0], "b", hours=5)
    settling.settle(who.subject)
    assert (ledger.total(who.subject), mine[0].state) == (10, "opened")
    who.status = "active"
    db.session.commit()
    clock.set_now(TUESDAY + timedelta(hours=20))
    visit(mine[1], "c", hours=12)
    settling.settle(who.subject)
    assert ledger.total(who.subject) == 20
    who.status, who.left_at = "left", clock.now()
    db.session.commit()
    clock.set_now(TUESDAY + timedelta(hours=40))
    visit(mine[2], "d", hours=30)
    settling.settle(who.subject)
    assert (ledger.total(who.subject), ledger.verify()) == (20, [])
    who.status, who.left_at = "invited", None
    db.session.commit()
    settling.settle(who.subject)
    assert ledger.total(who.subject) == 20, "who comes back earns nothing for the time away"
    assert db.session.query(Absence).count() == 2


def test_a_suggestion_is_thanked_once_by_the_rules_of_its_day(house: Flask) -> None:
    who = noor()
    assert not thanks.suggestion(who.subject, 7, TUESDAY), "by default it is worth nothing"
    db.session.execute(sa.update(Programme).values(rules={"suggestion": 6}))
    assert thanks.suggestion(who.subject, 7, TUESDAY)
    assert not thanks.suggestion(who.subject, 7, TUESDAY)
    assert ledger.total(who.subject) == 6
    settling.settle(who.subject)
    db.session.commit()
    assert (ledger.total(who.subject), ledger.verify()) == (6, [])


def test_two_hundred_identical_awards_at_once_make_one_line(house: Flask) -> None:
    db.session.execute(sa.update(Programme).values(rules={"suggestion": 6}))
    subject = noor().subject
    db.session.commit()
    together(house, [lambda: thanks.suggestion(subject, 7, TUESDAY)] * 200)
    db.session.rollback()
    assert db.session.query(LedgerEntry).count() == 1
    assert (ledger.total(subject), ledger.verify()) == (6, [])


def test_the_command_line_shows_checks_tries_and_saves(
    house: Flask, settings: Config, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment(settings.database_url, redis_url, settings.data).items():
        monkeypatch.setenv(name, value)
    confirmed("Ana")
    clock.set_now(TUESDAY + timedelta(hours=1))

    def run(*args: str) -> str:
        found = CliRunner().invoke(command, args)
        codes.append(found.exit_code)
        return found.output

    codes: list[int] = []
    file = tmp_path / "rules.toml"
    file.write_text(run("export").replace("\nconfirmed = 10", "\nconfirmed = 25"))
    assert "can stand" in run("check", str(file))
    told = json.loads(run("try", str(file), "--json", "--who"))
    assert (told["up"], told["points"], told["largest"][0]["who"]) == (1, [10, 25], "Ana")
    assert "2026-11-22 23:00" in run("apply", str(file), "--note", "Thanks")
    assert "Planned: version 2" in run("show")
    assert "confirmed 10 → 25" in run("history")
    assert codes == [0] * 6
    file.write_text("confirmed = -1")
    assert "confirmed:" in run("check", str(file))
    assert codes[6] == 1


def test_the_first_rules_stand_once_points_are_booked(house: Flask) -> None:
    programmes.change(rules={"confirmed": 9})
    confirmed("Ana")
    with pytest.raises(Invalid) as refusal:
        programmes.change(rules={"confirmed": 8})
    assert "rules" in refusal.value.errors
    assert rule_sets.save_at_once(Rules(confirmed=8)).number == 2
