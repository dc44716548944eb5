"""Importing employees. In: an HR system's file. Out: a preview of what it would do, then that in one transaction."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service import audit, clock, outbox, passes, programmes, suppressions, topics, totals
from service.bulk import insert_new
from service.database import db
from service.employees_csv import Person, Reading, read
from service.employees_findings import Finding
from service.employees_plan import Change, Missing, Plan, add_teams, columns_of, known, plan_of, teams
from service.journal import log
from service.models import Employee, Programme, Topic
from service.models.mail import MailState
from service.models.people import Status
from service.people import gate, naming, seeking
from service.sheets import Unreadable
from service.validation import N_

Progress = Callable[[int, int], None]
"""Called with rows done and rows in all."""

_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import would do; nothing is written yet. Addresses are shown to the liaison only."""

    reading: Reading
    complete: bool
    new: tuple[str, ...]
    changed: tuple[Change, ...]
    same: int
    kept: tuple[str, ...]
    """Addresses in the file whose own choice (or the programme's word) stands: left or gone. Nothing changes."""
    missing: tuple[Missing, ...]
    new_teams: tuple[str, ...]
    invite: bool = True
    uninvited: int = 0
    """People known already who would get their invitation now: they were imported without."""

    @property
    def rows(self) -> int:
        """Rows of the file that hold anything, its heading aside."""
        return self.reading.rows

    @property
    def problems(self) -> list[Finding]:
        """One finding for each row that stays out."""
        return self.reading.problems

    @property
    def notes(self) -> list[Finding]:
        """What was repaired in rows that go in."""
        return self.reading.notes


@dataclass(frozen=True, slots=True)
class Report:
    """What an import did: people by what became of them, and what was made beside them."""

    rows: int
    added: int
    changed: int
    same: int
    kept: int
    refused: int
    gone: int
    invitations: int
    teams: int
    topics: int


def preview(
    data: bytes,
    complete: bool = False,
    *,
    encoding: str | None = None,
    create_topics: bool = False,
    invite: bool = True,
) -> Preview:
    """Return what importing this file would do; writes nothing.

    `complete`: the file names everybody, so who is missing is proposed as gone. Raises sheets.Unreadable for a file
    that cannot be read as a whole, and programmes.NoProgramme.
    """
    programme = programmes.current()
    reading = read(data, known(programme, create_topics), encoding)
    if complete and not reading.people:
        raise Unreadable(
            N_("The file names nobody who can be taken in; as a complete list it would end the programme.")
        )
    plan = plan_of(reading, complete)
    there = {name.casefold() for name in teams()}
    named = {p.values["team"].casefold(): p.values["team"] for p in reversed(reading.people) if "team" in p.values}
    return Preview(
        reading=reading,
        complete=complete,
        new=tuple(person.email for person in plan.new),
        changed=tuple(Change(person.row, person.email, fields) for _id, person, fields in plan.updates),
        same=plan.same,
        kept=tuple(plan.kept),
        missing=tuple(plan.missing),
        new_teams=tuple(sorted(name for key, name in named.items() if key not in there)),
        invite=invite,
        uninvited=len(plan.uninvited) if invite else 0,
    )


