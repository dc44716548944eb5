"""The editor in a browser. In: the application on loopback and Chromium. Out: what typing, tapping and keys do."""

from __future__ import annotations

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from emails.networks import length
from service import programmes
from service.database import db
from service.models import ShareText
from tests import noor as world
from tests.test_browser_pages import _page, _serious, browser, site

__all__ = ["browser", "site"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.sockets,
    pytest.mark.xdist_group("browser"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),  # what a page looks like is the same on both
]
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft " * 3
SECOND = "Come and see how a partner spends the day."


def prepare(disclosure: str = "I work at Fjord") -> str:
    """Make Noor's world with two suggestions for all networks, a disclosure and a block list; return her door."""
    noor, story = world.begin(), world.story()
    story.texts.append(ShareText(network="", language="en", text=SECOND, position=1))
    story.texts.append(ShareText(network="", language="en", text=LONG, position=2))
    db.session.commit()
    programmes.change(
        disclosure={"en": disclosure},
        block_list={"guaranteed returns": "Nobody can promise that."},
        policy={"en": "Share what you like."},
    )
    door = f"/s/{world.passes_of(noor).share}/{story.id}"
    db.session.rollback()
    return door


def counted(page: Page) -> str:
    return page.locator("#count").inner_text()


def test_suggestions_fill_the_field_and_her_own_words_can_be_put_back(
    site: tuple[Flask, str], browser: Browser
) -> None:
    door = prepare()
    page = _page(browser)
    page.goto(site[1] + door)
    words = page.get_by_label("Your words")
    page.get_by_role("radio", name=SECOND).check()
    expect(words).to_have_value(SECOND)
    words.fill("All my own.")
    expect(page.get_by_role("radio", name="My own words")).to_be_checked()
    page.get_by_role("radio", name=SECOND).check()
    expect(words).to_have_value(SECOND)
    page.get_by_role("button", name="Put my words back").click()
    expect(words).to_have_value("All my own.")
    expect(page.get_by_role("radio", name="My own words")).to_be_checked()
    page.get_by_role("button", name="Get my words ready").click()
    assert page.locator("#the-words").text_content() == "All my own. #ToBeAPartner\nI work at Fjord"
    page.context.close()


def test_the_networks_are_walked_by_keys_and_bring_their_own_suggestions(
    site: tuple[Flask, str], browser: Browser
) -> None:
    door = prepare()
    page = _page(browser)
    page.goto(site[1] + door)
    group = page.get_by_role("group", name="Where do you want to share?")
    group.get_by_role("radio", name="LinkedIn").focus()
    page.keyboard.press("ArrowRight")
    expect(group.get_by_role("radio", name="X", exact=True)).to_be_checked()
    expect(page.get_by_role("group", name="Begin with a suggestion for X")).to_be_visible()
    expect(page.get_by_role("group", name="Begin with a suggestion for LinkedIn")).to_be_hidden()
    expect(page.get_by_label("Your words")).to_have_value("Two hundred guests, one question.")
    page.get_by_label("Your words").fill("Mine.")
    group.get_by_role("radio", name="X", exact=True).focus()
    page.keyboard.press("ArrowRight")
    expect(group.get_by_role("radio", name="Bluesky")).to_be_checked()
    expect(page.get_by_label("Your words")).to_have_value("Mine.")
    page.context.close()


@pytest.mark.parametrize("said", ["#ad", "I work at Fjord"])
def test_the_length_is_counted_like_the_server_counts_it(site: tuple[Flask, str], browser: Browser, said: str) -> None:
    door = prepare(said)
    page = _page(browser)
    page.goto(site[1] + door)
    more = page.get_by_role("group", name="Where do you want to share?").get_by_text("More networks")
    more.click()
    for slug, name in (("x", "X"), ("threads", "Threads"), ("bluesky", "Bluesky"), ("mastodon", "Mastodon")):
        page.get_by_role("radio", name=name, exact=True).check()
        for text in (
            "",
            "Plain words",
            "Zażółć — 你好 🎉👩‍💻 “ok”",
            "a #tobeapartner b",
            "i WORK  at fjord! #AD",
            "#advert",
        ):
            page.get_by_label("Your words").fill(text)
            live = counted(page)
            with page.context.expect_page() as answer:
                # The server's own count, on a page of its own: what it says when it shows the editor again.
                page.evaluate(
                    """() => {
                        const form = document.getElementById('editor'), then = document.createElement('input');
                        then.type = 'hidden'; then.name = 'then'; then.value = 'network';
                        form.append(then); form.target = '_blank'; form.submit(); then.remove(); form.target = '';
                    }"""
                )
            answer.value.wait_for_load_state("domcontentloaded")
            if text:
                assert answer.value.locator("#words").input_value() == text
                assert counted(answer.value) == live, (slug, text)
            answer.value.close()
        ours = page.evaluate(
            "(t) => lengths.count(t, document.querySelector('[name=network]:checked').value)", LONG + "🎉—"
        )
        assert ours == length(LONG + "🎉—", slug)
    page.context.close()


