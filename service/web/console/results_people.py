"""Results: participation. In: a scope. Out: who takes part, who ever did, and who brings most, as blocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from service.results import beside, reading
from service.results.scopes import Figures, Scope
from service.web.console.results_blocks import (
    Block,
    Part,
    bars,
    columns,
    compared,
    defined,
    percent,
    said,
    week_name,
    withheld,
)
from service.web.language import gettext as _
from service.web.language import ngettext, show_number

MOST, EVERY = 20, 1_000_000
"""Teams in the list, and in the search for who brings most."""

LEAST = 5
"""Weeks that are drawn at least."""


def blocks(scope: Scope, now: Figures, before: Figures | None, council: bool, individuals: bool) -> list[Block]:
    """Return the blocks of this tab; `individuals`: the reader may see people's own figures."""
    found = [_weekly(scope, now, before, council), _adoption(now)]
    if individuals and not council:
        found += _people(scope)
    return [*found, _teams(scope, council)] if scope.team is None else found


def _weekly(scope: Scope, now: Figures, before: Figures | None, council: bool) -> Block:
    question = _("Who takes part?")
    weeks = reading.weekly(scope)
    begun = next((n for n, w in enumerate(weeks) if w.people or w.members), len(weeks))
    weeks = weeks[min(begun, len(weeks) - LEAST) :]  # what was before the programme began is no week of nobody
    shown = [None if withheld(w.people, council) else w.people for w in weeks]
    points = [
        (week_name(w.key), show_number(n) if n is not None else "–", float(n or 0))
        for w, n in zip(weeks, shown, strict=True)
    ]
    answer = ngettext("%(num)s person shared in this period.", "%(num)s people shared in this period.", now.people)
    part = _(
        "Active participation is %(part)s, of %(members)s in the programme.",
        part=percent(now.participation),
        members=show_number(now.members),
    )
    rows: list[list[Any]] = [
        [w.key, n, w.members or None, Part(round(n / w.members, 4)) if n is not None and w.members else None]
        for w, n in zip(weeks, shown, strict=True)
    ]
    return Block(
        "weeks",
        question,
        said(answer, compared(now.people, before.people if before else None), part if now.members else ""),
        [_("Week"), _("People who shared"), _("In the programme"), _("Active participation")],
        rows,
        columns("weeks", _("People who shared, by week"), points),
        defined("participation", "members"),
        empty=not any(w.people for w in weeks),
    )


def _adoption(now: Figures) -> Block:
    question = _("How many have shared at least once?")
    rest = max(0, now.members - now.ever)
    answer = ngettext(
        "%(num)s person has ever shared: an adoption of %(part)s.",
        "%(num)s people have ever shared: an adoption of %(part)s.",
        now.ever,
        part=percent(now.adoption),
    )
    rows = [(_("Have shared"), now.ever), (_("Not yet"), rest)]
    return Block(
        "adoption",
        question,
        said(answer, _("Programmes average %(part)s.", part=percent(0.53))),
        [_("People"), _("Number")],
        rows,
        bars("adoption", question, rows),
        defined("adoption"),
        empty=not now.ever,
    )


def _people(scope: Scope) -> list[Block]:
    lists = reading.top_lists(scope)
    return [
        _listed(
            "people",
            _("Who shares most?"),
            lists["shares"],
            lambda p: ngettext(
                "%(name)s leads with %(num)s share.", "%(name)s leads with %(num)s shares.", p.shares, name=p.name
            ),
            lambda p: p.shares,
        ),
        _listed(
            "people-readers",
            _("Whose shares are read most?"),
            lists["readers"],
            lambda p: ngettext(
                "%(name)s leads with %(num)s reader.", "%(name)s leads with %(num)s readers.", p.readers, name=p.name
            ),
            lambda p: p.readers,
        ),
    ]


def _listed(
    key: str,
    question: str,
    top: list[reading.Somebody],
    answer: Callable[[reading.Somebody], str],
    figure: Callable[[reading.Somebody], int],
) -> Block:
    return Block(
        key,
        question,
        answer(top[0]) if top else _("Nobody who stands on boards is in this list yet."),
        [_("Name"), _("Shares"), _("Readers")],
        [[p.name, p.shares, p.readers] for p in top],
        bars(key, question, [(p.name, figure(p)) for p in top]),
        defined("listed", "readers"),
        empty=not top,
    )


def _teams(scope: Scope, council: bool) -> Block:
    question = _("Which teams take part most?")
    found = reading.teams(scope, most=EVERY)
    if council:
        names = beside.teams_told(scope).values()
        found = [team for team in found if team.name in names]
    answer = (
        _(
            "%(team)s, with %(mean)s shares per active advocate.",
            team=found[0].name,
            mean=show_number(round(found[0].mean, 1)),
        )
        if found
        else _("No team has five active advocates in this period.")
    )
    read = max(found, key=lambda t: t.readers / t.people, default=None)
    brought = (
        _(
            "%(team)s brought the most readers: %(mean)s for each.",
            team=read.name,
            mean=show_number(round(read.readers / read.people, 1)),
        )
        if read and read.readers
        else ""
    )
    found = found[:MOST]
    rows = [[t.name, t.people, t.shares, t.readers, round(t.mean, 2), round(t.readers / t.people, 2)] for t in found]
    return Block(
        "teams",
        question,
        said(answer, brought),
        [
            _("Team"),
            _("Active advocates"),
            _("Shares"),
            _("Readers"),
            _("Shares per active advocate"),
            _("Readers per active advocate"),
        ],
        rows,
        bars("teams", question, [(t.name, t.mean) for t in found], lambda mean: show_number(round(mean, 1))),
        defined("teams"),
        empty=not found,
    )
