"""Mails of frozen pools. In: a freeze of many, and whatever stops the writing. Out: each entrant's mail, once."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask

import service
from scoring import draws as rules_of
from service import clock, compose, draws, jobs, outbox, programmes, suppressions
from service.cli.draw import draw as command
from service.database import db
from service.draws import frozen_mails
from service.models import Draw, Employee, Entrant, FrozenMails, Outbox
from service.people import erasing
from service.validation import Invalid
from tests.liam import at_the_console
from tests.test_draws import DUE, NUMBERS, cast, october, person

__all__ = ["cast"]


class Killed(Exception):
    """Stands for a process that ends in the middle of a step."""


@pytest.fixture
def large(cast: dict[str, Employee], monkeypatch: pytest.MonkeyPatch) -> Draw:
    """A pool of eleven, more than whoever freezes writes to at once; three of them at a time."""
    monkeypatch.setattr(frozen_mails, "AT_ONCE", 5)
    monkeypatch.setattr(frozen_mails, "AT_A_TIME", 3)
    for n in range(7):
        person(f"Person{n}", 1 + n % 3)
    db.session.commit()
    return draws.freeze(october(), DUE)


def written() -> Counter[str]:
    db.session.rollback()
    return Counter(db.session.scalars(sa.select(Outbox.subject).where(Outbox.kind == "frozen")))


def entrants() -> set[str]:
    return set(db.session.scalars(sa.select(Entrant.subject)))


def progress(name: str = "2026-10") -> tuple[int, int, bool]:
    asked = sa.select(FrozenMails).join(Draw, FrozenMails.draw_id == Draw.id).where(Draw.name == name)
    row = db.session.scalars(asked.execution_options(populate_existing=True)).one()
    return row.done, row.people, row.finished_at is not None


def test_the_pool_is_published_at_once_and_a_worker_writes_the_mails(large: Draw) -> None:
    assert large.status == "frozen" and large.pool_hash and draws.check(large) == []
    assert not written() and progress() == (0, 11, False)
    assert (draws.outcome(large).mails, draws.outcome(large).proofs) == (11, 0)  # none counts as left out
    jobs.run(frozen_mails.TASK)
    assert written() == Counter(entrants()) and progress() == (11, 11, True)
    jobs.run(frozen_mails.TASK)
    assert written() == Counter(entrants())


def test_a_small_pool_has_its_mails_when_it_is_frozen(cast: dict[str, Employee]) -> None:
    draws.freeze(october(), DUE)
    assert written() == Counter(entrants()) and progress() == (4, 4, True)


def test_a_mail_says_all_that_proves_an_entry_though_what_all_say_is_kept_once(large: Draw) -> None:
    programme = programmes.current()
    programme.liaison_name = "Somebody else"
    db.session.commit()
    frozen_mails.work()
    row = db.session.scalars(sa.select(Outbox).where(Outbox.kind == "frozen").order_by(Outbox.id)).first()
    assert row is not None and set(row.facts) == {"to", "pass", "frozen", "date"}
    entrant = db.session.scalars(sa.select(Entrant).where(Entrant.subject == row.subject)).one()
    message = compose.message_of(row)
    for fact in (large.pool_hash, large.source, entrant.salt, entrant.entrant, "/draws/2026-10"):
        assert str(fact) in message.text
    assert "Liam" in message.text and "Somebody else" not in message.text  # as the programme was at the freeze
    assert compose.message_of(row).raw == message.raw


@pytest.mark.parametrize("stop", range(1, 5))
@pytest.mark.parametrize("where", ["before the step's commit", "after it"])
def test_stopped_at_any_step_it_goes_on_without_a_mail_twice_or_none(
    large: Draw, stop: int, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps, enqueue = 0, outbox.enqueue_many

    def killed_before(rows: object) -> int:
        nonlocal steps
        made = enqueue(rows)  # type: ignore[arg-type]
        steps += 1
        if steps == stop:
            raise Killed
        return made

    def killed_after(_count: int) -> None:
        nonlocal steps
        steps += 1
        if steps == stop:
            raise Killed

    with monkeypatch.context() as patched, pytest.raises(Killed):
        if where == "after it":
            frozen_mails.work(killed_after)
        else:
            patched.setattr(outbox, "enqueue_many", killed_before)
            frozen_mails.work()
    so_far = 3 * (stop if where == "after it" else stop - 1)
    assert sum(written().values()) == progress()[0] == min(so_far, 11)
    frozen_mails.work()
    assert written() == Counter(entrants()) and progress() == (11, 11, True)


def test_a_draw_waits_until_every_mail_is_written(large: Draw) -> None:
    with pytest.raises(Killed):
        frozen_mails.work(lambda _count: (_ for _ in ()).throw(Killed))
    clock.set_now(DUE + timedelta(hours=1))
    with pytest.raises(Invalid) as refusal:
        draws.run(large, NUMBERS)
    assert "mail" in str(refusal.value.errors["name"])
    db.session.rollback()
    assert not draws.fetch_and_run(large.name) and large.status == "frozen"
    frozen_mails.work()
    assert draws.run(large, NUMBERS).status == "drawn"
    ranks = [rank.entrant for rank in large.ranks]
    assert ranks == rules_of.verify((large.pool or "").encode(), NUMBERS).ranks


def test_who_was_erased_meanwhile_gets_none_and_who_stops_such_mails_a_row_that_says_so(large: Draw) -> None:
    people = db.session.scalars(sa.select(Employee).where(Employee.subject.in_(entrants()))).all()
    erased, stopped = people[2], people[8]
    erasing.erase(erased, erased.name or "")
    suppressions.suppress(stopped.email or "", suppressions.ALL, "left")
    db.session.commit()
    frozen_mails.work()
    assert written() == Counter(entrants() - {erased.subject}) and progress() == (11, 11, True)
    row = db.session.scalars(sa.select(Outbox).where(Outbox.subject == stopped.subject)).one()
    assert (row.state, row.why) == ("suppressed", "left")


def test_who_is_erased_at_the_moment_her_mail_is_written_leaves_nothing_in_it(
    app: Flask, large: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    her = db.session.scalars(sa.select(Entrant.subject).order_by(Entrant.id)).first()
    db.session.rollback()

    def erase() -> None:
        with app.app_context():
            person = db.session.scalars(sa.select(Employee).where(Employee.subject == her)).one()
            erasing.erase(person, person.name or "")

    erased, enqueue = threading.Thread(target=erase), outbox.enqueue_many

    def meanwhile(rows: object) -> int:
        made = enqueue(rows)  # type: ignore[arg-type]
        if erased.ident is None:
            erased.start()
            erased.join(0.5)
        return made

    monkeypatch.setattr(outbox, "enqueue_many", meanwhile)
    frozen_mails.work()
    db.session.rollback()
    erased.join(30)
    row = db.session.scalars(sa.select(Outbox).where(Outbox.subject == her)).one()
    assert (row.facts, row.state) == ({}, "cancelled") and sum(written().values()) == 11


def test_two_pools_at_once_get_their_own_mails(large: Draw) -> None:
    for n in range(6):
        person(f"Late{n}", 1, first=clock.now() - timedelta(days=1))
    db.session.commit()
    other = draws.freeze(draws.create("2026-11", "November", [("A book", "")], month="2026-11", beacon="drand"), DUE)
    frozen_mails.work()
    for draw in (large, other):
        inside = set(db.session.scalars(sa.select(Entrant.subject).where(Entrant.draw_id == draw.id)))
        hers = sa.select(Outbox.subject).where(Outbox.occasion == f"draw:{draw.name}:frozen")
        assert Counter(db.session.scalars(hers)) == Counter(inside) and len(inside) >= 6


def test_the_console_says_how_many_mails_are_written_and_the_command_writes_them_all(
    app: Flask, cast: dict[str, Employee], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frozen_mails, "AT_ONCE", 2)
    monkeypatch.setattr(frozen_mails, "AT_A_TIME", 2)
    october()
    liam = at_the_console(app)
    due = DUE.strftime("%Y-%m-%dT%H:%M")
    page = liam.post("/console/draws/2026-10/freeze", {"due_at": due}).text
    assert "0 of 4 mails with a proof are written" in page and 'http-equiv="refresh"' in page and "hx-trigger" in page
    clock.set_now(DUE + timedelta(hours=1))
    assert 'name="randomness"' not in liam.get("/console/draws/2026-10").text
    jobs.run(frozen_mails.TASK)
    page = liam.get("/console/draws/2026-10").text
    assert "are written" not in page and 'http-equiv="refresh"' not in page and 'name="randomness"' in page
    clock.set_now(DUE - timedelta(hours=50))
    draws.create("by-hand", "By hand", [("A book", "")], month="2026-10", beacon="drand")
    monkeypatch.setattr(service, "create_app", lambda: app)
    result = CliRunner().invoke(command, ["freeze", "by-hand", "--due", due])
    assert result.exit_code == 0 and "4 entrants" in result.output
    assert sum(written().values()) == 8
