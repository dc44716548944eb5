"""Badges on the web. In: her wishes on her page. Out: medals under their hash, a public page only while she wants."""

from __future__ import annotations

import io
import re

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from emails import medals
from scoring.badges import LEVELS, Kind
from service import badge_pages, badges, shares, visiting
from service.database import db
from service.models import Award, Employee
from tests import noor as world
from tests.test_inbox import nonce_of
from tests.test_me_page import me as me
from tests.test_me_page import noor as noor
from tests.test_share_use_cases import HUMAN


@pytest.fixture
def earned(noor: Employee) -> int:
    share = shares.open_share(noor, world.story(), "linkedin").share
    visiting.visit(share.code, HUMAN)
    return db.session.query(Award).one().id


def post(client: FlaskClient, me: str, act: str, **form: object) -> str:
    nonce = nonce_of(client.get(me).text, f"{me}/badges")
    answer = client.post(f"{me}/badges", data={"nonce": nonce, "act": act, **form}, follow_redirects=True)
    assert answer.status_code == 200
    return answer.text


def test_an_award_has_a_page_only_while_she_shows_it(client: FlaskClient, noor: Employee, me: str, earned: int) -> None:
    assert "/a/" not in client.get(me).text
    html = post(client, me, "show", award=earned, name="initials")
    code = re.search(r'href="/a/([1-9A-Za-z]{12})"', html)
    assert code
    page = client.get(f"/a/{code[1]}")
    assert page.status_code == 200
    for words in ("First word", "N. B.", "og:image", "1200", "linkedin.com"):
        assert words in page.text
    for secret in ("Benali", "noor.benali", noor.subject, "point", f"{me}"):
        assert secret not in page.text
    picture = re.search(r'og:image" content="https?://[^/]+(/medals/[^"]+)"', page.text)
    assert picture
    found = client.get(picture[1])
    assert found.mimetype == "image/png" and "immutable" in found.headers["Cache-Control"]
    assert Image.open(io.BytesIO(found.data)).size == (1200, 630)
    assert client.get(picture[1].replace("shares-1-", "shares-2-")).status_code == 404
    assert client.get("/medals/nothing-1-" + "0" * 24 + ".svg").status_code == 404
    post(client, me, "hide", award=earned)
    assert client.get(f"/a/{code[1]}").status_code == 404


def test_a_page_of_an_award_that_was_taken_back_says_so(
    client: FlaskClient, noor: Employee, me: str, earned: int
) -> None:
    code = badge_pages.show(noor, earned, "none")
    badges.revoke(noor.subject, "first-word", "Those visits were a test.")
    page = client.get(f"/a/{code}")
    assert page.status_code == 410
    assert "This badge was taken back" in page.text and "Those visits were a test." in page.text


def test_nobody_shows_somebody_elses_award_or_without_having_seen_her_page(
    client: FlaskClient, noor: Employee, me: str, earned: int
) -> None:
    assert client.post(f"{me}/badges", data={"act": "show", "award": earned}).status_code == 400
    with pytest.raises(badge_pages.Unknown):
        badge_pages.show(Employee(subject="0" * 32), earned, "none")
    with pytest.raises(badge_pages.Unknown):
        badge_pages.page("nothing")


def test_she_switches_mails_about_badges_off_and_on(client: FlaskClient, noor: Employee, me: str, earned: int) -> None:
    assert badge_pages.mails_on(noor)
    assert "Mail me of new badges" in post(client, me, "mails-off")
    assert not badge_pages.mails_on(noor)
    assert "No mails about badges" in post(client, me, "mails-on")
    assert badge_pages.mails_on(noor)


@given(st.sampled_from(sorted(Kind)), st.integers(1, LEVELS))
def test_each_kind_and_level_has_a_picture_of_its_own(kind: str, level: int) -> None:
    assert kind in medals.KINDS
    assert medals.svg(kind, level).startswith(b"<svg") and b"<text" not in medals.svg(kind, level)
    assert medals.name(kind, level, "svg") != medals.name(kind, level % LEVELS + 1, "svg")
