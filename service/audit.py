"""Audit. In: what an actor changes while she acts. Out: lines that say who, when, what, before and after.

They are written in the transaction of the change itself: either both stand or neither. Personal fields of employees,
passwords and links never are: of a person the line holds the subject id, of a secret only that it changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session

from service import clock, models
from service.database import db
from service.models import AuditLine


@dataclass(frozen=True)
class Actor:
    """Who acts: a liaison by her id, or the command line (None)."""

    liaison_id: int | None


acting: ContextVar[Actor | None] = ContextVar("acting", default=None)
"""Set by the console's session and by commands; machines' own work is not an act of anybody."""


@dataclass(frozen=True)
class Watched:
    """What is written down of one table."""

    what: str
    fields: str
    which: str = "id"
    title: str = ""
    added: bool = True
    """False: new rows are no act of their own (an import of a whole company is one line of its use case)."""


TABLES: dict[str, Watched] = {
    "Programme": Watched(
        "programme",
        "name company zone languages liaison_name liaison_email sender digest_size slot_weekday slot_hour opt_in"
        " automatic_release policy_url policy disclosure block_list fallback_network company_networks link_parameters"
        " click_parameter rules works_council second_approval networks_offered style_guide"
        " colour second_colour",
        title="name",
    ),
    "Liaison": Watched("liaison", "role locked removed_at password_hash link_hash session_epoch"),
    "Story": Watched(
        "story",
        "status kind title summary url language topics lead_topic audience campaign_id publish_from publish_until"
        " evergreen internal picture_alt",
        title="title",
    ),
    "ShareText": Watched("share_text", "network language text", which="story_id"),
    "Topic": Watched("topic", "name names retired", title="name"),
    "Campaign": Watched(
        "campaign",
        "name goal hashtags audience starts_on ends_on multiplier link_parameters archived_at kickoff closing",
        title="name",
    ),
    "Contest": Watched(
        "contest",
        "name measure among campaign_id threshold starts_on ends_on prizes draw_for_all closed_at",
        title="name",
    ),
    "Draw": Watched(
        "draw", "title kind terms status alternates source_text due_at claim_until", which="name", title="title"
    ),
    "DrawPlan": Watched("draw_plan", "monthly monthly_from prizes alternates hours terms"),
    "Prize": Watched("prize", "name value position", which="draw_id", title="name"),
    "RuleSet": Watched("rule_set", "valid_from values note withdrawn_at", which="version"),
    "Badge": Watched("badge", "on declaration", which="slug"),
    "Edition": Watched("edition", "status paused words", which="week"),
    "Employee": Watched("employee", "status excluded_from_draws leads team_id", which="subject", added=False),
    "Team": Watched("team", "name", title="name"),
    "Sending": Watched("hold", "held_why held_at"),
    "Feed": Watched("feed", "url name topics language campaign_id every_hours always_accept paused", title="name"),
    "Suggestion": Watched("suggestion", "state story_id points", added=False),
    "Quarantine": Watched("pattern", "decision reason", added=False),
    "Cohort": Watched("cohort", "name begins", title="name"),
    "Onboarding": Watched("onboarding", "limited invite_on welcome sharing reminders"),
    "ConversionToken": Watched("conversion_token", "name revoked_at", title="name"),
    "Reckoning": Watched("reckoning", "currency rates audiences sites"),
}
"""Model → what is watched of it; a table that is not here leaves no lines."""

SECRET = {"password_hash": "password", "link_hash": "sign_in_link", "session_epoch": "sessions"}
"""Fields of which only the change is told, under another name."""
MOST = 200
"""Rows of one statement that are told one by one; more are one line with their number."""
LONGEST = 4000


@contextmanager
def by(liaison_id: int | None) -> Iterator[None]:
    """Let a liaison (None: the command line) be who acts within this block."""
    token = acting.set(Actor(liaison_id))
    try:
        yield
    finally:
        acting.reset(token)


def note(
    act: str, what: str, before: dict[str, Any] | None = None, after: dict[str, Any] | None = None, *, which: str = ""
) -> None:
    """Write down an act that is no change of a watched row, like an import or an export; does not commit.

    `act` and `what` are words of service.words_of_audit; nothing personal may be in `before` and `after`. Without an
    actor nothing is written.
    """
    _write(db.session, [_line(act, what, which, "", before or {}, after or {})])


@cache
def _watched() -> dict[type, tuple[Watched, tuple[str, ...]]]:
    """Return model class → its entry and the fields it has; their old values are loaded before they change."""
    found: dict[type, tuple[Watched, tuple[str, ...]]] = {}
    for name, entry in TABLES.items():
        model = getattr(models, name)
        fields = tuple(entry.fields.split())
        for each in fields:
            event.listen(getattr(model, each), "set", lambda *_given: None, active_history=True)
        found[model] = (entry, fields)
    return found


def _line(
    act: str, what: str, which: object, title: object, before: dict[str, Any], after: dict[str, Any]
) -> dict[str, Any]:
    for name in {*before, *after} & set(SECRET):
        before.pop(name, None)
        after.pop(name, None)
        after[SECRET[name]] = "new"
    for name in set(before) & set(after):
        if isinstance(before[name], dict) and isinstance(after[name], dict):
            old, new = before[name], after[name]
            changed = {key for key in {*old, *new} if old.get(key) != new.get(key)}
            before[name] = {key: old[key] for key in sorted(changed & set(old))}
            after[name] = {key: new[key] for key in sorted(changed & set(new))}
    return {
        "act": act,
        "what": what,
        "which": str(which),
        "title": str(title or "")[:200],
        "before": {name: _plain(value) for name, value in sorted(before.items())},
        "after": {name: _plain(value) for name, value in sorted(after.items())},
    }


def _plain(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(each) for each in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    text = str(value)
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def _write(session: Any, lines: list[dict[str, Any]]) -> None:
    actor = acting.get()
    if actor is None or not lines:
        return
    shared = {"at": clock.now(), "liaison_id": actor.liaison_id}
    session.connection().execute(sa.insert(AuditLine), [{**line, **shared} for line in lines])


@event.listens_for(Session, "after_flush")
def _flushed(session: Session, _context: Any) -> None:
    """Write down what this flush added, changed and removed."""
    if acting.get() is None:
        return
    lines = []
    for row in session.new:
        entry, fields = _watched().get(type(row), (None, ()))
        if entry and entry.added:
            given = {name: value for name in fields if (value := getattr(row, name)) not in (None, "", [], {}, False)}
            lines.append(_line("added", entry.what, *_named(row, entry), {}, given))
    for row in session.dirty:
        entry, fields = _watched().get(type(row), (None, ()))
        if entry is None:
            continue
        before, after = {}, {}
        for name in fields:
            past = sa.inspect(row).attrs[name].history
            if past.added and (old := past.deleted[0] if past.deleted else None) != past.added[0]:
                before[name], after[name] = old, past.added[0]
        if after:
            lines.append(_line("changed", entry.what, *_named(row, entry), before, after))
    for row in session.deleted:
        entry, fields = _watched().get(type(row), (None, ()))
        if entry:
            held = {name: row.__dict__[name] for name in fields if row.__dict__.get(name) not in (None, "", [], {})}
            lines.append(_line("removed", entry.what, *_named(row, entry), held, {}))
    _write(session, lines)


def _named(row: Any, entry: Watched) -> tuple[object, object]:
    return getattr(row, entry.which), getattr(row, entry.title) if entry.title else ""


@event.listens_for(Session, "do_orm_execute")
def _executed(state: ORMExecuteState) -> Any:
    """Write down what one UPDATE or DELETE of a watched table did, row by row up to MOST."""
    if acting.get() is None or not (state.is_update or state.is_delete) or state.bind_mapper is None:
        return None
    entry, fields = _watched().get(state.bind_mapper.class_, (None, ()))
    where = getattr(state.statement, "whereclause", None)
    # SQLAlchemy says nowhere else which columns an UPDATE sets.
    named = {column.key for column in getattr(state.statement, "_values", None) or {} if hasattr(column, "key")}
    told = fields if state.is_delete else tuple(name for name in fields if name in named)
    if entry is None or where is None or not told:
        return None
    model = state.bind_mapper.class_
    key = sa.inspect(model).primary_key[0]
    columns = [key, getattr(model, entry.which), *([getattr(model, entry.title)] if entry.title else [])]
    asked = sa.select(*columns, *(getattr(model, name) for name in told))
    then = state.session.execute(asked.where(where).limit(MOST + 1)).all()
    answer: Any = state.invoke_statement()
    if getattr(state.statement, "_returning", ()):
        answer = answer.freeze()()  # read before the next question is asked on this connection
    skip = len(columns)
    if len(then) > MOST:
        number = getattr(answer, "rowcount", None)
        _write(state.session, [_line("changed", entry.what, "", "", {}, {"rows": number, "fields": list(told)})])
        return answer
    since = {row[0]: row for row in state.session.execute(asked.where(key.in_([row[0] for row in then])))}
    lines = []
    for row in then:
        before = dict(zip(told, row[skip:], strict=True))
        after = dict(zip(told, since[row[0]][skip:], strict=True)) if row[0] in since else {}
        if after:
            before = {name: value for name, value in before.items() if after[name] != value}
            after = {name: after[name] for name in before}
        if before:
            act = "changed" if after else "removed"
            lines.append(_line(act, entry.what, row[1], row[2] if entry.title else "", before, after))
    _write(state.session, lines)
    return answer
