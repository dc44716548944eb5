"""Feeds. In: the bytes of RSS or Atom. Out: its posts as plain, clean text, each with what a story needs."""

from __future__ import annotations

import calendar
import html
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import feedparser
import nh3

from service.locales import language_of
from service.validation import N_, Words, joined, one_line

LARGEST = 10 * 1024 * 1024
"""Bytes of a feed."""
_ENDS_A_LINE = re.compile(r"(?i)<(?:br|/p|/div|/li|/h[1-6]|/tr|/td|/blockquote|hr)\b[^>]*>")


class NotAFeed(ValueError):
    """There is no RSS or Atom in it; `words` says what to do."""

    def __init__(self, message: str, **values: object) -> None:
        self.words = Words(message, values)
        super().__init__(str(self.words))


@dataclass(frozen=True, slots=True)
class Post:
    """One entry, clean: no mark-up, one line each. `guid` tells it apart from every other post of any feed."""

    number: int
    """Its place in the feed, from 1."""
    guid: str
    url: str
    title: str
    summary: str
    categories: tuple[str, ...]
    published: datetime | None
    picture: str | None
    """Address of its picture."""
    alt: str


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed, read. `language` is a code, or None where it says none we know."""

    title: str
    language: str | None
    posts: tuple[Post, ...]


def parse(data: bytes, base: str = "") -> Feed:
    """Return the feed in these bytes (RSS 0.9 to 2.0, Atom 1.0). Relative links are read against its own or `base`.

    Nothing is fetched, entities of a DOCTYPE are not expanded. Raises NotAFeed.
    """
    # Bytes in a stream: feedparser would fetch what looks like an address.
    found = feedparser.parse(io.BytesIO(data), response_headers={"content-location": base} if base else None)
    if not found.get("version"):
        raise NotAFeed(N_("This is neither RSS nor Atom. Look for the feed's own address, often /feed or /rss.xml."))
    home = joined(base, found.feed.get("link", ""))
    posts = tuple(_post(number, entry, home) for number, entry in enumerate(found.entries, 1))
    language = language_of(str(found.feed.get("language") or ""))
    return Feed(plain(found.feed.get("title", "")), language, posts)


def plain(markup: str) -> str:
    """Return the text of HTML on one line: no tags, no scripts, entities as the signs they mean."""
    text = nh3.clean(_ENDS_A_LINE.sub(r" \g<0>", markup), tags=set())
    return one_line(html.unescape(text))


def cut(text: str, longest: int) -> str:
    """Return the text, cut between words with an ellipsis where it is longer than `longest` characters."""
    if len(text) <= longest:
        return text
    short = text[: longest - 1]
    if " " in short[longest // 2 :]:
        short = short.rpartition(" ")[0]
    return short.rstrip(" ,.;:-–") + "…"


def _post(number: int, entry: Any, home: str) -> Post:
    link = one_line(entry.get("feedburner_origlink") or entry.get("link") or "")
    url = joined(home, link) if link else ""
    content = next((c.get("value", "") for c in entry.get("content", ())), "")
    summary = plain(entry.get("summary", "")) or plain(content)
    title = plain(entry.get("title", "")) or cut(summary, 80)
    categories = dict.fromkeys(plain(tag.get("label") or tag.get("term") or "") for tag in entry.get("tags", ()))
    picture, alt = _picture(entry, entry.get("summary", "") + content)
    return Post(
        number=number,
        guid=_guid(one_line(entry.get("id") or ""), url, home),
        url=url,
        title=title,
        summary=summary,
        categories=tuple(name for name in categories if name),
        published=_moment(entry.get("published_parsed") or entry.get("updated_parsed")),
        picture=(joined(url, picture) or None) if picture else None,
        alt=plain(alt) or title,
    )


def _guid(given: str, url: str, home: str) -> str:
    """Return a GUID that is the post's alone: "17" of one feed is not "17" of another."""
    if not given:
        return url
    return given if urlsplit(joined("", given)).scheme else f"{urlsplit(home).netloc}#{given}"


def _moment(parsed: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC) if parsed else None
    except (ValueError, OverflowError, OSError):
        return None


def _picture(entry: Any, markup: str) -> tuple[str | None, str]:
    """Return address and words of the post's picture: Media RSS, an enclosure, or the first one in its text."""
    media = [m for m in entry.get("media_content", ()) if _is_picture(m.get("type", ""), m.get("medium", ""))]
    enclosed = [e for e in entry.get("enclosures", ()) if _is_picture(e.get("type", ""), "")]
    # feedparser files a media:description under content, as plain text.
    said = [c.get("value", "") for c in entry.get("content", ()) if c.get("type") == "text/plain"]
    words = next(iter(said), "") if media and entry.get("summary") else ""
    for found in _addresses([*media, *enclosed, *entry.get("media_thumbnail", ())]):
        return found, str(words)
    looked = _FirstImage()
    looked.feed(markup)
    return looked.address, looked.alt


def _is_picture(kind: str, medium: str) -> bool:
    return kind.startswith("image/") or medium == "image"


def _addresses(candidates: Iterable[Any]) -> Iterable[str]:
    for candidate in candidates:
        address = candidate.get("url") or candidate.get("href")
        if address:
            yield str(address)


class _FirstImage(HTMLParser):
    """Finds the first picture of a text that is no tracking pixel."""

    def __init__(self) -> None:
        super().__init__()
        self.address: str | None = None
        self.alt = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "img" and self.address is None and found.get("src") and found.get("width") not in ("0", "1"):
            self.address, self.alt = found["src"], found.get("alt") or ""
