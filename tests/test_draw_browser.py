"""The check page of a draw in Chromium. In: a drawn draw on loopback. Out: green where it holds; nothing is sent."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser

from service import programmes
from service.database import db
from service.models import Draw, Employee, Entrant
from tests.test_browser_pages import browser, pytestmark, site
from tests.test_draws import drawn, person

__all__ = ["browser", "pytestmark", "site"]


def held(site: tuple[Flask, str]) -> tuple[str, str, str, Draw]:
    """Hold a draw; return its page, and salt and address of one entrant."""
    programmes.create(
        name="Good news", company="Acme", liaison_name="Liam", liaison_email="liam@acme.example", zone="UTC"
    )
    for name, weeks in (("Noor", 4), ("Sam", 2), ("Mei", 1), ("Ada", 3)):
        person(name, weeks)
    db.session.commit()
    draw = drawn()
    mine = db.session.scalars(sa.select(Entrant).where(Entrant.tickets == 4)).one()
    who = db.session.scalars(sa.select(Employee).where(Employee.subject == mine.subject)).one()
    salt, address = mine.salt or "", who.email or ""
    db.session.commit()
    return f"{site[1]}/draws/2026-10", salt, address, draw


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_her_browser_finds_her_entry_and_checks_all_without_sending_anything(
    site: tuple[Flask, str], browser: Browser, scheme: str
) -> None:
    url, salt, address, draw = held(site)
    page = browser.new_page(viewport={"width": 375, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    asked: list[tuple[str, str]] = []
    page.on("request", lambda request: asked.append((request.method, request.url)))
    page.goto(url)
    page.fill("#salt", salt.upper())
    page.fill("#entry-form #address", address.upper())
    page.get_by_role("button", name="Find my entry").click()
    page.wait_for_selector("#entry-in:not([hidden])")
    assert page.inner_text("#entry-tickets") == "4 / 10"
    assert page.inner_text("#entry-hash") == draw.pool_hash
    assert page.inner_text("#entry-rank").isdecimal()
    page.get_by_role("button", name="Check all of it in this browser").click()
    page.wait_for_selector("#steps:not([hidden])")
    assert page.locator("#steps .holds").count() == page.locator("#steps li").count() == 6
    assert {method for method, _ in asked} == {"GET"}
    assert not [one for _, one in asked if salt in one.lower() or "acme" in one]
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.close()


def test_her_browser_says_what_does_not_hold(site: tuple[Flask, str], browser: Browser) -> None:
    url, _, _, draw = held(site)
    one, two = draw.ranks[2], draw.ranks[3]
    one.entrant, two.entrant = two.entrant, one.entrant
    draw.rules += "And one more.\n"
    db.session.commit()
    page = browser.new_page()
    page.goto(url)
    page.get_by_role("button", name="Check all of it in this browser").click()
    page.wait_for_selector("#steps:not([hidden])")
    wrong = page.locator("#steps .fails").evaluate_all("all => all.map(each => each.dataset.step)")
    assert wrong == ["rules", "ranks"]
    page.close()


def test_without_a_script_the_form_is_sent_once_and_leaves_no_trace_in_the_address(
    site: tuple[Flask, str], browser: Browser
) -> None:
    url, salt, address, _ = held(site)
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(url)
    page.fill("#salt", salt)
    page.fill("#entry-form #address", address)
    page.get_by_role("button", name="Find my entry").click()
    assert page.url == f"{url}/check#entry"
    assert page.inner_text("#entry-tickets") == "4 / 10"
    assert address not in page.content()
    assert salt not in page.content()
    context.close()
