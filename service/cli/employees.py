"""`goodword employees`. In: an HR system's file. Out: what importing it would do, or did."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from dataclasses import asdict
from typing import IO, Any

import click

from service.cli import employees_acts, with_app

_SHOWN = 40
"""Findings listed one by one; --json has all."""
_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


@click.group()
def employees() -> None:
    """Import people from an HR system, list them, bring back who was marked as gone by mistake."""


for _act in (employees_acts.suspend, employees_acts.reinstate, employees_acts.export, employees_acts.erase):
    employees.add_command(_act)


@employees.command("import")
@click.argument("file", type=click.File("rb"))
@click.option(
    "--apply", "write", is_flag=True, help="Write. Without it you see what would happen, and nothing changes."
)
@click.option("--complete", is_flag=True, help="The file names everybody: propose who is missing as gone.")
@click.option("--confirm-gone", is_flag=True, help="With --complete --apply: mark who is missing as gone.")
@click.option("--create-topics", is_flag=True, help="Create topics that the programme does not have yet.")
@click.option("--no-invitations", is_flag=True, help="Write no invitation mails to new people.")
@click.option("--encoding", help="Encoding of the file, like cp1250; found out by itself if you do not say.")
@click.option("--json", "as_json", is_flag=True, help="Write everything as JSON.")
@with_app
def import_(
    file: IO[bytes],
    write: bool,
    complete: bool,
    confirm_gone: bool,
    create_topics: bool,
    no_invitations: bool,
    encoding: str | None,
    as_json: bool,
) -> None:
    """Import employees from the CSV FILE of an HR system (- for standard input).

    The first row names the columns; only the mail address is needed. Understood in seven languages: email, name (or
    first and last name), team, office, language, time zone, topics, networks. Lists inside a cell are divided by
    semicolons. What people chose themselves always stays; nobody is subscribed again or deleted.

    Exits with 0 if every row is fine, 1 if some rows stay out or the file cannot be read.
    """
    from service import employees as people
    from service.programmes import NoProgramme

    if confirm_gone and not (complete and write):
        raise click.UsageError("--confirm-gone goes with --complete and --apply.")
    try:
        seen = people.preview(
            file.read(),
            complete,
            encoding=encoding,
            create_topics=create_topics,
            invite=not no_invitations,
        )
    except (people.Unreadable, NoProgramme) as refusal:
        click.echo(str(refusal), err=True)
        sys.exit(2 if isinstance(refusal, NoProgramme) else 1)
    report = None
    if write:
        total = len(seen.new) + len(seen.changed)
        with click.progressbar(length=total, label="Writing", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
            report = people.apply(seen, confirm_gone, lambda done, _total: bar.update(done - bar.pos))
    if as_json:
        click.echo(json.dumps(_as_json(seen, report), indent=2, ensure_ascii=False))
    else:
        _tell(getattr(file, "name", "Standard input"), seen, report)
    sys.exit(1 if seen.problems else 0)


def _tell(name: str, seen: Any, report: Any) -> None:
    read = seen.reading
    guess = " (a guess: if names look wrong, say --encoding)" if read.guessed else ""
    click.echo(
        f"{name}: {_n(seen.rows, 'row')}, read as {read.encoding}{guess}, divided by {_SEPARATORS[read.delimiter]}"
    )
    click.echo("Columns: " + ", ".join(f"{field} ← {heading}" for field, heading in read.columns.items()))
    if read.ignored:
        click.echo("Not read: " + ", ".join(read.ignored))
    _refused(seen)
    _repaired(seen)
    if seen.missing:
        click.echo(f"\nNot in the file: {_n(len(seen.missing), 'person', 'people')}")
        for person in seen.missing[:_SHOWN]:
            click.echo(f"  {person.email}  {person.name or ''}")
        _more(len(seen.missing))
    click.echo("")
    if report is None:
        click.echo(
            f"Would add {len(seen.new)}, change {len(seen.changed)}, leave {seen.same} as they are; "
            f"{len(seen.problems)} stay out."
        )
    else:
        click.echo(
            f"Added {report.added}, changed {report.changed}, left {report.same} as they are; "
            f"{report.refused} stayed out. Invitations: {report.invitations}."
        )
    if report is None and seen.uninvited:
        click.echo(f"Would invite {seen.uninvited} who came in earlier without an invitation.")
    if seen.kept:
        click.echo(f"{_n(len(seen.kept), 'person', 'people')} left or gone: that stays so.")
    if seen.new_teams:
        click.echo(f"New teams: {', '.join(seen.new_teams)}.")
    if report is not None and report.gone:
        click.echo(f"Marked as gone: {report.gone}.")
    elif seen.missing:
        click.echo("Nobody is marked as gone; --complete --apply --confirm-gone does it.")
    if report is None:
        click.echo("Nothing is written yet; run it again with --apply.")


def _refused(seen: Any) -> None:
    if seen.problems:
        click.echo(f"\nStay out: {_n(len(seen.problems), 'row')}")
    for found in seen.problems[:_SHOWN]:
        value = f" {found.value!r}" if found.value else ""
        click.echo(f"  Row {found.row}, {found.field}{value}: {found.reason} {found.remedy}")
    _more(len(seen.problems))


def _repaired(seen: Any) -> None:
    groups: dict[tuple[str, str, str, str], list[Any]] = defaultdict(list)
    for note in seen.notes:
        groups[note.code, note.field, str(note.reason), str(note.remedy)].append(note)
    if groups:
        click.echo("\nGo in, with a note:")
    for (_code, field, reason, remedy), notes in groups.items():
        values = list(dict.fromkeys(repr(note.value) for note in notes))
        rows = ", ".join(str(note.row) for note in notes[:5]) + (", …" if len(notes) > 5 else "")
        click.echo(f"  {field}: {reason} {remedy}")
        shown = ", ".join(values[:5]) + (", …" if len(values) > 5 else "")
        click.echo(f"    {_n(len(notes), 'time')}, row {rows}: {shown}")


def _as_json(seen: Any, report: Any) -> dict[str, Any]:
    def finding(found: Any) -> dict[str, Any]:
        return {
            "row": found.row,
            "field": found.field,
            "value": found.value,
            "code": found.code,
            "reason": str(found.reason),
            "remedy": str(found.remedy),
        }

    return {
        "rows": seen.rows,
        "encoding": seen.reading.encoding,
        "delimiter": seen.reading.delimiter,
        "columns": seen.reading.columns,
        "ignored": seen.reading.ignored,
        "refused": [finding(found) for found in seen.problems],
        "notes": [finding(found) for found in seen.notes],
        "new": list(seen.new),
        "changed": [asdict(change) for change in seen.changed],
        "same": seen.same,
        "kept": list(seen.kept),
        "missing": [person.email for person in seen.missing],
        "new_teams": list(seen.new_teams),
        "applied": asdict(report) if report is not None else None,
    }


@employees.command("list")
@click.argument("words", nargs=-1)
@click.option(
    "--status", type=click.Choice(["invited", "active", "paused", "suspended", "left", "gone"]), help="Only these."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@with_app
def list_(words: tuple[str, ...], status: str | None, as_json: bool) -> None:
    """List people whose name or address holds all WORDS (everybody without)."""
    from service import database
    from service import employees as people
    from service.database import db

    database.reading.set(True)
    for row in db.session.scalars(people.search(" ".join(words), status or "").execution_options(yield_per=500)):
        team = row.team.name if row.team else ""
        if as_json:
            facts: dict[str, Any] = {
                "email": row.email,
                "name": row.name,
                "team": team,
                "office": row.office,
                "status": row.status,
            }
            facts |= {"language": row.language, "zone": row.zone, "topics": row.topics, "networks": row.networks}
            click.echo(json.dumps(facts, ensure_ascii=False))
        else:
            click.echo(f"{row.status:9} {row.email or '(erased)':40} {row.name or '':30} {team}")


@employees.command()
@click.argument("email")
@with_app
def restore(email: str) -> None:
    """Take back that the person with this EMAIL is gone. Exits with 1 if that is not so."""
    from service import employees as people
    from service.validation import Invalid

    found = people.by_address(email)
    if found is None:
        click.echo("There is nobody with this address.", err=True)
        sys.exit(1)
    try:
        people.restore(found)
    except Invalid as refusal:
        click.echo(" ".join(str(words) for words in refusal.errors.values()), err=True)
        sys.exit(1)
    click.echo("This person counts as invited again.")


def _n(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _more(count: int) -> None:
    if count > _SHOWN:
        click.echo(f"  … and {count - _SHOWN:,} more; --json lists all.")
