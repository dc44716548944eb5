"""`goodword visits`. In: evidence that is kept. Out: visits with verdicts in words, judged anew; patterns decided."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from service.cli import individuals, visits_judge, visits_status, with_app

if TYPE_CHECKING:
    from service.reclassifying import Reclassified
    from service.reviews import Review

_JSON = click.option("--json", "as_json", is_flag=True, help="Write it as JSON.")


@click.group()
def visits() -> None:
    """Show visits of short links with their verdicts, judge them anew, decide on odd patterns."""


visits.add_command(visits_judge.judge)
visits.add_command(visits_judge.ranges)
visits.add_command(visits_status.status)


@visits.command("list")
@click.argument("who", metavar="EMAIL|CODE")
@_JSON
@with_app
def list_(who: str, as_json: bool) -> None:
    """Show the evidence of one person's shares, or of one short link, with each verdict and its reason in words.

    Evidence is kept for 30 days. Exits with 1 if nobody has this address and no share this code.
    """
    from service import database, reviews

    database.reading.set(True)
    individuals.refuse_where_only_groups()
    try:
        found = reviews.seen(who)
    except reviews.Nobody:
        click.echo("Nobody in the programme has this address, and no share has this code.", err=True)
        sys.exit(1)
    if as_json:
        click.echo(json.dumps([asdict(s) | {"at": s.at.isoformat()} for s in found], indent=2, ensure_ascii=False))
        return
    for s in found:
        verdict = f"{s.verdict or s.kind:9} {s.words}" + (f" ({s.crawler})" if s.crawler else "")
        click.echo(f"{s.at:%Y-%m-%d %H:%M:%S}  {s.code}  {s.network:9} {verdict}")
        if s.kind == "visit" and s.agent:
            click.echo(f"{'':21}  {s.agent}")
    if not found:
        click.echo("No evidence is kept: nothing happened in the last 30 days.")


@visits.command()
@click.option("--dry-run", is_flag=True, help="Change nothing; say what would change.")
@click.option(
    "--since", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]), help="Judge visits from this moment on (UTC)."
)
@click.option("--who", is_flag=True, help="Name the people whose points change.")
@_JSON
@with_app
def reclassify(dry_run: bool, since: datetime | None, who: bool, as_json: bool) -> None:
    """Judge the visits that are kept by today's rules, and book the differences as reversals.

    For after new rules came with an update, or a setting changed. Lines of the ledger that stand are never changed. It
    can be stopped and repeated at any moment. Visits that an odd pattern holds stay aside.
    """
    from service import database, ledger, reclassifying

    database.reading.set(dry_run)
    if who:
        individuals.refuse_where_only_groups()
    people = ledger.count_subjects()
    with click.progressbar(length=people, label="Judging", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        done = reclassifying.reclassify(since.replace(tzinfo=UTC) if since else None, dry_run, bar.update)
    names = _names(done.who) if who else {}
    if as_json:
        click.echo(json.dumps(_json_of(done, dry_run, names if who else None), indent=2, ensure_ascii=False))
        return
    for ((was, because), (is_, now_because)), count in sorted(done.reasons.items()):
        click.echo(f"{count:8}  {was}, {because} → {is_}, {now_because}")
    would = "would be " if dry_run else ""
    click.echo(f"People looked at: {done.people}. Verdicts given anew: {done.verdicts}.")
    click.echo(f"Points {would}changed for {len(done.who)} people, {done.points:+} in all; lines booked: {done.lines}.")
    for subject, points in sorted(done.who.items(), key=lambda item: (item[1], item[0])):
        if who:
            click.echo(f"{points:+8}  {names.get(subject, 'a former colleague')}")


def _json_of(done: Reclassified, dry_run: bool, names: dict[str, str] | None) -> dict[str, Any]:
    reasons = [
        {"before": list(before), "after": list(after), "visits": count}
        for (before, after), count in sorted(done.reasons.items())
    ]
    told: dict[str, Any] = {
        "dry_run": dry_run,
        "people": done.people,
        "verdicts": done.verdicts,
        "reasons": reasons,
        "changed": len(done.who),
        "points": done.points,
        "lines": done.lines,
    }
    if names is not None:
        told["who"] = [{"person": names.get(s), "subject": s, "points": n} for s, n in sorted(done.who.items())]
    return told


def _names(subjects: Iterable[str]) -> dict[str, str]:
    import sqlalchemy as sa

    from service.bulk import among
    from service.database import db
    from service.models import Employee

    asked = sa.select(Employee.subject, Employee.name, Employee.email).where(among(Employee.subject, subjects))
    return {row.subject: row.name or row.email or "" for row in db.session.execute(asked)}


@visits.group()
def quarantine() -> None:
    """Review odd patterns: visits that stand aside until somebody decides whether they count."""


@quarantine.command("list")
@click.option("--all", "everything", is_flag=True, help="Show the decided ones too.")
@_JSON
@with_app
def list_patterns(everything: bool, as_json: bool) -> None:
    """List the odd patterns that wait for a decision: what was noticed, on which shares, when."""
    from service import database, reviews

    database.reading.set(True)
    found = reviews.open_reviews() + (reviews.decided_reviews() if everything else [])
    if as_json:
        click.echo(json.dumps([_review(r) for r in found], indent=2, ensure_ascii=False))
        return
    for r in found:
        _show(r)
    if not found:
        click.echo("Nothing waits: no odd pattern was noticed.")


def _show(review: Review) -> None:
    from service.words_of_quarantine import noticed, perhaps

    row = review.row
    click.echo(f"{row.id}: {noticed(row.pattern, row.facts)} {perhaps(row.pattern)}")
    state = {None: "waits for a decision", "count": "counts", "leave-out": "left out"}[row.decision]
    click.echo(
        f"   {row.week}, noticed {row.found_at:%Y-%m-%d %H:%M}, {state}{f': {row.reason}' if row.reason else ''}"
    )
    for h in review.held:
        when = f"{h.first:%Y-%m-%d %H:%M}" + (f" to {h.last:%Y-%m-%d %H:%M}" if h.last != h.first else "")
        if not h.share:
            click.echo(f"   {h.visits:4}  in all, {when}")
            continue
        click.echo(f"   {h.visits:4}  {h.sharer or 'a former colleague'}: {h.story} ({h.network}), {when}")


def _review(review: Review) -> dict[str, Any]:
    row = review.row
    return {
        "id": row.id,
        "pattern": row.pattern,
        "week": row.week,
        "facts": row.facts,
        "found_at": row.found_at.isoformat(),
        "decision": row.decision,
        "reason": row.reason,
        "shares": [
            asdict(h) | {"first": h.first.isoformat(), "last": h.last.isoformat()} for h in review.held
        ],
    }  # fmt: skip


@quarantine.command()
@click.argument("number", metavar="ID", type=int)
@click.option("--reason", default="", help="Why, in your words; it is kept with the decision.")
@with_app
def count(number: int, reason: str) -> None:
    """Let the visits of the pattern ID count; the points they are worth are booked. Exits with 1 for an unknown ID."""
    _decide(number, "count", reason, "They count.")


@quarantine.command("leave-out")
@click.argument("number", metavar="ID", type=int)
@click.option("--reason", default="", help="Why, in your words; it is kept with the decision.")
@with_app
def leave_out(number: int, reason: str) -> None:
    """Leave the visits of the pattern ID out for good. Exits with 1 for an unknown ID."""
    _decide(number, "leave-out", reason, "They are left out.")


@quarantine.command()
@click.argument("number", metavar="ID", type=int)
@with_app
def undo(number: int) -> None:
    """Take back what was decided on the pattern ID: it waits again. Exits with 1 for an unknown ID."""
    _decide(number, None, "", "The pattern waits for a decision again.")


@quarantine.command()
@with_app
def look() -> None:
    """Look for odd patterns now; otherwise it happens every ten minutes."""
    from service import quarantine as patterns

    click.echo(f"Patterns found or changed: {patterns.look()}.")


def _decide(number: int, decision: str | None, reason: str, words: str) -> None:
    from service import quarantine as patterns

    try:
        patterns.decide(number, decision, reason)
    except patterns.Unknown:
        click.echo(f"There is no odd pattern {number}; `goodword visits quarantine list --all` names them.", err=True)
        sys.exit(1)
    click.echo(words)
