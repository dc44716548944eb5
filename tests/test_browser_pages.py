"""Pages as a browser has them. In: the application on loopback and Debian's Chromium. Out: the walk a person takes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from service import config, create_app, shares, visiting
from service.database import db
from tests import noor as world
from tests.conftest import chromium
from tests.servers import free_port

pytestmark = [
    pytest.mark.browser,
    pytest.mark.sockets,
    pytest.mark.xdist_group("browser"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),  # what a page looks like is the same on both
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        yield found
        found.close()


@pytest.fixture
def site(settings: config.Config) -> Iterator[tuple[Flask, str]]:
    """The application on loopback, whose base URL is where it really answers."""
    port = free_port()
    app = create_app(replace(settings, base_url=f"http://127.0.0.1:{port}"))
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    with app.app_context():
        yield app, f"http://127.0.0.1:{port}"
        db.session.remove()
        server.shutdown()
        thread.join()
        server.server_close()
        db.engine.dispose()


def _page(browser: Browser, scheme: str = "light", width: int = 375) -> Page:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    # Nothing leaves this machine: whatever lies outside is answered here.
    context.route(
        lambda url: not url.startswith("http://127.0.0.1"), lambda route: route.fulfill(status=200, body="outside")
    )
    return context.new_page()


def _serious(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{v['id']}: {v['nodes'][0]['html'][:120]} {v['nodes'][0]['failureSummary']}"
        for v in found
        if v["impact"] in ("serious", "critical")
    ]


def test_from_a_share_link_to_the_composer_and_on_to_the_me_page(site: tuple[Flask, str], browser: Browser) -> None:
    _app, base = site
    noor = world.begin()
    made, story = world.passes_of(noor), world.story().id
    db.session.rollback()
    page = _page(browser)

    page.goto(f"{base}/s/{made.share}/{story}")
    # A redirect's target is not routed, so the browser really asks for it; and there is no network in here.
    with page.expect_event("requestfailed", lambda asked: "bsky.app" in asked.url) as composer:
        page.get_by_role("link", name="Bluesky", exact=True).click()
    assert composer.value.url.startswith("https://bsky.app/intent/compose?text=We%20opened")
    assert "%23ToBeAPartner" in composer.value.url

    page.goto(f"{base}/s/{made.share}/{story}/linkedin")
    page.get_by_role("link", name="Copy and open LinkedIn").click()
    page.wait_for_url("https://www.linkedin.com/sharing/share-offsite/*")
    page.goto(f"{base}/s/{made.share}/{story}")
    assert page.evaluate("navigator.clipboard.readText()").startswith("We opened our doors.")

    page.get_by_label("Your words").fill("I was there, and I would go again.")
    page.get_by_role("radio", name="X", exact=True).check()
    page.get_by_role("button", name="Get my words ready").click()
    page.get_by_role("link", name="Open X").click()
    page.wait_for_url("https://x.com/intent/post?*")
    assert "I%20was%20there" in page.url or "I+was+there" in page.url

    page.goto(f"{base}/me/{made.me}")
    page.get_by_role("button", name="I shared it").first.click()
    page.wait_for_url("**done=shared**")
    assert page.get_by_role("status").inner_text().startswith("Thank you, noted.")
    page.get_by_text("Topics I follow").first.click()
    page.get_by_role("checkbox", name="People", exact=True).check()
    page.get_by_role("button", name="Save my topics").click()
    page.wait_for_url("**done=topics**")
    assert page.get_by_role("status").inner_text() == "Saved. Your next mail follows these topics."


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_and_nothing_runs_off_the_side(
    site: tuple[Flask, str], browser: Browser, scheme: str
) -> None:
    _app, base = site
    noor = world.begin()
    share = shares.open_share(noor, world.story(), "linkedin").share
    shares.open_share(noor, world.story(), "x")
    visiting.visit(share.code, visiting.Asked(agent=world.CHROME, address="198.51.100.7", language="en"))
    made, door = world.passes_of(noor), f"/s/{world.passes_of(noor).share}/{world.story().id}"
    db.session.rollback()
    for width in (375, 1280):
        page = _page(browser, scheme, width)
        complaints: list[str] = []
        page.on("console", lambda said, seen=complaints: seen.append(said.text) if said.type == "error" else None)
        for path in (door, f"{door}/linkedin", f"{door}/copy", f"{door}/email", f"{door}/mastodon"):
            page.goto(base + path)
            assert _serious(page) == [], path
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        page.goto(f"{base}/me/{made.me}?done=topics")
        page.evaluate("document.querySelectorAll('details').forEach((d) => d.open = true)")
        assert _serious(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.goto(f"{base}/u/{made.unsubscribe}")
        assert _serious(page) == []
        assert complaints == []
        page.context.close()


def test_everything_works_without_javascript(site: tuple[Flask, str], browser: Browser) -> None:
    _app, base = site
    noor = world.begin()
    made, story = world.passes_of(noor), world.story().id
    db.session.rollback()
    context = browser.new_context(java_script_enabled=False, viewport={"width": 375, "height": 800})
    page = context.new_page()
    page.goto(f"{base}/s/{made.share}/{story}/linkedin")
    link = page.get_by_role("link", name="Open LinkedIn")
    assert (link.get_attribute("href") or "").startswith("https://www.linkedin.com/sharing/share-offsite/?url=http")
    assert "Select the words above" in page.inner_text("main")
    assert page.locator("#the-words").evaluate("(e) => getComputedStyle(e).userSelect") == "all"
    page.goto(f"{base}/me/{made.me}")
    page.get_by_role("button", name="I shared it").click()
    assert "Thank you, noted." in page.inner_text("main")
    page.goto(f"{base}/u/{made.unsubscribe}")
    page.get_by_role("button", name="Stop the weekly mail").click()
    assert "Done. No more weekly mail" in page.inner_text("main")
    context.close()


def test_every_target_is_at_least_44_pixels_high(site: tuple[Flask, str], browser: Browser) -> None:
    _app, base = site
    noor = world.begin()
    shares.open_share(noor, world.story(), "linkedin")
    made, story = world.passes_of(noor), world.story().id
    db.session.rollback()
    page = _page(browser)
    small = """() => [...document
        .querySelectorAll('button, .button, summary, select, textarea, input:not([type=hidden])')]
        .map((e) => ['checkbox', 'radio'].includes(e.type) ? e.closest('label') : e)
        .filter((e) => e.getClientRects().length && e.getBoundingClientRect().height < 44)
        .map((e) => e.outerHTML.slice(0, 90))"""
    for path in (
        f"/s/{made.share}/{story}",
        f"/s/{made.share}/{story}/copy",
        f"/me/{made.me}",
        f"/u/{made.unsubscribe}",
    ):
        page.goto(base + path)
        page.evaluate("document.querySelectorAll('details').forEach((d) => d.open = true)")
        assert page.evaluate(small) == [], path
    page.context.close()
