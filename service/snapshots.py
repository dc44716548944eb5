"""Snapshots. In: an edition's lines and the slots that are due. Out: the marks of all its readers, a page at a time.

What each was shown, whether she has her mail or a reason, whether there is something to tell of her: read at once,
before the pages. It holds as long as nobody else plans the edition (gates.planner); what it says of one page is
changed by planning that page alone. PostgreSQL's: SQLite looks every reader up.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from typing import Any

import sqlalchemy as sa

from service import readers
from service.database import db
from service.dialects import packed, plan_plainly, postgres
from service.lines import NOTED, TELLING, Lines
from service.models import Employee, Omission, Outbox, Share, Total

FEWEST, ONE_IN = 500, 8
"""It is worth while for so many people who are due, if they are so large a part of all."""

MEMORY = "64MB"
"""What PostgreSQL may take for it, to join all people at once."""

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
"""How a binary COPY begins: signature, flags, length of an extension (PostgreSQL's documents: COPY)."""

_END = struct.pack(">h", -1)


def worth_while(people: int) -> bool:
    """Tell whether so many are to be decided that all had better be read at once."""
    return postgres() and people >= max(FEWEST, readers.last_id() // ONE_IN)


class Snapshot:
    """Marks by employee's id as PostgreSQL packed them, 22 bytes each where there are up to 60 stories."""

    def __init__(self, lines: Lines, where: sa.ColumnElement[bool]) -> None:
        """Read the marks of these employees as they stand."""
        plan_plainly()
        db.session.execute(sa.select(sa.func.set_config("work_mem", MEMORY, True)))
        self._rows = packed(_marks(lines, where))
        # A count of columns, then each with its length: an id of four bytes, numbers of eight.
        self._row = 2 + (4 + 4) + len(lines.words) * (4 + 8)
        self._number = (len(self._rows) - len(_HEADER) - len(_END)) // self._row

    def of(self, page: int, size: int) -> bytes:
        """Return the marks of a page's readers, for Lines.draw; who has none is not in it. `size` in ids."""
        first, last = (self._at(number * size + 1) for number in (page, page + 1))
        return b"".join((_HEADER, memoryview(self._rows)[first:last], _END))

    def _at(self, id_: int) -> int:
        """Return where the first row of this id, or of a higher one, begins."""
        return len(_HEADER) + self._row * bisect_left(range(self._number), id_, key=self._id)

    def _id(self, row: int) -> int:
        found: tuple[int] = struct.unpack_from(">i", self._rows, len(_HEADER) + self._row * row + 6)
        return found[0]


def _marks(lines: Lines, where: sa.ColumnElement[bool]) -> Any:
    """Return the query of the marks of all these employees, by id: what each was shown, and MAILED, NOTED, TELLING.

    One pass over a million costs a third of looking each of them up.
    """
    told = [
        sa.select(Outbox.subject, *lines.shown()).where(Outbox.kind == readers.KIND, Outbox.occasion >= lines.since),
        sa.select(Omission.subject, *_flag(lines, NOTED)).where(Omission.edition_id == lines.number),
        *(sa.select(table.subject, *_flag(lines, TELLING)) for table in (Share, Total)),
    ]
    mark = sa.union_all(*told).subquery()
    # Mails that were not shown say nothing; a packed row has no place for NULL.
    none = sa.literal_column("0", sa.BigInteger)
    bits = [sa.cast(sa.func.coalesce(sa.func.bit_or(mark.c[f"bits_{n}"]), none), sa.BigInteger) for n in lines.words]
    asked = sa.select(Employee.id, *bits).join(mark, mark.c.subject == Employee.subject).where(where)
    return asked.group_by(Employee.id).order_by(Employee.id)


def _flag(lines: Lines, flag: int) -> list[Any]:
    """Return the columns of a row of marks that says only this."""
    return [sa.cast(sa.literal_column(str(0 if n else flag)), sa.BigInteger).label(f"bits_{n}") for n in lines.words]
