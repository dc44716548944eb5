"""Standings. In: totals by subject. Out: places with ties, and the people near somebody."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Standing:
    """One line of a board. Equal points share a place; the places after it are left out (1, 2, 2, 4)."""

    subject: str
    points: int
    place: int


def places(totals: Mapping[str, int]) -> list[Standing]:
    """Return everybody with more than 0 points, best first; people with equal points stand by subject id."""
    return list(board(sorted(totals.items(), key=lambda line: (-line[1], line[0]))))


def board(ordered: Iterable[tuple[str, int]]) -> Iterator[Standing]:
    """Give a place to each (subject, points) of a sequence that is ordered already, best first."""
    place, last = 0, 0
    for n, (subject, points) in enumerate(ordered, start=1):
        if points <= 0:
            return
        place = place if points == last else n
        last = points
        yield Standing(subject, points, place)


def near(totals: Mapping[str, int], subject: str, each_way: int = 2) -> list[Standing]:
    """Return the two above, herself and the two below; empty if she has no points yet."""
    return around(places(totals), {subject}, each_way).get(subject, [])


def around(lines: Iterable[Standing], subjects: Set[str], each_way: int = 2) -> dict[str, list[Standing]]:
    """Return what is near each of these subjects, in one pass over a board that may be too long to hold."""
    above: deque[Standing] = deque(maxlen=each_way)
    below: deque[tuple[int, list[Standing]]] = deque()
    found: dict[str, list[Standing]] = {}
    for n, line in enumerate(lines):
        while below and n - below[0][0] > each_way:
            below.popleft()
        for _, hers in below:
            hers.append(line)
        if line.subject in subjects:
            found[line.subject] = [*above, line]
            below.append((n, found[line.subject]))
        above.append(line)
    return found
