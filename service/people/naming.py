"""Naming. In: what somebody is called, and was called before. Out: every name by which others' mails may know her.

A name that she goes by no more is kept as a keyed hash alone: enough to find it in a mail, too little to read it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from service import clock, suppressions
from service.board import short
from service.bulk import BATCH, among, insert_new
from service.database import db
from service.models import Employee, FormerName

LATE = timedelta(days=1)
"""Mails that are being planned while her name changes may still hold the one before."""


@dataclass(frozen=True)
class Names:
    """Whose names are looked for: as they are now, and by hashes of those from before."""

    plain: frozenset[str]
    marks: Mapping[str, datetime] = field(default_factory=dict)
    """Hash → the moment after which no mail that is written holds that name."""
    _known: dict[str, bool] = field(default_factory=dict, compare=False)

    def __contains__(self, name: str) -> bool:
        """Tell whether this is one of them, as a mail would show it."""
        if name not in self._known:
            is_hers = name in self.plain or (bool(self.marks) and suppressions.address_hash(name) in self.marks)
            self._known[name] = bool(name) and is_hers
        return self._known[name]

    @property
    def all_marks(self) -> list[str]:
        """Return the hashes of all of them, sorted."""
        return sorted({*suppressions.address_hashes(self.plain), *self.marks})

    @property
    def until(self) -> datetime | None:
        """Return when the last mail was written that may hold a name from before; None: there is no such name."""
        return max(self.marks.values(), default=None)


def shown(name: str | None, alias: str | None = None) -> set[str]:
    """Return how somebody of this name and alias stands in others' mails: in full, in short, by alias."""
    return {text for text in (name or "", short(name or ""), alias or "") if text}


def names_of(employee: Employee) -> Names:
    """Return all names of this person. Reads only."""
    asked = sa.select(FormerName.mark, FormerName.at).where(FormerName.subject == employee.subject)
    marks = {row.mark: row.at + LATE for row in db.session.execute(asked)}
    return Names(frozenset(shown(employee.name, employee.alias)), marks)


def marked(marks: Collection[str]) -> Names:
    """Return names of which only the hashes are known."""
    return Names(frozenset(), dict.fromkeys(marks, clock.now()))


def remember(former: Iterable[tuple[str, set[str]]]) -> None:
    """Keep the marks of names that people go by no more: (subject, what `shown` says). Does not commit."""
    now, pairs = clock.now(), sorted({(subject, name) for subject, names in former for name in names})
    subjects = sorted({subject for subject, _name in pairs})
    for start in range(0, len(subjects), BATCH):
        # Somebody may have had one of them twice: all of hers count until now.
        hers = among(FormerName.subject, subjects[start : start + BATCH])
        again = sa.update(FormerName).where(hers).values(at=now)
        db.session.execute(again.execution_options(synchronize_session=False))
    marks = suppressions.address_hashes(name for _subject, name in pairs)
    rows = ({"subject": who, "mark": mark, "at": now} for (who, _name), mark in zip(pairs, marks, strict=True))
    insert_new(FormerName, rows)
