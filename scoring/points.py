"""Points. In: what is known of one person's shares, rules, zone and now. Out: the ledger entries that are due.

PROTOCOLS, "Shares are proven". `due` is a function of facts and of their own times, never of when or how often they
arrived; `differences` turns what is due and what is booked into new lines, so that a correction is a reversal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from scoring import caps
from scoring.rules import Rules as Rules
from scoring.shares import Facts, merged
from scoring.weeks import day_of, week_of

DECLARED, SEEN, CONFIRMED, OWN_WORDS, ENGAGED, VISITOR = (
    "declared",
    "seen",
    "confirmed",
    "own-words",
    "engaged",
    "visitor",
)
NOT_CONFIRMED, RECOUNTED = "not-confirmed", "recounted"

REASONS = (DECLARED, SEEN, CONFIRMED, OWN_WORDS, ENGAGED, VISITOR, NOT_CONFIRMED, RECOUNTED)
"""Every reason that a line of the ledger can give; the last two belong to reversals."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line to book. `key` names the act (`share:12:confirmed`), `at` is the event's own time."""

    key: str
    share: str
    """Facts.key of the share that earned it."""
    points: int
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Reversal:
    """A line that takes back an earlier one, in that one's own month."""

    key: str
    reverses: str
    """Key of the line taken back."""
    share: str
    points: int
    """Minus the points of that line."""
    reason: str
    at: datetime
    """That line's own time."""


@dataclass(frozen=True, slots=True)
class Booked:
    """A line that stands in the ledger. `reverses` is the key of the line it takes back."""

    key: str
    points: int
    at: datetime
    reason: str
    share: str = ""
    reverses: str | None = None


def due(shares: Sequence[Facts], rules: Rules, zone: str, now: datetime) -> tuple[Entry, ...]:
    """Return every entry that these shares of one person have earned by `now`, sorted by time and key.

    Order and repetition of `shares` do not matter; reports on the same share (same key) are joined. `now` decides only
    whether a declared share may still be confirmed. `zone` is the programme's (IANA name): caps go by its weeks.
    """
    found = caps.apart(merged(shares), rules)
    entries = [*_declared(found, rules, zone, now), *_confirmed(found, rules, zone), *_visitors(found, rules, zone)]
    return tuple(caps.capped((e for e in entries if e.points), found, rules, zone))


def _declared(shares: list[Facts], rules: Rules, zone: str, now: datetime) -> Iterator[Entry]:
    """Declared shares, the first few of each week, unless their time to be confirmed ran out."""
    a_week: Counter[str] = Counter()
    for at, facts in sorted(((f.declared_at, f) for f in shares if f.declared_at), key=lambda p: (p[0], p[1].key)):
        week = week_of(at, zone)
        a_week[week] += 1
        if a_week[week] > rules.declared_a_week:
            continue
        # The place among the week's first is not given on when the points lapse: later facts change no other line.
        until = at + timedelta(days=rules.declared_days)
        confirmed = facts.confirmed_at
        if now >= until if confirmed is None else confirmed > until:
            continue
        yield _entry(facts, DECLARED, rules.declared, at, zone)
        if facts.seen_at:
            # One may be seen before declaring or after: both must have happened.
            yield _entry(facts, SEEN, rules.seen - rules.declared, max(at, facts.seen_at), zone)


def _confirmed(shares: list[Facts], rules: Rules, zone: str) -> Iterator[Entry]:
    """A story once per employee, whichever network's visitor came first."""
    first: dict[int, tuple[datetime, Facts]] = {}
    for facts in shares:  # sorted by key: of two at one moment the first key stands
        at = facts.confirmed_at
        if at and (facts.story_id not in first or at < first[facts.story_id][0]):
            first[facts.story_id] = at, facts
    for at, facts in first.values():
        yield _entry(facts, CONFIRMED, rules.confirmed, at, zone)
        if facts.own_words:
            yield _entry(facts, OWN_WORDS, rules.own_words, at, zone)


def _visitors(shares: list[Facts], rules: Rules, zone: str) -> Iterator[Entry]:
    """Once a share is engaged each visitor counts: those that made it so together, later ones as they come."""
    for facts in shares:
        threshold = max(1, rules.engaged_from)
        visits = sorted(facts.visited_at)[: rules.visitors_a_share]
        if len(visits) < threshold:
            continue
        yield _entry(facts, ENGAGED, rules.visitor * threshold, visits[threshold - 1], zone)
        twins: Counter[datetime] = Counter()
        for at in visits[threshold:]:
            twins[at] += 1
            mark = f"visit:{at.astimezone(UTC):%Y%m%dT%H%M%S%f}"
            yield _entry(facts, VISITOR, rules.visitor, at, zone, mark if twins[at] == 1 else f"{mark}:{twins[at]}")


def _entry(facts: Facts, reason: str, points: int, at: datetime, zone: str, mark: str | None = None) -> Entry:
    day = day_of(at, zone)
    running = (facts.starts_on is None or facts.starts_on <= day) and (facts.ends_on is None or day <= facts.ends_on)
    factor = facts.multiplier if running else 1
    return Entry(f"{facts.key}:{mark or reason}", facts.key, points * factor, reason, at)


def base(key: str) -> str:
    """Return the act that a line's key names: a reversal's is `<act>!<n>`, a booking again `<act>+<n>`."""
    return key.partition("!")[0].partition("+")[0]


def standing(booked: Iterable[Booked]) -> dict[str, Booked]:
    """Return the bookings by key that no line takes back."""
    lines = list(booked)
    taken_back = {line.reverses for line in lines if line.reverses}
    return {line.key: line for line in lines if line.reverses is None and line.key not in taken_back}


def differences(
    due: Iterable[Entry], booked: Iterable[Booked], lapsed: datetime | None = None
) -> tuple[Entry | Reversal, ...]:
    """Return the lines that make the ledger say what is due: reversals first, then bookings.

    Nothing that stands is changed. Booking the result and asking again gives nothing. Points and time must agree; an
    act that is booked again after a reversal gets the next number in its key. What was declared before `lapsed` and is
    due no more is taken back with the reason *not confirmed*, all else as *recounted*.
    """
    lines = list(booked)
    wanted = {entry.key: entry for entry in due}
    ran_out = {
        b.share for b in lines if lapsed and b.reason == DECLARED and b.at <= lapsed and base(b.key) not in wanted
    }
    bookings = Counter(base(line.key) for line in lines if line.reverses is None)
    reversals = Counter(base(line.key) for line in lines if line.reverses is not None)
    back: list[Reversal] = []
    right: set[str] = set()
    for line in sorted(standing(lines).values(), key=lambda b: b.key):
        act = base(line.key)
        entry = wanted.get(act)
        if entry and act not in right and (entry.points, entry.at) == (line.points, line.at):
            right.add(act)
            continue
        reversals[act] += 1
        late = entry is None and line.reason in (DECLARED, SEEN) and line.share in ran_out
        reason = NOT_CONFIRMED if late else RECOUNTED
        back.append(Reversal(f"{act}!{reversals[act]}", line.key, line.share, -line.points, reason, line.at))
    new = []
    for act, entry in wanted.items():
        if act not in right:
            key = f"{act}+{bookings[act]}" if bookings[act] else act
            new.append(Entry(key, entry.share, entry.points, entry.reason, entry.at))
    return (*back, *sorted(new, key=lambda e: (e.at, e.key)))
