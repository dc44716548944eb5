"""Reach. In: a programme that could be. Out: how many people it may reach, beside those that the brand reaches alone.

The field's reach calculator: employees × participation × average audience × shares, minus the brand's own. Guides give
100 employees with 338 friends each, 33,800 people, against 2,000 followers of a page.
"""

from __future__ import annotations

from dataclasses import dataclass

EXAMPLES = (100, 500)
"""Companies that guides reckon with, by employees."""


@dataclass(frozen=True, slots=True)
class Possible:
    """A programme that could be: people, the part of them who share (0 to 1), audience of each, shares a month."""

    employees: int
    participation: float
    audience: int
    shares: float
    own: int
    """People whom the brand reaches by itself."""

    @property
    def sharers(self) -> int:
        """People who share."""
        return round(self.employees * self.participation)

    @property
    def once(self) -> int:
        """People who may see it if each sharer posts once."""
        return self.sharers * self.audience

    @property
    def monthly(self) -> int:
        """Times that people may see it in a month."""
        return round(self.once * self.shares)

    @property
    def more(self) -> int:
        """What a month brings beyond the brand's own; negative: less than that."""
        return self.monthly - self.own

    @property
    def times(self) -> float | None:
        """How many times the brand's own; None where it has none."""
        return self.monthly / self.own if self.own else None
