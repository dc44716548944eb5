"""Board sums. In: visits, moves, leavers and corrections in any order. Out: boards as if each were counted anew."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from scoring import standings
from service import boards, clock, forgetting, joint_sums, ledger, settling, totals
from service.boards import Measure
from service.database import db
from service.models import (
    Campaign,
    Employee,
    Evidence,
    Holders,
    JointSum,
    LedgerEntry,
    Share,
    Story,
    Team,
    TeamSum,
    Total,
)
from service.people import erasing, teams
from tests.conftest import TUESDAY
from tests.test_settling import noor, programme, share, together, visit

MONTH = "2026-11"
PEOPLE, STORIES = 8, 4


@dataclass
class World:
    """Eight people in two teams, and four stories in three campaigns of one hashtag, of which one is for a team."""

    people: list[Employee]
    teams: list[Team]
    stories: list[Story]
    campaigns: list[Campaign]


_worlds = count()


def begin() -> World:
    """Make a new world beside the former ones, for lines of the ledger stay."""
    db.session.rollback()
    db.session.execute(sa.update(Campaign).values(hashtags=[]))
    n = next(_worlds)
    pair = [Team(name=f"North {n}"), Team(name=f"South {n}")]
    db.session.add_all(pair)
    db.session.flush()
    found = [
        Campaign(slug=f"c{n}{m}", name=m, hashtags=[f"#Open{n}"], starts_on=TUESDAY.date(), ends_on=TUESDAY.date())
        for m in "abc"
    ]
    db.session.add_all(found)
    found[2].audience = [pair[1].id]
    db.session.flush()
    written = [
        Story(title=f"S{m}", url=f"https://acme.example/{n}/{m}", status="approved", campaign_id=campaign)
        for m, campaign in enumerate((found[0].id, found[1].id, found[2].id, None))
    ]
    db.session.add_all(written)
    people = [noor(f"P{n}.{m}") for m in range(PEOPLE)]
    for m, who in enumerate(people):
        who.team_id = pair[0].id if m < PEOPLE - 2 else pair[1].id
    db.session.commit()
    return World(people, pair, written, found)


def do(world: World, deed: tuple[Any, ...]) -> None:
    """Do one thing as the service does it."""
    what, who, n, number = deed
    person, story = world.people[who], world.stories[n]
    if what == "visit":
        asked = sa.select(Share).where(Share.subject == person.subject, Share.story_id == story.id)
        one = db.session.scalar(asked) or share(person, story=story, visited_at=[])
        visit(one, f"v{number}", number)
    elif what in ("bot", "human"):
        hers = sa.select(Share.id).where(Share.subject == person.subject)
        judged = sa.update(Evidence).where(Evidence.share_id.in_(hers), Evidence.visitor == f"v{number}")
        db.session.execute(judged.values(verdict=what))
    elif what == "status":
        person.status = ("active", "left", "suspended", "gone")[number]
    elif what == "off":
        person.off_boards = number > 1
    elif what == "team":
        person.team_id = (None, *(team.id for team in world.teams))[number % 3]
    elif what == "move":
        story.campaign_id = (*(campaign.id for campaign in world.campaigns), None)[number]
    elif what == "audience":
        world.campaigns[number % 3].audience = [world.teams[n % 2].id] if n else []
    else:
        boards.tend()
    settling.settle(person.subject)
    db.session.commit()


def figures(world: World, ids: list[int], measure: Measure) -> dict[str, int]:
    """Return by subject what campaigns' shares count for, counted one by one from the shares and the lines."""
    found: Counter[str] = Counter()
    asked = sa.select(Share).join(Story).where(Share.subject.in_([who.subject for who in world.people]))
    shares = {one.id: one for one in db.session.scalars(asked.where(Story.campaign_id.in_(ids)))}
    if measure == Measure.POINTS:
        for line in db.session.scalars(sa.select(LedgerEntry).where(LedgerEntry.share_id.in_(shares))):
            found[line.subject] += line.points
        return dict(found)
    for one in shares.values():
        if one.state in ("confirmed", "engaged"):
            found[one.subject] += 1 if measure == Measure.SHARES else len(one.visited_at)
    return dict(found)


def agree(world: World) -> None:
    """Compare every board with one that is counted anew."""
    db.session.expire_all()
    stands = {p.subject: p for p in world.people if p.status not in ("left", "gone", "suspended") and not p.off_boards}
    for measure in Measure:
        for some in ([0], [2], [0, 1], [0, 1, 2]):
            ids = [world.campaigns[n].id for n in some]
            counted = figures(world, ids, measure)
            right = standings.places({who: figure for who, figure in counted.items() if who in stands})
            for person in world.people[:2]:
                rows, own = boards.of_campaigns([world.campaigns[n] for n in some], measure, person)
                assert [(row.place, row.name, row.figure, row.her) for row in rows] == [
                    (line.place, stands[line.subject].name, line.points, line.subject == person.subject)
                    for line in right
                ]
                hers = counted.get(person.subject, 0)
                ahead = sum(line.points > hers for line in right)
                assert own == boards.Own(hers, ahead + 1 if hers > 0 else None, len(right))
    by_team: dict[int, list[int]] = {}
    for person in world.people:
        points = ledger.total(person.subject, MONTH)
        if person.team_id and points > 0 and person.status not in ("left", "gone", "suspended"):
            by_team.setdefault(person.team_id, []).append(points)
    names = {team.id: team.name for team in world.teams}
    right_teams = sorted(
        ((sum(all_) / len(all_), names[team], len(all_)) for team, all_ in by_team.items() if len(all_) >= 5),
        key=lambda line: (-line[0], line[1]),
    )
    assert [(t.mean, t.name, t.people) for t in boards.teams(MONTH) if t.name in names.values()] == right_teams
    assert ledger.verify() == []


