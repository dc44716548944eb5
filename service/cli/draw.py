"""`goodword draw`. In: a name, prizes, due time, randomness. Out: a pool, ranks, and whether all of it holds."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from scoring import draws as rules_of
from service.cli import with_app

as_json = click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for machines.")


@click.group()
def draw() -> None:
    """Prize draws that anyone can check: create, freeze, run, verify.

    A draw is frozen at least 48 hours before its public numbers are known; docs/draw-protocol.md says why.
    """


def _found(name: str) -> Any:
    from service import draws

    found = draws.find(name)
    if found is None:
        raise click.UsageError(f"There is no draw {name!r}; `goodword draw list` shows all.")
    return found


def _do(deed: Callable[[], Any]) -> Any:
    """Do it, or say field by field what stands against it and exit with 1."""
    from service.validation import Invalid

    try:
        return deed()
    except Invalid as refusal:
        for field, words in refusal.errors.items():
            click.echo(f"{field}: {words}", err=True)
        sys.exit(1)


@draw.command()
@click.argument("name")
@click.option("--title", required=True, help="What people read, like 'October draw'.")
@click.option("--prize", "prizes", multiple=True, required=True, help="In order; a value after a bar: 'Book|30 EUR'.")
@click.option("--month", help="Whose tickets enter, like 2026-10 (default: the month in which it is frozen).")
@click.option("--alternates", default=3, show_default=True, help="Ranks beyond the prizes.")
@click.option(
    "--source",
    type=click.Choice(("numbers", "drand")),
    default="numbers",
    show_default=True,
    help="What decides: public numbers, or the round of drand at the due time, fetched and checked by itself.",
)
@click.option("--source-text", default="", help="The public numbers: event, date, order, substitute if it fails.")
@click.option("--rules", type=click.File(encoding="utf-8"), help="Your own rules file (default: written for you).")
@click.option(
    "--kind",
    type=click.Choice(("month", "campaign", "hand")),
    default="month",
    show_default=True,
    help="Whose shares bring tickets: a month's, a campaign's, or those of days that you name.",
)
@click.option("--campaign", help="Its address name, like open-house; for --kind campaign.")
@click.option("--first", type=click.DateTime(["%Y-%m-%d"]), help="The first day that counts, like 2026-11-01.")
@click.option("--last", type=click.DateTime(["%Y-%m-%d"]), help="The last day that counts.")
@click.option("--per", type=click.Choice(("week", "share")), help="A ticket for each active week, or confirmed share.")
@click.option("--at-most", type=int, help="Tickets of one person.")
@click.option("--team", "teams", multiple=True, help="Only people of this team enter; may be said again.")
@click.option("--office", "offices", multiple=True, help="Only people of this office enter; may be said again.")
@click.option("--country", "countries", multiple=True, help="Only people of this country (like SI) enter; again too.")
@click.option("--tenure-days", type=int, help="Days since the invitation, at least.")
@click.option("--recent-months", type=int, help="Who won in so many months does not enter.")
@click.option("--network-out", "networks_out", multiple=True, help="Shares on it bring no tickets; may be said again.")
@click.option("--free", type=int, help="Tickets for taking part without sharing.")
@click.option("--claim-days", type=int, help="Days to claim a prize.")
@with_app
def create(
    name: str,
    title: str,
    prizes: tuple[str, ...],
    month: str | None,
    alternates: int,
    source: str,
    source_text: str,
    rules: Any,
    kind: str,
    campaign: str | None,
    **said: Any,
) -> None:
    """Open a draw under NAME (a-z, 0-9, hyphens; used once ever).

    What is not said of tickets and of who may enter is as new draws begin (console, Draws, Every month).
    """
    from service import draws

    named = [(p.partition("|")[0], p.partition("|")[2]) for p in prizes]
    _do(
        lambda: draws.create(
            name,
            title,
            named,
            month=month,
            source_text=source_text,
            beacon=source,
            alternates=alternates,
            rules=rules.read() if rules else None,
            kind=kind,
            campaign_id=_campaign(campaign) if campaign else None,
            plan=_plan(said),
        )
    )
    click.echo(f"{name} is open. Next: goodword draw freeze {name} --due …")


def _campaign(slug: str) -> int:
    from service import campaigns

    found = next((each.id for each in campaigns.all_campaigns() if each.slug == slug), None)
    if found is None:
        raise click.UsageError(f"There is no campaign {slug!r}.")
    return found


def _plan(said: dict[str, Any]) -> Any:
    """Return the plan that new draws begin with, changed by what was said."""
    from dataclasses import replace

    from service.draws import plans
    from service.employees_plan import teams
    from service.locales import country_of

    there = {name.casefold(): id_ for name, id_ in teams().items()}
    for name in said["teams"]:
        if name.casefold() not in there:
            raise click.UsageError(f"There is no team {name!r}.")
    changes = {name: value for name, value in said.items() if value not in (None, ())}
    changes |= {name: changes[name].date() for name in ("first", "last") if name in changes}
    if "teams" in changes:
        changes["teams"] = tuple(sorted(there[name.casefold()] for name in changes["teams"]))
    if "countries" in changes:
        changes["countries"] = tuple(country_of(text) or text for text in changes["countries"])
    return replace(plans.usual(), **changes)


@draw.command()
@click.argument("name")
@click.option("--due", required=True, help="When the numbers are known, like 2026-11-07T20:00 in the programme's zone.")
@with_app
def freeze(name: str, due: str) -> None:
    """Fix the pool of NAME for ever, publish it and write to each entrant."""
    from service import draws
    from service.books import terms

    found = _found(name)
    try:
        moment = datetime.fromisoformat(due)
    except ValueError:
        raise click.UsageError("Write --due like 2026-11-07T20:00.") from None
    moment = (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(terms().zone))).astimezone(UTC)
    frozen = _do(lambda: draws.freeze(found, moment))
    if frozen.pool_hash is None:
        click.echo(f"Nobody holds tickets: {name} is void, and its page says so.")
        return
    _write_mails(frozen)
    told = draws.outcome(frozen)
    click.echo(f"{told.entrants} entrants, {told.tickets} tickets\npool {frozen.pool_hash}\nsource {frozen.source}")


def _write_mails(frozen: Any) -> None:
    """Write the mails of this pool that are not there yet. Stopped half way, it goes on where it was."""
    from service.draws import frozen_mails

    row = frozen_mails.of(frozen)
    if row is None or row.finished_at is not None:
        return
    left = row.people - row.done
    with click.progressbar(length=left, label="Mails", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        frozen_mails.write(row.draw_id, bar.update)


@draw.command()
@click.argument("name")
@click.option("--randomness", help="The public numbers in their order: 7.12.19.23.31.38.44./5./")
@click.option("--signature", help="Of a drand round: its signature in hex, or the JSON of a relay; checked.")
@click.option("--fetch", is_flag=True, help="Fetch the round from the relays of GOODWORD_DRAND now.")
@with_app
def run(name: str, randomness: str | None, signature: str | None, fetch: bool) -> None:
    """Draw the ranks of NAME from its frozen pool and the randomness, and write to the winners.

    Of drand only a round with the league's signature is taken; its randomness alone proves nothing.
    """
    from service import draws
    from service.draws import beacon

    found = _found(name)
    if sum((randomness is not None, signature is not None, fetch)) != 1:
        raise click.UsageError("Give one of --randomness, --signature and --fetch.")
    try:
        given = beacon.fetched(found) if fetch else randomness or signature or ""
    except beacon.Unknown as failure:
        click.echo(str(failure), err=True)
        sys.exit(1)
    _write_mails(found)
    _show(_do(lambda: draws.run(found, given)), draws)


@draw.command()
@click.argument("name", required=False)
@click.option("--pool", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A downloaded pool file.")
@click.option("--randomness", help="Its randomness.")
@click.pass_context
def verify(context: click.Context, name: str | None, pool: Path | None, randomness: str | None) -> None:
    """Check the draw NAME in the database, or any --pool with its --randomness."""
    if pool is not None and randomness is not None and name is None:
        try:
            outcome = rules_of.verify(pool.read_bytes(), randomness)
        except ValueError as refusal:
            click.echo(f"REFUSED: {refusal}", err=True)
            sys.exit(1)
        click.echo(f"draw {outcome.pool.draw}\npool {outcome.pool_hash}\nseed {outcome.seed}")
        for rank, entrant in enumerate(outcome.ranks, 1):
            click.echo(f"rank {rank} {entrant}")
    elif name is not None and pool is None and randomness is None:
        context.invoke(_verify_stored, name=name)
    else:
        raise click.UsageError("Name a draw, or give both --pool and --randomness.")


@click.command()
@click.argument("name")
@with_app
def _verify_stored(name: str) -> None:
    from service import draws

    findings = draws.check(_found(name))
    for finding in findings:
        click.echo(finding, err=True)
    if findings:
        sys.exit(1)
    click.echo(f"{name}: everything that is published agrees.")


@draw.command()
@click.argument("name")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A file (default: standard output).")
@with_app
def export(name: str, out: Path | None) -> None:
    """Export the claimed prizes of NAME as CSV for the tax office: worth, name, office, time zone, days.

    It holds names and addresses: keep it where only those may read it who have to.
    """
    from service import draws

    text = draws.export(_found(name))
    if out is None:
        click.echo(text, nl=False)
    else:
        out.write_bytes(text.encode("utf-8-sig"))  # the mark lets spreadsheets read letters with accents


@draw.command()
@click.argument("name")
@click.argument("email")
@click.option("--reason", required=True, help="In public, for good, and without a name.")
@with_app
def disqualify(name: str, email: str, reason: str) -> None:
    """Let an entrant of NAME be passed, before the numbers are known; her reason stands in the public trail."""
    from service import draws

    found = _found(name)
    click.echo(f"disqualified {_do(lambda: draws.disqualify(found, email, reason))}")


@draw.command(name="hand-over")
@click.argument("name")
@click.argument("rank", type=int)
@with_app
def hand_over(name: str, rank: int) -> None:
    """Note that the prize of RANK in NAME was handed over today."""
    from service import draws

    found = _found(name)
    _do(lambda: draws.hand_over(found, rank))
    click.echo(f"The prize of rank {rank} is handed over.")


@draw.command()
@click.argument("name")
@as_json
@with_app
def show(name: str, as_json: bool) -> None:
    """Show the draw NAME: status, pool, ranks, mails that prove it, who was left out and why (counts)."""
    from service import draws

    _show(_found(name), draws, as_json)


@draw.command(name="list")
@as_json
@with_app
def list_(as_json: bool) -> None:
    """List all draws, the newest first."""
    from service import draws

    rows = [{"name": d.name, "title": d.title, "status": d.status, "month": d.month} for d in draws.listed()]
    if as_json:
        click.echo(json.dumps(rows))
        return
    for row in rows:
        click.echo(f"{row['name']:24} {row['status']:8} {row['month'] or '':8} {row['title']}")


def _show(found: Any, draws: Any, as_json: bool = False) -> None:
    told = draws.outcome(found)
    reasons = list(draws.left_out(found).values())
    facts = {
        "name": found.name,
        "title": found.title,
        "status": found.status,
        "sample": found.sample,
        "month": found.month,
        "entrants": told.entrants,
        "tickets": told.tickets,
        "pool": found.pool_hash,
        "source": found.source,
        "due": found.due_at.isoformat() if found.due_at else None,
        "mails": told.mails,
        "mails_a_day_ahead": told.proofs,
        "left_out": {reason: reasons.count(reason) for reason in sorted(set(reasons))},
        "randomness": found.randomness,
        "signature": found.signature,
        "seed": found.seed,
        "claim_until": found.claim_until.isoformat() if found.claim_until else None,
    }
    ranks = [
        {"rank": line.rank, "entrant": line.entrant, "state": line.state, "why": line.why, "prize": line.prize}
        for line in told.lines
    ]
    if as_json:
        click.echo(json.dumps({**facts, "ranks": ranks}))
        return
    for key, value in facts.items():
        if value not in (None, {}, False):
            click.echo(f"{key.replace('_', ' '):18} {value}")
    for line in ranks:
        click.echo(
            f"rank {line['rank']:<3} {line['entrant'][:16]}…  {line['state']:9} {line['prize'] or line['why'] or ''}"
        )
