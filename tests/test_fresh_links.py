from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from service import choices, clock, compose, fresh_links, suppressions
from service.database import db
from service.models import Employee, Outbox
from tests import noor as world
from tests.test_inbox import nonce_of

OFFER = "Send me a fresh link"


@pytest.fixture
def noor(app: object) -> Employee:
    return world.begin()


@pytest.fixture
def old(noor: Employee) -> str:
    return f"/me/{world.passes_of(noor, 31).me}"


def _ask(client: FlaskClient, old: str) -> str:
    nonce = nonce_of(client.get(old).text, f"{old}/fresh")
    answer = client.post(f"{old}/fresh", data={"nonce": nonce})
    assert answer.status_code == 200
    return answer.text


def _mails() -> list[Outbox]:
    return db.session.query(Outbox).filter_by(kind="fresh-link").order_by(Outbox.id).all()


def test_a_link_whose_days_are_over_offers_a_fresh_one_and_changes_nothing(client: FlaskClient, old: str) -> None:
    for answer in (client.get(old), client.head(old)):
        assert answer.status_code == 410 and answer.headers["Cache-Control"] == "no-store"
    page = client.get(old).text
    assert OFFER in page and "opens it for 30 days" in page
    assert "Noor" not in page and "Benali" not in page and "N. B." not in page
    assert _mails() == []


def test_the_fresh_link_goes_to_her_address_and_opens_her_page(client: FlaskClient, old: str) -> None:
    assert "A fresh link is on its way" in _ask(client, old)
    (row,) = _mails()
    mail = compose.message_of(row)
    assert mail.recipient == "noor.benali@fjord.example" and row.facts["days"] == 30
    link = next(line for line in mail.text.splitlines() if "/me/" in line)
    assert client.get(link.removeprefix("https://good.example")).status_code == 200


def test_there_is_one_a_day_at_most(client: FlaskClient, noor: Employee, old: str) -> None:
    for _ in range(3):
        assert "A fresh link is on its way" in _ask(client, old)
    assert len(_mails()) == 1
    clock.set_now(clock.now() + timedelta(days=1))
    _ask(client, old)
    assert len(_mails()) == 2


def test_without_the_nonce_of_the_page_nothing_is_sent(client: FlaskClient, noor: Employee, old: str) -> None:
    other = f"/me/{world.passes_of(noor, 32).me}"
    nonce = nonce_of(client.get(other).text, f"{other}/fresh")
    for form in ({}, {"nonce": "0" * 32}, {"nonce": nonce}):
        assert client.post(f"{old}/fresh", data=form).status_code == 400
    assert _mails() == []


def _left(noor: Employee) -> None:
    choices.leave(noor)


def _gone(noor: Employee) -> None:
    noor.status = "gone"


def _bounced(noor: Employee) -> None:
    suppressions.suppress(str(noor.email), suppressions.ALL, "bounced")


def _reset(noor: Employee) -> None:
    noor.links_from = clock.now().date()


def _erased(noor: Employee) -> None:
    noor.email = None


@pytest.mark.parametrize("what", [_left, _gone, _bounced, _reset, _erased])
def test_who_gets_no_mail_any_more_is_told_nothing_but_that_it_ended(
    client: FlaskClient, noor: Employee, old: str, what: object
) -> None:
    nonce = nonce_of(client.get(old).text, f"{old}/fresh")
    plain = client.get(f"/s/{world.passes_of(noor, 91).share}/{world.story().id}")
    assert plain.status_code == 410
    what(noor)  # type: ignore[operator]
    db.session.commit()
    answer = client.get(old)
    assert answer.status_code == 410 and answer.text == plain.text
    assert client.post(f"{old}/fresh", data={"nonce": nonce}).status_code == 410
    assert _mails() == []


def test_a_link_that_still_opens_sends_no_mail_and_a_forged_one_is_unknown(client: FlaskClient, noor: Employee) -> None:
    made = world.passes_of(noor, 30)
    assert client.get(f"/me/{made.me}").status_code == 200
    assert client.post(f"/me/{made.me}/fresh").status_code == 410
    assert client.post(f"/me/{made.share}/fresh").status_code == 404
    assert client.get(f"/me/{world.passes_of(noor, 31).share}").status_code == 404
    assert fresh_links.owner(made.me) is None and _mails() == []


def test_who_unsubscribed_from_the_digest_may_still_ask_for_her_page(
    client: FlaskClient, noor: Employee, old: str
) -> None:
    choices.unsubscribe(noor)
    _ask(client, old)
    (row,) = _mails()
    assert row.state == "queued"
