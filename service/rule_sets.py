"""Rule sets. In: rules of the score from a form or file. Out: versions, each valid from a moment on and never changed.

The first version is the programme's own, valid before all others. What counts is the version valid at an event's own
time, so saving a version changes nothing that happened before it begins, and needs no settling.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from emails.networks import NETWORKS
from scoring import weeks
from scoring.rules import MOST, Rules, Wrong
from service import clock, ledger, settling
from service.books import lock, terms
from service.database import db
from service.journal import log
from service.models import LedgerEntry, Liaison, RuleSet
from service.programmes import change, current
from service.validation import N_, Invalid, Words
from service.words_of_rules import GROUPS

LONGEST_NOTE = 300
LARGEST = 100_000
"""Bytes of a file of rules."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the rules. `valid_from` None: from the beginning. `by` is a liaison's name or empty."""

    number: int
    valid_from: datetime | None
    rules: Rules
    note: str = ""
    by: str = ""
    created_at: datetime | None = None
    withdrawn_at: datetime | None = None


def versions() -> list[Version]:
    """Return every version, newest first, those taken back too. Raises NoProgramme."""
    asked = sa.select(RuleSet, Liaison.name).outerjoin(Liaison, RuleSet.liaison_id == Liaison.id)
    later = [
        Version(
            row.version, row.valid_from, Rules.of(row.values), row.note, name or "", row.created_at, row.withdrawn_at
        )
        for row, name in db.session.execute(asked.order_by(RuleSet.version.desc()))
    ]
    return [*later, Version(1, None, Rules.of(current().rules))]


def newest() -> Version:
    """Return the version that holds last: one that is planned, or else the one valid now. Raises NoProgramme."""
    standing = [v for v in versions() if v.withdrawn_at is None]
    return max(standing, key=lambda v: (v.valid_from is not None, v.valid_from or clock.now(), v.number))


def valid() -> Version:
    """Return the version valid now. Raises NoProgramme."""
    now = clock.now()
    return _valid_at(versions(), now)


def _valid_at(found: list[Version], now: datetime) -> Version:
    begun = [v for v in found if v.withdrawn_at is None and v.valid_from and v.valid_from <= now]
    return max(begun, key=lambda v: (v.valid_from or now, v.number), default=found[-1])


def planned() -> Version | None:
    """Return the version that has not begun yet, or None. Raises NoProgramme."""
    found = newest()
    return found if found.valid_from and found.valid_from > clock.now() else None


def next_monday() -> datetime:
    """Return when the next ISO week of the programme begins: what a new version is valid from by default."""
    zone = terms().zone
    return weeks.begin(weeks.shift(weeks.week_of(clock.now(), zone), 1), zone)


def checked(values: Mapping[str, Any]) -> Rules:
    """Return these rules; what is not named has its default. Raises Invalid with every refusal by its rule's name."""
    errors: dict[str, Words] = {}
    plain = {name: value for name, value in values.items() if name != "networks"}
    for name, value in plain.items():
        _try(errors, {name: value})
    networks = values.get("networks") or {}
    if not isinstance(networks, Mapping):
        errors["networks"] = Words(N_("Write each network as a table of its own, like [networks.mastodon]."))
        networks = {}
    for network, numbers in networks.items():
        if network not in NETWORKS:
            errors[f"networks.{network}"] = Words(N_("We know no network %(network)s."), {"network": network})
        elif not isinstance(numbers, Mapping):
            errors[f"networks.{network}"] = Words(
                N_("Write each network as a table of its own, like [networks.mastodon].")
            )
        else:
            for name, value in numbers.items():
                _try(errors, {"networks": {network: {name: value}}})
    if errors:
        raise Invalid(errors)
    rules = Rules.of(values)
    if rules.seen < rules.declared:
        raise Invalid({"seen": Words(N_("This replaces the points for declaring, so it cannot be less than those."))})
    return rules


def _try(errors: dict[str, Words], values: Mapping[str, Any]) -> None:
    try:
        Rules.of(values)
    except Wrong as wrong:
        if wrong.problem == "unknown":
            errors[wrong.name] = Words(N_("There is no rule of this name."))
        else:
            errors[wrong.name] = Words(
                N_("Choose a whole number from %(least)d to %(most)d."), {"least": wrong.least, "most": MOST}
            )


