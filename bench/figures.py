"""Figures. In: contestants that do the same work. Out: ratios of interleaved medians, each beside its target.

Only ratios of one run mean anything: times differ between machines and between minutes on one machine.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

ROUNDS = 7


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the result. `target` says what must hold ("≥ 0.05"); `holds` None: it could not be measured here.

    `why` says what was compared with what, or, where `holds` is None, what is missing and how to install it.
    """

    name: str
    value: float | None
    unit: str
    target: str
    holds: bool | None
    why: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def at_least(name: str, value: float, unit: str, target: float, why: str) -> Figure:
    """Return a figure that holds when it is not below its target."""
    return Figure(name, round(value, 4), unit, f"≥ {target:g}", value >= target, why)


def at_most(name: str, value: float, unit: str, target: float, why: str) -> Figure:
    """Return a figure that holds when it is not above its target."""
    return Figure(name, round(value, 4), unit, f"≤ {target:g}", value <= target, why)


def told(name: str, value: float, unit: str, why: str) -> Figure:
    """Return a figure without a target, to read the others by."""
    return Figure(name, round(value, 4), unit, "", True, why)


def missing(name: str, unit: str, target: str, why: str) -> Figure:
    """Return a figure that cannot be measured on this machine; `why` says what to install."""
    return Figure(name, None, unit, target, None, why)


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds per piece of work, one value per round."""

    rounds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.rounds)


def interleaved(
    contestants: Mapping[str, Callable[[], object]],
    work: Mapping[str, int] | int = 1,
    rounds: int = ROUNDS,
    before: Callable[[], object] | None = None,
    clock: Callable[[], float] = time.perf_counter,
    warm: bool = False,
) -> dict[str, Timing]:
    """Run all contestants once per round, one after another, and return seconds per piece of work of each.

    `work` is how many pieces one call does (one number, or one per contestant, 1 where it says nothing); `before`
    runs, untimed, before each call. The first round warms up and does not count. Interleaving lets a busy minute hit
    all alike. `clock` is `time.process_time` for what one core computes: then only the bench's own time counts. `warm`
    repeats each call and times the second one, for work that goes on for long in life and is short here.
    """
    found: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(rounds + 1):
        for name, call in contestants.items():
            if before is not None:
                before()
            # Each starts from a clean heap; its own garbage is its own cost.
            gc.collect()
            if warm:
                call()
            began = clock()
            call()
            spent = clock() - began
            if number:
                found[name].append(spent / (work if isinstance(work, int) else work.get(name, 1)))
    return {name: Timing(tuple(each)) for name, each in found.items()}


def ratio(
    fast: Callable[[], object],
    slow: Callable[[], object],
    work: tuple[int, int] = (1, 1),
    rounds: int = ROUNDS,
    before: Callable[[], object] | None = None,
) -> float:
    """Return how many times more of its work `fast` does than `slow` in the same time: the median of the rounds'."""
    both = interleaved({"fast": fast, "slow": slow}, {"fast": work[0], "slow": work[1]}, rounds, before)
    return quotient(both["slow"], both["fast"])


def quotient(of: Timing, by: Timing) -> float:
    """Return the median, over rounds, of one timing divided by the other's of the same round."""
    return statistics.median(a / b for a, b in zip(of.rounds, by.rounds, strict=True))
