"""Forgery. In: every POST route, forms without their token and forms of others. Out: none of them does anything."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import IntegerConverter, Rule

from service.web.console.room import OPEN
from tests import noor as world
from tests import week47
from tests.liam import BASE, Liam, at_the_console
from tests.test_machines_walk import tables

MACHINES = {
    "hooks.sendgrid",
    "inbound.sendgrid",
    "conversions.report",
    "conversions.pixel",
    "subscriptions.unsubscribe",
    "draws.check",
    "mailfolder.find",
}
"""POSTs without a token or nonce: signed, secret, one-click (RFC 8058), reading only, or of tests and demo alone."""


def rules(app: Flask, console: bool) -> list[Rule]:
    """Return every route that takes a POST, of the console or of everybody else."""
    return [
        rule
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and rule.endpoint.startswith("console.") == console
    ]


def path(app: Flask, rule: Rule, **values: object) -> str:
    """Return an address of this route; what `values` does not name is 1, or x."""
    whole = {name: 1 if isinstance(c, IntegerConverter) else "x" for name, c in rule._converters.items()} | {
        name: value for name, value in values.items() if name in rule.arguments
    }
    return app.url_map.bind("good.example").build(rule.endpoint, whole, method="POST")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # no statement of a refused form differs
def test_every_form_of_the_console_needs_a_token_of_its_own_session(app: Flask) -> None:
    week47.programme()
    liam = at_the_console(app)
    stranger = Liam(app)
    foreign = stranger.token()
    walked = rules(app, console=True)
    assert len(walked) > 60
    before = tables()
    for rule in walked:
        for token in ({}, {"csrf_token": foreign}, {"csrf_token": "x"}):
            here = {"Referer": f"{BASE}/console/"}
            answer = liam.open(path(app, rule), method="POST", data={**token, "act": "delete"}, headers=here)
            assert answer.status_code == 400, (rule.endpoint, token)
    assert tables() == before
    assert {f"console.{name}" for name in ("sign_in_post", "welcome_post")} <= {rule.endpoint for rule in walked} & OPEN


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_form_behind_a_pass_needs_the_nonce_of_its_own_page(app: Flask, client: FlaskClient) -> None:
    noor = world.begin()
    other = week47.reader("Sam")
    mine, theirs = world.passes_of(noor), world.passes_of(other)
    page = client.get(f"/me/{theirs.me}", base_url=BASE).text
    nonces = ["", "x" * 32, *re.findall(r'name="nonce" value="([0-9a-f]{32})"', page)]
    assert len(nonces) > 5
    before = tables()
    walked = [rule for rule in rules(app, console=False) if rule.endpoint not in MACHINES]
    assert len(walked) > 15
    for rule in walked:
        story = world.story().id
        for begin, text in (("/me/", mine.me), ("/claim/", mine.claim), ("/s/", mine.share), ("/u/", mine.unsubscribe)):
            if not rule.rule.startswith(begin):
                continue
            address = path(app, rule, text=text, story_id=story, network="linkedin", which="choose")
            for nonce in nonces:
                answer = client.post(address, data={"nonce": nonce, "act": "claim"}, base_url=BASE)
                assert answer.status_code in (400, 404, 410), (rule.endpoint, answer.status_code)
    assert tables() == before


def test_the_posts_without_a_token_are_those_that_are_known(app: Flask) -> None:
    assert {rule.endpoint for rule in rules(app, console=False)} >= MACHINES
