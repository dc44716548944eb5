"""Web pages. In: the bytes of an HTML page. Out: what it says of itself: title, summary, pictures, language, dates."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

from scoring.alike import clean_address
from service.feeds import cut, plain
from service.locales import language_of
from service.validation import joined, one_line

LARGEST = 2 * 1024 * 1024
"""Bytes of a page."""
KINDS = ("text/html", "application/xhtml+xml")
_ARTICLES = re.compile(r"(?i)article|posting|report|webpage|howto|recipe|event|product|video|podcast")
_CHARSET = re.compile(rb"""(?i)<(?:meta|\?xml)\b[^>]{0,200}?(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]{1,40})""")
_MOST = 60
"""Paragraphs, pictures and keywords that are looked at."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a page says of itself, clean: no mark-up, one line each; "" or None where it says nothing."""

    url: str
    """Its own address (canonical where that can be believed), without tracking parameters."""
    canonical: str
    """The address that it names as its own, wherever that is; "" for none."""
    title: str
    summary: str
    site: str
    language: str | None
    pictures: tuple[str, ...]
    """Absolute addresses, the one meant for previews first."""
    alt: str
    published: datetime | None
    keywords: tuple[str, ...]


def parse(body: bytes, url: str, charset: str = "", language: str = "") -> Page:
    """Return what the page at this address says of itself; `charset` and `language` are what the server named.

    Sources, the best first: Open Graph (ogp.me), X's cards, schema.org as JSON-LD, HTML's own elements. Nothing is
    fetched and no script is run.
    """
    heard = _Listener()
    # Never closed: whatever a page leaves open would then be read again from each of its signs on, for hours. And
    # the standard library's parser asserts where a page's declaration is none; what it said before stands.
    with suppress(AssertionError):
        heard.feed(decoded(body, charset))
    meta, things = heard.meta, list(_things(heard.scripts))
    base = joined(url, heard.base) or url
    site = _first(meta, "og:site_name", "application-name") or _name(things, "publisher")
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    title = _first(meta, "og:title", "twitter:title") or _said(things, "headline") or _said(things, "name")
    title = _without_site(plain(title or heard.title or heard.heading), site or "", host)
    summary = _first(meta, "og:description", "twitter:description", "description") or _said(things, "description")
    named = _first(meta, "og:url") if not heard.canonical else heard.canonical
    canonical = _http(joined(base, named)) if named else ""
    pictures = [*meta.get("og:image:secure_url", ()), *meta.get("og:image", ()), *meta.get("og:image:url", ())]
    pictures += [*meta.get("twitter:image", ()), *meta.get("twitter:image:src", ()), *_images(things)]
    pictures += [*heard.image_links, *(address for address, _alt in heard.images)]
    found = tuple(dict.fromkeys(address for each in pictures if (address := _http(joined(base, each.strip())))))
    alts = {joined(base, address): alt for address, alt in heard.images}
    alt = _first(meta, "og:image:alt", "twitter:image:alt") or (alts.get(found[0], "") if found else "")
    return Page(
        url=_own(canonical, url),
        canonical=clean_address(canonical) if canonical else "",
        title=title,
        summary=plain(summary or next((p for p in heard.paragraphs if len(p) >= 60), "")),
        site=cut(plain(site or host), 80),
        language=_language(heard.language, _first(meta, "og:locale"), _said(things, "inLanguage"), language),
        pictures=found[:_MOST],
        alt=plain(alt or ""),
        published=_published(meta, things, heard.times),
        keywords=_keywords(meta, things, heard.tags),
    )


