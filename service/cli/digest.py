"""`goodword digest` and `goodword why`. In: a week or an address. Out: an edition moved on, counted or explained."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from service.cli import with_app

if TYPE_CHECKING:
    from service.digests import Counts, Tally
    from service.models import Edition, Employee

Command = Callable[..., Any]

WATCHED = 2
"""Seconds between two looks of `status --watch`."""


@click.group()
def digest() -> None:
    """Plan, look at, test, release and watch the weekly digest.

    Without --week the edition that matters now is meant: this week's until its last mail is a day past, then the next.
    """


def _week(command: Command) -> Command:
    return click.option("--week", metavar="YYYY-Www", help="An ISO week like 2026-W47.")(command)


def _json(command: Command) -> Command:
    return click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")(command)


def _yes(command: Command) -> Command:
    return click.option("--yes", is_flag=True, help="Do not ask.")(command)


def _edition(week: str | None) -> Edition:
    from service import editions, programmes

    try:
        return editions.edition(week)
    except ValueError as wrong:
        raise click.BadParameter(str(wrong), param_hint="--week") from wrong
    except programmes.NoProgramme as missing:
        raise click.UsageError(str(missing)) from missing


def _employee(address: str) -> Employee:
    from service import employees

    found = employees.by_address(address)
    if found is None:
        raise click.ClickException("No employee has this address; `goodword employees list` shows them.")
    return found


def _act(act: Callable[[], Any]) -> Any:
    """Run a use case; its refusal is one line and exit code 1."""
    from service.editions import EditionError
    from service.previews import NoDigest
    from service.why import REASONS

    try:
        return act()
    except EditionError as refusal:
        raise click.ClickException(str(refusal)) from refusal
    except NoDigest as refusal:
        raise click.ClickException(f"There would be no digest. {REASONS[refusal.reason]}") from refusal


def _at(moment: datetime | None) -> str:
    from service import programmes

    zone = programmes.current().zone
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} {zone}" if moment else "-"


def _reasons(omitted: Mapping[str, int]) -> None:
    from service.why import REASONS

    for reason, n in sorted(omitted.items(), key=lambda pair: (-pair[1], pair[0])):
        click.echo(f"  {n:>8}  {reason:14}  {REASONS.get(reason, '')}")


def _show_counts(counts: Counts, would: bool) -> None:
    click.echo(f"{'Would get it' if would else 'Planned now'}: {counts.planned}")
    if counts.held:
        click.echo(f"{'Would be held' if would else 'Held'}, a day late: {counts.held}")
    click.echo(f"{'Would get none' if would else 'Get none'}: {sum(counts.omitted.values())}")
    _reasons(counts.omitted)
    click.echo(f"Distinct choices computed: {counts.keys}")


def _forecast(edition: Edition) -> Counts:
    from service import digests, programmes, readers

    people = sum(readers.all_slots(edition.week, programmes.current()).values())
    with click.progressbar(length=people, label="Choosing", file=sys.stderr) as bar:
        return digests.forecast(edition, bar.update)


@digest.command()
@_week
@click.option("--all", "whole", is_flag=True, help="Plan the whole week, not only what is due within 30 minutes.")
@_json
@with_app
def plan(week: str | None, whole: bool, as_json: bool) -> None:
    """Choose stories and put the mails into the outbox; a draft is only counted.

    Workers do this by themselves half an hour before each slot. Running it again never plans anybody twice.
    """
    from service import digests

    edition = _edition(week)
    if edition.status in ("closed", "cancelled"):
        raise click.ClickException(f"Edition {edition.week} is {edition.status}; nothing is planned any more.")
    draft = edition.status == "draft"
    if draft:
        counts = _forecast(edition)
    else:
        ahead = None if whole else digests.AHEAD
        with click.progressbar(length=digests.undecided(edition, ahead), label="Planning", file=sys.stderr) as bar:
            counts = digests.plan(edition, bar.update, ahead=ahead)
    if as_json:
        click.echo(json.dumps({"week": edition.week, "status": edition.status, "dry": draft, **counts.to_json()}))
        return
    click.echo(f"Edition {edition.week} ({edition.status})")
    _show_counts(counts, draft)
    if draft:
        click.echo("Nothing was written: the edition is a draft. `goodword digest release` lets it go.")


@digest.command()
@click.argument("email")
@_week
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write the page into this file.")
@with_app
def preview(email: str, week: str | None, html: Path | None) -> None:
    """Show the digest exactly as EMAIL would get it, without sending it; its links open nothing."""
    from service import digests

    edition, employee = _edition(week), _employee(email)
    look = _act(lambda: digests.preview(edition, employee))
    if html is None:
        click.echo(f"{look.subject}\n{look.preheader}\n\n{look.text}")
    else:
        html.write_text(look.html, encoding="utf-8")
        click.echo(f"Written to {html}.")


@digest.command("test")
@click.argument("email")
@click.option("--to", "receiver", help="Who receives the test; default: the programme's liaison.")
@_week
@with_app
def test_mail(email: str, receiver: str | None, week: str | None) -> None:
    """Send the digest of EMAIL to the liaison as a test; the real one is not touched by it."""
    from service import digests, programmes
    from service.addresses import NotAnAddress, normal_address

    edition, employee = _edition(week), _employee(email)
    try:
        to = normal_address(receiver or programmes.current().liaison_email)
    except NotAnAddress as wrong:
        raise click.BadParameter(str(wrong), param_hint="--to") from wrong
    row = _act(lambda: digests.send_test(edition, employee, to))
    if row.why:
        raise click.ClickException(f"The test is not sent: this address is suppressed ({row.why}).")
    click.echo(f"The test is in the outbox (mail {row.id}) and leaves at once where a worker runs.")


@digest.command()
@_week
@_yes
@with_app
def release(week: str | None, yes: bool) -> None:
    """Freeze the texts and let the edition go; five minutes in which `undo` takes it back."""
    from service import editions

    edition = _edition(week)
    if not yes:
        _show_counts(_forecast(edition), True)
        click.confirm(f"Release edition {edition.week}?", abort=True)
    _act(lambda: editions.release(edition, "cli"))
    click.echo(f"Edition {edition.week} is released. Nothing leaves before {_at(edition.leaves_at)};")
    click.echo("until then `goodword digest undo` returns it to draft.")


@digest.command()
@_week
@with_app
def undo(week: str | None) -> None:
    """Return a released edition to draft, within five minutes of its release."""
    from service import editions

    edition = _edition(week)
    _act(lambda: editions.undo(edition, "cli"))
    click.echo(f"Edition {edition.week} is a draft again; nothing was sent.")


@digest.command()
@_week
@with_app
def pause(week: str | None) -> None:
    """Stop the sending of an edition until `resume`."""
    from service import editions

    edition = _edition(week)
    _act(lambda: editions.pause(edition, "cli"))
    click.echo(f"Edition {edition.week} is paused; `goodword digest resume` lets it flow again.")


@digest.command()
@_week
@click.option("--late", is_flag=True, help="Also send the mails that were held for being a day late.")
@with_app
def resume(week: str | None, late: bool) -> None:
    """Let a paused or stopped edition flow again."""
    from service import editions

    edition = _edition(week)
    _act(lambda: editions.resume(edition, "cli"))
    click.echo(f"Edition {edition.week} flows again.")
    if late:
        click.echo(f"Late mails let go: {_act(lambda: editions.send_held(edition, 'cli'))}")


@digest.command()
@_week
@_yes
@with_app
def cancel(week: str | None, yes: bool) -> None:
    """End an edition for good: what has not left never will."""
    from service import editions

    edition = _edition(week)
    if not yes:
        click.confirm(f"Cancel edition {edition.week} for good?", abort=True)
    _act(lambda: editions.cancel(edition, "cli"))
    click.echo(f"Edition {edition.week} is cancelled.")


@digest.command()
@_week
@_json
@click.option("--watch", is_flag=True, help="Say it again every two seconds until nothing moves any more.")
@with_app
def status(week: str | None, as_json: bool, watch: bool) -> None:
    """Say what is planned, sent, waiting, held, failed or in doubt, who gets none and why, and what to do.

    With --watch it goes on while mails leave, as long as a worker runs somewhere; Ctrl-C only ends the watching. With
    --json each answer is one line.
    """
    from service import digests
    from service.database import db

    edition = _edition(week)
    while True:
        tally = digests.status(edition)
        db.session.rollback()  # the next look sees what others have committed, and holds nothing meanwhile
        if watch and sys.stdout.isatty() and not as_json:
            click.clear()
        if as_json:
            click.echo(json.dumps(tally.to_json()))
        else:
            _show_tally(tally)
        if not (watch and tally.moving):
            return
        sys.stdout.flush()
        time.sleep(WATCHED)


def _span(seconds: int | None) -> str:
    seconds = seconds or 0
    if seconds < 90:
        return f"{seconds} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _show_tally(tally: Tally) -> None:
    from service.tallies import PARTS
    from service.words_of_mails import because

    click.echo(f"Edition {tally.week}: {tally.status}{', paused' if tally.paused else ''}")
    click.echo(f"First slot {_at(tally.first_slot)}, last slot {_at(tally.last_slot)}")
    for name in ("planned", *PARTS):
        if name not in ("suppressed", "cancelled") or getattr(tally, name):
            click.echo(f"  {getattr(tally, name):>8}  {name}")
    for state, whys in sorted(tally.whys.items()):
        for why, n in sorted(whys.items(), key=lambda pair: (-pair[1], pair[0])):
            click.echo(f"  {n:>8}  {state}: {because(why)}")
    click.echo(f"  {tally.undecided:>8}  not planned yet")
    if tally.rate:
        left = f"; the {tally.due} that are due take about {_span(tally.seconds_left)}" if tally.seconds_left else ""
        click.echo(f"Sending {tally.rate:.0f} a minute{left}")
    click.echo(f"Get none: {sum(tally.omitted.values())}")
    _reasons(tally.omitted)
    for words in tally.advice:
        click.echo(f"→ {words}")


@click.command()
@click.argument("email")
@_json
@with_app
def why(email: str, as_json: bool) -> None:
    """Say why EMAIL got, gets or does not get its mails."""
    from service import why as reasons
    from service.addresses import NotAnAddress

    try:
        found = reasons.why(email)
    except NotAnAddress as wrong:
        raise click.BadParameter(str(wrong), param_hint="EMAIL") from wrong
    except reasons.UnknownAddress as unknown:
        raise click.ClickException("No employee has this address, and no mail to it is on record.") from unknown
    if as_json:
        click.echo(json.dumps([finding.to_json() for finding in found]))
        return
    for finding in found:
        head = " ".join(part for part in (finding.kind, finding.about) if part)
        when = f" ({_at(finding.at)})" if finding.at else ""
        number = f", mail {finding.mail}" if finding.mail else ""
        click.echo(f"{head}: {finding.state}{when}{number}")
        click.echo(f"    {finding.words}{f' [{reasons.because(finding.detail)}]' if finding.detail else ''}")
