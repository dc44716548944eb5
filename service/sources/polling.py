"""Polling. In: feeds that are due. Out: new posts as proposals, or as stories where that is wanted; the next time."""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from ssrfguard import Policy

from scoring.alike import address_key
from service import clock, feeds, fetch, pictures, programmes, stories, topics
from service.bulk import insert_or_ignore
from service.database import db
from service.feeds import NotAFeed, Post, cut
from service.journal import log
from service.models import Feed, FeedItem, Story
from service.models.feeds import Decided
from service.pictures import Encoded
from service.sources import following, review
from service.sources.pasting import NARROWEST, proposed
from service.validation import N_, Invalid, Words, key_of

FIRST = 20
"""Posts that a feed's first poll proposes, the newest; the others are old."""
MOST = 50
"""Posts that any later poll proposes."""
RETRY = timedelta(minutes=15)
"""After a first failure; each further one doubles it, up to the feed's own rhythm or a day."""
CLAIM = timedelta(minutes=15)
"""For so long a feed belongs to the worker that polls it, should that worker die."""
_GIVE_UP_AFTER = 3
"""Failed pictures of one poll after which the others are left out."""
NOTHING = N_("Nothing new since the last time.")
NEW = N_("New posts: %(new)d.")
ACCEPTED = N_("New posts: %(new)d, accepted by themselves: %(accepted)d.")
BROKEN = N_("It broke in a way that nobody foresaw; the log says more.")


def poll_due(policy: Policy | None = None) -> int:
    """Poll every feed that is due, each in transactions of its own; return how many. One's failure is its own.

    Safe to run at any moment and by several at once: each feed is claimed before it is asked.
    """
    now = clock.now()
    due = list(db.session.scalars(sa.select(Feed.id).where(Feed.paused.is_(False), Feed.next_at <= now)))
    db.session.commit()
    polled = 0
    for number in due:
        claim = sa.update(Feed).where(Feed.id == number, Feed.next_at <= now, Feed.paused.is_(False))
        mine = db.session.execute(claim.values(next_at=now + CLAIM)).rowcount  # type: ignore[attr-defined]
        db.session.commit()
        feed = db.session.get(Feed, number) if mine else None
        if feed is not None:
            poll(feed, policy)
            polled += 1
    return polled


def poll(feed: Feed, policy: Policy | None = None) -> bool:
    """Ask this feed now and note what came of it; return whether it could be read. Commits."""
    number, url = feed.id, feed.url
    since = {"If-None-Match": feed.etag, "If-Modified-Since": feed.modified}
    conditions = {name: value for name, value in since.items() if value}
    db.session.commit()  # nothing is held while the network answers
    try:
        came = fetch.fetch(url, feeds.LARGEST, 30, following.ACCEPT, policy or fetch.PUBLIC, conditions)
        new, accepted = (0, 0) if came.unchanged else _take(number, came, policy or fetch.PUBLIC)
        words = _brought(new, accepted)
    except (fetch.NotFetched, NotAFeed) as refusal:
        db.session.rollback()
        return _note(number, refusal.words, failed=True)
    except Exception as problem:  # noqa: BLE001 - whatever one feed holds, the others are polled
        db.session.rollback()
        log.exception("feed not read", feed=number, error=type(problem).__name__)
        return _note(number, Words(BROKEN), failed=True)
    return _note(number, words, came)


def bring(feed: Feed, body: bytes) -> int:
    """Take a feed's posts from bytes that are here already, as a poll would; return how many are new. Commits.

    Nothing is fetched: posts come without pictures. Raises NotAFeed.
    """
    number = feed.id
    new, accepted = _take(number, fetch.Fetched(body, feed.url, "application/rss+xml"), None)
    _note(number, _brought(new, accepted), fetch.Fetched(body, feed.url, ""))
    return new


def next_time(now: datetime, every_hours: int, failures: int, chance: float) -> datetime:
    """Return when to ask next; `chance` from 0.0 to 1.0 spreads feeds out, by a tenth of the time either way.

    After n failures in a row: RETRY doubled n - 1 times, at most a day or the feed's own rhythm, whichever is longer.
    """
    wait = timedelta(hours=every_hours)
    if failures:
        wait = min(RETRY * 2 ** min(failures - 1, 12), max(wait, timedelta(days=1)))
    return now + wait * (0.9 + 0.2 * chance)


def _brought(new: int, accepted: int) -> Words:
    if not new:
        return Words(NOTHING)
    return Words(ACCEPTED, {"new": new, "accepted": accepted}) if accepted else Words(NEW, {"new": new})


def _note(number: int, words: Words, came: fetch.Fetched | None = None, failed: bool = False) -> bool:
    feed = db.session.get(Feed, number)
    if feed is not None:  # somebody may have removed it meanwhile
        feed.polled_at = clock.now()
        feed.failures = feed.failures + 1 if failed else 0
        feed.outcome, feed.outcome_values = words.message, {name: _plain(v) for name, v in words.values.items()}
        if came is not None and not came.unchanged:
            feed.etag, feed.modified = came.etag or None, came.modified or None
        feed.next_at = next_time(feed.polled_at, feed.every_hours, feed.failures, secrets.randbelow(1001) / 1000)
    db.session.commit()
    return not failed


