"""Badges. In: what is known of one person's shares. Out: the badges she earned, when, and how far the next one is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from scoring.points import Rules
from scoring.shares import Facts, merged
from scoring.weeks import shift, streak, week_of

FIRST_WORD, CONVERSATION_STARTER, STEADY_VOICE = "first-word", "conversation-starter", "steady-voice"

BADGES = (FIRST_WORD, CONVERSATION_STARTER, STEADY_VOICE)
"""All badges, in the order in which they are offered as the next one."""


@dataclass(frozen=True, slots=True)
class Earned:
    """A badge, and the own time of the event that earned it."""

    badge: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Progress:
    """The next badge: `have` of `need` steps are done."""

    badge: str
    have: int
    need: int


def active_weeks(shares: Iterable[Facts], zone: str) -> dict[str, datetime]:
    """Return the weeks in which a share was first confirmed, each with the moment that made it active."""
    found: dict[str, datetime] = {}
    for facts in shares:
        if at := facts.confirmed_at:
            week = week_of(at, zone)
            found[week] = min(found.get(week, at), at)
    return found


def earned(shares: Sequence[Facts], rules: Rules, zone: str) -> tuple[Earned, ...]:
    """Return the badges that these shares of one person earned, in the order of BADGES; free of order and repetition.

    *First word*: a share confirmed. *Conversation starter*: a share engaged. *Steady voice*: some active weeks in a
    row (Rules.steady_weeks).
    """
    found = merged(shares)
    first = min((at for f in found if (at := f.confirmed_at)), default=None)
    need = max(1, rules.engaged_from)
    engaged = min((sorted(f.visited_at)[need - 1] for f in found if len(f.visited_at) >= need), default=None)
    weeks = active_weeks(found, zone)
    length = max(1, rules.steady_weeks)
    steady = min((weeks[w] for w in weeks if all(shift(w, -n) in weeks for n in range(length))), default=None)
    moments = zip(BADGES, (first, engaged, steady), strict=True)
    return tuple(Earned(badge, at) for badge, at in moments if at)


def progress(shares: Sequence[Facts], rules: Rules, zone: str, current: str) -> Progress | None:
    """Return the next badge with its steps, or None if all are earned. `current` is the present week."""
    have = {e.badge for e in earned(shares, rules, zone)}
    for badge in BADGES:
        if badge not in have:
            return Progress(badge, *steps(badge, shares, rules, zone, current))
    return None


def steps(badge: str, shares: Sequence[Facts], rules: Rules, zone: str, current: str) -> tuple[int, int]:
    """Return how many of how many steps towards a badge are done; a broken streak begins again at 0.

    Raises KeyError for a badge that does not exist.
    """
    found = merged(shares)
    done, need = {
        FIRST_WORD: (sum(1 for f in found if f.visited_at), 1),
        CONVERSATION_STARTER: (max((len(f.visited_at) for f in found), default=0), max(1, rules.engaged_from)),
        STEADY_VOICE: (streak(active_weeks(found, zone), current), max(1, rules.steady_weeks)),
    }[badge]
    return min(done, need), need
