"""`goodword feeds`. In: addresses and ids. Out: feeds followed, listed and read."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from service.cli import with_app

KINDS = ("curated", "owned", "promotional")


@click.group()
def feeds() -> None:
    """Follow RSS and Atom feeds whose posts wait for a liaison's yes."""


@feeds.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@with_app
def list_(as_json: bool) -> None:
    """List the feeds: id, state, posts that wait, name, address, what the last reading brought."""
    from service import database
    from service.sources import following
    from service.validation import Words

    database.reading.set(True)
    waiting = following.waiting()
    for feed in following.all_feeds():
        state = "paused" if feed.paused else f"failed {feed.failures}" if feed.failures else "well"
        outcome = str(Words(feed.outcome, feed.outcome_values)) if feed.outcome else "Not read yet."
        if as_json:
            facts = {name: getattr(feed, name) for name in (*following.FIELDS, "id", "failures")}
            read = feed.polled_at.isoformat() if feed.polled_at else None
            more = {"waiting": waiting.get(feed.id, 0), "outcome": outcome, "polled_at": read}
            click.echo(json.dumps({**facts, **more}, ensure_ascii=False))
        else:
            click.echo(f"{feed.id:4} {state:9} {waiting.get(feed.id, 0):4} {feed.name}  {feed.url}  {outcome}")


@feeds.command()
@click.argument("address")
@click.option("--name", default="", help="What to call it; else its own title.")
@click.option("--kind", type=click.Choice(KINDS), default="curated", show_default=True, help="What its stories are.")
@click.option("--topic", "named", multiple=True, help="Topic of posts that name none of ours; repeat for several.")
@click.option("--language", default="", help="Language of its stories, like en; else the feed's own.")
@click.option(
    "--every", "every_hours", type=click.IntRange(1, 168), default=6, show_default=True, help="Hours between."
)
@click.option("--always-accept", is_flag=True, help="Make approved stories of its posts that have a topic.")
@with_app
def add(address: str, named: tuple[str, ...], **options: Any) -> None:
    """Follow the feed at ADDRESS (or the one that the page there names) and read it once.

    Exits with 1 if it cannot be read, or a topic is none of ours.
    """
    from service import topics
    from service.sources import following, polling
    from service.validation import Invalid, key_of

    known = topics.lookup()
    missing = [name for name in named if key_of(name) not in known]
    if missing:
        click.echo(f"There is no topic {', '.join(missing)}.", err=True)
        sys.exit(1)
    try:
        feed = following.follow(url=address, topics=[known[key_of(name)] for name in named], **options)
    except Invalid as refusal:
        click.echo(" ".join(str(words) for words in refusal.errors.values()), err=True)
        sys.exit(1)
    polling.poll(feed)
    _tell(feed.id)


@feeds.command()
@click.argument("ids", nargs=-1, type=int)
@with_app
def poll(ids: tuple[int, ...]) -> None:
    """Read the feeds with these IDS now, or without any those that are due. Exits with 1 if one cannot be read."""
    from service.database import db
    from service.models import Feed
    from service.sources import polling

    if not ids:
        click.echo(f"Read: {polling.poll_due()}.")
        return
    well = True
    for number in ids:
        feed = db.session.get(Feed, number)
        if feed is None:
            click.echo(f"There is no feed {number}.", err=True)
            well = False
            continue
        well = polling.poll(feed) and well
        _tell(number)
    sys.exit(0 if well else 1)


def _tell(number: int) -> None:
    from service.database import db
    from service.models import Feed
    from service.validation import Words

    feed = db.session.get_one(Feed, number)
    click.echo(f"{feed.name}: {Words(feed.outcome, feed.outcome_values)}")
