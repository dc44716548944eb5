"""Standings. In: totals by subject. Out: places with ties, and the people near somebody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Standing:
    """One line of a board. Equal points share a place; the places after it are left out (1, 2, 2, 4)."""

    subject: str
    points: int
    place: int


def places(totals: Mapping[str, int]) -> list[Standing]:
    """Return everybody with more than 0 points, best first; people with equal points stand by subject id."""
    order = sorted(((points, subject) for subject, points in totals.items() if points > 0), key=_best_first)
    found: list[Standing] = []
    for n, (points, subject) in enumerate(order, start=1):
        place = found[-1].place if found and found[-1].points == points else n
        found.append(Standing(subject, points, place))
    return found


def near(totals: Mapping[str, int], subject: str, each_way: int = 2) -> list[Standing]:
    """Return the two above, herself and the two below; empty if she has no points yet."""
    board = places(totals)
    at = next((n for n, line in enumerate(board) if line.subject == subject), None)
    return [] if at is None else board[max(0, at - each_way) : at + each_way + 1]


def _best_first(line: tuple[int, str]) -> tuple[int, str]:
    return -line[0], line[1]
