"""Pasting. In: the address of a page. Out: what a story of it would say, filled in; or why the page cannot be read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from ssrfguard import Policy

from scoring import proposals
from scoring.alike import address_key
from service import clock, feeds, fetch, pictures, programmes, stories, topics, webpages
from service.database import db
from service.models import Story
from service.models.content import Kind, StoryStatus
from service.validation import N_, Invalid, Words

SECONDS = 10
"""For the page, and once more for each picture that is tried."""
PICTURES = 2
"""Pictures that are tried: the one meant for previews, and the next."""
NARROWEST = 200
"""Pixels; a narrower picture is a sign, not the story's picture."""
LEARNT_FROM = 500
"""Stories whose topics teach which topics a new one may have."""


class NotRead(Exception):
    """The page gives nothing to fill in; `words` says why. The story can always be written by hand."""

    def __init__(self, words: Words) -> None:
        self.words = words
        super().__init__(str(words))


@dataclass(frozen=True, slots=True)
class Found:
    """What a page gave: `values` by names of stories.FIELDS, only what was found, and the page's own words for it."""

    values: dict[str, Any]
    published: datetime | None
    keywords: tuple[str, ...]
    picture: Words | None = None
    """Why its picture could not be had, where it has one."""
    missing: tuple[str, ...] = field(default=())
    """Of title, summary and picture: what the page does not say."""


def address_of(text: str) -> str:
    """Return the http(s) address that somebody typed or pasted, with https:// where she left it out; "" for none."""
    typed = text.strip()
    if typed and "://" not in typed and "." in typed.partition("/")[0]:
        typed = f"https://{typed}"
    return stories.normal_url(typed)


def read(address: str, policy: Policy | None = None) -> Found:
    """Fetch the page at this address and its picture, and return what a story of it would say. Raises NotRead.

    Holds no transaction while it waits for the network. The picture is kept at once and commits.
    """
    url = address_of(address)
    if not url:
        raise NotRead(Words(N_("This is no address of a web page. Write it whole, like https://example.com/story.")))
    policy = policy or fetch.PUBLIC
    db.session.commit()  # nothing is held while the network answers
    page = _page(url, policy)
    encoded, why = _picture(page, policy)
    values: dict[str, Any] = {
        "url": page.url,
        "source": page.site,
        "canonical_key": address_key(page.canonical) or None,
    }
    for name, text, longest in (
        ("title", page.title, stories.LONGEST_TITLE),
        ("summary", page.summary, stories.LONGEST_SUMMARY),
        ("picture_alt", page.alt if encoded else "", stories.LONGEST_ALT),
    ):
        if text:
            values[name] = feeds.cut(text, longest)
    values["language"] = page.language or programmes.current().languages[0]
    values["kind"] = kind_of(page.url)
    if page.published and page.published <= clock.now():
        values["publish_from"] = page.published
    values["topics"] = proposed(page.title, page.summary, page.keywords)
    if encoded:
        values["picture_hash"] = pictures.keep(encoded)
        db.session.commit()
    missing = tuple(name for name in ("title", "summary") if not values.get(name))
    return Found(values, page.published, page.keywords, why, missing + (() if encoded else ("picture",)))


def proposed(title: str, summary: str, keywords: tuple[str, ...] = ()) -> list[int]:
    """Return ids of topics that a story with these words may be about, the best first (scoring.proposals)."""
    named = {topic.id: (topic.name, *topic.names.values()) for topic in topics.all_topics()}
    asked = (
        sa.select(Story.title, Story.summary, Story.topics)
        .where(Story.status == StoryStatus.APPROVED)
        .order_by(Story.id.desc())
        .limit(LEARNT_FROM)
    )
    known = [(proposals.Text(head, text), ids) for head, text, ids in db.session.execute(asked)]
    return proposals.propose(proposals.Text(title, summary, keywords), named, known)


def kind_of(url: str) -> str:
    """Return the kind that a story of this address probably has: that of most stories of its host, else our own site's.

    A host below the sender's domain is our own; everything else is curated.
    """
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    like = host.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    asked = sa.select(Story.kind).where(Story.address_key.like(f"{like}/%", escape="\\")).order_by(Story.id.desc())
    kinds = Counter(db.session.scalars(asked.limit(20)))
    if kinds:
        return str(kinds.most_common(1)[0][0])
    ours = programmes.current().sender.rpartition("@")[2].strip("> ").lower()
    return Kind.OWNED if ours and (host == ours or host.endswith(f".{ours}")) else Kind.CURATED


def _page(url: str, policy: Policy) -> webpages.Page:
    accept = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.1"
    try:
        came = fetch.fetch(url, webpages.LARGEST, SECONDS, accept, policy)
    except fetch.NotFetched as refusal:
        raise NotRead(refusal.words) from refusal
    if came.kind not in webpages.KINDS and not (not came.kind and b"<html" in came.body[:1000].lower()):
        message = N_("What is at this address is no web page but of the type %(kind)s.")
        raise NotRead(Words(message, {"kind": came.kind or "?"}))
    page = webpages.parse(came.body, came.url, came.charset, came.language)
    if not page.title and not page.summary:
        raise NotRead(Words(N_("The page says nothing of itself: it is perhaps made by a script in the browser.")))
    return page


def _picture(page: webpages.Page, policy: Policy) -> tuple[pictures.Encoded | None, Words | None]:
    why = None
    for address in page.pictures[:PICTURES]:
        try:
            encoded = pictures.fetched(address, policy, SECONDS)
        except Invalid as refusal:
            why = why or next(iter(refusal.errors.values()))
            continue
        if encoded[1] >= NARROWEST:
            return encoded, None
        why = why or Words(N_("It is too small to be shown."))
    return None, why
