"""Liam pastes an address. In: a page on loopback. Out: the editor filled in, or why not; and the same story noticed."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from PIL import Image

from service import fetch, stories
from service.database import db
from service.models import Picture, Story
from service.sources import pasting
from tests import week47
from tests.liam import Liam, at_the_console
from tests.pages import Site, site
from tests.week47 import at

pytestmark = pytest.mark.sockets
PAGE = """<html lang="sl"><head><meta property="og:title" content="Deset streh &amp; eno poletje">
<meta property="og:description" content="Kaj smo se naučili."><meta property="og:site_name" content="Svetilnik">
<meta property="og:image" content="/roof.png"><meta property="og:image:alt" content="Streha">
<meta property="article:published_time" content="2026-11-12T08:00:00+01:00">
<meta property="article:tag" content="Space">
</head><body>…</body></html>"""


def png(width: int = 640) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, width // 2), "#0b6b5d").save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    with site() as found:
        monkeypatch.setattr(fetch, "PUBLIC", found.policy)
        yield found


@pytest.fixture
def liam(app: Flask) -> Liam:
    at("2026-11-16T10:00")
    week47.programme()
    return at_the_console(app)


def value(page: str, name: str) -> str:
    found = re.search(rf'<(?:input|textarea)[^>]* name="{name}"[^>]*?(?: value="([^"]*)"|>([^<]*)</textarea>)', page)
    assert found, name
    return html.unescape(found[1] if found[1] is not None else found[2])


def form_of(page: str) -> dict[str, Any]:
    plain = (
        "url",
        "title",
        "summary",
        "source",
        "canonical_key",
        "found_picture",
        "picture_alt",
        "twins",
        "publish_from",
    )
    names = [name for name in plain if f'name="{name}"' in page]
    picked = {
        n: re.findall(rf'name="{n}"[^>]*>.*?<option value="([^"]*)" selected', page, re.S)[0]
        for n in ("kind", "language")
    }
    return {
        **{n: value(page, n) for n in names},
        **picked,
        "topics": re.findall(r'name="topics" value="(\d+)" checked', page),
    }


def test_a_pasted_address_fills_the_story_in_and_saving_it_keeps_all(liam: Liam, web: Site) -> None:
    web.put("/roof.png", png(), "image/png")
    address = web.put("/roofs", PAGE)
    assert "Address of the page" in liam.get("/console/stories/begin").text
    page = liam.post("/console/stories/paste", {"url": f"{address}?utm_source=mail"})
    form = form_of(page.text)
    assert "Filled in from Svetilnik." in page.text and db.session.query(Story).count() == 0
    assert (form["url"], form["title"], form["summary"]) == (
        address,
        "Deset streh & eno poletje",
        "Kaj smo se naučili.",
    )
    assert (form["language"], form["topics"], form["picture_alt"]) == ("sl", ["2"], "Streha")
    assert form["publish_from"] == "2026-11-12T08:00"
    assert f"/pictures/{form['found_picture']}.jpg" in page.text
    assert "Deset streh" in liam.post("/console/stories/card", form).text
    saved = liam.post("/console/stories/new", {**form, "then": "approve"})
    assert "1 story approved." in saved.text
    story = db.session.query(Story).one()
    assert (story.source, story.picture_hash, story.kind) == ("Svetilnik", form["found_picture"], "curated")
    assert story.address_key.endswith("/roofs")


def test_what_was_typed_stays_when_the_page_is_read_from_the_editor(liam: Liam, web: Site) -> None:
    address = web.put("/roofs", PAGE.replace("/roof.png", "/tiny.png"))
    web.put("/tiny.png", png(64), "image/png")
    typed = {
        "url": address,
        "title": "My own title",
        "summary": "",
        "kind": "owned",
        "language": "it",
        "text-all-en": "Hi",
    }
    liam.here = "https://good.example/console/stories/new"
    page = liam.post("/console/stories/paste", {**typed, "topics": ["1"]}).text
    form = form_of(page)
    assert (form["title"], form["summary"], form["kind"]) == ("My own title", "Kaj smo se naučili.", "owned")
    assert (form["language"], form["topics"]) == ("it", ["1"]) and ">Hi</textarea>" in page
    assert "Its picture could not be had: It is too small to be shown." in page


REFUSALS: dict[str, tuple[dict[str, Any] | None, str]] = {
    "/none": (None, "There is nothing at this address (code 404)."),
    "/in": ({"code": 401}, "One has to sign in to read it (code 401)."),
    "/no": ({"code": 403}, "It lets no programs in, or only who signs in (code 403)."),
    "/busy": ({"code": 429}, "It was asked too often lately (code 429)."),
    "/ill": ({"code": 503}, "The site has trouble of its own right now (code 503)."),
    "/pdf": ({"body": b"%PDF", "kind": "application/pdf"}, "no web page but of the type application/pdf"),
    "/big": ({"body": b"<title>x</title>" + b" " * 2_100_000}, "It is larger than 2048 kB."),
    "/script": ({"body": "<div id=app></div>"}, "The page says nothing of itself"),
    "/inwards": ({"code": 302, "Location": "http://10.0.0.1/"}, "We fetch from public places only"),
}


def test_why_a_page_cannot_be_read_is_said_and_the_form_stays_to_go_on_by_hand(liam: Liam, web: Site) -> None:
    for path, (answer, words) in REFUSALS.items():
        address = web.put(path, **answer) if answer else web.url + path
        page = liam.post("/console/stories/paste", {"url": address})
        assert page.status_code == 422
        assert words in html.unescape(page.text) and "Write the story by hand" in page.text
        assert value(page.text, "url") == address and 'id="url-wrong"' in page.text


def test_private_places_and_no_addresses_are_refused_without_a_request(liam: Liam) -> None:
    for address in ("http://127.0.0.1:9/x", "http://169.254.169.254/latest", "nonsense", "file:///etc/passwd", ""):
        with pytest.raises(pasting.NotRead):
            pasting.read(address)
    assert pasting.address_of("news.example/a b") == "https://news.example/ab"


def test_the_same_page_or_nearly_the_same_title_is_noticed_before_saving_and_one_may_go_on(liam: Liam) -> None:
    earlier = week47.story("Ten roofs and one summer", url="https://news.example/roofs", created_at=week47.TUESDAY)
    new = {"kind": "curated", "language": "en", "topics": ["1"], "summary": "x"}
    same = {**new, "title": "Something else", "url": "http://www.news.example/roofs/?utm_source=a"}
    page = liam.post("/console/stories/new", same)
    assert page.status_code == 409 and "Perhaps you have this already" in page.text and "the same page" in page.text
    assert f'href="/console/stories/{earlier.id}"' in page.text and db.session.query(Story).count() == 1
    near = {**new, "title": "Ten roofs, one summer", "url": "https://other.example/a"}
    page = liam.post("/console/stories/new", near)
    assert page.status_code == 409 and "nearly the same title" in page.text
    liam.post("/console/stories/new", {**near, "twins": value(page.text, "twins")})
    assert db.session.query(Story).count() == 2


def test_a_story_whose_page_names_another_address_as_its_own_is_known_by_that_too(liam: Liam, web: Site) -> None:
    address = web.put("/copy", '<title>A copied story</title><link rel=canonical href="https://first.example/one">')
    found = pasting.read(address, web.policy)
    stories.create(**{**found.values, "topics": [1]})
    page = liam.post(
        "/console/stories/new",
        {"url": "https://first.example/one", "title": "Other words", "kind": "owned", "language": "en"},
    )
    assert page.status_code == 409 and "the same page" in page.text


def test_pictures_of_pages_are_made_plain_and_kept_once(app: Flask, web: Site) -> None:
    week47.programme()
    web.put("/roof.png", png(), "image/png")
    address = web.put("/roofs", PAGE)
    first, again = pasting.read(address, web.policy), pasting.read(address, web.policy)
    assert first.values["picture_hash"] == again.values["picture_hash"]
    assert db.session.query(Picture).count() == 1 and first.missing == ()


def test_a_page_below_the_senders_domain_is_our_own_and_a_known_host_keeps_its_kind(app: Flask) -> None:
    week47.programme()
    assert pasting.kind_of("https://blog.beacon.example/a") == "owned"
    assert pasting.kind_of("https://notbeacon.example/a") == "curated"
    week47.story("Ad", url="https://shop.example/a", kind="promotional")
    assert pasting.kind_of("https://www.shop.example/b") == "promotional"
