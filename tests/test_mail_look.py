"""Mails in Chromium. In: real mails at 600 and 375 px, light and dark. Out: they fit, read well, are easy to tap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from emails import digest, frozen, invitation, render, winner
from emails.values import Neighbour, Winner
from tests.conftest import chromium
from tests.sample_mails import EDITION, ID, MONTH, NOOR, PRIZE, PROGRAMME, STORIES, TICKETS, TUESDAY, reader

pytestmark = pytest.mark.browser

MAILS = {
    **{f"digest {x}": digest.compile(EDITION, x).html(reader(x), MONTH, [11, 14, 12]) for x in ("en", "it", "sl")},
    "invitation": invitation.compose(PROGRAMME, NOOR, ["Engineering", "Open data"], ID, TUESDAY).html,
    "frozen": frozen.compose(PROGRAMME, NOOR, TICKETS, ID, TUESDAY).html,
    "winner": winner.compose(PROGRAMME, NOOR, PRIZE, ID, TUESDAY).html,
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as player:
        found = player.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        yield found
        found.close()


@pytest.fixture
def show(browser: Browser) -> Iterator[Any]:
    """Open a mail as a page of this width and theme; pictures, like everything of the network, are blocked."""
    opened: list[Page] = []

    def open_(html: str, width: int, theme: str) -> Page:
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)  # type: ignore[arg-type]
        page.route("**/*", lambda route: route.abort())
        page.set_content(html)
        opened.append(page)
        return page

    yield open_
    for page in opened:
        page.close()


def boxes(page: Page, selector: str) -> list[dict[str, float]]:
    return [box for box in (each.bounding_box() for each in page.query_selector_all(selector)) if box]  # type: ignore[misc]


def hexadecimal(page: Page, selector: str, name: str) -> str:
    found = page.eval_on_selector(selector, f"e => getComputedStyle(e)['{name}']")
    return "#" + "".join(f"{int(part):02x}" for part in found.removeprefix("rgb(").removesuffix(")").split(","))


@pytest.mark.parametrize(("width", "theme"), [(600, "light"), (375, "light"), (375, "dark"), (320, "light")])
@pytest.mark.parametrize("name", MAILS)
def test_a_mail_fits_and_wears_the_theme_and_reads_well(show: Any, name: str, width: int, theme: str) -> None:
    page = show(MAILS[name], width, theme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    tokens = render.DARK if theme == "dark" else render.TOKENS
    assert hexadecimal(page, "body > .p", "backgroundColor") == tokens["paper"]
    assert hexadecimal(page, ".k", "color") == tokens["ink"]
    if width == 375:
        options = {"runOnly": ["color-contrast", "image-alt", "link-name", "html-has-lang", "valid-lang"]}
        found = Axe().run(page, options=options)
        assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("width", [600, 375])
def test_share_buttons_are_big_and_apart(show: Any, width: int) -> None:
    page = show(MAILS["digest it"], width, "light")
    found = boxes(page, "a.b")
    assert len(found) == 9
    for box in found:
        assert box["height"] >= 44 and box["width"] >= 44
    for one, other in pairwise(found):
        if one["y"] == other["y"]:
            assert other["x"] - one["x"] - one["width"] >= 8
        else:
            assert other["y"] - one["y"] - one["height"] >= 8


def test_a_blocked_picture_leaves_its_words_and_no_hole(show: Any) -> None:
    page = show(MAILS["digest en"], 600, "light")
    (picture,) = boxes(page, "img")
    assert 20 <= picture["height"] <= 60 and picture["width"] == 552
    assert page.get_by_alt_text("A red tram").count() == 1


def test_a_picture_fills_the_column_and_keeps_its_shape(browser: Browser, show: Any) -> None:
    wide = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='1200' height='675'/%3E"
    page = browser.new_page(viewport={"width": 375, "height": 900})
    page.set_content(MAILS["digest en"].replace(STORIES[0].picture or "", wide))
    (picture,) = boxes(page, "img")
    assert picture["width"] == 343 and round(picture["width"] / picture["height"], 1) == 1.8
    page.close()


def test_a_story_that_reads_right_to_left_begins_at_the_right(show: Any) -> None:
    page = show(MAILS["digest en"], 600, "light")
    (title,) = boxes(page, '[lang="he"] h2 a')
    assert title["x"] + title["width"] == pytest.approx(576, abs=2)


def test_the_bar_is_as_long_as_its_words_say(show: Any) -> None:
    page = show(MAILS["digest en"], 600, "dark")
    (done,), (left,) = boxes(page, "td.a[width]:not([height])"), boxes(page, "td.r")
    assert done["width"] / (done["width"] + left["width"]) == pytest.approx(0.6, abs=0.02)
    assert done["height"] == 8


def test_words_without_an_end_and_large_figures_stay_on_a_phone(show: Any) -> None:
    """One long word made the whole mail as wide as itself, and four figures ran into their neighbours."""
    long = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
    stories = tuple(replace(story, title=long, summary=long * 2) for story in STORIES)
    programme = replace(PROGRAMME, name=long, liaison_name=long, company=long)
    edition = replace(
        EDITION, stories=stories, programme=programme, words={"it": long}, winners=(Winner(long, long, ""),)
    )
    you = replace(MONTH, points=1_234_567, tickets=12_345, near=(Neighbour(long, 1_234_567, 123_456), *MONTH.near[1:]))
    html = digest.compile(edition, "it").html(replace(reader("it"), name=long), you, [11, 14])
    for width in (360, 600):
        page = show(html, width, "light")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    numbers = boxes(show(html, 375, "light"), "div.f")
    assert len(numbers) == 3 and {box["height"] for box in numbers} == {32}
    usual = show(MAILS["digest it"], 375, "light")
    around = "e => {const r = document.createRange(); r.selectNodeContents(e); const b = r.getBoundingClientRect();"
    ends = usual.eval_on_selector_all("div.f", f"all => all.map({around} return [b.left, b.right]}})")
    assert all(after[0] - before[1] >= 12 for before, after in pairwise(ends))


def test_a_topic_stands_above_its_title_on_the_side_where_that_begins(show: Any) -> None:
    page = show(MAILS["digest en"], 600, "light")
    topic = page.eval_on_selector('[lang="he"]', "e => getComputedStyle(e.previousElementSibling).textAlign")
    assert topic == page.eval_on_selector('[lang="he"]', "e => getComputedStyle(e).textAlign") == "right"
