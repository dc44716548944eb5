"""Plans. In: what a liaison says of a draw. Out: what brings its tickets, who may enter, and its rules in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from typing import Any

import sqlalchemy as sa

from emails.networks import NETWORKS
from scoring import weeks
from scoring.tickets import SHARE, WEEK, Count
from service.books import terms
from service.database import db
from service.locales import country_of
from service.models import Campaign, Contest, Draw, DrawPlan, Team
from service.models.draws import DrawKind
from service.validation import N_, Check

CLAIM_DAYS = 14
MOST_TICKETS = 1000


@dataclass(frozen=True, slots=True)
class Plan:
    """What a draw's own settings are; they stand in its rules and never change after its freeze."""

    per: str = WEEK
    """A ticket for each active week or for each confirmed share: scoring.tickets."""
    at_most: int = 0
    """Tickets of one person; 0: what the programme's rules say of a month."""
    first: date | None = None
    last: date | None = None
    """Days that count, both included; for a month's draw None."""
    teams: tuple[int, ...] = ()
    offices: tuple[str, ...] = ()
    """Who may enter: people of one of these teams, of one of these offices; empty: everybody."""
    tenure_days: int = 0
    """Days since she was invited."""
    recent_months: int = 0
    """Who won in so many months before the freeze does not enter."""
    networks_out: tuple[str, ...] = ("facebook",)
    """Shares on these bring no tickets: Facebook forbids prizes for what people post on their own pages."""
    free: int = 0
    """Tickets for taking part without sharing; 0: there is no such way."""
    claim_days: int = CLAIM_DAYS
    automatic: bool = False
    """Frozen by itself at the end of its month."""
    countries: tuple[str, ...] = ()
    """Who may enter: people of one of these countries (ISO 3166-1 alpha-2); empty: everybody."""

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        days = {"first": self.first and self.first.isoformat(), "last": self.last and self.last.isoformat()}
        return {**asdict(self), **days}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Plan:
        """Return the plan of these JSON values; what they do not say has its default."""
        known = {f.name: found[f.name] for f in fields(cls) if f.name in found}
        for name in ("first", "last"):
            if known.get(name):
                known[name] = date.fromisoformat(known[name])
        for name in ("teams", "offices", "countries", "networks_out"):
            if name in known:
                known[name] = tuple(known[name])
        return cls(**known)

    @classmethod
    def of(cls, draw: Draw) -> Plan:
        """Return the plan of this draw."""
        return cls.from_json(draw.terms or {})

    def count(self, month: str | None) -> Count:
        """Return what scoring.tickets counts for it."""
        agreed = terms()
        at_most = self.at_most or agreed.rules.tickets_a_month
        return Count(agreed.zone, self.per, at_most, month, self.first, self.last)


def usual() -> Plan:
    """Return the plan that a new draw begins with."""
    found = db.session.get(DrawPlan, 1)
    return Plan.from_json(found.terms) if found else Plan()


def checked(asked: Check, plan: Plan, kind: str, campaign: Campaign | None, contest: Contest | None = None) -> Plan:
    """Return the plan with what follows from the draw's kind; refusals go beside its fields."""
    if kind not in tuple(DrawKind) or (kind == DrawKind.CONTEST and contest is None):
        asked.refuse("kind", N_("Choose a month, a campaign, or days by hand."))
        return plan
    if plan.per not in (WEEK, SHARE):
        asked.refuse("per", N_("Choose a ticket for each active week or for each confirmed share."))
    if not 0 <= plan.at_most <= MOST_TICKETS:
        asked.refuse("at_most", N_("Use a number from 0 to %(most)d."), most=MOST_TICKETS)
    if kind == DrawKind.MONTH:
        plan = replace(plan, first=None, last=None)
    elif kind == DrawKind.CAMPAIGN and campaign is None:
        asked.refuse("campaign", N_("Choose a campaign."))
    elif contest is not None and kind == DrawKind.CONTEST:
        plan = replace(plan, first=contest.starts_on, last=contest.ends_on, at_most=1, free=min(plan.free, 1))
    elif campaign is not None and kind == DrawKind.CAMPAIGN:
        plan = replace(plan, first=plan.first or campaign.starts_on, last=plan.last or campaign.ends_on)
        outside = plan.first and plan.last and not campaign.starts_on <= plan.first <= plan.last <= campaign.ends_on
        if outside:
            asked.refuse("first", N_("Choose days within those of the campaign."))
    elif plan.first is None or plan.last is None:
        asked.refuse("first", N_("Say from which day to which day shares count."))
    if plan.first and plan.last and plan.first > plan.last:
        asked.refuse("last", N_("The last day comes before the first one."))
    known = set(db.session.scalars(sa.select(Team.id).where(Team.id.in_(plan.teams)))) if plan.teams else set()
    if set(plan.teams) - known:
        asked.refuse("teams", N_("Choose among the teams that there are."))
    unknown = [code for code in plan.countries if country_of(code) != code]
    if unknown:
        asked.refuse("countries", N_("We know no country %(code)s; write codes like SI, IT."), code=unknown[0])
    if set(plan.networks_out) - NETWORKS.keys():
        asked.refuse("networks_out", N_("Choose among the networks that there are."))
    for name, value, most in (
        ("tenure_days", plan.tenure_days, 3650),
        ("recent_months", plan.recent_months, 60),
        ("free", plan.free, MOST_TICKETS),
    ):
        if not 0 <= value <= most:
            asked.refuse(name, N_("Use a number from 0 to %(most)d."), most=most)
    if not 1 <= plan.claim_days <= 365:
        asked.refuse("claim_days", N_("Use a number from 1 to 365."))
    return replace(plan, at_most=plan.at_most or terms().rules.tickets_a_month)


def month_over(month: str, zone: str) -> Any:
    """Return the moment (UTC) at which the last week that belongs to this month is over."""
    return weeks.begin(weeks.shift(weeks.weeks_of_month(month)[-1], 1), zone)
