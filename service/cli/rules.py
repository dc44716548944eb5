"""`goodword programme rules`. In: names and numbers. Out: the rules of the score, shown or set."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

import click

from service.cli import with_app


@click.command()
@click.argument("pairs", nargs=-1, metavar="[NAME=NUMBER]...")
@click.option("--json", "as_json", is_flag=True, help="Write them as JSON.")
@with_app
def rules(pairs: Sequence[str], as_json: bool) -> None:
    """Show the rules of the score, or set some: points, caps, pauses, and when visits look odd.

    NAME= puts a rule back to its default. For caps and patterns 0 means none. Every rule is explained in docs/score.md.
    Once points are booked a change is a new version, valid at once: `goodword rules` plans and tries one. Exits with 1
    if a rule cannot stand.
    """
    from scoring.rules import Rules
    from service import database, rule_sets
    from service.programmes import NoProgramme
    from service.validation import Invalid

    database.reading.set(not pairs)
    try:
        own = rule_sets.newest().rules.overrides()
        for name, value in (_pair(pair) for pair in pairs):
            own.pop(name, None)
            if value is not None:
                own[name] = value
        if pairs:
            own = rule_sets.save_at_once(rule_sets.checked(own)).rules.overrides()
    except NoProgramme as refusal:
        click.echo(str(refusal), err=True)
        sys.exit(2)
    except Invalid as refusal:
        for name, words in refusal.errors.items():
            click.echo(f"{name}: {words}", err=True)
        sys.exit(1)
    now, defaults = Rules.of(own).to_json(), Rules().to_json()
    if as_json:
        click.echo(json.dumps(now, indent=2))
        return
    for name, value in now.items():
        if name == "networks":
            continue
        changed = f"  (default {defaults[name]})" if value != defaults[name] else ""
        click.echo(f"{name:24} {value:5}{changed}")
    if pairs:
        click.echo("Changed, for what happens from now on.", err=True)


def _pair(text: str) -> tuple[str, int | None]:
    from scoring.rules import Rules

    name, sign, value = text.partition("=")
    name = name.strip().replace("-", "_")
    known = Rules().to_json()
    if not sign or name not in known or name == "networks":
        raise click.UsageError(f"{text!r} names no rule; write NAME=NUMBER with one of {', '.join(known)}.")
    if not value.strip():
        return name, None
    if not value.strip().isdecimal():
        raise click.UsageError(f"{name} takes a whole number from 0, not {value.strip()!r}.")
    return name, int(value)