def _plain(value: object) -> object:
    return value if isinstance(value, int | float | str) else str(value)


def _take(number: int, came: fetch.Fetched, policy: Policy | None) -> tuple[int, int]:
    """Keep the posts that are not known yet; return how many wait or were accepted, and how many were accepted.

    `policy`: what pictures may be fetched by; None: none are.
    """
    read = feeds.parse(came.body, came.url)
    posts = sorted(read.posts, key=lambda p: (p.published is None, p.published and -p.published.timestamp()))
    posts = [replace(post, guid=post.guid[:1000]) for post in posts if stories.normal_url(post.url)]
    known, of_story = _known(posts)
    new = [post for post in posts if not known & {post.guid, address_key(post.url)}]
    feed = db.session.get_one(Feed, number)
    begun = feed.polled_at is not None
    fresh = [post for post in new if not of_story.get(address_key(post.url))][: MOST if begun else FIRST]
    wanted = {post.number for post in fresh}
    fallback, always = list(feed.topics), feed.always_accept
    spoken = feed.language or read.language or programmes.current().languages[0]
    named = topics.lookup()
    db.session.commit()  # nothing is held while pictures are fetched
    jpegs = _pictures(fresh, policy) if policy else {}
    items = []
    for post in new:
        exact = [named[key] for name in post.categories if (key := key_of(name)) in named]
        ids = exact or (fallback if always else proposed(post.title, post.summary, post.categories) or fallback)
        state = Decided.WAITING if post.number in wanted else Decided.PASSED
        row = _row(post, number, spoken, list(dict.fromkeys(ids)) if state == Decided.WAITING else [], state)
        if state == Decided.WAITING and (jpeg := jpegs.get(post.number)):
            row |= {"picture_hash": pictures.keep(jpeg), "picture_alt": cut(post.alt, stories.LONGEST_ALT)}
        row["story_id"] = of_story.get(row["address_key"])
        # A post that two workers found, or that stands twice in the feed, is kept once.
        db.session.execute(insert_or_ignore(FeedItem).values(**row))
        if state == Decided.WAITING:
            items.append(post.guid)
    db.session.commit()
    if not always or not items:
        return len(items), 0
    asked = sa.select(FeedItem).where(FeedItem.guid.in_(items), FeedItem.state == Decided.WAITING)
    done = review.accept(list(db.session.scalars(asked.order_by(FeedItem.id))))
    return len(items), len(done.stories)


def _known(posts: list[Post]) -> tuple[set[str], dict[str, int]]:
    """Return guids and keys of addresses that feeds brought before, and key of an address → story that has it."""
    guids, keys = [post.guid for post in posts], [address_key(post.url) for post in posts]
    known: set[str] = set()
    of_story: dict[str, int] = {}
    for at in range(0, len(posts), 400):
        some, same = guids[at : at + 400], keys[at : at + 400]
        rows = sa.select(FeedItem.guid, FeedItem.address_key)
        rows = rows.where(sa.or_(FeedItem.guid.in_(some), FeedItem.address_key.in_(same)))
        known |= {value for row in db.session.execute(rows) for value in row if value}
        for id_, guid, key, own in db.session.execute(
            sa.select(Story.id, Story.guid, Story.address_key, Story.canonical_key).where(
                sa.or_(Story.guid.in_(some), Story.address_key.in_(same), Story.canonical_key.in_(same))
            )
        ):
            for value in (guid, key, own):
                if value:
                    of_story.setdefault(value, id_)
    for post in posts:  # a story that an import made is known by the post's GUID
        if post.guid in of_story:
            of_story.setdefault(address_key(post.url), of_story[post.guid])
    return known, of_story


def _row(post: Post, feed: int, language: str, ids: list[int], state: str) -> dict[str, Any]:
    return {
        "feed_id": feed,
        "guid": post.guid,
        "address_key": address_key(post.url),
        "state": state,
        "title": cut(post.title, stories.LONGEST_TITLE),
        "summary": cut(post.summary, stories.LONGEST_SUMMARY),
        "url": stories.normal_url(post.url)[:2000],
        "language": language,
        "topics": ids,
        "published": post.published,
        "picture_alt": "",
        "found_at": clock.now(),
    }


def _pictures(posts: list[Post], policy: Policy) -> dict[int, Encoded]:
    """Fetch the posts' pictures; return number of the post → picture. A failure costs the picture, not the post."""
    came: dict[int, Encoded] = {}
    failures: Counter[str] = Counter()
    for post in posts:
        host = urlsplit(post.picture or "").netloc
        if not post.picture or failures[host] >= _GIVE_UP_AFTER:
            continue
        try:
            encoded = pictures.fetched(post.picture, policy, 10)
        except Invalid:
            failures[host] += 1
            continue
        if encoded[1] >= NARROWEST:
            came[post.number] = encoded
    return came
