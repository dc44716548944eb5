"""scoring.draws. In: 100,000 fixed seeds and unequal tickets. Out: winners as often as their tickets say, exactly."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from functools import cache
from itertools import permutations

import pytest

from scoring import draws

SEEDS = 100_000
ALPHA = 1e-6
"""A fair draw fails this once in a million choices of seeds; these seeds are fixed, so it never does by chance."""
POOLS = {
    "unequal": (1, 2, 3, 5, 8, 13, 40),
    "alike": (1, 1, 1, 1, 1),
    "one with most": (1, 1, 1, 7),
}


def entries(tickets: tuple[int, ...]) -> list[tuple[str, int]]:
    return sorted((draws.sha256(f"entrant {n}"), count) for n, count in enumerate(tickets))


@cache
def first_two(name: str) -> Counter[tuple[str, str]]:
    pool = entries(POOLS[name])
    found: Counter[tuple[str, str]] = Counter()
    for n in range(SEEDS):
        one, other = draws.ranks(pool, draws.sha256(f"fixed seed {n}"), 2)
        found[one, other] += 1
    return found


def beyond(statistic: float, freedom: int) -> float:
    """Return how likely a χ² of so many degrees of freedom is at least `statistic` (Abramowitz & Stegun, 26.4.4-5)."""
    half = statistic / 2
    logs = (k * math.log(half) - half - math.lgamma(k + 1) for k in (n + freedom % 2 / 2 for n in range(freedom // 2)))
    return (math.erfc(math.sqrt(half)) if freedom % 2 else 0.0) + math.fsum(math.exp(log) for log in logs)


def likelihood(seen: Mapping[object, int], expected: Mapping[object, float]) -> float:
    """Return how likely counts at least so far from the expected ones are."""
    assert set(seen) <= set(expected)
    statistic = math.fsum((seen.get(what, 0) - count) ** 2 / count for what, count in expected.items())
    return beyond(statistic, len(expected) - 1)


def pairs(name: str) -> dict[object, float]:
    """Exact: the first by her share of all tickets, the second by hers of those that are left."""
    pool, total = entries(POOLS[name]), sum(POOLS[name])
    return {(one, other): SEEDS * (w / total) * (v / (total - w)) for (one, w), (other, v) in permutations(pool, 2)}


def test_the_measure_is_that_of_the_tables() -> None:
    assert beyond(3.841, 1) == pytest.approx(0.05, abs=1e-4)
    assert beyond(12.592, 6) == pytest.approx(0.05, abs=1e-4)
    assert beyond(74.745, 41) == pytest.approx(0.001, rel=1e-2)


@pytest.mark.parametrize("name", POOLS)
def test_first_winners_come_as_often_as_their_tickets_say(name: str) -> None:
    firsts = Counter[object]()
    for (one, _), count in first_two(name).items():
        firsts[one] += count
    total = sum(POOLS[name])
    assert likelihood(firsts, {one: SEEDS * w / total for one, w in entries(POOLS[name])}) > ALPHA


@pytest.mark.parametrize("name", POOLS)
def test_ordered_pairs_of_winners_come_as_often_as_their_tickets_say(name: str) -> None:
    assert likelihood(first_two(name), pairs(name)) > ALPHA  # type: ignore[arg-type]


def test_a_draw_that_favours_somebody_a_little_would_be_found() -> None:
    seen = Counter[object](first_two("unequal"))
    expected = pairs("unequal")
    favoured = max(expected, key=lambda pair: expected[pair])
    other = min(set(expected) - {favoured}, key=lambda pair: -expected[pair])
    moved = int(0.05 * seen[favoured])
    seen[favoured] += moved
    seen[other] -= moved
    assert likelihood(seen, expected) < ALPHA
