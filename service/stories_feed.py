"""Stories from feeds. In: a file or address of RSS or Atom. Out: new drafts or approved stories; known ones stay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa

from service import clock, feeds, fetch, pictures, programmes, stories, topics
from service.database import db
from service.feeds import Feed, NotAFeed, Post, cut
from service.journal import log
from service.locales import language_of
from service.models import Story
from service.models.content import Kind, StoryStatus
from service.pictures import Encoded
from service.validation import N_, Invalid, Words, key_of

_GIVE_UP_AFTER = 3
"""Failed pictures of one host after which the rest of its pictures is not tried."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A post that cannot become a story: its number in the feed, the field, the reason."""

    number: int
    title: str
    field: str
    reason: Words


@dataclass(slots=True)
class Report:
    """What became of a feed's posts."""

    title: str
    posts: int = 0
    added: int = 0
    approved: int = 0
    known: int = 0
    """Posts whose GUID or address is a story already; the liaison's edits stand."""
    refused: list[Refusal] = field(default_factory=list)
    without_topic: int = 0
    """Added without any topic: they stay drafts."""
    topics: list[str] = field(default_factory=list)
    """Names of topics that were created."""
    unknown: Counter[str] = field(default_factory=Counter)
    """Categories that are no topic, with how many new posts carry each."""
    pictures: int = 0
    pictures_failed: int = 0


