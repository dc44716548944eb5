"""Quiet people, as a question. In: the last editions. Out: how many got every digest and opened nothing, by groups.

Never a name, and no group of fewer than five: it asks whether the programme fits its readers, not who is idle.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import sqlalchemy as sa

from service import readers, topics
from service.boards import FEWEST
from service.database import db
from service.models import Edition, Employee, Outbox, Share, Team
from service.models.people import Status

DIGESTS = 4
"""So many digests in a row, the last ones, make somebody one of whom the question speaks."""

GROUPS = 12


@dataclass(frozen=True, slots=True)
class Group:
    """People of one team, topic or language who got them all, and how many of them opened nothing."""

    name: str
    people: int
    quiet: int

    @property
    def part(self) -> float:
        return self.quiet / self.people


@dataclass(frozen=True, slots=True)
class Question:
    """The whole and its groups, those first of whom the largest part is quiet."""

    people: int
    quiet: int
    weeks: tuple[str, ...]
    teams: tuple[Group, ...] = ()
    topics: tuple[Group, ...] = ()
    languages: tuple[Group, ...] = ()


def question() -> Question | None:
    """Return the question; None while there were fewer than four editions or fewer than five readers. Reads only.

    Opened means any share link of a story since the first of these editions, by whatever opened it.
    """
    sent = sa.select(Edition).where(Edition.released_at.is_not(None)).order_by(Edition.week.desc()).limit(DIGESTS)
    editions = db.session.scalars(sent).all()
    if len(editions) < DIGESTS:
        return None
    got = (
        sa.select(Outbox.subject)
        .where(
            Outbox.kind == readers.KIND,
            Outbox.occasion.in_([readers.occasion_of(edition) for edition in editions]),
            Outbox.state.in_(readers.SHOWN),
        )
        .group_by(Outbox.subject)
        .having(sa.func.count() == DIGESTS)
        .subquery()
    )
    since = min(edition.released_at for edition in editions if edition.released_at)
    opened = sa.select(Share.subject).where(Share.opened_at >= since).distinct().subquery()
    asked = (
        sa.select(
            Employee.team_id,
            Employee.language,
            Employee.topics,
            sa.func.count().label("people"),
            sa.func.sum(sa.case((opened.c.subject.is_(None), 1), else_=0)).label("quiet"),
        )
        .join(got, got.c.subject == Employee.subject)
        .outerjoin(opened, opened.c.subject == Employee.subject)
        .where(Employee.status == Status.ACTIVE)
        .group_by(Employee.team_id, Employee.language, sa.cast(Employee.topics, sa.Text), Employee.topics)
    )
    tally: dict[str, Counter[object]] = {name: Counter() for name in ("team", "language", "topic")}
    quiet: dict[str, Counter[object]] = {name: Counter() for name in tally}
    whole = silent = 0
    for row in db.session.execute(asked):
        whole, silent = whole + row.people, silent + row.quiet
        keys = [("team", row.team_id), ("language", row.language), *(("topic", topic) for topic in row.topics)]
        for kind, key in keys:
            tally[kind][key] += row.people
            quiet[kind][key] += row.quiet
    if whole < FEWEST:
        return None
    teams: dict[object, str] = {row.id: row.name for row in db.session.execute(sa.select(Team.id, Team.name))}
    subjects: dict[object, str] = {topic.id: topic.name for topic in topics.all_topics()}

    def groups(kind: str, names: dict[object, str] | None) -> tuple[Group, ...]:
        found = [
            Group(str(key) if names is None else names[key], people, quiet[kind][key])
            for key, people in tally[kind].items()
            if people >= FEWEST and (names is None or key in names) and _of_many(people, quiet[kind][key])
        ]
        return tuple(sorted(found, key=lambda group: (-group.part, group.name))[:GROUPS])

    return Question(
        whole,
        silent,
        tuple(sorted(edition.week for edition in editions)),
        groups("team", teams),
        groups("topic", subjects),
        groups("language", None),
    )


def _of_many(people: int, quiet: int) -> bool:
    """Tell whether a group's figure is nobody's own: neither all of a group, nor all but a few, are named by it."""
    return quiet == 0 or (quiet >= FEWEST and people - quiet >= FEWEST) or (quiet < people and people >= 2 * FEWEST)
