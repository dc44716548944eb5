"""The board. In: a period's totals, read once. Out: by subject her points and the people near her, without a query.

Made for planning: everybody who is decided in one run stands on the same board. It is packed, some eighty bytes a line,
for there may be a million.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left

import sqlalchemy as sa

from emails.values import Neighbour
from service.database import db
from service.models import Employee, Total
from service.totals import on_boards

NEAR = 2
"""People shown above and below."""

BATCH = 5000
"""Lines that are drawn from the database at a time."""


class Board:
    """Everybody with more than 0 points in a period, best first; equals share a place and stand by subject."""

    def __init__(self, period: str) -> None:
        """Read the board of a period (a month like 2026-11, or "all") as it stands."""
        self._points, self._places = array("q"), array("Q")
        self._subjects, self._names = bytearray(), bytearray()
        self._subject_ends, self._name_ends = array("Q", [0]), array("Q", [0])
        hashes = array("q")
        unseen = sa.select(Total.subject, Total.points).join(Employee, Employee.subject == Total.subject)
        unseen = unseen.where(Total.period == period, Total.points > 0, Employee.off_boards)
        self._off: dict[str, int] = {line.subject: line.points for line in db.session.execute(unseen)}
        for subject, points, alias, name in db.session.execute(standing_lines(period)):
            tied = self._points and self._points[-1] == points
            self._places.append(self._places[-1] if tied else len(self._points) + 1)
            self._points.append(points)
            self._subjects += subject.encode()
            self._subject_ends.append(len(self._subjects))
            self._names += (alias or short(name or "")).encode()
            self._name_ends.append(len(self._names))
            hashes.append(hash(subject))
        # A dictionary would take several times the room: lines are found by their subjects' hashes, in order.
        self._by_hash = array("Q", sorted(range(len(hashes)), key=hashes.__getitem__))
        self._hashes = array("q", map(hashes.__getitem__, self._by_hash))

    def __len__(self) -> int:
        return len(self._points)

    def line(self, subject: str) -> int | None:
        """Return the number of her line, 0 the best; None if she stands on no line."""
        sought = hash(subject)
        at = bisect_left(self._hashes, sought)
        while at < len(self._hashes) and self._hashes[at] == sought:
            n = self._by_hash[at]
            if self._subjects[self._subject_ends[n] : self._subject_ends[n + 1]] == subject.encode():
                return n
            at += 1
        return None

    def points(self, line: int) -> int:
        """Return the points of this line."""
        return self._points[line]

    def off(self, subject: str) -> int:
        """Return the points of somebody who asked to stand on no line; 0 for anybody else."""
        return self._off.get(subject, 0)

    def near(self, line: int) -> tuple[Neighbour, ...]:
        """Return what she of this line sees: two above, herself, two below."""
        return tuple(
            Neighbour(self._name(n), self._points[n], self._places[n], n == line)
            for n in range(max(0, line - NEAR), min(len(self), line + NEAR + 1))
        )

    def _name(self, line: int) -> str:
        return self._names[self._name_ends[line] : self._name_ends[line + 1]].decode()


def standing_lines(period: str) -> sa.Select[str, int, str | None, str | None]:
    """Return the query of a period's board in its order: subject, points, alias, name; read it as a stream."""
    asked = (
        sa.select(Total.subject, Total.points, Employee.alias, Employee.name)
        .join(Employee, Employee.subject == Total.subject)
        .where(Total.period == period, Total.points > 0, on_boards())
        .order_by(Total.points.desc(), Total.subject)
    )
    return asked.execution_options(yield_per=BATCH)


def short(name: str) -> str:
    """Return how colleagues see a name on a board: "Noor B." for Noor Benali."""
    words = name.split()
    return f"{words[0]} {words[-1][0].upper()}." if len(words) > 1 else name
