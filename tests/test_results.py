"""Results. In: shares and visits, early, late, again and reversed. Out: figures that say what raw rows say."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from scoring import results as cells
from scoring.shares import Facts
from service import clock, forgetting, jobs, results, settling
from service.database import db
from service.models import (
    Campaign,
    Crowd,
    DayFigure,
    Employee,
    Evidence,
    HourFigure,
    PeriodFigure,
    Programme,
    ReasonFigure,
    Share,
    StatedAudience,
    Story,
    Team,
)
from service.people import erasing
from service.results import audiences, svg
from service.results.periods import period
from service.results.verifying import verify
from tests import noor as world
from tests.conftest import TUESDAY
from tests.liam import at_the_console
from tests.test_settling import noor, programme, share, visit

moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)).map(lambda m: m.replace(tzinfo=UTC))
visits = st.lists(st.tuples(moments, st.sampled_from(["human", "suspected", "bot"]), st.sampled_from("ab")), max_size=8)
histories = st.lists(visits, min_size=1, max_size=5)


@given(histories)
def test_differences_add_up_to_what_is_there_at_last_whatever_came_between(some: list[list]) -> None:
    sums: dict[str, int] = {}
    held: dict[str, int] = {}
    for now in (cells.of_visits(each, "Europe/Rome") for each in some):
        for cell, n in cells.difference(now, held).items():
            sums[cell] = sums.get(cell, 0) + n
        held = dict(now)
    assert {cell: n for cell, n in sums.items() if n} == dict(cells.of_visits(some[-1], "Europe/Rome"))


@given(moments)
def test_a_share_is_counted_on_one_day_and_in_one_period_of_each_kind(at: datetime) -> None:
    found = cells.of_share(Facts("x", declared_at=at), "declared", 9, "own", "Asia/Tokyo")
    assert sum(n for cell, n in found.items() if cell.endswith("|shares") and cell.count("|") == 1) == 1
    assert not any(cell.endswith("reach") for cell in found), "nobody has seen what is only declared"
    day = cells.day_of_cell(next(iter(found)))
    kinds = cells.periods_of(day)
    assert len(set(kinds)) == 5
    assert all(period(key, day).begins <= day <= period(key, day).ends for key in kinds)


@given(st.sampled_from(["2026-W01", "2026-01", "2026-Q1", "2026", "2024-W52", "2024-02"]))
def test_the_period_before_ends_on_the_day_before(key: str) -> None:
    here = period(key, TUESDAY.date())
    assert here.before is not None
    before = period(here.before, TUESDAY.date())
    assert before.ends == here.begins - timedelta(days=1)
    assert before.kind == here.kind


@pytest.mark.parametrize("key", ["", "2026-13", "2026-W60", "2026-Q5", "0000-01", "ever", "2026-W47;"])
def test_what_is_no_period_is_refused(key: str) -> None:
    with pytest.raises(ValueError):
        period(key, TUESDAY.date())


@pytest.fixture
def house(app: Flask) -> Flask:
    programme()
    return app


def shared(who: Employee, *visitors: str, **more: object) -> Share:
    found = share(who, **more)  # type: ignore[arg-type]
    found.opened_at = TUESDAY
    for name in visitors:
        visit(found, name, 1, reason="browser")
    settling.settle(who.subject)
    db.session.commit()
    return found


def test_a_share_its_readers_and_visits_stand_in_all_figures(house: Flask) -> None:
    team = Team(name="North")
    db.session.add(team)
    db.session.flush()
    who = noor()
    who.team_id = team.id
    one = shared(who, "ana", "bea", "ana")
    visit(one, "herself", 2, verdict="suspected", reason="herself")
    visit(one, "bot", 2, verdict="bot", reason="crawler")
    db.session.commit()
    assert results.count() == 1
    for of in (None, team.id):
        found = results.figures("2026-W47", team=of)
        assert (found.people, found.opened, found.shares, found.confirmed, found.readers) == (1, 1, 1, 1, 2)
        assert (found.human, found.suspected, found.bot, found.reach) == (3, 1, 1, 459)
    assert results.figures("2026-10").shares == 0
    reasons = dict(db.session.execute(sa.select(ReasonFigure.reason, ReasonFigure.hits)).all())
    assert reasons["bot:crawler"] == reasons["suspected:herself"] == 1 and reasons["human:browser"] == 3
    assert {h.hour for h in db.session.scalars(sa.select(HourFigure))} == {10}, "10:00 in Ljubljana"
    assert verify() == []


def test_counting_again_changes_nothing_and_any_statement_is_noticed(house: Flask) -> None:
    who = noor()
    one = shared(who, "ana")
    results.count()
    assert results.count() == 0
    db.session.execute(sa.update(Evidence).values(verdict="bot", reason="tool"))
    db.session.commit()
    settling.settle(who.subject)
    db.session.commit()
    assert results.count() == 1
    found = results.figures("2026-11")
    assert (found.people, found.shares, found.opened, found.readers, found.bot) == (0, 0, 1, 0, 1)
    assert db.session.get(Share, one.id).state == "opened"  # type: ignore[union-attr]
    assert verify() == []


def test_a_late_visit_goes_to_its_own_day_and_a_person_counts_once_a_period(house: Flask) -> None:
    who = noor()
    one = shared(who, "ana")
    shared(who, "bea")
    results.count()
    clock.set_now(TUESDAY + timedelta(days=10))
    visit(one, "late", 24, reason="browser")
    db.session.commit()
    results.count()
    days = dict(
        db.session.execute(
            sa.select(DayFigure.day, sa.func.sum(DayFigure.human)).where(DayFigure.team_id == 0).group_by(DayFigure.day)
        ).all()
    )
    assert days == {TUESDAY.date(): 2, TUESDAY.date() + timedelta(days=1): 1}
    people = {p.period: p.people for p in db.session.scalars(sa.select(PeriodFigure))}
    assert people == {"2026-W47": 1, "2026-11": 1, "2026-Q4": 1, "2026": 1, "all": 1}


def test_what_visits_brought_stays_when_they_are_forgotten(house: Flask) -> None:
    who = noor()
    one = shared(who, "ana", "bea")
    clock.set_now(TUESDAY + timedelta(days=31))
    forgetting.forget()  # nobody had counted before
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Evidence)) == 0
    assert (results.figures("2026-W47").human, results.figures("2026-W47").readers) == (2, 2)
    visit(one, "cem", 24 * 31 - 1, reason="browser")
    settling.settle(who.subject)
    db.session.commit()
    results.count()
    assert results.figures("all").human == 3
    assert verify() == []
    assert results.recount() == 1
    assert (results.figures("all").human, verify()) == (3, [])


def test_verify_names_what_was_tampered_with(house: Flask) -> None:
    shared(noor(), "ana")
    results.count()
    db.session.execute(sa.update(DayFigure).values(shares=7))
    db.session.execute(sa.update(PeriodFigure).where(PeriodFigure.period == "all").values(people=3))
    db.session.commit()
    kinds = [(f.kind, f.expected, f.found) for f in verify()]
    assert ("day", "1", "7") in kinds and ("period", "1", "3") in kinds


def test_a_move_to_another_team_changes_no_past_and_campaigns_follow_their_stories(house: Flask) -> None:
    north, south = Team(name="North"), Team(name="South")
    push = Campaign(slug="c", name="C", starts_on=TUESDAY.date(), ends_on=TUESDAY.date())
    db.session.add_all([north, south, push])
    db.session.flush()
    who = noor()
    who.team_id = north.id
    one = shared(who, "ana")
    results.count()
    who.team_id = south.id
    db.session.get(Story, one.story_id).campaign_id = push.id  # type: ignore[union-attr]
    db.session.commit()
    visit(one, "bea", 3, reason="browser")
    settling.settle(who.subject)
    db.session.commit()
    results.count()
    assert results.figures("all", team=north.id).readers == 2
    assert results.figures("all", team=south.id).readers == 0
    found = results.figures("2026-11", campaign=push.id)
    assert (found.people, found.shares, found.human) == (1, 1, 2)


def test_her_stated_audience_comes_before_the_average(house: Flask) -> None:
    who = noor()
    db.session.add(StatedAudience(subject=who.subject, network="linkedin", people=1200))
    shared(who, "ana")
    shared(noor("Bea"), "ana")
    results.count()
    assert results.figures("all").reach == 1200 + 459


def test_a_change_of_zone_counts_all_days_anew(house: Flask) -> None:
    one = shared(noor())
    one.declared_at = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
    one.state = "declared"
    db.session.commit()
    results.count()
    assert results.figures("2026-12").shares == 1
    db.session.execute(sa.update(Programme).values(zone="UTC"))
    db.session.commit()
    results.count()
    assert (results.figures("2026-12").shares, results.figures("2026-11").shares) == (0, 1)
    assert verify() == []


def test_two_counters_at_once_count_once(house: Flask) -> None:
    for n in range(12):
        shared(noor(f"P{n}"), "ana")
    db.session.rollback()

    def work() -> int:
        with house.app_context():
            return results.count()

    with ThreadPoolExecutor(3) as pool:
        done = [f.result() for f in [pool.submit(work) for _ in range(3)]]
    assert sum(done) == 12
    assert results.figures("all").shares == 12 and verify() == []


def test_the_schedule_counts_and_notes_how_many_belong(house: Flask) -> None:
    shared(noor(), "ana")
    noor("Bea").status = "left"
    db.session.commit()
    jobs.run("results")
    jobs.run("results-hourly")
    found = results.figures("2026-W47")
    assert (found.members, found.people, found.participation) == (1, 1, 1.0)
    assert db.session.scalars(sa.select(Crowd.week)).all() == ["2026-W47"]


def test_she_says_how_many_people_she_reaches_and_takes_it_back(app: Flask, client: FlaskClient) -> None:
    who = world.begin()
    me = f"/me/{world.passes_of(who).me}"

    def say(**typed: str) -> int:
        db.session.rollback()
        form = client.get(me).text.partition('action="' + me + '/audience"')[2]
        nonce = form.partition('value="')[2].partition('"')[0]
        db.session.rollback()
        return client.post(f"{me}/audience", data={"nonce": nonce, **typed}).status_code

    assert say(**{"audience-linkedin": "1 200", "audience-x": "30"}) == 303
    assert audiences.stated(who.subject) == {"linkedin": 1200, "x": 30}
    assert say(**{"audience-linkedin": "many"}) == 422
    assert say(**{"audience-linkedin": "", "audience-x": "31"}) == 303
    assert audiences.stated(who.subject) == {"x": 31}


def test_pages_answer_for_every_filter_and_their_csv_holds_no_formula(app: Flask) -> None:
    who = world.begin()
    told = world.story()
    told.title = "=1+1 <b>"
    found = Share(subject=who.subject, story_id=told.id, network="x", code="code", salt="00", own_words=True)
    db.session.add(found)
    db.session.flush()
    visit(found, "ana", 1, reason="browser")
    settling.settle(who.subject)
    db.session.commit()
    results.count()
    results.refresh()
    liam = at_the_console(app)
    for path in ("", "/sharing", "/reach", "/worth", "/mail", "/time", "/conversions", "/report", "/calculator"):
        for query in ("", "?period=2026-W47&team=1&campaign=1", "?period=nonsense&team=99&campaign=x", "?period=all"):
            assert liam.open(f"/console/results{path}{query}").status_code == 200, path + query
    html = liam.open("/console/results/sharing?period=2026-11").text
    assert "&lt;b&gt;" in html and "<b>" not in html.partition("<main")[2].partition("</main")[0]
    assert "Noor B." in liam.open("/console/results").text
    csv = liam.open("/console/results/sharing/stories.csv?period=2026-11")
    assert csv.mimetype == "text/csv" and "\n'=1+1" in csv.text
    assert liam.open("/console/results/sharing/nothing.csv").status_code == 404


def test_in_works_council_mode_nothing_is_shown_of_fewer_than_five(app: Flask) -> None:
    world.begin()
    db.session.execute(sa.update(Programme).values(works_council=True))
    db.session.commit()
    north = Team(name="North")
    db.session.add(north)
    db.session.flush()
    for n in range(4):
        who = noor(f"P{n}")
        who.team_id = north.id
        shared(who, "ana")
    results.count()
    liam = at_the_console(app)
    for path in ("", "/sharing", "/reach", "/worth", "/time", "/report/print"):
        html = liam.open(f"/console/results{path}?period=2026-11").text
        assert "Fewer than five people" in html and "<figure>" not in html, path
        assert liam.open("/console/results/sharing/networks.csv?period=2026-11").status_code == 404
    for n in range(4, 10):
        shared(noor(f"P{n}"), "ana")
    results.count()
    assert "<figure>" in liam.open("/console/results/sharing?period=2026-11").text
    people = liam.open("/console/results?period=2026-11").text
    assert not {"P1", "North"} & set(re.findall(r"[A-Za-z0-9]+", people.partition('id="weeks-block"')[2]))
    team = f"?period=2026-11&team={north.id}"
    assert "Fewer than five people" in liam.open(f"/console/results/sharing{team}").text


def test_charts_say_in_words_what_they_show_and_tell_series_apart_by_pattern() -> None:
    drawn = svg.bars("a", "Where <we> share", "Bars.", [("X & Y", "3", (1, 2)), ("Nothing", "0", (0, 0))])
    assert '<title id="a-t">Where &lt;we&gt; share</title>' in drawn and 'aria-labelledby="a-t a-d"' in drawn
    assert "url(#a-p1)" in drawn and '<pattern id="a-p1"' in drawn and "X &amp; Y" in drawn
    assert "nan" not in svg.columns("b", "t", "d", []) + svg.grid("c", "t", "d", ["Mon"], ["0"], [[0.0]])


def test_erasing_a_person_changes_no_figure(app: Flask) -> None:
    who = world.begin()
    shared(who, "ana", "bea")
    results.count()
    before = results.figures("all")
    erasing.erase(who, who.name or "")
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Evidence)) == 0
    results.count()
    assert results.figures("all") == before
    assert verify() == []


def test_who_stands_on_no_board_is_in_no_list_and_the_others_under_their_alias(app: Flask) -> None:
    who, bea = world.begin(), noor("Bea")
    bea.alias = "Busy bee"
    shared(who, "ana")
    shared(bea, "ana")
    results.count()
    liam = at_the_console(app)
    html = liam.open("/console/results?period=2026-11").text
    assert "Noor B." in html and "Busy bee" in html
    db.session.get_one(Employee, who.id).off_boards = True
    db.session.commit()
    html = liam.open("/console/results?period=2026-11&campaign=").text
    assert "Noor B." not in html and "Busy bee" in html
    assert "2 people shared" in html
