"""Languages on pages. In: Noor, Italian or Slovenian. Out: every page of hers speaks it wholly, whatever she does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from emails.networks import NETWORKS
from scoring.weeks import month_of
from service import clock, draws, shares, suppressions, visiting
from service.database import db
from service.models import Employee, Programme, Topic
from service.models.people import Status
from tests import noor as world
from tests.leftovers import english_in
from tests.test_draws import DUE, NUMBERS, SOURCE
from tests.test_inbox import nonce_of
from tests.test_share_use_cases import CRAWLER, HUMAN

pytestmark = pytest.mark.parametrize("language", ["it", "sl"])


@pytest.fixture
def noor(app: object, language: str) -> Employee:
    found = world.begin()
    found.language = language
    for topic in db.session.query(Topic):
        topic.names = {language: f"{topic.slug} ({language})"}
    db.session.commit()
    return found


class Walk:
    """A browser that reads every answer and keeps what was left in English."""

    def __init__(self, client: FlaskClient, noor: Employee) -> None:
        self.client, self.language = client, noor.language
        passes = world.passes_of(noor)
        self.me, self.share = f"/me/{passes.me}", f"/s/{passes.share}/{world.story().id}"
        self.leave, self.claim = f"/u/{passes.unsubscribe}", f"/claim/{passes.claim}/2026-11"
        self.left: dict[str, list[str]] = {}

    def get(self, path: str, status: int = 200) -> str:
        answer = self.client.get(path, headers={**world.PERSON, "Accept-Language": self.language})
        return self._read(f"GET {path}", answer.status_code, status, answer.text)

    def post(self, page: str, path: str, status: int = 200, **form: object) -> str:
        """Post a form of a page with its nonce and follow it."""
        data = {"nonce": nonce_of(self.client.get(page).text, path), **form}
        answer = self.client.post(path, data=data, headers=world.PERSON, follow_redirects=True)
        return self._read(f"POST {path} {form}", answer.status_code, status, answer.text)

    def act(self, name: str, status: int = 200, **form: object) -> str:
        return self.post(self.me, f"{self.me}/{name}", status, **form)

    def _read(self, what: str, status: int, wanted: int, html: str) -> str:
        assert status == wanted, what
        assert "%(" not in html, what
        if found := english_in(html, self.language):
            self.left[what] = found
        return html


def test_the_search_for_english_finds_it_on_an_english_page(client: FlaskClient, noor: Employee, language: str) -> None:
    noor.language = "en"
    db.session.commit()
    english = client.get(f"/me/{world.passes_of(noor).me}").text.replace('lang="en"', f'lang="{language}"', 1)
    found = english_in(english, language)
    assert {"Your first share starts here", "Save my topics", "Badges", "Until I come back"} <= set(found)
    assert len(found) > 30


def test_her_page_speaks_her_language_through_all_she_can_change(
    client: FlaskClient, noor: Employee, language: str
) -> None:
    walk = Walk(client, noor)
    walk.get(walk.me)
    walk.act("topics", topic=[])
    walk.act("topics", topic=noor.topics or [1])
    walk.act("networks", network=["x", "email", "copy", "mastodon"])
    walk.act("day", weekday=2)
    walk.act("day", 422, weekday=9)
    walk.act("language", 422, language="xx")
    walk.act("language", language=language, reads=["en", language])
    walk.act("pause", weeks=2)
    walk.act("resume")
    walk.act("pause", weeks=0)
    walk.act("resume")
    walk.get(walk.leave)
    assert walk.client.post(walk.leave).status_code == 200
    walk.get(walk.leave)
    walk.get(walk.me)
    walk.act("subscribe")
    assert walk.left == {}


def test_her_page_speaks_her_language_whatever_became_of_her(
    client: FlaskClient, noor: Employee, language: str
) -> None:
    walk = Walk(client, noor)
    address = str(noor.email)
    suppressions.suppress(address, "all", "bounced")
    db.session.commit()
    walk.get(walk.me)
    suppressions.lift(address)
    programme = db.session.get_one(Programme, 1)
    for status, opt_in in ((Status.SUSPENDED, False), (Status.INVITED, False), (Status.INVITED, True)):
        noor.status, programme.opt_in = status, opt_in
        db.session.commit()
        walk.get(walk.me)
    walk.act("join")
    walk.act("leave")
    walk.get(walk.me, 410)
    walk.get("/me/nobody", 404)
    walk.get(walk.leave)
    assert walk.left == {}


def test_her_shares_points_badges_and_tickets_speak_her_language(
    client: FlaskClient, noor: Employee, language: str
) -> None:
    walk = Walk(client, noor)
    story = world.story()
    for network in ("x", "bluesky", "email", "copy"):
        shares.open_share(noor, story, network)
    told = shares.open_share(noor, story, "linkedin").share
    walk.get(walk.me)
    walk.act("shared", share=told.id)
    visiting.visit(told.code, CRAWLER)
    walk.get(walk.me)
    seen = shares.open_share(noor, story, "facebook", "My own words for it.").share
    for n in range(8):
        visiting.visit(seen.code, visiting.Asked(address=f"198.51.100.{n}", agent=world.CHROME, language="en"))
    visiting.visit(told.code, HUMAN)
    walk.get(walk.me)
    clock.set_now(clock.now() + timedelta(days=7))
    walk.get(walk.me)
    assert walk.left == {}


def test_sharing_speaks_her_language_on_every_network(client: FlaskClient, noor: Employee, language: str) -> None:
    walk = Walk(client, noor)
    walk.get(walk.share)
    walk.post(walk.share, walk.share, 422, network="x", words="a long word " * 40)
    for network in NETWORKS:
        walk.post(walk.share, walk.share, network=network, words="Words of my own.")
    for network in ("linkedin", "email", "copy", "mastodon"):
        walk.get(f"{walk.share}/{network}")
    walk.post(f"{walk.share}/mastodon", f"{walk.share}/mastodon", 422, instance="no server", words="Mine.")
    walk.post(f"{walk.share}/mastodon", f"{walk.share}/mastodon", instance="mastodon.social", words="Mine.")
    assert walk.left == {}


def test_draws_and_her_prize_speak_her_language(client: FlaskClient, noor: Employee, language: str) -> None:
    walk = Walk(client, noor)
    walk.get("/draws")
    share = shares.open_share(noor, world.story(), "linkedin").share
    visiting.visit(share.code, HUMAN)
    prizes = [("Zwei Tage", "")]
    draw = draws.create(
        "2026-11", "2026-11", prizes, month=month_of(clock.now(), "UTC"), source_text=SOURCE, sample=True
    )
    walk.get("/draws/2026-11")
    draw = draws.freeze(draw, DUE)
    walk.get(f"/draws/2026-11?entrant={'0' * 64}")
    clock.set_now(DUE + timedelta(hours=1))
    draw = draws.run(draw, NUMBERS)
    walk.get("/draws")
    walk.get(f"/draws/2026-11?entrant={draw.ranks[0].entrant}")
    walk.get(walk.claim)
    walk.post(walk.claim, walk.claim, act="claim")
    walk.get(walk.claim)
    walk.get("/draws/2026-11")
    walk.get("/draws/never", 404)
    assert walk.left == {}
