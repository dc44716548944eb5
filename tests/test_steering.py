import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service import digests, editions, ledger, shares, steering, visiting
from service.database import db
from service.models import Declined, Employee, Outbox, Share, Story
from tests import noor as world
from tests import week47
from tests.liam import at_the_console
from tests.test_inbox import nonce_of
from tests.test_share_use_cases import HUMAN


@pytest.fixture
def noor(app: object) -> Employee:
    return world.begin()


@pytest.fixture
def door(noor: Employee) -> str:
    return f"/s/{world.passes_of(noor).share}/{world.story().id}"


def _say(client: FlaskClient, address: str, **form: object) -> str:
    nonce = nonce_of(client.get(address).text, address)
    answer = client.post(address, data={"nonce": nonce, **form}, follow_redirects=True)
    assert answer.status_code == 200
    return answer.text


def _wishes() -> tuple[list[int], list[str]]:
    db.session.expire_all()
    return [row.story_id for row in db.session.query(Declined)], list(db.session.query(Employee).one().fewer)


def test_opening_the_page_says_nothing_in_her_name_and_shows_only_initials(client: FlaskClient, door: str) -> None:
    for method in (client.get, client.head):
        answer = method(f"{door}/not-for-me")
        assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    page = client.get(f"{door}/not-for-me").text
    assert "Sharing as N. B. · not you?" in page and "Benali" not in page and "@" not in page
    assert _wishes() == ([], [])


def test_not_for_me_is_said_by_a_button_and_taken_back_in_place(client: FlaskClient, noor: Employee, door: str) -> None:
    told = _say(client, f"{door}/not-for-me", act="decline")
    assert "This story comes to you no more." in told and 'value="undo-decline"' in told
    assert _wishes() == ([world.story().id], [])
    _say(client, f"{door}/not-for-me", act="decline")
    assert len(_wishes()[0]) == 1
    assert "Do not send me this story again" in _say(client, f"{door}/not-for-me", act="undo-decline")
    assert _wishes() == ([], [])


def test_fewer_like_this_is_said_by_a_button_and_taken_back_in_place(
    client: FlaskClient, noor: Employee, door: str
) -> None:
    told = _say(client, f"{door}/not-for-me", act="fewer", wish="topic:1")
    assert "At most one story on Design will come in each mail." in told and 'value="undo-fewer"' in told
    assert _wishes() == ([], ["topic:1"])
    _say(client, f"{door}/not-for-me", act="undo-fewer", wish="topic:1")
    assert _wishes() == ([], [])


def test_promotion_is_named_under_promotional_stories_alone(client: FlaskClient, noor: Employee, door: str) -> None:
    assert "promotional" not in client.get(f"{door}/not-for-me").text
    world.story().kind = "promotional"
    db.session.commit()
    _say(client, f"{door}/not-for-me", act="fewer", wish=steering.NO_PROMOTION)
    assert _wishes() == ([], ["kind:promotional"])


def test_no_act_without_a_nonce_of_this_page_and_no_wish_that_it_does_not_offer(
    client: FlaskClient, noor: Employee, door: str
) -> None:
    page = f"{door}/not-for-me"
    other = nonce_of(client.get(door).text, door)
    right = nonce_of(client.get(page).text, page)
    for form in (
        {"act": "decline"},
        {"act": "decline", "nonce": other},
        {"act": "fewer", "wish": "topic:2", "nonce": right},
        {"act": "fewer", "wish": "kind:owned", "nonce": right},
        {"act": "everything", "nonce": right},
    ):
        assert client.post(page, data=form).status_code == 400
    assert _wishes() == ([], [])


@pytest.mark.parametrize("what", ["not-for-me", "linkedin/posted"])
def test_pages_open_with_a_share_pass_alone_and_end_with_it(client: FlaskClient, noor: Employee, what: str) -> None:
    shares.open_share(noor, world.story(), "linkedin")
    made, old, story = world.passes_of(noor), world.passes_of(noor, 91), world.story().id
    assert client.get(f"/s/{made.me}/{story}/{what}").status_code == 404
    assert client.get(f"/s/{old.share}/{story}/{what}").status_code == 410
    assert client.get(f"/s/{made.share}/{story + 1}/{what}").status_code == 404
    assert client.get(f"/s/{made.share}/{story}/{what}").status_code == 200


