"""The rail. In: one table of nouns and tabs. Out: every page of the console stands under one noun, marked as such."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from service.web.console import rail
from tests import week47
from tests.liam import Liam, at_the_console


@pytest.fixture
def liam(app: Flask) -> Liam:
    week47.programme()
    return at_the_console(app)


def current(html: str, label: str) -> list[tuple[str, str]]:
    """Return (aria-current, words) of the marked links in the navigation of this name."""
    nav = re.search(rf'<nav[^>]*aria-label="{label}".*?</nav>', html, re.S)
    assert nav, label
    return re.findall(r'aria-current="(\w+)">([^<\n]+)', nav[0])


def test_each_tab_is_a_page_of_the_console_and_stands_once(app: Flask) -> None:
    tabs = [endpoint for _key, _words, tabs in rail.NOUNS for endpoint, _w in tabs]
    assert len(tabs) == len(set(tabs))
    assert {e for e in tabs if e not in app.view_functions} == set()


def test_every_tab_marks_its_noun_and_itself(liam: Liam, app: Flask) -> None:
    with app.test_request_context():
        addresses = {e: app.url_map.bind("x").build(e) for _k, _w, tabs in rail.NOUNS for e, _t in tabs}
    for _key, words, tabs in rail.NOUNS:
        for endpoint, tab in tabs:
            html = liam.get(addresses[endpoint]).text
            first = endpoint == tabs[0][0]
            assert current(html, "Console") == [("page" if first else "true", words)], endpoint
            if len(tabs) > 1:
                assert current(html, words) == [("page", tab)], endpoint


def test_a_page_below_a_tab_marks_it_without_being_it(liam: Liam) -> None:
    html = liam.get("/console/contests/new").text
    assert current(html, "Console") == [("true", "Recognition")]
    assert current(html, "Recognition") == [("true", "Contests")]
