"""Conversions. In: reports with tokens and from pages. Out: each counted once for its story, and nobody learns more."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service import clock, config, conversions, shares, visiting
from service.cli import cli
from service.database import db
from service.models import Conversion, ConversionToken, DayFigure, Evidence, Programme, Reckoning
from service.results.scopes import Scope, period
from service.up import environment
from service.validation import Invalid
from tests import noor as world
from tests.conftest import TUESDAY, chromium
from tests.liam import at_the_console
from tests.test_share_use_cases import HUMAN

API = "/api/v1/conversions"


@pytest.fixture
def click(app: Flask) -> str:
    """The id of a reader's click on Noor's share."""
    noor = world.begin()
    db.session.execute(sa.update(Programme).values(click_parameter="gw"))
    db.session.commit()
    visiting.visit(shares.open_share(noor, world.story(), "linkedin").share.code, HUMAN)
    return str(db.session.scalars(sa.select(Evidence.click).where(Evidence.kind == "visit")).one())


@pytest.fixture
def token(click: str) -> str:
    return conversions.make_token("our CRM")[1]


def report(client: FlaskClient, token: str, told: Any, **more: Any) -> TestResponse:
    db.session.rollback()
    headers = {"Authorization": f"Bearer {token}", **more.pop("headers", {})}
    return client.post(API, data=json.dumps(told), content_type="application/json", headers=headers, **more)


def test_a_report_counts_for_the_story_and_network_of_its_click_once(
    client: FlaskClient, click: str, token: str
) -> None:
    told = {"click": click, "kind": "sale", "value": "120.50", "currency": "eur", "id": "order-17"}
    first, again = report(client, token, told), report(client, token, told)
    assert (first.status_code, first.json) == (201, {"counted": True})
    assert (again.status_code, again.json) == (200, {"counted": False})
    assert report(client, token, {"click": click}).status_code == 201
    found = conversions.sums(Scope(period("2026-11", TUESDAY.date())))
    assert [(s.kind, s.network, s.currency, s.number, s.hundredths) for s in found] == [
        ("lead", "linkedin", "", 1, 0),
        ("sale", "linkedin", "EUR", 1, 12050),
    ]
    assert conversions.sums(Scope(period("2026-11", TUESDAY.date()), campaign=1)) == found
    assert conversions.sums(Scope(period("2026-10", TUESDAY.date()))) == []
    columns = {c.name for c in sa.inspect(Conversion).columns}
    assert not columns & {"subject", "click", "share_id"}, "it names nobody"


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({}, "click"),
        ({"click": "short"}, "click"),
        ({"click": "x" * 16, "value": -1}, "value"),
        ({"click": "x" * 16, "value": True}, "value"),
        ({"click": "x" * 16, "value": "NaN"}, "value"),
        ({"click": "x" * 16, "currency": "EURO"}, "currency"),
        ({"click": "x" * 16, "kind": "A sale"}, "kind"),
        ({"click": "x" * 16, "id": "x" * 200}, "id"),
        ({"click": "x" * 16, "id": "a\0b"}, "id"),
        ({"click": "x" * 16, "id": "\ud83d"}, "id"),
        ({"click": "x" * 16, "email": "a@b.example"}, "email"),
    ],
)
def test_what_cannot_be_counted_is_named_field_by_field(told: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        conversions.parse(told)
    assert field in refusal.value.errors


def test_refusals_are_clear_and_tell_nothing(client: FlaskClient, click: str, token: str) -> None:
    assert client.post(API, json={"click": click}).status_code == 401
    assert report(client, "gwc_wrong", {"click": click}).status_code == 401
    assert report(client, token, {"click": "y" * 16}).status_code == 404
    assert db.session.scalar(sa.select(Reckoning.unknown_clicks)) == 1
    assert report(client, token, {"click": "no"}).json["fields"].keys() == {"click"}  # type: ignore[index]
    assert report(client, token, [1]).status_code == 400
    db.session.rollback()
    huge = client.post(
        API, data=b"{" + b" " * 20000, content_type="application/json", headers={"Authorization": f"Bearer {token}"}
    )
    assert huge.status_code == 413
    text = client.post(API, data="{}", content_type="text/plain", headers={"Authorization": f"Bearer {token}"})
    assert text.status_code == 415


def test_one_source_reports_only_so_many_a_minute(
    client: FlaskClient, click: str, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversions, "A_MINUTE", 2)
    codes = [report(client, token, {"click": click}).status_code for _ in range(3)]
    assert codes == [201, 201, 429]
    clock.set_now(TUESDAY + timedelta(minutes=2))
    assert report(client, token, {"click": click}).status_code == 201


def test_a_token_is_shown_once_kept_as_a_hash_and_ends_at_once(app: Flask, click: str) -> None:
    liam = at_the_console(app)
    liam.get("/console/results/conversions")
    html = liam.post("/console/results/conversions/tokens", {"token_name": "our CRM"}).text
    token = html.partition('class="token">')[2].partition("<")[0]
    assert token.startswith("gwc_") and token not in liam.get("/console/results/conversions").text
    row = db.session.scalars(sa.select(ConversionToken)).one()
    assert token not in row.hash
    client = app.test_client()
    assert report(client, token, {"click": click}).status_code == 201
    assert "our CRM" in liam.post(f"/console/results/conversions/tokens/{row.id}/revoke").text
    assert report(client, token, {"click": click}).status_code == 401


def pixel(client: FlaskClient, told: Any, origin: str, key: str) -> TestResponse:
    db.session.rollback()
    return client.post(f"{API}/pixel?key={key}", data=json.dumps(told), headers={"Origin": origin})


def test_only_listed_sites_pages_report_and_learn_nothing(client: FlaskClient, click: str) -> None:
    conversions.set_sites("https://shop.example")
    key = db.session.scalars(sa.select(Reckoning.site_key)).one()
    site = "https://shop.example"
    for told in ({"click": click, "kind": "sale"}, {"click": click, "kind": "sale"}, {"click": "y" * 16}):
        answer = pixel(client, told, site, key)
        assert (answer.status_code, answer.data) == (204, b"")
        assert answer.headers["Access-Control-Allow-Origin"] == site
        assert "Access-Control-Allow-Credentials" not in answer.headers
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Conversion)) == 1
    others = (("https://evil.example", key), (site, "wrong"), (site, "é"), ("", key), ("http://shop.example", key))
    for origin, wrong in others:
        answer = pixel(client, {"click": click}, origin, wrong)
        assert answer.status_code == 403 and "Access-Control-Allow-Origin" not in answer.headers
    assert client.options(f"{API}/pixel?key={key}", headers={"Origin": site}).status_code == 204


@pytest.mark.parametrize(
    "line", ["ftp://shop.example", "https://", "http://shop.example", "https://a@shop.example", "[::1"]
)
def test_only_addresses_of_sites_can_be_listed(app: Flask, line: str) -> None:
    with pytest.raises(Invalid):
        conversions.set_sites(line)


@pytest.mark.browser
@pytest.mark.sockets
def test_the_snippet_reports_from_a_real_page_without_cookies(app: Flask, click: str) -> None:
    from playwright.sync_api import sync_playwright
    from werkzeug.serving import make_server

    def site(environ: Any, start: Any) -> Any:
        thanks = ' data-convert="application" data-value="7.5"' if environ["PATH_INFO"] == "/thanks" else ""
        script = f'<script src="{ours}/conversions.js" data-key="{key}" data-click="gw"{thanks} defer></script>'
        start("200 OK", [("Content-Type", "text/html")])
        return [f"<!doctype html><title>Shop</title>{script}<a href='/thanks'>Apply</a>".encode()]

    shop = make_server("127.0.0.1", 0, site)
    goodword = make_server("127.0.0.1", 0, app, threaded=True)
    ours, theirs = f"http://127.0.0.1:{goodword.server_port}", f"http://127.0.0.1:{shop.server_port}"
    conversions.set_sites(theirs)
    key = db.session.scalars(sa.select(Reckoning.site_key)).one()
    db.session.rollback()
    threads = [threading.Thread(target=s.serve_forever) for s in (shop, goodword)]
    for thread in threads:
        thread.start()
    try:
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
            context = browser.new_context()
            page = context.new_page()
            page.goto(f"{theirs}/landing?gw={click}")
            with page.expect_response(lambda r: "pixel" in r.url) as seen:
                page.click("text=Apply")
            assert seen.value.status == 204
            assert context.cookies() == []
            browser.close()
    finally:
        for server, thread in zip((shop, goodword), threads, strict=True):
            server.shutdown()
            thread.join()
            server.server_close()
    db.session.rollback()
    row = db.session.scalars(sa.select(Conversion)).one()
    assert (row.kind, row.hundredths, row.source, row.network) == ("application", 750, 0, "linkedin")


def test_the_command_line_makes_lists_and_ends_tokens_and_proves_figures(
    click: str, client: FlaskClient, settings: config.Config
) -> None:
    def goodword(*words: str) -> Result:
        db.session.remove()
        return CliRunner(env=environment(settings)).invoke(cli, ["results", *words])

    made = goodword("tokens", "make", "our CRM")
    token = next(line for line in made.output.splitlines() if line.startswith("gwc_"))
    assert report(client, token, {"click": click}).status_code == 201
    listed = goodword("tokens", "list").output
    assert "our CRM: valid" in listed and token not in listed
    assert goodword("tokens", "revoke", "1").exit_code == 0
    assert goodword("tokens", "revoke", "1").exit_code == 1
    assert report(client, token, {"click": click}).status_code == 401
    assert "Shares counted: 1" in goodword("count").output
    assert goodword("verify").exit_code == 0
    assert json.loads(goodword("show", "2026-11").output)["human"] == 1
    assert goodword("show", "whenever").exit_code == 2
    db.session.execute(sa.update(DayFigure).values(human=5))
    db.session.commit()
    wrong = goodword("verify")
    assert wrong.exit_code == 1 and "expected 1, found 5" in wrong.output
