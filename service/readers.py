"""Readers. In: an edition's week. Out: its slots, who has been decided in each, pages of employees."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Protocol

import sqlalchemy as sa
from flask import has_request_context, request

from emails import slots
from service.database import db, reading
from service.models import Edition, Employee, Omission, Outbox, Programme, Selection
from service.models.mail import MailState
from service.models.people import Status
from service.rests import known_zone as known_zone
from service.rests import paused_at as paused_at

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

PAGE = 20_000
"""Employees that are decided and written in one transaction."""


class Reader(Protocol):
    """Of whom a slot is asked: an Employee, or whatever has these of hers."""

    @property
    def zone(self) -> str: ...
    @property
    def slot_weekday(self) -> int | None: ...
    @property
    def slot_hour(self) -> int | None: ...


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
    hour = programme.slot_hour if reader.slot_hour is None else reader.slot_hour
    return _slot(week, reader.zone, reader.slot_weekday or programme.slot_weekday, hour)


@lru_cache(maxsize=4096)
def _slot(week: str, zone: str, weekday: int, hour: int) -> Slot:
    return Slot(slots.slot(week, weekday, hour, known_zone(zone)), zone, weekday, hour)


def reachable() -> Any:
    """Everybody of whom an edition says something: not who has left the company or was erased."""
    # Word by word the condition of the index ix_employee_slot: with a parameter in it SQLite would not use that.
    return sa.and_(Employee.status != sa.literal_column(f"'{Status.GONE}'"), Employee.email.is_not(None))


def all_slots(week: str, programme: Programme) -> dict[Slot, int]:
    """Return the slots of a week, earliest first, with the number of people who are not gone in each."""
    return dict(sorted((_slot(week, *wish), n) for wish, n in _tally(programme).items()))


def undecided_slots(
    edition: Edition, programme: Programme, now: datetime, again: bool = True, until: datetime | None = None
) -> dict[Slot, int]:
    """Return the slots, earliest first, in which people have neither a digest nor a reason for none, and how many.

    With `again` a reason counts only once the slot is past: before, it may still pass. `until` leaves out later slots.
    Asked every minute: where no slot is due, or all are decided, it joins nothing.
    """
    everybody = {_slot(edition.week, *wish): n for wish, n in _tally(programme).items()}
    people = {slot: n for slot, n in everybody.items() if until is None or slot.at <= until}
    reconsidered = again and any(slot.at > now for slot in people)
    if not people or (not reconsidered and _all_decided(edition, sum(everybody.values()))):
        return {}
    # Plain sums instead of an anti-join: right after a bulk insert PostgreSQL's statistics are those of before, and an
    # anti-join planned by them compares everybody with everybody.
    zones = {slot.zone for slot in people}
    where = [Employee.zone.in_(sorted(zones))] if len(zones) < len({slot.zone for slot in everybody}) else []
    mailed = _tally(programme, Outbox, Outbox.kind == KIND, Outbox.occasion == occasion_of(edition), *where)
    omitted = _tally(programme, Omission, Omission.edition_id == edition.id, *where)
    found: dict[Slot, int] = {}
    for slot, count in people.items():
        wish = slot.zone, slot.weekday, slot.hour
        waiting = count - mailed.get(wish, 0)
        if not (again and slot.at > now):  # until her slot comes she can end her pause, or follow a topic
            waiting -= omitted.get(wish, 0)
        if waiting > 0:
            found[slot] = waiting
    return dict(sorted(found.items()))


def undecided(edition: Edition, programme: Programme, mailed: int, omitted: int) -> int:
    """Return how many people an edition says nothing of yet, where the numbers of its digests and reasons are known.

    As the sum of `undecided_slots` without `again`, which joins everybody with every mail: here only those are looked
    up who were decided and cannot be reached any more.
    """
    people = sum(_tally(programme).values())
    others = (db.session.scalar(sa.select(sa.func.count(Employee.id))) or 0) - people
    waiting = people - mailed - omitted
    if others and mailed + omitted:
        waiting += _decided(edition, ~reachable())
    return max(0, waiting)


def _decided(edition: Edition, *who: sa.ColumnElement[bool]) -> int:
    """Return how many digests and reasons there are; `who`: of these employees alone."""
    hers = sa.select(Employee.subject).where(*who)
    found = 0
    for table, where in (
        (Outbox, (Outbox.edition_id == edition.id, Outbox.kind == KIND, Outbox.occasion == occasion_of(edition))),
        (Omission, (Omission.edition_id == edition.id,)),
    ):
        count = sa.select(sa.func.count()).select_from(table).where(*where)
        found += db.session.scalar(count.where(table.subject.in_(hers)) if who else count) or 0
    return found


def _tally(
    programme: Programme, table: type[Outbox | Omission] | None = None, *where: Any
) -> dict[tuple[str, int, int], int]:
    """Return (zone, weekday, hour) → people, of all who can be reached or of those with such a row in this table."""
    if table is None and reading.get() and has_request_context():
        # A page that only reads asks several times, and a million people are counted in a third of a second.
        if "goodword.readers" not in request.environ:
            request.environ["goodword.readers"] = _counted(programme, None)
        known: dict[tuple[str, int, int], int] = request.environ["goodword.readers"]
        return known
    return _counted(programme, table, *where)


def _counted(
    programme: Programme, table: type[Outbox | Omission] | None, *where: Any
) -> dict[tuple[str, int, int], int]:
    wish = Employee.zone, Employee.slot_weekday, Employee.slot_hour
    asked = sa.select(*wish, sa.func.count()).select_from(Employee).where(reachable(), *where).group_by(*wish)
    if table is not None:
        asked = asked.join(table, table.subject == Employee.subject)
    found: Counter[tuple[str, int, int]] = Counter()
    for zone, weekday, hour, n in db.session.execute(asked):
        usual = programme.slot_weekday if weekday is None else weekday, programme.slot_hour if hour is None else hour
        found[zone, *usual] += n
    return found


def _all_decided(edition: Edition, people: int) -> bool:
    """Tell whether all who can be reached have a digest or a reason; of the others, who are few, it asks one by one."""
    return _decided(edition) - _decided(edition, ~reachable()) == people


def last_id() -> int:
    """Return the highest employee's id, 0 where there is nobody."""
    return db.session.scalar(sa.select(sa.func.max(Employee.id))) or 0


