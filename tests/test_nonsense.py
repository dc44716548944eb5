"""Nonsense. In: numbers that no row has, zero bytes, days out of all time. Out: 404, 400 or a page, never a crash."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

import service
from tests import noor as world
from tests.liam import Liam, at_the_console


@pytest.fixture
def liam(app: Flask) -> Liam:
    world.begin()
    return at_the_console(app)


@pytest.mark.parametrize("number", [2**31, 2**63, 10**30])
def test_a_number_that_no_row_can_have_is_not_there(app: Flask, liam: Liam, number: int) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    rules = [rule for rule in app.url_map.iter_rules() if "int:" in rule.rule]
    assert len(rules) > 50
    for rule in rules:
        given = {name: number if f"int:{name}>" in rule.rule else "x" for name in rule.arguments}
        method = "GET" if "GET" in (rule.methods or ()) else "POST"
        path = app.url_map.bind("good.example").build(rule.endpoint, given, method=method)
        assert liam.open(path, method=method).status_code in (404, 405), path


@pytest.mark.parametrize(
    "path",
    [
        "/console/campaigns/new?like=99999999999999999999",
        "/console/contests/new?campaign=4294967296",
        "/console/draws/new?campaign=4294967296",
        "/console/results/sharing?team=99999999999999999999",
        "/console/results/sharing?period=9999-12",
        "/console/results/sharing?period=0001-W01",
        "/console/stories?q=%00",
        "/console/editions?q=anything",
        "/console/calendar?from=9999-12-31",
        "/console/calendar?from=0001-01-01",
        f"/console/campaigns/{'9' * 5000}",
    ],
)
def test_nonsense_in_an_address_is_no_crash(liam: Liam, path: str) -> None:
    assert liam.get(path).status_code in (200, 400, 404)


def test_a_zero_byte_in_a_form_is_no_crash(app: Flask, liam: Liam) -> None:
    liam.get("/console/people")
    assert liam.post("/console/people/search", {"q": "a\0b"}).status_code in (200, 400)
    liam.get("/console/stories/new")
    fields = {"title": "A\0B", "url": "https://fjord.example/\0", "language": "en", "kind": "owned"}
    assert liam.post("/console/stories/new", fields).status_code in (200, 400, 422)


NAMES = sorted(
    {
        name
        for page in (Path(service.__file__).parent / "templates" / "console").glob("*.html")
        for name in re.findall(r'name="([a-z_]+)"|[a-z_]+\("([a-z_]+)"', page.read_text(encoding="utf-8"))
        for name in name
        if name and name != "csrf_token"
    }
)
"""Fields of the console's forms, as the templates name them."""


@pytest.mark.parametrize("typed", ["9" * 5000, str(10**12)])
def test_a_number_beyond_all_numbers_in_any_field_is_no_crash(app: Flask, liam: Liam, typed: str) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    assert len(NAMES) > 80
    fields = dict.fromkeys(NAMES, typed)
    rules = [r for r in app.url_map.iter_rules() if r.endpoint.startswith("console.") and "POST" in (r.methods or ())]
    assert len(rules) > 50
    for rule in rules:
        if rule.endpoint != "console.sign_out":
            given = {name: 1 if f"int:{name}>" in rule.rule else "x" for name in rule.arguments}
            path = app.url_map.bind("good.example").build(rule.endpoint, given, method="POST")
            assert liam.open(path, method="POST", data=fields).status_code < 500, path
