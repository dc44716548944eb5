"""The console's page of a story's visits. In: visits of all kinds. Out: counts by verdict and reason, in words."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from scoring import visits
from service import clock, shares, visit_counts, visiting, words_of_visits
from service.database import db
from service.models import Intake, Story
from service.visiting import Asked
from tests import noor as world
from tests.liam import at_the_console

SHARER = Asked(address="203.0.113.20", agent=world.CHROME, language="it")


@pytest.fixture
def code(app: Flask) -> str:
    """A share of Noor's that two people, she herself, Slack and a script visited, one person twice."""
    noor = world.begin()
    share = shares.open_share(noor, world.story(), "linkedin", asked=SHARER).share
    people = [Asked(address=f"198.51.100.{n}", agent=world.CHROME, language="it") for n in (1, 2, 2)]
    others = [SHARER, Asked(agent="Slackbot-LinkExpanding 1.0", address="192.0.2.1"), Asked(agent="curl/8.9.1")]
    for asked in [*people, *others]:
        visiting.visit(share.code, asked)
    return share.code


def test_hits_are_counted_by_verdict_and_reason(app: Flask, code: str) -> None:
    found = {k.verdict: (k.hits, {r.code: r.hits for r in k.reasons}) for k in visit_counts.counts("visit")}
    assert found == {
        "human": (3, {"browser": 2, "again": 1}),
        "suspected": (1, {"herself": 1}),
        "bot": (2, {"chat": 1, "tool": 1}),
    }
    assert [k.hits for k in visit_counts.counts("opened")] == [1, 0, 0]


def test_the_page_says_who_came_and_why_we_think_so(app: Flask, code: str) -> None:
    story = db.session.scalars(sa.select(Story).order_by(Story.id)).first()
    assert story is not None
    liam = at_the_console(app)
    page = liam.get(f"/console/stories/{story.id}/visits").text
    for words in ("People", "Machines", "A chat app making a preview", "The sharer visited her own link"):
        assert words in page
    assert f"/console/stories/{story.id}/visits" in liam.get(f"/console/stories/{story.id}").text
    assert "203.0.113" not in page and code not in page
    assert liam.open("/console/stories/9999/visits").status_code == 404


def test_this_week_tells_of_visits_that_were_lost(app: Flask, code: str) -> None:
    liam = at_the_console(app)
    assert "could not be written down" not in liam.get("/console/", follow_redirects=True).text
    row = {"name": "one", "mode": "buffered", "started_at": clock.now(), "seen_at": clock.now(), "lost": 3}
    db.session.add(Intake(**row))
    db.session.commit()
    assert "3 visits of the last 30 days were led on" in liam.get("/console/", follow_redirects=True).text


def test_every_reason_is_there_to_be_translated() -> None:
    assert words_of_visits.REASONS == visits.REASONS
