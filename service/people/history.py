"""History. In: an employee, one part of what is known of her, a page. Out: its lines, newest first, 50 a page.

Points, shares and tickets are individual figures: in works-council mode nobody but she sees them (`parts`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service import books, programmes, why
from service.database import db
from service.models import (
    Absence,
    Declined,
    Draw,
    Employee,
    Entrant,
    Evidence,
    LedgerEntry,
    LeftOut,
    Outbox,
    Rest,
    Share,
    Story,
    Suspension,
)
from service.models.mail import MailState
from service.models.people import Status
from service.validation import N_, Words
from service.words_of_score import STATES, of_reason

PER_PAGE = 50

PARTS: dict[str, str] = {
    "mails": N_("Mails"),
    "standing": N_("Status and choices"),
    "shares": N_("Shares"),
    "points": N_("Points"),
    "tickets": N_("Draws"),
}
"""What can be looked at."""

OWN = frozenset({"shares", "points", "tickets"})
"""Individual figures."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: when, what, and more about it."""

    at: datetime | None
    kind: str
    """`mail` with the kind in `about`; otherwise "", and `words` says all."""
    words: Words
    about: str = ""
    detail: str | None = None
    """On record as it stands: a code, a mail server's words, a liaison's."""
    figure: int | None = None
    evidence: dict[str, int] = field(default_factory=dict)
    """Of a share: verdict → visits that are still on record."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of lines; `total` counts all."""

    lines: Sequence[Line]
    total: int
    page: int
    pages: int


def parts() -> list[str]:
    """Return which parts a liaison may look at."""
    council = programmes.current().works_council
    return [part for part in PARTS if not (council and part in OWN)]


