"""Points. In: what is known of one person's shares, rules, zone and now. Out: the ledger entries that are due.

PROTOCOLS, "Shares are proven". `due` is a function of facts and of their own times, never of when or how often they
arrived; `differences` turns what is due and what is booked into new lines, so that a correction is a reversal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from scoring import caps
from scoring.rules import Rules as Rules
from scoring.rules import Timetable, held
from scoring.shares import Facts, engaged_by, merged, paid
from scoring.weeks import begin, day_of, week_of

DECLARED, SEEN, CONFIRMED, OWN_WORDS, ENGAGED, VISITOR = (
    "declared",
    "seen",
    "confirmed",
    "own-words",
    "engaged",
    "visitor",
)
FIRST_SHARE, ACTIVE_WEEK, SUGGESTION = "first-share", "active-week", "suggestion"
NOT_CONFIRMED, RECOUNTED = "not-confirmed", "recounted"

EARNED = (DECLARED, SEEN, CONFIRMED, OWN_WORDS, FIRST_SHARE, ACTIVE_WEEK, ENGAGED, VISITOR, SUGGESTION)
"""What can be earned, in the order in which people read of it."""

REASONS = (*EARNED, NOT_CONFIRMED, RECOUNTED)
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


def due(shares: Sequence[Facts], rules: Rules | Timetable, zone: str, now: datetime) -> tuple[Entry, ...]:
    """Return every entry that these shares of one person have earned by `now`, sorted by time and key.

    Order and repetition of `shares` do not matter; reports on the same share (same key) are joined. `now` decides only
    whether a declared share may still be confirmed. `zone` is the programme's (IANA name): caps go by its weeks. Each
    entry counts by the rules valid at its own time, caps of a day or week by those valid when that began.
    """
    times = held(rules)
    found = caps.apart(merged(shares), times)
    entries = [
        *_declared(found, times, zone, now),
        *_confirmed(found, times, zone),
        *_bonuses(found, times, zone),
        *_visitors(found, times, zone),
    ]
    return tuple(caps.capped((e for e in entries if e.points), found, times, zone))


def lapsed(rules: Rules | Timetable, now: datetime) -> Callable[[datetime], bool]:
    """Return the question whether what was declared at a moment can be confirmed no more."""
    times = held(rules)
    return lambda at: now >= at + timedelta(days=times.of(at).declared_days)


def _declared(shares: list[Facts], times: Timetable, zone: str, now: datetime) -> Iterator[Entry]:
    """Declared shares, the first few of each week, unless their time to be confirmed ran out."""
    a_week: Counter[str] = Counter()
    for at, facts in sorted(((f.declared_at, f) for f in shares if f.declared_at), key=lambda p: (p[0], p[1].key)):
        week, rules = week_of(at, zone), times.of(at)
        a_week[week] += 1
        if a_week[week] > times.of(begin(week, zone)).declared_a_week:
            continue
        # The place among the week's first is not given on when the points lapse: later facts change no other line.
        until = at + timedelta(days=rules.declared_days)
        confirmed = facts.confirmed_at
        if now >= until if confirmed is None else confirmed > until:
            continue
        yield _entry(facts, DECLARED, rules.worth("declared", facts.network), at, zone)
        if facts.seen_at:
            # One may be seen before declaring or after: both must have happened.
            both = max(at, facts.seen_at)
            then = times.of(both)
            worth = then.worth("seen", facts.network) - then.worth("declared", facts.network)
            yield _entry(facts, SEEN, worth, both, zone)


def _confirmed(shares: list[Facts], times: Timetable, zone: str) -> Iterator[Entry]:
    """A story once per employee, whichever network's visitor came first."""
    first: dict[int, tuple[datetime, Facts]] = {}
    for facts in shares:  # sorted by key: of two at one moment the first key stands
        at = facts.confirmed_at
        if at and (facts.story_id not in first or at < first[facts.story_id][0]):
            first[facts.story_id] = at, facts
    for at, facts in first.values():
        rules = times.of(at)
        yield _entry(facts, CONFIRMED, rules.worth("confirmed", facts.network), at, zone)
        if facts.own_words:
            yield _entry(facts, OWN_WORDS, rules.worth("own_words", facts.network), at, zone)


def _bonuses(shares: list[Facts], times: Timetable, zone: str) -> Iterator[Entry]:
    """Her first confirmed share ever, and the share that made a week active; no campaign multiplies these."""
    confirmed = sorted(((at, f) for f in shares if (at := f.confirmed_at)), key=lambda p: (p[0], p[1].key))
    weeks: set[str] = set()
    for n, (at, facts) in enumerate(confirmed):
        rules = times.of(at)
        if n == 0:
            yield Entry(f"{facts.key}:{FIRST_SHARE}", facts.key, rules.first_share, FIRST_SHARE, at)
        if (week := week_of(at, zone)) not in weeks:
            weeks.add(week)
            yield Entry(f"{facts.key}:{ACTIVE_WEEK}", facts.key, rules.active_week, ACTIVE_WEEK, at)


def _visitors(shares: list[Facts], times: Timetable, zone: str) -> Iterator[Entry]:
    """Once a share is engaged each visitor counts: those that made it so together, later ones as they come."""
    for facts in shares:
        visits = paid(facts.visited_at, times)
        threshold = engaged_by(visits, times)
        if threshold is None:
            continue
        at = visits[threshold - 1]
        yield _entry(facts, ENGAGED, times.of(at).worth("visitor", facts.network) * threshold, at, zone)
        twins: Counter[datetime] = Counter()
        for at in visits[threshold:]:
            twins[at] += 1
            mark = f"visit:{at.astimezone(UTC):%Y%m%dT%H%M%S%f}"
            worth = times.of(at).worth("visitor", facts.network)
            yield _entry(facts, VISITOR, worth, at, zone, mark if twins[at] == 1 else f"{mark}:{twins[at]}")


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
    due: Iterable[Entry], booked: Iterable[Booked], lapsed: datetime | Callable[[datetime], bool] | None = None
) -> tuple[Entry | Reversal, ...]:
    """Return the lines that make the ledger say what is due: reversals first, then bookings.

    Nothing that stands is changed. Booking the result and asking again gives nothing. Points and time must agree; an
    act that is booked again after a reversal gets the next number in its key. What was declared before `lapsed`, or at
    a moment of which it is true, and is due no more is taken back with the reason *not confirmed*, all else as
    *recounted*.
    """
    lines = list(booked)
    over = lapsed if callable(lapsed) else lambda at: lapsed is not None and at <= lapsed
    wanted = {entry.key: entry for entry in due}
    ran_out = {b.share for b in lines if b.reason == DECLARED and base(b.key) not in wanted and over(b.at)}
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
