"""Results: sharing. In: a scope. Out: blocks on what is shared, where, how far it is proven, and in which words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from service.results import groups, reading
from service.results.reading import Line
from service.results.scopes import Figures, Scope
from service.web.console import results_reach
from service.web.console.results_blocks import (
    Block,
    bars,
    change,
    compared,
    defined,
    line_rows,
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
    stories = reading.by_story(scope)
    by_kind, by_topic, by_campaign = reading.kinds(stories), reading.topics(stories), reading.campaigns(stories)
    kinds = _kinds(reading.together(stories, by_kind, {}))
    topics = _none(reading.together(stories, by_topic, reading.topic_names(current())))
    campaigns = _none(reading.together(stories, by_campaign, reading.campaign_names()))
    networks = results_reach.networks(scope, council)
    if council:
        others = _("Others, of fewer than five people each")
        crowd = groups.of_stories(scope, stories)
        kinds, topics, campaigns = (
            groups.joined(lines, _of_lines(lines, keys, crowd), others)
            for lines, keys in ((kinds, by_kind), (topics, by_topic), (campaigns, by_campaign))
        )
        stories = groups.joined(stories, crowd, others)
    ago = _ago(scope.before() if before and not council else None)
    found = [
        _shares(now, before),
        _of("networks", _("On which networks?"), _("Network"), networks, ago),
        _of("stories", _("Which stories are shared most?"), _("Story"), stories[:MOST], ago),
        _of("topics", _("Which topics?"), _("Topic"), topics, ago),
        _of("kinds", _("Which kinds of stories?"), _("Kind"), kinds, ago),
    ]
    if scope.campaign is None:
        found.append(_of("campaigns", _("For which campaigns?"), _("Campaign"), campaigns, ago))
    if not council:
        found.append(_words(scope))
    return found


Ago = Mapping[str, Mapping[str, int]]
"""By block and line the shares of the period before; nothing where there is none to be set beside."""


def _ago(earlier: Scope | None) -> Ago:
    """Return the shares by line of this scope; in works-council mode none, as two tables tell more than one."""
    if earlier is None:
        return {}
    stories = reading.by_story(earlier)
    lines = {
        "networks": reading.by_network(earlier),
        "stories": stories,
        "topics": reading.together(stories, reading.topics(stories), {}),
        "kinds": reading.together(stories, reading.kinds(stories), {}),
        "campaigns": reading.together(stories, reading.campaigns(stories), {}),
    }
    return {key: {x.key: x.shares for x in of} for key, of in lines.items()}


def _of_lines(lines: list[Line], keys: Mapping[str, Sequence[str]], crowd: groups.Crowd) -> dict[str, set[str]]:
    """Return who made the shares of each line, out of those of its stories; `keys` are the lines of each story."""
    found: dict[str, set[str]] = {line.key: set() for line in lines}
    for story, of in keys.items():
        for key in of:
            found[key].update(crowd[story])
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
    part = _("Readers confirmed %(part)s of this period’s.", part=percent(proven / now.shares)) if now.shares else ""
    rows = [
        (_("Engaged: three readers or more"), now.engaged),
        (_("Confirmed: a reader came"), now.confirmed),
        (_("Seen: the network's crawler came"), now.seen),
        (_("Declared, and nothing more yet"), now.declared),
    ]
    return Block(
        "proof",
        question,
        said(answer, change(now, before, "shares"), part),
        [_("Proof"), _("Shares")],
        [*rows, (_("Share buttons followed, with or without a post"), now.opened)],
        bars("proof", question, rows),
        defined("share", "confirmed"),
        empty=not now.shares,
    )


def _of(key: str, question: str, first: str, lines: list[Line], ago: Ago) -> Block:
    lines = [x for x in lines if x.shares or x.readers]
    named = [x for x in lines if x.key and x.key != groups.OTHERS]
    most = max(named or lines, key=lambda x: x.shares, default=None)
    if most and most.shares:
        what = f"“{most.name}”" if key == "stories" else most.name
        answer = ngettext(
            "Most for %(what)s: %(num)s share.", "Most for %(what)s: %(num)s shares.", most.shares, what=what
        )
        answer = said(answer, compared(most.shares, ago[key].get(most.key, 0)) if ago and most in named else "")
    else:
        answer = _("Nothing was shared in this period.")
    head, rows = share_head(first), line_rows(lines)
    if ago:
        head = [*head, _("Shares in the period before")]
        rows = [[*row, ago[key].get(x.key, 0)] for row, x in zip(rows, lines, strict=True)]
    return Block(
        key,
        question,
        answer,
        head,
        rows,
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
        said(
            answer,
            _("In the field, posts in own words got %(part)s more engagement.", part=percent(0.64)) if total else "",
        ),
        [_("Words"), _("Shares")],
        rows,
        bars("words", question, found),
        defined("own"),
        empty=not found,
    )
