"""Lines of points on her page. In: shares with evidence. Out: what each line rests on, and nothing of a visitor."""

from __future__ import annotations

import html
import re
from datetime import timedelta

from flask.testing import FlaskClient

from service import clock, settling, shares, visiting
from service.database import db
from service.models import Employee
from service.visiting import Asked
from tests import noor as world
from tests.conftest import TUESDAY


def whys(client: FlaskClient, noor: Employee) -> list[str]:
    """Return what stands behind each *Why* of her page, newest line first."""
    page = client.get(f"/me/{world.passes_of(noor).me}").text
    found = re.findall(r'<details class="why">(.*?)</details>', page, re.S)
    return [" ".join(html.unescape(re.sub(r"<[^>]+>", " ", each)).split()) for each in found]


def test_each_line_says_what_it_rests_on_and_nothing_of_a_visitor(client: FlaskClient) -> None:
    noor = world.begin()
    share = shares.open_share(noor, world.story(), "linkedin").share
    shares.declare(noor, share)
    for n in range(1, 5):
        clock.set_now(TUESDAY + timedelta(hours=n))
        visiting.visit(share.code, Asked(address=f"198.51.100.{n}", agent=world.CHROME, language="it"))
    told = whys(client, noor)
    assert "A new reader came by your link on LinkedIn: " in told[0]
    assert "3 different readers had come by your link on LinkedIn: " in told[1]
    assert "the first one for this story" in told[2]
    assert "You pressed “I shared it”" in told[3]
    assert all(f"its link ends in {share.code}." in each for each in told)
    assert "198.51.100" not in "".join(told) and "Chrome" not in "".join(told)


def test_a_reversal_names_the_line_that_it_takes_back(client: FlaskClient) -> None:
    noor = world.begin()
    share = shares.open_share(noor, world.story(), "linkedin").share
    shares.declare(noor, share)
    clock.set_now(TUESDAY + timedelta(days=15))
    settling.settle(noor.subject)
    db.session.commit()
    told = whys(client, noor)
    assert "This takes back the line of " in told[0] and " worth 2: " in told[0]
    assert "You told us you shared it" in told[0]
