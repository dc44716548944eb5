"""scoring.points. In: facts of shares, and events in every order. Out: the same score, and the caps of the rules."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.points import Booked, Entry, Reversal, Rules, base, differences, due, standing
from scoring.shares import Event, Facts, fold
from scoring.weeks import month_of, week_of

ZONE = "Europe/Ljubljana"
MONDAY = datetime(2026, 11, 16, 8, tzinfo=UTC)
LATER = MONDAY + timedelta(days=400)
RULES = Rules()


def at(hours: float = 0, days: float = 0) -> datetime:
    return MONDAY + timedelta(hours=hours, days=days)


def facts(n: int = 1, **more: object) -> Facts:
    return replace(Facts("linkedin", at(-1), story_id=n, key=f"share:{n}"), **more)


def told(shares: list[Facts], now: datetime = LATER, rules: Rules = RULES, zone: str = ZONE) -> dict[str, int]:
    return {entry.key: entry.points for entry in due(shares, rules, zone, now)}


def test_an_opened_share_is_worth_nothing() -> None:
    assert told([facts()]) == {}


def test_a_seen_share_that_nobody_declared_is_worth_nothing() -> None:
    assert told([facts(seen_at=at())]) == {}


def test_a_declared_share_is_worth_two_until_its_time_runs_out() -> None:
    one = [facts(declared_at=at())]
    assert told(one, at(days=14) - timedelta(microseconds=1)) == {"share:1:declared": 2}
    assert told(one, at(days=14)) == {}


def test_a_share_declared_and_seen_is_worth_four_in_either_order() -> None:
    for seen in (at(-1), at(1)):
        assert sum(told([facts(declared_at=at(), seen_at=seen)], at(days=1)).values()) == 4


@pytest.mark.parametrize(("days", "stays"), [(-1, True), (13.9, True), (14, True), (14.1, False)])
def test_declared_points_stay_if_a_human_came_within_fourteen_days(days: float, stays: bool) -> None:
    one = told([facts(declared_at=at(), visited_at=(at(days=days),))])
    assert one["share:1:confirmed"] == 10
    assert ("share:1:declared" in one) is stays


def test_the_first_three_declarations_of_a_week_count() -> None:
    week = [facts(n, declared_at=at(n)) for n in range(1, 6)]
    after = facts(9, declared_at=at(days=7))
    assert set(told([*week, after], at(days=8))) == {f"share:{n}:declared" for n in (1, 2, 3, 9)}


def test_the_week_of_a_cap_is_the_programmes_own() -> None:
    sunday = datetime(2026, 11, 22, 22, 30, tzinfo=UTC)  # Sunday 23:30 in Ljubljana, Monday 0:30 in Helsinki
    late = [facts(n, declared_at=sunday + timedelta(minutes=n)) for n in range(1, 5)]
    early = [facts(n, declared_at=at(n)) for n in range(5, 8)]
    now = sunday + timedelta(hours=2)
    assert not set(told([*early, *late], now)) & {"share:1:declared"}
    assert "share:1:declared" in told([*early, *late], now, zone="Europe/Helsinki")


def test_a_story_is_confirmed_once_whichever_network_came_first() -> None:
    here = facts(1, story_id=7, visited_at=(at(5),))
    there = facts(2, story_id=7, network="x", visited_at=(at(3),))
    assert told([here, there]) == {"share:2:confirmed": 10}
    assert told([here, there, facts(3, visited_at=(at(4),))]) == {"share:2:confirmed": 10, "share:3:confirmed": 10}


def test_own_words_earn_five_more_on_the_share_that_confirmed_the_story() -> None:
    mine = facts(1, story_id=7, own_words=True, visited_at=(at(1),))
    assert told([mine]) == {"share:1:confirmed": 10, "share:1:own-words": 5}
    assert told([mine, facts(2, story_id=7, visited_at=(at(0),))]) == {"share:2:confirmed": 10}
    assert told([facts(own_words=True)]) == {}


def test_visitors_count_once_there_are_three_and_twenty_at_most() -> None:
    def worth(n: int) -> int:
        return sum(told([facts(visited_at=tuple(at(h) for h in range(n)))]).values()) - 10

    assert [worth(n) for n in (1, 2, 3, 4, 20, 21, 40)] == [0, 0, 3, 4, 20, 20, 20]


def test_the_first_three_visitors_are_paid_when_the_third_comes() -> None:
    one = facts(visited_at=(at(days=-30), at(days=-29), at()))
    engaged = next(e for e in due([one], RULES, ZONE, LATER) if e.reason == "engaged")
    assert (engaged.at, engaged.points) == (at(), 3)


def test_two_visitors_of_one_moment_are_two() -> None:
    assert sum(told([facts(visited_at=(at(), at(), at(), at(), at()))]).values()) == 15


def test_a_campaign_multiplies_what_happens_on_its_days() -> None:
    visits = (at(days=0), at(days=1), at(days=2), at(days=3), at(days=4))
    double = facts(
        multiplier=2, starts_on=date(2026, 11, 16), ends_on=date(2026, 11, 19), declared_at=at(-24), visited_at=visits
    )
    found = {e.reason if e.reason != "visitor" else e.at: e.points for e in due([double], RULES, ZONE, LATER)}
    assert found == {"declared": 2, "confirmed": 20, "engaged": 6, at(days=3): 2, at(days=4): 1}


def test_rules_can_be_set_and_wrong_ones_are_refused() -> None:
    assert told([facts(visited_at=(at(),))], rules=Rules.of({"confirmed": 3})) == {"share:1:confirmed": 3}
    for wrong in ({"confirmd": 3}, {"confirmed": -1}, {"confirmed": "3"}, {"confirmed": True}):
        with pytest.raises(ValueError, match="rule"):
            Rules.of(wrong)


def test_a_late_fact_reverses_and_books_again_with_numbered_keys() -> None:
    books = Books()
    books.settle([facts(1, story_id=7, visited_at=(at(5),))], at(6))
    books.settle([facts(1, story_id=7, visited_at=(at(5),)), facts(2, story_id=7, visited_at=(at(3),))], at(7))
    books.settle([facts(1, story_id=7, visited_at=(at(2), at(5))), facts(2, story_id=7, visited_at=(at(3),))], at(8))
    assert [(line.key, line.points, line.reason) for line in books.lines] == [
        ("share:1:confirmed", 10, "confirmed"),
        ("share:1:confirmed!1", -10, "recounted"),
        ("share:2:confirmed", 10, "confirmed"),
        ("share:2:confirmed!1", -10, "recounted"),
        ("share:1:confirmed+1", 10, "confirmed"),
    ]


def test_a_declaration_that_nobody_confirmed_is_taken_back_with_that_reason() -> None:
    books = Books()
    one = [facts(declared_at=at(), seen_at=at(1))]
    books.settle(one, at(2))
    books.settle(one, at(days=15))
    assert [(line.points, line.reason) for line in books.lines] == [
        (2, "declared"),
        (2, "seen"),
        (-2, "not-confirmed"),
        (-2, "not-confirmed"),
    ]


class Books:
    """A ledger in memory: lines are added and never changed, and a key stands once."""

    def __init__(self) -> None:
        self.lines: list[Booked] = []

    def settle(self, shares: list[Facts], now: datetime) -> None:
        lapsed = now - timedelta(days=RULES.declared_days)
        for line in differences(due(shares, RULES, ZONE, now), self.lines, lapsed):
            reverses = line.reverses if isinstance(line, Reversal) else None
            assert line.key not in {b.key for b in self.lines}
            self.lines.append(Booked(line.key, line.points, line.at, line.reason, line.share, reverses))

    def sums(self) -> dict[str, int]:
        found: Counter[str] = Counter()
        for line in self.lines:
            found[month_of(line.at, ZONE)] += line.points
        return {month: points for month, points in found.items() if points}


# --- Laws -------------------------------------------------------------------------------------------------------------

SHARES = [
    Facts("linkedin", story_id=1, key="share:1"),
    Facts("x", story_id=1, key="share:2", own_words=True),
    Facts("linkedin", story_id=2, key="share:3", multiplier=2, starts_on=date(2026, 11, 10), ends_on=None),
    Facts("bluesky", story_id=3, key="share:4"),
    Facts("facebook", story_id=4, key="share:5"),
]
MOMENTS = st.integers(-40 * 24, 40 * 24).map(at)
EVENTS = st.one_of(
    st.builds(Event, st.sampled_from(["opened", "declared"]), MOMENTS),
    st.builds(Event, st.just("visit"), MOMENTS, st.just("human"), st.none(), st.sampled_from("abcdefgh")),
    st.builds(Event, st.just("visit"), MOMENTS, st.just("bot"), st.sampled_from(["linkedin", "x", "facebook"])),
    st.builds(Event, st.just("visit"), MOMENTS, st.just("suspected"), st.none(), st.sampled_from("abcdefgh")),
)
WORLDS = st.lists(st.tuples(st.integers(0, len(SHARES) - 1), EVENTS), max_size=40)
"""What happened, each event with its own time: (number of the share, event)."""


def arrive(world: list[tuple[int, Event]], known: list[Facts], seen: list[list[Event]], n: int) -> None:
    share, happened = world[n]
    seen[share].append(happened)
    known[share] = fold(known[share], seen[share], RULES)


def lived_through(world: list[tuple[int, Event]], order: list[int], pauses: list[int]) -> tuple[Books, list[Facts]]:
    """Settle after each arrival, some of them long after the event, and once more when all time limits have passed."""
    books, known, seen, now = Books(), list(SHARES), [[] for _ in SHARES], at(days=-40)
    for n, pause in zip(order, pauses, strict=False):
        now = max(now, world[n][1].at) + timedelta(hours=pause)
        arrive(world, known, seen, n)
        books.settle(known, now)
    books.settle(known, LATER)
    return books, known


@settings(max_examples=150, deadline=None)
@given(st.data(), WORLDS)
def test_order_repetition_and_lateness_of_events_never_change_the_final_score(
    data: st.DataObject, world: list[tuple[int, Event]]
) -> None:
    results = []
    for _ in range(2):
        once = data.draw(st.permutations(range(len(world))))
        again = data.draw(st.lists(st.sampled_from(range(len(world))), max_size=10)) if world else []
        order = [*once, *again]
        pauses = data.draw(st.lists(st.integers(0, 500), min_size=len(order), max_size=len(order)))
        books, known = lived_through(world, order, pauses)
        results.append(({base(k): (b.points, b.at) for k, b in standing(books.lines).items()}, books.sums(), known))
        expected = {e.key: (e.points, e.at) for e in due(known, RULES, ZONE, LATER)}
        assert results[-1][0] == expected, "what stands is what is due"
    assert results[0] == results[1]


@settings(max_examples=100, deadline=None)
@given(st.data(), WORLDS, MOMENTS)
def test_shares_may_be_told_in_any_order_and_often(
    data: st.DataObject, world: list[tuple[int, Event]], now: datetime
) -> None:
    _, known = lived_through(world, list(range(len(world))), [0] * len(world))
    once = due(known, RULES, ZONE, now)
    shuffled = data.draw(st.permutations([*known, *known, *SHARES]))
    assert due(shuffled, RULES, ZONE, now) == once


@settings(max_examples=100, deadline=None)
@given(WORLDS, WORLDS, MOMENTS)
def test_booking_the_differences_leaves_none(
    one: list[tuple[int, Event]], other: list[tuple[int, Event]], now: datetime
) -> None:
    books, _ = lived_through(one, list(range(len(one))), [0] * len(one))
    _, known = lived_through(other, list(range(len(other))), [0] * len(other))
    books.settle(known, now)
    wanted = due(known, RULES, ZONE, now)
    assert differences(wanted, books.lines) == ()
    assert sum(b.points for b in books.lines) == sum(e.points for e in wanted)


@settings(max_examples=100, deadline=None)
@given(WORLDS, MOMENTS)
def test_no_week_pays_more_than_three_declarations_and_no_story_two_confirmations(
    world: list[tuple[int, Event]], now: datetime
) -> None:
    _, known = lived_through(world, list(range(len(world))), [0] * len(world))
    found = due(known, RULES, ZONE, now)
    weeks = Counter(week_of(e.at, ZONE) for e in found if e.reason == "declared")
    stories = Counter(next(f.story_id for f in known if f.key == e.share) for e in found if e.reason == "confirmed")
    assert all(n <= 3 for n in weeks.values()) and all(n == 1 for n in stories.values())


def test_entries_are_sorted_by_time_and_key() -> None:
    found = due([facts(2, visited_at=(at(1),)), facts(1, declared_at=at(2), visited_at=(at(0),))], RULES, ZONE, LATER)
    assert list(found) == sorted(found, key=lambda e: (e.at, e.key))
    assert all(isinstance(e, Entry) for e in found)
