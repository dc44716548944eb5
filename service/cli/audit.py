"""`goodword audit`. In: who, what, since when. Out: the lines of the audit log, the newest first."""

from __future__ import annotations

import json
from datetime import timedelta

import click

from service.cli import with_app


@click.group()
def audit() -> None:
    """Read who changed what."""


@audit.command("list")
@click.option("--what", default="", help="Only this kind of thing, like story or programme.")
@click.option("--days", type=click.IntRange(1), default=None, help="Only the last days.")
@click.option("--most", type=click.IntRange(1), default=50, show_default=True, help="At most this many lines.")
@click.option("--json", "as_json", is_flag=True, help="Write them as JSON.")
@with_app
def list_lines(what: str, days: int | None, most: int, as_json: bool) -> None:
    """List acts, the newest first: who, when, what, before and after."""
    from service import audit_log, clock, database

    database.reading.set(True)
    since = clock.now() - timedelta(days=days) if days else None
    known = audit_log.names()
    rows = [audit_log.facts(line, known) for line in audit_log.lines(audit_log.asked("", what, since), most)]
    if as_json:
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for row in rows:
        fields = ", ".join(sorted({*row["before"], *row["after"]}))
        click.echo(
            f"{row['at'][:16]}  {row['who']}: {row['act']} {row['what']} {row['title'] or row['which']}: {fields}"
        )
