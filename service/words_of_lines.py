"""Words of lines. In: a line of the ledger and its share. Out: what it rests on, as messages; nothing of a visitor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scoring import points
from scoring.weeks import week_of
from service.validation import N_
from service.words_of_score import of_reason

Said = tuple[str, dict[str, object]]
"""A message of the catalogue and its values; moments among them are shown in her zone."""

CAME = {
    points.CONFIRMED: N_("A reader came by your link on %(network)s: %(when)s, the first one for this story."),
    points.OWN_WORDS: N_("You wrote the words of this share yourself, and its first reader came: %(when)s."),
    points.FIRST_SHARE: N_("A reader came by your link on %(network)s: %(when)s, the first one ever."),
    points.ACTIVE_WEEK: N_("A reader came by your link on %(network)s: %(when)s, the first one of week %(week)s."),
    points.DECLARED: N_("You pressed “I shared it”: %(when)s."),
    points.SEEN: N_("%(network)s fetched the preview of your link: %(when)s."),
    points.SUGGESTION: N_("Your suggestion was taken: %(when)s."),
}
"""What a line rests on."""


def evidence(lines: Sequence[Any], taken_back: Any, zone: str, days: int) -> tuple[Said, ...]:
    """Return what lines that stand together rest on, as sentences.

    Each line has at, points, reason, network, opened_at, seen_at, visited_at and code; `taken_back` is the line that
    they take back, if they do, with at, points and reason. `zone` is the programme's, `days` its days for confirming.
    """
    newest, oldest = lines[0], lines[-1]
    values: dict[str, object] = {
        "network": newest.network or "",
        "when": newest.at,
        "week": week_of(newest.at, zone),
    }
    said: list[Said] = []
    if taken_back is not None:
        message = N_("This takes back the line of %(when)s worth %(points)s:")
        said.append((message, {"when": taken_back.at, "points": taken_back.points}))
        said.append(of_reason(taken_back.reason, newest.network or "", days))
    elif newest.reason == points.ENGAGED:
        count = sum(1 for text in newest.visited_at or () if text <= newest.at.isoformat(timespec="microseconds"))
        message = N_("%(count)s different readers had come by your link on %(network)s: %(when)s.")
        said.append((message, {**values, "count": count}))
    elif newest.reason == points.VISITOR and len(lines) > 1:
        message = N_("Readers came by your link on %(network)s, the first %(first)s, the last %(when)s.")
        said.append((message, {**values, "first": oldest.at}))
    elif newest.reason == points.VISITOR:
        said.append((N_("A new reader came by your link on %(network)s: %(when)s."), values))
    elif newest.reason == points.SEEN:
        said.append((CAME[points.SEEN], {**values, "when": newest.seen_at or newest.at}))
    elif newest.reason in CAME:
        said.append((CAME[newest.reason], values))
    if newest.opened_at and newest.code:
        message = N_("You began this share %(when)s; its link ends in %(code)s.")
        said.append((message, {"when": newest.opened_at, "code": newest.code}))
    return tuple(said)
