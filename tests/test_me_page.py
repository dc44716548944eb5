import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from service import choices, clock, ledger, outbox, shares, visiting
from service.database import db
from service.models import Employee, Outbox, Programme, Selection, Share
from tests import noor as world
from tests.test_inbox import nonce_of
from tests.test_share_use_cases import HUMAN


@pytest.fixture
def noor(app: object) -> Employee:
    return world.begin()


@pytest.fixture
def me(noor: Employee) -> str:
    return f"/me/{world.passes_of(noor).me}"


def _post(client: FlaskClient, me: str, act: str, **form: object) -> str:
    nonce = nonce_of(client.get(me).text, f"{me}/{act}")
    answer = client.post(f"{me}/{act}", data={"nonce": nonce, **form}, follow_redirects=True)
    assert answer.status_code == 200
    return answer.text


def test_the_page_of_somebody_new_invites_and_reproaches_nothing(client: FlaskClient, me: str) -> None:
    html = client.get(me).text
    assert "Your first share starts here" in html
    assert "You haven" not in html
    assert "Your next mail brings stories" in html


def test_the_page_shows_neither_address_nor_full_name(client: FlaskClient, me: str) -> None:
    answer = client.get(me)
    assert "This is the page of N. B. · not you?" in answer.text
    assert "Benali" not in answer.text
    assert "noor.benali" not in answer.text
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"


def test_declaring_says_in_place_what_happened(client: FlaskClient, noor: Employee, me: str) -> None:
    share = shares.open_share(noor, world.story(), "linkedin").share
    html = _post(client, me, "shared", share=share.id)
    item = html.split(f'id="share-{share.id}"')[1].split("</li>")[0]
    assert "Thank you, noted. It counts 2 points for now." in item
    assert "makes it 10" in item
    assert "I shared it" not in item
    assert "You told us you shared it" in html
    assert ledger.total(noor.subject, "all") == 2


def test_a_confirmed_share_shows_its_reader_points_badge_and_ticket(
    client: FlaskClient, noor: Employee, me: str
) -> None:
    share = shares.open_share(noor, world.story(), "linkedin").share
    visiting.visit(share.code, HUMAN)
    html = client.get(me).text
    for words in ("What your shares brought", "Confirmed by a reader", "1 reader", "+10", "You hold 1 ticket."):
        assert words in html
    assert "Earned on Nov 17, 2026" in html


def test_nobody_declares_somebody_elses_share(client: FlaskClient, noor: Employee, me: str) -> None:
    share = shares.open_share(noor, world.story(), "linkedin").share
    nonce = nonce_of(client.get(me).text, f"{me}/shared")
    share.subject = "0" * 32
    db.session.commit()
    assert client.post(f"{me}/shared", data={"nonce": nonce, "share": share.id}).status_code == 404


def test_topics_networks_and_languages_become_her_own_choice(client: FlaskClient, noor: Employee, me: str) -> None:
    assert "Saved. Your next mail follows these topics." in _post(client, me, "topics", topic=[2, 3, 999])
    _post(client, me, "networks", network=["mastodon", "bluesky", "linkedin", "myspace"])
    _post(client, me, "language", language="it", reads=["sl", "xx"])
    _post(client, me, "day", weekday=4)
    db.session.refresh(noor)
    assert noor.topics == [2, 3]
    assert noor.networks == ["linkedin", "bluesky", "mastodon"]
    assert (noor.language, noor.reads, noor.slot_weekday) == ("it", ["it", "sl"], 4)
    assert noor.chosen == ["language", "networks", "reads", "rhythm", "slot_hour", "slot_weekday", "topics"]
    assert '<html lang="it">' in client.get(me).text


def test_a_language_that_is_not_offered_is_refused_beside_the_field(
    client: FlaskClient, noor: Employee, me: str
) -> None:
    nonce = nonce_of(client.get(me).text, f"{me}/language")
    answer = client.post(f"{me}/language", data={"nonce": nonce, "language": "tlh"})
    assert answer.status_code == 422
    assert "Choose one of the languages offered." in answer.text
    db.session.refresh(noor)
    assert noor.language == "en"


