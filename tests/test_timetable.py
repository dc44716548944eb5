"""Timetables of rules. In: several versions, facts in every order. Out: each event by the rules of its own time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.points import Booked, Entry, Reversal, base, differences, due, standing
from scoring.rules import Rules, Timetable, Wrong
from scoring.shares import Event, Facts, State, fold, present, state_of

ZONE = "Europe/Ljubljana"
MONDAY = datetime(2026, 11, 15, 23, tzinfo=UTC)
"""When the week 2026-W47 begins in Ljubljana."""
LATER = MONDAY + timedelta(days=400)


def at(hours: float = 0) -> datetime:
    return MONDAY + timedelta(hours=hours)


def share(n: int, **more: Any) -> Facts:
    return replace(Facts("linkedin", at(-200), story_id=n, key=f"share:{n}"), **more)


def worth(shares: list[Facts], rules: Rules | Timetable) -> dict[str, int]:
    return {e.key: e.points for e in due(shares, rules, ZONE, LATER)}


def test_an_event_counts_by_the_rules_of_its_own_time() -> None:
    times = Timetable(Rules(), ((at(10), Rules(confirmed=7)), (at(20), Rules(confirmed=3))))
    three = [share(n, visited_at=(at(hours),)) for n, hours in enumerate((9.9, 10, 25))]
    assert worth(three, times) == {"share:0:confirmed": 10, "share:1:confirmed": 7, "share:2:confirmed": 3}


def test_the_cap_of_a_week_or_day_is_that_of_the_rules_valid_when_it_began() -> None:
    times = Timetable(Rules(), ((at(30), Rules(declared_a_week=0, points_a_day=1)),))
    told = [share(n, declared_at=at(hours), visited_at=(at(hours),)) for n, hours in enumerate((40, 40 + 7 * 24))]
    assert worth(told, times) == {"share:0:declared": 2, "share:0:confirmed": 10, "share:1:confirmed": 1}


def test_a_share_stays_engaged_when_more_readers_are_asked_for_later() -> None:
    times = Timetable(Rules(engaged_from=2), ((at(10), Rules(engaged_from=9)),))
    early = share(1, visited_at=(at(1), at(2), at(11)))
    late = share(2, visited_at=(at(1), at(11), at(12)))
    assert (state_of(early, times), state_of(late, times)) == (State.ENGAGED, State.CONFIRMED)
    assert sum(worth([early], times).values()) == 10 + 2 + 1
    assert sum(worth([late], times).values()) == 10


def test_a_network_may_have_numbers_of_its_own() -> None:
    rules = Rules.of({"networks": {"mastodon": {"confirmed": 14, "visitor": 2}}})
    crowd = tuple(at(n) for n in range(4))
    assert sum(worth([share(1, visited_at=crowd)], rules).values()) == 10 + 4
    assert sum(worth([share(1, network="mastodon", visited_at=crowd)], rules).values()) == 14 + 8
    assert Rules.of(rules.to_json()) == rules
    assert rules.overrides() == {"networks": {"mastodon": {"confirmed": 14, "visitor": 2}}}


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"networks": {"x": {"tickets_a_month": 3}}}, "networks.x.tickets_a_month"),
        ({"networks": {"x": {"confirmed": "3"}}}, "networks.x.confirmed"),
        ({"networks": {"x": 3}}, "networks.x"),
        ({"engaged_from": 0}, "engaged_from"),
        ({"confirmed": 100_001}, "confirmed"),
    ],
)
def test_a_wrong_rule_is_named(wrong: dict[str, Any], name: str) -> None:
    with pytest.raises(Wrong) as refusal:
        Rules.of(wrong)
    assert refusal.value.name == name


def test_the_first_share_and_each_active_week_earn_their_bonus_once_and_no_campaign_multiplies_it() -> None:
    rules = Rules(first_share=30, active_week=4, confirmed=0, visitor=0)
    shares = [
        share(1, visited_at=(at(5),), multiplier=3),
        share(2, visited_at=(at(3),)),
        share(3, visited_at=(at(200),)),
    ]
    assert worth(shares, rules) == {"share:2:first-share": 30, "share:2:active-week": 4, "share:3:active-week": 4}


def test_what_happens_while_the_sharer_is_away_is_left_out() -> None:
    facts = share(1, declared_at=at(1), seen_at=at(4), visited_at=(at(2), at(4), at(9)))
    here = present(facts, [(at(3), at(5)), (at(9), None)])
    assert (here.declared_at, here.seen_at, here.visited_at) == (at(1), None, (at(2),))
    assert present(here, [(at(3), at(5)), (at(9), None)]) == here


NUMBERS = st.integers(0, 12)
RULES = st.builds(
    Rules,
    declared=st.integers(0, 4), seen=st.integers(4, 8), declared_a_week=st.integers(0, 3),
    declared_days=st.integers(0, 20), confirmed=NUMBERS, own_words=NUMBERS, visitor=st.integers(0, 3),
    first_share=NUMBERS, active_week=NUMBERS, engaged_from=st.integers(1, 4), visitors_a_share=st.integers(1, 6),
    visitors_a_place=st.integers(0, 3), visit_after_seconds=st.sampled_from([0, 7200]),
    minutes_apart=st.sampled_from([0, 90]), points_a_day=st.integers(0, 30), points_a_story=st.integers(0, 40),
    points_a_network_a_week=st.integers(0, 40),
)  # fmt: skip
HOURS = st.integers(-300, 600)
TIMES = st.builds(
    lambda first, later: Timetable(first, tuple(sorted(((at(h), r) for h, r in later), key=lambda row: row[0]))),
    RULES,
    st.lists(st.tuples(HOURS, RULES), max_size=3, unique_by=lambda row: row[0]),
)
EVENTS = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(["declared", "visit", "visit", "visit"]), HOURS,
              st.sampled_from("abcdefg"), st.sampled_from(["p", "q", None])),
    max_size=14,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(TIMES, EVENTS, st.data())
def test_neither_order_nor_repetition_nor_pieces_matter_with_several_versions(
    times: Timetable, told: list[tuple[int, str, int, str, str | None]], data: st.DataObject
) -> None:
    blank = {n: share(n, network="x" if n else "linkedin", own_words=n == 1) for n in range(3)}
    events = [
        (n, Event(kind, at(h), "human", None, who, place=place) if kind == "visit" else Event(kind, at(h)))
        for n, kind, h, who, place in told
    ]
    once = [fold(blank[n], [e for to, e in events if to == n], times) for n in blank]
    wanted = due(once, times, ZONE, LATER)

    known, kept, booked = dict(blank), {n: [] for n in blank}, list[Booked]()
    arrivals = data.draw(st.permutations([*events, *events[: len(events) // 2]]))
    for n, event in arrivals:
        kept[n].append(event)
        known[n] = fold(known[n], kept[n], times)
        _book(booked, differences(due(tuple(known.values()), times, ZONE, LATER), booked))
    _book(booked, differences(due(tuple(known.values()), times, ZONE, LATER), booked))
    assert {base(k): (b.points, b.at) for k, b in standing(booked).items()} == {e.key: (e.points, e.at) for e in wanted}
    assert due(tuple(reversed([*once, *once])), times, ZONE, LATER) == wanted


def _book(booked: list[Booked], lines: tuple[Entry | Reversal, ...]) -> None:
    for line in lines:
        back = line.reverses if isinstance(line, Reversal) else None
        booked.append(Booked(line.key, line.points, line.at, line.reason, line.share, back))
