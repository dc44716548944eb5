"""Contests. In: what the liaison plans, and everybody's acts. Out: standings, and at the end a result that stays.

A scheduled look works out each running contest, so that pages are quick however long the ledger is. An hour after its
last day a contest is closed: its result is published and stays, whatever is taken back later.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from scoring import contests as rules
from scoring import money
from scoring.contests import Act, Line, Measure
from scoring.shares import COUNTED
from scoring.weeks import day_of
from service import clock, programmes
from service.board import short
from service.campaigns import day
from service.database import db
from service.draws import of_contests
from service.draws.plans import usual
from service.journal import log
from service.models import Campaign, Contest, Employee, LedgerEntry, Share, Story, Team
from service.totals import on_boards
from service.validation import N_, Check, one_line, whole

FIELDS = ("name", "measure", "among", "campaign_id", "threshold", "starts_on", "ends_on", "prizes", "draw_for_all")
PEOPLE, TEAMS = "people", "teams"
KEPT = 50
"""Lines of the standing that are kept for showing."""

MOST_PRIZES = 10

GRACE = timedelta(hours=1)
"""Visits of the last minutes are judged before the result is published."""


@dataclass(frozen=True)
class Shown:
    """One line for people's eyes. `prize` is what she won, or would win if it ended now."""

    place: int
    name: str
    figure: float
    prize: str
    her: bool = False


@dataclass(frozen=True)
class Hers:
    """A contest as somebody sees it: her own figure of now, her place at the last look if she has one."""

    contest: Contest
    figure: float
    place: int | None
    over: bool


def create(**fields: Any) -> Contest:
    """Create a contest from FIELDS. Raises Invalid."""
    contest = Contest(**_checked(fields, None))
    db.session.add(contest)
    db.session.commit()
    return contest


def edit(contest: Contest, **fields: Any) -> Contest:
    """Change some FIELDS until it is closed. Raises Invalid and changes nothing then."""
    db.session.refresh(contest, with_for_update=True)  # the scheduled look may be closing it
    for name, value in _checked({**{n: getattr(contest, n) for n in FIELDS}, **fields}, contest).items():
        setattr(contest, name, value)
    db.session.commit()
    return contest


def _checked(values: dict[str, Any], of: Contest | None) -> dict[str, Any]:
    check = Check()
    if of is not None and of.closed_at:
        check.refuse("name", N_("This contest is over, and its result stays as it is."))
    name = check.text("name", values.get("name"), 80, required=True)
    taken = db.session.scalar(sa.select(Contest.id).where(sa.func.lower(Contest.name) == name.lower()))
    if taken and (of is None or taken != of.id):
        check.refuse("name", N_("There is a contest of this name already."))
    if values.get("measure") not in set(Measure):
        check.refuse("measure", N_("Choose points, shares or readers."))
    if values.get("among") not in (PEOPLE, TEAMS):
        check.refuse("among", N_("Choose people or teams."))
    elif values["among"] == PEOPLE and programmes.current().works_council:
        check.refuse("among", N_("Figures of one person are for that person alone here, so contests are for teams."))
    starts, ends = day(check, "starts_on", values.get("starts_on")), day(check, "ends_on", values.get("ends_on"))
    if starts and ends and ends < starts:
        check.refuse("ends_on", N_("The last day comes before the first."))
    threshold = whole(values.get("threshold") or 1, 100_000)
    if not threshold:
        check.refuse("threshold", N_("Write a whole number from 1 to 100,000."))
    given = values.get("prizes") or ()
    prizes = [line for line in map(one_line, given.splitlines() if isinstance(given, str) else given) if line]
    if len(prizes) > MOST_PRIZES:
        check.refuse("prizes", N_("Name at most ten prizes."))
    if any(len(prize) > 100 for prize in prizes):
        check.refuse("prizes", N_("Keep each prize to a hundred characters."))
    campaign = values.get("campaign_id") or None
    if campaign and db.session.get(Campaign, int(campaign)) is None:
        check.refuse("campaign_id", N_("This campaign is no longer here; choose again."))
    drawn = check.text("draw_for_all", values.get("draw_for_all"), 120)
    prize, bar, worth = drawn.partition("|")
    if drawn and not prize.strip():
        check.refuse("draw_for_all", N_("Name the prize before its worth."))
    elif bar and worth.strip() and money.worth(worth.strip()) is None:
        check.refuse(
            "draw_for_all",
            N_("Write what a prize is worth as an amount and a currency, like 240 EUR or 240 €."),
        )
    check.done()
    return {
        "name": name,
        "measure": str(values["measure"]),
        "among": values["among"],
        "campaign_id": int(campaign) if campaign else None,
        "threshold": threshold,
        "starts_on": starts,
        "ends_on": ends,
        "prizes": prizes,
        "draw_for_all": drawn,
    }


