"""Defaults. In: nothing. Out: the badges that every programme begins with, in the order in which they are offered."""

from __future__ import annotations

from scoring.badges.criteria import Badge, Criterion, Kind

FIRST_WORD, CONVERSATION_STARTER, STEADY_VOICE = "first-word", "conversation-starter", "steady-voice"

DEFAULTS = (
    Badge(FIRST_WORD, Criterion(Kind.SHARES)),
    Badge(CONVERSATION_STARTER, Criterion(Kind.READERS_OF_ONE), ("engaged_from",)),
    Badge(STEADY_VOICE, Criterion(Kind.WEEKS, in_a_row=True), ("steady_weeks",)),
    Badge("own-voice", Criterion(Kind.SHARES, proof="own-words"), (3, 10, 30)),
    Badge("well-read", Criterion(Kind.READERS), (10, 50, 200)),
    Badge("storyteller", Criterion(Kind.SHARES), (10, 50, 150)),
    Badge("all-around", Criterion(Kind.NETWORKS), (3, 5)),
    Badge("wide-interests", Criterion(Kind.TOPICS), (4, 8)),
    Badge("at-home", Criterion(Kind.ONE_TOPIC), (8, 25, 80)),
    Badge("regular", Criterion(Kind.WEEKS), (10, 26, 52)),
    Badge("campaigner", Criterion(Kind.ONE_CAMPAIGN), (3, 8)),
    Badge("early-bird", Criterion(Kind.FIRST_OF_STORY), (1, 5, 20)),
    Badge("together", Criterion(Kind.TEAM), (30, 60)),
)
"""Their words are in the catalogues, by slug."""
