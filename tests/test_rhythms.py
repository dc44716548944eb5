from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from emails.slots import her_next_week, her_week, monday, shifted, slot, week_of_month
from service import choices, clock, digests, editions, rhythms, why
from service.database import db
from service.models import Employee, Omission
from tests import week47
from tests.week47 import NEW_YORK, ROME, WEEK, at, reader, story

weeks = st.builds(
    lambda day: "{}-W{:02}".format(*day.isocalendar()[:2]),
    st.dates(date(2000, 1, 3), date(2036, 1, 1)),
)
slow = st.sampled_from(["fortnightly", "monthly"])


@given(weeks, weeks)
def test_a_fortnight_is_every_second_week_across_years_of_53(week: str, anchor: str) -> None:
    assert her_week(anchor, "fortnightly", anchor)
    assert her_week(week, "fortnightly", anchor) != her_week(shifted(week, 1), "fortnightly", anchor)


@given(st.integers(2000, 2035), st.integers(1, 12), weeks)
def test_every_month_has_exactly_one_week_of_a_monthly_reader(year: int, month: int, anchor: str) -> None:
    first = date(year, month, 1)
    days = [first + timedelta(days=n) for n in range(31) if (first + timedelta(days=n)).month == month]
    of_month = ["{}-W{:02}".format(*d.isocalendar()[:2]) for d in days if d.weekday() == 3]
    assert [week_of_month(week) for week in of_month] == list(range(1, len(of_month) + 1))
    assert sum(her_week(week, "monthly", anchor) for week in of_month) == 1


@given(weeks, slow, weeks)
def test_the_next_week_of_hers_is_the_first_and_never_far(week: str, rhythm: str, anchor: str) -> None:
    found = her_next_week(week, rhythm, anchor)
    away = (monday(found) - monday(week)).days // 7
    assert 0 <= away <= 5
    assert [her_week(shifted(week, n), rhythm, anchor) for n in range(away + 1)] == [False] * away + [True]


@given(weeks, weeks)
def test_every_week_is_hers_who_wants_it_weekly(week: str, anchor: str) -> None:
    assert her_week(week, "weekly", anchor) and her_week(week, "weekly", None)


def test_a_rhythm_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError):
        her_week(WEEK, "hourly", WEEK)


@given(weeks, slow, st.integers(1, 7), st.integers(0, 23), st.sampled_from([ROME, NEW_YORK, "Pacific/Apia"]))
def test_two_mails_of_a_rhythm_never_come_closer_than_it_says(
    week: str, rhythm: str, weekday: int, hour: int, zone: str
) -> None:
    first = slot(week, weekday, hour, zone)
    then = slot(her_next_week(shifted(week, 1), rhythm, week), weekday, hour, zone)
    least = (
        14 if rhythm == "fortnightly" else 21
    )  # a month that ends in a fifth week: from its fifth to the next fourth
    assert then - first >= timedelta(days=least) - timedelta(hours=25)


@pytest.fixture
def beacon(app: Flask) -> Flask:
    """Beacon's programme on the Monday before, with three stories."""
    at("2026-11-16T10:00")
    week47.programme()
    for title in ("One", "Two", "Three"):
        story(title)
    return app


def edition(week: str, now: str) -> editions.Edition:
    """Release and plan a whole week at this moment (UTC), and let its mails be accepted."""
    at(now)
    found = editions.release(editions.edition(week), "test")
    digests.plan(found)
    week47.settle("accepted", week)
    return found


def weeks_of(name: str) -> list[str]:
    subject = db.session.query(Employee.subject).filter_by(name=name).scalar()
    return [row.occasion.removeprefix("digest:") for row in week47.digests(subject=subject)]


MONDAYS = [
    ("2026-W47", "2026-11-16"),
    ("2026-W48", "2026-11-23"),
    ("2026-W49", "2026-11-30"),
    ("2026-W50", "2026-12-07"),
]


def test_other_weeks_have_a_reason_and_lose_her_nothing(beacon: Flask) -> None:
    reader("Noor", rhythm="fortnightly", rhythm_from="2026-W47")
    reader("Bea")
    for week, day in MONDAYS:
        at(f"{day}T09:00")
        story(f"Only of {week}", publish_from=clock.now(), created_at=clock.now())
        edition(week, f"{day}T10:00")
    assert weeks_of("Noor") == ["2026-W47", "2026-W49"]
    assert weeks_of("Bea") == [week for week, _ in MONDAYS]
    reasons = db.session.query(Omission.reason).all()
    assert reasons == [("not-her-week",)] * 2
    noor = db.session.query(Employee).filter_by(name="Noor").one()
    latest = week47.digests(subject=noor.subject)[-1]
    assert latest.selection is not None and len(latest.selection.stories) == 2, "the story of W48 waited for W49"
    told = {f.about: f.state for f in why.why("noor@beacon.example") if f.kind == "digest"}
    assert told["2026-W48"] == "not-her-week" and told["2026-W49"] == "accepted"


def test_what_she_asked_for_is_said_after_what_keeps_her_from_any_mail(beacon: Flask) -> None:
    reader("Noor", rhythm="monthly", rhythm_from="2026-W45", topics=[])
    reader("Bea", rhythm="monthly", rhythm_from="2026-W45", status="paused")
    edition(WEEK, "2026-11-16T10:00")
    assert sorted(r for (r,) in db.session.query(Omission.reason)) == ["no-topics", "paused"]


