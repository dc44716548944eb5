"""`goodword stories`. In: feeds and ids. Out: stories imported, listed, approved and archived."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from service.cli import with_app

KINDS = ("curated", "owned", "promotional")
STATUSES = ("draft", "approved", "archived")


@click.group()
def stories() -> None:
    """Import stories from feeds, list, approve and archive them."""


@stories.command("import")
@click.argument("feed")
@click.option("--approve", is_flag=True, help="Approve at once those that have a topic; else all are drafts.")
@click.option("--kind", type=click.Choice(KINDS), default="curated", show_default=True, help="What the stories are.")
@click.option("--language", help="Their language, like en; else the feed's own, else the programme's first.")
@click.option(
    "--create-topics",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Create topics of the categories that N or more posts of the feed carry (1: of all).",
)
@click.option("--map", "mapped", multiple=True, metavar="CATEGORY=TOPIC", help="Read a category as this topic; repeat.")
@click.option("--topic", help="Topic of the posts that are left without any.")
@click.option("--newest", type=click.IntRange(min=1), metavar="N", help="Only the N newest posts.")
@click.option("--evergreen", is_flag=True, help="Good at any time: may fill later digests.")
@click.option("--pictures/--no-pictures", default=None, help="Fetch their pictures (default: for a feed of the web).")
@click.option("--json", "as_json", is_flag=True, help="Write what became of the posts as JSON.")
@with_app
def import_(feed: str, mapped: tuple[str, ...], pictures: bool | None, as_json: bool, **options: Any) -> None:
    """Import the posts of a FEED (RSS or Atom; a web address or a file) that are no stories yet.

    Posts are known by GUID and address: importing again brings only what is new, and your edits stay.

    Exits with 0 if all went well, 1 if some posts could not be taken or the feed cannot be read.
    """
    from service import stories as use
    from service.feeds import NotAFeed
    from service.fetch import NotFetched
    from service.programmes import NoProgramme
    from service.validation import Invalid

    if any(not all(pair.partition("=")[::2]) for pair in mapped):
        raise click.UsageError("--map is written CATEGORY=TOPIC.")
    options["categories"] = dict(pair.split("=", 1) for pair in mapped)
    if pictures is not None:
        options["with_pictures"] = pictures
    try:
        with click.progressbar(length=1, label="Pictures", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:

            def tell(done: int, total: int) -> None:
                bar.length = total
                bar.update(done - bar.pos)

            report = use.import_feed(feed, progress=tell, **options)
    except (NotAFeed, NotFetched, Invalid, NoProgramme) as refusal:
        click.echo(str(refusal), err=True)
        sys.exit(2 if isinstance(refusal, NoProgramme) else 1)
    if as_json:
        click.echo(json.dumps(_as_json(report), indent=2, ensure_ascii=False))
    else:
        _tell(report)
    sys.exit(1 if report.refused else 0)


def _tell(report: Any) -> None:
    click.echo(f"{report.title}: {report.posts} posts")
    click.echo(
        f"Added {report.added} ({report.approved} approved, {report.added - report.approved} drafts), "
        f"already here {report.known}, refused {len(report.refused)}."
    )
    for found in report.refused:
        click.echo(f"  Post {found.number}, {found.field}, “{found.title}”: {found.reason}")
    if report.topics:
        click.echo(f"New topics: {', '.join(report.topics)}.")
    if report.without_topic:
        click.echo(f"Without a topic, so drafts: {report.without_topic}. --topic or --create-topics gives them one.")
    if report.unknown:
        often = ", ".join(f"{name} ({count})" for name, count in report.unknown.most_common(12))
        click.echo(f"Categories that are no topic: {often}{', …' if len(report.unknown) > 12 else ''}")
    if report.pictures or report.pictures_failed:
        click.echo(f"Pictures: {report.pictures}; could not be had: {report.pictures_failed}.")


def _as_json(report: Any) -> dict[str, Any]:
    facts = {
        name: getattr(report, name)
        for name in ("title", "posts", "added", "approved", "known", "without_topic", "topics", "pictures")
    }
    refused = [
        {"post": found.number, "title": found.title, "field": found.field, "reason": str(found.reason)}
        for found in report.refused
    ]
    return {
        **facts,
        "pictures_failed": report.pictures_failed,
        "unknown_categories": dict(report.unknown.most_common()),
        "refused": refused,
    }


@stories.command("list")
@click.option("--status", type=click.Choice(STATUSES), help="Only these.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@with_app
def list_(status: str | None, as_json: bool) -> None:
    """List stories, the newest first: id, status, kind, language, topics, title."""
    import sqlalchemy as sa

    from service import database, topics
    from service.database import db
    from service.models import Story

    database.reading.set(True)
    names = {topic.id: topic.name for topic in topics.all_topics()}
    asked = sa.select(Story).order_by(Story.publish_from.desc(), Story.id.desc())
    if status:
        asked = asked.where(Story.status == status)
    for story in db.session.scalars(asked.execution_options(yield_per=500)):
        tags = [names[id_] for id_ in story.topics if id_ in names]
        if as_json:
            facts = {name: getattr(story, name) for name in ("id", "status", "kind", "language", "title", "url")}
            facts["publish_from"] = story.publish_from.isoformat()
            click.echo(json.dumps({**facts, "topics": tags}, ensure_ascii=False))
        else:
            click.echo(
                f"{story.id:6} {story.status:9} {story.kind:12} {story.language:3} {story.title}  [{', '.join(tags)}]"
            )


@stories.command()
@click.argument("ids", nargs=-1, type=int, required=True)
@with_app
def approve(ids: tuple[int, ...]) -> None:
    """Approve the stories with these IDS, so that editions may choose them. All or none."""
    from service import stories as use

    _act(ids, use.approve, "Approved")


@stories.command()
@click.argument("ids", nargs=-1, type=int, required=True)
@click.option(
    "--links",
    type=click.Choice(("leads", "explains", "ends")),
    help="What their short links do: lead on (the default), explain that it has moved on, or end: it was withdrawn.",
)
@with_app
def archive(ids: tuple[int, ...], links: str | None) -> None:
    """Archive the stories with these IDS: no later edition chooses them.

    Links already posted lead on, unless --links says otherwise; name it again for archived stories to change that.
    """
    from service import stories as use

    _act(ids, lambda *found: use.archive(*found, afterwards=links), "Archived")


@stories.command()
@click.argument("story_id", metavar="ID", type=int)
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@with_app
def qr(story_id: int, file: Path, force: bool) -> None:
    """Write the QR code of the story ID's poster link to FILE: .svg for print, .png, or - for SVG on standard output.

    The link is made at the first call. It belongs to nobody and brings nobody points; its visits are counted apart.

    Exit code 1: there is no such story, or the file is there already.
    """
    from service import posters
    from service import stories as use
    from service.validation import Invalid

    form = "svg" if str(file) == "-" else file.suffix.lower().removeprefix(".")
    if form not in ("svg", "png"):
        raise click.UsageError("FILE ends in .svg or .png, or is -.")
    if str(file) != "-" and file.exists() and not force:
        click.echo(f"{file} is there already; --force writes over it.", err=True)
        sys.exit(1)
    try:
        found = posters.make(*use.find([story_id]))
    except Invalid as refusal:
        click.echo(" ".join(str(words) for words in refusal.errors.values()), err=True)
        sys.exit(1)
    link = posters.link_of(found)
    with click.open_file(str(file), "wb") as out:
        out.write(posters.qr(link, form))
    click.echo(f"{link}: {found.people} people came, {found.others} programs and doubtful visits.", err=True)


def _act(ids: tuple[int, ...], act: Any, word: str) -> None:
    from service import stories as use
    from service.validation import Invalid

    try:
        changed = act(*use.find(ids))
    except Invalid as refusal:
        click.echo(" ".join(str(words) for words in refusal.errors.values()), err=True)
        sys.exit(1)
    click.echo(f"{word}: {changed}." + (f" Already so: {len(set(ids)) - changed}." if changed < len(set(ids)) else ""))
