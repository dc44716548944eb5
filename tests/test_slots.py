from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emails.slots import day_in, monday, shifted, slot, week_of

ZONES = ["UTC", "Europe/Ljubljana", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Kiritimati"]
ZONES += ["Africa/Casablanca", "America/St_Johns", "Pacific/Chatham", "America/Santiago", "Asia/Beirut"]
zones = st.sampled_from(ZONES)
weeks = st.builds(
    lambda day: "{}-W{:02}".format(*day.isocalendar()[:2]),
    st.dates(datetime(2000, 1, 1).date(), datetime(2036, 1, 1).date()),
)


@pytest.mark.parametrize(
    ("moment", "zone", "week"),
    [
        ("2026-11-17T08:00+00:00", "Europe/Ljubljana", "2026-W47"),
        ("2026-11-15T23:30+00:00", "Europe/Ljubljana", "2026-W47"),
        ("2026-11-15T23:30+00:00", "UTC", "2026-W46"),
        ("2027-01-01T12:00+00:00", "UTC", "2026-W53"),
        ("2029-12-31T12:00+00:00", "UTC", "2030-W01"),
        ("2026-11-16T05:00+00:00", "America/New_York", "2026-W47"),
        ("2026-11-16T04:59+00:00", "America/New_York", "2026-W46"),
    ],
)
def test_a_moment_falls_into_the_week_of_the_zones_own_calendar(moment: str, zone: str, week: str) -> None:
    assert week_of(datetime.fromisoformat(moment), zone) == week


@pytest.mark.parametrize("text", ["2026-47", "2026-W60", "W47", "2026-W54", "2026-w47", "2026-W47 ", "2025-W53"])
def test_what_is_no_week_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        monday(text)


def test_weeks_are_counted_across_the_turn_of_a_year_with_53() -> None:
    assert shifted("2026-W53", 1) == "2027-W01"
    assert shifted("2027-W01", -1) == "2026-W53"


def test_nine_oclock_is_nine_oclock_before_and_after_both_changes_of_the_clock() -> None:
    utc = [slot(w, 7, 9, "Europe/Ljubljana").strftime("%m-%d %H:%M") for w in ("2026-W12", "2026-W13")]
    assert utc == ["03-22 08:00", "03-29 07:00"]
    utc = [slot(w, 7, 9, "Europe/Ljubljana").strftime("%m-%d %H:%M") for w in ("2026-W42", "2026-W43")]
    assert utc == ["10-18 07:00", "10-25 08:00"]


def test_an_hour_that_is_skipped_comes_when_the_clock_goes_on() -> None:
    moment = slot("2026-W13", 7, 2, "Europe/Ljubljana")
    assert moment == datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert moment.astimezone(ZoneInfo("Europe/Ljubljana")).hour == 3


def test_half_an_hour_that_is_skipped_comes_half_an_hour_later() -> None:
    moment = slot("2026-W40", 7, 2, "Australia/Lord_Howe").astimezone(ZoneInfo("Australia/Lord_Howe"))
    assert (moment.hour, moment.minute) == (2, 30)


def test_an_hour_that_comes_twice_means_its_first_pass() -> None:
    assert slot("2026-W43", 7, 2, "Europe/Ljubljana") == datetime(2026, 10, 25, 0, tzinfo=UTC)


def test_a_day_that_samoa_never_had_still_gives_one_moment() -> None:
    moment = slot("2011-W52", 5, 9, "Pacific/Apia")
    assert moment.astimezone(ZoneInfo("Pacific/Apia")).isoformat() == "2011-12-31T09:00:00+14:00"


@pytest.mark.parametrize(("weekday", "hour"), [(0, 9), (8, 9), (1, 24), (1, -1)])
def test_a_weekday_or_hour_that_does_not_exist_is_refused(weekday: int, hour: int) -> None:
    with pytest.raises(ValueError):
        slot("2026-W47", weekday, hour, "UTC")


@given(weeks, st.integers(1, 7), st.integers(0, 23), zones)
def test_every_wish_gives_one_moment_that_reads_as_wished_or_falls_into_a_change(
    week: str, weekday: int, hour: int, zone: str
) -> None:
    moment = slot(week, weekday, hour, zone)
    local = moment.astimezone(ZoneInfo(zone))
    as_wished = local.replace(tzinfo=None) == datetime.combine(
        monday(week) + timedelta(days=weekday - 1), datetime.min.time()
    ) + timedelta(hours=hour)
    changed = local.utcoffset() != (moment - timedelta(hours=3)).astimezone(ZoneInfo(zone)).utcoffset()
    assert as_wished or changed
    assert local.fold == 0
    assert slot(week, weekday, hour, zone) == moment


@given(weeks, st.integers(1, 7), st.integers(0, 23), zones)
def test_slots_of_following_weeks_are_a_week_apart_give_or_take_the_change(
    week: str, weekday: int, hour: int, zone: str
) -> None:
    apart = slot(shifted(week, 1), weekday, hour, zone) - slot(week, weekday, hour, zone)
    assert abs(apart - timedelta(weeks=1)) <= timedelta(hours=1)


@given(weeks, st.integers(1, 7), st.integers(4, 23), zones)
def test_a_slot_falls_into_the_week_it_was_made_for(week: str, weekday: int, hour: int, zone: str) -> None:
    assert week_of(slot(week, weekday, hour, zone), zone) == week
    assert day_in(slot(week, weekday, hour, zone), zone) == monday(week) + timedelta(days=weekday - 1)
