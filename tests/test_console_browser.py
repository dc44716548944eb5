"""The console in a browser. In: the application on loopback and Chromium. Out: Liam's Tuesday, and no barrier."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import make_server

from service import config, create_app, draws, liaisons
from service.database import db
from service.models import Edition, Story
from tests import week47
from tests.conftest import chromium
from tests.liam import ADDRESS, PASSWORD
from tests.servers import free_port
from tests.week47 import WEEK, at, reader

PATIENT = 90_000
"""Milliseconds for a panel that asks by itself, on a machine that stood still for a moment as well."""

pytestmark = [pytest.mark.browser, pytest.mark.sockets, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        yield found
        found.close()


@pytest.fixture
def site(settings: config.Config) -> Iterator[tuple[Flask, str]]:
    """The application on loopback with a liaison, two readers and two stories, one of them a draft."""
    port = free_port()
    app = create_app(replace(settings, base_url=f"http://127.0.0.1:{port}"))
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    with app.app_context():
        at("2026-11-16T10:00")
        week47.programme()
        liaisons.add(ADDRESS, "Liam Novak", PASSWORD)
        reader("Noor"), reader("Bea", topics=[])
        week47.story("Roofs")
        week47.story("Kilns", status="draft")
        draws.create("2026-11", "November", [("A weekend", "")])
        yield app, f"http://127.0.0.1:{port}"
        db.session.remove()
        server.shutdown()
        thread.join()
        server.server_close()
        db.engine.dispose()


def _page(browser: Browser, base: str, width: int = 1280, scheme: str = "light", scripts: bool = True) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme=scheme,  # type: ignore[arg-type]
        java_script_enabled=scripts,
    )
    page = context.new_page()
    page.goto(f"{base}/console/")
    page.get_by_label("E-mail address").fill(ADDRESS)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="This week")).to_be_visible()
    return page


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_liam_approves_previews_releases_and_undoes(site: tuple[Flask, str], browser: Browser, scripts: bool) -> None:
    _app, base = site
    page = _page(browser, base, scripts=scripts)
    blocked: list[str] = []
    page.on("console", lambda message: blocked.append(message.text) if "Content Security" in message.text else None)
    expect(page.get_by_text("1 story waits for your yes.")).to_be_visible()
    page.get_by_role("link", name="Approve", exact=True).click()
    page.get_by_label("Pick “Kilns”").check()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("1 story approved.")).to_be_visible()

    page.get_by_role("navigation", name="Console").get_by_role("link", name="This week").click()
    expect(page.locator("#edition .big")).to_contain_text("1 person gets it, 1 doesn’t.")
    page.get_by_role("link", name="Look at it as a colleague").click()
    frame = page.frame_locator("iframe.mail")
    expect(frame.get_by_role("link", name="Kilns")).to_be_visible()
    frame.get_by_role("link", name="Kilns").click()
    assert len(page.context.pages) == 1, "a preview opens nothing"

    page.get_by_role("navigation", name="Console").get_by_role("link", name="This week").click()
    page.get_by_role("button", name="Release the edition").click()
    countdown = page.get_by_role("timer")
    expect(countdown).to_be_visible()
    if scripts:
        before = countdown.inner_text()
        page.wait_for_function("before => document.querySelector('[role=timer]').textContent !== before", arg=before)
        page.locator("#none summary").click()
        for _ in range(2):
            # htmx asks again by itself, the more seldom the longer the page took to make: twenty times as long.
            with page.expect_response("**/panel", timeout=PATIENT) as poll:
                pass
            assert poll.value.ok
        expect(page.locator("#none")).to_have_attribute("open", "")
        assert page.evaluate("document.activeElement.parentElement.id") == "none", "and keeps the focus"
        page.locator("#none a").first.focus()
        with page.expect_response("**/panel", timeout=PATIENT):
            pass
        expect(page.locator("#none a").first).to_be_focused()
        expect(page.locator("#moment[role=status]")).to_have_count(1)  # outside of what is exchanged
    db.session.rollback()
    assert db.session.query(Edition.status).filter_by(week=WEEK).scalar() == "released"
    db.session.rollback()
    page.reload()
    page.get_by_role("button", name="Undo the release").click()
    expect(page.get_by_text("The edition is a draft again")).to_be_visible()
    db.session.rollback()
    assert db.session.query(Edition.status).filter_by(week=WEEK).scalar() == "draft"
    db.session.rollback()
    assert blocked == []


def test_the_card_follows_the_typing_and_nothing_typed_is_lost_by_it(site: tuple[Flask, str], browser: Browser) -> None:
    _app, base = site
    page = _page(browser, base)
    number = db.session.query(Story.id).filter_by(title="Roofs").scalar()
    db.session.rollback()
    page.goto(f"{base}/console/stories/{number}")
    card = page.frame_locator("#card")
    expect(card.get_by_role("heading", name="Roofs")).to_be_visible()
    page.get_by_label("Title").fill("Roofs of copper")
    heading = card.get_by_role("heading", name="Roofs of copper")
    expect(heading).to_be_visible()
    # The mail's own look came with it, not the browser's.
    assert heading.evaluate("h => getComputedStyle(h).fontFamily").startswith("system-ui")
    assert heading.evaluate("h => getComputedStyle(h).fontSize") == "20px"
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.get_by_role("link", name="Campaigns").click()
    assert asked == ["beforeunload"]


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (375, "dark")])
def test_no_screen_has_a_serious_barrier_or_scrolls_sideways(
    site: tuple[Flask, str], browser: Browser, width: int, scheme: str
) -> None:
    _app, base = site
    page = _page(browser, base, width, scheme)
    number = db.session.query(Story.id).filter_by(title="Roofs").scalar()
    db.session.rollback()
    page.set_default_timeout(15_000)
    for path in (
        "/", "/stories", "/stories?status=archived", f"/stories/{number}", "/stories/new", "/campaigns",
        "/campaigns/new", "/people", "/people/import", "/draws", "/draws/2026-11", "/draws/new", "/doubts",
        f"/editions/{WEEK}/preview", f"/editions/{WEEK}/who/no-topics", "/people/1",
    ):  # fmt: skip
        page.goto(f"{base}/console{path}")
        _no_barrier(page, path)
    page.goto(f"{base}/console/stories/new")
    page.get_by_label("Title").fill(" ")
    page.get_by_label("Address").fill("https://news.example/new")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("One field needs another look")
    _no_barrier(page, "the editor with an error")
    page.context.clear_cookies()
    page.goto(f"{base}/console/")
    _no_barrier(page, "sign-in")


def _no_barrier(page: Page, path: str) -> None:
    found = Axe().run(page).response["violations"]
    serious = [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found if v["impact"] in ("serious", "critical")]
    assert serious == [], path
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
