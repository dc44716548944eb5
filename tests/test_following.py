"""Feeds that are followed: read politely by the schedule, their posts decided once, one's failure its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from service import clock, fetch, programmes, stories
from service.database import db
from service.models import Feed, FeedItem, Picture, Story
from service.sources import following, polling, review
from service.validation import Invalid
from tests import week47
from tests.conftest import SHARED
from tests.liam import at_the_console
from tests.pages import Site, site
from tests.test_pasting import png
from tests.week47 import at

KIND = "application/rss+xml"


def rss(*posts: str, title: str = "Acme blog") -> str:
    return (
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>{title}</title><link>https://acme.example/</link>'
        f"<language>en</language>{''.join(posts)}</channel></rss>"
    )


def post(n: int, category: str = "Health", more: str = "") -> str:
    return (
        f"<item><title>Post number {n} on matter{n}</title><link>https://acme.example/{n}?utm_source=rss</link>"
        f"<guid>https://acme.example/?p={n}</guid><pubDate>Tue, {n % 28 + 1:02} Oct 2026 10:00:00 GMT</pubDate>"
        f"<category>{category}</category><description>Words {n}</description>{more}</item>"
    )


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    with site() as found:
        monkeypatch.setattr(fetch, "PUBLIC", found.policy)
        yield found


@pytest.fixture
def begun(app: Flask) -> Flask:
    at("2026-11-16T10:00")
    week47.programme()
    return app


def items(state: str = "waiting") -> list[FeedItem]:
    db.session.expire_all()
    return list(db.session.scalars(sa.select(FeedItem).where(FeedItem.state == state).order_by(FeedItem.id)))


@pytest.mark.sockets
def test_the_first_reading_proposes_the_newest_twenty_and_later_ones_what_is_new(begun: Flask, web: Site) -> None:
    old = [post(n) for n in range(1, 26)]
    url = web.put("/feed", rss(*old), KIND, ETag='"1"')
    feed = following.follow(url=url, kind="owned")
    assert feed.name == "Acme blog" and polling.poll_due() == 1 and polling.poll_due() == 0
    assert len(items()) == 20 and len(items("passed")) == 5
    assert items()[0].title.startswith("Post number 25") and items()[0].topics == [1]
    web.put("/feed", rss(*old, post(26, "Other"), post(26, "Other")), KIND, ETag='"2"')
    clock.set_now(clock.now() + timedelta(hours=7))
    assert polling.poll_due() == 1
    assert [i.title for i in items()][20:] == ["Post number 26 on matter26"]
    clock.set_now(clock.now() + timedelta(hours=7))
    polling.poll_due()
    db.session.refresh(feed)
    assert web.asked[-1] == ("/feed", '"2"') and feed.outcome == polling.NOTHING and feed.failures == 0


@pytest.mark.sockets
def test_what_was_declined_never_comes_back_from_any_feed_and_stories_are_not_proposed(begun: Flask, web: Site) -> None:
    stories.create(title="Mine already", url="http://www.acme.example/3/")
    first = following.follow(url=web.put("/feed", rss(post(1), post(2), post(3)), KIND))
    polling.poll(first)
    assert [i.title for i in items("passed")] == ["Post number 3 on matter3"]
    review.decline([i for i in items() if "number 1" in i.title])
    other = post(1).replace("?p=1", "?other=1").replace("utm_source=rss", "fbclid=3")
    second = following.follow(url=web.put("/other", rss(other), KIND), name="Another")
    polling.poll(second)
    following.remove(first)
    again = following.follow(url=web.url + "/feed")
    polling.poll(again)
    assert [i.title for i in items()] == ["Post number 2 on matter2"]
    assert [i.title for i in items("declined")] == ["Post number 1 on matter1"]


@pytest.mark.sockets
def test_a_failing_feed_is_tried_again_later_and_later_and_stands_in_nobodys_way(begun: Flask, web: Site) -> None:
    good = following.follow(url=web.put("/good", rss(post(1)), KIND))
    bad = following.follow(url=web.put("/bad", rss(post(2), title="Bad one"), KIND))
    odd = following.follow(url=web.put("/odd", rss(post(3), title="Odd one"), KIND))
    del web.answers["/bad"]
    web.put("/odd", "<html>a page now</html>")
    assert polling.poll_due() == 3
    for feed in (good, bad, odd):
        db.session.refresh(feed)
    assert (good.failures, bad.failures, odd.failures) == (0, 1, 1) and len(items()) == 1
    assert timedelta(minutes=13) < bad.next_at - clock.now() < timedelta(minutes=17)
    clock.set_now(clock.now() + timedelta(minutes=17))
    polling.poll_due()
    liam = at_the_console(begun)
    page = liam.get("/console/").text
    assert "The feed “Bad one” cannot be read: There is nothing at this address (code 404)." in page
    assert f'href="/console/feeds/{bad.id}"' in page and "neither RSS nor Atom" in page
    assert "1 post from your feeds waits for your yes or no." in page
    following.change(bad, paused=True)
    assert "Bad one" not in liam.get("/console/").text
    assert "Paused" in liam.get("/console/feeds").text


@given(st.integers(1, 168), st.integers(0, 40), st.floats(0, 1))
def test_waiting_grows_with_failures_up_to_a_day_or_the_feeds_own_rhythm(
    every: int, failures: int, chance: float
) -> None:
    now = datetime(2026, 11, 16, tzinfo=UTC)
    wait = polling.next_time(now, every, failures, chance) - now
    assert timedelta(minutes=13) <= wait <= 1.1 * timedelta(hours=max(every, 24))
    if failures:
        assert polling.next_time(now, every, failures + 1, chance) >= now + wait
    else:
        assert 0.89 * timedelta(hours=every) <= wait <= 1.11 * timedelta(hours=every)


@pytest.mark.sockets
def test_always_accepting_makes_stories_of_posts_with_a_topic_and_drafts_where_a_second_person_must(
    begun: Flask, web: Site
) -> None:
    web.put("/a.png", png(), "image/png")
    picture = f'<enclosure url="{web.url}/a.png" type="image/png" length="1"/>'
    feed = following.follow(
        url=web.put("/feed", rss(post(1, more=picture), post(2, "Unknown")), KIND), always_accept=True
    )
    polling.poll(feed)
    story = db.session.query(Story).one()
    assert (story.status, story.topics, story.source, story.feed) == ("approved", [1], "Acme blog", feed.url)
    assert story.picture_hash and db.session.query(Picture).count() == 1
    assert [i.title for i in items()] == ["Post number 2 on matter2"]
    programmes.current().second_approval = True
    db.session.commit()
    web.put("/feed", rss(post(4)), KIND)
    polling.poll(feed)
    assert db.session.query(Story).filter_by(status="draft").one().title == "Post number 4 on matter4"


@pytest.mark.sockets
def test_a_sites_own_address_leads_to_its_feed_and_other_pages_are_refused(begun: Flask, web: Site) -> None:
    web.put("/rss.xml", rss(post(1)), KIND)
    home = web.put("/", '<html><link rel="alternate" type="application/rss+xml" href="rss.xml"></html>')
    assert following.follow(url=home).url == f"{web.url}/rss.xml"
    with pytest.raises(Invalid, match="You follow this feed already"):
        following.follow(url=home)
    with pytest.raises(Invalid, match="neither RSS nor Atom"):
        following.follow(url=web.put("/page", "<html>no feed</html>"))
    with pytest.raises(Invalid, match="public places only"):
        following.follow(url="http://10.0.0.1/feed")
    assert db.session.query(Feed).count() == 1


@pytest.mark.sockets
def test_liam_reviews_accepts_edits_declines_and_undoes(begun: Flask, web: Site) -> None:
    url = web.put("/feed", rss(*(post(n) for n in (1, 2, 3)), post(4, "Unknown")), KIND)
    liam = at_the_console(begun)
    assert "You follow no feed yet" in liam.get("/console/review").text
    assert (
        'id="url-wrong"'
        in liam.post("/console/feeds/new", {"url": "http://10.0.0.1/", "kind": "owned", "every_hours": "6"}).text
    )
    added = liam.post("/console/feeds/new", {"url": url, "kind": "owned", "every_hours": "12"})
    assert "You follow “Acme blog” now." in added.text and "Every 12 hours" in added.text
    feed = db.session.query(Feed).one()
    liam.here = "https://good.example/console/feeds/new"
    page = liam.post(f"/console/feeds/{feed.id}/poll").text
    assert "New posts: 4." in page and "Post number 3 on matter3" in page and "Give it a topic" in page
    ids = {i.title[12]: i.id for i in items()}
    accepted = liam.post("/console/review", {"act": f"accept:{ids['1']}"}).text
    story = db.session.query(Story).one()
    assert "1 post is an approved story now." in accepted and (story.status, story.kind) == ("approved", "owned")
    assert story.url.endswith("/1?utm_source=rss") and story.approved_by == 1
    declined = liam.post("/console/review", {"act": "decline", "pick": [ids["2"], ids["3"]]}).text
    assert "2 posts declined." in declined and [i.id for i in items()] == [ids["4"]]
    undo = re.search(r'name="items" value="([\d,]+)"', declined)
    assert undo and "Undone." in liam.post("/console/review/undo", {"items": undo[1]}).text
    liam.post("/console/review/undo", {"items": str(ids["1"])})
    assert db.session.query(Story).count() == 0 and len(items()) == 4
    assert (
        "Give “Post number 4 on matter4” a topic first."
        in liam.post("/console/review", {"act": "accept", "pick": [ids["4"]]}).text
    )
    editor = liam.get(f"/console/review/{ids['4']}").text
    assert 'value="Post number 4 on matter4"' in editor and f'name="item" value="{ids["4"]}"' in editor
    form = {
        "url": "https://acme.example/4",
        "title": "Mine",
        "kind": "owned",
        "language": "en",
        "topics": ["2"],
        "item": str(ids["4"]),
    }
    liam.post("/console/stories/new", form)
    story = db.session.query(Story).one()
    assert (story.title, story.guid) == ("Mine", "https://acme.example/?p=4") and items("accepted")[
        0
    ].story_id == story.id


@pytest.mark.sockets
def test_a_post_that_is_perhaps_here_already_is_shown_with_the_earlier_story(begun: Flask, web: Site) -> None:
    earlier = week47.story("Post number 7, on matter7", created_at=clock.now())
    feed = following.follow(url=web.put("/feed", rss(post(7)), KIND))
    polling.poll(feed)
    page = at_the_console(begun).get("/console/review").text
    assert "Perhaps you have this already:" in page and f'href="/console/stories/{earlier.id}"' in page


@pytest.mark.shared
@pytest.mark.sockets
def test_a_real_feed_of_190_posts_is_read_once(begun: Flask, web: Site) -> None:
    url = web.put("/18f", (SHARED / "feeds" / "18f.rss.xml").read_bytes(), KIND)
    feed = following.follow(url=url)
    assert polling.poll(feed) and polling.poll(feed)
    assert len(items()) == 20 and len(items("passed")) == 170
    done = review.accept(items(), None)
    assert all(s.title and "<" not in s.summary for s in done.stories.values())
    assert len(done.stories) + len(done.refused) == 20