def page(employee: Employee, part: str, number: int = 1) -> Page:
    """Return a page of one part of what is known of her; reads only. Raises LookupError for a part not shown."""
    if part not in parts():
        raise LookupError(part)
    if part == "standing":
        lines = _standing(employee)
        return _cut(lines, number)
    asked, make = _QUERIES[part](employee)
    total = db.session.scalar(sa.select(sa.func.count()).select_from(asked.order_by(None).subquery())) or 0
    pages = max(1, -(-total // PER_PAGE))
    number = min(max(1, number), pages)
    rows = db.session.execute(asked.limit(PER_PAGE).offset((number - 1) * PER_PAGE)).all()
    return Page(make(rows), total, number, pages)


def _cut(lines: list[Line], number: int) -> Page:
    pages = max(1, -(-len(lines) // PER_PAGE))
    number = min(max(1, number), pages)
    return Page(lines[(number - 1) * PER_PAGE : number * PER_PAGE], len(lines), number, pages)


def _mails(employee: Employee) -> tuple[Any, Any]:
    asked = (
        sa.select(Outbox.kind, Outbox.occasion, Outbox.state, Outbox.why, Outbox.due_at, Outbox.settled_at)
        .where(Outbox.subject == employee.subject, Outbox.kind != "test")
        .order_by(Outbox.id.desc())
    )

    def made(rows: Sequence[Any]) -> list[Line]:
        return [
            Line(
                row.due_at if row.state in (MailState.QUEUED, MailState.RETRY) else row.settled_at or row.due_at,
                row.kind,
                Words(why.STATES[row.state]),
                row.occasion.partition(":")[2],
                row.why or None,
            )
            for row in rows
        ]

    return asked, made


def _points(employee: Employee) -> tuple[Any, Any]:
    asked = (
        sa.select(LedgerEntry.at, LedgerEntry.reason, LedgerEntry.points, Share.network, Story.title)
        .outerjoin(Share, Share.id == LedgerEntry.share_id)
        .outerjoin(Story, Story.id == Share.story_id)
        .where(LedgerEntry.subject == employee.subject)
        .order_by(LedgerEntry.at.desc(), LedgerEntry.id.desc())
    )
    days = books.terms().rules.declared_days

    def made(rows: Sequence[Any]) -> list[Line]:
        found = []
        for row in rows:
            message, values = of_reason(row.reason, row.network or "", days)
            found.append(Line(row.at, "", Words(message, values), row.title or "", None, row.points))
        return found

    return asked, made


def _shares(employee: Employee) -> tuple[Any, Any]:
    asked = (
        sa.select(Share, Story.title)
        .join(Story, Story.id == Share.story_id)
        .where(Share.subject == employee.subject)
        .order_by(Share.created_at.desc(), Share.id.desc())
    )

    def made(rows: Sequence[Any]) -> list[Line]:
        ids = [share.id for share, _title in rows]
        counted = (
            sa.select(Evidence.share_id, Evidence.verdict, sa.func.count())
            .where(Evidence.share_id.in_(ids), Evidence.kind == "visit")
            .group_by(Evidence.share_id, Evidence.verdict)
        )
        visits: dict[int, dict[str, int]] = {}
        for share_id, verdict, n in db.session.execute(counted):
            visits.setdefault(share_id, {})[verdict or "suspected"] = n
        return [
            Line(
                share.created_at,
                share.network,
                Words(STATE_WORDS.get(share.state, STATES.get(share.state, share.state))),
                title,
                None,
                len(share.visited_at),
                visits.get(share.id, {}),
            )
            for share, title in rows
        ]

    return asked, made


STATE_WORDS = {"declared": N_("Said to be shared")}
"""Where the words for herself say *you*."""


def _tickets(employee: Employee) -> tuple[Any, Any]:
    inside = (
        sa.select(Draw.frozen_at.label("at"), Draw.title, Entrant.tickets, sa.literal("").label("why"))
        .join(Draw, Draw.id == Entrant.draw_id)
        .where(Entrant.subject == employee.subject)
    )
    outside = (
        sa.select(Draw.frozen_at.label("at"), Draw.title, LeftOut.tickets, LeftOut.why)
        .join(Draw, Draw.id == LeftOut.draw_id)
        .where(LeftOut.subject == employee.subject)
    )
    both = sa.union_all(inside, outside).subquery()
    asked = sa.select(both).order_by(both.c.at.desc(), both.c.title)

    def made(rows: Sequence[Any]) -> list[Line]:
        return [
            Line(
                row.at,
                "",
                Words(N_("Entered the draw.")) if not row.why else Words(N_("Did not enter the draw.")),
                row.title,
                row.why or None,
                row.tickets,
            )
            for row in rows
        ]

    return asked, made


_QUERIES = {"mails": _mails, "points": _points, "shares": _shares, "tickets": _tickets}

CHOSEN: dict[str, str] = {
    "topics": N_("Topics"),
    "fewer": N_("What there should be less of"),
    "networks": N_("Networks"),
    "language": N_("Language of the mails"),
    "reads": N_("Languages read"),
    "slot_weekday": N_("Day of the digest"),
    "slot_hour": N_("Hour of the digest"),
    "rhythm": N_("How often the digest comes"),
    "mastodon": N_("Mastodon server"),
    "alias": N_("How colleagues see the name"),
    "status": N_("Pause, leaving or coming back"),
    "digest": N_("Stopping the digest"),
}
"""What somebody sets herself; a file never changes it."""


def _standing(employee: Employee) -> list[Line]:
    """Return when she came, was suspended, paused, left, and what she declined, newest first."""
    lines = [Line(employee.created_at, "", Words(N_("Came into the programme's list.")))]
    if employee.invited_at:
        lines.append(Line(employee.invited_at, "", Words(N_("Was invited."))))
    if employee.left_at:
        gone = employee.status == Status.GONE
        words = N_("Is no longer in the company.") if gone else N_("Left the programme.")
        lines.append(Line(employee.left_at, "", Words(words)))
    suspended = db.session.scalars(sa.select(Suspension).where(Suspension.subject == employee.subject)).all()
    for row in suspended:
        lines.append(Line(row.since, "", Words(N_("Was suspended.")), "", row.why or None))
        if row.until:
            lines.append(Line(row.until, "", Words(N_("Was reinstated."))))
    known = {row.since for row in suspended}
    for away in db.session.scalars(sa.select(Absence).where(Absence.subject == employee.subject)):
        if away.until and not any(abs((away.since - since).total_seconds()) < 60 for since in known):
            lines.append(Line(away.until, "", Words(N_("Came back."))))
    for rest in db.session.scalars(sa.select(Rest).where(Rest.subject == employee.subject)):
        if rest.until_on is None:
            pause = Words(N_("Paused from %(day)s on."), {"day": rest.from_on.isoformat()})
        else:
            days = {"first": rest.from_on.isoformat(), "last": rest.until_on.isoformat()}
            pause = Words(N_("Paused from %(first)s up to %(last)s."), days)
        lines.append(Line(None, "", pause))
    declined = (
        sa.select(Declined.at, Story.title)
        .join(Story, Story.id == Declined.story_id)
        .where(Declined.subject == employee.subject)
    )
    for when, title in db.session.execute(declined):
        lines.append(Line(when, "", Words(N_("Said “Not for me” to a story.")), title))
    oldest = employee.created_at
    return sorted(lines, key=lambda line: line.at or oldest, reverse=True)
