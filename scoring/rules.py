"""Rules. In: a programme's overrides, version by version. Out: what shares are worth and where it ends, at any moment.

Each event counts by the version that was valid at its own time, each cap of a day or week by the one valid when that
day or week began. So a new version changes nothing that happened before it, and order still does not matter.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

MOST = 100_000
"""No rule can be a greater number."""

BY_NETWORK = ("declared", "seen", "confirmed", "own_words", "visitor")
"""Rules that a network may have numbers of its own for."""

LEAST = {"visitors_a_share": 1, "engaged_from": 1, "steady_weeks": 1, "pace_minutes": 1}
"""Rules that cannot be 0."""


class Wrong(ValueError):
    """A rule cannot stand. `name` is its own, or `networks.<network>.<rule>`; `problem` unknown, number or range."""

    def __init__(self, name: str, problem: str, least: int = 0) -> None:
        words = {"unknown": "does not exist", "number": f"must be a whole number from {least}"}
        super().__init__(f"rule {name!r} {words.get(problem, f'must be from {least} to {MOST}')}")
        self.name, self.problem, self.least = name, problem, least


@dataclass(frozen=True, slots=True)
class Rules:
    """What shares are worth, in points; the defaults of PROTOCOLS. A programme may set any of them.

    A cap of 0 is no cap. All caps go by the events' own times in the programme's zone.
    """

    declared: int = 2
    declared_a_week: int = 3
    """So many declarations of a week count: the first ones."""
    declared_days: int = 14
    """Declared points stay if the share is confirmed within so many days."""
    seen: int = 4
    """Worth of a share both declared and seen, instead of `declared`."""
    confirmed: int = 10
    """Once for a story and employee."""
    own_words: int = 5
    first_share: int = 0
    """With the very first share of hers that is confirmed."""
    active_week: int = 0
    """With each week in which a share of hers is first confirmed."""
    suggestion: int = 0
    """For a story that she suggested and that was taken."""
    engaged_from: int = 3
    """So many distinct humans make a share engaged; from then on each of them counts."""
    visitor: int = 1
    visitors_a_share: int = 20
    visitors_a_place: int = 5
    """So many distinct humans of one address count for a share: many agents may be one machine."""
    visit_after_seconds: int = 0
    """A visit sooner than this after the share was opened does not count."""
    minutes_apart: int = 0
    """A story opened sooner than this after another one of hers earns no points; its visits still count for weeks."""
    points_a_day: int = 0
    points_a_story: int = 0
    """What one story can bring one employee, on all networks together."""
    points_a_network_a_week: int = 0
    tickets_a_month: int = 5
    steady_weeks: int = 4
    """Active weeks in a row for the badge *steady voice*."""
    many_sharers: int = 5
    """One visitor of so many sharers in a week is an odd pattern; 0: never (the same for the next ones)."""
    ring_shares: int = 2
    """Sharers who each followed so many links of the next, in a circle of two or three, are an odd pattern."""
    place_visitors: int = 6
    """So many visitors of one sharer from one address in a week, and most of hers, are an odd pattern."""
    pace_visits: int = 30
    """So many visitors of one share within `pace_minutes` are an odd pattern."""
    pace_minutes: int = 2

    networks: tuple[tuple[str, tuple[tuple[str, int], ...]], ...] = ()
    """Network → BY_NETWORK rule → the network's own number instead of the general one; sorted."""

    @classmethod
    def of(cls, overrides: Mapping[str, Any]) -> Rules:
        """Return the defaults with these fields replaced; `networks` is {network: {rule: number}}.

        Raises Wrong naming the first field that does not exist or is no whole number in its range.
        """
        known = {f.name for f in fields(cls)} - {"networks"}
        plain: dict[str, int] = {}
        for name, value in overrides.items():
            if name == "networks":
                continue
            if name not in known:
                raise Wrong(name, "unknown")
            plain[name] = _number(name, value)
        own = overrides.get("networks") or {}
        if not isinstance(own, Mapping):
            raise Wrong("networks", "unknown")
        for network, numbers in own.items():
            if not isinstance(numbers, Mapping):
                raise Wrong(f"networks.{network}", "unknown")
            for name, value in numbers.items():
                if name not in BY_NETWORK:
                    raise Wrong(f"networks.{network}.{name}", "unknown")
                _number(f"networks.{network}.{name}", value)
        rows = ((network, tuple(sorted(numbers.items()))) for network, numbers in sorted(own.items()) if numbers)
        return cls(**plain, networks=tuple(rows))

    def worth(self, name: str, network: str) -> int:
        """Return a BY_NETWORK rule's number on this network."""
        for slug, numbers in self.networks:
            if slug == network:
                return dict(numbers).get(name, getattr(self, name))
        found: int = getattr(self, name)
        return found

    def to_json(self) -> dict[str, Any]:
        """Return every rule by name; what `of` takes."""
        found = {f.name: getattr(self, f.name) for f in fields(self)}
        return {**found, "networks": {network: dict(numbers) for network, numbers in self.networks}}

    def overrides(self) -> dict[str, Any]:
        """Return the rules that are not the defaults."""
        usual = Rules().to_json()
        return {name: value for name, value in self.to_json().items() if value != usual[name]}


def _number(name: str, value: Any) -> int:
    least = LEAST.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Wrong(name, "number", least)
    if not least <= value <= MOST:
        raise Wrong(name, "range", least)
    return value


@dataclass(frozen=True, slots=True)
class Timetable:
    """Rules with the moments (aware) from which they are valid; `first` is valid before all of them."""

    first: Rules = Rules()
    later: tuple[tuple[datetime, Rules], ...] = ()
    """Sorted by moment; of two at one moment the last one counts."""

    def of(self, moment: datetime) -> Rules:
        """Return the rules valid at this moment."""
        if not self.later:
            return self.first
        place = bisect_right(self.later, moment, key=lambda row: row[0])
        return self.later[place - 1][1] if place else self.first

    def everything(self) -> tuple[Rules, ...]:
        """Return every version, oldest first."""
        return (self.first, *(rules for _at, rules in self.later))

    @property
    def last(self) -> Rules:
        """The version that nothing comes after."""
        return self.later[-1][1] if self.later else self.first

    def spans(self) -> tuple[tuple[datetime | None, datetime | None, Rules], ...]:
        """Return from when until when each version is valid, oldest first; None: from ever, or without an end."""
        begun = (None, *(at for at, _rules in self.later))
        return tuple(zip(begun, (*begun[1:], None), self.everything(), strict=True))

    def until(self, moment: datetime) -> Timetable:
        """Return the timetable without versions that have not begun by then."""
        return Timetable(self.first, tuple(row for row in self.later if row[0] <= moment))

    def each(self, **changes: Any) -> Timetable:
        """Return the timetable with these fields replaced in every version."""
        return Timetable(
            replace(self.first, **changes), tuple((at, replace(rules, **changes)) for at, rules in self.later)
        )

    def since(self, moment: datetime, rules: Rules) -> Timetable:
        """Return the timetable with these rules from a moment on, whatever was to come after it."""
        return Timetable(self.first, (*(row for row in self.later if row[0] < moment), (moment, rules)))


def held(rules: Rules | Timetable) -> Timetable:
    """Return rules that always hold as a timetable; a timetable as it is."""
    return rules if isinstance(rules, Timetable) else Timetable(rules)
