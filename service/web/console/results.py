"""Results in the console. In: period, team, campaign in the address. Out: each tab's blocks, each block as CSV."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import Response, abort, render_template, request, url_for

from scoring.results import periods_of
from service import boards
from service.database import db
from service.models import Campaign, ResultsState, Team
from service.results import beside, counting, scopes, tables
from service.results.periods import Period, period
from service.results.scopes import Scope
from service.validation import N_
from service.web.console import (
    results_blocks,
    results_people,
    results_reach,
    results_sharing,
    results_worth,
)
from service.web.console.results_blocks import Block
from service.web.console.rights import may
from service.web.console.room import room
from service.web.language import gettext as _

Tab = Callable[[Scope, "scopes.Figures", "scopes.Figures | None", bool], list[Block]]

TABS: dict[str, tuple[str, Tab]] = {
    "participation": (
        N_("Participation"),
        lambda s, now, before, council: results_people.blocks(s, now, before, council, may("console.boards")),
    ),
    "sharing": (N_("Sharing"), results_sharing.blocks),
    "reach": (N_("Reach and visits"), results_reach.blocks),
    "worth": (N_("Worth"), lambda s, now, _before, council: results_worth.blocks(s, now, council)),
    "mail": (N_("Mail"), lambda s, _now, _before, _council: results_reach.mail_blocks(s)),
    "time": (N_("Time"), lambda s, _now, _before, _council: results_reach.time_blocks(s)),
}
"""Part of the address → its name and what makes its blocks."""

MANY = 10_000
"""So many shares that wait to be counted are not those of the last minute: it takes longer, and the page says so."""

FOR_ALL = ("mail",)
"""Tabs that team and campaign do not narrow."""


@room.get("/results", endpoint="results")
def participation() -> str:
    """Show who takes part."""
    return page("participation")


@room.get("/results/sharing")
def results_sharing_page() -> str:
    """Show what is shared."""
    return page("sharing")


@room.get("/results/reach")
def results_reach_page() -> str:
    """Show reach and visits."""
    return page("reach")


@room.get("/results/mail")
def results_digests_page() -> str:
    """Show whether mails arrive."""
    return page("mail")


@room.get("/results/time")
def results_time_page() -> str:
    """Show when people share and readers come."""
    return page("time")


ENDPOINTS = {
    "participation": "console.results",
    "sharing": "console.results_sharing_page",
    "reach": "console.results_reach_page",
    "worth": "console.results_worth_page",
    "mail": "console.results_digests_page",
    "time": "console.results_time_page",
}


@room.get("/results/<tab>/<key>.csv")
def results_csv(tab: str, key: str) -> Response:
    """Give a block's table as CSV, as the filters of its page have it."""
    if tab not in TABS:
        abort(404)
    scope = asked(tab)
    if boards.only_groups() and not beside.told(scope):
        abort(404)
    block = next((b for b in blocks_of(tab, scope) if b.key == key), None)
    if block is None:
        abort(404)
    answer = Response(tables.to_csv(block.head, block.rows), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="goodword-{key}-{scope.period.key}.csv"'
    return answer


def page(tab: str, template: str = "console/results.html", **more: Any) -> str:
    """Return a tab's page; `more` is for the forms that stand on it."""
    scope, council = asked(tab), boards.only_groups()
    few = council and not beside.told(scope) and tab not in FOR_ALL
    state = db.session.get(ResultsState, 1)
    return render_template(
        template,
        noun=ENDPOINTS[tab],
        tab_key=tab,
        title=_(TABS[tab][0]),
        scope=scope,
        period_name=results_blocks.period_name(scope),
        running=scope.period.kind != "all" and scope.period.ends >= scopes.today(),
        blocks=[] if few else blocks_of(tab, scope),
        few=few,
        council=council,
        periods=periods(scope.period),
        teams=list(db.session.scalars(sa.select(Team).order_by(Team.name))),
        campaigns=list(db.session.scalars(sa.select(Campaign).order_by(Campaign.starts_on.desc()))),
        narrows=tab not in FOR_ALL,
        waiting=waiting if (waiting := counting.waiting()) > MANY else 0,
        counted_at=state.counted_at if state else None,
        address=address,
        endpoint=ENDPOINTS[tab],
        cell=cell,
        **more,
    )


def blocks_of(tab: str, scope: Scope) -> list[Block]:
    """Return the blocks of a tab."""
    council = boards.only_groups()
    return TABS[tab][1](scope, scopes.of(scope), results_blocks.before_of(scope, council), council)


def asked(tab: str) -> Scope:
    """Return what the address asks for; what it names and is not there falls back quietly to this month, and to all."""
    today = scopes.today()
    try:
        found = period(request.args.get("period", ""), today)
    except ValueError:
        found = period(f"{today:%Y-%m}", today)
    if tab in FOR_ALL:
        return Scope(found)
    team, campaign = request.args.get("team", type=int), request.args.get("campaign", type=int)
    return Scope(
        found,
        team if team and db.session.get(Team, team) else None,
        campaign if campaign and db.session.get(Campaign, campaign) else None,
    )


def address(endpoint: str, scope: Scope, **more: Any) -> str:
    """Return the address of a page with these filters."""
    parts = {"period": scope.period.key, "team": scope.team, "campaign": scope.campaign, **more}
    return url_for(endpoint, **{k: v for k, v in parts.items() if v})


def periods(chosen: Period) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the periods to choose from, grouped: the last weeks, months, quarters, years, and all."""
    today = scopes.today()
    groups: list[tuple[str, list[tuple[str, str]]]] = []
    for name, key, most in zip(
        (_("Weeks"), _("Months"), _("Quarters"), _("Years")), periods_of(today), (8, 13, 5, 3), strict=False
    ):
        keys = [key]
        while len(keys) < most:
            keys.append(period(keys[-1], today).before or "")
        groups.append((name, [(k, results_blocks.period_name(Scope(period(k, today)))) for k in keys]))
    groups.append((_("All"), [("all", _("From the beginning"))]))
    if not any(chosen.key == k for _name, ks in groups for k, _words in ks):
        groups.insert(0, (_("Chosen"), [(chosen.key, results_blocks.period_name(Scope(chosen)))]))
    return groups


def cell(value: Any) -> str:
    """Return a table's cell in the page's language."""
    if value is None:
        return "–"
    if isinstance(value, results_blocks.Part):
        return results_blocks.percent(value)
    return results_blocks.show_number(value) if isinstance(value, int | float) else str(value)