DEEDS = st.tuples(
    st.sampled_from(["visit"] * 6 + ["bot", "human", "status", "off", "team", "move", "move", "audience", "tend"]),
    st.integers(0, PEOPLE - 1),
    st.integers(0, STORIES - 1),
    st.integers(0, 3),
)


@hypothesis_settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([1, 1000]), st.lists(DEEDS, min_size=5, max_size=20))
def test_boards_of_campaigns_and_teams_are_as_if_counted_anew_whatever_happens(
    app: Flask, monkeypatch: pytest.MonkeyPatch, longest: int, deeds: list[tuple[Any, ...]]
) -> None:
    monkeypatch.setattr(joint_sums, "LONG", longest)
    world = begin()
    if db.session.scalar(sa.text("SELECT count(*) FROM programme")) == 0:
        programme()
    for who in range(PEOPLE - 1):  # so that there is a team to show, and a hashtag to keep
        do(world, ("visit", who, who % 3, who % 2))
    boards.tend()
    for deed in deeds:
        do(world, deed)
    do(world, deeds[0])
    agree(world)
    boards.tend()
    assert (db.session.scalar(sa.select(sa.func.count(JointSum.id))) or 0) <= (9 if longest == 1 else 0)
    agree(world)


def test_a_hashtag_that_becomes_long_is_kept_and_given_up_with_its_second_campaign(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    programme()
    world = begin()
    for who in range(4):
        do(world, ("visit", who, who % 3, 0))
    boards.tend()
    assert joint_sums.every() == {}, "four lines are added up as quickly"
    monkeypatch.setattr(joint_sums, "LONG", 4)
    boards.tend()
    kept = joint_sums.every()
    assert len(kept) == 3, "the three together, by each measure; the two that are for all have three lines"
    assert {totals.EVER, *kept} <= set(db.session.scalars(sa.select(Total.period)))
    world.campaigns[2].hashtags = ["#Other"]
    db.session.commit()
    boards.tend()
    assert joint_sums.every() == {}
    assert not any(
        "+" in period for table in (Total, Holders) for period in db.session.scalars(sa.select(table.period))
    )
    agree(world)


def test_keeping_a_hashtag_s_sums_while_many_settle_loses_nobody_s_share(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joint_sums, "LONG", 1)
    programme()
    world = begin()
    do(world, ("visit", 0, 0, 0))
    subjects = [who.subject for who in world.people]
    for who in world.people:
        for story in world.stories[:2]:
            if who is not world.people[0]:
                visit(share(who, story=story, visited_at=[]), "v1")
    db.session.commit()

    def settled(subject: str) -> None:
        settling.settle(subject)
        db.session.commit()

    together(app, [*(lambda s=subject: settled(s) for subject in subjects), boards.tend])  # type: ignore[misc]
    boards.tend()
    assert len(joint_sums.every()) > 0
    agree(World(*([db.session.merge(each) for each in part] for part in vars(world).values())))


def test_joined_teams_imports_and_erased_people_leave_no_points_in_a_team_that_is_not_theirs(app: Flask) -> None:
    programme()
    world = begin()
    for who in range(PEOPLE):
        do(world, ("visit", who, 0, 0))
    north, south = (team.name for team in world.teams)
    assert [(t.name, t.people) for t in boards.teams(MONTH)] == [(north, 6)]
    teams.join(world.teams[0], world.teams[1])
    assert [(t.name, t.people) for t in boards.teams(MONTH)] == [(south, 8)]
    erasing.erase(world.people[0], erasing.called(world.people[0]))
    assert [(t.name, t.people) for t in boards.teams(MONTH)] == [(south, 7)]
    db.session.execute(sa.update(Employee).where(Employee.id == world.people[1].id).values(team_id=None))
    assert [f.kind for f in ledger.verify()] == ["board"] * 4, "week, month, quarter and ever"
    db.session.commit()
    boards.look_again()
    assert [(t.name, t.people) for t in boards.teams(MONTH)] == [(south, 6)]
    assert ledger.verify() == []


def test_what_is_forgotten_still_counts_and_verify_finds_a_sum_that_is_wrong(app: Flask) -> None:
    programme()
    world = begin()
    do(world, ("visit", 0, 0, 1))
    do(world, ("visit", 0, 0, 2))
    clock.set_now(clock.now() + timedelta(days=40))
    assert forgetting.forget() > 0
    agree(world)
    period = f"readers:{world.campaigns[0].id}"
    db.session.execute(sa.update(Total).where(Total.period == period).values(points=7))
    db.session.execute(sa.update(TeamSum).where(TeamSum.period == MONTH).values(people=3))
    found = {(f.kind, f.what, f.expected, f.found) for f in ledger.verify()}
    points = ledger.total(world.people[0].subject, MONTH)
    assert ("total", period, "2", "7") in found
    assert ("board", f"{MONTH}, team {world.teams[0].id}", f"{points} points of 1", f"{points} points of 3") in found
