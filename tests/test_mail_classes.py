"""Classes of mail. In: one click, boxes on a page. Out: exactly that class stops, and what concerns a prize never."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from service import mail_choices, outbox, suppressions
from service.database import db
from service.models import Employee
from tests import noor as world
from tests.test_inbox import nonce_of


@pytest.fixture
def noor(app: object) -> Employee:
    return world.begin()


@pytest.mark.parametrize("which", mail_choices.SWITCHED)
def test_one_click_of_a_mail_stops_its_class_alone(client: FlaskClient, noor: Employee, which: str) -> None:
    path = f"/u/{world.passes_of(noor).unsubscribe}/{which}"
    assert client.get(path).status_code == 200 and mail_choices.wanted(noor) == list(mail_choices.SWITCHED)
    for _ in range(2):
        assert client.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert mail_choices.stopped(noor) == {which: "unsubscribed"}
    kept = [kind for kind, scope in suppressions.CLASSES.items() if scope != which]
    hashed = suppressions.address_hash(noor.email or "")
    assert all(suppressions.suppressed(hashed, kind) is None for kind in kept)


def test_what_concerns_a_prize_cannot_be_switched_off(client: FlaskClient, noor: Employee) -> None:
    text = world.passes_of(noor).unsubscribe
    for which in ("draw", "own-page", "suggestion", "all", "anything"):
        assert client.post(f"/u/{text}/{which}").status_code == 200
    assert mail_choices.stopped(noor) == {}
    with pytest.raises(KeyError):
        mail_choices.stop(noor, "draw")


def test_the_page_of_the_link_shows_every_class_and_switches_them_with_its_nonce(
    client: FlaskClient, noor: Employee
) -> None:
    path = f"/u/{world.passes_of(noor).unsubscribe}"
    page = client.get(f"{path}/month").text
    assert "Stop these mails?" in page and page.count('name="mails"') == len(mail_choices.SWITCHED)
    assert client.post(f"{path}/choose", data={"mails": []}).status_code == 400
    nonce = nonce_of(page, f"{path}/choose")
    answer = client.post(f"{path}/choose", data={"nonce": nonce, "mails": ["digest", "winners"]})
    assert answer.status_code == 200 and "Saved" in answer.text
    assert mail_choices.wanted(noor) == ["digest", "winners"]


def test_her_page_switches_them_and_takes_no_bounce_back(client: FlaskClient, noor: Employee) -> None:
    suppressions.suppress(noor.email or "", "shares", "complained")
    mail_choices.stop(noor, "month")
    path = f"/me/{world.passes_of(noor).me}"
    nonce = nonce_of(client.get(path).text, f"{path}/mails")
    client.post(f"{path}/mails", data={"nonce": nonce, "mails": ["digest", "month", "shares"]})
    off = mail_choices.stopped(noor)
    assert (off.get("month"), off.get("shares"), off.get("winners")) == (None, "complained", "unsubscribed")
    assert mail_choices.wanted(noor) == [c for c in mail_choices.SWITCHED if c in ("digest", "month")]


def test_who_left_is_offered_nothing_and_answered_200(client: FlaskClient, noor: Employee) -> None:
    path = f"/u/{world.passes_of(noor).unsubscribe}/winners"
    noor.status = "left"
    db.session.commit()
    page = client.post(path).text
    assert "There is no mail from us on its way to you." in page and 'name="mails"' not in page


def test_a_class_that_is_off_leaves_a_row_that_says_so(noor: Employee) -> None:
    mail_choices.stop(noor, "winners")
    won = {"draw": "x", "title": "X", "page": "https://good.example/draws/x", "entrants": 1, "prizes": []}
    made = outbox.enqueue(noor, "winners", "draw:x:winners", {"won": won})
    assert made is not None and (made.state, made.why) == ("suppressed", "unsubscribed")
