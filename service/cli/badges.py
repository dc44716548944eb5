"""`goodword badges`. In: declarations in files, names of badges. Out: badges listed, tried, given and taken back."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from service.cli import with_app


@click.group()
def badges() -> None:
    """List badges, declare own ones in a file, try them, give them, take them back. docs/badges.md says how."""


@badges.command("list")
@click.option("--json", "as_json", is_flag=True, help="Write them as JSON.")
@with_app
def list_(as_json: bool) -> None:
    """List every badge with the people who hold each level. Exits with 1 if a rule looks broken."""
    from service import badges as use
    from service import database

    database.reading.set(True)
    found = use.standings()
    if as_json:
        rows = [
            {"slug": s.badge.slug, "on": s.on, "own": s.own, "levels": s.levels, "warning": s.warning or None}
            for s in found
        ]
        click.echo(json.dumps(rows, indent=2))
    else:
        words = {"silent": "  no award for four weeks, though it used to be given", "everybody": "  nearly all have it"}
        for s in found:
            levels = ", ".join(str(n) for n in s.levels)
            click.echo(f"{s.badge.slug:24} {'on ' if s.on else 'off'}  {levels:16}{words.get(s.warning, '')}".rstrip())
    sys.exit(1 if any(s.warning for s in found) else 0)


@badges.command()
@click.argument("slug")
@with_app
def show(slug: str) -> None:
    """Show one badge's declaration as JSON, ready for `try` and `apply`. Exits with 1 if there is none."""
    from service import badges as use
    from service import database

    database.reading.set(True)
    for found in use.export():
        if found["slug"] == slug:
            click.echo(json.dumps(found, indent=2, ensure_ascii=False))
            return
    click.echo(f"There is no badge {slug!r}.", err=True)
    sys.exit(1)


@badges.command()
@with_app
def export() -> None:
    """Write every badge as JSON, ready for `apply` elsewhere."""
    from service import badges as use
    from service import database

    database.reading.set(True)
    click.echo(json.dumps(use.export(), indent=2, ensure_ascii=False))


@badges.command("try")
@click.argument("file", type=click.File("r"))
@click.option("--json", "as_json", is_flag=True, help="Write it as JSON.")
@with_app
def try_(file: Any, as_json: bool) -> None:
    """Say what the declarations of FILE would give and take, by the shares there are. Writes nothing."""
    from service import badge_trials as use
    from service import database

    database.reading.set(True)
    tried = _refusing(lambda: use.try_out(_read(file)))
    if as_json:
        rows = [
            {
                "slug": t.badge.slug,
                "levels": [dict(zip(("hold", "earn", "lose"), level, strict=True)) for level in t.levels],
                "earners": len(t.earners),
                "losers": len(t.losers),
            }
            for t in tried
        ]
        click.echo(json.dumps(rows, indent=2))
        return
    for t in tried:
        for n, (hold, earn, lose) in enumerate(t.levels, 1):
            click.echo(f"{t.badge.slug:24} level {n}: {hold} would hold it, {earn} earn it now, {lose} lose it")


@badges.command()
@click.argument("file", type=click.File("r"))
@with_app
def apply(file: Any) -> None:
    """Keep the declarations of FILE; badges that it does not name stay. Exits with 1 if one cannot stand."""
    from service import badges as use

    slugs = _refusing(lambda: use.apply(_read(file)))
    click.echo(f"Kept: {', '.join(slugs)}. `goodword badges backfill` gives what is earned already.")


@badges.command()
@click.argument("slug")
@click.option("--on/--off", required=True, help="Give it from now on, or no more; what was earned stays.")
@with_app
def switch(slug: str, on: bool) -> None:
    """Switch a badge on or off. Exits with 1 if there is none."""
    from service import badges as use

    try:
        use.switch(slug, on)
    except use.Unknown:
        click.echo(f"There is no badge {slug!r}.", err=True)
        sys.exit(1)
    click.echo(f"{slug} is {'on' if on else 'off'}.")


@badges.command()
@click.option("--tell", is_flag=True, help="Mail people of what they get (at most once a day each).")
@with_app
def backfill(tell: bool) -> None:
    """Give everybody what their shares earned already, and take back what they do not earn.

    Stopped half way, it goes on by itself where it was; called again, it joins the one under way.
    """
    from service import badge_fillings as use
    from service.database import db

    row = use.begin(tell)
    left = max(0, row.people - row.done)
    with click.progressbar(length=left, label="Filling in", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        use.work(bar.update)
    db.session.refresh(row)
    if row.finished_at is None:
        click.echo(f"A worker is at it: {row.done} of {row.people} people so far.")
        return
    click.echo(f"Given: {row.given}. Taken back: {row.taken_back}.")


@badges.command()
@click.argument("email")
@click.argument("slug")
@click.option("--reason", required=True, help="Why; her page and the award's own page say it.")
@with_app
def revoke(email: str, slug: str, reason: str) -> None:
    """Take a badge back from somebody, for good. Exits with 1 if she does not hold it."""
    import sqlalchemy as sa

    from service import badges as use
    from service.addresses import NotAnAddress, normal_address
    from service.database import db
    from service.models import Employee

    try:
        subject = db.session.scalar(sa.select(Employee.subject).where(Employee.email == normal_address(email)))
        use.revoke(subject or "", slug, reason)
    except (use.Unknown, NotAnAddress):
        click.echo("Nobody with this address holds this badge.", err=True)
        sys.exit(1)
    except ValueError:
        raise click.UsageError("Say why with --reason.") from None
    click.echo("Taken back.")


@badges.command()
@click.argument("weeks", nargs=-1, metavar="[WEEK]...")
@click.option("--zone", default="", help="Only for people of this zone, like Europe/Rome (default: everybody).")
@with_app
def holidays(weeks: tuple[str, ...], zone: str) -> None:
    """Set the weeks in which the company rests, like 2026-W53 2027-W01; none: there are none. They break no streak."""
    from service import badges as use

    try:
        use.holidays(zone, weeks)
    except ValueError as refusal:
        click.echo(f"{refusal}.", err=True)
        sys.exit(1)
    click.echo(f"{len(set(weeks))} weeks of rest{f' in {zone}' if zone else ''}.")


def _read(file: Any) -> Any:
    try:
        return json.load(file)
    except ValueError as problem:
        raise click.UsageError(f"this is no JSON: {problem}") from None


def _refusing(act: Any) -> Any:
    from scoring.badges import Wrong

    try:
        return act()
    except Wrong as refusal:
        click.echo(str(refusal), err=True)
        sys.exit(1)
