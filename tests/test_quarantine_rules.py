"""scoring.quarantine. In: visits of a week under its hashes. Out: odd patterns found, ordinary weeks left in peace."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.quarantine import ONE_PLACE, ONE_VISITOR, PACE, RING, Pattern, Visit, patterns
from scoring.rules import Rules

ZONE = "Europe/Ljubljana"
MONDAY = datetime(2026, 11, 16, 8, tzinfo=UTC)
RULES = Rules()


def at(hours: float = 0) -> datetime:
    return MONDAY + timedelta(hours=hours)


def visit(n: int, sharer: str, visitor: str | None, hours: float | None = None, **more: object) -> Visit:
    """One visit to this sharer's only share, an hour after the last one unless said."""
    share = more.pop("share", ord(sharer[0]) * 100)
    return Visit(n, share, sharer, at(n if hours is None else hours), visitor, **more)  # type: ignore[arg-type]


def found(visits: list[Visit], opened: list[Visit] | None = None, rules: Rules = RULES) -> list[Pattern]:
    return list(patterns(visits, opened or [], rules, ZONE))


def own(*sharers: str) -> list[Visit]:
    """Each of these opened a share of theirs with a hash of their own."""
    return [visit(900 + n, who, f"own-{who}", 0) for n, who in enumerate(sharers)]


def test_one_visitor_of_five_sharers_in_a_week_is_noticed_and_all_those_visits_are_held() -> None:
    seen = [visit(n, who, "v") for n, who in enumerate("abcdea")] + [visit(50, "a", "other")]
    (one,) = found(seen)
    assert (one.code, one.week, one.visits) == (ONE_VISITOR, "2026-W47", (0, 1, 2, 3, 4, 5))
    assert (one.facts["sharers"], one.facts["visits"], one.facts["visitors"]) == (5, 6, 1)
    assert "v" not in one.mark.split("|"), "the mark is a digest, not the hash itself"


def test_four_sharers_or_two_weeks_or_nobody_known_are_no_pattern() -> None:
    assert found([visit(n, who, "v") for n, who in enumerate("abcd")]) == []
    assert found([visit(n, who, "v", n * 40) for n, who in enumerate("abcde")]) == [], "the fifth came next week"
    assert found([visit(n, who, None) for n, who in enumerate("abcdefg")]) == []
    assert found([visit(n, who, "v") for n, who in enumerate("abcde")], rules=Rules(many_sharers=0)) == []


def test_the_week_is_the_programmes_own() -> None:
    late = 6 * 24 + 14.9  # Sunday 22:54 UTC: Sunday still in Ljubljana, Monday in Helsinki
    seen = [visit(n, who, "v", late - n) for n, who in enumerate("abcde")]
    assert {p.week for p in found(seen)} == {"2026-W47"}
    assert patterns(seen, [], RULES, "Europe/Helsinki") == ()


def test_two_who_follow_each_others_links_are_a_ring_once() -> None:
    seen = [
        visit(1, "a", "own-b", share=1),
        visit(2, "a", "own-b", share=2),
        visit(3, "b", "own-a", share=3),
        visit(4, "b", "own-a", share=4),
        visit(5, "b", "reader", share=4),
    ]
    (ring,) = found(seen, own("a", "b"))
    assert (ring.code, ring.visits) == (RING, (1, 2, 3, 4))


def test_a_ring_of_three_is_noticed_and_a_chain_is_not() -> None:
    links = [("a", "b"), ("b", "c"), ("c", "a")]
    seen = [visit(10 * n + k, to, f"own-{who}", share=10 * n + k) for n, (who, to) in enumerate(links) for k in (1, 2)]
    (ring,) = found(seen, own("a", "b", "c"))
    assert (ring.code, len(ring.visits), ring.facts["sharers"]) == (RING, 6, 3)
    assert found(seen[:4], own("a", "b", "c")) == []


def test_reading_a_colleague_once_and_being_read_back_is_no_ring() -> None:
    seen = [visit(1, "a", "own-b"), visit(2, "b", "own-a"), visit(3, "b", "own-a")]
    assert found(seen, own("a", "b")) == []


def test_a_hash_that_opens_everybodys_links_belongs_to_nobody() -> None:
    seen = [visit(n, "ab"[n % 2], "own-x", share=n) for n in range(8)]
    openers = [visit(900, "a", "own-x", 0), visit(901, "b", "own-x", 0)]
    assert found(seen, openers) == []


def test_many_visitors_of_one_address_are_noticed_unless_most_came_from_elsewhere() -> None:
    farm = [visit(n, "a", f"agent{n}", place="p") for n in range(6)]
    (place,) = found(farm)
    assert (place.code, place.visits, place.facts["visitors"]) == (ONE_PLACE, tuple(range(6)), 6)
    readers = [visit(20 + n, "a", f"r{n}", place=f"home{n}") for n in range(6)]
    assert found(farm + readers) == []
    assert found([visit(n, "a", "one", place="p") for n in range(40)]) == [], "one who comes often is one"
    assert found(farm[:5]) == []


def test_visitors_faster_than_people_come_are_noticed_and_the_slow_ones_beside_them_are_not_held() -> None:
    quick = [visit(n, "a", f"v{n}", n / 3600) for n in range(30)]
    slow = [visit(100 + n, "a", f"s{n}", 5 + n) for n in range(10)]
    (pace,) = found(quick + slow)
    assert (pace.code, pace.visits) == (PACE, tuple(range(30)))
    assert found(quick[:29] + slow) == []
    assert found([visit(n, "a", "same", n / 3600) for n in range(99)]) == []


VISITS = st.lists(
    st.builds(
        Visit,
        st.integers(0, 10_000),
        st.integers(1, 6),
        st.sampled_from("abcdef"),
        st.integers(0, 300).map(at),
        st.sampled_from([None, "own-a", "own-b", "own-c", "v", "w"]),
        st.sampled_from([None, "p", "q"]),
    ),
    max_size=60,
    unique_by=lambda v: v.id,
)
EASY = Rules(many_sharers=2, ring_shares=1, place_visitors=2, pace_visits=3, pace_minutes=90)


@settings(max_examples=150, deadline=None)
@given(st.data(), VISITS)
def test_order_and_repetition_of_visits_never_change_what_is_noticed(data: st.DataObject, seen: list[Visit]) -> None:
    opened = own("a", "b", "c")
    once = patterns(seen, opened, EASY, ZONE)
    assert patterns(data.draw(st.permutations(seen + seen)), opened[::-1] + opened, EASY, ZONE) == once
    assert len({(p.code, p.week, p.mark) for p in once}) == len(once), "each pattern has a mark of its own"
    assert {n for p in once for n in p.visits} <= {v.id for v in seen}


@settings(max_examples=100, deadline=None)
@given(VISITS)
def test_no_pattern_is_noticed_where_all_are_switched_off(seen: list[Visit]) -> None:
    none = Rules(many_sharers=0, ring_shares=0, place_visitors=0, pace_visits=0)
    assert patterns(seen, own("a", "b"), none, ZONE) == ()
