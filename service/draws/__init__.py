"""Draws. In: a month's tickets, prizes, public numbers. Out: frozen pools, ranks, prizes offered and claimed.

The rules are scoring.draws and docs/draw-protocol.md; the rows and the mails are made here.
"""

from service.draws.freezing import entries_due, freeze, left_out, not_in_pool
from service.draws.opening import create, default_rules, edit, find, listed
from service.draws.prizes import NotOffered, claim, claim_of, decline, last_winners, pass_on_due
from service.draws.published import Outcome, outcome, rules_file, source_file
from service.draws.running import check, run
from service.draws.tending import fetch_and_run, tend

__all__ = [
    "NotOffered",
    "Outcome",
    "check",
    "claim",
    "claim_of",
    "create",
    "decline",
    "default_rules",
    "edit",
    "entries_due",
    "fetch_and_run",
    "find",
    "freeze",
    "last_winners",
    "left_out",
    "listed",
    "not_in_pool",
    "outcome",
    "pass_on_due",
    "rules_file",
    "run",
    "source_file",
    "tend",
]
