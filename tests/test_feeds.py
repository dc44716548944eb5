"""Feeds. In: RSS and Atom from bytes, files and a real HTTP server. Out: clean posts, and stories made of them once."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from ssrfguard import Policy

from service import feeds, fetch, programmes, stories, topics
from service.database import db
from service.models import Picture, Story
from service.validation import Invalid
from tests.conftest import SHARED
from tests.test_pictures import drawn

RSS = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE rss [<!ENTITY a "boom"><!ENTITY b "&a;&a;&a;&a;">]>
<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"><channel>
<title>Acme &amp; friends</title><link>https://acme.example/</link><language>it-it</language>
<item><title>Writing for &lt;em&gt;action&lt;/em&gt; &amp;amp; more</title><link>https://acme.example/a</link>
<guid>https://acme.example/a</guid><pubDate>Tue, 10 Nov 2026 14:00:00 +0100</pubDate>
<description>&lt;p&gt;First.&lt;/p&gt;&lt;p&gt;Second &lt;script&gt;alert(1)&lt;/script&gt;
&lt;a href="javascript:x"&gt;link&lt;/a&gt;&lt;/p&gt;</description>
<category>Design</category><category>how we work</category><category>Design</category>
<media:content url="/pictures/a.png" medium="image">
<media:description>A table</media:description></media:content></item>
<item><title>No own address</title><guid isPermaLink="false">17</guid><link>/b</link><category>culture</category>
<description>&lt;img width="1" src="https://track.example/p.gif"&gt;
&lt;img src="b.png" alt="Two people"&gt; Hello</description></item>
<item><title>No link at all</title><description>Nothing</description></item>
<item><description>Only a description, long enough to be cut somewhere in the middle of what would be its title.
</description><link>https://acme.example/c</link><category>how we work</category></item>
<item><title>The first again</title><link>HTTPS://acme.EXAMPLE/a</link><guid>other</guid></item>
</channel></rss>"""

ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="sl"><title>Novice</title><id>urn:x</id>
<link href="https://acme.example/"/><entry><title type="html">Odprta &lt;b&gt;vrata&lt;/b&gt;</title>
<id>tag:acme.example,2026:1</id><link href="https://acme.example/vrata"/><updated>2026-11-10T08:00:00Z</updated>
<category term="k" label="Kultura"/><content type="html">&lt;p&gt;Pridite.&lt;/p&gt;</content></entry></feed>"""

LOOPBACK = ipaddress.ip_network("127.0.0.0/8")


@pytest.fixture
def programme(app: Flask) -> None:
    programmes.create(
        name="A", company="Acme", liaison_name="Liam", liaison_email="liam@acme.example", languages="sl,en"
    )


@pytest.fixture
def feed(tmp_path: Path) -> str:
    file = tmp_path / "acme.xml"
    file.write_text(RSS, encoding="utf-8")
    return str(file)


def test_a_post_is_plain_text_with_everything_a_story_needs() -> None:
    found = feeds.parse(RSS.encode())
    assert (found.title, found.language, len(found.posts)) == ("Acme & friends", "it", 5)
    first, second, third, fourth, _ = found.posts
    assert (first.title, first.summary) == ("Writing for action & more", "First. Second link")
    assert first.published == datetime(2026, 11, 10, 13, tzinfo=UTC)
    assert first.categories == ("Design", "how we work")
    assert (first.picture, first.alt) == ("https://acme.example/pictures/a.png", "A table")
    assert (second.guid, second.url) == ("acme.example#17", "https://acme.example/b")
    assert (second.picture, second.alt, second.published) == ("https://acme.example/b.png", "Two people", None)
    assert third.url == ""
    assert fourth.title.startswith("Only a description")
    assert len(fourth.title) <= 80


def test_atom_is_read_like_rss() -> None:
    found = feeds.parse(ATOM.encode())
    (post,) = found.posts
    assert (post.title, post.summary, post.categories) == ("Odprta vrata", "Pridite.", ("Kultura",))
    assert (post.guid, post.published) == ("tag:acme.example,2026:1", datetime(2026, 11, 10, 8, tzinfo=UTC))


@pytest.mark.parametrize("data", [b"", b"<html><body>Hello</body></html>", b"https://acme.example/feed", b"\0\xff"])
def test_what_is_no_feed_says_where_to_look(data: bytes) -> None:
    with pytest.raises(feeds.NotAFeed, match="neither RSS nor Atom"):
        feeds.parse(data)


@pytest.mark.parametrize("text", ["a < b & c > d", "5 &lt; 6", "<b>x</b><br>y", "&amp;lt;b&amp;gt;"])
def test_plain_text_keeps_its_signs_and_loses_its_mark_up(text: str) -> None:
    expected = {"a < b & c > d": "a < b & c > d", "5 &lt; 6": "5 < 6", "<b>x</b><br>y": "x y"}
    assert feeds.plain(text) == expected.get(text, "&lt;b&gt;")


def test_a_long_text_is_cut_between_words() -> None:
    assert feeds.cut("one two three", 13) == "one two three"
    assert feeds.cut("one two, three", 10) == "one two…"
    assert feeds.cut("x" * 50, 10) == "x" * 9 + "…"


@pytest.mark.usefixtures("programme")
def test_posts_become_drafts_once_and_known_topics_are_theirs(feed: str) -> None:
    topics.create("design")
    report = stories.import_feed(feed)
    assert (report.title, report.posts, report.added, report.known) == ("Acme & friends", 5, 3, 1)
    assert [(r.number, r.field) for r in report.refused] == [(3, "url")]
    assert (report.approved, report.without_topic) == (0, 2)
    assert dict(report.unknown) == {"how we work": 2, "culture": 1}
    first = db.session.scalars(sa.select(Story).where(Story.url == "https://acme.example/a")).one()
    assert (first.status, first.kind, first.language, first.topics) == ("draft", "curated", "it", [1])
    assert (first.guid, first.feed) == ("https://acme.example/a", "acme.xml")
    assert first.publish_from == datetime(2026, 11, 10, 13, tzinfo=UTC)
    stories.edit(first, title="The liaison's own title")
    again = stories.import_feed(feed)
    assert (again.added, again.known, len(again.refused)) == (0, 4, 1)
    assert first.title == "The liaison's own title"


@pytest.mark.usefixtures("programme")
def test_categories_become_topics_when_enough_posts_carry_them(feed: str) -> None:
    report = stories.import_feed(feed, create_topics=2, approve=True, kind="owned", language="en")
    assert report.topics == ["how we work"]
    assert (report.approved, report.without_topic) == (2, 1)
    assert {s.kind for s in db.session.scalars(sa.select(Story))} == {"owned"}
    assert {(s.status, bool(s.topics), s.language) for s in db.session.scalars(sa.select(Story))} == {
        ("approved", True, "en"),
        ("draft", False, "en"),
    }


@pytest.mark.usefixtures("programme")
def test_categories_are_mapped_to_topics_and_the_rest_gets_a_topic_of_its_own(feed: str) -> None:
    report = stories.import_feed(feed, categories={"How We Work": "Craft"}, topic="News", approve=True)
    assert sorted(report.topics) == ["Craft", "News"]
    assert report.approved == report.added == 3
    names = {t.id: t.name for t in topics.all_topics()}
    found = {s.url: [names[t] for t in s.topics] for s in db.session.scalars(sa.select(Story))}
    assert found["https://acme.example/a"] == ["Craft"]
    assert found["https://acme.example/b"] == ["News"]


@pytest.mark.usefixtures("programme")
def test_only_the_newest_are_taken_when_asked(feed: str) -> None:
    report = stories.import_feed(feed, newest=1)
    assert (report.posts, report.added) == (5, 1)
    assert db.session.scalars(sa.select(Story.url)).all() == ["https://acme.example/a"]


@pytest.mark.usefixtures("programme")
def test_a_language_nobody_knows_and_a_missing_file_are_refused(feed: str) -> None:
    with pytest.raises(Invalid, match="qq"):
        stories.import_feed(feed, language="qq")
    with pytest.raises(feeds.NotAFeed, match="No such file"):
        stories.import_feed(feed + ".gone")


class _Site(BaseHTTPRequestHandler):
    """A site with a feed, its pictures, a redirect inwards, and manners that test patience."""

    def do_GET(self) -> None:
        port = self.server.server_address[1]
        home = f"http://127.0.0.1:{port}/"
        feed = RSS.replace("https://acme.example/", home).replace("HTTPS://acme.EXAMPLE/", home)
        pages = {
            "/feed": ("application/rss+xml", feed.encode()),
            "/pictures/a.png": ("image/png", drawn(size=(64, 36))),
            "/large": ("text/plain", b"x" * 200_000),
        }
        if self.path == "/inwards":
            self.send_response(302)
            self.send_header("Location", "http://169.254.169.254/latest/meta-data/")
            self.end_headers()
        elif self.path == "/round":
            self.send_response(302)
            self.send_header("Location", "/round")
            self.end_headers()
        elif self.path == "/slow":
            self.send_response(200)
            self.end_headers()
            for _ in range(30):
                time.sleep(0.1)
                try:
                    self.wfile.write(b"x")
                    self.wfile.flush()
                except OSError:
                    return
        elif self.path in pages:
            kind, body = pages[self.path]
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(body)
        else:
            self.send_error(404)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[tuple[str, Policy]]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Site) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        port = server.server_address[1]
        yield f"http://127.0.0.1:{port}", Policy(allowed_networks=(LOOPBACK,), allowed_ports=frozenset({80, port}))
        server.shutdown()


@pytest.mark.sockets
@pytest.mark.usefixtures("programme")
def test_a_feed_from_the_web_brings_its_pictures_with_their_words(site: tuple[str, Policy]) -> None:
    address, policy = site
    report = stories.import_feed(f"{address}/feed", policy=policy, create_topics=1, approve=True)
    assert (report.added, report.pictures, report.pictures_failed) == (3, 1, 1)
    story = db.session.scalars(sa.select(Story).where(Story.picture_hash.is_not(None))).one()
    assert (story.picture_alt, story.feed, story.status) == ("A table", f"{address}/feed", "approved")
    picture = db.session.get(Picture, story.picture_hash)
    assert picture is not None
    assert (picture.width, picture.height) == (64, 36)


@pytest.mark.sockets
def test_fetching_keeps_its_limits_of_place_size_and_time(site: tuple[str, Policy]) -> None:
    address, policy = site
    assert fetch.fetch(f"{address}/large", 200_000, policy=policy).body == b"x" * 200_000
    with pytest.raises(fetch.NotFetched, match="larger than 97 kB"):
        fetch.fetch(f"{address}/large", 100_000, policy=policy)
    with pytest.raises(fetch.NotFetched, match="code 404"):
        fetch.fetch(f"{address}/none", 1000, policy=policy)
    with pytest.raises(fetch.NotFetched, match="public places only"):
        fetch.fetch(f"{address}/inwards", 1000, policy=policy)
    with pytest.raises(fetch.NotFetched, match="on and on"):
        fetch.fetch(f"{address}/round", 1000, policy=policy)
    begun = time.monotonic()
    with pytest.raises(fetch.NotFetched, match="took longer than 1 seconds"):
        fetch.fetch(f"{address}/slow", 1000, seconds=1, policy=policy)
    assert time.monotonic() - begun < 2.5


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/", "http://localhost/", "http://10.0.0.1/", "http://[::ffff:127.0.0.1]/", "gopher://x/", "x"],
)
def test_a_private_place_or_no_address_is_never_fetched(url: str) -> None:
    with pytest.raises(fetch.NotFetched, match=r"public places only|not a web address|cannot be reached"):
        fetch.fetch(url, 1000)


@pytest.mark.shared
@pytest.mark.usefixtures("programme")
def test_190_real_posts_become_stories_and_their_categories_topics() -> None:
    source = str(SHARED / "feeds" / "18f.rss.xml")
    report = stories.import_feed(source, create_topics=1, approve=True)
    assert (report.posts, report.added, report.known, len(report.refused)) == (190, 190, 0, 0)
    assert (len(report.topics), report.without_topic, report.approved, dict(report.unknown)) == (101, 0, 190, {})
    found = db.session.scalars(sa.select(Story)).all()
    assert all(s.language == "en" and "<" not in s.title + s.summary and s.title and s.summary for s in found)
    assert "writing for action and flexibility" in {s.title.rpartition(": ")[2] for s in found}
    assert max(len(s.summary) for s in found) <= 600
    again = stories.import_feed(source, create_topics=1, approve=True)
    assert (again.added, again.known, again.topics) == (0, 190, [])


@pytest.mark.shared
@pytest.mark.usefixtures("programme")
def test_190_real_posts_with_topics_that_ten_posts_share() -> None:
    report = stories.import_feed(str(SHARED / "feeds" / "18f.rss.xml"), create_topics=10, approve=True)
    assert len(report.topics) == 19
    assert report.added == 190
    assert report.approved == 190 - report.without_topic
