"""Opened links of a mail. In: a hit on one, and what else was opened of that mail. Out: who opened it, with the reason.

What is opened earns nothing whoever it was: this tells the liaison how much of it were people (EMAIL §2).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from scoring.visits import BOT, SUSPECTED, Hit, Verdict, judge

TOGETHER = timedelta(seconds=2)
"""Links of one mail opened within this time were opened together."""
NEAR_DECOY = timedelta(seconds=10)
"""So near to the decoy link, a scanner walked through the mail."""
AT_ONCE = timedelta(seconds=10)
"""So soon after the mail was accepted hardly anybody has read it."""
MANY = 3
"""So many different links together are a machine's; so are all of a mail that has two."""


@dataclass(frozen=True, slots=True)
class Around:
    """What happened around one opening of a mail's link."""

    together: int = 1
    """Different links of this mail opened within TOGETHER, this one included."""
    links: int = 0
    """Share links that the mail has; 0: not known."""
    decoy: bool = False
    """True if the decoy was opened within NEAR_DECOY."""
    since_delivery: timedelta | None = None
    """Since the mail was accepted; None: not known."""


def judge_opened(hit: Hit, around: Around) -> Verdict:
    """Return who opened a mail's link; certain rules before weak ones."""
    verdict = judge(hit)
    if verdict.kind == BOT:
        return Verdict(BOT, verdict.reason)  # a crawler in her inbox proves no share
    if around.decoy:
        return Verdict(BOT, "decoy")
    if around.together >= MANY or 2 <= around.links <= around.together:
        return Verdict(BOT, "many-links")
    if verdict.kind == SUSPECTED:
        return verdict
    if around.since_delivery is not None and timedelta(0) <= around.since_delivery < AT_ONCE:
        return Verdict(SUSPECTED, "at-once")
    return verdict
