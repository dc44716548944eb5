"""`goodword results`. In: the configured database. Out: figures counted, proven and shown; tokens; the report."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import click

from service.cli import with_app


@click.group()
def results() -> None:
    """Count what shares brought, prove the figures, show a period, and manage tokens for conversions."""


@results.command()
@click.option("--json", "as_json", is_flag=True, help="Write the findings as JSON.")
@with_app
def verify(as_json: bool) -> None:
    """Work out the figures anew from shares and kept visits and name each difference.

    Reads only. Exits with 0 if everything agrees, with 1 if anything does not.
    """
    from service import database
    from service.results import verifying

    database.reading.set(True)
    findings = verifying.verify()
    if as_json:
        click.echo(json.dumps([asdict(f) for f in findings], indent=2))
    else:
        for f in findings:
            click.echo(f"{f.kind:7} {f.what}: expected {f.expected}, found {f.found}")
        click.echo(f"Differences: {len(findings)}." if findings else "The figures agree with shares and visits.")
    sys.exit(1 if findings else 0)


@results.command()
@click.option("--all", "everything", is_flag=True, help="All shares anew, not only those that changed.")
@with_app
def count(everything: bool) -> None:
    """Count what changed since the last time, now rather than within a minute; --all heals what `verify` found.

    Can be interrupted: what is counted stays counted, and the rest is counted by the next call or within a minute.
    """
    from service import results as figures

    def told(counted: int, waiting: int) -> None:
        if waiting:
            click.echo(f"{counted} counted, {waiting} wait.", err=True)

    done = figures.recount(told) if everything else figures.count(told)
    figures.refresh()
    click.echo(f"Shares counted: {done}.")


@results.command()
@click.argument("period")
@click.option("--team", type=int, help="Number of a team.")
@click.option("--campaign", type=int, help="Number of a campaign.")
@with_app
def show(period: str, team: int | None, campaign: int | None) -> None:
    """Write the figures of PERIOD as JSON: 2026-W47, 2026-11, 2026-Q4, 2026 or all.

    In works-council mode nothing is shown of one to four people.
    """
    from service import boards, database
    from service import results as figures
    from service.results.scopes import FEWEST

    database.reading.set(True)
    try:
        found = figures.figures(period, team, campaign)
    except ValueError as wrong:
        raise click.UsageError(str(wrong)) from wrong
    if boards.only_groups() and 0 < found.people < FEWEST:
        raise click.ClickException("In works-council mode nothing is shown of fewer than five people.")
    click.echo(json.dumps(asdict(found), indent=2, default=str))


@results.command()
@with_app
def report() -> None:
    """Queue last month's report for the addresses set in the console, if it is due and has not gone; safe to repeat."""
    from service import reports

    click.echo(f"Reports queued: {reports.send_due()}.")


@results.group()
def tokens() -> None:
    """Who may report conversions."""


@tokens.command("list")
@with_app
def list_() -> None:
    """List all tokens, never the secrets themselves."""
    from service import conversions

    for row in conversions.tokens():
        state = f"ended {row.revoked_at:%Y-%m-%d}" if row.revoked_at else "valid"
        used = f"last used {row.used_at:%Y-%m-%d}" if row.used_at else "never used"
        click.echo(f"{row.id:4} {row.name}: {state}, {used}")


@tokens.command("make")
@click.argument("name")
@with_app
def make(name: str) -> None:
    """Make a token for a system called NAME and write it out, this once."""
    from service import conversions
    from service.validation import Invalid

    try:
        row, token = conversions.make_token(name)
    except Invalid as wrong:
        raise click.UsageError(str(wrong)) from wrong
    click.echo(f"Token {row.id}. It is shown this once:", err=True)
    click.echo(token)


@tokens.command("revoke")
@click.argument("number", type=int)
@with_app
def revoke(number: int) -> None:
    """End token NUMBER at once."""
    from service import conversions

    if not conversions.revoke(number):
        raise click.ClickException(f"There is no valid token {number}.")
    click.echo("Ended.")
