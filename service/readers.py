"""Readers. In: an edition's week. Out: its slots, pages of employees, what each was shown, who of them rests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa

from emails import slots
from service.database import db
from service.models import Edition, Employee, Omission, Outbox, Programme, Selection
from service.models.mail import MailState
from service.models.people import Status

KIND = "digest"

SHOWN = (
    MailState.ACCEPTED,
    MailState.DELIVERED,
    MailState.QUEUED,
    MailState.LEASED,
    MailState.SUBMITTING,
    MailState.RETRY,
    MailState.AMBIGUOUS,
)
"""Mails whose stories she has seen, or may yet see: those of another week that are still on their way count."""

PAGE = 1000
"""Employees that are decided and written in one transaction."""

Reader = Any
"""A row with the attributes of Employee that COLUMNS names; an Employee serves as well."""

COLUMNS = (
    Employee.id,
    Employee.subject,
    Employee.email,
    Employee.name,
    Employee.team_id,
    Employee.language,
    Employee.reads,
    Employee.zone,
    Employee.topics,
    Employee.networks,
    Employee.status,
    Employee.paused_until,
    Employee.slot_weekday,
    Employee.slot_hour,
    Employee.slot_since,
    Employee.rhythm,
    Employee.rhythm_from,
    Employee.link_id,
    Employee.created_at,
    Employee.invited_at,
)


def occasion_of(edition: Edition) -> str:
    """Return the occasion of the edition's digests in the outbox, like `digest:2026-W47`."""
    return f"digest:{edition.week}"


@dataclass(frozen=True, order=True)
class Slot:
    """One moment of an edition: everybody whose clock shows that hour on that day in that zone."""

    at: datetime
    zone: str
    weekday: int
    hour: int


def slot_of(reader: Reader, week: str, programme: Programme) -> Slot:
    """Return the slot of this reader: her own day and hour, else the programme's, in her zone."""
    return _slot(week, *_wish_of(reader, programme))


def _wish_of(reader: Reader, programme: Programme) -> tuple[str, int, int]:
    return (
        reader.zone,
        reader.slot_weekday or programme.slot_weekday,
        programme.slot_hour if reader.slot_hour is None else reader.slot_hour,
    )


@lru_cache(maxsize=4096)
def _slot(week: str, zone: str, weekday: int, hour: int) -> Slot:
    return Slot(slots.slot(week, weekday, hour, known_zone(zone)), zone, weekday, hour)


@lru_cache(maxsize=1024)
def known_zone(zone: str) -> str:
    """Return the zone, or UTC for one that this machine's tables (no longer) have: one row must not stop a planning."""
    try:
        return ZoneInfo(zone).key
    except (ZoneInfoNotFoundError, ValueError):
        return "UTC"


def _reachable() -> Any:
    """Everybody of whom an edition says something: not who has left the company or was erased."""
    return sa.and_(Employee.status != Status.GONE, Employee.email.is_not(None))


def all_slots(week: str, programme: Programme) -> dict[Slot, int]:
    """Return the slots of a week, earliest first, with the number of people who are not gone in each."""
    return dict(sorted((_slot(week, *wish), n) for wish, n in _tally(programme).items()))


def undecided_slots(edition: Edition, programme: Programme, now: datetime, again: bool = True) -> dict[Slot, int]:
    """Return the slots, earliest first, in which people have neither a digest nor a reason for none, and how many.

    With `again` a reason counts only once the slot is past: before, it may still pass.
    """
    # Three plain sums instead of one anti-join: right after a bulk insert PostgreSQL's statistics are those of before,
    # and an anti-join planned by them compares everybody with everybody.
    mailed = _tally(programme, Outbox, Outbox.kind == KIND, Outbox.occasion == occasion_of(edition))
    omitted = _tally(programme, Omission, Omission.edition_id == edition.id)
    found: dict[Slot, int] = {}
    for wish, people in _tally(programme).items():
        slot = _slot(edition.week, *wish)
        waiting = people - mailed.get(wish, 0)
        if not (again and slot.at > now):  # until her slot comes she can end her pause, or follow a topic
            waiting -= omitted.get(wish, 0)
        if waiting > 0:
            found[slot] = waiting
    return dict(sorted(found.items()))


def _tally(
    programme: Programme, table: type[Outbox | Omission] | None = None, *where: Any
) -> dict[tuple[str, int, int], int]:
    """Return (zone, weekday, hour) → people, of all who can be reached or of those with such a row in this table."""
    wish = (
        Employee.zone,
        sa.func.coalesce(Employee.slot_weekday, programme.slot_weekday),
        sa.func.coalesce(Employee.slot_hour, programme.slot_hour),
    )
    asked = sa.select(*wish, sa.func.count()).select_from(Employee).where(_reachable(), *where).group_by(*wish)
    if table is not None:
        asked = asked.join(table, table.subject == Employee.subject)
    return {(zone, weekday, hour): n for zone, weekday, hour, n in db.session.execute(asked)}


