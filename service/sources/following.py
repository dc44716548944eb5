"""Following. In: a feed's address and how to treat its posts. Out: feeds to poll, checked before they are kept."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from ssrfguard import Policy

from service import clock, feeds, fetch, topics, webpages
from service.database import db
from service.feeds import NotAFeed
from service.locales import language_of
from service.models import Campaign, Feed, FeedItem
from service.models.content import Kind
from service.models.feeds import Decided
from service.sources.pasting import address_of
from service.validation import N_, Check, Invalid, Words, joined, one_line, whole

FIELDS = ("url", "name", "kind", "topics", "language", "campaign_id", "every_hours", "always_accept", "paused")
DEFAULTS: dict[str, Any] = {
    "url": "",
    "name": "",
    "kind": Kind.CURATED,
    "topics": (),
    "language": "",
    "campaign_id": None,
    "every_hours": 6,
    "always_accept": False,
    "paused": False,
}
EVERY = (1, 168)
"""Hours between two polls, from and to."""
SECONDS = 15
ACCEPT = "application/rss+xml, application/atom+xml, application/xml;q=0.9, text/xml;q=0.9, text/html;q=0.5, */*;q=0.1"
_LINK = re.compile(rb"""(?i)<link\b[^>]{0,500}?type\s*=\s*["']?application/(?:rss|atom)\+xml[^>]{0,500}>""")
_HREF = re.compile(rb"""(?i)\bhref\s*=\s*["']?([^"'\s>]+)""")
FAILING = 2
"""Failed polls in a row from which a person is told; once is the network's weather."""


def all_feeds() -> list[Feed]:
    """Return every feed by name."""
    return list(db.session.scalars(sa.select(Feed).order_by(sa.func.lower(Feed.name), Feed.id)))


def failing() -> list[Feed]:
    """Return the feeds that could not be read several times in a row, those that failed longest first."""
    asked = sa.select(Feed).where(Feed.failures >= FAILING, Feed.paused.is_(False)).order_by(Feed.failures.desc())
    return list(db.session.scalars(asked))


def waiting() -> dict[int, int]:
    """Return feed id → posts that wait for a decision."""
    asked = sa.select(FeedItem.feed_id, sa.func.count()).where(FeedItem.state == Decided.WAITING)
    return {id_ or 0: n for id_, n in db.session.execute(asked.group_by(FeedItem.feed_id))}


def follow(policy: Policy | None = None, **fields: Any) -> Feed:
    """Begin to follow a feed, after reading it once. Commits. Raises Invalid.

    The address may be the site's: its page then says where its feed is. Its posts come with the first poll.
    """
    values = checked({**DEFAULTS, **fields}, None)
    db.session.commit()  # nothing is held while the network answers
    try:
        values["url"], title = found_at(values["url"], policy)
    except (fetch.NotFetched, NotAFeed) as refusal:
        raise Invalid({"url": refusal.words}) from refusal
    _taken(values["url"], None)
    feed = Feed(**{**values, "name": values["name"] or feeds.cut(title, 80) or values["url"][:80]})
    feed.next_at = clock.now()
    db.session.add(feed)
    db.session.commit()
    return feed


def change(feed: Feed, **fields: Any) -> Feed:
    """Change some FIELDS; another address begins anew. Commits. Raises Invalid and changes nothing then."""
    values = checked({**{name: getattr(feed, name) for name in FIELDS}, **fields}, feed)
    if values["url"] != feed.url or (feed.paused and not values["paused"]):
        feed.next_at, feed.failures, feed.etag, feed.modified = clock.now(), 0, None, None
    if values["every_hours"] != feed.every_hours and not feed.failures:
        feed.next_at = min(feed.next_at, clock.now() + timedelta(hours=values["every_hours"]))
    for name, value in values.items():
        if getattr(feed, name) != value:
            setattr(feed, name, value)
    feed.name = feed.name or feed.url[:80]
    db.session.commit()
    return feed


def remove(feed: Feed) -> None:
    """Stop following a feed: what waits from it goes, stories stay, what was declined stays declined. Commits."""
    gone = sa.and_(FeedItem.feed_id == feed.id, FeedItem.state == Decided.WAITING)
    db.session.execute(sa.delete(FeedItem).where(gone))
    db.session.execute(sa.update(FeedItem).where(FeedItem.feed_id == feed.id).values(feed_id=None))
    db.session.delete(feed)
    db.session.commit()


def found_at(url: str, policy: Policy | None = None) -> tuple[str, str]:
    """Return (address, title) of the feed at this address, or of the one that the page there names.

    Raises fetch.NotFetched and feeds.NotAFeed. Touches no database.
    """
    policy = policy or fetch.PUBLIC
    came = fetch.fetch(url, feeds.LARGEST, SECONDS, ACCEPT, policy)
    try:
        return url, feeds.parse(came.body, came.url).title
    except NotAFeed:
        link = _LINK.search(came.body[: webpages.LARGEST])
        href = _HREF.search(link[0]) if link and came.kind in webpages.KINDS else None
        if href is None:
            raise
    there = joined(came.url, href[1].decode("utf-8", "replace").replace("&amp;", "&"))
    came = fetch.fetch(there, feeds.LARGEST, SECONDS, ACCEPT, policy)
    return there, feeds.parse(came.body, came.url).title


def checked(values: dict[str, Any], of: Feed | None) -> dict[str, Any]:
    """Return clean column values of a feed from FIELDS. Raises Invalid with every field that cannot stand."""
    check = Check()
    url = address_of(str(values["url"] or ""))
    if not url or len(url) > 2000:
        check.refuse("url", N_("Write the whole address, like https://example.com/feed.xml."))
    else:
        try:
            _taken(url, of)
        except Invalid as refusal:
            check.errors.update(refusal.errors)
    if values["kind"] not in set(Kind):
        check.refuse("kind", N_("Choose curated, owned or promotional."))
    language = language_of(str(values["language"])) if values["language"] else None
    if values["language"] and language is None:
        check.refuse("language", N_("We know no language %(language)s."), language=values["language"])
    ids = list(values["topics"])
    known = topics.ids_in(ids) if ids else []
    if len(known) < len(set(ids)):
        check.refuse("topics", N_("One of these topics is no longer here; choose again."))
    every = whole(values["every_hours"], EVERY[1])
    if every is None or every < EVERY[0]:
        check.refuse(
            "every_hours", N_("Write a number of hours from %(least)d to %(most)d."), least=EVERY[0], most=EVERY[1]
        )
    campaign = values["campaign_id"] or None
    if campaign is not None and db.session.get(Campaign, int(campaign)) is None:
        check.refuse("campaign_id", N_("This is no longer here; choose again."))
    name = one_line(str(values["name"] or ""))
    if len(name) > 80:
        check.refuse(
            "name", N_("Keep it to %(longest)d characters; this has %(length)d."), longest=80, length=len(name)
        )
    check.done()
    return {
        "url": url,
        "name": name,
        "kind": str(values["kind"]),
        "topics": known,
        "language": language,
        "campaign_id": int(campaign) if campaign is not None else None,
        "every_hours": every,
        "always_accept": bool(values["always_accept"]),
        "paused": bool(values["paused"]),
    }


def _taken(url: str, of: Feed | None) -> None:
    there = db.session.scalar(sa.select(Feed.id).where(Feed.url == url))
    if there is not None and there != (of.id if of else None):
        raise Invalid({"url": Words(N_("You follow this feed already."))})
