"""Readers. In: an edition's week. Out: its slots, pages of employees, what each was shown, who of them rests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa

from emails import slots
from service.bulk import among
from service.database import Moment, db
from service.models import Declined, Edition, Employee, Omission, Outbox, Programme, Selection
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

PAGE = 2500
"""Employees that are decided and written in one transaction."""

FEW = 12
"""So many zones are named in a statement; of more, people are read and looked at."""

STRIDE = 32
"""Pages' worth of employees that one statement passes over at most where few of them are in a slot that is due."""

Reader = Any
"""A row with the attributes of Employee that COLUMNS names, its lists as tuples; an Employee serves as well."""


@lru_cache(maxsize=1 << 14)
def _list(text: str) -> tuple[Any, ...]:
    return tuple(json.loads(text))


class Listed(sa.types.TypeDecorator[tuple[Any, ...]]):
    """A JSON list read as a tuple that equal lists share: a million people have few different ones."""

    impl = sa.Text
    cache_ok = True

    def result_processor(self, dialect: Any, coltype: object) -> Any:
        return _list


class Compared(Moment):
    """A moment that is compared with others, in whatever zone PostgreSQL tells it."""

    cache_ok = True

    def result_processor(self, dialect: Any, coltype: object) -> Any:
        return None if dialect.name == "postgresql" else super().result_processor(dialect, coltype)


def _listed(column: Any) -> Any:
    return sa.type_coerce(sa.cast(column, sa.Text), Listed()).label(column.key)


def _compared(column: Any) -> Any:
    return sa.type_coerce(column, Compared()).label(column.key)


