import pytest
from flask.testing import FlaskClient

from service import choices, passes
from service.database import db
from service.models import Employee
from tests import noor as world
from tests.test_inbox import nonce_of


@pytest.fixture
def noor(app: object) -> Employee:
    return world.begin()


def test_get_asks_and_changes_nothing(client: FlaskClient, noor: Employee) -> None:
    path = f"/u/{world.passes_of(noor).unsubscribe}"
    for _ in range(3):
        assert "Stop the weekly mail?" in client.get(path).text
    assert client.head(path).status_code == 200
    assert choices.mail_stopped(noor) is None


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_one_click_without_cookies_or_nonce_stops_the_digest_and_answers_200(
    client: FlaskClient, noor: Employee, content_type: str
) -> None:
    path = f"/u/{world.passes_of(noor).unsubscribe}"
    answer = client.post(path, data={"List-Unsubscribe": "One-Click"}, content_type=content_type)
    assert answer.status_code == 200
    assert "Done. No more weekly mail" in answer.text
    assert "Set-Cookie" not in answer.headers
    assert choices.mail_stopped(noor) == "unsubscribed"
    assert client.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert "The weekly mail is off" in client.get(path).text


def test_a_genuine_pass_answers_200_however_old_and_for_whomever(client: FlaskClient, noor: Employee) -> None:
    old = passes.passes_for(noor.link_id, 100, passes.newest_key_id()).unsubscribe
    nobody = passes.passes_for("ee" * 8, 100, passes.newest_key_id()).unsubscribe
    noor.status = "gone"
    noor.email = None
    db.session.commit()
    for text in (old, nobody):
        assert client.get(f"/u/{text}").status_code == 200
        assert client.post(f"/u/{text}").status_code == 200


def test_a_forged_pass_is_the_uniform_404(client: FlaskClient, noor: Employee) -> None:
    assert client.get(f"/u/{'A' * 36}").status_code == 404
    assert client.post(f"/u/{'A' * 36}").status_code == 404


def test_her_page_turns_the_weekly_mail_on_again(client: FlaskClient, noor: Employee) -> None:
    made = world.passes_of(noor)
    client.post(f"/u/{made.unsubscribe}", data={"List-Unsubscribe": "One-Click"})
    page = client.get(f"/me/{made.me}").text
    assert "The mail with stories is off" in page
    nonce = nonce_of(page, f"/me/{made.me}/subscribe")
    answer = client.post(f"/me/{made.me}/subscribe", data={"nonce": nonce}, follow_redirects=True)
    assert "Good to have you back." in answer.text
    assert choices.mail_stopped(noor) is None


def test_taking_back_an_unsubscribe_does_not_lift_a_bounce(client: FlaskClient, noor: Employee) -> None:
    from service import suppressions

    assert noor.email
    suppressions.suppress(noor.email, suppressions.ALL, "bounced")
    db.session.commit()
    assert not choices.subscribe(noor)
    assert choices.mail_stopped(noor) == "bounced"
    assert "Mail does not reach you" in client.get(f"/me/{world.passes_of(noor).me}").text
