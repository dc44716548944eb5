"""Times of editions. In: weeks that overlap, two acts at once, moves, clocks that jump. Out: each on time, one each."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import available_timezones

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from emails import slots
from service import choices, clock, digests, editions, employees, gates, weeks
from service.database import db
from service.freezing import week_bounds
from service.models import Edition, Employee, Omission, Outbox
from tests import week47
from tests.crossing import cross
from tests.liam import ADDRESS, PASSWORD, Liam
from tests.week47 import NEW_YORK, ROME, TOKYO, WEEK, at, reader, story

NEXT = "2026-W48"
SUNDAY = "2026-11-22"


@pytest.fixture
def beacon(app: Flask) -> Flask:
    """Beacon's programme on the Monday before, with two stories and Noor, whose slot is Tuesday at nine in Rome."""
    at("2026-11-16T10:00")
    week47.programme()
    story("One"), story("Two")
    reader("Noor")
    return app


def by_itself() -> None:
    db.session.get_one(week47.Programme, 1).automatic_release = True
    db.session.commit()


def status(week: str) -> str | None:
    found = editions.find(week)
    return None if found is None else str(found.status)


@pytest.fixture
def overlapping(beacon: Flask) -> None:
    """Sunday evening is somebody's hour, and Monday morning somebody else's."""
    reader("Sun", slot_weekday=7, slot_hour=20), reader("Mon", slot_weekday=1, slot_hour=9)
    at("2026-11-16T10:00")
    editions.release(editions.edition(WEEK), "test")


@pytest.mark.usefixtures("overlapping")
def test_the_next_edition_is_at_hand_a_day_before_its_first_slot_also_where_this_week_goes_on() -> None:
    at(f"{SUNDAY}T07:59")  # a minute more than a day before Monday at nine in Rome
    editions.close_what_is_due()
    assert (editions.current_week(), weeks.at_hand(), status(NEXT)) == (WEEK, [WEEK], None)
    at(f"{SUNDAY}T08:00")
    editions.close_what_is_due()
    assert (editions.current_week(), weeks.at_hand(), status(NEXT)) == (WEEK, [WEEK, NEXT], "draft")
    assert [found.week for found in editions.overdue()] == [NEXT]


@pytest.mark.usefixtures("overlapping")
def test_the_next_edition_releases_itself_a_day_before_its_first_slot_also_where_this_week_goes_on() -> None:
    by_itself()
    at(f"{SUNDAY}T07:59")
    editions.close_what_is_due()
    assert status(NEXT) is None
    at(f"{SUNDAY}T08:00")
    editions.close_what_is_due()
    assert (status(WEEK), status(NEXT)) == ("released", "released")


def test_a_zone_where_monday_has_begun_counts_too(beacon: Flask) -> None:
    reader("Tebano", zone="Pacific/Kiritimati", slot_weekday=1, slot_hour=0)
    reader("Sun", slot_weekday=7, slot_hour=20)
    at("2026-11-21T10:00")  # Saturday in Rome, and midnight of Monday comes in a day on Kiritimati
    assert weeks.at_hand() == [WEEK, NEXT]
    clock.set_now(clock.now() - timedelta(minutes=1))
    assert weeks.at_hand() == [WEEK]


@pytest.mark.usefixtures("overlapping")
def test_the_liaison_is_told_of_each_draft_that_is_due_within_a_day(beacon: Flask) -> None:
    from service import liaisons

    liaisons.add(ADDRESS, "Liam Novak", PASSWORD)
    told = f"Edition {NEXT} is a draft, and its first mails are due within a day."
    for moment, says in ((f"{SUNDAY}T07:58", False), (f"{SUNDAY}T08:00", True), ("2026-11-23T09:00", True)):
        at(moment)
        editions.close_what_is_due()
        liam = Liam(beacon)
        assert liam.sign_in().status_code == 200
        page = liam.get("/console/").text
        assert (told in page) is says and (f"/console/editions/{NEXT}" in page or not says)
    editions.release(editions.edition(NEXT), "test")
    assert told not in liam.get("/console/").text


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


@pytest.mark.parametrize(
    ("first", "then", "moment"),
    [
        ("Pacific/Pago_Pago", "Pacific/Apia", "2026-11-17T19:29"),  # a day apart, and a hundred kilometres
        ("Pacific/Pago_Pago", "Pacific/Kiritimati", "2026-11-17T19:29"),
        (NEW_YORK, TOKYO, "2026-11-17T13:29"),
        (ROME, NEW_YORK, "2026-11-17T07:29"),
    ],
)
def test_who_moves_across_the_date_line_mid_week_still_gets_her_mail(
    beacon: Flask, first: str, then: str, moment: str
) -> None:
    moa = reader("Moa", zone=first)
    editions.release(editions.edition(WEEK), "test")
    at(moment)
    digests.plan_due_slots()
    assert week47.digests(subject=moa.subject) == []
    employees.apply(employees.preview(f"email,time zone\nmoa@beacon.example,{then}\n".encode()))
    begun, due = datetime.fromisoformat(f"{moment}+00:00"), slots.slot(WEEK, 2, 9, then)
    for later in (begun, max(begun, due - timedelta(minutes=29)), begun + timedelta(hours=30)):
        clock.set_now(later)
        digests.plan_due_slots()
    (row,) = week47.digests(subject=moa.subject)
    assert row.state == "queued" and abs(row.due_at - max(due, begun)) < timedelta(seconds=30)