def page(
    programme: Programme, due: Sequence[Slot], now: datetime, after: int, of: Edition | None
) -> tuple[int, Sequence[Reader]] | None:
    """Return the readers of these slots among the next PAGE employees behind id `after`, and the last id looked at.

    None after the last employee. With `of`, only those whom that edition has not decided: no mail, and no reason that
    stands. Every statement touches a page's rows and no more, whatever the planner believes.
    """
    ids = sa.select(Employee.id).where(Employee.id > after).order_by(Employee.id).limit(PAGE).subquery()
    last = db.session.scalar(sa.select(sa.func.max(ids.c.id)))
    if last is None:
        return None
    ahead = {(s.zone, s.weekday, s.hour): s.at > now for s in due}
    rows = db.session.execute(
        sa.select(*COLUMNS).where(Employee.id > after, Employee.id <= last, _reachable()).order_by(Employee.id)
    )
    found = [r for r in rows if _wish_of(r, programme) in ahead]
    if of is not None and found:
        subjects = [r.subject for r in found]
        mailed = _among(subjects, Outbox, Outbox.kind == KIND, Outbox.occasion == occasion_of(of))
        omitted = _among(subjects, Omission, Omission.edition_id == of.id)
        found = [
            r for r in found if r.subject not in mailed and (r.subject not in omitted or ahead[_wish_of(r, programme)])
        ]
    return last, found


def _among(subjects: Sequence[str], table: type[Outbox | Omission], *where: Any) -> set[str]:
    return set(db.session.scalars(sa.select(table.subject).where(table.subject.in_(subjects), *where)))


def pages(programme: Programme, due: Sequence[Slot], now: datetime) -> Iterator[Sequence[Reader]]:
    """Yield all readers of these slots, a page at a time, without writing between (for counting)."""
    after = 0
    while (found := page(programme, due, now, after, None)) is not None:
        after, readers = found
        yield readers


@lru_cache(maxsize=4096)
def her_week(week: str, rhythm: str, anchor: str | None) -> bool:
    """Tell whether a mail of this rhythm comes in this week; remembered, as few combinations serve everybody."""
    return slots.her_week(week, rhythm, anchor)


def paused_at(reader: Reader, moment: datetime) -> bool:
    """Tell whether she rests at this aware moment: paused, and her last day of it is not yet over in her zone."""
    if reader.status != Status.PAUSED:
        return False
    return reader.paused_until is None or slots.day_in(moment, known_zone(reader.zone)) <= reader.paused_until


def selections_with(stories: frozenset[int], except_for: Edition, oldest: datetime) -> dict[int, frozenset[int]]:
    """Return selection id → those of these stories in it, for other editions that can have shown any of them.

    `oldest` is when the first of the stories was made: no edition of an earlier week has shown one.
    """
    since = slots.shifted(slots.week_of(oldest - timedelta(days=7), "UTC"), -1)
    asked = (
        sa.select(Selection.id, Selection.stories)
        .join(Edition, Edition.id == Selection.edition_id)
        .where(Selection.edition_id != except_for.id, Edition.week >= since)
        .execution_options(yield_per=PAGE)
    )
    found = {}
    for number, chosen in db.session.execute(asked):
        if hit := stories.intersection(chosen):
            found[number] = hit
    return found


def seen_by(subjects: Sequence[str], selections: dict[int, frozenset[int]]) -> dict[str, frozenset[int]]:
    """Return subject → stories of these selections that reached her or may yet reach her."""
    if not selections:
        return {}
    asked = sa.select(Outbox.subject, Outbox.selection_id).where(
        Outbox.kind == KIND,
        Outbox.subject.in_(subjects),
        Outbox.state.in_(SHOWN),
        Outbox.selection_id.is_not(None),
    )
    found: dict[str, set[int]] = {}
    for subject, number in db.session.execute(asked):
        found.setdefault(subject, set()).update(selections.get(number or 0, ()))
    return {subject: frozenset(ids) for subject, ids in found.items()}


def invited(readers: Sequence[Reader]) -> set[str]:
    """Return the subjects of those to whom an invitation was sent or is on its way."""
    told = {r.subject for r in readers if r.invited_at is not None}
    rest = [r.subject for r in readers if r.status == Status.INVITED and r.subject not in told]
    if rest:
        asked = sa.select(Outbox.subject).where(
            Outbox.kind == "invitation", Outbox.subject.in_(rest), Outbox.state != MailState.CANCELLED
        )
        told.update(db.session.scalars(asked))
    return told
