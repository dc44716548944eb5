"""Counting. In: random worlds that change. Out: in sets in the database the same figures as one by one in Python."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from service import clock, results
from service.database import db
from service.models import (
    Activity,
    Campaign,
    ChangedShare,
    CountedShare,
    DayFigure,
    Edition,
    EditionFigure,
    Employee,
    Evidence,
    HourFigure,
    PeriodFigure,
    Programme,
    ReasonFigure,
    ResultsState,
    Share,
    StatedAudience,
    Story,
    Team,
)
from service.results import counting, hours, plain, strays
from service.results.verifying import verify
from service.web.console import results as pages
from tests.conftest import TUESDAY
from tests.liam import at_the_console
from tests.test_settling import noor, programme

ZONES = ("Europe/Ljubljana", "America/St_Johns", "Asia/Kathmandu", "Pacific/Apia", "UTC", "Africa/Casablanca")
moments = st.datetimes(datetime(2001, 1, 1), datetime(2029, 1, 1)).map(lambda m: m.replace(tzinfo=UTC))


PEOPLES = ("shares", "readers")
"""What is counted of each person."""


@given(moments, st.sampled_from(ZONES))
def test_the_clock_that_the_database_is_told_is_the_zones(at: datetime, zone: str) -> None:
    changes = hours._changes(zone, 2030)
    offset = next(offset for since, offset in reversed(changes) if since <= int(at.timestamp()))
    assert timedelta(seconds=offset) == at.astimezone(ZoneInfo(zone)).utcoffset()


class World:
    """Teams, people and stories whose shares and visits change at random."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        programme()
        teams = [Team(name=f"Team {n}") for n in range(3)]
        stories = [Story(title=f"S{n}", url=f"https://acme.example/{n}", status="approved") for n in range(4)]
        campaigns = [
            Campaign(slug=f"c{n}", name=f"C{n}", starts_on=TUESDAY.date(), ends_on=TUESDAY.date()) for n in range(2)
        ]
        db.session.add_all([*teams, *stories, *campaigns])
        db.session.flush()
        self.campaigns = [None, *(c.id for c in campaigns)]
        people = [noor(f"P{n}") for n in range(8)]
        for who in people:
            who.team_id = self.chance.choice([None, *(t.id for t in teams)])
        self.people, self.places = [p.subject for p in people], [t.id for t in teams]
        self.told = [s.id for s in stories]
        told = {(self.chance.choice(self.people), n) for n in ("x", "linkedin", "x")}
        db.session.add_all(StatedAudience(subject=s, network=n, people=self.chance.choice((0, 70))) for s, n in told)
        db.session.commit()

    def moment(self) -> datetime:
        """Return a moment near an end of day, month or year, or a change of clocks."""
        near = self.chance.choice(("2026-03-29 01:00", "2026-10-25 01:00", "2026-12-31 23:00", "2026-11-17 09:00"))
        back = self.chance.uniform(-50, 50) * 3600
        return datetime.fromisoformat(near).replace(tzinfo=UTC) + timedelta(seconds=back)

    def change(self) -> None:
        """Let shares be made, told, visited, judged anew and moved, each by a statement of its own."""
        for _ in range(25):
            self.made()
        for one in self.chance.sample(list(db.session.scalars(sa.select(Share))), 20):
            one.declared_at, one.seen_at = self.perhaps(), self.perhaps()
            came = sorted(self.moment() for _ in range(self.chance.choice((0, 0, 1, 3))))
            one.visited_at = [m.isoformat(timespec="microseconds") for m in came]
            one.state = self.chance.choice(("opened", "declared", "seen", "confirmed", "engaged"))
            one.own_words = self.chance.random() < 0.3
            for _ in range(self.chance.randrange(5)):
                verdict, reason = self.chance.choice((("human", "browser"), ("bot", "crawler"), ("suspected", None)))
                db.session.add(
                    Evidence(share_id=one.id, kind="visit", at=self.moment(), verdict=verdict, reason=reason)
                )
        db.session.flush()
        judged = db.session.scalars(sa.select(Evidence.id).where(Evidence.verdict == "human")).all()
        again = sa.update(Evidence).where(Evidence.id.in_(judged[::3])).values(verdict="bot", reason="it's a “tool”: x")
        db.session.execute(again.execution_options(synchronize_session=False))
        moved = sa.update(Employee).where(Employee.subject == self.chance.choice(self.people))
        db.session.execute(moved.values(team_id=self.chance.choice(self.places)))
        self.reclassify()
        db.session.commit()

    def reclassify(self) -> None:
        """Let two stories belong to another campaign, or to none."""
        for story in self.chance.sample(self.told, 2):
            other = sa.update(Story).where(Story.id == story).values(campaign_id=self.chance.choice(self.campaigns))
            db.session.execute(other)

    def made(self) -> None:
        who, story = self.chance.choice(self.people), self.chance.choice(self.told)
        network = self.chance.choice(("linkedin", "x", "facebook", "copy"))
        key = {"subject": who, "story_id": story, "network": network}
        if db.session.scalar(sa.select(Share.id).filter_by(**key)) is None:
            code = f"c{self.chance.randrange(10**8)}"
            db.session.add(Share(**key, code=code, salt="00" * 16, opened_at=self.perhaps()))
            db.session.flush()

    def perhaps(self) -> datetime | None:
        return self.moment() if self.chance.random() < 0.5 else None


