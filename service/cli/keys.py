"""`goodword keys`. In: the rows of signing keys. Out: keys listed, a new one made, old ones retired."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping

import click

from service import keys as signing
from service.cli import with_app

FEW = 32
"""So many key ids left are worth a word."""


@click.group()
def keys() -> None:
    """Show, renew and retire the keys that sign the links in mails.

    The newest key signs, all of them verify. A retired key verifies nothing but unsubscribe links, for ever: whoever
    finds an old mail can still unsubscribe.
    """


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="A JSON list.")
@with_app
def list_(as_json: bool) -> None:
    """List all keys: the newest signs, all verify, retired ones verify only unsubscribing.

    Keys themselves are never shown. Exit code 1: there is none yet.
    """
    from service import database

    database.reading.set(True)
    rows = [
        {
            "id": found.key.id,
            "made": found.key.created_at.isoformat(timespec="seconds"),
            "state": found.state,
            "opens_until": found.until.isoformat() if found.until else None,
            "retired": found.key.retired_at.isoformat(timespec="seconds") if found.key.retired_at else None,
        }
        for found in signing.standings()
    ]
    if as_json:
        click.echo(json.dumps(rows))
    else:
        for row in rows:
            click.echo(f"{row['id']:>3}  {row['made']}  {row['state']:8}{_more(row)}".rstrip())
    if not rows:
        click.echo("There is no key yet; `goodword programme create` makes the first one.", err=True)
        raise SystemExit(1)


def _more(row: Mapping[str, object]) -> str:
    if row["retired"]:
        return f"  since {row['retired']}: unsubscribe links only"
    return f"  links in inboxes until {row['opens_until']}" if row["opens_until"] else ""


@keys.command()
@with_app
def rotate() -> None:
    """Make a new key that signs from now on.

    Links in mails already sent or planned keep the key they were planned with and go on opening. Retire the older key
    once its links have ended: `goodword keys list` says when.

    Key ids are one byte: 256 keys can be made, and an id is never used again. Exit code 1: none is left.
    """
    try:
        made = signing.rotate()
    except signing.Refused as refusal:
        click.echo(str(refusal), err=True)
        sys.exit(1)
    click.echo(f"Key {made.id} signs from now on; the older ones go on verifying.")
    if (left := signing.left()) <= FEW:
        click.echo(f"{left} more can be made, then none: ids are one byte and never used again.")


@keys.command()
@click.argument("key_id", metavar="ID", type=click.IntRange(0, 255))
@click.option("--yes", is_flag=True, help="Do it without asking.")
@click.option("--force", is_flag=True, help="Even while its links are in inboxes or in mails not yet sent.")
@with_app
def retire(key_id: int, yes: bool, force: bool) -> None:
    """Let the key ID verify nothing but unsubscribe links from now on. This cannot be undone.

    Refused for the key that signs, and while links signed with it still open: share links do so for 90 days.
    With --force they answer as wrong links do (404) at once. If a key has leaked: rotate, then retire it with --force.

    Exit code 1: refused.
    """
    if not yes:
        ends = "every link it signed but unsubscribing" if force else "what it signed, but for unsubscribing"
        click.confirm(f"Retiring key {key_id} ends {ends}, and cannot be undone. Retire it?", abort=True)
    try:
        signing.retire(key_id, force)
    except signing.Refused as refusal:
        click.echo(str(refusal), err=True)
        sys.exit(1)
    click.echo(f"Key {key_id} is retired: it verifies unsubscribe links only.")
