"""Forgetting. In: visits of which the old ones are forgotten. Out: the same score as before, whoever comes back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.rules import Rules
from scoring.shares import Event, Facts, fold, forgetting

MONDAY = datetime(2026, 11, 16, 8, tzinfo=UTC)
SHARE = Facts("linkedin", MONDAY, story_id=1, key="share:1")
VISIT = st.tuples(
    st.integers(0, 50),
    st.sampled_from("abcdefghij"),
    st.sampled_from([None, "p", "q"]),
    st.sampled_from(["human", "human", "suspected", "aside", "bot"]),
)
VISITS = st.lists(VISIT, max_size=25)
APART = st.lists(VISIT, max_size=25, unique_by=lambda told: told[0])
"""Visits of which no two fall on one moment: only moments are known of visits that are forgotten."""
RULES = st.builds(Rules, visitors_a_place=st.integers(0, 3), visit_after_seconds=st.sampled_from([0, 40_000]))


def events(told: list[tuple[int, str, str | None, str]]) -> dict[int, Event]:
    return {
        n: Event("visit", MONDAY + timedelta(hours=hour), verdict.replace("aside", "suspected"), None, who, place=place)
        for n, (hour, who, place, verdict) in enumerate(told)
    }


@settings(max_examples=300, deadline=None)
@given(VISITS, st.lists(st.integers(0, 55), min_size=1, max_size=4), RULES)
def test_forgetting_what_is_old_never_changes_who_counted(
    told: list[tuple[int, str, str | None, str]], when: list[int], rules: Rules
) -> None:
    seen = events(told)
    aside = {n for n, t in enumerate(told) if t[3] == "aside"}
    facts = fold(SHARE, seen.values(), rules)
    for hour in sorted(when):
        until = MONDAY + timedelta(hours=hour)
        remains = forgetting(seen, aside, until, facts.opened_at, rules)
        assert all(seen[n].at >= until for n in remains.again)
        assert all(seen[n].at < until and n in aside for n in remains.first)
        seen = {n: replace(e, again=e.again or n in remains.again) for n, e in seen.items() if e.at >= until}
        assert fold(facts, seen.values(), rules) == facts


@settings(max_examples=300, deadline=None)
@given(APART, st.integers(0, 55), RULES)
def test_visits_that_stood_aside_and_count_in_the_end_add_each_visitor_once(
    told: list[tuple[int, str, str | None, str]], hour: int, rules: Rules
) -> None:
    seen = events(told)
    aside = {n for n, t in enumerate(told) if t[3] == "aside"}
    until = MONDAY + timedelta(hours=hour)
    facts = fold(SHARE, seen.values(), rules)
    remains = forgetting(seen, aside, until, facts.opened_at, rules)
    left = [
        replace(e, again=n in remains.again, verdict="human" if n in aside else e.verdict)
        for n, e in seen.items()
        if e.at >= until
    ]
    came_back = [Event("visit", seen[n].at, "human", None, f"forgotten {n}") for n in remains.first]
    counted = len(fold(facts, [*left, *came_back], rules).visited_at)
    people = {e.visitor for n, e in seen.items() if e.verdict == "human" or n in aside}
    assert counted <= len(people)
    if not rules.visitors_a_place:  # a place may be full, and then a visit that counts takes another one's room
        assert counted >= len(facts.visited_at)
