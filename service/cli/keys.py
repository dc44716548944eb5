"""`goodword keys`. In: the rows of signing keys. Out: which one signs passes, which ones still verify."""

from __future__ import annotations

import json

import click

from service import keys as signing
from service import passes
from service.cli import with_app


@click.group()
def keys() -> None:
    """Show the keys that sign the links in mails."""


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="A JSON list.")
@with_app
def list_(as_json: bool) -> None:
    """List all keys: the newest signs, all verify, retired ones verify only unsubscribing.

    Keys themselves are never shown. Exit code 1: there is none yet.
    """
    found = signing.listed()
    newest = passes.newest_key_id() if any(key.retired_at is None for key in found) else None
    rows = [
        {
            "id": key.id,
            "made": key.created_at.isoformat(timespec="seconds"),
            "state": "signs" if key.id == newest else "retired" if key.retired_at else "verifies",
        }
        for key in found
    ]
    if as_json:
        click.echo(json.dumps(rows))
    else:
        for row in rows:
            click.echo(f"{row['id']:>3}  {row['made']}  {row['state']}")
    if not rows:
        click.echo("There is no key yet; `goodword programme create` makes the first one.", err=True)
        raise SystemExit(1)
