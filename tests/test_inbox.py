import re
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from service import ledger
from service.database import db
from service.models import Employee, Evidence, Share
from tests import noor as world


def nonce_of(html: str, action: str) -> str:
    """Return the nonce of the form that posts to this address."""
    found = re.search(rf'action="{re.escape(action)}"[^>]*>\s*<input type="hidden" name="nonce" value="(\w+)"', html)
    assert found, f"no form posts to {action}"
    return found[1]


@pytest.fixture
def noor(app: object) -> Employee:
    return world.begin()


@pytest.fixture
def door(noor: Employee) -> str:
    return f"/s/{world.passes_of(noor).share}/{world.story().id}"


def test_a_share_button_opens_the_composer_with_words_hashtag_and_her_own_link(client: FlaskClient, door: str) -> None:
    answer = client.get(f"{door}/x", headers=world.PERSON)
    assert answer.status_code == 302
    place = urlsplit(answer.headers["Location"])
    share = db.session.query(Share).one()
    assert place.netloc == "x.com"
    assert parse_qs(place.query) == {
        "text": ["Two hundred guests, one question. #ToBeAPartner"],
        "url": [f"https://good.example/r/{share.code}"],
    }
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"


def test_get_records_opened_and_never_a_point_however_often(client: FlaskClient, noor: Employee, door: str) -> None:
    for _ in range(5):
        client.get(f"{door}/linkedin")
        client.get(door)
    assert db.session.query(Share).one().state == "opened"
    assert ledger.total(noor.subject, "all") == 0
    assert db.session.query(Evidence).filter_by(kind="opened").count() == 1


def test_head_is_answered_and_not_counted(client: FlaskClient, door: str) -> None:
    assert client.head(f"{door}/x").status_code == 200
    assert client.head(door).status_code == 200
    assert db.session.query(Share).count() == 0


def test_networks_that_ignore_text_go_by_the_page_that_copies_it_first(client: FlaskClient, door: str) -> None:
    for network, host in (("linkedin", "www.linkedin.com"), ("facebook", "www.facebook.com"), ("xing", "www.xing.com")):
        page = client.get(f"{door}/{network}")
        assert page.status_code == 200
        assert "We opened our doors. Here is what people asked. #ToBeAPartner" in page.text
        assert f'href="https://{host}/' in page.text
        assert "data-copy" in page.text
        assert "/r/" in page.text


def test_copy_and_mail_have_pages_too(client: FlaskClient, door: str) -> None:
    assert "Take your link anywhere" in client.get(f"{door}/copy").text
    assert 'href="mailto:?subject=' in client.get(f"{door}/email").text


def test_wrong_passes_unknown_stories_and_networks_are_one_uniform_404(client: FlaskClient, noor: Employee) -> None:
    made, story = world.passes_of(noor), world.story().id
    bodies = set()
    for path in (
        f"/s/{made.me}/{story}",
        f"/s/{'A' * 36}/{story}",
        f"/s/short/{story}/x",
        f"/me/{made.share}",
        f"/u/{made.share}",
        f"/s/{made.share}/999999",
        f"/s/{made.share}/{story}/myspace",
        f"/s/{made.share}/{story + 1}/x",
        f"/s/{made.share}/99999999999999999999",
        "/r/2222222222",
        "/r/22222%002222",
        "/r/toolongforacode",
        "/nothing/here",
    ):
        answer = client.get(path)
        assert answer.status_code == 404, path
        bodies.add(answer.text)
    assert len(bodies) == 1
    assert client.post(f"/me/{made.share}/topics").status_code == 404


def test_an_ended_pass_answers_410_and_says_where_a_fresh_one_is(
    client: FlaskClient, noor: Employee, door: str
) -> None:
    noor.status = "left"
    db.session.commit()
    answer = client.get(f"{door}/x")
    assert answer.status_code == 410
    assert "Your newest mail" in answer.text


def test_pages_under_a_share_pass_say_initials_and_nothing_else_of_her(client: FlaskClient, door: str) -> None:
    for path in (door, f"{door}/linkedin", f"{door}/mastodon", f"{door}/copy"):
        html = client.get(path).text
        assert "Sharing as N. B. · not you?" in html
        for secret in ("Benali", "Noor", "@fjord.example", "/me/"):
            assert secret not in html.replace("@noor@mastodon.social", "")


def test_mastodon_asks_for_the_server_once_and_remembers_it(client: FlaskClient, noor: Employee, door: str) -> None:
    page = client.get(f"{door}/mastodon").text
    assert "Where is your Mastodon?" in page
    nonce = nonce_of(page, f"{door}/mastodon")
    wrong = client.post(f"{door}/mastodon", data={"nonce": nonce, "instance": "not a server"})
    assert wrong.status_code == 422
    assert "like mastodon.social" in wrong.text
    assert 'value="not a server"' in wrong.text
    done = client.post(f"{door}/mastodon", data={"nonce": nonce, "instance": "@noor@Mastodon.Social"})
    assert "https://mastodon.social/share?text=" in done.text
    db.session.refresh(noor)
    assert (noor.mastodon, noor.chosen) == ("mastodon.social", ["mastodon"])
    again = client.get(f"{door}/mastodon")
    assert again.headers["Location"].startswith("https://mastodon.social/share?text=")


def test_her_own_words_come_back_ready_and_are_marked_as_hers(client: FlaskClient, door: str) -> None:
    nonce = nonce_of(client.get(door).text, door)
    page = client.post(door, data={"nonce": nonce, "words": "I was there & loved it.", "network": "bluesky"})
    assert page.status_code == 200
    assert "I was there &amp; loved it." in page.text
    assert "https://bsky.app/intent/compose?text=I%20was%20there%20%26%20loved%20it." in page.text
    assert db.session.query(Share).one().own_words


def test_words_too_long_for_the_network_are_kept_and_explained(client: FlaskClient, door: str) -> None:
    nonce = nonce_of(client.get(door).text, door)
    page = client.post(door, data={"nonce": nonce, "words": "word " * 70, "network": "x"})
    assert page.status_code == 422
    assert "X has room for 242 characters beside your link and hashtags: 107 too many." in page.text
    assert "word word" in page.text
    assert db.session.query(Share).count() == 0


@pytest.mark.parametrize("nonce", ["", "0" * 32, "é"])
def test_a_post_without_the_nonce_of_its_get_is_refused(client: FlaskClient, door: str, nonce: str) -> None:
    assert client.post(door, data={"nonce": nonce, "words": "x", "network": "x"}).status_code == 400
    assert client.post(f"{door}/mastodon", data={"nonce": nonce, "instance": "a.example"}).status_code == 400


def test_a_nonce_serves_its_own_pass_act_and_days_alone(client: FlaskClient, noor: Employee, door: str) -> None:
    from datetime import timedelta

    from service import clock

    nonce = nonce_of(client.get(door).text, door)
    other = f"/s/{world.passes_of(noor, 1).share}/{world.story().id}"
    form = {"nonce": nonce, "words": "Mine.", "network": "x", "instance": "a.example"}
    assert client.post(other, data=form).status_code == 400
    assert client.post(f"{door}/mastodon", data=form).status_code == 400
    clock.set_now(clock.now() + timedelta(days=1))
    assert client.post(door, data=form).status_code == 200
    clock.set_now(clock.now() + timedelta(days=1))
    assert client.post(door, data=form).status_code == 400


def test_the_page_speaks_her_language(client: FlaskClient, noor: Employee, door: str) -> None:
    noor.language = "sl"
    db.session.commit()
    assert '<html lang="sl">' in client.get(door, headers={"Accept-Language": "en"}).text
