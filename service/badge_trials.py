"""Badge trials. In: declarations of badges, and everybody's shares. Out: who would get them, and who would lose them.

Reads only. People are looked at in batches, so that a million take no more memory than a thousand; badges that others'
shares decide on too are worked out at the end, of all confirmed shares at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from scoring.badges import TOGETHER, Badge, reached
from service import badge_books, badges, recognition
from service.books import Terms, terms
from service.bulk import among
from service.database import db
from service.models import Award

Holding = set[tuple[str, int]]
"""(subject, level)"""
Compared = dict[str, tuple[Holding, Holding]]
"""Slug → who would hold which level under its declaration, and who holds it now."""
Counts = dict[str, list[list[int]]]
"""Slug → for each level, lowest first: who would hold it, of these anew, who holds it now and would lose it."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What a declaration would do with present facts: how many hold each level, would earn it, would lose it."""

    badge: Badge
    levels: tuple[tuple[int, int, int], ...]
    """(hold it under the declaration, of these new, hold it now and would lose it), lowest level first."""
    earners: tuple[str, ...]
    """Subjects who would earn any level anew, sorted."""
    losers: tuple[str, ...]


def try_out(found: Any, progress: Callable[[int], None] | None = None) -> list[Tried]:
    """Return what each declaration of a file would give and take, by the shares there are. Writes nothing.

    Raises scoring.badges.Wrong.
    """
    of, agreed = [badge for badge, _on, _own in badges.read(found)], terms()
    counts, parts = nothing(of), []
    for batch in badges.sharers():
        parts.append(of_people(of, batch, agreed))
        counts = added(counts, parts[-1])
        if progress:
            progress(len(batch))
    parts.append(of_all(of, agreed))
    counts = added(counts, parts[-1])
    return [
        Tried(
            badge,
            tuple((hold, earn, lose) for hold, earn, lose in counts[badge.slug]),
            tuple(sorted({who for part in parts for who, _n in _gone(part, badge.slug, 0)})),
            tuple(sorted({who for part in parts for who, _n in _gone(part, badge.slug, 1)})),
        )
        for badge in of
    ]


def nothing(of: Iterable[Badge]) -> Counts:
    """Return counts to begin with."""
    return {badge.slug: [[0, 0, 0] for _level in badge.levels] for badge in of}


def added(counts: Counts, compared: Compared) -> Counts:
    """Return the counts with what was compared for some more people."""
    found = {slug: [list(level) for level in levels] for slug, levels in counts.items()}
    for slug, (wanted, now) in compared.items():
        for n, some in enumerate((wanted, wanted - now, now - wanted)):
            for _subject, level in some:
                if level <= len(found[slug]):
                    found[slug][level - 1][n] += 1
    return found


def of_people(of: Sequence[Badge], subjects: Sequence[str], agreed: Terms) -> Compared:
    """Compare for these people the badges that follow from a person's own shares."""
    alone = [badge for badge in of if badge.criterion.kind not in TOGETHER]
    if not alone:
        return {}
    hers = recognition.confirmed_shares(subjects)
    due = badge_books.earned({s: hers[s] for s in subjects if hers.get(s)}, agreed, alone)
    held = sa.select(Award.subject, Award.badge, Award.level).where(
        among(Award.subject, subjects), Award.badge.in_([badge.slug for badge in alone]), Award.revoked_at.is_(None)
    )
    compared: Compared = {badge.slug: (set(), set()) for badge in alone}
    for subject, levels in due.items():
        for slug, level in levels:
            compared[slug][0].add((subject, level))
    for subject, slug, level in db.session.execute(held):
        compared[slug][1].add((subject, level))
    return compared


def of_all(of: Sequence[Badge], agreed: Terms) -> Compared:
    """Compare for everybody the badges that others' shares decide on too."""
    together = [badge for badge in of if badge.criterion.kind in TOGETHER]
    if not together:
        return {}
    lines, times = list(badges.confirmed_lines()), badge_books.begun(agreed)
    compared: Compared = {}
    for badge in together:
        moments: Mapping[str, Any] = badges.moments(badge.criterion.kind, lines, agreed)
        wanted = {(subject, e.level) for subject, at in moments.items() for e in reached(badge, at, times)}
        held = sa.select(Award.subject, Award.level).where(Award.badge == badge.slug, Award.revoked_at.is_(None))
        compared[badge.slug] = wanted, {(subject, level) for subject, level in db.session.execute(held)}
    return compared


def _gone(compared: Compared, slug: str, side: int) -> Holding:
    both = compared.get(slug, (set(), set()))
    return both[side] - both[1 - side]