COLUMNS = (
    Employee.id,
    Employee.subject,
    Employee.email,
    Employee.name,
    Employee.team_id,
    Employee.language,
    _listed(Employee.reads),
    Employee.zone,
    _listed(Employee.topics),
    _listed(Employee.fewer),
    _listed(Employee.networks),
    Employee.status,
    Employee.paused_until,
    Employee.slot_weekday,
    Employee.slot_hour,
    _compared(Employee.slot_since),
    Employee.rhythm,
    Employee.rhythm_from,
    Employee.link_id,
    _compared(Employee.created_at),
    _compared(Employee.invited_at),
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


class Page(NamedTuple):
    """Readers who are decided together."""

    readers: Sequence[Reader]
    noted: frozenset[str] = frozenset()
    """Subjects of those who have a reason that is considered again."""


def pages(
    programme: Programme,
    due: Sequence[Slot],
    now: datetime,
    of: Edition | None = None,
    untouched: Callable[[], bool] = bool,
) -> Iterator[Page]:
    """Yield the readers of these slots, at most PAGE at a time, in the order of their ids; writes nothing.

    With `of`, only those whom that edition has not decided: no mail, and no reason that stands (`untouched` says
    whether it has decided none of those to come). Every statement touches a few pages' rows and no more, whatever the
    database believes.
    The caller may commit between pages.
    """
    ahead = {(s.zone, s.weekday, s.hour): s.at > now for s in due}
    zones = {s.zone for s in due}
    edition = None if of is None else (of.id, occasion_of(of))
    after, stride = 0, PAGE
    while True:
        unasked = untouched()
        ids = sa.select(Employee.id).where(Employee.id > after).order_by(Employee.id).limit(stride).subquery()
        last = db.session.scalar(sa.select(sa.func.max(ids.c.id)))
        if last is None:
            return
        asked = sa.select(*COLUMNS).where(Employee.id > after, Employee.id <= last, _reachable())
        if len(zones) <= FEW:
            asked = asked.where(Employee.zone.in_(sorted(zones)))
        rows = db.session.connection().execute(asked.order_by(Employee.id).limit(PAGE)).all()
        found = [r for r in rows if _wish_of(r, programme) in ahead]
        after = rows[-1].id if len(rows) == PAGE else last
        stride = min(stride * 2, PAGE * STRIDE) if len(rows) * 4 < PAGE else max(PAGE, stride // 2)
        if found:
            page = Page(found) if edition is None or unasked else _open(found, edition, ahead, programme)
            if page.readers:
                yield page


def _open(
    found: list[Reader], edition: tuple[int, str], ahead: Mapping[tuple[str, int, int], bool], programme: Programme
) -> Page:
    """Return those of them whom the edition has not decided."""
    mailed, noted = decided(edition, [r.subject for r in found])
    left = [r for r in found if r.subject not in mailed and (r.subject not in noted or ahead[_wish_of(r, programme)])]
    return Page(left, frozenset(noted))


def decided(edition: tuple[int, str], subjects: Sequence[str]) -> tuple[set[str], set[str]]:
    """Return those of these subjects who have a digest of the edition (id, occasion), and those who have a reason."""
    number, occasion = edition
    mailed = _among(subjects, Outbox, Outbox.kind == KIND, Outbox.occasion == occasion)
    return mailed, _among(subjects, Omission, Omission.edition_id == number)


def _among(subjects: Sequence[str], table: type[Outbox | Omission], *where: Any) -> set[str]:
    return set(db.session.scalars(sa.select(table.subject).where(among(table.subject, subjects), *where)))


@lru_cache(maxsize=4096)
def her_week(week: str, rhythm: str, anchor: str | None) -> bool:
    """Tell whether a mail of this rhythm comes in this week; remembered, as few combinations serve everybody."""
    return slots.her_week(week, rhythm, anchor)


def selections_with(stories: frozenset[int], except_for: int, oldest: datetime) -> dict[int, tuple[int, ...]]:
    """Return selection id → those of these stories in it, for other editions that can have shown any of them.

    `oldest` is when the first of the stories was made: no edition of an earlier week has shown one.
    """
    since = slots.shifted(slots.week_of(oldest - timedelta(days=7), "UTC"), -1)
    asked = (
        sa.select(Selection.id, Selection.stories)
        .join(Edition, Edition.id == Selection.edition_id)
        .where(Selection.edition_id != except_for, Edition.week >= since)
        .execution_options(yield_per=PAGE)
    )
    found: dict[int, tuple[int, ...]] = {}
    same: dict[tuple[int, ...], tuple[int, ...]] = {}
    for number, chosen in db.session.execute(asked):
        if hit := tuple(id_ for id_ in chosen if id_ in stories):
            found[number] = same.setdefault(hit, hit)
    return found


def shown_to(subjects: Sequence[str], selections: Mapping[int, Any]) -> dict[str, list[int]]:
    """Return subject → those of these selections that reached her or may yet reach her."""
    if not selections:
        return {}
    asked = sa.select(Outbox.subject, Outbox.selection_id).where(
        Outbox.kind == KIND,
        among(Outbox.subject, subjects),
        Outbox.state.in_(SHOWN),
        Outbox.selection_id.is_not(None),
    )
    found: dict[str, list[int]] = {}
    for subject, number in db.session.connection().execute(asked):
        if number is not None and number in selections:
            found.setdefault(subject, []).append(number)
    return found


def declined_by(subjects: Sequence[str], stories: frozenset[int]) -> dict[str, tuple[int, ...]]:
    """Return subject → those of these stories that she declined, sorted; equal lists are one, as few differ."""
    asked = sa.select(Declined.subject, Declined.story_id).where(among(Declined.subject, subjects))
    found: dict[str, tuple[int, ...]] = {}
    for subject, story in db.session.connection().execute(asked.order_by(Declined.subject, Declined.story_id)):
        if story in stories:
            found[subject] = (*found.get(subject, ()), story)
    return found


def invited(readers: Sequence[Reader]) -> set[str]:
    """Return the subjects of those who are invited, and to whom the invitation was sent or is on its way."""
    waiting = [r for r in readers if r.status == Status.INVITED]
    told = {r.subject for r in waiting if r.invited_at is not None}
    rest = [r.subject for r in waiting if r.subject not in told]
    if rest:
        asked = sa.select(Outbox.subject).where(
            Outbox.kind == "invitation", among(Outbox.subject, rest), Outbox.state != MailState.CANCELLED
        )
        told.update(db.session.scalars(asked))
    return told