def apply(seen: Preview, confirm_gone: bool = False, progress: Progress | None = None) -> Report:
    """Do what the preview said, in one transaction, against the database as it is now; return what became of it.

    Her own choices stay, nobody is re-subscribed or deleted. `confirm_gone`: a person has confirmed that whom a
    complete file does not name is gone. Somebody new gets an invitation (unless the preview was made without).
    """
    # Imports wait for one another here; SQLite's transaction is a writer's from its beginning.
    db.session.execute(sa.select(Programme.id).with_for_update())
    programme = programmes.current()
    before = {t.id for t in topics.all_topics()}
    topic_ids = topics.add_missing(seen.reading.new_topics.values())
    teams_before = len(teams())
    team_ids = add_teams(seen.reading)
    plan = plan_of(seen.reading, seen.complete, topic_ids, team_ids)
    tell = progress or (lambda done, total: None)
    total = len(plan.new) + len(plan.updates)
    now = clock.now()
    waits = seen.invite and gate.newcomers_wait()
    added = [{**_row(person, programme, topic_ids, team_ids, now), "waits": waits} for person in plan.new]
    insert_new(Employee, _counted(added, tell, total))
    _update(plan, topic_ids, team_ids, tell, len(added), total)
    # Whoever waits is invited when she need not any more (service.people.inviting).
    invited = [] if waits else added
    known = db.session.scalars(sa.select(Employee.id).where(Employee.waits)) if plan.uninvited else ()
    still = set(known)
    invitations = _invite(invited, [n for n in plan.uninvited if n not in still], now) if seen.invite else 0
    shown = {person.id for person in seen.missing}
    gone = _mark_gone([m.id for m in plan.missing if m.id in shown]) if confirm_gone else 0
    report = Report(
        rows=seen.rows,
        added=len(added),
        changed=len(plan.updates),
        same=plan.same,
        kept=len(plan.kept),
        refused=len(seen.problems),
        gone=gone,
        invitations=invitations,
        teams=len(team_ids) - teams_before,
        topics=len(set(topic_ids.values()) - before),
    )
    told = {"rows": report.rows, "added": report.added, "changed": report.changed, "gone": report.gone}
    audit.note("imported", "employees", after=told)
    db.session.commit()
    seeking.remember()
    log.info("employees imported", rows=report.rows, added=report.added, changed=report.changed, gone=report.gone)
    return report


def _row(
    person: Person, programme: Programme, topic_ids: Mapping[str, int], team_ids: Mapping[str, int], now: datetime
) -> dict[str, Any]:
    first = programme.languages[0]
    row = {
        "subject": secrets.token_hex(16),
        "email": person.email,
        "address_hash": suppressions.address_hash(person.email),
        "name": None,
        "team_id": None,
        "office": None,
        "country": None,
        "language": first,
        "reads": sorted({first, "en"}),
        "zone": programme.zone,
        "topics": [],
        "networks": [],
        "chosen": [],
        "status": str(Status.INVITED),
        "link_id": secrets.token_hex(8),
        "links_from": now.date(),
        "excluded_from_draws": False,
        "created_at": now,
        "invited_at": None,
        **columns_of(person, topic_ids, team_ids, []),
    }
    return {**row, "sought": seeking.words_of(row)}


def _update(
    plan: Plan, topic_ids: Mapping[str, int], team_ids: Mapping[str, int], tell: Progress, done: int, total: int
) -> None:
    rows, called, now = [], {}, clock.now()
    chosen = _chosen([id_ for id_, _person, _fields in plan.updates])
    for id_, person, fields in plan.updates:
        if id_ not in chosen:
            continue
        if "name" in fields:
            called[id_] = fields["name"][0]
        whole = columns_of(person, topic_ids, team_ids, chosen[id_])
        names = [name for name in ("team_id" if name == "team" else name for name in fields) if name in whole]
        if not names:
            continue
        # What she is found by is written anew below.
        forgotten = {"sought": None} if {"name", "office"} & set(names) else {}
        # Nine o'clock in another zone may be a day past: this week's mail is not late for whoever has just moved there.
        moved = {"slot_since": now} if "zone" in names else {}
        rows.append({"id": id_, **{name: whole[name] for name in names}, **forgotten, **moved})
    _remember(called)
    # The same columns side by side: one statement for each set of columns and batch.
    rows.sort(key=lambda row: tuple(row))
    for start in range(0, len(rows), _BATCH):
        db.session.execute(sa.update(Employee), rows[start : start + _BATCH])
        _count_in_teams([row["id"] for row in rows[start : start + _BATCH] if "team_id" in row])
        tell(done + min(start + _BATCH, len(rows)), total)
    db.session.expire_all()


def _count_in_teams(ids: list[int]) -> None:
    """Let the points of people who changed teams count in the new one."""
    if ids:
        totals.review(db.session.scalars(sa.select(Employee.subject).where(Employee.id.in_(ids))).all())


