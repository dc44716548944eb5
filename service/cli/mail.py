"""`goodword mail`. In: the outbox. Out: what became of each mail, and a person's decision where a machine has none."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from service.cli import with_app

if TYPE_CHECKING:
    from service.models import Outbox

STATES = (
    *("queued", "leased", "submitting", "accepted", "delivered", "bounced", "dropped"),
    *("retry", "held", "suppressed", "cancelled", "failed", "ambiguous"),
)


@click.group()
def mail() -> None:
    """See what became of mails, and decide about those whose arrival nobody knows.

    A mail is ambiguous when the line broke after it was handed over. It is never sent again by itself: look into the
    receiving server's log, or ask the person, and then decide.
    """


@mail.command("list")
@click.option("--state", type=click.Choice(STATES), multiple=True, help="Only mails in this state; may be repeated.")
@click.option("--kind", help="Only this kind: digest, invitation, frozen, winner, test.")
@click.option("--week", help="Only digests of this edition, like 2026-W47.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1), help="At most so many, newest first.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_app
def show_list(state: tuple[str, ...], kind: str | None, week: str | None, limit: int, as_json: bool) -> None:
    """List mails, newest first, and count all by state."""
    import sqlalchemy as sa

    from service.database import db
    from service.models import Outbox

    wanted: list[sa.ColumnElement[bool]] = [Outbox.state.in_(state)] if state else []
    wanted += [Outbox.kind == kind] if kind else []
    wanted += [Outbox.kind == "digest", Outbox.occasion == f"digest:{week}"] if week else []
    rows = db.session.scalars(sa.select(Outbox).where(*wanted).order_by(Outbox.id.desc()).limit(limit)).all()
    counted = sa.select(Outbox.state, sa.func.count()).where(*wanted).group_by(Outbox.state).order_by(Outbox.state)
    counts: dict[str, int] = {row.state: row[1] for row in db.session.execute(counted)}
    if as_json:
        click.echo(json.dumps({"counts": counts, "mails": [_facts(row) for row in rows]}, indent=2))
        return
    for row in rows:
        click.echo(f"{row.id:>8}  {row.state:10}  {row.kind:10}  {row.occasion:24}  {row.why or ''}".rstrip())
    click.echo("  ".join(f"{name}: {n}" for name, n in counts.items()) or "No mail.")


@mail.command()
@click.argument("number", type=int, metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_app
def show(number: int, as_json: bool) -> None:
    """Show what is known of one mail, and when it may be decided about."""
    row = _row(number)
    facts = _facts(row)
    if as_json:
        click.echo(json.dumps(facts, indent=2))
        return
    for name, value in facts.items():
        if value is not None:
            click.echo(f"{name:14} {value}")


@mail.command()
@click.argument("number", type=int, metavar="ID")
@click.option("--accepted", "verdict", flag_value="accepted", help="It arrived: count it as sent.")
@click.option("--again", "verdict", flag_value="again", help="It did not arrive: send it again.")
@with_app
def resolve(number: int, verdict: str | None) -> None:
    """Decide about an ambiguous mail; a failed one may be sent --again, because no copy of it exists."""
    from service import delivery, jobs

    if verdict is None:
        raise click.UsageError("Say --accepted or --again.")
    _row(number)
    try:
        state = delivery.resolve(number, accepted=verdict == "accepted")
    except delivery.NotNow as refusal:
        click.echo(str(refusal), err=True)
        sys.exit(1)
    if state == "queued":
        jobs.wake("deliver")
    click.echo(f"Mail {number} is {state} now.")


@mail.command("release-hold")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_app
def release_hold(yes: bool) -> None:
    """Let mails flow again after all sending was held.

    All sending is held when the database was restored from a backup: it no longer knows which mails left since. Cancel
    the editions that were sent since the backup first (`goodword digest cancel`), or people get them twice.
    """
    from service import delivery, jobs
    from service.database import db
    from service.delivery.words import held

    row = delivery.held()
    if row is None or not row.held_why:
        click.echo("Nothing is held.")
        return
    why = str(held(row.held_why))
    db.session.rollback()
    click.echo(why)
    if not yes:
        click.confirm("Let mails flow again?", abort=True)
    delivery.release_hold("cli")
    jobs.wake("deliver")
    click.echo("Mails flow again.")


@mail.command()
@click.argument("domain", required=False)
@click.option("--per-minute", type=click.IntRange(1), metavar="N", help="At most so many mails a minute.")
@click.option("--none", "lift", is_flag=True, help="No limit any more.")
@with_app
def limit(domain: str | None, per_minute: int | None, lift: bool) -> None:
    """Limit how many mails a minute leave: to DOMAIN (like example.com), or without it to all together.

    Without an option the limits are listed. Mails above a limit wait for their moment; none is lost.
    """
    from service.delivery import limits

    if per_minute is not None and lift:
        raise click.UsageError("Say --per-minute or --none, not both.")
    if per_minute is not None or lift:
        try:
            limits.set_limit(domain or limits.PROVIDER, per_minute)
        except ValueError as refusal:
            raise click.UsageError(str(refusal)) from refusal
    for name, number in sorted(limits.known().items()):
        click.echo(f"{name or 'all together':30} {number:>8} a minute")
    if not limits.known():
        click.echo("There are no limits.")


def _row(number: int) -> Outbox:
    from service.database import db
    from service.models import Outbox

    row = db.session.get(Outbox, number)
    if row is None:
        click.echo(f"There is no mail {number}.", err=True)
        sys.exit(1)
    return row


def _facts(row: Outbox) -> dict[str, Any]:
    """Return what may be shown of a row: nothing in it names the person, only her subject id."""
    from service import delivery

    since = delivery.decided_from(row)
    moments = {
        "created_at": row.created_at,
        "due_at": row.due_at,
        "submitted_at": row.submitted_at,
        "settled_at": row.settled_at,
        "decide_from": since,
    }
    return {
        "id": row.id,
        "kind": row.kind,
        "occasion": row.occasion,
        "subject": row.subject,
        "state": row.state,
        "why": row.why,
        "attempts": row.attempts,
        "message_id": row.message_id,
        **{name: value.isoformat(timespec="seconds") if value else None for name, value in moments.items()},
    }
