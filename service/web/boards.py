"""Boards. In: a me pass, a board and a period. Out: who stands where, as everybody wants to be shown; only reads."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from service import boards, clock, programmes
from service.boards import Measure, Span
from service.models import Employee
from service.passes import Purpose
from service.web import reader
from service.web.language import gettext as _

room = Blueprint("boards", __name__)

Choice = TypeVar("Choice", bound=StrEnum)


class Tab(StrEnum):
    """The boards of her page."""

    NEAR = "near"
    TOP = "top"
    TEAMS = "teams"
    CAMPAIGNS = "campaigns"


def chosen(name: str, default: Choice) -> Choice:
    """Return what the address asks for; whatever else it says means the default."""
    asked = request.args.get(name, "")
    kind = type(default)
    return kind(asked) if asked in set(kind) else default


def spans() -> dict[Span, str]:
    """Return each span of time in words."""
    return {
        Span.WEEK: _("This week"),
        Span.MONTH: _("This month"),
        Span.QUARTER: _("This quarter"),
        Span.EVER: _("Since the beginning"),
    }


def measures() -> dict[Measure, str]:
    """Return what a campaign's board goes by in words."""
    return {Measure.POINTS: _("Points"), Measure.SHARES: _("Confirmed shares"), Measure.READERS: _("Readers")}


def tabs(groups: bool) -> dict[Tab, str]:
    """Return the boards there are, in words; in works-council mode only that of the teams."""
    every = {
        Tab.NEAR: _("People near you"),
        Tab.TOP: _("Top"),
        Tab.TEAMS: _("Teams"),
        Tab.CAMPAIGNS: _("Campaigns"),
    }
    return {tab: words for tab, words in every.items() if tab == Tab.TEAMS or not groups}


@room.get("/me/<text>/boards", endpoint="mine")
def mine(text: str) -> ResponseReturnValue:
    """Show one board to the owner of this page, herself marked."""
    employee = reader.open_pass(text, Purpose.ME)
    groups = boards.only_groups()
    offered = tabs(groups)
    tab = chosen("board", Tab.TEAMS if groups else Tab.NEAR)
    if tab not in offered:
        tab = Tab.TEAMS
    span = chosen("period", Span.MONTH)
    period = boards.period_of(span, clock.now(), programmes.current().zone)
    facts: dict[str, object] = {"own": boards.own(employee, period)}
    if tab == Tab.CAMPAIGNS:
        facts = campaign_board(employee)
    elif tab == Tab.TEAMS:
        facts["teams"] = boards.teams(period, employee)
    else:
        facts["rows"] = boards.near(employee, period) if tab == Tab.NEAR else boards.top(period, employee)
    return reader.show(
        "me/boards.html",
        text,
        me=employee,
        initials=reader.initials(employee.name),
        tabs=offered,
        tab=tab,
        spans=spans(),
        span=span,
        groups=groups,
        fewest=boards.FEWEST,
        **facts,
    )


def campaign_board(employee: Employee | None) -> dict[str, object]:
    """Return the campaign or hashtag that the address asks for, with its board; the newest unless it names one."""
    every = boards.campaigns(employee)
    tags = boards.hashtags(every)
    asked, tag = request.args.get("campaign", ""), request.args.get("hashtag", "")
    some = tags.get(f"#{tag}") or [c for c in every if c.slug == asked] or every[:1]
    measure = chosen("by", Measure.POINTS)
    rows, own = boards.of_campaigns(some, measure, employee) if some else ([], None)
    by_tag = f"#{tag}" in tags
    return {
        "campaigns": every,
        "hashtags": list(tags),
        "hashtag": f"#{tag}" if by_tag else "",
        "campaign": None if by_tag or not some else some[0],
        "measures": measures(),
        "measure": measure,
        "rows": rows,
        "own": own,
    }
