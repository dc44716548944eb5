"""Campaign results. In: a campaign. Out: what it has brought on its days, by network too, as far as it may be told."""

from __future__ import annotations

from dataclasses import dataclass

from service import programmes
from service.models import Campaign
from service.results import groups, reading, scopes
from service.results.periods import Period


@dataclass(frozen=True, slots=True)
class Live:
    """The sums of a campaign: confirmed shares of its stories on its days, distinct readers, visits of humans."""

    shares: int
    readers: int
    visits: int
    people: int
    networks: tuple[reading.Line, ...]


def live(campaign: Campaign) -> Live | None:
    """Return what it has brought so far; in works-council mode None while fewer than five people took part.

    Figures are counted every minute (service.results). Reads only.
    """
    scope = scopes.Scope(
        Period(f"campaign:{campaign.id}", campaign.starts_on, campaign.ends_on, None), campaign=campaign.id
    )
    sums, lines = scopes.of(scope), reading.by_network(scope)
    if programmes.current().works_council:
        if not groups.several(scope):
            return None
        lines = groups.joined(lines, groups.of_networks(scope, lines), "…")
    return Live(sums.confirmed + sums.engaged, sums.readers, sums.human, sums.people, tuple(lines))
