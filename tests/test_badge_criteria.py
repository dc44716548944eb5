"""scoring.badges. In: declarations and facts. Out: levels that follow from both alone, and refusals that say why."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import badges, weeks
from scoring.badges import About, Around, Badge, Brief, Criterion, Kind, Line
from scoring.points import Rules
from scoring.rules import Timetable
from scoring.shares import Facts

RULES, ZONE = Rules(), "Europe/Ljubljana"
START = datetime(2026, 11, 2, 9, tzinfo=UTC)  # Monday of 2026-W45
NOW = "2027-W12"

NAMED = (badges.CONVERSATION_STARTER, badges.STEADY_VOICE)
"""Whose level a rule of the score names."""
STORIES = {
    n: About(
        tuple(t for t, k in (("health", 2), ("people", 3), ("craft", 5)) if n % k == 0), "spring" if n > 5 else None
    )
    for n in range(9)
}
FACTS = st.builds(
    lambda n, network, story, own, visits: Facts(
        network,
        START,
        story_id=story,
        key=f"share:{n}",
        own_words=own,
        visited_at=tuple(sorted(START + timedelta(hours=h) for h in visits)),
    ),
    st.integers(0, 40),
    st.sampled_from(["linkedin", "x", "bluesky", "copy"]),
    st.integers(0, 8),
    st.booleans(),
    st.lists(st.integers(0, 20 * 168), max_size=6),
)
HERS = st.lists(FACTS, max_size=9, unique_by=lambda f: f.key)
RESTS = st.frozensets(st.integers(0, 19).map(lambda n: weeks.shift("2026-W45", n)), max_size=8)
OWN = [k for k in Kind if k not in badges.TOGETHER]
CRITERIA = st.builds(
    lambda kind, row, proof, topic, campaign: Criterion(
        kind,
        proof if kind is Kind.SHARES else "confirmed",
        row if kind is Kind.WEEKS else False,
        topic=topic if kind in (Kind.SHARES, Kind.READERS) else None,
        campaign=campaign if kind is Kind.READERS_OF_ONE else None,
    ),
    st.sampled_from(OWN),
    st.booleans(),
    st.sampled_from(badges.PROOFS),
    st.sampled_from([None, "health"]),
    st.sampled_from([None, "spring"]),
)


def before(shares: list[Facts]) -> dict[str, datetime]:
    """The three badges as they were given before they were declared."""
    first = min((at for f in shares if (at := f.confirmed_at)), default=None)
    engaged = min((sorted(f.visited_at)[2] for f in shares if len(f.visited_at) >= 3), default=None)
    active = badges.active_weeks(shares, ZONE)
    steady = min((active[w] for w in active if all(weeks.shift(w, -n) in active for n in range(4))), default=None)
    found = {"first-word": first, "conversation-starter": engaged, "steady-voice": steady}
    return {slug: at for slug, at in found.items() if at}


@given(HERS)
def test_the_three_that_there_always_were_are_declarations_with_the_same_results(hers: list[Facts]) -> None:
    now = {e.badge: e.at for e in badges.earned(hers, RULES, ZONE, badges.DEFAULTS[:3])}
    assert now == before(hers)


@given(HERS, st.lists(CRITERIA, min_size=1, max_size=4), RESTS, st.randoms())
def test_levels_do_not_depend_on_order_or_repetition_and_a_higher_one_never_comes_first(
    hers: list[Facts], criteria: list[Criterion], rest: frozenset[str], random: Any
) -> None:
    mine = [Badge(f"b{n}", c, (1, 2, 4)) for n, c in enumerate(criteria)]
    around = Around(STORIES, rest)
    again = [*hers, *hers]
    random.shuffle(again)
    found = badges.earned(again, RULES, ZONE, mine, around)
    assert found == badges.earned(hers, RULES, ZONE, mine, around)
    for badge in mine:
        levels = [e for e in found if e.badge == badge.slug]
        assert [e.level for e in levels] == list(range(1, len(levels) + 1))
        assert [e.at for e in levels] == sorted(e.at for e in levels)
        step = badges.steps(badge, hers, RULES, ZONE, NOW, around)
        assert 0 <= step.have <= step.need
        assert step.level == min(len(levels) + 1, 3)


@given(HERS, FACTS, st.lists(CRITERIA, min_size=1, max_size=4), RESTS)
def test_another_share_takes_no_level_away(
    hers: list[Facts], one: Facts, criteria: list[Criterion], rest: frozenset[str]
) -> None:
    mine = [Badge(f"b{n}", c, (1, 2, 4)) for n, c in enumerate(criteria)]
    around = Around(STORIES, rest)
    had = {(e.badge, e.level): e.at for e in badges.earned(hers, RULES, ZONE, mine, around)}
    more = [*hers, replace(one, key="share:another")]
    has = {(e.badge, e.level): e.at for e in badges.earned(more, RULES, ZONE, mine, around)}
    assert had.keys() <= has.keys()
    assert all(has[key] <= at for key, at in had.items())


@given(HERS, st.integers(2, 6), st.integers(2, 6), st.integers(0, 500), RESTS)
def test_rules_that_ask_for_more_take_no_badge_away_and_those_that_ask_for_less_give_it_when_they_begin(
    hers: list[Facts], one: int, other: int, hours: int, rest: frozenset[str]
) -> None:
    begin, around = START + timedelta(hours=hours), Around(STORIES, rest)
    first, second = (Rules(engaged_from=n, steady_weeks=n) for n in (one, other))
    times = Timetable(first, ((begin, second),))
    both, by_first, by_second = (
        {(e.badge, e.level): e.at for e in badges.earned(hers, rules, ZONE, badges.DEFAULTS, around)}
        for rules in (times, first, second)
    )
    stays = {key: at for key, at in by_first.items() if at < begin}
    assert stays == {key: both.get(key) for key in stays}
    comes = {key: max(at, begin) for key, at in by_second.items() if key not in stays and key[0] in NAMED}
    assert comes == {key: at for key, at in both.items() if key not in stays and key[0] in NAMED}
    assert badges.earned(hers, times.until(begin - timedelta(hours=1)), ZONE) == badges.earned(hers, first, ZONE)


@given(HERS, RESTS, st.integers(0, 22))
def test_tallies_name_the_same_next_level_as_counting_every_moment(
    hers: list[Facts], rest: frozenset[str], n: int
) -> None:
    current = weeks.shift("2026-W45", n)
    briefs = [
        Brief(
            tuple(weeks.week_of(at, ZONE) for at in f.visited_at),
            f.network,
            f.own_words,
            STORIES[f.story_id],
            len(f.visited_at) >= RULES.engaged_from,
        )
        for f in hers
        if f.visited_at
    ]
    mine = badges.tally(briefs, current, rest)
    assert badges.nearest(mine, badges.ladders(badges.DEFAULTS, RULES)) == badges.progress(
        hers, RULES, ZONE, current, badges.DEFAULTS, Around(STORIES, rest)
    )


@given(st.frozensets(st.integers(0, 25)), st.frozensets(st.integers(0, 25)), st.integers(0, 27))
def test_a_week_of_rest_neither_breaks_a_row_nor_lengthens_it(
    active: frozenset[int], rest: frozenset[int], now: int
) -> None:
    at = lambda n: weeks.shift("2026-W45", n)  # noqa: E731
    weeks_active, weeks_rest = {at(n) for n in active}, {at(n) for n in rest}
    # The same without the weeks of rest in which nothing happened: as if they were not in the calendar.
    left = [n for n in range(28) if n in active or n not in rest]
    moved = {at(place) for place, n in enumerate(left) if n in active}
    place_now = sum(1 for n in left if n < now)
    streak = weeks.streak(weeks_active, at(now), weeks_rest)
    assert max(map(len, weeks.rows(weeks_active, weeks_rest)), default=0) == max(map(len, weeks.rows(moved)), default=0)
    if now in left:
        assert streak == weeks.streak(moved, at(place_now))
    assert streak >= weeks.streak(weeks_active, at(now))


def test_holidays_and_pauses_keep_a_row_whole() -> None:
    active = {"2026-W51", "2026-W52", "2027-W02"}
    assert weeks.streak(active, "2027-W02") == 1
    assert weeks.streak(active, "2027-W02", {"2026-W53", "2027-W01"}) == 3
    assert weeks.streak(active, "2027-W04", {"2026-W53", "2027-W01", "2027-W03"}) == 3
    assert weeks.streak(active, "2027-W05", {"2026-W53", "2027-W01", "2027-W03"}) == 0


def test_criteria_count_what_they_say() -> None:
    def of(n: int, network: str, story: int, *visits: float, own: bool = False) -> Facts:
        moments = tuple(START + timedelta(days=v) for v in visits)
        return Facts(network, story_id=story, key=f"share:{n}", visited_at=moments, own_words=own)

    hers = [of(1, "linkedin", 6, 1, 2, 3), of(2, "x", 8, 9, own=True), of(3, "x", 3, 30), of(4, "copy", 7)]
    around = Around(STORIES)

    def count(kind: Kind, **more: Any) -> int:
        found = [f for f in hers if f.visited_at]
        return len(badges.moments(Criterion(kind, **more), found, RULES, ZONE, around))

    assert [count(k) for k in OWN] == [3, 5, 3, 3, 2, 2, 2, 2]
    assert count(Kind.SHARES, proof="engaged") == count(Kind.SHARES, proof="own-words") == 1
    assert count(Kind.WEEKS, in_a_row=True) == 2
    assert count(Kind.READERS, topic="people") == 4
    assert count(Kind.SHARES, campaign="spring", network="x") == 1


def test_who_shares_a_story_first_and_whole_campaigns_and_teams_earn_together() -> None:
    def line(who: str, story: int, hours: float, network: str = "x") -> Line:
        return Line(who, story, network, START + timedelta(hours=hours))

    lines = [line("ana", 1, 2), line("bea", 1, 1), line("bea", 2, 3), line("ana", 3, 4, "copy"), line("ana", 2, 9)]
    firsts = badges.first_of_story(lines)
    assert firsts == badges.first_of_story([*reversed(lines), *lines])
    assert firsts == {"bea": [lines[1].at, lines[2].at], "ana": [lines[3].at]}
    assert badges.first_on_network(lines) == {"bea": [lines[1].at], "ana": [lines[3].at]}
    whole = badges.whole_campaign(lines, {"spring": [1, 2], "none": []})
    assert whole == {"ana": [lines[4].at], "bea": [lines[2].at]}
    teams = {"ana": 1, "bea": 1, "cem": 2}
    found = badges.team(lines, teams, {1: 5, 2: 4}, ZONE)
    assert {who: len(at) for who, at in found.items()} == {"ana": 40, "bea": 40}
    assert found["bea"][19] == lines[1].at
    assert found["ana"][0] == found["ana"][39] == lines[0].at
    assert badges.team([*lines, line("cem", 1, 1)], teams, {1: 4, 2: 4}, ZONE) == {}


GOOD = {
    "slug": "green-thumb",
    "title": {"en": "Green thumb"},
    "levels": [3, 9],
    "criterion": {"kind": "shares", "topic": "nature"},
}


@pytest.mark.parametrize("badge", badges.DEFAULTS, ids=lambda b: b.slug)
def test_what_is_written_is_read_again(badge: Badge) -> None:
    named = {**badges.write(badge), "title": {"en": "A", "sl": "B"}}
    assert badges.write(badges.read(named)) == named


@pytest.mark.parametrize(
    ("change", "field", "problem"),
    [
        ({"slug": "Green Thumb"}, "slug", "slug"),
        ({"slug": "a" * 41}, "slug", "slug"),
        ({"title": None}, "title", "missing"),
        ({"title": {}}, "title", "missing"),
        ({"title": {"english!": "A"}}, "title", "language"),
        ({"title": {"en": "a" * 41}}, "title.en", "words"),
        ({"help": {"en": "a\x00b"}}, "help.en", "words"),
        ({"levels": []}, "levels", "levels"),
        ({"levels": [3, 3]}, "levels", "levels"),
        ({"levels": [0]}, "levels", "level"),
        ({"levels": [True]}, "levels", "level"),
        ({"levels": ["confirmed"]}, "levels", "level"),
        ({"levels": "abc"}, "levels", "levels"),
        ({"colour": "red"}, "colour", "unknown"),
        ({"criterion": None}, "criterion", "missing"),
        ({"criterion": {"kind": "likes"}}, "criterion.kind", "kind"),
        ({"criterion": {"kind": "weeks", "topic": "nature"}}, "criterion.topic", "narrowed"),
        ({"criterion": {"kind": "weeks", "in_a_row": 1}}, "criterion.in_a_row", "yes"),
        ({"criterion": {"kind": "shares", "proof": "liked"}}, "criterion.proof", "proof"),
        ({"criterion": {"kind": "shares", "network": ""}}, "criterion.network", "word"),
        ({"criterion": {"kind": "shares", "size": 3}}, "criterion.size", "unknown"),
        ({"criterion": {"kind": "team"}, "levels": [50, 101]}, "levels", "percent"),
    ],
)
def test_what_cannot_stand_is_refused_with_its_place_and_reason(
    change: dict[str, Any], field: str, problem: str
) -> None:
    badges.read(GOOD)
    with pytest.raises(badges.Wrong) as refusal:
        badges.read({**GOOD, **change})
    assert (refusal.value.field, refusal.value.problem) == (field, problem)
    assert "%" not in str(refusal.value)
