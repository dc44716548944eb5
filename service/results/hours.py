"""Hours. In: a zone. Out: its clock as SQL on seconds since 1970: both databases then know the days that Python does.

The databases' own tables of zones are others than Python's, where they have any.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from service.dialects import postgres

FIRST = datetime(2000, 1, 1, tzinfo=UTC)
"""Nobody shared earlier: before it, the clock is as it was then."""

AHEAD = timedelta(days=3 * 366)
"""Changes of clocks are looked for so far beyond now."""


def words_of(zone: str, now: datetime) -> Words:
    """Return the words of the session's database for this zone."""
    return Words(postgres(), zone, now)


def here(seconds: str, zone: str, now: datetime) -> str:
    """Return the SQL of local seconds: day and hour follow by division. `seconds` is the SQL of seconds since 1970."""
    changes = _changes(zone, (now + AHEAD).year)
    oldest = changes[0][1]
    if len(changes) == 1:
        return f"({seconds} + {oldest})"
    # The newest first: nearly all that is counted is of this year.
    whens = " ".join(f"WHEN {seconds} >= {since} THEN {offset}" for since, offset in reversed(changes[1:]))
    return f"({seconds} + CASE {whens} ELSE {oldest} END)"


@lru_cache(maxsize=64)
def _changes(zone: str, until: int) -> list[tuple[int, int]]:
    """Return (second since 1970, seconds ahead of UTC from then on) from FIRST until the end of this year, in order."""
    there = ZoneInfo(zone)
    second, end = int(FIRST.timestamp()), int(datetime(until, 12, 31, tzinfo=UTC).timestamp())
    found = [(second, _offset(second, there))]
    while second < end:
        later = second + 86400
        if _offset(later, there) != found[-1][1]:
            low, high = second, later
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if _offset(middle, there) == found[-1][1] else (low, middle)
            found.append((high, _offset(high, there)))
        second = later
    return found


def _offset(second: int, zone: ZoneInfo) -> int:
    found = datetime.fromtimestamp(second, zone).utcoffset()
    return int(found.total_seconds()) if found is not None else 0


@dataclass(frozen=True, slots=True)
class Words:
    """How one of the databases says what counting asks; each takes and gives SQL."""

    on_postgres: bool
    zone: str
    now: datetime

    def seconds(self, moment: str) -> str:
        """Seconds since 1970 of a column of moments, without their parts."""
        if self.on_postgres:
            return f"CAST(floor(extract(epoch FROM {moment})) AS bigint)"
        return f"CAST(strftime('%s', substr({moment}, 1, 19)) AS integer)"

    def seconds_of_text(self, moment: str) -> str:
        """The same of a moment as ISO text in UTC."""
        return self.seconds(f"CAST({moment} AS timestamptz)" if self.on_postgres else moment)

    def here(self, seconds: str) -> str:
        """Seconds by the programme's clock."""
        return here(seconds, self.zone, self.now)

    def day(self, local: str) -> str:
        """The day of local seconds."""
        if self.on_postgres:
            return f"DATE '1970-01-01' + CAST(floor({local} / 86400.0) AS integer)"
        return f"date({local}, 'unixepoch')"

    def hour(self, local: str) -> str:
        """The hour of local seconds, 0 to 23."""
        return f"CAST(((({local} % 86400) + 86400) % 86400) / 3600 AS integer)"

    def as_day(self, text: str) -> str:
        """A day out of a text like 2026-11-17."""
        return f"CAST({text} AS date)" if self.on_postgres else text

    def text(self, day: str) -> str:
        """A day as a text like 2026-11-17."""
        return f"to_char({day}, 'YYYY-MM-DD')" if self.on_postgres else day

    def two(self, number: str) -> str:
        """A number as two digits."""
        return f"lpad(CAST({number} AS text), 2, '0')" if self.on_postgres else f"printf('%02d', {number})"

    def each(self, texts: str) -> str:
        """A table of the column `value`: the texts of a JSON list."""
        return f"jsonb_array_elements_text({texts})" if self.on_postgres else f"json_each({texts})"

    def pairs(self, mapping: str) -> str:
        """A table of the columns `key` and `value`: what a JSON object holds."""
        return f"jsonb_each_text({mapping})" if self.on_postgres else f"json_each({mapping})"

    @property
    def least(self) -> str:
        """The function of the least of several values."""
        return "least" if self.on_postgres else "min"

    @property
    def object(self) -> str:
        """The aggregate that makes a JSON object."""
        return "jsonb_object_agg" if self.on_postgres else "json_group_object"

    @property
    def empty(self) -> str:
        """An empty JSON object."""
        return "CAST('{}' AS jsonb)" if self.on_postgres else "'{}'"
