"""Draws. In: a month's tickets, prizes, public numbers. Out: frozen pools, ranks, prizes offered and claimed.

The rules are scoring.draws and docs/draw-protocol.md; the rows and the mails are made here.
"""

from service.draws.freezing import entries_due, freeze, left_out, not_in_pool
from service.draws.opening import create, edit, find, listed
from service.draws.plans import Plan
from service.draws.prizes import NotOffered, claim, claim_of, decline, last_winners, pass_on_due
from service.draws.proving import disqualify
from service.draws.published import Outcome, outcome, ranks_file, rules_file, rules_for, source_file
from service.draws.records import export, hand_over
from service.draws.running import check, run
from service.draws.tending import fetch_and_run, tend

__all__ = [
    "NotOffered",
    "Outcome",
    "Plan",
    "check",
    "claim",
    "claim_of",
    "create",
    "decline",
    "disqualify",
    "edit",
    "entries_due",
    "export",
    "fetch_and_run",
    "find",
    "freeze",
    "hand_over",
    "last_winners",
    "left_out",
    "listed",
    "not_in_pool",
    "outcome",
    "pass_on_due",
    "ranks_file",
    "rules_file",
    "rules_for",
    "run",
    "source_file",
    "tend",
]
