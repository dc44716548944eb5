"""Posters. In: visits by a story's QR code. Out: counted for the poster, and for nobody's score."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from pytest import MonkeyPatch

from scoring import visits
from service import clock, links, posters, programmes
from service.cli import cli
from service.database import db
from service.models import Evidence, LedgerEntry, Poster, PosterVisit, Share
from tests import noor as world
from tests.liam import at_the_console


def _poster() -> Poster:
    world.begin()
    return posters.make(world.story())


def _counts(client: FlaskClient, poster: Poster) -> tuple[int, int]:
    db.session.expire_all()
    return poster.people, poster.others


def test_a_story_has_one_poster_with_a_link_of_its_own(app: Flask) -> None:
    poster = _poster()
    assert posters.make(world.story()).id == poster.id
    assert posters.link_of(poster) == f"https://good.example/p/{poster.code}"
    assert links.is_code(poster.code)


def test_a_person_is_led_on_and_counted_once_and_scores_for_nobody(client: FlaskClient) -> None:
    poster = _poster()
    for _ in range(2):
        answer = client.get(f"/p/{poster.code}", headers=world.PERSON)
        assert answer.status_code == 302
        assert "utm_source=poster&" in answer.headers["Location"] and answer.headers["Cache-Control"] == "no-store"
    assert _counts(client, poster) == (1, 0)
    assert [v.verdict for v in db.session.query(PosterVisit)] == [visits.HUMAN] * 2
    assert not any(db.session.query(table).count() for table in (Share, Evidence, LedgerEntry))


def test_machines_are_told_apart_and_crawlers_get_the_card(client: FlaskClient) -> None:
    poster = _poster()
    page = client.get(f"/p/{poster.code}", headers=world.LINKEDIN)
    assert page.status_code == 200
    assert f'content="https://good.example/p/{poster.code}"' in page.text
    client.get(f"/p/{poster.code}", headers={"User-Agent": "curl/8.10.1"})
    client.head(f"/p/{poster.code}", headers=world.PERSON)
    assert _counts(client, poster) == (0, 2)


@pytest.mark.parametrize("code", ["x", "1" * 10, "0" * 10, "%00" * 10, "é" * 10])
def test_an_unknown_poster_is_not_there(client: FlaskClient, code: str) -> None:
    _poster()
    assert client.get(f"/p/{code}", headers=world.PERSON).status_code == 404


def test_a_posters_visit_takes_its_click_id_along(client: FlaskClient) -> None:
    poster = _poster()
    programmes.change(click_parameter="gw_click")
    to = client.get(f"/p/{poster.code}", headers=world.PERSON).headers["Location"]
    kept = db.session.query(PosterVisit).one().click
    assert kept and f"gw_click={kept}#top" in to


def test_visits_are_forgotten_after_thirty_days_and_counts_stay(client: FlaskClient) -> None:
    poster = _poster()
    client.get(f"/p/{poster.code}", headers=world.PERSON)
    clock.set_now(clock.now() + timedelta(days=31))
    assert posters.forget() == 1
    assert (db.session.query(PosterVisit).count(), _counts(client, poster)) == (0, (1, 0))


def test_the_qr_code_is_a_plain_svg_and_a_large_png(app: Flask) -> None:
    link = posters.link_of(_poster())
    svg = posters.qr(link, "svg").decode()
    assert svg.startswith("<svg") and "<script" not in svg and f"<title>{link}</title>" in svg
    picture = Image.open(io.BytesIO(posters.qr(link, "png")))
    assert picture.size[0] == picture.size[1] >= 400
    assert picture.convert("L").getpixel((0, 0)) == 255
    with pytest.raises(ValueError, match="svg or png"):
        posters.qr(link, "gif")


def test_the_liaison_makes_and_saves_a_poster_at_the_console(app: Flask) -> None:
    world.begin()
    number = world.story().id
    liam = at_the_console(app)
    offered = liam.get(f"/console/stories/{number}/poster")
    assert "Make the code" in offered.text
    assert liam.open(f"/console/stories/{number}/poster.svg").status_code == 404
    made = liam.post(f"/console/stories/{number}/poster")
    assert f"https://good.example/p/{db.session.query(Poster).one().code}" in made.text
    saved = liam.open(f"/console/stories/{number}/poster.png?save")
    assert saved.headers["Content-Disposition"] == 'attachment; filename="poster-why-we-open-our-doors.png"'
    assert saved.data.startswith(b"\x89PNG")
    assert liam.open(f"/console/stories/{number}/poster.svg").mimetype == "image/svg+xml"
    assert liam.open(f"/console/stories/{number}/poster.gif").status_code == 404
    assert liam.get(f"/console/stories/{number}").text.count("/poster") == 1


def test_the_liaison_says_what_an_archived_storys_links_do(app: Flask) -> None:
    world.begin()
    number = world.story().id
    liam = at_the_console(app)
    assert "What its links do now" not in liam.get(f"/console/stories/{number}").text
    liam.post(f"/console/stories/{number}/status", {"act": "archive"})
    assert "What its links do now" in liam.get(f"/console/stories/{number}").text
    liam.post(f"/console/stories/{number}/links", {"afterwards": "ends"})
    db.session.expire_all()
    assert world.story().afterwards == "ends"
    assert liam.post(f"/console/stories/{number}/links", {"afterwards": "anything"}).status_code == 400


def test_the_command_line_writes_the_qr_code(app: Flask, monkeypatch: MonkeyPatch, tmp_path: Path) -> None:
    world.begin()
    number = str(world.story().id)
    db.session.rollback()
    monkeypatch.setattr("service.create_app", lambda: app)
    file = tmp_path / "doors.png"
    made = CliRunner().invoke(cli, ["stories", "qr", number, str(file)])
    assert made.exit_code == 0, made.output
    assert file.read_bytes().startswith(b"\x89PNG")
    assert "https://good.example/p/" in made.output
    printed = CliRunner().invoke(cli, ["stories", "qr", number, "-"])
    assert printed.stdout.startswith("<svg")
    assert CliRunner().invoke(cli, ["stories", "qr", number, str(file)]).exit_code == 1
    assert CliRunner().invoke(cli, ["stories", "qr", number, str(file), "--force"]).exit_code == 0
    assert CliRunner().invoke(cli, ["stories", "qr", "999", "-"]).exit_code == 1
    assert CliRunner().invoke(cli, ["stories", "qr", number, str(tmp_path / "x.gif")]).exit_code == 2
