"""Liam's week in a browser: from a pasted address to results that answer, with a colleague who shares and suggests."""

from __future__ import annotations

import email
import email.policy
import http.client
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from service import clock, config, fetch
from service.database import db
from service.models import Share
from service.schedule import TASKS
from tests.conftest import TUESDAY
from tests.pages import Site
from tests.pages import site as pages
from tests.test_console_browser import _page, browser, site
from tests.test_journey import CHROME, LINKEDIN
from tests.test_pasting import PAGE, png

__all__ = ["browser", "site"]
pytestmark = [pytest.mark.browser, pytest.mark.sockets, pytest.mark.xdist_group("browser")]
expect.set_options(timeout=15_000)


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    with pages() as found:
        monkeypatch.setattr(fetch, "PUBLIC", found.policy)
        yield found


@dataclass
class Week:
    """Liam's page at the console, and the folder that mails go to."""

    page: Page
    base: str
    mails: Path

    def at(self, path: str) -> Page:
        """Return his page after going there."""
        self.page.goto(f"{self.base}{path}")
        return self.page

    def run(self, *names: str) -> None:
        """Let tasks of the schedule run as they would by now."""
        for name in names:
            TASKS[name].function()()
            db.session.rollback()

    def mail(self, kind: str) -> str:
        """Return the HTML of the newest mail of a kind."""
        newest = sorted(self.mails.glob(f"*-{kind}-*.eml"))[-1]
        message = email.message_from_bytes(newest.read_bytes(), policy=email.policy.default)
        body = message.get_body(("html",))  # type: ignore[attr-defined]
        return str(body.get_content()).replace("&amp;", "&")

    def visit(self, path: str, headers: dict[str, str], come_from: int) -> int:
        """Ask for an address as somebody else does, from a loopback address of her own."""
        port = urlsplit(self.base).port
        connection = http.client.HTTPConnection("127.0.0.1", port, 20, source_address=(f"127.0.0.{come_from}", 0))
        connection.request("GET", path, headers=headers)
        status = connection.getresponse().status
        connection.close()
        return status


def test_liams_week_from_a_pasted_address_to_results(
    site: tuple[Flask, str], browser: Browser, web: Site, settings: config.Config
) -> None:
    _app, base = site
    web.put("/roof.png", png(), "image/png")
    page = _page(browser, base)
    page.set_default_timeout(20_000)
    week = Week(page, base, settings.mail_folder)
    monday_plans_a_campaign_and_a_story(week, web.put("/ten-roofs", PAGE))
    monday_releases_the_edition(week)
    tuesday_noor_shares(browser, week)
    friday_noor_suggests_and_liam_thanks(browser, week, "https://neighbours.example/eleven-roofs")
    sunday_asks_what_it_brought(week)


def monday_plans_a_campaign_and_a_story(week: Week, address: str) -> None:
    page = week.at("/console/campaigns/new")
    page.get_by_label("Name", exact=True).fill("Open house")
    page.get_by_label("Goal").fill("Fill the house")
    page.get_by_label("Hashtags").fill("#ToBeAPartner")
    page.get_by_label("First day", exact=True).fill("2026-11-16")
    page.get_by_label("Last day", exact=True).fill("2026-11-29")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Open house")).to_be_visible()
    page = week.at("/console/stories")
    page.get_by_role("link", name="New story").click()
    page.get_by_label("Address of the page").fill(address)
    page.keyboard.press("Enter")
    title = page.get_by_label("Title", exact=True)
    expect(title).to_have_value("Deset streh & eno poletje")
    title.fill("Ten roofs & a summer")
    page.get_by_label("Language", exact=True).select_option("en")
    page.get_by_text("Campaign, audience and dates").click()
    page.get_by_label("Campaign", exact=True).select_option(label="Open house")
    page.get_by_label("Health").check()
    page.get_by_role("textbox", name="All networks · English, 1").fill("Ten roofs, one summer, and we were there.")
    page.get_by_role("button", name="Save and approve").click()
    expect(page.get_by_text("1 story approved.")).to_be_visible()


