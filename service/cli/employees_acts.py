"""`goodword employees suspend`, `reinstate`, `export`, `erase`. In: an address. Out: what became of that person."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.cli import with_app

if TYPE_CHECKING:
    from service.models import Employee


def _found(email: str) -> Employee:
    from service import employees as people

    found = people.by_address(email)
    if found is None:
        click.echo("There is nobody with this address.", err=True)
        sys.exit(1)
    return found


@click.command()
@click.argument("email")
@click.option("--why", default="", help="The reason, which stands in the person's history.")
@with_app
def suspend(email: str, why: str) -> None:
    """Suspend the person with this EMAIL: no mail, no points, no board, no draw, until `reinstate`."""
    from service.people import acts

    if not acts.suspend([_found(email)], why):
        click.echo("Who is suspended, has left or is gone stays so.", err=True)
        sys.exit(1)
    click.echo("Suspended.")


@click.command()
@click.argument("email")
@with_app
def reinstate(email: str) -> None:
    """Take the suspension of the person with this EMAIL back."""
    from service.people import acts

    if not acts.reinstate([_found(email)]):
        click.echo("This person is not suspended.", err=True)
        sys.exit(1)
    click.echo("This person takes part again, as before.")


@click.command()
@click.argument("email")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_app
def export(email: str, file: Path) -> None:
    """Write everything that is kept about the person with this EMAIL into FILE, a ZIP (GDPR, articles 15 and 20).

    In works-council mode only the person may see it: hand it over unread.
    """
    from service.people import exporting

    packed = exporting.hand_over(_found(email))
    file.touch(mode=0o600)
    file.write_bytes(packed)
    click.echo(f"Written: {len(packed):,} bytes. Only the person and who answers for the data may see it.")


@click.command()
@click.argument("email")
@click.option("--name", prompt="The person's name, to confirm", help="The name as it is on record, to confirm.")
@with_app
def erase(email: str, name: str) -> None:
    """Erase the person with this EMAIL for good: name, address, choices, the words of mails.

    Totals, past draws, prize records and the ledger stay, and no later import brings the address back.
    """
    from service.people import erasing
    from service.validation import Invalid

    try:
        erasing.erase(_found(email), name)
    except Invalid as refusal:
        click.echo(" ".join(str(words) for words in refusal.errors.values()), err=True)
        sys.exit(1)
    click.echo("Erased.")
