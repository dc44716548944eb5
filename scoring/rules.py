"""Rules. In: a programme's overrides. Out: what shares are worth and where it ends, in numbers that have defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


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

    @classmethod
    def of(cls, overrides: Mapping[str, Any]) -> Rules:
        """Return the defaults with these fields replaced.

        Raises ValueError naming the first field that does not exist or is no whole number from 0.
        """
        known = {f.name for f in fields(cls)}
        for name, value in overrides.items():
            if name not in known:
                raise ValueError(f"there is no rule {name!r}")
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise ValueError(f"rule {name!r} must be a whole number from 0")
        return cls(**overrides)
