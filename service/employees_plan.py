"""The plan of an import. In: a file that was read, and the database. Out: who is new, changed, same, kept, missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from service import suppressions, topics
from service.database import db
from service.employees_csv import Known, Person, Reading
from service.models import Employee, Programme, Team
from service.models.people import Status

_COLUMNS = ("name", "team_id", "office", "country", "language", "reads", "zone", "topics", "networks")
"""What an import may write of somebody known, unless she has chosen it herself."""
_STAYS_OUT = (Status.LEFT, Status.GONE)


@dataclass(frozen=True, slots=True)
class Change:
    """What the file changes of somebody known: field → (now, then). Teams and topics by name."""

    row: int
    email: str
    fields: dict[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class Missing:
    """Somebody in the programme whom a complete file does not name: proposed as gone, until a person confirms."""

    id: int
    email: str
    name: str | None


@dataclass(slots=True)
class Plan:
    """The file against the present database."""

    new: list[Person] = field(default_factory=list)
    updates: list[tuple[int, Person, dict[str, tuple[Any, Any]]]] = field(default_factory=list)
    same: int = 0
    kept: list[str] = field(default_factory=list)
    uninvited: list[int] = field(default_factory=list)
    """Ids of people in the file who were imported before, without an invitation, and have none yet."""
    missing: list[Missing] = field(default_factory=list)


def known(programme: Programme, create_topics: bool = False) -> Known:
    """Return what a file is read against: the programme's languages, zone and topics, and the networks there are."""
    from emails.networks import NETWORKS

    labels = {slug: network.label for slug, network in NETWORKS.items()}
    return Known(tuple(programme.languages), programme.zone, topics.lookup(), labels, create_topics)


def plan_of(
    reading: Reading,
    complete: bool,
    topic_ids: Mapping[str, int] | None = None,
    team_ids: Mapping[str, int] | None = None,
) -> Plan:
    """Compare file and database. Teams and topics that an apply would create first count as other than any there is."""
    topic_names = {topic.id: topic.name for topic in topics.all_topics()}
    team_names = {id_: name for name, id_ in teams().items()}
    if topic_ids is None:
        topic_ids = _with_future(topics.lookup(), reading.new_topics)
        topic_names |= {topic_ids[key]: name for key, name in reading.new_topics.items() if topic_ids[key] < 0}
    if team_ids is None:
        named = [person.values["team"].casefold() for person in reading.people if "team" in person.values]
        team_ids = _with_future({name.casefold(): id_ for id_, name in team_names.items()}, named)
    columns = [getattr(Employee, name) for name in ("id", "email", "status", "chosen", "invited_at", *_COLUMNS)]
    there = {row.email: row for row in db.session.execute(sa.select(*columns).where(Employee.email.is_not(None)))}
    ended = _ended() if any(person.email not in there for person in reading.people) else frozenset()
    plan = Plan()
    for person in reading.people:
        row = there.get(person.email)
        if row is None:
            if ended and suppressions.address_hash(person.email) in ended:
                plan.kept.append(person.email)
            else:
                plan.new.append(person)
            continue
        if row.status in _STAYS_OUT:
            plan.kept.append(person.email)
            continue
        if row.status == Status.INVITED and row.invited_at is None:
            plan.uninvited.append(row.id)
        fields: dict[str, tuple[Any, Any]] = {}
        for name, then in columns_of(person, topic_ids, team_ids, row.chosen).items():
            now = getattr(row, name)
            if now != then:
                fields[name] = (now, then)
        if "team_id" in fields:
            fields["team"] = (team_names.get(row.team_id), person.values["team"])
            del fields["team_id"]
        if "topics" in fields:
            now, then = ([topic_names[id_] for id_ in ids if id_ in topic_names] for ids in fields["topics"])
            fields["topics"] = (now, then)
        if fields:
            plan.updates.append((row.id, person, fields))
        else:
            plan.same += 1
    if complete:
        # Whoever stands in a row that was refused is not missing.
        plan.missing = [
            Missing(row.id, email, row.name)
            for email, row in there.items()
            if email not in reading.addresses and row.status not in _STAYS_OUT
        ]
    return plan


def _with_future(ids: Mapping[str, int], keys: Iterable[str]) -> dict[str, int]:
    """Return ids with a negative one for each key that has none yet."""
    whole = dict(ids)
    for key in keys:
        whole.setdefault(key, -len(whole) - 1)
    return whole


def columns_of(
    person: Person, topic_ids: Mapping[str, int], team_ids: Mapping[str, int], chosen: list[str]
) -> dict[str, Any]:
    """Return column → value of what the file says and she has not chosen herself."""
    values = dict(person.values)
    if "team" in values:
        values["team_id"] = team_ids.get(values.pop("team").casefold())
    if "topics" in values:
        values["topics"] = sorted({topic_ids[key] for key in values["topics"] if key in topic_ids})
    if "networks" in values:
        values["networks"] = list(values["networks"])
    if "language" in chosen:
        values.pop("reads", None)  # they followed the file's language, and hers is another
    return {name: value for name, value in values.items() if name not in chosen}


def _ended() -> frozenset[str]:
    """Return hashes of addresses whose people left or were erased: no import brings them back."""
    return frozenset(h for h, why in suppressions.suppressed_all("invitation").items() if why in ("left", "erased"))


def teams() -> dict[str, int]:
    return {row.name: row.id for row in db.session.execute(sa.select(Team.name, Team.id))}


def add_teams(reading: Reading) -> dict[str, int]:
    """Add teams that the file names first (no commit); return casefolded name → id."""
    ids = {name.casefold(): id_ for name, id_ in teams().items()}
    for person in reading.people:
        name = person.values.get("team", "")
        if name and name.casefold() not in ids:
            team = Team(name=name)
            db.session.add(team)
            db.session.flush()
            ids[name.casefold()] = team.id
    return ids
