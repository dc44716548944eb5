"""Acts on editions. In: undo, cancel and planners in each other's way. Out: a person's act counts, no mail is lost."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask

from service import clock, digests, editions, gates
from service.database import db
from service.models import Edition
from tests import week47
from tests.crossing import cross
from tests.week47 import WEEK, at, by_itself, reader, status, story

NEXT = "2026-W48"


@pytest.fixture
def beacon(app: Flask) -> Flask:
    week47.monday_before()
    return app


def test_what_somebody_took_back_is_released_by_a_person_alone(beacon: Flask) -> None:
    by_itself()
    editions.close_what_is_due()
    found = editions.edition(WEEK)
    assert found.status == "released"
    editions.undo(found, "liaison:1")
    for minutes in (1, 60, 60 * 20):
        clock.set_now(clock.now() + timedelta(minutes=minutes))
        editions.close_what_is_due()
        assert found.status == "draft" and editions.is_overdue(found)
    editions.release(found, "liaison:1")
    assert found.status == "released"
    at("2026-11-24T10:00")
    story("Three", publish_from=clock.now(), created_at=clock.now())
    editions.close_what_is_due()
    assert status(NEXT) == "released", "the next one goes by itself again"


def test_a_release_after_the_last_slot_can_be_undone_for_five_minutes_too(beacon: Flask) -> None:
    at("2026-11-17T09:00")
    found = editions.release(editions.edition(WEEK), "test")
    digests.plan_due_slots()
    clock.set_now(clock.now() + timedelta(minutes=4))
    editions.close_what_is_due()
    assert (found.status, len(week47.digests())) == ("released", 1)
    editions.undo(found)
    assert (found.status, week47.digests()) == ("draft", [])


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize(("mailed", "nth"), [(False, 1), (False, 2), (True, 1), (True, 2), (True, 3)])
def test_who_cancels_while_an_edition_closes_by_itself_has_cancelled_it(beacon: Flask, mailed: bool, nth: int) -> None:
    digests.plan(editions.release(editions.edition(WEEK), "test"))
    at("2026-11-17T08:01")
    if mailed:
        week47.settle("accepted")
    done = cross(beacon, editions.close_what_is_due, lambda: _cancelled(), "UPDATE", nth)
    assert done.results[0] is None
    wanted = "closed" if isinstance(done.results[1], editions.EditionError) else "cancelled"
    assert status(WEEK) == wanted and (mailed or wanted == "cancelled")
    assert {row.state for row in week47.digests()} == {"accepted" if mailed else "cancelled"}


def _cancelled() -> str:
    return str(editions.cancel(editions.edition(WEEK)).week)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("before", ["SELECT pg_advisory_xact_lock(", "UPDATE edition"])
def test_an_edition_does_not_close_over_a_mail_that_is_planned_in_that_moment(beacon: Flask, before: str) -> None:
    digests.plan(editions.release(editions.edition(WEEK), "test"))
    week47.settle("accepted")
    at("2026-11-17T08:01")
    editions.edition(WEEK).status = "closing"
    db.session.commit()

    def planned() -> None:
        reader("Ada")
        digests.plan_due_slots()

    done = cross(beacon, editions.close_what_is_due, planned, before)
    assert done.results == [None, None]
    states = [row.state for row in week47.digests()]
    assert (status(WEEK), states) in (("closing", ["accepted", "queued"]), ("closed", ["accepted"]))


def test_an_edition_that_is_cancelled_while_others_are_planned_stops_none_of_them(
    beacon: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader("Sun", slot_weekday=7, slot_hour=20), reader("Mon", slot_weekday=1, slot_hour=9)
    for week in (WEEK, NEXT):
        editions.release(editions.edition(week), "test")
    plan = digests.plan

    def planned(edition: Edition, *more: object, **facts: object) -> digests.Counts:
        if edition.week == WEEK:  # a liaison is at it before its turn comes
            editions.cancel(editions.edition(WEEK))
        return plan(edition, *more, **facts)  # type: ignore[arg-type]

    monkeypatch.setattr(digests, "plan", planned)
    at("2026-11-23T07:45")
    assert digests.plan_due_slots() == 1
    assert [row.occasion for row in week47.digests()] == [f"digest:{NEXT}"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_while_somebody_plans_an_edition_alone_no_worker_waits_for_it(beacon: Flask) -> None:
    found = editions.release(editions.edition(WEEK), "test")
    at("2026-11-17T07:45")

    def looks() -> int:
        with beacon.app_context():
            return digests.plan_due_slots()

    with ThreadPoolExecutor(1) as pool:
        with gates.planner(found.id, alone=True) as alone:
            db.session.commit()
            looked = pool.submit(looks)
            assert alone and looked.result(5) == 0
        assert pool.submit(looks).result(5) == 1