def last_page() -> int:
    """Return the number of the last page; page n has the employees from id n × PAGE + 1 on, PAGE ids."""
    return (last_id() - 1) // PAGE


def on_page(page: int, size: int | None = None) -> sa.ColumnElement[bool]:
    """Return the condition that an employee is on this page. Every statement touches one page's rows, no more.

    `size`: so many ids a page instead of PAGE.
    """
    size = size or PAGE
    return sa.and_(Employee.id > page * size, Employee.id <= (page + 1) * size)


@lru_cache(maxsize=4096)
def her_week(week: str, rhythm: str, anchor: str | None) -> bool:
    """Tell whether a mail of this rhythm comes in this week; remembered, as few combinations serve everybody."""
    return slots.her_week(week, rhythm, anchor)


def selections_with(stories: frozenset[int], except_for: int, since: str) -> dict[int, tuple[int, ...]]:
    """Return selection id → those of these stories in it, for other editions that can have shown any of them.

    They are those from the week `since` on.
    """
    asked = (
        sa.select(Selection.id, Selection.stories)
        .join(Edition, Edition.id == Selection.edition_id)
        .where(Selection.edition_id != except_for, Edition.week >= since)
        .execution_options(yield_per=5000)
    )
    found: dict[int, tuple[int, ...]] = {}
    same: dict[tuple[int, ...], tuple[int, ...]] = {}
    for number, chosen in db.session.execute(asked):
        if hit := tuple(id_ for id_ in chosen if id_ in stories):
            found[number] = same.setdefault(hit, hit)
    return found


def first_week_with(oldest: datetime) -> str:
    """Return the first week whose edition can have shown a story that was made at this moment."""
    return slots.shifted(slots.week_of(oldest - timedelta(days=7), "UTC"), -1)
