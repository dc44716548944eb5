"""`goodword visits status`. In: nothing. Out: how many visits were recorded and how many were lost."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from service.cli import with_app


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Write it as JSON.")
@with_app
def status(as_json: bool) -> None:
    """Show what became of visits by short links in the last 30 days: recorded, waiting for their verdict, lost.

    Lost are visits that were answered while the database was away for so long that the buffer (GOODWORD_VISITS_WAITING)
    was full. Exits with 1 if there are any.
    """
    from service import database
    from service.arrivals import status as arrivals

    database.reading.set(True)
    found = arrivals.status()
    if as_json:
        click.echo(json.dumps(asdict(found)))
    else:
        for words, count in (
            ("recorded", found.recorded),
            ("wait for a verdict", found.to_judge),
            ("lost", found.lost),
        ):
            click.echo(f"{words:20} {count}")
        click.echo(f"web processes        {found.running} running, {found.fallen} ended without a farewell")
    if found.lost:
        raise SystemExit(1)