def look() -> int:
    """Work out each running contest's standing, and close those that are over; return how many were closed. Commits.

    Idempotent: a closed contest is never looked at again. Its draw among all who took part opens now
    (service.draws.of_contests, which goes on from there).
    """
    programme = programmes.found()
    now = clock.now()
    if programme is None:
        return 0
    today = day_of(now, programme.zone)
    due = sa.select(Contest.id).where(Contest.closed_at.is_(None), Contest.starts_on <= today).order_by(Contest.id)
    closed = 0
    for number in db.session.scalars(due).all():
        asked = sa.select(Contest).where(Contest.id == number).with_for_update()
        contest = db.session.scalar(asked.execution_options(populate_existing=True))
        if contest is not None and contest.closed_at is None:
            lines = standing(contest)
            contest.seen, contest.seen_at = _kept(contest, lines), now
            if now >= _end(contest, programme.zone) + GRACE:
                contest.closed_at = now
                contest.took_part = list(_took_part(contest))
                closed += 1
                log.info("contest closed", contest=contest.id, took_part=len(lines))
        db.session.commit()
    of_contests.open_what_is_due()
    return closed


def _kept(contest: Contest, lines: tuple[Line, ...]) -> dict[str, Any]:
    """Whoever has a prize or one of the first lines, and how many have each figure."""
    last = len(contest.prizes)
    first = [line for n, line in enumerate(lines) if n < KEPT or line.place <= last]
    return {
        "took_part": len(lines),
        "lines": [[n.place, n.who, n.figure.numerator, n.figure.denominator] for n in first],
        "figures": sorted(Counter(float(line.figure) for line in lines).items()),
    }


def entries(contest: Contest) -> tuple[str, ...]:
    """Return who enters a draw among all, one ticket each, as subjects; none until it is closed."""
    return tuple(contest.took_part)


def standing(contest: Contest) -> tuple[Line, ...]:
    """Return who stands where by all that is known now. Reads only."""
    return rules.standing(_acts(contest), contest.threshold, _teams(contest))


def _teams(contest: Contest) -> dict[str, str] | None:
    if contest.among != TEAMS:
        return None
    rows = db.session.execute(sa.select(Employee.subject, Employee.team_id).where(Employee.team_id.is_not(None)))
    return {subject: str(team) for subject, team in rows}


def _took_part(contest: Contest) -> tuple[str, ...]:
    """Return who enters the draw among all: shares on networks that forbid prizes for posts bring nobody in.

    Who is on no board by her own wish enters too: a draw shows nobody's figures.
    """
    out = usual().networks_out
    active = {act.who for act in _acts(contest, out=out, measure=Measure.SHARES, everybody=True)}
    acts = _acts(contest, out=out, everybody=True)
    return rules.took_part(acts, contest.threshold, _teams(contest), active)


def _acts(
    contest: Contest,
    subject: str | None = None,
    *,
    out: Collection[str] = (),
    measure: str = "",
    everybody: bool = False,
) -> Iterator[Act]:
    """Give what counts in a contest, of everybody on boards (in teams: of all members), or of one person.

    Shares on the networks `out` are left out; `measure` "" is the contest's own.
    """
    zone, measure = programmes.current().zone, measure or contest.measure
    begin, end = _begin(contest, zone), _end(contest, zone)
    there = Employee.status.not_in(("left", "gone", "suspended"))
    who = on_boards() if contest.among == PEOPLE and not everybody else there
    if measure == Measure.POINTS:
        back = sa.orm.aliased(LedgerEntry)
        asked: Any = sa.select(LedgerEntry.subject, sa.func.sum(LedgerEntry.points), sa.func.max(LedgerEntry.at))
        asked = asked.join(Employee, Employee.subject == LedgerEntry.subject).where(
            LedgerEntry.at >= begin,
            LedgerEntry.at < end,
            LedgerEntry.reverses_id.is_(None),
            ~sa.exists().where(back.reverses_id == LedgerEntry.id),
        )
        if contest.campaign_id:
            asked = asked.join(Share, LedgerEntry.share_id == Share.id).join(Story, Share.story_id == Story.id)
            asked = asked.where(Story.campaign_id == contest.campaign_id)
        elif out:
            asked = asked.outerjoin(Share, LedgerEntry.share_id == Share.id)
        if out:
            asked = asked.where(sa.or_(LedgerEntry.share_id.is_(None), Share.network.not_in(out)))
        asked = asked.where(LedgerEntry.subject == subject) if subject else asked.where(who)
        for whose, worth, at in db.session.execute(asked.group_by(LedgerEntry.subject)):
            yield Act("points", whose, int(worth), at)
        return
    shared: Any = sa.select(Share.id, Share.subject, Share.story_id, Share.visited_at)
    shared = shared.join(Employee, Employee.subject == Share.subject).join(Story, Share.story_id == Story.id)
    shared = shared.where(Share.state.in_(COUNTED), Share.created_at < end)
    if contest.campaign_id:
        shared = shared.where(Story.campaign_id == contest.campaign_id)
    if out:
        shared = shared.where(Share.network.not_in(out))
    shared = shared.where(Share.subject == subject) if subject else shared.where(who)
    for number, whose, story, visited in db.session.execute(shared.execution_options(yield_per=5000)):
        moments = sorted(datetime.fromisoformat(moment) for moment in visited or ())
        if measure == Measure.SHARES:
            yield from (Act(f"story:{story}", whose, 1, at) for at in moments[:1] if begin <= at < end)
        else:
            inside = ((n, at) for n, at in enumerate(moments) if begin <= at < end)
            yield from (Act(f"reader:{number}:{n}", whose, 1, at) for n, at in inside)


