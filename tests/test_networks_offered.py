"""Networks offered. In: a programme that offers a few. Out: her page, mails, editor and links know these alone."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from emails import values
from emails.sheet import networks_shown
from service import choices, outbox, programmes
from service.database import db
from service.models import Employee, Share
from service.validation import Invalid
from tests import noor as world
from tests.liam import at_the_console


@pytest.fixture
def noor(app: Flask) -> Employee:
    """She uses LinkedIn, X and Bluesky; the programme offers LinkedIn, Bluesky and XING."""
    noor = world.begin()
    programmes.change(networks_offered="xing, bluesky, linkedin")
    return noor


def test_none_and_all_are_the_same_and_the_one_for_who_chose_none_is_among_them(noor: Employee) -> None:
    assert programmes.networks() == ["linkedin", "bluesky", "xing"]
    for wrong in ({"networks_offered": ["x"]}, {"networks_offered": ["myspace", "linkedin"]}):
        with pytest.raises(Invalid):
            programmes.change(**wrong)
    programmes.change(networks_offered=[])
    assert len(programmes.networks()) == 12
    programmes.change(networks_offered=programmes.networks())
    assert programmes.current().networks_offered == []


def test_buttons_are_those_of_hers_that_are_offered_and_never_none() -> None:
    assert networks_shown(["linkedin", "x", "bluesky"], ["linkedin", "bluesky"]) == ("linkedin", "bluesky")
    assert networks_shown(["x"], ["linkedin", "bluesky"]) == ("linkedin",)
    assert networks_shown(["x", "gone"]) == ("x",)


def test_mails_freeze_what_is_offered_and_what_was_frozen_before_offers_all(noor: Employee) -> None:
    facts = outbox.programme_facts()
    assert facts["networks"] == ("linkedin", "bluesky", "xing")
    older = {name: value for name, value in facts.items() if name != "networks"}
    assert values.Programme(**older).networks == ()


def test_her_page_offers_these_and_what_she_had_waits(noor: Employee, client: FlaskClient) -> None:
    page = client.get(f"/me/{world.passes_of(noor).me}").text
    assert 'value="xing"' in page and 'name="network" value="x"' not in page
    choices.set_networks(noor, ["xing", "bluesky", "x", "reddit"])
    assert noor.networks == ["x", "bluesky", "xing"]


def test_a_link_to_a_network_that_is_gone_leads_to_the_others(noor: Employee, client: FlaskClient) -> None:
    story = f"/s/{world.passes_of(noor).share}/1"
    answer = client.get(f"{story}/x", headers=world.PERSON)
    assert answer.status_code == 200 and "does not share on X for now" in answer.text
    assert f'{story}/bluesky"' in answer.text and f'{story}/x"' not in answer.text
    assert db.session.query(Share).count() == 0
    assert client.get(f"{story}/bluesky", headers=world.PERSON).status_code == 302


def test_the_liaison_ticks_what_is_offered(noor: Employee, app: Flask) -> None:
    liam = at_the_console(app)
    page = liam.get("/console/settings").text
    assert page.count('name="networks_offered"') == 12 and page.count(" checked") >= 3
    from tests.test_console_settings import fields

    liam.post("/console/settings", {**fields(page), "networks_offered": ["linkedin", "copy"]})
    db.session.expire_all()
    assert programmes.networks() == ["linkedin", "copy"]
