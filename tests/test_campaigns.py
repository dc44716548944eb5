"""Campaigns. In: plans, days that pass, shares. Out: conflicts, mails once at each one's hour, figures, a next one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from service import campaign_mails, campaign_results, campaigns, clock, compose, draws, mail_choices, results, settling
from service.campaigns import Phase
from service.database import db
from service.models import Campaign, Employee, Outbox, Programme, Team
from service.validation import Invalid
from tests import noor as world
from tests.conftest import TUESDAY
from tests.liam import at_the_console
from tests.test_contests import confirm
from tests.test_settling import noor as colleague
from tests.test_settling import share, visit

FIRST = datetime(2026, 12, 1, 0, 0, tzinfo=UTC)
DAYS = {"starts_on": date(2026, 12, 1), "ends_on": date(2026, 12, 14)}


@pytest.fixture
def noor(app: Flask) -> Employee:
    found = world.begin()
    found.zone, found.slot_hour = "Asia/Tokyo", 8
    db.session.commit()
    return found


def plan(name: str = "Winter", **more: object) -> Campaign:
    return campaigns.create(**{"name": name, "goal": "Warm feet", "kickoff": True, "closing": True, **DAYS, **more})


def mails(which: str) -> list[Outbox]:
    kind = campaign_mails.kind(which)
    return list(db.session.scalars(sa.select(Outbox).where(Outbox.kind == kind).order_by(Outbox.id)))


def test_hashtags_of_others_on_the_same_days_are_named(noor: Employee) -> None:
    winter = plan(hashtags=["#WarmFeet", "#Fjord"])
    spring = {"starts_on": date(2027, 3, 1), "ends_on": date(2027, 3, 9)}
    campaigns.create(name="Spring", hashtags=["#warmfeet"], **spring)
    assert campaigns.conflicts(["#warmfeet", "#other"], date(2026, 12, 14), date(2027, 1, 1)) == [("#warmfeet", winter)]
    assert campaigns.conflicts(["#WarmFeet"], date(2026, 12, 15), date(2027, 1, 1)) == []
    assert campaigns.conflicts(winter.hashtags, winter.starts_on, winter.ends_on, winter.id) == []
    campaigns.archive(winter, True)
    assert campaigns.conflicts(["#warmfeet"], date(2026, 12, 14), date(2027, 1, 1)) == []


def test_the_next_one_begins_where_this_one_ends_and_asks_for_a_name(noor: Employee) -> None:
    winter = plan(hashtags=["#WarmFeet"], kickoff_words="Hello", multiplier=2)
    values = campaigns.start_of_next(winter, date(2026, 11, 17))
    assert (values["name"], values["starts_on"], values["ends_on"]) == ("", date(2026, 12, 15), date(2026, 12, 28))
    assert campaigns.start_of_next(winter, date(2027, 2, 1))["starts_on"] == date(2027, 2, 1)
    after = campaigns.create(**{**values, "name": "Winter again"})
    assert (after.hashtags, after.kickoff_words, after.multiplier) == (["#WarmFeet"], "Hello", 2)


def test_only_an_unused_campaign_is_deleted_and_archived_ones_leave_the_lists(noor: Employee) -> None:
    used = db.session.scalars(sa.select(Campaign)).one()
    with pytest.raises(Invalid):
        campaigns.delete(used)
    campaigns.archive(used, True)
    assert campaigns.phase(used, date(2026, 11, 17)) == Phase.ARCHIVED
    campaigns.archive(used, False)
    winter = plan()
    assert [campaigns.phase(winter, date(2026, 12, n)) for n in (1, 14, 15)] == ["running", "running", "over"]
    campaigns.delete(winter)
    assert db.session.scalars(sa.select(Campaign.name)).all() == ["Open house"]


def test_the_kick_off_goes_to_each_of_the_audience_once_at_her_own_hour(noor: Employee) -> None:
    team = Team(name="Bakery")
    db.session.add(team)
    db.session.flush()
    bea, other, off, away = colleague("Bea"), colleague("Other"), colleague("Off"), colleague("Away")
    for who in (noor, bea, off, away):
        who.team_id = team.id
    bea.zone, away.status = "Europe/Rome", "paused"
    mail_choices.stop(off, "campaign")
    plan(audience=[team.id], kickoff_words="Come and see.")
    clock.set_now(FIRST - timedelta(hours=2))
    assert campaign_mails.tell() == 0
    clock.set_now(FIRST)
    assert (campaign_mails.tell(), campaign_mails.tell()) == (1, 0)
    assert [row.subject for row in mails("kickoff")] == [noor.subject]
    clock.set_now(FIRST + timedelta(hours=10))
    assert (campaign_mails.tell(), campaign_mails.tell()) == (2, 0)
    rows = {row.subject: (row.state, row.why) for row in mails("kickoff")}
    assert rows == {
        noor.subject: ("queued", None),
        bea.subject: ("queued", None),
        off.subject: ("suppressed", "unsubscribed"),
    }
    text = compose.message_of(mails("kickoff")[0]).text
    assert "Winter" in text and "Come and see." in text and "until Monday, 14 December 2026" in text
    assert db.session.scalars(sa.select(Campaign.kickoff_done_at).where(Campaign.name == "Winter")).one() is not None
    assert other.subject not in rows


def test_offices_and_languages_narrow_the_audience_of_mails(noor: Employee) -> None:
    bea = colleague("Bea")
    noor.office, bea.office, bea.language = "Koper", "Koper", "it"
    db.session.commit()
    assert campaign_mails.recipients(plan("A")) == 2
    assert campaign_mails.recipients(plan("B", offices=["Koper"], languages=["it"])) == 1
    assert campaign_mails.recipients(plan("C", offices=["Piran"])) == 0
    with pytest.raises(Invalid):
        plan("D", languages=["xx"])


def test_pressed_for_it_goes_now_and_never_again(noor: Employee) -> None:
    winter = plan(kickoff=False)
    campaign_mails.ask(winter, "kickoff")
    campaign_mails.ask(winter, "kickoff")
    assert (campaign_mails.tell(), campaign_mails.tell()) == (1, 0)
    with pytest.raises(Invalid):
        campaign_mails.ask(winter, "kickoff")
    clock.set_now(FIRST + timedelta(hours=12))
    assert campaign_mails.tell() == 0
    late = plan("Late", starts_on=date(2026, 11, 1))
    assert campaign_mails.tell() == 0 and late.kickoff_done_at is None


def test_the_closing_mail_tells_what_it_brought_and_who_won(noor: Employee) -> None:
    found = db.session.scalars(sa.select(Campaign)).one()
    campaigns.edit(found, closing=True, ends_on=date(2026, 11, 18))
    made = draws.create(
        "house", "House", [("A book", "20 EUR")], kind="campaign", campaign_id=found.id, source_text="x"
    )
    one = share(noor, story=world.story())
    for n in range(4):
        visit(one, f"v{n}")

    settling.settle(noor.subject)
    db.session.commit()
    results.count()
    live = campaign_results.live(found)
    assert live is not None
    assert (live.shares, live.readers, live.visits, live.people) == (1, 4, 4, 1)
    assert [(line.key, line.readers) for line in live.networks] == [("linkedin", 4)]
    text = campaign_mails.preview(found, "closing", "en").text
    assert "- 4 readers" in text and "Its draw is still to come" in text
    made.status, made.drawn_at = "void", clock.now()
    db.session.commit()
    assert "draw" not in campaign_mails.preview(found, "closing", "en").text
    db.session.execute(sa.update(Programme).values(works_council=True))
    db.session.commit()
    assert campaign_results.live(found) is None
    assert "readers" not in campaign_mails.preview(found, "closing", "en").text
    clock.set_now(TUESDAY + timedelta(days=1))
    assert campaign_mails.tell() == 1


def test_the_liaison_walks_a_campaign_from_plan_to_its_next(app: Flask, noor: Employee) -> None:
    liam = at_the_console(app)
    fields = {"name": "Winter", "hashtags": "#ToBeAPartner", "multiplier": "1", "kickoff": "1", "languages": ["it"]}
    days = {"starts_on": "2026-11-20", "ends_on": "2026-11-30"}
    html = liam.post("/console/campaigns/new", {**fields, **days}).text
    assert "A hashtag is used twice on the same days." in html and "Open house" in html
    found = db.session.scalars(sa.select(Campaign).where(Campaign.name == "Winter")).one()
    number, path = found.id, f"/console/campaigns/{found.id}"
    assert (found.kickoff, found.closing, found.languages) == (True, False, ["it"])
    assert "Planned" in html and "It has not begun." in html
    look = liam.get(f"{path}/mails/kickoff?view=text").text
    assert "Winter" in look and 'lang="it"' in look
    assert liam.open(f"{path}/mails/kickoff/body?language=sl").status_code == 200
    assert liam.open(f"{path}/mails/other").status_code == 404
    liam.get(path)
    assert "It is on its way" in liam.post(f"{path}/mails/kickoff").text
    form = liam.get(f"/console/draws/new?campaign={number}").text
    assert 'value="winter"' in form and "2026-11-20" not in form
    assert 'value="2026-11-20"' in liam.get(f"/console/contests/new?campaign={number}").text
    assert 'value="2026-12-01"' in liam.get(f"/console/campaigns/new?like={number}").text
    liam.get(path)
    assert "is deleted" in liam.post(f"{path}/archive", {"act": "delete"}).text
    used = db.session.scalars(sa.select(Campaign)).one()
    liam.get(f"/console/campaigns/{used.id}")
    assert "Archived" in liam.post(f"/console/campaigns/{used.id}/archive", {"act": "archive"}).text
    assert "Open house" not in liam.get("/console/campaigns").text
    assert "Open house" in liam.get("/console/campaigns?when=archived").text


def test_figures_of_a_campaign_stand_on_its_page(app: Flask, noor: Employee) -> None:
    confirm(noor, 1)
    liam = at_the_console(app)
    number = db.session.scalars(sa.select(Campaign.id)).one()
    html = liam.get(f"/console/campaigns/{number}").text
    assert "What it brought so far" in html and "Shares that were read" in html