def test_a_pause_has_an_end_and_ends_when_she_says_so(client: FlaskClient, noor: Employee, me: str) -> None:
    assert "No mail up to Dec 1, 2026." in _post(client, me, "pause", weeks=2)
    db.session.refresh(noor)
    assert noor.status == "paused"
    assert "Welcome back." in _post(client, me, "resume")
    db.session.refresh(noor)
    assert (noor.status, noor.paused_until) == ("active", None)
    assert "until you say so" in _post(client, me, "pause", weeks=0)


def test_leaving_stops_every_mail_and_ends_her_passes(client: FlaskClient, noor: Employee, me: str) -> None:
    outbox.enqueue(noor, "invitation", "invitation", {"topics": []})
    db.session.commit()
    html = _post(client, me, "leave")
    assert "You have left Good news" in html
    db.session.refresh(noor)
    assert noor.status == "left"
    assert db.session.query(Outbox).one().state == "cancelled"
    assert choices.mail_stopped(noor) == "left"
    assert client.get(me).status_code == 410


def test_no_get_changes_anything(client: FlaskClient, noor: Employee, me: str) -> None:
    shares.open_share(noor, world.story(), "linkedin")
    made = world.passes_of(noor)
    for path in (me, f"{me}?done=leave", f"{me}?done=shared&share=1", f"/u/{made.unsubscribe}"):
        client.get(path)
    for act in ("topics", "leave", "pause", "shared"):
        assert client.get(f"{me}/{act}").status_code == 405
    db.session.refresh(noor)
    assert (noor.status, noor.chosen) == ("active", [])
    assert choices.mail_stopped(noor) is None
    assert db.session.query(Share).one().declared_at is None


@pytest.mark.parametrize("act", ["shared", "topics", "networks", "language", "day", "pause", "resume", "leave"])
def test_every_post_needs_the_nonce_of_its_get(client: FlaskClient, noor: Employee, me: str, act: str) -> None:
    other = nonce_of(client.get(me).text, f"{me}/{'day' if act != 'day' else 'topics'}")
    assert client.post(f"{me}/{act}", data={"nonce": other}).status_code == 400
    db.session.refresh(noor)
    assert (noor.status, noor.chosen) == ("active", [])


def test_stories_of_her_digests_stand_there_to_share(client: FlaskClient, noor: Employee, me: str) -> None:
    from service.models import Edition

    edition = Edition(week="2026-W47")
    db.session.add(edition)
    db.session.flush()
    selection = Selection(edition_id=edition.id, key="k", stories=[world.story().id])
    db.session.add(selection)
    db.session.flush()
    row = outbox.enqueue(noor, "digest", "digest:2026-W47", {}, edition_id=edition.id, selection_id=selection.id)
    assert row is not None
    db.session.commit()
    assert "Why we open our doors" not in client.get(me).text
    row.state = "accepted"
    db.session.commit()
    html = client.get(me).text
    assert "Why we open our doors" in html
    link = re.search(r'href="(/s/[\w-]{36}/\d+)"', html)
    assert link
    assert client.get(link[1]).status_code == 200


def test_where_a_programme_asks_first_she_says_yes_on_her_page(client: FlaskClient, noor: Employee, me: str) -> None:
    programme = db.session.get(Programme, 1)
    assert programme
    programme.opt_in, noor.status = True, "invited"
    db.session.commit()
    assert "Would you like to take part?" in client.get(me).text
    assert "You are in." in _post(client, me, "join")
    db.session.refresh(noor)
    assert (noor.status, noor.chosen) == ("active", ["status"])
    assert "Would you like to take part?" not in client.get(me).text


def test_a_pause_whose_last_day_is_past_no_longer_rests(client: FlaskClient, noor: Employee, me: str) -> None:
    choices.pause(noor, choices.today(noor))
    assert choices.resting(noor)
    clock.set_now(clock.now() + timedelta(days=1))
    assert not choices.resting(noor)
    assert "Your mail is resting" not in client.get(me).text


def test_a_pause_cannot_end_before_today(app: object, noor: Employee) -> None:
    with pytest.raises(choices.Refused):
        choices.pause(noor, choices.today(noor) - timedelta(days=1))
    assert noor.status == "active"


def test_the_page_of_somebody_in_a_zone_that_is_known_no_more_opens(
    client: FlaskClient, noor: Employee, me: str
) -> None:
    noor.zone = "Mars/Olympus"
    db.session.commit()
    assert "In your own time zone, " in client.get(me).text