def _begin(contest: Contest, zone: str) -> datetime:
    return _midnight(contest.starts_on, zone)


def _end(contest: Contest, zone: str) -> datetime:
    return _midnight(contest.ends_on + timedelta(days=1), zone)


def _midnight(on: date, zone: str) -> datetime:
    return datetime.combine(on, time(), ZoneInfo(zone)).astimezone(UTC)


def shown(contest: Contest, employee: Employee | None = None) -> list[Shown]:
    """Return the first lines of the last look with names as each wants; none of people in works-council mode."""
    if contest.among == PEOPLE and programmes.current().works_council:
        return []
    lines = contest.seen.get("lines", [])
    names = _names(contest, [who for _place, who, _n, _d in lines])
    me = _self(contest, employee)
    return [
        Shown(place, names.get(who, ""), over / under, prize_of(contest, place), who == me)
        for place, who, over, under in lines
    ]


def prize_of(contest: Contest, place: int) -> str:
    """Return the prize of a place; "" where there is none."""
    return contest.prizes[place - 1] if place <= len(contest.prizes) else ""


def _names(contest: Contest, ids: Iterable[str]) -> dict[str, str]:
    if contest.among == TEAMS:
        teams = sa.select(Team.id, Team.name).where(Team.id.in_([int(n) for n in ids]))
        return {str(number): name for number, name in db.session.execute(teams)}
    people = sa.select(Employee.subject, Employee.alias, Employee.name).where(Employee.subject.in_(list(ids)))
    people = people.where(on_boards())  # who left since is named no more
    return {line.subject: line.alias or short(line.name or "") for line in db.session.execute(people)}


def _self(contest: Contest, employee: Employee | None) -> str | None:
    if employee is None:
        return None
    return employee.subject if contest.among == PEOPLE else str(employee.team_id)


def hers(employee: Employee, keep: timedelta = timedelta(days=30)) -> list[Hers]:
    """Return the contests that run, and those closed lately, as this person sees them. Reads only."""
    programme = programmes.found()
    if programme is None:
        return []
    now = clock.now()
    today = day_of(now, programme.zone)
    running = sa.and_(Contest.closed_at.is_(None), Contest.starts_on <= today)
    asked = (
        sa.select(Contest).where(sa.or_(running, Contest.closed_at > now - keep)).order_by(Contest.ends_on, Contest.id)
    )
    found = []
    for contest in db.session.scalars(asked):
        mine = sum(act.worth for act in {(a.key): a for a in _acts(contest, employee.subject)}.values())
        found.append(Hers(contest, mine, _place(contest, employee, mine), contest.closed_at is not None))
    return found


def _place(contest: Contest, employee: Employee, mine: int) -> int | None:
    """Return a place of the last look; below the first lines equals are told the best place they may have."""
    me = _self(contest, employee)
    for place, who, _over, _under in contest.seen.get("lines", []):
        if who == me:
            return int(place)
    if contest.among == TEAMS or contest.closed_at or mine < contest.threshold or employee.off_boards:
        return None
    better = sum(people for figure, people in contest.seen.get("figures", []) if figure > mine)
    return int(better) + 1
