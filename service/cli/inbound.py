"""`goodword inbound`. In: the mailbox that answers come to. Out: new ones taken, and what became of them."""

from __future__ import annotations

import json
import sys

import click

from service.cli import with_app


@click.group()
def inbound() -> None:
    """Fetch what colleagues answer to digests.

    The worker does it every two minutes where GOODWORD_INBOUND_IMAP_URL names a mailbox (docs/inbound.md).
    """


@inbound.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_app
def poll(as_json: bool) -> None:
    """Fetch new answers now and count what became of them. Exit code 1: the mailbox cannot be read."""
    from service import inbound_mailbox

    try:
        found = inbound_mailbox.poll()
    except (inbound_mailbox.NotReached, LookupError) as problem:
        click.echo(f"The mailbox was not read: {problem}", err=True)
        sys.exit(1)
    if as_json:
        click.echo(json.dumps({str(outcome): n for outcome, n in found.items()}))
        return
    for outcome, n in sorted(found.items()):
        click.echo(f"{outcome:12} {n:>5}")
    if not found:
        click.echo("Nothing new.")
