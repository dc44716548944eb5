"""The rail. In: which page is open, what the liaison may open. Out: the nouns with counts, and this noun's tabs.

One table says all of it; a page names its place with `noun="console.…"`, any endpoint of the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import request, url_for

from service import clock
from service.database import db
from service.models import Campaign, Draw, Employee, Programme, Rank, Story
from service.models.content import StoryStatus
from service.models.draws import DrawStatus, RankState
from service.models.people import Status
from service.validation import N_
from service.web.console import rights
from service.web.console.room import room
from service.web.language import gettext as _

NOUNS: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    ("week", N_("This week"), (("console.week", N_("This week")), ("console.editions", N_("Editions")))),
    (
        "stories",
        N_("Stories"),
        (
            ("console.stories", N_("Stories")),
            ("console.suggestions", N_("Suggestions")),
            ("console.review", N_("Review")),
            ("console.feeds", N_("Feeds")),
            ("console.calendar", N_("Calendar")),
            ("console.library", N_("Evergreen")),
        ),
    ),
    ("campaigns", N_("Campaigns"), (("console.campaigns", N_("Campaigns")),)),
    (
        "people",
        N_("People"),
        (
            ("console.people", N_("People")),
            ("console.teams", N_("Teams")),
            ("console.groups", N_("Groups")),
            ("console.invitations", N_("Invitations")),
            ("console.quiet", N_("Do the digests fit?")),
        ),
    ),
    (
        "recognition",
        N_("Recognition"),
        (
            ("console.boards", N_("Boards")),
            ("console.contests", N_("Contests")),
            ("console.badge_list", N_("Badges")),
            ("console.rules", N_("Rules")),
        ),
    ),
    ("draws", N_("Draws"), (("console.draws", N_("Draws")), ("console.draws_monthly", N_("Every month")))),
    (
        "results",
        N_("Results"),
        (
            ("console.results", N_("Participation")),
            ("console.results_sharing_page", N_("Sharing")),
            ("console.results_reach_page", N_("Reach and visits")),
            ("console.results_worth_page", N_("Worth")),
            ("console.results_digests_page", N_("Mail")),
            ("console.results_time_page", N_("Time")),
            ("console.results_conversions", N_("Conversions")),
            ("console.results_report", N_("Report")),
            ("console.results_calculator", N_("Calculator")),
        ),
    ),
    (
        "settings",
        N_("Settings"),
        (
            ("console.settings", N_("Programme")),
            ("console.colours", N_("Colours")),
            ("console.topics", N_("Topics")),
            ("console.liaisons", N_("Liaisons")),
            ("console.audit", N_("Audit log")),
            ("console.account", N_("Your account")),
        ),
    ),
)
"""(key, words, tabs: (endpoint, words)). A noun leads to the first tab that one may open; without any it is absent."""

ALIVE = {
    "stories": N_("approved"),
    "campaigns": N_("running now"),
    "people": N_("taking part"),
    "draws": N_("not finished"),
}
"""What the count beside a noun means."""


@dataclass(frozen=True)
class Place:
    """One link: its words, where it leads, and "page", "true" (one of its pages is open) or "" for aria-current."""

    words: str
    url: str
    current: str
    count: int = 0
    alive: str = ""


@dataclass
class Drawn:
    """What base.html draws."""

    nouns: list[Place] = field(default_factory=list)
    tabs: list[Place] = field(default_factory=list)
    """This noun's tabs, in order; empty where there is only one."""
    here: str = ""
    """This noun's words."""


@room.app_template_global("console_rail")
def drawn(noun: str | None = None, tab: str | None = None) -> Drawn:
    """Return the rail and the tabs as this liaison sees them from a page that belongs to `noun` (an endpoint)."""
    found, counted = Drawn(), counts()
    at = next((e for e in (tab, request.endpoint, noun) if e in _noun_of()), None)
    for key, words, tabs in NOUNS:
        open_tabs = [(e, w) for e, w in tabs if rights.may(e)]
        if not open_tabs:
            continue
        first = open_tabs[0][0]
        inside = at is not None and _noun_of()[at] == key
        current = "" if not inside else "page" if request.endpoint == first else "true"
        alive = _(ALIVE[key]) if key in ALIVE else ""
        found.nouns.append(Place(_(words), url_for(first), current, counted.get(key, 0), alive))
        if inside:
            found.here = _(words)
            if len(open_tabs) > 1:
                found.tabs = [Place(_(w), url_for(e), _current(e, at)) for e, w in open_tabs]
    return found


def _current(endpoint: str, at: str | None) -> str:
    if endpoint != at:
        return ""
    return "page" if endpoint == request.endpoint else "true"


def _noun_of() -> Mapping[str, str]:
    """Return endpoint → key of its noun."""
    return {endpoint: key for key, _words, tabs in NOUNS for endpoint, _w in tabs}


def counts() -> dict[str, int]:
    """Return the counts beside the rail's nouns: what is alive now, not all that ever was.

    Stories that are approved, campaigns that run, people who take part, draws not finished: open, frozen, or with a
    prize that nobody has claimed.
    """
    people = (Status.INVITED, Status.ACTIVE, Status.PAUSED)
    programme = db.session.get(Programme, 1)
    today = clock.now().astimezone(ZoneInfo(programme.zone if programme else "UTC")).date()
    unclaimed = sa.exists().where(Rank.draw_id == Draw.id, Rank.state == RankState.OFFERED)
    asked = {
        "stories": sa.select(sa.func.count()).where(Story.status == StoryStatus.APPROVED),
        "campaigns": sa.select(sa.func.count(Campaign.id)).where(
            Campaign.starts_on <= today, Campaign.ends_on >= today
        ),
        "people": sa.select(sa.func.count()).where(Employee.status.in_(people)),
        "draws": sa.select(sa.func.count(Draw.id)).where(
            sa.or_(Draw.status.in_((DrawStatus.OPEN, DrawStatus.FROZEN)), unclaimed)
        ),
    }
    row = db.session.execute(sa.select(*(q.scalar_subquery().label(n) for n, q in asked.items()))).one()
    return dict(row._mapping)