def test_her_page_lists_what_she_wants_less_of_and_takes_it_back(
    client: FlaskClient, noor: Employee, door: str
) -> None:
    me = f"/me/{world.passes_of(noor).me}"
    assert "What I see less of" not in client.get(me).text
    steering.decline(noor, world.story())
    steering.wish(noor, "topic:1")
    page = client.get(me).text
    listed = page.split('id="less"')[1].split('id="networks"')[0]
    assert "Fewer on Design" in listed and "Why we open our doors" in listed
    nonce = nonce_of(page, f"{me}/less")
    for form in ({"wish": "topic:1"}, {"story": world.story().id}):
        told = client.post(f"{me}/less", data={"nonce": nonce, **form}, follow_redirects=True).text
        assert "Taken back." in told
    assert _wishes() == ([], [])


def test_a_declined_story_is_no_longer_hers_to_share_on_her_page(client: FlaskClient, noor: Employee) -> None:
    week47.settle("accepted")
    steering.decline(noor, world.story())
    assert "Why we open our doors" not in client.get(f"/me/{world.passes_of(noor).me}").text.split('id="stand"')[0]


def test_the_next_digest_passes_over_what_she_declined_and_keeps_to_her_wishes(app: object) -> None:
    week47.at("2026-11-16T10:00")
    week47.programme()
    first, second, third, advert = (
        week47.story("One"),
        week47.story("Two"),
        week47.story("Three", topics=[1, 2]),
        week47.story("Four", topics=[2], kind="promotional"),
    )
    both = [1, 2]
    people = {name: week47.reader(name, topics=both) for name in ("Ann", "Bea", "Cia", "Dea")}
    steering.decline(people["Ann"], second)
    steering.wish(people["Bea"], steering.wish_of(1))
    steering.wish(people["Cia"], steering.NO_PROMOTION)
    digests.plan(editions.release(editions.edition(week47.WEEK), "test"))
    rows = {row.facts["to"]["name"]: set(row.selection.stories) for row in db.session.query(Outbox)}
    assert rows == {
        "Ann": {first.id, third.id, advert.id},
        "Bea": {advert.id, third.id},
        "Cia": {first.id, second.id, third.id},
        "Dea": {first.id, second.id, third.id, advert.id},
    }


def test_a_wish_taken_back_in_time_changes_nothing(app: object) -> None:
    week47.at("2026-11-16T10:00")
    week47.programme()
    told, ann = week47.story("One"), week47.reader("Ann")
    steering.decline(ann, told)
    assert digests.forecast(editions.edition(week47.WEEK)).omitted == {"nothing-new": 1}
    steering.undo_decline(ann, told.id)
    assert digests.forecast(editions.edition(week47.WEEK)).planned == 1


def test_a_story_s_refusals_are_told_from_five_people_on(app: Flask) -> None:
    week47.programme()
    told = week47.story("One")
    for n in range(5):
        assert steering.declines(told) is None
        steering.decline(week47.reader(f"N{n}"), told)
    assert steering.declines(told) == 5
    assert "5 people said “Not for me”" in at_the_console(app).get(f"/console/stories/{told.id}").text


def test_declaring_from_a_mail_needs_the_button_and_says_what_it_brought(
    client: FlaskClient, noor: Employee, door: str
) -> None:
    page = f"{door}/linkedin/posted"
    assert client.get(page).status_code == 404  # she never opened it
    share = shares.open_share(noor, world.story(), "linkedin").share
    assert "Did you post it?" in client.get(page).text and client.head(page).status_code == 200
    assert db.session.get(Share, share.id).declared_at is None
    assert client.post(page).status_code == 400
    assert "It counts 2 points for now." in _say(client, page)
    assert ledger.total(noor.subject, "all") == 2
    assert not re.search("<form", client.get(page).text)


def test_who_has_a_reader_already_is_not_asked_again(client: FlaskClient, noor: Employee, door: str) -> None:
    visiting.visit(shares.open_share(noor, world.story(), "linkedin").share.code, HUMAN)
    page = client.get(f"{door}/linkedin/posted").text
    assert "A reader has confirmed it already" in page and "<form" not in page


def test_a_story_that_is_gone_takes_its_refusals_along(app: object, noor: Employee) -> None:
    steering.decline(noor, world.story())
    assert steering.declined(noor) == [world.story()]
    db.session.query(Story).filter_by(id=world.story().id).delete()
    assert db.session.query(Declined).count() == 0
    db.session.rollback()