def _remember(called: Mapping[int, str | None]) -> None:
    """Keep the marks of names that the file changes, by employee's id: erasing takes them out of others' mails too."""
    ids = sorted(called)
    for start in range(0, len(ids), _BATCH):
        asked = sa.select(Employee.id, Employee.subject).where(Employee.id.in_(ids[start : start + _BATCH]))
        naming.remember((row.subject, naming.shown(called[row.id])) for row in db.session.execute(asked).all())


def _chosen(ids: list[int]) -> dict[int, list[str]]:
    """Return what each of these people chose herself by now, by id, and keep her row from others; not of who left."""
    found: dict[int, list[str]] = {}
    ids = sorted(ids)
    for start in range(0, len(ids), _BATCH):
        asked = sa.select(Employee.id, Employee.chosen).where(Employee.id.in_(ids[start : start + _BATCH]), _there())
        for row in db.session.execute(asked.order_by(Employee.id).with_for_update(key_share=True)):
            found[row.id] = row.chosen
    return found


def _there() -> sa.ColumnElement[bool]:
    return sa.and_(Employee.email.is_not(None), Employee.status.not_in((Status.LEFT, Status.GONE)))


def invite(ids: list[int]) -> int:
    """Put invitations of these people, who have none yet, into the outbox; return how many will go. No commit."""
    return _invite([], ids, clock.now())


def _invite(added: list[dict[str, Any]], uninvited: list[int], now: datetime) -> int:
    """Put invitations of new people, and of those who got none before, into the outbox; return how many will go."""
    people = [*added, *_facts_of(uninvited)]
    if not people:
        return 0
    names: dict[tuple[str, int], str] = {}
    every = db.session.scalars(sa.select(Topic)).all()
    stopped = suppressions.suppressed_all("invitation")
    key_id, programme = passes.newest_key_id(), outbox.programme_facts()
    queued = 0

    def rows() -> Iterator[dict[str, Any]]:
        nonlocal queued
        for values in people:
            language = values["language"]
            for topic in every:
                names.setdefault((language, topic.id), topic.names.get(language, topic.name))
            hashed = suppressions.address_hash(values["email"])
            why = stopped.get(hashed)
            queued += why is None
            facts = outbox.recipient_facts(Employee(**values), now, key_id)
            yield {
                "kind": "invitation",
                "occasion": "invitation",
                "subject": values["subject"],
                "address_hash": hashed,
                "language": language,
                "facts": {
                    **facts,
                    "programme": programme,
                    "topics": [names[language, t] for t in values["topics"] if (language, t) in names],
                },
                "state": MailState.SUPPRESSED if why else MailState.QUEUED,
                "why": why,
            }

    with db.session.no_autoflush:
        made = outbox.enqueue_many(rows())
    asked = sa.update(Employee).where(Employee.status == Status.INVITED, Employee.invited_at.is_(None))
    subjects = [values["subject"] for values in people]
    for start in range(0, len(subjects), _BATCH):
        batch = asked.where(Employee.subject.in_(subjects[start : start + _BATCH])).values(invited_at=now)
        db.session.execute(batch, execution_options={"synchronize_session": False})
    return min(made, queued)


def _facts_of(ids: list[int]) -> Iterator[dict[str, Any]]:
    names = ("subject", "email", "name", "language", "networks", "topics", "link_id")
    for start in range(0, len(ids), _BATCH):
        asked = sa.select(*(getattr(Employee, name) for name in names))
        for row in db.session.execute(asked.where(Employee.id.in_(ids[start : start + _BATCH]), _there())):
            yield dict(row._mapping)


def _mark_gone(ids: list[int]) -> int:
    now = clock.now()
    for start in range(0, len(ids), _BATCH):
        asked = sa.update(Employee).where(Employee.id.in_(ids[start : start + _BATCH]), _there())
        db.session.execute(
            asked.values(status=Status.GONE, left_at=now), execution_options={"synchronize_session": False}
        )
        totals.review(
            db.session.scalars(sa.select(Employee.subject).where(Employee.id.in_(ids[start : start + _BATCH]))).all()
        )
    return len(ids)


def _counted(rows: list[dict[str, Any]], tell: Progress, total: int) -> Iterator[dict[str, Any]]:
    for done, row in enumerate(rows, 1):
        yield row
        if done % _BATCH == 0 or done == len(rows):
            tell(done, total)
