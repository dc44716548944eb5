"""Caps and cool-downs. In: shares and visits beyond what rules pay. Out: never more than the caps, in any order."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.points import Booked, Entry, Reversal, Rules, base, differences, due, standing
from scoring.shares import Event, Facts, State, counted, fold, state_of
from scoring.weeks import day_of, week_of

ZONE = "Europe/Ljubljana"
MONDAY = datetime(2026, 11, 16, 8, tzinfo=UTC)
LATER = MONDAY + timedelta(days=400)


def at(hours: float = 0) -> datetime:
    return MONDAY + timedelta(hours=hours)


def share(n: int, **more: Any) -> Facts:
    return replace(Facts("linkedin", at(-1), story_id=n, key=f"share:{n}"), **more)


def worth(shares: list[Facts], **rules: int) -> int:
    return sum(e.points for e in due(shares, Rules(**rules), ZONE, LATER))


def came(n: int, visitor: str, place: str | None = None, verdict: str = "human") -> Event:
    return Event("visit", at(n), verdict, None, visitor, place=place)


def test_points_of_a_day_end_at_their_cap_and_the_day_is_the_programmes_own() -> None:
    late = 14.9  # 22:54 UTC: 23:54 in Ljubljana
    two = [share(n, visited_at=(at(late + 0.2 * n),)) for n in (0, 1)]
    assert worth(two) == 20
    assert worth(two, points_a_day=12) == 20, "the second came after midnight"
    same = [share(n, visited_at=(at(n),)) for n in (1, 2, 3)]
    assert worth(same, points_a_day=12) == 12
    assert [e.points for e in due(same, Rules(points_a_day=12), ZONE, LATER)] == [10, 2]


def test_points_of_a_story_end_at_their_cap_on_all_networks_together() -> None:
    crowd = tuple(at(n) for n in range(20))
    both = [share(1, story_id=7, visited_at=crowd), share(2, network="x", story_id=7, visited_at=crowd)]
    assert (worth(both), worth(both, points_a_story=25)) == (50, 25)
    assert worth([*both, share(3, visited_at=(at(1),))], points_a_story=25) == 35


def test_points_of_a_network_and_week_end_at_their_cap() -> None:
    seen = [share(n, visited_at=(at(n),)) for n in (1, 2, 3)] + [share(9, network="x", visited_at=(at(4),))]
    next_week = share(5, visited_at=(at(7 * 24),))
    assert worth([*seen, next_week], points_a_network_a_week=15) == 15 + 10 + 10


def test_stories_opened_in_haste_earn_nothing_but_the_first_does() -> None:
    hasty = [share(n, opened_at=at(n / 60), visited_at=(at(30),)) for n in range(10)]
    assert worth(hasty) == 100
    assert worth(hasty, minutes_apart=5) == 20, "at minute 0 and at minute 5"
    unknown = share(99, opened_at=None, visited_at=(at(30),))
    assert worth([unknown, *hasty[:2]], minutes_apart=5) == 20


def test_the_same_story_on_several_networks_at_once_is_no_haste() -> None:
    both = [share(1, story_id=7, visited_at=()), share(2, story_id=7, network="x", visited_at=(at(9),))]
    assert worth(both, minutes_apart=5) == 10


def test_of_one_place_only_the_first_few_visitors_count() -> None:
    farm = [came(n, f"agent{n}", "p") for n in range(1000)]
    assert list(counted(farm, None, Rules())) == [f"agent{n}" for n in range(5)]
    assert len(counted(farm, None, Rules(visitors_a_place=0))) == 1000
    folded = fold(share(1), [*farm, came(1500, "reader", "home"), came(1501, "nobody knows where")], Rules())
    assert len(folded.visited_at) == 7
    assert worth([folded]) == 17


def test_a_visit_too_soon_after_opening_waits_for_the_same_visitor_to_come_again() -> None:
    rules = Rules(visit_after_seconds=60)
    quick = Event("visit", at(0) + timedelta(seconds=59), "human", None, "v")
    again = Event("visit", at(0) + timedelta(seconds=60), "human", None, "v")
    opened = Event("opened", at(0))
    one = share(1, opened_at=None)
    assert fold(one, [quick, opened], rules).visited_at == ()
    assert fold(one, [again, quick, opened], rules).visited_at == (again.at,)
    assert state_of(fold(one, [quick, opened], Rules()), Rules()) is State.CONFIRMED


# --- Laws -------------------------------------------------------------------------------------------------------------

SHARES = [
    Facts("linkedin", story_id=1, key="share:1"),
    Facts("x", story_id=1, key="share:2", own_words=True),
    Facts("linkedin", story_id=2, key="share:3", multiplier=2),
    Facts("bluesky", story_id=3, key="share:4"),
]
MOMENTS = st.integers(0, 20 * 24 * 4).map(lambda n: at(n / 4))
EVENTS = st.one_of(
    st.builds(Event, st.sampled_from(["opened", "declared"]), MOMENTS),
    st.builds(
        Event,
        st.just("visit"),
        MOMENTS,
        st.sampled_from(["human", "human", "human", "suspected", "bot"]),
        st.sampled_from([None, None, "linkedin"]),
        st.sampled_from("abcdefghijkl"),
        place=st.sampled_from([None, "p", "q"]),
    ),
)
WORLDS = st.lists(st.tuples(st.integers(0, len(SHARES) - 1), EVENTS), max_size=40)
CAPS = st.builds(
    Rules,
    visitors_a_place=st.integers(0, 3),
    visit_after_seconds=st.sampled_from([0, 3600, 100_000]),
    minutes_apart=st.sampled_from([0, 60, 3000]),
    points_a_day=st.sampled_from([0, 7, 12, 30]),
    points_a_story=st.sampled_from([0, 9, 15]),
    points_a_network_a_week=st.sampled_from([0, 11, 40]),
    visitors_a_share=st.integers(1, 6),
)
Told = tuple[dict[str, tuple[int, datetime]], list[Facts]]


def lived_through(data: st.DataObject, world: list[tuple[int, Event]], rules: Rules) -> Told:
    """Let everything arrive in some order, some of it twice or judged anew, in batches that are settled one by one."""
    order = data.draw(st.permutations(range(len(world))))
    order += data.draw(st.lists(st.sampled_from(range(len(world))), max_size=8)) if world else []
    known, seen, lines = list(SHARES), [dict[int, Event]() for _ in SHARES], list[Booked]()
    now = MONDAY
    wrong = {n for n in range(len(world)) if data.draw(st.integers(0, 4)) == 0}
    turns: list[tuple[int, bool]] = [(n, n in wrong) for n in order] + [(n, False) for n in sorted(wrong)]
    for n, judged_wrongly in turns:
        number, happened = world[n]
        if judged_wrongly and happened.kind == "visit":
            happened = replace(happened, verdict="bot" if happened.verdict == "human" else "human")
        seen[number][n] = happened
        now = max(now, happened.at)
        if data.draw(st.booleans()):  # a batch ends here
            settle(known, seen, lines, rules, now)
    settle(known, seen, lines, rules, LATER)
    return {base(k): (b.points, b.at) for k, b in standing(lines).items()}, known


def settle(known: list[Facts], seen: list[dict[int, Event]], lines: list[Booked], rules: Rules, now: datetime) -> None:
    known[:] = [fold(facts, events.values(), rules) for facts, events in zip(known, seen, strict=True)]
    lapsed = now - timedelta(days=rules.declared_days)
    for line in differences(due(known, rules, ZONE, now), lines, lapsed):
        reverses = line.reverses if isinstance(line, Reversal) else None
        lines.append(Booked(line.key, line.points, line.at, line.reason, line.share, reverses))


@settings(max_examples=120, deadline=None)
@given(st.data(), WORLDS, CAPS)
def test_order_repetition_batches_and_verdicts_given_anew_never_change_the_final_score(
    data: st.DataObject, world: list[tuple[int, Event]], rules: Rules
) -> None:
    assert lived_through(data, world, rules) == lived_through(data, world, rules)


@settings(max_examples=120, deadline=None)
@given(WORLDS, CAPS)
def test_nothing_is_ever_paid_above_the_caps(world: list[tuple[int, Event]], rules: Rules) -> None:
    known = [fold(facts, [e for n, e in world if n == number], rules) for number, facts in enumerate(SHARES)]
    of = {f.key: f for f in known}
    days, stories, networks = Counter[object](), Counter[object](), Counter[object]()
    found: tuple[Entry, ...] = due(known, rules, ZONE, LATER)
    for e in found:
        days[day_of(e.at, ZONE)] += e.points
        stories[of[e.share].story_id] += e.points
        networks[of[e.share].network, week_of(e.at, ZONE)] += e.points
    for spent, cap in (
        (days, rules.points_a_day),
        (stories, rules.points_a_story),
        (networks, rules.points_a_network_a_week),
    ):
        assert not cap or max(spent.values(), default=0) <= cap
    assert all(len(f.visited_at) <= rules.visitors_a_share for f in known)
