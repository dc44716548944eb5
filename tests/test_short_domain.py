"""The domain for short links. In: requests under both names. Out: there, short links, posters, their pictures only."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service import config, posters, shares
from service.database import db
from service.models import Picture
from service.web.hosts import is_short
from tests import noor as world

GO = "https://go.example"


@pytest.fixture
def short(settings: config.Config, app: Flask) -> FlaskClient:
    """A client of the service with a domain for short links."""
    app.config["GOODWORD"] = replace(settings, short_url=GO, short_home="https://fjord.example")
    return app.test_client()


def test_links_are_made_with_the_short_domain_and_answer_on_both(short: FlaskClient) -> None:
    noor = world.begin()
    opened = shares.open_share(noor, world.story(), "linkedin")
    assert opened.link == f"{GO}/r/{opened.share.code}"
    for host in (GO, "https://good.example"):
        assert short.get(f"/r/{opened.share.code}", base_url=host, headers=world.PERSON).status_code == 302
    card = short.get(f"/r/{opened.share.code}", base_url="https://good.example", headers=world.LINKEDIN).text
    assert f'<meta property="og:url" content="{GO}/r/{opened.share.code}">' in card


def test_cards_and_their_pictures_are_on_the_short_domain_too(short: FlaskClient) -> None:
    noor = world.begin()
    story = world.story()
    db.session.add(Picture(hash="ab" * 32, mime="image/jpeg", width=1200, height=675, body=b"jpeg"))
    db.session.flush()
    story.picture_hash = "ab" * 32
    db.session.commit()
    code = shares.open_share(noor, story, "linkedin").share.code
    page = short.get(f"/r/{code}", base_url=GO, headers=world.LINKEDIN).text
    assert f'content="{GO}/pictures/{"ab" * 32}.jpg"' in page
    assert short.get(f"/pictures/{'ab' * 32}.jpg", base_url=GO).data == b"jpeg"
    assert short.get(posters.link_of(posters.make(story)), headers=world.PERSON).status_code == 302
    assert short.get("/health", base_url=GO).status_code == 200


@pytest.mark.parametrize("host", ["go.example", "GO.example", "go.example:443", "go.example.", "go.example.:8443"])
def test_everything_else_is_not_there(short: FlaskClient, host: str) -> None:
    made = world.passes_of(world.begin())
    for path in (f"/me/{made.me}", f"/s/{made.share}/1", f"/u/{made.unsubscribe}", "/console/", "/draws", "/none"):
        assert short.get(path, base_url=f"https://{host}").status_code == 404, path
        assert short.post(path, base_url=f"https://{host}").status_code in (404, 405), path
    assert short.get(f"/me/{made.me}").status_code == 200


def test_the_bare_domain_leads_home_if_it_has_one(short: FlaskClient, app: Flask, settings: config.Config) -> None:
    home = short.get("/", base_url=GO)
    assert (home.status_code, home.headers["Location"]) == (302, "https://fjord.example")
    app.config["GOODWORD"] = replace(settings, short_url=GO)
    assert short.get("/", base_url=GO).status_code == 404


def test_no_address_is_ever_made_from_a_host_header(short: FlaskClient) -> None:
    code = shares.open_share(world.begin(), world.story(), "linkedin").share.code
    for host in ("https://evil.example", "https://go.example.evil.example"):
        for headers in (world.LINKEDIN, world.PERSON):
            answer = short.get(f"/r/{code}", base_url=host, headers={**headers, "X-Forwarded-Host": "evil.example"})
            assert "evil" not in answer.text + str(answer.headers)


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1:8001", True), ("127.0.0.1:8000", False), ("127.0.0.1", False), ("[::1]:8001", False)],
)
def test_two_ports_of_one_name_are_told_apart(settings: config.Config, host: str, expected: bool) -> None:
    both = replace(settings, base_url="http://127.0.0.1:8000", short_url="http://127.0.0.1:8001")
    assert is_short(host, both) is expected


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"GOODWORD_SHORT_URL": "https://go.example/x"}, "scheme and host only"),
        ({"GOODWORD_SHORT_URL": "go.example"}, "scheme and host only"),
        ({"GOODWORD_SHORT_URL": "https://bücher.example"}, "ASCII"),
        ({"GOODWORD_BASE_URL": "https://bücher.example"}, "ASCII"),
        ({"GOODWORD_BASE_URL": "https://good.example>,<x"}, "ASCII"),
        ({"GOODWORD_SHORT_URL": "https://GOOD.example"}, "another host"),
        ({"GOODWORD_SHORT_HOME": "https://fjord.example"}, "needs GOODWORD_SHORT_URL"),
        ({"GOODWORD_SHORT_URL": GO, "GOODWORD_SHORT_HOME": "fjord"}, "whole address"),
        ({"GOODWORD_SHORT_URL": "http://go.example", "GOODWORD_ENV": "production"}, "https://"),
    ],
)
def test_a_domain_that_cannot_stand_is_refused_in_one_line(given: dict[str, str], why: str) -> None:
    variables = {"GOODWORD_BASE_URL": "https://good.example", "GOODWORD_SECRET": "x" * 32, **given}
    with pytest.raises(config.Misconfigured, match=why):
        config.read(variables)