def test_a_fortnight_is_counted_from_her_last_mail(beacon: Flask) -> None:
    noor = reader("Noor")
    edition(WEEK, "2026-11-16T10:00")
    at("2026-11-17T09:00")
    comes = choices.set_slot(noor, None, None, "fortnightly")
    assert (noor.rhythm, noor.rhythm_from) == ("fortnightly", WEEK)
    assert comes == datetime(2026, 12, 1, 8, tzinfo=UTC)


def test_without_a_mail_yet_it_is_counted_from_the_next_one(beacon: Flask) -> None:
    noor = reader("Noor")
    at("2026-11-17T09:00")
    assert choices.set_slot(noor, 4, 18, "monthly") == datetime(2026, 11, 19, 17, tzinfo=UTC)
    assert noor.rhythm_from == "2026-W47"
    at("2026-11-19T17:01")
    assert rhythms.next_mail(noor) == datetime(2026, 12, 17, 17, tzinfo=UTC)


def test_a_mail_long_ago_makes_nobody_wait_longer(beacon: Flask) -> None:
    noor = reader("Noor")
    edition(WEEK, "2026-11-16T10:00")
    at("2026-12-14T09:00")
    choices.set_slot(noor, None, None, "fortnightly")
    assert noor.rhythm_from == "2026-W51"


def test_who_changes_only_the_day_keeps_her_weeks(beacon: Flask) -> None:
    noor = reader("Noor", rhythm="fortnightly", rhythm_from="2026-W46")
    choices.set_slot(noor, 5, None, "fortnightly")
    assert (noor.rhythm_from, rhythms.next_mail(noor)) == ("2026-W46", datetime(2026, 11, 27, 8, tzinfo=UTC))
    choices.set_slot(noor, 5, None, "weekly")
    assert (noor.rhythm_from, rhythms.next_mail(noor)) == (None, datetime(2026, 11, 20, 8, tzinfo=UTC))


@pytest.mark.parametrize(("before", "after"), [(5, 1), (3, 1), (5, 3), (2, 5), (7, 2)])
def test_a_day_changed_mid_week_gives_exactly_one_and_holds_none(beacon: Flask, before: int, after: int) -> None:
    noor = reader("Noor", slot_weekday=before)
    editions.release(editions.edition(WEEK), "test")
    at("2026-11-18T06:00")
    digests.plan_due_slots()
    choices.set_slot(noor, after)
    for moment in ("2026-11-18T06:01", "2026-11-18T08:00", "2026-11-20T08:00", "2026-11-22T08:00"):
        at(moment)
        digests.plan_due_slots()
    assert [row.state for row in week47.digests()] == ["queued"]


def test_a_day_that_has_just_passed_brings_this_weeks_mail_at_once_and_says_so(beacon: Flask) -> None:
    noor = reader("Noor", slot_weekday=5)
    editions.release(editions.edition(WEEK), "test")
    at("2026-11-18T06:00")
    comes = choices.set_slot(noor, 1)
    assert comes is not None and abs(comes - clock.now()) < timedelta(seconds=30)
    digests.plan_due_slots()
    assert week47.digests()[0].state == "queued"


def test_her_next_mail_comes_after_her_pause(beacon: Flask) -> None:
    noor = reader("Noor")
    choices.pause(noor, date(2026, 12, 1))
    assert rhythms.next_mail(noor) == datetime(2026, 12, 8, 8, tzinfo=UTC)
    choices.pause(noor, None)
    assert rhythms.next_mail(noor) is None


def test_a_mail_that_is_planned_comes_when_it_was_planned(beacon: Flask) -> None:
    noor = reader("Noor")
    digests.plan(editions.release(editions.edition(WEEK), "test"))
    choices.set_slot(noor, 4)
    assert rhythms.next_mail(noor) == datetime(2026, 11, 17, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wish", "field"), [((0, 9, "weekly"), "weekday"), ((1, 24, "weekly"), "hour"), ((1, 9, "hourly"), "rhythm")]
)
def test_a_wish_that_cannot_be_changes_nothing(beacon: Flask, wish: tuple[int, int, str], field: str) -> None:
    noor = reader("Noor")
    with pytest.raises(choices.Refused) as refusal:
        choices.set_slot(noor, *wish)
    assert refusal.value.field == field and noor.slot_weekday is None and noor.chosen == []


@pytest.mark.parametrize(
    ("week", "monday_before", "due"),
    [
        ("2026-W43", "2026-10-19T10:00", "2026-10-25T00:00"),  # 2:00 comes twice in Rome that Sunday
        ("2027-W12", "2027-03-22T10:00", "2027-03-28T01:00"),  # and does not come at all on this one
    ],
)
def test_both_changes_of_the_clock_give_exactly_one(beacon: Flask, week: str, monday_before: str, due: str) -> None:
    reader("Noor", slot_weekday=7, slot_hour=2, rhythm="fortnightly", rhythm_from=week)
    for one in ("One", "Two"):
        story(one, url=f"https://news.example/again-{one}", created_at=week47.LONG_AGO - timedelta(days=60),
              publish_from=week47.LONG_AGO - timedelta(days=60))  # fmt: skip
    at(monday_before)
    editions.release(editions.edition(week), "test")
    leaves = datetime.fromisoformat(f"{due}+00:00")
    for minutes in (-61, -31, -30, -1, 0, 29, 59, 61, 119):
        clock.set_now(leaves + timedelta(minutes=minutes))
        digests.plan_due_slots()
    assert [row.due_at for row in week47.digests()] == [leaves]
