"""Results: sharing. In: a scope. Out: blocks on what is shared, where, how far it is proven, and in which words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from service.results import groups, reading
from service.results.reading import Line
from service.results.scopes import Figures, Scope
from service.web.console.results_blocks import (
    Block,
    bars,
    change,
    defined,
    line_rows,
    network_name,
    percent,
    said,
    share_head,
)
from service.web.language import current, ngettext
from service.web.language import gettext as _

MOST = 50
"""Stories in the table."""


def blocks(scope: Scope, now: Figures, before: Figures | None, council: bool) -> list[Block]:
    """Return the blocks of this tab."""
    every = reading.by_story(scope)
    stories, others = every, _("Others, of fewer than five people each")
    if council:
        stories = groups.joined(scope, every, lambda key: groups.of_stories([int(key)]), others)
    networks = [replace(x, name=network_name(x.key)) for x in reading.by_network(scope)]
    if council:
        networks = groups.joined(scope, networks, lambda key: groups.of_network(scope, key), others)

    def together(lines: list[Line], tell: Callable[[list[Line]], list[Line]]) -> list[Line]:
        if not council:
            return lines
        keys = _stories_of(every, tell)
        return groups.joined(scope, lines, lambda k: groups.of_stories(keys[k]), others)

    kinds, topics, campaigns = (
        together(lines, tell)
        for lines, tell in (
            (_kinds(reading.by_kind(scope, every)), lambda s: reading.by_kind(scope, s)),
            (_none(reading.by_topic(scope, every, current())), lambda s: reading.by_topic(scope, s, current())),
            (_none(reading.by_campaign(scope, every)), lambda s: reading.by_campaign(scope, s)),
        )
    )
    found = [
        _shares(now, before),
        _of("networks", _("On which networks?"), _("Network"), networks, now),
        _of("stories", _("Which stories are shared most?"), _("Story"), stories[:MOST], now),
        _of("topics", _("Which topics?"), _("Topic"), topics, now),
        _of("kinds", _("Which kinds of stories?"), _("Kind"), kinds, now),
    ]
    if scope.campaign is None:
        found.append(_of("campaigns", _("For which campaigns?"), _("Campaign"), campaigns, now))
    if not council:
        found.append(_words(scope))
    return found


def _stories_of(every: list[Line], tell: Callable[[list[Line]], list[Line]]) -> dict[str, list[int]]:
    """Return by key the stories that a line is made of."""
    found: dict[str, list[int]] = {}
    for story in every:
        for line in tell([story]):
            found.setdefault(line.key, []).append(int(story.key))
    return found


def _kinds(lines: list[Line]) -> list[Line]:
    names = {"curated": _("Curated"), "owned": _("Owned"), "promotional": _("Promotional")}
    return [replace(x, name=names.get(x.key, x.key)) for x in lines]


def _none(lines: list[Line]) -> list[Line]:
    return [replace(x, name=x.name or _("None")) for x in lines]


def _shares(now: Figures, before: Figures | None) -> Block:
    question = _("How much is shared, and how far is it proven?")
    answer = ngettext("%(num)s share in this period.", "%(num)s shares in this period.", now.shares)
    proven = now.confirmed + now.engaged
    part = _("Readers confirmed %(part)s of them.", part=percent(proven / now.shares)) if now.shares else ""
    rows = [
        (_("Engaged: three readers or more"), now.engaged),
        (_("Confirmed: a reader came"), now.confirmed),
        (_("Seen: the network's crawler came"), now.seen),
        (_("Declared, and nothing more yet"), now.declared),
    ]
    return Block(
        "proof",
        question,
        said(answer, part, change(now, before, "shares")),
        [_("Proof"), _("Shares")],
        [*rows, (_("Share buttons followed, with or without a post"), now.opened)],
        bars("proof", question, rows),
        defined("share", "confirmed"),
        empty=not now.shares,
    )


def _of(key: str, question: str, first: str, lines: list[Line], now: Figures) -> Block:
    lines = [x for x in lines if x.shares or x.readers]
    named = [x for x in lines if x.key and x.key != groups.OTHERS]
    most = max(named or lines, key=lambda x: x.shares, default=None)
    if most and most.shares:
        what = f"“{most.name}”" if key == "stories" else most.name
        answer = ngettext(
            "Most for %(what)s: %(num)s share.", "Most for %(what)s: %(num)s shares.", most.shares, what=what
        )
    else:
        answer = _("Nothing was shared in this period.")
    return Block(
        key,
        question,
        answer,
        share_head(first),
        line_rows(lines),
        bars(key, question, [(x.name, x.shares) for x in lines]),
        defined("share", "confirmed", "own", "readers", "stories"),
        empty=not lines,
    )


def _words(scope: Scope) -> Block:
    question = _("Which words do people take?")
    named = {"own": _("Their own words"), "title": _("The story's title, or words that were removed since")}
    found = [(named.get(text, text), n) for text, n in reading.words(scope)]
    total = sum(n for _words, n in found)
    own = next((n for text, n in found if text == named["own"]), 0)
    answer = (
        _("%(part)s of these shares are in people's own words.", part=percent(own / total))
        if total
        else _("Nothing was shared in this period.")
    )
    rows: list[list[Any]] = [[text, n] for text, n in found]
    return Block(
        "words",
        question,
        said(answer, _("In the field, posts in own words got 64 % more engagement.") if total else ""),
        [_("Words"), _("Shares")],
        rows,
        bars("words", question, found),
        defined("own"),
        empty=not found,
    )
