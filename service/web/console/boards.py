"""Boards in the console. In: a board and a period. Out: the top, teams, campaigns; groups alone if agreed."""

from __future__ import annotations

from flask import render_template

from service import boards, clock, programmes
from service.boards import Span
from service.web.boards import Tab, campaign_board, chosen, spans, tabs
from service.web.console.room import room


@room.get("/boards", endpoint="boards")
def index() -> str:
    """Show the board that the address asks for. In works-council mode there is only that of the teams."""
    groups = boards.only_groups()
    offered = {tab: words for tab, words in tabs(groups).items() if tab != Tab.NEAR}
    tab = chosen("board", Tab.TEAMS)
    if tab not in offered:
        tab = Tab.TEAMS
    span = chosen("period", Span.MONTH)
    period = boards.period_of(span, clock.now(), programmes.current().zone)
    facts: dict[str, object] = {}
    if tab == Tab.CAMPAIGNS:
        facts = campaign_board(None)
    elif tab == Tab.TOP:
        facts["rows"] = boards.top(period, limit=50)
    else:
        facts["teams"] = boards.teams(period)
    return render_template(
        "console/boards.html",
        noun="console.boards",
        tabs=offered,
        tab=tab,
        spans=spans(),
        span=span,
        groups=groups,
        fewest=boards.FEWEST,
        **facts,
    )