def figures() -> dict[str, set[tuple[object, ...]]]:
    """Return all figures that are not nothing."""
    db.session.expire_all()
    found = {}
    for table in (DayFigure, HourFigure, ReasonFigure, Activity, PeriodFigure):
        keys = len(list(table.__table__.primary_key))
        rows = [tuple(row) for row in db.session.execute(sa.select(table.__table__))]
        found[table.__tablename__] = {row for row in rows if any(row[keys:])}
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_counting_in_sets_says_what_counting_one_by_one_says(
    app: Flask, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "AT_ONCE", 17)
    monkeypatch.setattr(counting, "AT_ONCE_EMBEDDED", 17)
    world = World(seed)
    for zone in ("Europe/Ljubljana", "Europe/Ljubljana", "Asia/Kathmandu"):
        db.session.execute(sa.update(Programme).values(zone=zone))
        world.change()
        results.count()
        assert verify() == []
        sums, state = plain.Added(), db.session.get_one(ResultsState, 1)
        for one in plain.of_shares(db.session.scalars(sa.select(Share.id)).all(), state):
            sums.take(one.subject, one.team, one.network, one.story, one.campaign, one.cells)
        people = {key: dict(+of) for key, of in sums.people.items() if +of}
        rows = db.session.scalars(sa.select(Activity).execution_options(populate_existing=True))
        kept = {
            (a.period, a.team_id, a.campaign_id, a.subject): {m: getattr(a, m) for m in PEOPLES if getattr(a, m)}
            for a in rows
        }
        assert {key: of for key, of in kept.items() if of} == people
        assert any(campaign for _period, _team, campaign, _subject in people), "campaigns have people"
        days = {key: +cells for key, cells in sums.days.items() if +cells}
        held = {(f.team_id, f.day, f.network, f.story_id): f for f in db.session.scalars(sa.select(DayFigure))}
        for key, f in held.items():
            assert {m: getattr(f, m) for m in results.MEASURES if getattr(f, m)} == dict(days.pop(key, {})), key
        assert days == {}
    before = figures()
    assert results.recount() == db.session.scalar(sa.select(sa.func.count()).select_from(Share))
    assert figures() == before


def test_what_was_forgotten_or_erased_stays_when_everything_is_counted_again(app: Flask) -> None:
    world = World(3)
    world.change()
    clock.set_now(TUESDAY + timedelta(days=20))
    results.before_forgetting(TUESDAY)
    before = figures()
    db.session.execute(sa.delete(Evidence).where(Evidence.at < TUESDAY))
    who = world.people[0]
    db.session.execute(sa.update(Share).where(Share.subject == who).values(salt=None, state="opened"))
    db.session.commit()
    results.recount()
    assert figures() == before and verify() == []
    assert db.session.scalar(sa.select(sa.func.count()).select_from(ChangedShare)) == 0


def test_a_story_that_changes_its_campaign_takes_everybody_along_those_who_were_erased_too(app: Flask) -> None:
    world = World(4)
    world.change()
    results.count()
    who = world.people[0]
    db.session.execute(sa.update(Share).where(Share.subject == who).values(salt=None, state="opened"))
    for _ in range(3):
        world.reclassify()
        db.session.commit()
        results.count()
        assert verify() == [] and strays.stories() == []
        asked = sa.select(CountedShare.campaign_id, sa.func.coalesce(Story.campaign_id, 0))
        rows = db.session.execute(asked.join(Story, Story.id == CountedShare.story_id)).all()
        assert rows and all(mine == theirs for mine, theirs in rows)
    assert results.count() == 0
    before = figures()
    results.recount()
    assert figures() == before
    db.session.execute(sa.update(CountedShare).values(campaign_id=CountedShare.campaign_id + 1))
    db.session.commit()
    assert any("campaign" in finding.what for finding in verify())


def test_mails_of_old_editions_are_counted_once_a_day_and_of_new_ones_every_hour(app: Flask) -> None:
    programme()
    for id_, week in ((7, "2026-W44"), (8, "2026-W47")):
        released = TUESDAY - timedelta(days=20 if id_ == 7 else 1)
        db.session.add(Edition(id=id_, week=week, released_at=released, status="closed"))
    db.session.commit()
    counted = {7: 0, 8: 0}
    results.refresh()
    for hour in range(24):
        db.session.execute(sa.update(EditionFigure).values(states={"marked": 1}))
        db.session.commit()
        clock.set_now(TUESDAY + timedelta(hours=hour))
        results.refresh()
        for row in db.session.scalars(sa.select(EditionFigure).execution_options(populate_existing=True)):
            counted[row.edition_id] += row.states == {}
    assert counted == {7: 1, 8: 24}


def test_who_waits_for_a_long_counting_is_told_and_one_that_was_interrupted_goes_on(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "AT_ONCE", 10)
    monkeypatch.setattr(counting, "AT_ONCE_EMBEDDED", 10)
    monkeypatch.setattr(pages, "MANY", 10)
    World(5).change()
    liam = at_the_console(app)
    assert "Still being counted" in liam.open("/console/results").text

    class Enough(Exception):
        pass

    def stop(counted: int, waiting: int) -> None:
        assert counted and waiting == results.waiting()
        raise Enough

    with pytest.raises(Enough):
        results.count(stop)
    some = db.session.scalar(sa.select(sa.func.count()).select_from(CountedShare)) or 0
    assert 0 < some < (db.session.scalar(sa.select(sa.func.count()).select_from(Share)) or 0)
    told: list[tuple[int, int]] = []
    results.count(lambda counted, waiting: told.append((counted, waiting)))
    assert told[-1][1] == 0 and len(told) > 1 and verify() == []
    assert "Still being counted" not in liam.open("/console/results").text
