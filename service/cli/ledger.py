"""`goodword ledger`. In: the configured database. Out: the proof of every point, corrections, one person's lines."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import click
import sqlalchemy as sa

from service.cli import individuals, with_app


@click.group()
def ledger() -> None:
    """Prove the ledger of points, settle it anew, or show one person's lines."""


@ledger.command()
@click.option("--json", "as_json", is_flag=True, help="Write the findings as JSON.")
@with_app
def verify(as_json: bool) -> None:
    """Work out every score anew and name each difference.

    Shares are folded from their evidence, points and badges from the shares, totals from the lines. Reads only. Exits
    with 0 if everything agrees, with 1 if anything does not.
    """
    from service import database
    from service import ledger as books

    database.reading.set(True)
    people = books.count_subjects()
    with click.progressbar(length=people, label="Verifying", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        findings = books.verify(bar.update)
    if as_json:
        click.echo(json.dumps({"people": people, "findings": [asdict(f) for f in findings]}, indent=2))
    elif not findings:
        click.echo(f"The ledger agrees with its evidence. People verified: {people}.")
    else:
        for f in findings:
            click.echo(f"{f.kind:8} {f.subject} {f.what}: expected {f.expected}, found {f.found}")
        click.echo(f"Differences: {len(findings)}. People verified: {people}.", err=True)
    sys.exit(1 if findings else 0)


@ledger.command()
@click.option("--json", "as_json", is_flag=True, help="Write the counts as JSON.")
@with_app
def settle(as_json: bool) -> None:
    """Settle everybody anew: after rules, zone or a campaign changed, or when `verify` found differences.

    Judges the visits of the last 30 days by today's rules, folds shares, and books what is missing or reverses what is
    no longer due. Lines that stand are never changed. It can be stopped and repeated at any moment.
    """
    from service import ledger as books
    from service.reclassifying import reclassify

    people = books.count_subjects()
    with click.progressbar(length=people, label="Settling", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        done = reclassify(progress=bar.update)
    if as_json:
        click.echo(json.dumps({"people": done.people, "verdicts": done.verdicts, "lines": done.lines}))
    else:
        click.echo(f"People: {done.people}. Verdicts given anew: {done.verdicts}. Lines booked: {done.lines}.")


@ledger.command()
@click.argument("email")
@click.option("--json", "as_json", is_flag=True, help="Write the lines as JSON.")
@with_app
def show(email: str, as_json: bool) -> None:
    """Show the lines and totals of the person with this EMAIL, oldest event first. Exits with 1 if there is nobody."""
    from service import database
    from service import ledger as books
    from service.addresses import NotAnAddress, normal_address
    from service.database import db
    from service.models import Employee, Total

    database.reading.set(True)
    individuals.refuse_where_only_groups()
    try:
        address = normal_address(email)
    except NotAnAddress as refusal:
        raise click.BadParameter(str(refusal), param_hint="EMAIL") from None
    subject = db.session.scalar(sa.select(Employee.subject).where(Employee.email == address))
    if subject is None:
        click.echo("Nobody in the programme has this address.", err=True)
        sys.exit(1)
    lines = books.entries(subject)[::-1]
    totals = db.session.execute(
        sa.select(Total.period, Total.points).where(Total.subject == subject).order_by(Total.period)
    )
    # Shares and readers are added up beside them, and sums of several campaigns say nothing of their own.
    sums = {
        period: points
        for period, points in totals
        if not period.startswith(("shares", "readers")) and "+" not in period
    }
    if as_json:
        told = [
            {"at": e.at.isoformat(), "points": e.points, "reason": e.reason, "key": e.key, "month": e.month}
            for e in lines
        ]
        click.echo(json.dumps({"subject": subject, "lines": told, "totals": sums}, indent=2))
        return
    for e in lines:
        click.echo(f"{e.at:%Y-%m-%d %H:%M}  {e.points:+5}  {e.reason:14} {e.key}")
    for period, points in sums.items():
        click.echo(f"{period:16}  {points:5}")
    if not lines:
        click.echo("No points yet.")