def test_over_the_length_is_said_to_eyes_and_ears_and_refused_with_the_words_kept(
    site: tuple[Flask, str], browser: Browser
) -> None:
    door = prepare()
    page = _page(browser)
    page.goto(f"{site[1]}{door}?network=x")
    page.get_by_label("Your words").fill("word " * 60)
    expect(page.locator("#count")).to_have_class("count num over")
    expect(page.locator("#count-said")).to_have_text("Too long by 73")
    page.get_by_role("button", name="Get my words ready").click()
    expect(page.get_by_role("alert")).to_contain_text("too many")
    assert page.get_by_label("Your words").input_value().startswith("word word")
    page.get_by_label("Your words").fill("Guaranteed-returns for all of us")
    page.get_by_role("button", name="Get my words ready").click()
    expect(page.get_by_role("alert")).to_contain_text("Nobody can promise that.")
    assert _serious(page) == []
    page.context.close()


def test_what_cannot_be_copied_stands_selected_and_then_opens(site: tuple[Flask, str], browser: Browser) -> None:
    door = prepare()
    page = _page(browser)
    page.add_init_script("navigator.clipboard.writeText = () => Promise.reject(); document.execCommand = () => false;")
    page.goto(f"{site[1]}{door}/linkedin")
    page.get_by_role("link", name="Copy and open LinkedIn").click()
    expect(page.locator("#told")).to_contain_text("That did not copy.")
    assert page.evaluate("getSelection().toString()").strip().endswith("I work at Fjord")
    page.get_by_role("link", name="Copy and open LinkedIn").click()
    page.wait_for_url("https://www.linkedin.com/sharing/share-offsite/*")
    page.context.close()


def test_a_phone_offers_its_own_share_sheet(site: tuple[Flask, str], browser: Browser) -> None:
    door = prepare()
    page = _page(browser)
    page.add_init_script("navigator.share = (what) => { window.shared = what; return Promise.resolve(); };")
    page.goto(f"{site[1]}{door}/copy")
    page.get_by_role("button", name="Share with an app…").click()
    shared = page.evaluate("window.shared")
    assert "#ToBeAPartner" in shared["text"]
    assert "/r/" in shared["url"]
    page.context.close()


def test_the_policy_opens_beside_and_her_words_stay(site: tuple[Flask, str], browser: Browser) -> None:
    door = prepare()
    page = _page(browser)
    page.goto(site[1] + door)
    page.get_by_label("Your words").fill("Not lost.")
    with page.context.expect_page() as policy:
        page.get_by_role("link", name="What we share, and how").click()
    assert "Share what you like." in policy.value.inner_text("main")
    expect(page.get_by_label("Your words")).to_have_value("Not lost.")
    page.context.close()


def test_the_editor_does_its_work_without_a_script(site: tuple[Flask, str], browser: Browser) -> None:
    door = prepare()
    context = browser.new_context(java_script_enabled=False, viewport={"width": 375, "height": 800})
    page = context.new_page()
    page.goto(site[1] + door)
    page.get_by_role("radio", name=SECOND).check()
    page.get_by_role("button", name="Put the picked one into the field").click()
    assert page.get_by_label("Your words").input_value() == SECOND
    page.get_by_label("Your words").fill("By my own hand, and no script.")
    page.get_by_role("group", name="Where do you want to share?").get_by_role("radio", name="X", exact=True).check()
    page.get_by_role("button", name="Show the suggestions for it").click()
    assert page.get_by_label("Your words").input_value() == "By my own hand, and no script."
    assert "Two hundred guests" in page.get_by_role("group", name="Begin with a suggestion for X").inner_text()
    assert page.locator("#count").inner_text() == "60 of 256 characters"
    page.get_by_role("button", name="Get my words ready").click()
    assert "By my own hand, and no script. #ToBeAPartner" in page.locator("#the-words").inner_text()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_the_editor(site: tuple[Flask, str], browser: Browser, scheme: str) -> None:
    door = prepare()
    for width in (375, 1280):
        page = _page(browser, scheme, width)
        for path in (door, f"{door}?network=x", "/policy"):
            page.goto(site[1] + path)
            page.evaluate("document.querySelectorAll('details').forEach((d) => d.open = true)")
            assert _serious(page) == [], path
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        page.context.close()
