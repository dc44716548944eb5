"""The hold at the console. In: a held sending. Out: why, what to check first, and a release that is meant."""

from __future__ import annotations

import pytest
from flask import Flask

from service import clock, delivery, digests, editions, outbox
from service.database import db
from service.models import Sending
from tests import week47
from tests.liam import Liam, at_the_console

PAGE = "/console/hold"


@pytest.fixture
def liam(app: Flask) -> Liam:
    week47.at("2026-11-16T10:00")
    week47.programme()
    week47.story("One")
    ann = week47.reader("Ann")
    digests.plan(editions.release(editions.edition(week47.WEEK), "test"))
    outbox.enqueue(ann, "invitation", "invitation", {})
    db.session.commit()
    return at_the_console(app)


def _hold(why: str = "restored") -> None:
    row = db.session.get(Sending, 1) or Sending(id=1)
    row.held_why, row.held_at = why, clock.now()
    db.session.add(row)
    db.session.commit()


def _held() -> bool:
    db.session.expire_all()
    return delivery.held() is not None


@pytest.mark.parametrize(
    ("why", "says"), [("restored", "restored from a backup"), ("mirrors-missing", "neither the data folder nor")]
)
def test_the_week_leads_to_what_happened_and_what_to_check_first(liam: Liam, why: str, says: str) -> None:
    assert PAGE not in liam.get("/console/").text
    _hold(why)
    week = liam.get("/console/").text
    assert "Sending is held: nothing at all leaves." in week and week.count(f'href="{PAGE}"') == 2
    page = liam.get(PAGE).text
    assert says in page and "Edition 2026-W47" in page and page.count("1 mail<") == 2
    assert "let mails flow" in page


class Log:
    """Keeps what is said to it."""

    def __init__(self) -> None:
        self.said: list[tuple[str, dict[str, object]]] = []

    def warning(self, event: str, **facts: object) -> None:
        self.said.append((event, facts))


def test_mails_flow_only_when_the_words_are_typed(liam: Liam, monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log()
    monkeypatch.setattr("service.delivery.mirrors.log", log)
    _hold()
    liam.get(PAGE)
    for words in ("", "let mails", "yes"):
        answer = liam.post(PAGE, {"words": words})
        assert answer.status_code == 422 and "These are other words." in answer.text
        assert _held()
    answer = liam.post(PAGE, {"words": " Let  mails flow "})
    assert answer.status_code == 200 and "Mails flow again." in answer.text
    assert not _held()
    assert [(event, facts["by"]) for event, facts in log.said] == [("sending released", "liaison 1")]


def test_nobody_releases_it_without_the_token_or_the_sign_in(liam: Liam, app: Flask) -> None:
    _hold()
    assert liam.open(PAGE, method="POST", data={"words": "let mails flow"}).status_code == 400
    stranger = app.test_client()
    assert stranger.get(PAGE).status_code == 302
    assert stranger.post(PAGE, data={"words": "let mails flow"}).status_code in (302, 400)
    assert _held()


def test_where_nothing_is_held_there_is_nothing_to_release(liam: Liam) -> None:
    assert "Sending is held" not in liam.get(PAGE).text
    liam.get("/console/stories")
    assert "Nothing is held: mails flow." in liam.post(PAGE, {"words": "let mails flow"}).text
