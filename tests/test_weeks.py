"""scoring.weeks. In: moments, weeks and months. Out: the calendar of the programme, both clock changes and New Year."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import weeks

ZONES = st.sampled_from(["UTC", "Europe/Rome", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "Pacific/Niue"])
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)).map(lambda m: m.replace(tzinfo=UTC))
DAYS = st.dates(date(2020, 1, 1), date(2040, 1, 1))


@pytest.mark.parametrize(
    ("moment", "zone", "week"),
    [
        (datetime(2026, 11, 22, 22, 59, tzinfo=UTC), "Europe/Rome", "2026-W47"),
        (datetime(2026, 11, 22, 23, 0, tzinfo=UTC), "Europe/Rome", "2026-W48"),
        (datetime(2027, 1, 1, 12, tzinfo=UTC), "UTC", "2026-W53"),
        (datetime(2024, 12, 30, 12, tzinfo=UTC), "UTC", "2025-W01"),
        (datetime(2026, 3, 29, 22, 30, tzinfo=UTC), "Europe/Rome", "2026-W14"),
        (datetime(2026, 10, 25, 22, 30, tzinfo=UTC), "Europe/Rome", "2026-W43"),
    ],
)
def test_a_moment_belongs_to_the_week_of_the_programmes_own_day(moment: datetime, zone: str, week: str) -> None:
    assert weeks.week_of(moment, zone) == week


@given(MOMENTS, ZONES)
def test_a_week_begins_at_local_midnight_of_monday(moment: datetime, zone: str) -> None:
    week = weeks.week_of(moment, zone)
    begin, end = weeks.begin(week, zone), weeks.begin(weeks.shift(week, 1), zone)
    assert begin <= moment < end
    assert timedelta(days=7) - timedelta(hours=2) <= end - begin <= timedelta(days=7) + timedelta(hours=2)


@given(DAYS, st.integers(-200, 200))
def test_shifting_a_week_there_and_back_changes_nothing(day: date, n: int) -> None:
    week = weeks.week_of_day(day)
    assert weeks.shift(weeks.shift(week, n), -n) == week


@given(DAYS)
def test_every_week_belongs_to_exactly_one_month(day: date) -> None:
    week = weeks.week_of_day(day)
    month = weeks.month_of_week(week)
    around = {f"{day + timedelta(days=n):%Y-%m}" for n in (-40, -20, 0, 20, 40)} | {month}
    assert [m for m in around if week in weeks.weeks_of_month(m)] == [month]


@given(DAYS)
def test_a_month_has_four_or_five_weeks_in_a_row(day: date) -> None:
    found = weeks.weeks_of_month(f"{day:%Y-%m}")
    assert len(found) in (4, 5)
    assert all(weeks.shift(a, 1) == b for a, b in pairwise(found))


def test_the_weeks_of_november_2026_are_those_of_its_thursdays() -> None:
    assert weeks.weeks_of_month("2026-11") == ("2026-W45", "2026-W46", "2026-W47", "2026-W48")
    assert len(weeks.weeks_of_month("2026-12")) == 5


@pytest.mark.parametrize(
    ("active", "length"),
    [
        ([], 0),
        (["2026-W47"], 1),
        (["2026-W46"], 1),
        (["2026-W45"], 0),
        (["2026-W44", "2026-W45", "2026-W46"], 3),
        (["2026-W44", "2026-W46", "2026-W47"], 2),
        (["2026-W47", "2026-W46", "2026-W46", "2026-W48"], 2),
    ],
)
def test_a_streak_is_not_broken_by_a_week_that_is_not_over(active: list[str], length: int) -> None:
    assert weeks.streak(active, "2026-W47") == length


def test_a_streak_crosses_the_year() -> None:
    assert weeks.streak(["2026-W52", "2026-W53", "2027-W01"], "2027-W01") == 3


def test_each_active_week_of_the_month_holds_one_ticket_and_five_at_most() -> None:
    december = weeks.weeks_of_month("2026-12")
    assert weeks.tickets([*december, *december, "2026-W47"], "2026-12") == 5
    assert weeks.tickets([*december], "2026-12", at_most=2) == 2
    assert weeks.tickets(["2026-W47"], "2026-12") == 0


@pytest.mark.parametrize("wrong", ["2026-47", "2026-W7", "2026-W54", "2025-W53", "W47", "2026-W1a", "2026-W٤٧", ""])
def test_what_is_no_week_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError):
        weeks.monday(wrong)
