import sqlalchemy as sa
from flask.testing import FlaskClient
from pytest import MonkeyPatch

from service import shares, visiting
from service.database import db
from service.models import Evidence
from tests import noor as world


def _code() -> str:
    noor = world.begin()
    return shares.open_share(noor, world.story(), "linkedin").share.code


def test_a_visit_is_sent_on_with_utm_parameters_and_recorded(client: FlaskClient) -> None:
    answer = client.get(f"/r/{_code()}", headers=world.PERSON)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("https://fjord.example/doors?ref=home&utm_source=linkedin&")
    assert answer.headers["Location"].endswith("#top")
    assert answer.headers["Cache-Control"] == "no-store"
    kept = db.session.query(Evidence).filter_by(kind="visit").one()
    assert (kept.verdict, kept.facts["language"]) == ("human", "it-IT,it;q=0.9")


def test_head_of_a_short_link_is_answered_and_not_counted(client: FlaskClient) -> None:
    code = _code()
    assert client.head(f"/r/{code}", headers=world.PERSON).status_code == 302
    assert db.session.query(Evidence).filter_by(kind="visit").count() == 0


def test_a_browser_that_looks_ahead_is_no_visitor(client: FlaskClient) -> None:
    client.get(f"/r/{_code()}", headers={**world.PERSON, "Sec-Purpose": "prefetch;prerender"})
    kept = db.session.query(Evidence).filter_by(kind="visit").one()
    assert (kept.verdict, kept.reason) == ("bot", "prefetch")


def test_while_the_database_is_away_known_links_go_on_and_others_wait(
    client: FlaskClient, monkeypatch: MonkeyPatch
) -> None:
    code = _code()
    client.get(f"/r/{code}", headers=world.PERSON)

    def away(*_args: object) -> str:
        raise sa.exc.OperationalError("SELECT", {}, Exception("connection refused"))

    monkeypatch.setattr(visiting, "visit", away)
    assert client.get(f"/r/{code}", headers=world.PERSON).status_code == 302
    lost = client.get("/r/3333333333", headers={**world.PERSON, "Accept-Language": "en"})
    assert lost.status_code == 503
    assert "We will be right back" in lost.text
