"""Results. In: what is known of a share, and its visits. Out: what it adds to the figures of which day and hour.

A cell is a text: `2026-11-17|shares`, `2026-11-17|09|human` (an hour), `2026-11-17||bot:crawler` (a reason). A share's
cells are worked out anew whenever it changed; the figures take the difference to what they hold of it, so that late,
repeated and reversed events correct the days they belong to, in whatever order they come.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from scoring.shares import Facts, State
from scoring.visits import HUMAN
from scoring.weeks import week_of_day

SUMMED = (
    "shares",
    "declared",
    "seen",
    "confirmed",
    "engaged",
    "own_words",
    "reach",
    "readers",
    "human",
    "suspected",
    "bot",
)
"""What shares bring."""

MEASURES = ("opened", *SUMMED)
"""What is counted by day, team, network and story."""

STATES = (State.DECLARED, State.SEEN, State.CONFIRMED, State.ENGAGED)
"""States of a share that is counted as one: each is a measure."""

PROVEN = (State.SEEN, State.CONFIRMED, State.ENGAGED)
"""States in which somebody else than the sharer, or a network, says that a post is there: these have reach."""


def first_proof(facts: Facts) -> datetime | None:
    """Return when a share was first declared, seen or confirmed; None: it was opened and nothing more is known."""
    moments = (facts.declared_at, facts.seen_at, facts.confirmed_at)
    return min((m for m in moments if m is not None), default=None)


def of_share(facts: Facts, state: str, audience: int, words: str, zone: str) -> Counter[str]:
    """Return the cells of a share's own facts.

    `audience` is how many people a post of hers reaches; `words` names what it says: a text's number, `own` or `title`.
    """
    cells: Counter[str] = Counter()
    if facts.opened_at:
        cells[f"{_day(facts.opened_at, zone)}|opened"] += 1
    shared = first_proof(facts)
    if shared is not None:
        cells += of_post(shared.astimezone(ZoneInfo(zone)), state, audience, words, facts.own_words)
    for at in facts.visited_at:
        cells[f"{_day(at, zone)}|readers"] += 1
    return cells


def of_post(there: datetime, state: str, audience: int, words: str, own_words: bool) -> Counter[str]:
    """Return the cells of a share's first proof, at the moment `there` by the programme's clock."""
    day = there.date()
    cells = Counter({f"{day}|shares": 1, f"{day}|{there:%H}|shares": 1, f"{day}||text:{words}": 1})
    if state in STATES:
        cells[f"{day}|{state}"] += 1
    if own_words:
        cells[f"{day}|own_words"] += 1
    if state in PROVEN and audience:
        cells[f"{day}|reach"] += audience
    return cells


def of_visits(visits: Iterable[tuple[datetime, str, str]], zone: str) -> Counter[str]:
    """Return the cells of a share's visits, each (moment, verdict, reason)."""
    cells: Counter[str] = Counter()
    for at, verdict, reason in visits:
        there = at.astimezone(ZoneInfo(zone))
        cells += of_visit(str(there.date()), f"{there:%H}", verdict, reason, 1)
    return cells


def of_visit(day: str, hour: str, verdict: str, reason: str, times: int) -> Counter[str]:
    """Return the cells of so many visits in one hour; of machines the hour is not kept."""
    cells = Counter({f"{day}|{verdict}": times, f"{day}||{verdict}:{reason}": times})
    if verdict == HUMAN:
        cells[f"{day}|{hour}|human"] += times
    return cells


def day_of_cell(cell: str) -> date:
    """Return the day that a cell belongs to."""
    return date.fromisoformat(cell[:10])


def difference(now: Mapping[str, int], before: Mapping[str, int]) -> dict[str, int]:
    """Return what must be added to `before` so that it becomes `now`; cells that stay are left out."""
    return {cell: n for cell in now.keys() | before.keys() if (n := now.get(cell, 0) - before.get(cell, 0))}


def periods_of(day: date) -> tuple[str, ...]:
    """Return the periods that a day belongs to: week, month, quarter, year, and all of them."""
    return week_of_day(day), f"{day:%Y-%m}", f"{day:%Y}-Q{(day.month + 2) // 3}", f"{day:%Y}", "all"


def _day(moment: datetime, zone: str) -> date:
    return moment.astimezone(ZoneInfo(zone)).date()
