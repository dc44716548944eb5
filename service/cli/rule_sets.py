"""`goodword rules`. In: files of rules. Out: rules shown, checked, tried on what happened, and saved as a version."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from service.cli import individuals, with_app

_FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
_JSON = click.option("--json", "as_json", is_flag=True, help="Write it as JSON.")


@click.group()
def rules() -> None:
    """Show, check, try and change the rules of the score: points, caps, pauses, patterns.

    Every change is a new version, valid from a moment to come; each event counts by the rules of its own time. Files
    are TOML, or JSON if they are named so.
    """


@rules.command()
@_JSON
@with_app
def show(as_json: bool) -> None:
    """Show the rules valid now, and what is planned. Exits with 2 before there is a programme."""
    from scoring.rules import Rules
    from service import rule_sets

    _read_only()
    now, next_ = _tried(rule_sets.valid), _tried(rule_sets.planned)
    if as_json:
        told = {"version": now.number, "rules": now.rules.to_json(), "planned": _of(next_) if next_ else None}
        click.echo(json.dumps(told, indent=2))
        return
    usual = Rules().to_json()
    click.echo(f"Version {now.number}, {_since(now)}.")
    for name, value in now.rules.to_json().items():
        if name != "networks":
            click.echo(f"{name:24} {value:5}{'' if value == usual[name] else f'  (default {usual[name]})'}")
    for network, numbers in now.rules.to_json()["networks"].items():
        click.echo(f"{network:24} " + ", ".join(f"{name} {number}" for name, number in numbers.items()))
    if next_:
        changed = _changed(now.rules.to_json(), next_.rules.to_json())
        click.echo(f"Planned: version {next_.number}, {_since(next_)}: {changed}")


@rules.command()
@click.option(
    "--language", default="en", type=click.Choice(("en", "it", "sl")), help="In which it says what they mean."
)
@_JSON
@with_app
def export(as_json: bool, language: str) -> None:
    """Write the newest rules as a file, with what each of them means."""
    from service import rule_sets
    from service.web.language import CATALOGUES

    _read_only()
    found, say = _tried(rule_sets.newest).rules, CATALOGUES[language].gettext
    click.echo(json.dumps(found.to_json(), indent=2) if as_json else rule_sets.as_toml(found, say), nl=as_json)


@rules.command()
@_FILE
@with_app
def check(file: Path) -> None:
    """Check a FILE of rules. Exits with 1 and names each rule that cannot stand."""
    _read_only()
    _rules_of(file)
    click.echo("These rules can stand.")


@rules.command("try")
@_FILE
@click.option("--from", "since", help="First day of the period, like 2026-11-01 (default: thirty days ago).")
@click.option("--to", "until", help="Last day of it (default: today).")
@click.option("--who", is_flag=True, help="Name the people with the largest changes.")
@_JSON
@with_app
def try_(file: Path, since: str | None, until: str | None, who: bool, as_json: bool) -> None:
    """Tell what would have changed had the rules of FILE held in a period. Changes nothing."""
    from dataclasses import asdict

    from service import ledger, trials

    _read_only()
    if who or as_json:
        individuals.refuse_where_only_groups()
    found = _rules_of(file)
    begin, end = trials.default_period()
    begin = _moment(since, "--from") if since else begin
    end = _moment(until, "--to", days=1) if until else end
    if begin >= end:
        raise click.BadParameter("the period ends before it begins", param_hint="--to")
    people = ledger.count_subjects()
    with click.progressbar(length=people, label="Trying", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        outcome = trials.run(found, begin, end, bar.update)
    names = _names([subject for subject, _b, _a in outcome.largest]) if who else {}
    if as_json:
        told: dict[str, Any] = asdict(outcome)
        told["largest"] = [
            {"who": names.get(s, s), "before": before, "after": after} for s, before, after in outcome.largest
        ]
        click.echo(json.dumps({"since": begin.isoformat(), "until": end.isoformat(), **told}, indent=2))
        return
    click.echo(f"People: {outcome.people}; more points {outcome.up}, fewer {outcome.down}.")
    for name, (before, after) in {"all points": outcome.points, **outcome.reasons}.items():
        click.echo(f"{name:24} {before:8} → {after:8}  {after - before:+}")
    for month, (before, after) in sorted(outcome.tickets.items()):
        click.echo(f"tickets {month:16} {before:8} → {after:8}  {after - before:+}")
    for subject, before, after in outcome.largest if who else ():
        click.echo(f"{after - before:+8}  {names.get(subject, 'a former colleague')}")


@rules.command()
@_FILE
@click.option("--from", "since", help="Day from which they hold, or `now` (default: next Monday).")
@click.option("--note", default="", help="Why, in your own words.")
@with_app
def apply(file: Path, since: str | None, note: str) -> None:
    """Save the rules of FILE as a new version, in place of one that is planned. Exits with 1 if it cannot stand."""
    from service import rule_sets
    from service.validation import Invalid

    found = _rules_of(file)
    begin = None if since == "now" else _moment(since, "--from") if since else rule_sets.next_monday()
    try:
        saved = _tried(lambda: rule_sets.save(found, begin, note))
    except Invalid as refusal:
        _refuse(refusal)
    click.echo(f"Saved version {saved.number}, {_since(saved)}.")


@rules.command()
@_JSON
@with_app
def history(as_json: bool) -> None:
    """List all versions, newest first, each with what it changed."""
    from scoring.rules import Rules
    from service import rule_sets

    _read_only()
    found = _tried(rule_sets.versions)
    if as_json:
        click.echo(json.dumps([_of(v) for v in found], indent=2, ensure_ascii=False))
        return
    standing = [v for v in found if v.withdrawn_at is None]
    for v in found:
        older = [o for o in standing if o.number < v.number]
        before = older[0].rules.to_json() if older else Rules().to_json()
        click.echo(f"{v.number:4}  {_since(v)}{', taken back' if v.withdrawn_at else ''}  {v.by} {v.note}".rstrip())
        click.echo(f"      {_changed(before, v.rules.to_json())}")


def _read_only() -> None:
    from service import database

    database.reading.set(True)


def _tried(act: Any) -> Any:
    from service.programmes import NoProgramme

    try:
        return act()
    except NoProgramme as refusal:
        click.echo(str(refusal), err=True)
        sys.exit(2)


def _rules_of(file: Path) -> Any:
    from service import rule_sets
    from service.validation import Invalid

    try:
        return rule_sets.from_file(file.read_text("utf-8"), file.name)
    except UnicodeDecodeError:
        click.echo("file: This file is not written in UTF-8.", err=True)
        sys.exit(1)
    except Invalid as refusal:
        _refuse(refusal)


def _refuse(refusal: Any) -> None:
    for name, words in refusal.errors.items():
        click.echo(f"{name}: {words}", err=True)
    sys.exit(1)


def _moment(text: str, option: str, days: int = 0) -> datetime:
    """Return when a day begins in the programme's zone, or so many days later."""
    from datetime import timedelta

    from service.books import terms

    try:
        day = datetime.fromisoformat(text) + timedelta(days=days)
    except ValueError:
        raise click.BadParameter("write it like 2026-11-23", param_hint=option) from None
    return (day if day.tzinfo else day.replace(tzinfo=ZoneInfo(terms().zone))).astimezone(UTC)


def _since(version: Any) -> str:
    return f"valid from {version.valid_from:%Y-%m-%d %H:%M} UTC" if version.valid_from else "valid from the beginning"


def _of(version: Any) -> dict[str, Any]:
    return {
        "version": version.number,
        "valid_from": version.valid_from.isoformat() if version.valid_from else None,
        "by": version.by,
        "note": version.note,
        "withdrawn": version.withdrawn_at is not None,
        "rules": version.rules.to_json(),
    }


def _changed(before: dict[str, Any], after: dict[str, Any]) -> str:
    told = [f"{name} {before[name]} → {value}" for name, value in after.items() if before[name] != value]
    return ", ".join(told) or "nothing changed"


def _names(subjects: list[str]) -> dict[str, str]:
    import sqlalchemy as sa

    from service.database import db
    from service.models import Employee

    rows = sa.select(Employee.subject, Employee.alias, Employee.name).where(Employee.subject.in_(subjects))
    return {row.subject: row.alias or row.name or "a former colleague" for row in db.session.execute(rows)}
