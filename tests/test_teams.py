"""Teams, and the question of quiet people. In: names, digests, shares. Out: tidy teams; figures of groups, no names."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from service import clock
from service.database import db
from service.models import Campaign, Edition, Employee, Outbox, Share, Story, Team
from service.people import quiet, teams
from service.validation import Invalid
from tests import week47
from tests.liam import Liam, at_the_console
from tests.week47 import at, reader, story


@pytest.fixture
def liam(app: Flask) -> Liam:
    at("2026-11-16T10:00")
    week47.programme()
    return at_the_console(app)


def test_teams_are_made_renamed_and_deleted_when_empty(liam: Liam) -> None:
    liam.get("/console/people/teams")
    assert "Saved." in liam.post("/console/people/teams", {"name": "Sales"}).text
    assert "There is a team of this name" in liam.post("/console/people/teams", {"name": "SALES"}).text
    number = db.session.scalars(sa.select(Team.id)).one()
    liam.get("/console/people/teams")
    liam.post(f"/console/people/teams/{number}", {"act": "rename", "name": "Vendite"})
    noor = reader("Noor", team_id=number, leads=True)
    assert [(t.name, t.people, t.part, t.leaders) for t in teams.everyone()] == [("Vendite", 1, 1, ("Noor",))]
    refused = liam.post(f"/console/people/teams/{number}", {"act": "delete"}).text
    assert "People are in this team." in refused and "Noor" in refused
    noor = db.session.get_one(Employee, noor.id)
    noor.team_id = None
    db.session.add(Story(title="For sales", url="https://x.example", audience=[number]))
    db.session.commit()
    assert "is for this team" in liam.post(f"/console/people/teams/{number}", {"act": "delete"}).text
    db.session.execute(sa.delete(Story))
    db.session.commit()
    assert "Deleted." in liam.post(f"/console/people/teams/{number}", {"act": "delete"}).text
    assert teams.everyone() == []


def test_what_was_for_one_team_is_for_the_one_it_joined(app: Flask) -> None:
    week47.programme()
    one, two = teams.create("One"), teams.create("Two")
    number, into = one.id, two.id
    reader("Noor", team_id=number), reader("Bea", team_id=into)
    told = story("For one", audience=[number, into])
    today = clock.now().date()
    push = Campaign(slug="p", name="P", hashtags=[], starts_on=today, ends_on=today, audience=[number])
    db.session.add(push)
    db.session.commit()
    with pytest.raises(Invalid):
        teams.join(one, one)
    assert teams.join(one, two) == 1
    db.session.expire_all()
    assert (told.audience, push.audience) == ([into], [into]) and [t.people for t in teams.everyone()] == [2]


def digests_of(people: list[Employee], weeks: int = 4) -> None:
    for number in range(weeks):
        week = f"2026-W{43 + number}"
        released = clock.now() - timedelta(days=7 * (weeks - number))
        edition = Edition(week=week, status="closed", released_at=released)
        db.session.add(edition)
        db.session.flush()
        for each in people:
            db.session.add(
                Outbox(
                    kind="digest", occasion=f"digest:{week}", subject=each.subject, language="en", facts={},
                    address_hash=f"{each.id:064d}", message_id=f"<{each.id}.{number}@x>", state="accepted",
                )
            )  # fmt: skip
    db.session.commit()


def test_the_question_counts_who_opened_nothing_by_groups_of_five_and_names_nobody(liam: Liam) -> None:
    one, few = teams.create("Builders"), teams.create("Tiny crew")
    people = [reader(f"Builder{n}", team_id=one.id, topics=[1, 2]) for n in range(12)]
    people += [reader(f"Loner{n}", team_id=few.id, topics=[2], language="it") for n in range(4)]
    assert quiet.question() is None
    digests_of(people)
    told = story("One")
    for n, each in enumerate(people[:4]):
        db.session.add(
            Share(subject=each.subject, story_id=told.id, network="x", code=f"quietcode{n}", opened_at=clock.now())
        )
    db.session.commit()
    asked = quiet.question()
    assert asked and (asked.people, asked.quiet, asked.weeks[0]) == (16, 12, "2026-W43")
    assert [(g.name, g.people, g.quiet) for g in asked.teams] == [("Builders", 12, 8)]
    assert {(g.name, g.people, g.quiet) for g in asked.topics} == {("Health", 12, 8), ("Space", 16, 12)}
    assert [(g.name, g.people) for g in asked.languages] == [("en", 12)]
    page = liam.get("/console/people/quiet").text
    assert "12 of 16" in page and "Builders" in page
    assert "Tiny crew" not in page and "Loner" not in page and "Builder0" not in page and "haven" not in page


def test_where_a_whole_small_group_is_quiet_its_figure_is_not_shown(app: Flask) -> None:
    week47.programme()
    team = teams.create("Six")
    digests_of([reader(f"P{n}", team_id=team.id) for n in range(6)])
    asked = quiet.question()
    assert asked and asked.quiet == 6 and asked.teams == ()


def test_before_four_editions_the_page_says_that_it_is_too_early(liam: Liam) -> None:
    assert "It is too early to ask" in liam.get("/console/people/quiet").text
