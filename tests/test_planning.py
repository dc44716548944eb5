"""Planning under strain: interrupted, run by two at once, undone meanwhile, and through a week of changes."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from random import Random

import pytest
from flask import Flask
from sqlalchemy import text

from service import choices, clock, digests, editions, programmes, readers
from service.database import db
from service.models import Edition, Employee, Omission, Outbox
from service.planning import Desk
from tests import week47
from tests.week47 import NEW_YORK, ROME, TOKYO, WEEK, at, reader, story


@pytest.fixture
def beacon(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """Beacon's programme on the Monday before, its readers in pages of three."""
    monkeypatch.setattr("service.readers.PAGE", 3)
    at("2026-11-16T10:00")
    week47.programme()
    for title in ("One", "Two", "Three"):
        story(title)
    return app


def crowd(number: int) -> None:
    for n in range(number):
        reader(f"N{n}", topics=[1] if n % 4 else [], zone=(ROME, TOKYO)[n % 2])


def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let few readers be enough for their marks to be read before the pages (PostgreSQL)."""
    monkeypatch.setattr("service.snapshots.FEWEST", 1)


def both() -> tuple[list[str], list[str]]:
    """Subjects with a mail and subjects with a reason, as often as they stand there."""
    return [s for (s,) in db.session.query(Outbox.subject)], [s for (s,) in db.session.query(Omission.subject)]


@pytest.mark.parametrize("wide", [False, True])
def test_an_interrupted_planning_goes_on_where_it_stopped(
    beacon: Flask, wide: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if wide:
        at_once(monkeypatch)
    crowd(11)
    edition = editions.release(editions.edition(WEEK), "test")

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        digests.plan(edition, stop)
    db.session.rollback()
    mailed, omitted = both()
    # PostgreSQL has another page in hand when the first is told of.
    assert len(mailed) + len(omitted) in (3, 6, 9)
    digests.plan(edition)
    mailed, omitted = both()
    assert len(mailed) == len(set(mailed)) == 8 and len(set(omitted)) == 3
    assert not set(mailed) & set(omitted)


@pytest.mark.parametrize("wide", [False, True])
def test_two_planners_at_once_plan_everybody_once(beacon: Flask, wide: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if wide:
        at_once(monkeypatch)
    crowd(24)
    editions.release(editions.edition(WEEK), "test")
    db.session.commit()

    def run(_: int) -> int:
        with beacon.app_context():
            return digests.plan(editions.edition(WEEK)).planned

    with ThreadPoolExecutor(3) as pool:
        planned = list(pool.map(run, range(3)))
    mailed, omitted = both()
    assert sum(planned) == len(mailed) == len(set(mailed)) == 18
    assert len(set(omitted)) == 6 and not set(mailed) & set(omitted)


def test_who_comes_to_a_page_after_somebody_else_finds_nobody_left_to_mail(beacon: Flask) -> None:
    crowd(9)
    edition = editions.release(editions.edition(WEEK), "test")
    due = readers.all_slots(WEEK, programmes.current())
    ours, theirs = Desk(edition, due), Desk(edition, due)
    first = theirs.write(0)
    db.session.commit()
    again = ours.write(0)
    assert first is not None and again is not None
    assert (first.mails, first.reasons) == (2, {"no-topics": 1})
    assert (again.mails, again.reasons) == (0, {"no-topics": 1}), "only reasons are reconsidered before slots come"
    assert [page.mails for n in (1, 2) if (page := ours.write(n))] == [2, 2]
    db.session.commit()
    mailed, omitted = both()
    assert len(mailed) == len(set(mailed)) == 6 and len(omitted) == len(set(omitted)) == 3


def test_a_reason_noted_by_somebody_else_since_is_replaced_before_the_slot_and_stands_after_it(beacon: Flask) -> None:
    noor, bea = reader("Noor"), reader("Bea", zone=TOKYO)
    edition = editions.release(editions.edition(WEEK), "test")
    due = readers.all_slots(WEEK, programmes.current())
    at("2026-11-17T03:00")  # nine o'clock has come in Tokyo, and not in Rome
    desk = Desk(edition, due)
    db.session.add_all(Omission(edition_id=edition.id, subject=who.subject, reason="paused") for who in (noor, bea))
    db.session.commit()
    planned = desk.write(0)
    db.session.commit()
    assert planned is not None and (planned.mails, planned.people) == (1, 1)
    assert both() == ([noor.subject], [bea.subject])


def test_an_undo_waits_for_the_pages_that_are_being_planned_and_comes_before_the_next(beacon: Flask) -> None:
    crowd(9)
    edition = editions.release(editions.edition(WEEK), "test")
    desk = Desk(edition, readers.all_slots(WEEK, programmes.current()))
    db.session.commit()
    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has one writer")
    assert desk.write(0) is not None

    def undo() -> None:
        with beacon.app_context():
            editions.undo(editions.edition(WEEK))

    with ThreadPoolExecutor(1) as pool:
        act = pool.submit(undo)
        waits = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        while not db.session.scalar(waits):
            assert not act.done()
        db.session.commit()
        act.result(10)
    assert desk.write(1) is None
    db.session.rollback()
    assert both() == ([], [])


def test_a_planning_that_began_before_an_undo_writes_nothing_into_the_next_release(beacon: Flask) -> None:
    crowd(6)
    edition = editions.release(editions.edition(WEEK), "test")
    desk = Desk(edition, readers.all_slots(WEEK, programmes.current()))
    db.session.commit()
    assert desk.write(0) is not None
    db.session.commit()
    editions.undo(edition)
    clock.set_now(clock.now() + timedelta(seconds=1))
    editions.release(edition, "test")
    assert desk.write(1) is None, "its texts and stories are those of the release before"
    db.session.rollback()
    assert both() == ([], [])
    assert digests.plan(edition).planned == 4


def test_many_new_rows_make_the_database_look_at_its_tables_again(
    beacon: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.planning.MANY", 8)
    crowd(12)
    digests.plan(editions.release(editions.edition(WEEK), "test"))
    if db.engine.dialect.name == "postgresql":
        known = db.session.execute(text("SELECT reltuples FROM pg_class WHERE oid = 'outbox'::regclass")).scalar_one()
        assert known == 9


def test_an_undo_in_the_midst_of_planning_leaves_nothing_behind(beacon: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once(monkeypatch)
    crowd(30)
    edition = editions.release(editions.edition(WEEK), "test")
    db.session.commit()

    def run() -> None:
        with beacon.app_context():
            digests.plan(editions.edition(WEEK))

    with ThreadPoolExecutor(1) as pool:
        planning = pool.submit(run)
        editions.undo(edition)
        db.session.commit()
        refusal = planning.exception()
    assert refusal is None or isinstance(refusal, digests.NotReleased)
    db.session.expire_all()
    assert edition.status == "draft" and both() == ([], [])


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_in_a_week_everybody_ends_with_one_mail_or_one_reason(
    beacon: Flask, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = Random(seed)
    if seed % 2:
        at_once(monkeypatch)
    crowd(9)
    edition = editions.release(editions.edition(WEEK), "test")
    sent: set[int] = set()
    for hour in sorted(chance.sample(range(150), 14)):
        clock.set_now(week47.TUESDAY - timedelta(hours=20) + timedelta(hours=hour))
        _something_happens(chance, edition)
        digests.plan_due_slots() if chance.random() < 0.7 else digests.plan(edition)
        editions.close_what_is_due()
        # What is on its way is never taken back or made anew.
        now = {row.id for row in week47.digests()}
        assert sent <= now
        sent = now
    at("2026-11-23T12:00")
    editions.close_what_is_due()
    digests.plan_due_slots()
    mailed, omitted = both()
    assert len(mailed) == len(set(mailed)) and len(omitted) == len(set(omitted))
    assert not set(mailed) & set(omitted)
    present = {e.subject for e in db.session.query(Employee) if e.status != "gone"}
    assert present <= set(mailed) | set(omitted)


def _something_happens(chance: Random, edition: Edition) -> None:
    who = chance.choice(list(db.session.query(Employee).order_by(Employee.id)))
    match chance.randrange(9):
        case 0:
            who.zone = chance.choice([ROME, TOKYO, NEW_YORK, "Pacific/Kiritimati", "Pacific/Pago_Pago"])
        case 1:
            who.slot_weekday, who.slot_hour = chance.choice([(1, 0), (3, 12), (7, 23)])
        case 2:
            who.status, who.paused_until = "paused", chance.choice([None, date(2026, 11, 18)])
        case 3:
            who.status, who.paused_until = "active", None
        case 4:
            who.topics = chance.choice([[], [1], [2]])
        case 5:
            reader(f"New{chance.random()}".replace(".", ""), created_at=clock.now(), status="invited")
        case 6:
            editions.pause(edition) if chance.random() < 0.5 else editions.resume(edition)
        case 7 | 8:
            rhythm = chance.choice(["weekly", "fortnightly", "monthly"])
            choices.set_slot(who, chance.choice([None, 1, 4, 7]), chance.choice([None, 0, 18]), rhythm)
    db.session.commit()
