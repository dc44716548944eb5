"""scoring.badges, scoring.shares and scoring.standings. In: facts and totals. Out: badges, states, places."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import badges, standings
from scoring.badges import Earned, Progress, earned, progress
from scoring.points import Rules
from scoring.shares import Event, Facts, State, fold, state_of

THREE = badges.DEFAULTS[:3]
RULES, ZONE = Rules(), "Europe/Ljubljana"
START = datetime(2026, 11, 2, 9, tzinfo=UTC)  # Monday of 2026-W45


def share(n: int, *weeks: float) -> Facts:
    return Facts("x", START, story_id=n, key=f"share:{n}", visited_at=tuple(START + timedelta(weeks=w) for w in weeks))


def test_the_first_confirmed_share_earns_first_word() -> None:
    assert earned([share(1)], RULES, ZONE) == ()
    assert earned([share(2, 2), share(1, 1)], RULES, ZONE) == (Earned("first-word", START + timedelta(weeks=1)),)


def test_three_humans_on_one_share_earn_conversation_starter_when_the_third_comes() -> None:
    found = {e.badge: e.at for e in earned([share(1, 3, 1, 2), share(2, 0.1, 0.2)], RULES, ZONE)}
    assert found["conversation-starter"] == START + timedelta(weeks=3)


def test_four_active_weeks_in_a_row_earn_steady_voice() -> None:
    row = [share(n, n) for n in range(1, 5)]
    assert "steady-voice" not in {e.badge for e in earned(row[:3], RULES, ZONE)}
    found = {e.badge: e.at for e in earned([share(9, 9), *reversed(row)], RULES, ZONE)}
    assert found["steady-voice"] == START + timedelta(weeks=4)


def test_a_gap_breaks_the_row() -> None:
    assert "steady-voice" not in {e.badge for e in earned([share(n, n) for n in (1, 2, 4, 5, 7)], RULES, ZONE)}


def test_the_next_badge_is_shown_with_its_steps() -> None:
    assert progress([], RULES, ZONE, "2026-W46", THREE) == Progress("first-word", 0, 1)
    assert progress([share(1, 1, 1.1)], RULES, ZONE, "2026-W46", THREE) == Progress("conversation-starter", 2, 3)
    assert progress([share(1, 1, 1.1, 1.2)], RULES, ZONE, "2026-W46", THREE) == Progress("steady-voice", 1, 4)
    steady = [share(n, n, n, n) for n in range(1, 5)]
    assert progress(steady, RULES, ZONE, "2026-W49", THREE) is None


@given(st.lists(st.lists(st.floats(0, 20), max_size=5), max_size=6), st.randoms())
def test_badges_do_not_depend_on_order_or_repetition(visits: list[list[float]], random: object) -> None:
    hers = [share(n, *weeks) for n, weeks in enumerate(visits)]
    again = [*hers, *hers]
    random.shuffle(again)  # type: ignore[attr-defined]
    assert earned(again, RULES, ZONE) == earned(hers, RULES, ZONE)
    for badge in badges.DEFAULTS:
        step = (
            badges.steps(badge, hers, RULES, ZONE, "2026-W50") if badge.criterion.kind not in badges.TOGETHER else None
        )
        assert step is None or 0 <= step.have <= step.need


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        (Facts("x"), State.OPENED),
        (Facts("x", declared_at=START), State.DECLARED),
        (Facts("x", declared_at=START, seen_at=START), State.SEEN),
        (Facts("x", seen_at=START), State.SEEN),
        (share(1, 1), State.CONFIRMED),
        (share(1, 1, 2), State.CONFIRMED),
        (share(1, 1, 2, 3), State.ENGAGED),
    ],
)
def test_a_share_is_in_the_strongest_state_that_its_facts_prove(facts: Facts, state: State) -> None:
    assert state_of(facts, RULES) == state


def seen(
    hours: float, verdict: str, visitor: str | None = None, crawler: str | None = None, again: bool = False
) -> Event:
    return Event("visit", START + timedelta(hours=hours), verdict, crawler, visitor, again)


def test_only_humans_confirm_and_only_the_networks_own_crawler_has_seen() -> None:
    events = [seen(1, "bot", crawler="linkedin"), seen(2, "bot", crawler="x"), seen(3, "suspected", "a")]
    found = fold(Facts("x"), events, RULES)
    assert (found.seen_at, found.visited_at) == (START + timedelta(hours=2), ())


def test_one_visitor_counts_once_at_the_first_visit() -> None:
    found = fold(Facts("x"), [seen(5, "human", "a"), seen(2, "human", "a"), seen(3, "human", "b")], RULES)
    assert found.visited_at == (START + timedelta(hours=2), START + timedelta(hours=3))


def test_a_verdict_given_anew_takes_effect() -> None:
    before = fold(Facts("x"), [seen(1, "human", "a"), seen(2, "bot", crawler="x")], RULES)
    after = fold(before, [seen(1, "bot", "a"), seen(2, "bot")], RULES)
    assert (before.visited_at, after.visited_at, after.seen_at) == ((START + timedelta(hours=1),), (), None)


EVENTS = st.lists(
    st.one_of(
        st.builds(seen, st.integers(0, 99), st.sampled_from(["human", "suspected", "bot"]), st.sampled_from("abcde")),
        st.builds(seen, st.integers(0, 99), st.just("bot"), st.none(), st.sampled_from(["x", "linkedin"])),
        st.builds(
            Event, st.sampled_from(["opened", "declared"]), st.integers(0, 99).map(lambda h: START + timedelta(hours=h))
        ),
    ),
    max_size=30,
    unique_by=lambda e: e.at,
)


@given(EVENTS, st.randoms(), st.integers(0, 30))
def test_folding_bit_by_bit_in_any_order_gives_the_same_facts(events: list[Event], random: object, n: int) -> None:
    whole = fold(Facts("x"), events, RULES)
    shuffled = [*events, *events]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert fold(fold(Facts("x"), shuffled[:n], RULES), shuffled, RULES) == whole
    assert fold(whole, events, RULES) == whole


@given(EVENTS, st.integers(0, 99))
def test_forgetting_old_evidence_changes_nothing(events: list[Event], hour: int) -> None:
    limit = START + timedelta(hours=hour)
    whole = fold(Facts("x"), events, RULES)
    counted = {e.visitor for e in events if e.verdict == "human" and e.at < limit}
    kept = [replace(e, again=e.visitor in counted) for e in events if e.at >= limit]
    assert fold(whole, kept, RULES) == whole


def test_equal_points_share_a_place_and_the_next_are_left_out() -> None:
    board = standings.places({"a": 5, "b": 9, "c": 5, "d": 1, "e": 0})
    assert [(s.subject, s.place) for s in board] == [("b", 1), ("a", 2), ("c", 2), ("d", 4)]


def test_near_shows_two_above_and_two_below() -> None:
    totals = {name: 10 - n for n, name in enumerate("abcdefg")}
    assert [s.subject for s in standings.near(totals, "d")] == list("bcdef")
    assert [s.subject for s in standings.near(totals, "a")] == list("abc")
    assert standings.near({**totals, "z": 0}, "z") == []


@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.integers(-3, 9), max_size=20))
def test_a_place_is_one_more_than_the_people_with_more_points(totals: dict[str, int]) -> None:
    for line in standings.places(totals):
        assert line.place == 1 + sum(1 for points in totals.values() if points > line.points)
