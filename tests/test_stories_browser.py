"""Liam's stories in a browser: an address becomes a story, keys decide what a feed proposed, nothing is a barrier."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from service import fetch, stock
from service.database import db
from service.models import FeedItem, Story
from service.sources import following, polling
from tests.pages import Site
from tests.pages import site as pages
from tests.test_console_browser import _no_barrier, _page, browser, site
from tests.test_following import KIND, post, rss
from tests.test_pasting import PAGE, png
from tests.week47 import story

__all__ = ["browser", "site"]
pytestmark = [pytest.mark.browser, pytest.mark.sockets, pytest.mark.xdist_group("browser")]


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    with pages() as found:
        monkeypatch.setattr(fetch, "PUBLIC", found.policy)
        yield found


def test_an_address_becomes_a_story_and_keys_decide_what_a_feed_proposed(
    site: tuple[Flask, str], browser: Browser, web: Site
) -> None:
    _app, base = site
    web.put("/roof.png", png(), "image/png")
    address = web.put("/ten-roofs", PAGE)
    feed = following.follow(url=web.put("/feed", rss(*(post(n) for n in (1, 2, 3)), post(4, "Unknown")), KIND))
    polling.poll(feed)
    story("Always", evergreen=True, rest_weeks=2)
    stock.look()
    db.session.rollback()
    page = _page(browser, base)
    page.set_default_timeout(15_000)
    page.goto(f"{base}/console/stories")
    page.get_by_role("link", name="New story").click()
    page.get_by_label("Address of the page").fill(address)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Title", exact=True)).to_have_value("Deset streh & eno poletje")
    expect(page.get_by_text("Filled in from Svetilnik.")).to_be_visible()
    _no_barrier(page, "the editor, filled in")
    page.get_by_role("textbox", name="All networks · English, 1").fill("Ten roofs, and #2026 was a good year")
    linkedin = page.locator("#net-linkedin")
    expect(linkedin).to_contain_text("1 note")
    linkedin.locator("summary").click()
    expect(linkedin).to_contain_text("#2026 is only figures")
    page.get_by_role("button", name="Save and approve").click()
    expect(page.get_by_text("1 story approved.")).to_be_visible()

    page.goto(f"{base}/console/review")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("d")
    expect(page.get_by_text("1 post declined. It never comes back.")).to_be_visible()
    page.keyboard.press("a")
    expect(page.get_by_text("1 post is an approved story now.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-item]")).to_have_count(3)
    db.session.rollback()
    assert sorted(item.state for item in db.session.query(FeedItem)) == ["declined", *["waiting"] * 3]
    assert {s.title for s in db.session.query(Story)} == {"Roofs", "Kilns", "Always", "Deset streh & eno poletje"}
    number, feed_id = db.session.query(FeedItem.id).filter_by(state="waiting").limit(1).scalar(), feed.id
    db.session.rollback()  # the test's own transaction would keep SQLite's write lock

    for width, scheme in ((1280, "light"), (375, "dark")):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        new = (
            "/",
            "/stories/begin",
            "/review",
            f"/review/{number}",
            "/feeds",
            f"/feeds/{feed_id}",
            "/calendar",
            "/library",
        )
        for path in new if width > 375 else ("/", "/review", "/feeds", "/calendar"):
            page.goto(f"{base}/console{path}")
            _no_barrier(page, f"{path} at {width}")
    page.goto(f"{base}/console/calendar?from=2026-W38")
    page.get_by_text("Move").first.click()
    page.get_by_label("To week").first.select_option("2026-W39")
    page.locator(".slip form button").first.click()
    expect(page.get_by_text("“Roofs” begins in week 39 now.")).to_be_visible()