def decoded(body: bytes, charset: str = "") -> str:
    """Return the text of a page: by byte order mark, the server's word, the page's own, UTF-8, at last Windows-1252.

    That is the order of the HTML standard (html.spec.whatwg.org, "determining the character encoding").
    """
    for mark, name in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16")):
        if body.startswith(mark):
            return body.decode(name, "replace").lstrip("\ufeff")
    own = _CHARSET.search(body[:4096])
    for name in (charset, own[1].decode("ascii") if own else "", "utf-8"):
        if name.lower() in ("iso-8859-1", "latin-1", "latin1", "us-ascii", "ascii"):
            name = "cp1252"
        try:
            if name:
                return body.decode(name)
        except (LookupError, UnicodeDecodeError):  # no such encoding, or the page is wrong about itself
            continue
    return body.decode("cp1252", "replace")


class _Listener(HTMLParser):
    """Notes what a page says of itself on the way through."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.meta: dict[str, list[str]] = {}
        self.language = self.canonical = self.base = self.title = self.heading = ""
        self.image_links: list[str] = []
        self.images: list[tuple[str, str]] = []
        self.paragraphs: list[str] = []
        self.scripts: list[str] = []
        self.tags: list[str] = []
        self.times: list[str] = []
        self._in: str | None = None
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "html":
            self.language = self.language or has.get("lang") or has.get("xml:lang") or ""
        elif tag == "meta":
            self._meta(has)
        elif tag == "link":
            self._link(has.get("rel", "").lower().split(), has.get("href", ""))
        elif tag == "base" and not self.base:
            self.base = has.get("href", "")
        elif tag == "time" and has.get("datetime") and len(self.times) < _MOST:
            self.times.append(has["datetime"])
        elif tag == "img":
            self._img(has)
        elif self._in not in ("script", "title"):
            self._begin(tag, has)

    def _meta(self, has: dict[str, str]) -> None:
        content = has.get("content", "").strip()
        for name in (has.get("property"), has.get("name"), has.get("itemprop"), has.get("http-equiv")):
            if name and content and len(found := self.meta.setdefault(name.lower(), [])) < _MOST:
                found.append(content)

    def _link(self, rel: list[str], href: str) -> None:
        if "canonical" in rel and href and not self.canonical:
            self.canonical = href.strip()
        if "image_src" in rel and href:
            self.image_links.append(href)

    def _img(self, has: dict[str, str]) -> None:
        source = has.get("src") or has.get("data-src") or ""
        wide = has.get("width", "").removesuffix("px")
        # Icons, signs and counting pixels are no pictures of a story.
        small = (wide.isdigit() and int(wide) < 200) or re.search(r"(?i)\.(?:svg|gif|ico)(?:$|\?)|^data:", source)
        if source and not small and len(self.images) < _MOST:
            self.images.append((source, has.get("alt", "")))

    def _begin(self, tag: str, has: dict[str, str]) -> None:
        wanted = tag in ("title", "h1", "p") or (tag == "a" and "tag" in has.get("rel", "").lower().split())
        if tag == "script":
            wanted = has.get("type", "").lower().strip() == "application/ld+json"
        if wanted and not (tag == "a" and self._in):
            self._in, self._text = tag, []

    def handle_data(self, data: str) -> None:
        if self._in:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag != self._in:
            return
        text, self._in = "".join(self._text), None
        if tag == "title":
            self.title = self.title or text
        elif tag == "h1":
            self.heading = self.heading or text
        elif tag == "p" and len(self.paragraphs) < _MOST:
            self.paragraphs.append(one_line(text))
        elif tag == "script" and len(self.scripts) < _MOST:
            self.scripts.append(text)
        elif tag == "a" and len(self.tags) < _MOST:
            self.tags.append(text)


def _things(scripts: list[str]) -> Iterator[dict[str, Any]]:
    """Yield what JSON-LD describes, articles and their like first; broken blocks say nothing."""
    found: list[dict[str, Any]] = []
    for script in scripts:
        try:
            _gather(json.loads(script), found, 0)
        except (ValueError, RecursionError):
            continue
    yield from sorted(found, key=lambda thing: not _ARTICLES.search(str(thing.get("@type", ""))))


def _gather(value: Any, into: list[dict[str, Any]], depth: int) -> None:
    if isinstance(value, list) and depth < 5:
        for each in value[:_MOST]:
            _gather(each, into, depth + 1)
    elif isinstance(value, dict):
        if _ARTICLES.search(str(value.get("@type", ""))):
            into.append(value)
        _gather(value.get("@graph"), into, depth + 1)


def _said(things: list[dict[str, Any]], name: str) -> str:
    return next((thing[name] for thing in things if isinstance(thing.get(name), str) and thing[name].strip()), "")


def _name(things: list[dict[str, Any]], of: str) -> str:
    for thing in things:
        found = thing.get(of)
        found = found[0] if isinstance(found, list) and found else found
        if isinstance(found, dict) and isinstance(found.get("name"), str):
            return str(found["name"])
    return ""


def _images(things: list[dict[str, Any]]) -> Iterator[str]:
    for thing in things:
        found = thing.get("image") or thing.get("thumbnailUrl")
        for each in found if isinstance(found, list) else [found]:
            address = each.get("url") if isinstance(each, dict) else each
            if isinstance(address, str) and address:
                yield address


def _first(meta: dict[str, list[str]], *names: str) -> str:
    return next((meta[name][0] for name in names if meta.get(name)), "")


def _http(url: str) -> str:
    try:
        parts = urlsplit(url)
        return url if parts.scheme in ("http", "https") and parts.hostname else ""
    except ValueError:
        return ""


def _own(canonical: str, url: str) -> str:
    """Return the address to share: the canonical one where it is of the same site and no mere front door."""
    if canonical:
        theirs, ours = urlsplit(canonical), urlsplit(url)
        same = (theirs.hostname or "").removeprefix("www.") == (ours.hostname or "").removeprefix("www.")
        front = theirs.path in ("", "/") and ours.path not in ("", "/")
        if same and not front:
            return clean_address(canonical)
    return clean_address(url)


def _without_site(title: str, site: str, host: str) -> str:
    """Return the title without the site's name behind it, as browsers' tabs have it."""
    signs = list(re.finditer(r"\s+[|–—·»-]\s+|\s*::\s*", title))
    if not signs or signs[-1].start() <= 8:
        return title
    names = {re.sub(r"\W", "", each).casefold() for each in (site, host, host.partition(".")[0])} - {""}
    behind = re.sub(r"\W", "", title[signs[-1].end() :]).casefold()
    return title[: signs[-1].start()] if behind in names else title


def _language(*named: str) -> str | None:
    return next((code for each in named if each and (code := language_of(each.replace("_", "-")))), None)


def _published(meta: dict[str, list[str]], things: list[dict[str, Any]], times: list[str]) -> datetime | None:
    names = ("article:published_time", "og:article:published_time", "datepublished", "date", "dc.date", "pubdate")
    for text in (*(_first(meta, name) for name in names), _said(things, "datePublished"), *times[:1]):
        if text and (moment := _moment(text.strip())) is not None:
            return moment
    return None


def _moment(text: str) -> datetime | None:
    for read in (lambda: datetime.fromisoformat(text.replace("Z", "+00:00")), lambda: parsedate_to_datetime(text)):
        try:
            moment = read()
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        try:
            return moment.astimezone(UTC) if 1990 <= moment.year <= 2100 else None
        except OverflowError:
            return None
    return None


def _keywords(meta: dict[str, list[str]], things: list[dict[str, Any]], tags: list[str]) -> tuple[str, ...]:
    found = [*meta.get("article:tag", ()), *meta.get("og:article:tag", ()), *meta.get("article:section", ())]
    for listed in (*meta.get("keywords", ()), *meta.get("news_keywords", ()), *meta.get("parsely-tags", ())):
        found += listed.split(",")
    for thing in things:
        for name in ("keywords", "articleSection"):
            said = thing.get(name)
            found += [str(each) for each in said] if isinstance(said, list) else str(said or "").split(",")
    clean = (cut(plain(word), 60) for word in (*found, *tags))
    return tuple(dict.fromkeys(word for word in clean if word))[:_MOST]