def monday_releases_the_edition(week: Week) -> None:
    page = week.at("/console/")
    page.get_by_role("link", name="Look at it as a colleague").click()
    expect(page.frame_locator("iframe.mail").first.get_by_role("link", name="Ten roofs & a summer")).to_be_visible()
    page = week.at("/console/")
    page.get_by_role("button", name="Release the edition").click()
    expect(page.get_by_role("timer")).to_be_visible()
    clock.set_now(TUESDAY + timedelta(minutes=30))
    week.run("plan", "deliver")
    assert "Ten roofs" in week.mail("digest")


def tuesday_noor_shares(browser: Browser, week: Week) -> None:
    """One tap leads to LinkedIn's own way with the words ready; its crawler and three readers prove the share."""
    mail = week.mail("digest")
    page = browser.new_context().new_page()
    page.set_default_timeout(20_000)
    story = re.search(rf'href="({re.escape(week.base)}/s/[\w-]+/\d+)"[^>]*>[^<]*(?:<[^>]*>)*\s*Ten roofs', mail)
    assert story, "the title leads to the story's page"
    page.goto(f"{story[1]}/linkedin")
    expect(page.locator("body")).to_contain_text("Ten roofs, one summer, and we were there.")
    expect(page.locator("body")).to_contain_text("#ToBeAPartner")
    page.context.close()
    code = db.session.query(Share.code).filter_by(network="linkedin").scalar()
    db.session.rollback()
    clock.set_now(clock.now() + timedelta(minutes=5))
    week.visit(f"/r/{code}", LINKEDIN, 9)
    for n in (11, 12, 13):
        clock.set_now(clock.now() + timedelta(minutes=40))
        assert week.visit(f"/r/{code}", CHROME, n) == 302
    week.run("visits", "results")
    assert db.session.query(Share.state).filter_by(code=code).scalar() == "engaged"
    db.session.rollback()


def friday_noor_suggests_and_liam_thanks(browser: Browser, week: Week, address: str) -> None:
    mine = re.search(rf'href="({re.escape(week.base)}/me/[\w-]+)', week.mail("digest"))
    assert mine
    clock.set_now(TUESDAY + timedelta(days=3))
    page = browser.new_context().new_page()
    page.set_default_timeout(20_000)
    page.goto(mine[1])
    expect(page.get_by_text("13", exact=True).first).to_be_visible()
    page.get_by_text("Found something colleagues should read?").click()
    page.get_by_label("Its address").fill(address)
    page.get_by_label("Why is it good?").fill("Our neighbours went one further.")
    page.get_by_role("button", name="Send my suggestion").click()
    expect(page.get_by_text("Thank you.").first).to_be_visible()
    desk = week.at("/console/")
    desk.locator("main a[href*='/console/suggestions']").first.click()
    desk.get_by_role("link", name="neighbours.example/eleven-roofs").click()
    desk.get_by_label("Title", exact=True).fill("Eleven roofs")
    desk.get_by_role("button", name="Accept the suggestion").click()
    expect(desk.get_by_text("It is a draft now, and she is told by mail.")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Taken: it becomes a story.")).to_be_visible()
    page.context.close()
    week.run("deliver")
    assert "Eleven roofs" in week.mail("suggestion")


def sunday_asks_what_it_brought(week: Week) -> None:
    clock.set_now(TUESDAY + timedelta(days=5))
    week.run("visits", "results", "results-hourly")
    page = week.at("/console/results")
    expect(page.get_by_text("1 person shared in this period")).to_be_visible()
    page = week.at("/console/results/sharing")
    expect(page.get_by_text("Most for LinkedIn: 1 share.")).to_be_visible()
    page.get_by_text("The figures as a table").first.click()
    with page.expect_download() as kept:
        page.get_by_role("link", name="CSV").first.click()
    assert kept.value.suggested_filename.endswith(".csv")
    page = week.at("/console/results/reach")
    expect(page.get_by_text("3 visits by people.")).to_be_visible()