def import_feed(source: str, **options: Any) -> Report:
    """Import a feed from a public address, or from a file (a path is for the command line only, never a form).

    Options: see import_bytes. Raises feeds.NotAFeed, fetch.NotFetched, Invalid, programmes.NoProgramme.
    """
    if urlsplit(source).scheme in ("http", "https"):
        accept = "application/rss+xml, application/atom+xml, application/xml;q=0.9, */*;q=0.5"
        policy = options.get("policy", fetch.PUBLIC)
        found = fetch.fetch(source, feeds.LARGEST, 30, accept, policy)
        options.setdefault("with_pictures", True)
        return import_bytes(found.body, source, base=found.url, **options)
    path = Path(source)
    try:
        if path.stat().st_size > feeds.LARGEST:
            raise NotAFeed(N_("The file is larger than %(most)d MB."), most=feeds.LARGEST // 1024 // 1024)
        return import_bytes(path.read_bytes(), path.name, **options)
    except OSError as failure:
        raise NotAFeed(N_("The file cannot be read: %(why)s."), why=failure.strerror) from failure


def import_bytes(
    data: bytes,
    origin: str,
    *,
    base: str = "",
    approve: bool = False,
    kind: str = Kind.CURATED,
    language: str | None = None,
    create_topics: int = 0,
    categories: Mapping[str, str] | None = None,
    topic: str | None = None,
    newest: int | None = None,
    with_pictures: bool = False,
    evergreen: bool = False,
    policy: Any = fetch.PUBLIC,
    progress: Progress | None = None,
) -> Report:
    """Import the posts of a feed that are no stories yet, in one transaction.

    A post's categories become its topics where topics of these names exist. `create_topics`: make topics of the
    categories that at least so many posts carry (0: of none). `categories`: category → topic's name, which is then
    created. `topic`: for posts left without any. `newest`: only so many. `approve`: those with a topic are approved.
    """
    feed = feeds.parse(data, base)
    spoken = _language(language, feed)
    report = Report(feed.title or origin, posts=len(feed.posts))
    posts = sorted(feed.posts, key=lambda p: (p.published is None, p.published and -p.published.timestamp()))[:newest]
    known = _known()
    new = [post for post in posts if not known & _names(post)]
    report.known = len(posts) - len(new)
    db.session.commit()  # nothing is held while pictures are fetched
    jpegs = _pictures(new, report, policy, progress) if with_pictures else {}
    wanted = _topics(feed, new, create_topics, categories or {}, topic, report)
    for post in new:
        if known & _names(post):
            report.known += 1  # one post twice in one feed
            continue
        if not stories.normal_url(post.url):
            why = Words(N_("The post names no address that could be shared."))
            report.refused.append(Refusal(post.number, cut(post.title, 80), "url", why))
            continue
        ids = [wanted[key] for name in post.categories if (key := key_of(name)) in wanted]
        report.unknown.update(name for name in post.categories if key_of(name) not in wanted)
        if not ids and topic:
            ids = [wanted[key_of(topic)]]
        try:
            story = stories.add(**_fields(post, kind, spoken, ids, evergreen))
        except Invalid as refusal:
            name, words = next(iter(refusal.errors.items()))
            report.refused.append(Refusal(post.number, cut(post.title, 80), name, words))
            continue
        known |= {post.guid, story.url}
        story.guid, story.feed = post.guid, origin
        if post.picture in jpegs:
            story.picture_hash = pictures.keep(jpegs[post.picture])
            story.picture_alt = cut(post.alt, stories.LONGEST_ALT)
            report.pictures += 1
        report.added += 1
        report.without_topic += not ids
        if approve and ids:
            story.status, story.approved_at = StoryStatus.APPROVED, clock.now()
            report.approved += 1
    db.session.commit()
    log.info("feed imported", posts=report.posts, added=report.added, known=report.known, refused=len(report.refused))
    return report


def _language(given: str | None, feed: Feed) -> str:
    if given:
        code = language_of(given)
        if code is None:
            raise Invalid({"language": Words(N_("We know no language %(language)s."), {"language": given})})
        return code
    return feed.language or programmes.current().languages[0]


def _known() -> set[str]:
    rows = db.session.execute(sa.select(Story.guid, Story.url))
    return {value for row in rows for value in row if value}


def _names(post: Post) -> set[str]:
    """Return what a post is known by."""
    return {post.guid, stories.normal_url(post.url)} - {""}


def _fields(post: Post, kind: str, language: str, ids: Collection[int], evergreen: bool) -> dict[str, Any]:
    return {
        "kind": kind,
        "title": cut(post.title, stories.LONGEST_TITLE),
        "summary": cut(post.summary, stories.LONGEST_SUMMARY),
        "url": post.url,
        "language": language,
        "topics": list(dict.fromkeys(ids)),
        "publish_from": post.published,
        "evergreen": evergreen,
    }


def _topics(
    feed: Feed,
    new: Iterable[Post],
    create: int,
    categories: Mapping[str, str],
    topic: str | None,
    report: Report,
) -> dict[str, int]:
    """Return key_of(category) → topic id, creating (no commit) the topics that were asked for."""
    before = {found.id for found in topics.all_topics()}
    carried = Counter(name for post in feed.posts for name in post.categories)
    asked = [name for name, posts in carried.most_common() if create and posts >= create]
    mapped = {key_of(category): name for category, name in categories.items()}
    names = [name for name in asked if key_of(name) not in mapped]
    ids = topics.add_missing([*mapped.values(), *([topic] if topic else []), *names] if list(new) else [])
    found = {**ids, **{key: ids[key_of(name)] for key, name in mapped.items() if key_of(name) in ids}}
    report.topics = [made.name for made in topics.all_topics() if made.id not in before]
    return found


def _pictures(new: list[Post], report: Report, policy: Any, progress: Progress | None) -> dict[str | None, Encoded]:
    """Fetch the posts' pictures; return those that came by address. A failure costs the picture, not the post."""
    came: dict[str | None, Encoded] = {}
    failures: Counter[str] = Counter()
    wanted = [post.picture for post in new if post.picture]
    for done, address in enumerate(wanted, 1):
        host = urlsplit(address).netloc
        if address not in came and failures[host] < _GIVE_UP_AFTER:
            try:
                came[address] = pictures.fetched(address, policy)
            except Invalid:
                failures[host] += 1
        if progress:
            progress(done, len(wanted))
    report.pictures_failed = sum(address not in came for address in wanted)
    return came
