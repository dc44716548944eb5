"""Words of quarantine. In: a pattern's code and numbers. Out: messages of the catalogue and values; who shows them
translates. They say what was noticed and how it may well be ordinary, and accuse nobody.
"""

from __future__ import annotations

from collections.abc import Mapping

from scoring import quarantine as odd
from service.validation import N_, Words

REASON = N_("Set aside until you decide")
"""The reason of a visit that a pattern holds."""

NOTICED: dict[str, str] = {
    odd.ONE_VISITOR: N_("One visitor followed the links of %(sharers)s colleagues in one week."),
    odd.RING: N_("%(sharers)s colleagues followed one another’s links, several each."),
    odd.ONE_PLACE: N_("%(visitors)s visitors of one colleague came through the same internet connection."),
    odd.PACE: N_("%(visitors)s visitors followed one link within a few minutes."),
}
"""What was noticed."""

PERHAPS: dict[str, str] = {
    odd.ONE_VISITOR: N_("It may be a loyal reader, or a program that reads everything."),
    odd.RING: N_("Colleagues do read one another, and that is welcome. Count them if these were ordinary visits."),
    odd.ONE_PLACE: N_("An office, a café or a telephone company lends one connection to many people."),
    odd.PACE: N_("A newsletter or a busy channel brings many at once, and so does a program."),
}
"""How it may have come about."""


def noticed(pattern: str, facts: Mapping[str, int]) -> Words:
    """Return what was noticed, as a message and its values."""
    return Words(NOTICED[pattern], dict(facts))


def perhaps(pattern: str) -> Words:
    """Return how such a pattern may have come about."""
    return Words(PERHAPS[pattern])
