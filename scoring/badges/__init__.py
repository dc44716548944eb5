"""Badges: declared by what they count; earned by what is known of shares, whatever the order it came in."""

from scoring.badges.counting import (
    NOTHING,
    About,
    Around,
    Earned,
    Progress,
    active_weeks,
    earned,
    moments,
    progress,
    reached,
    steps,
)
from scoring.badges.criteria import LEVELS, PROBLEMS, PROOFS, TOGETHER, Badge, Criterion, Kind, Wrong, read, write
from scoring.badges.defaults import CONVERSATION_STARTER, DEFAULTS, FIRST_WORD, STEADY_VOICE
from scoring.badges.tallies import Brief, Tally, nearest, tallied, tally
from scoring.badges.together import LEAST_TEAM, Line, first_of_story, first_on_network, team, whole_campaign

__all__ = [
    "CONVERSATION_STARTER",
    "DEFAULTS",
    "FIRST_WORD",
    "LEAST_TEAM",
    "LEVELS",
    "NOTHING",
    "PROBLEMS",
    "PROOFS",
    "STEADY_VOICE",
    "TOGETHER",
    "About",
    "Around",
    "Badge",
    "Brief",
    "Criterion",
    "Earned",
    "Kind",
    "Line",
    "Progress",
    "Tally",
    "Wrong",
    "active_weeks",
    "earned",
    "first_of_story",
    "first_on_network",
    "moments",
    "nearest",
    "progress",
    "reached",
    "read",
    "steps",
    "tallied",
    "tally",
    "team",
    "whole_campaign",
    "write",
]