def test_a_file_that_names_the_same_zone_makes_no_slot_new(beacon: Flask) -> None:
    noor = db.session.scalars(sa.select(Employee)).one()
    employees.apply(employees.preview(b"email,time zone,office\nnoor@beacon.example,Europe/Rome,Rome\n"))
    db.session.refresh(noor)
    assert (noor.office, noor.slot_since) == ("Rome", None)


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


def test_a_pause_is_over_when_its_last_day_is_past_in_every_zone_and_one_without_an_end_never(beacon: Flask) -> None:
    bea, cem = (
        reader(name, status="paused", paused_until=until, slot_weekday=7)
        for name, until in (("Bea", date(2026, 11, 16)), ("Cem", None))
    )
    found = editions.release(editions.edition(WEEK), "test")
    for moment, state in (("2026-11-17T11:59", "paused"), ("2026-11-17T12:00", "active")):
        at(moment)
        digests.plan(found)
        assert (bea.status, cem.status) == (state, "paused")
    assert bea.paused_until is None
    assert [row.kind for row in week47.digests(subject=bea.subject)] == ["digest"]


@pytest.mark.parametrize("seed", range(4))
def test_however_the_clock_jumps_nobody_gets_two_and_everybody_one_or_a_reason(beacon: Flask, seed: int) -> None:
    chance = Random(seed)
    for n, zone in enumerate((ROME, TOKYO, NEW_YORK, "Pacific/Kiritimati", "Pacific/Pago_Pago")):
        reader(f"N{n}", zone=zone, topics=[1] if n % 3 else [], slot_weekday=chance.choice([None, 1, 7]))
    editions.release(editions.edition(WEEK), "test")
    sent: dict[int, str] = {}
    for _ in range(12):
        clock.set_now(week47.TUESDAY + timedelta(hours=chance.randrange(-20, 140)))
        digests.plan_due_slots() if chance.random() < 0.7 else digests.plan(editions.edition(WEEK))
        editions.close_what_is_due()
        rows = {row.id: row.message_id for row in week47.digests()}
        assert sent.items() <= rows.items()
        sent = rows
    at("2026-11-23T12:00")
    digests.plan_due_slots()
    mailed = db.session.scalars(sa.select(Outbox.subject).where(Outbox.occasion == f"digest:{WEEK}")).all()
    told = db.session.scalars(sa.select(Omission.subject).join(Edition).where(Edition.week == WEEK)).all()
    assert sorted([*mailed, *told]) == sorted(db.session.scalars(sa.select(Employee.subject)).all())


@pytest.mark.parametrize("seed", [*range(5), 21])
def test_the_next_mail_that_she_is_told_of_comes_at_that_moment_and_none_before(beacon: Flask, seed: int) -> None:
    chance = Random(seed)
    zones = [ROME, TOKYO, NEW_YORK, "Pacific/Apia", "Pacific/Pago_Pago", "Africa/Casablanca", "Australia/Lord_Howe"]
    moa = reader("Moa", zone=chance.choice(zones), slot_weekday=chance.choice([None, 1, 7]))
    week = chance.choice(
        ["2026-W43", WEEK, "2026-W53", "2027-W12"]
    )  # a clock goes back, none, the year ends, one goes on
    clock.set_now(
        datetime.combine(slots.monday(week), datetime.min.time(), UTC) + timedelta(hours=chance.randrange(168))
    )
    for row in db.session.query(week47.Story):
        row.created_at = row.publish_from = clock.now() - timedelta(days=20)
    db.session.commit()
    editions.release(editions.edition(week), "test")
    clock.set_now(clock.now() + timedelta(minutes=6))
    for shift in range(1, 7):
        editions.release(editions.edition(slots.shifted(week, shift)), "test")
    told = choices.set_slot(
        moa, chance.randrange(1, 8), chance.randrange(24), chance.choice(["weekly", "fortnightly", "monthly"])
    )
    assert told is not None
    started = clock.now()
    for later in (timedelta(), *(timedelta(hours=n) for n in range(6, 24 * 36, 31))):
        if started + later < told - timedelta(minutes=31):
            clock.set_now(started + later)
            digests.plan_due_slots()
    assert week47.digests(subject=moa.subject) == []
    clock.set_now(max(told - timedelta(minutes=29), started))
    digests.plan_due_slots()
    (row,) = week47.digests(subject=moa.subject)
    assert abs(row.due_at - told) < timedelta(minutes=6) and row.state == "queued"


@given(st.sampled_from(sorted(available_timezones())), st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.data())
def test_no_slot_of_a_week_lies_outside_its_bounds_whatever_the_zone(zone: str, day: date, data: st.DataObject) -> None:
    week = slots.week_of(datetime.combine(day, datetime.min.time(), UTC), "UTC")
    moment = slots.slot(week, data.draw(st.integers(1, 7)), data.draw(st.integers(0, 23)), zone)
    begin, end = week_bounds(week)
    assert begin <= moment < end - editions.LATE
