"""Times of editions. In: weeks that overlap, two acts at once, moves, clocks that jump. Out: each on time, one each."""

from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import available_timezones

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from emails import slots
from service import choices, clock, digests, editions, employees, weeks
from service.database import db
from service.freezing import week_bounds
from service.models import Edition, Employee, Omission, Outbox
from tests import week47
from tests.liam import ADDRESS, PASSWORD, Liam
from tests.week47 import NEW_YORK, ROME, TOKYO, WEEK, at, by_itself, reader, status

NEXT = "2026-W48"
SUNDAY = "2026-11-22"


@pytest.fixture
def beacon(app: Flask) -> Flask:
    week47.monday_before()
    return app


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


@pytest.mark.parametrize("seed", range(3))
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


@pytest.mark.parametrize("seed", [0, 1, 2, 21])
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
