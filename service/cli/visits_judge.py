"""`goodword visits judge|ranges`. In: a visitor's manners, or published ranges. Out: the verdict explained, ranges."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import click

from service.cli import with_app

_JSON = click.option("--json", "as_json", is_flag=True, help="Write it as JSON.")


@click.command()
@click.option("--agent", default="", help="The User-Agent header.")
@click.option("--address", default="", help="Where it came from, like 192.0.2.7; looked at and kept nowhere.")
@click.option("--language", default="en", show_default=True, help="The Accept-Language header; empty: none was sent.")
@click.option("--purpose", default="", help="The Sec-Purpose header, like prefetch.")
@click.option("--dest", default="", help="The Sec-Fetch-Dest header, like document or image.")
@click.option("--method", default="GET", show_default=True)
@_JSON
@with_app
def judge(as_json: bool, **asked: str) -> None:
    """Say what verdict a visit like this would get, and why. Records nothing.

    What only other visits tell (a burst, the sharer herself, a repeated visitor) is left out.
    """
    from scoring import visits
    from service import database, visiting_facts
    from service.visiting import Asked

    database.reading.set(True)
    hit = visiting_facts.derive(Asked(**asked), visiting_facts.company_networks())
    verdict = visits.judge(hit)
    words = visits.REASONS[verdict.reason]
    if as_json:
        click.echo(json.dumps({**asdict(verdict), "words": words, "flags": hit.flags}, ensure_ascii=False))
        return
    click.echo(f"{verdict.kind}: {words} ({verdict.reason})")
    if hit.flags:
        click.echo(f"The address is known as {', '.join(hit.flags)}.")
    if verdict.crawler:
        click.echo(f"Shows that the link reached {verdict.crawler}.")


@click.command()
@click.option(
    "--update", "source", metavar="FILE|URL", help="Load ranges from a file, or from where they are published."
)
@click.option("--name", default="", help="Whose they are, like facebook; needed with --update.")
@click.option(
    "--kind",
    type=click.Choice(["network", "hosting", "scanner", "company"]),
    default="network",
    show_default=True,
    help="network: a social network's crawlers. hosting: a data centre. scanner: mail scanners. company: your own.",
)
@click.option(
    "--complete/--not-complete",
    default=False,
    help="complete: whoever claims to be this network's crawler and comes from elsewhere is spoofed.",
)
@click.option("--drop", "dropped", metavar="NAME", help="Take loaded ranges out of use again.")
@_JSON
@with_app
def ranges(source: str | None, name: str, kind: str, complete: bool, dropped: str | None, as_json: bool) -> None:
    """Show the published ranges of addresses in use, or load fresher ones.

    Loaded ranges stand in the data folder of this machine; on several machines load them on each. Exits with 1 if a
    list cannot be taken.
    """
    from service import ranges_loading, visiting_facts
    from service.fetch import NotFetched

    if source and not name:
        raise click.UsageError("Say whose ranges they are, like --name facebook.")
    try:
        if dropped and not ranges_loading.drop(dropped):
            raise ranges_loading.NotRanges(f"no ranges called {dropped} were loaded")
        if source:
            ranges_loading.load(source, name, kind, complete)
    except (ranges_loading.NotRanges, NotFetched, OSError) as refusal:
        click.echo(f"goodword: not taken: {refusal}", err=True)
        sys.exit(1)
    files = visiting_facts.ranges().files
    if as_json:
        shown = [{**asdict(f), "ranges": len(f.ranges)} for f in files]
        click.echo(json.dumps(shown, indent=2, ensure_ascii=False))
        return
    for file in files:
        said = "complete" if file.complete else ""
        click.echo(f"{file.name:14} {file.kind:8} {len(file.ranges):6} ranges  {file.date:10}  {said:8}  {file.source}")