def save(rules: Rules, valid_from: datetime | None = None, note: str = "", liaison_id: int | None = None) -> Version:
    """Save a version valid from this moment (default: at once), in place of any that has not begun. Commits.

    Raises Invalid where that moment has gone by: what happened keeps the rules of its time. NoProgramme.
    """
    lock("rules")
    now = clock.now()
    begin = valid_from or now
    if begin < now:
        raise Invalid({"valid_from": Words(N_("Choose a moment to come: what happened keeps the rules of its time."))})
    if len(note) > LONGEST_NOTE:
        refusal = N_("Keep it to %(longest)d characters; this has %(length)d.")
        raise Invalid({"note": Words(refusal, {"longest": LONGEST_NOTE, "length": len(note)})})
    before = newest()
    waiting = sa.update(RuleSet).where(RuleSet.valid_from > now, RuleSet.withdrawn_at.is_(None))
    db.session.execute(waiting.values(withdrawn_at=now))
    number = max(v.number for v in versions()) + 1
    row = RuleSet(version=number, valid_from=begin, values=rules.to_json(), note=note.strip(), liaison_id=liaison_id)
    db.session.add(row)
    db.session.commit()
    log.info("rules saved", version=number, valid_from=begin.isoformat(), instead=before.number)
    return Version(number, begin, rules, row.note, "", row.created_at)


def save_at_once(rules: Rules) -> Version:
    """Set the rules: the first version where nothing is booked yet, else a new one valid at once. Commits.

    Raises NoProgramme.
    """
    programme = current()
    begun = db.session.scalar(sa.select(LedgerEntry.id).limit(1)) or db.session.scalar(sa.select(RuleSet.version))
    if begun is None:
        change(rules=rules.overrides())
        return Version(1, None, Rules.of(programme.rules))
    return save(rules)


def withdraw(number: int) -> bool:
    """Take a version back that has not begun; return False where there is none such. Commits."""
    lock("rules")
    now = clock.now()
    waiting = sa.update(RuleSet).where(
        RuleSet.version == number, RuleSet.valid_from > now, RuleSet.withdrawn_at.is_(None)
    )
    found = db.session.execute(waiting.values(withdrawn_at=now).returning(RuleSet.version)).first()
    db.session.commit()
    return found is not None


NAMED = ("engaged_from", "steady_weeks")
"""Rules that badges name: when less is asked for, who has as much gets the badge as the version begins."""


def settle_begun() -> int:
    """Settle everybody once after a version began that badges go by; return how many people that were.

    A use case: commits after each person, so that it can be stopped and repeated at any moment.
    """
    now, count = clock.now(), 0
    new = sa.select(RuleSet.version).where(
        RuleSet.valid_from <= now, RuleSet.withdrawn_at.is_(None), RuleSet.settled_at.is_(None)
    )
    begun = db.session.scalars(new).all()
    db.session.commit()
    if not begun:
        return 0
    standing = [v.rules for v in versions() if v.withdrawn_at is None and v.number >= min(begun) - 1]
    standing.append(Rules.of(current().rules))
    if len({tuple(getattr(rules, name) for name in NAMED) for rules in standing}) > 1:
        for batch in ledger.batches():
            db.session.commit()
            for subject in batch:
                settling.settle(subject)
                db.session.commit()
                count += 1
    db.session.execute(sa.update(RuleSet).where(RuleSet.version.in_(begun)).values(settled_at=now))
    db.session.commit()
    return count


def from_file(text: str, name: str) -> Rules:
    """Return the rules of a file: JSON if its name ends so, else TOML. Raises Invalid; `file` is its own refusal."""
    try:
        values = json.loads(text) if name.endswith(".json") else tomllib.loads(text)
    except ValueError as problem:
        raise Invalid({"file": Words(N_("This file cannot be read: %(why)s."), {"why": str(problem)})}) from None
    if not isinstance(values, dict):
        raise Invalid({"file": Words(N_("This file cannot be read: %(why)s."), {"why": "no table of rules"})})
    return checked(values)


def as_toml(rules: Rules, say: Callable[[str], str] = str) -> str:
    """Return the rules as a file with what each of them means, said by a catalogue; `from_file` reads it."""
    usual, values = Rules().to_json(), rules.to_json()
    lines = [f"# {say(ABOUT)}"]
    for _group, title, rows in GROUPS:
        lines += ["", f"# {say(title)}"]
        for row in rows:
            meaning = f"# {say(row.label)}. {say(row.help) if row.help else ''}".rstrip()
            lines += ["", meaning, f"# {say(DEFAULT) % {'number': usual[row.name]}}"]
            lines.append(f"{row.name} = {values[row.name]}")
    lines += ["", f"# {say(NETWORKS_OWN)}", "# [networks.mastodon]", "# confirmed = 12"]
    for network, numbers in values["networks"].items():
        lines += ["", f"[networks.{network}]", *(f"{rule} = {number}" for rule, number in numbers.items())]
    return "\n".join(lines) + "\n"


ABOUT = N_("The rules of the score. What is left out has its default.")
DEFAULT = N_("Default: %(number)s")
NETWORKS_OWN = N_("A network may have numbers of its own:")
