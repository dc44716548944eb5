"""Rules in words. In: a draw's settings. Out: its rules file in English, which binds, and the same in other languages.

The English text is what is hashed into the pool. The others are made at the same moment out of the same settings and
kept beside it, so that what people read after the freeze is what was said before it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from babel import Locale

from emails.networks import NETWORKS
from emails.words import Catalogues
from scoring.tickets import SHARE
from service.books import terms
from service.database import db
from service.draws.plans import Plan
from service.models import Campaign, Contest, Programme, Team
from service.models.draws import Beacon, DrawKind

CATALOGUES = Catalogues(Path(__file__).resolve().parent.parent / "translations", ("en", "it", "sl"))
BINDING = "en"
"""The language of the text that is hashed."""


@dataclass(frozen=True)
class Said:
    """What the rules are made of."""

    title: str
    prizes: Sequence[tuple[str, str]]
    """(name, value) in their order."""
    alternates: int
    plan: Plan
    kind: str = DrawKind.MONTH
    month: str | None = None
    campaign: Campaign | None = None
    contest: Contest | None = None
    beacon: str = Beacon.NUMBERS


def rules_text(said: Said) -> str:
    """Return the rules file that a draw has unless the liaison writes another one: the settings in plain words."""
    return _Rules(said, BINDING).text()


def renderings(said: Said) -> dict[str, str]:
    """Return the same rules in every other language that we have words for: language → text."""
    return {language: _Rules(said, language).text() for language in CATALOGUES.languages if language != BINDING}


class _Rules:
    """One set of rules in one language."""

    def __init__(self, said: Said, language: str) -> None:
        self.said, self.plan, self.language = said, said.plan, language
        self.words = CATALOGUES[language]

    def text(self) -> str:
        _: Callable[[str], str] = self.words.gettext
        said, programme = self.said, db.session.get(Programme, 1)
        company = programme.company if programme else ""
        by = f"{company}, {programme.name if programme else ''}".rstrip(", ")
        drand = _(
            "What decides: a round of drand that nobody can know when the pool is frozen, at least 48 hours ahead."
        )
        numbers = _("What decides: public numbers, named in the source, that nobody can know when the pool is frozen.")
        lines = [
            said.title,
            "",
            _("Run by: %(by)s") % {"by": by},
            self._entering(),
            _("Liaisons of the programme, excluded people and people who left do not enter."),
            *self._who(),
            _("Tickets: %(tickets)s") % {"tickets": self._tickets()},
            _("Visits that look odd bring no ticket before they are decided."),
            *self._limits(),
            _("Prizes:"),
            *(f"  {n}. {name}{f' ({value})' if value else ''}" for n, (name, value) in enumerate(said.prizes, 1)),
            _("Alternates: %(num)s.") % {"num": said.alternates},
            self.words.ngettext(
                "Claim: within %(num)s day of the winner's mail. What is declined or not claimed goes to the next "
                "rank.",
                "Claim: within %(num)s days of the winner's mail. What is declined or not claimed goes to the next "
                "rank.",
                self.plan.claim_days,
            )
            % {"num": self.plan.claim_days},
            drand if said.beacon == Beacon.DRAND else numbers,
            _("Nobody has to buy, pay or post anything in particular. Taking part and leaving are free at any time."),
            _("No network sponsors this draw or has a part in it."),
            _("The draw follows goodword-draw-v1; its pool, source and ranks are published and anyone can check them."),
        ]
        return "\n".join(lines) + "\n"

    def _entering(self) -> str:
        _: Callable[[str], str] = self.words.gettext
        said, contest = self.said, self.said.contest
        if contest is None or said.kind != DrawKind.CONTEST:
            text = _("Who takes part: every employee who holds tickets of %(span)s when the pool is frozen.")
            return text % {"span": self._span()}
        days = {"contest": contest.name, "first": contest.starts_on, "last": contest.ends_on}
        if contest.among == "teams":
            text = _(
                "Who takes part: every member of a team that stood in the contest %(contest)s, %(first)s to %(last)s, "
                "who brought a reader to at least one share of her own on these days."
            )
        else:
            text = _(
                "Who takes part: every employee who took part in the contest %(contest)s, %(first)s to %(last)s, "
                "whatever her place."
            )
        return text % days

    def _span(self) -> str:
        _: Callable[[str], str] = self.words.gettext
        said, plan = self.said, self.plan
        if said.kind == DrawKind.MONTH:
            return said.month or _("the month")
        days = {"first": plan.first, "last": plan.last}
        if said.kind == DrawKind.CAMPAIGN and said.campaign:
            return _("the campaign %(campaign)s, %(first)s to %(last)s") % {"campaign": said.campaign.name, **days}
        return _("%(first)s to %(last)s") % days

    def _who(self) -> list[str]:
        _, ngettext = self.words.gettext, self.words.ngettext
        plan, found = self.plan, []
        if plan.teams:
            names = db.session.scalars(sa.select(Team.name).where(Team.id.in_(plan.teams)).order_by(Team.name))
            found.append(_("Only people of these teams enter: %(teams)s.") % {"teams": ", ".join(names)})
        if plan.offices:
            found.append(_("Only people of these offices enter: %(offices)s.") % {"offices": ", ".join(plan.offices)})
        if plan.countries:
            names_of = Locale(self.language).territories
            named = ", ".join(names_of.get(code, code) for code in plan.countries)
            found.append(_("Only people of these countries enter: %(countries)s.") % {"countries": named})
        if plan.tenure_days:
            text = ngettext(
                "Who was invited less than %(num)s day before the freeze does not enter.",
                "Who was invited less than %(num)s days before the freeze does not enter.",
                plan.tenure_days,
            )
            found.append(text % {"num": plan.tenure_days})
        if plan.recent_months:
            text = ngettext(
                "Who won a prize in the %(num)s month before the freeze does not enter.",
                "Who won a prize in the %(num)s months before the freeze does not enter.",
                plan.recent_months,
            )
            found.append(text % {"num": plan.recent_months})
        return found

    def _tickets(self) -> str:
        _: Callable[[str], str] = self.words.gettext
        plan, kind = self.plan, self.said.kind
        if kind == DrawKind.CONTEST:
            return _("one each, so that everybody who took part has the same chance.")
        of_campaign = kind == DrawKind.CAMPAIGN
        if plan.per == SHARE and of_campaign:
            text = _("one for each share of yours of the campaign's stories that a reader visited, at most %(most)s.")
        elif of_campaign:
            text = _(
                "one for each week in which a share of yours of the campaign's stories was first visited by a reader, "
                "at most %(most)s."
            )
        elif plan.per == SHARE and kind == DrawKind.MONTH:
            text = _("one for each share of yours that a reader visited, at most %(most)s a month.")
        elif plan.per == SHARE:
            text = _("one for each share of yours that a reader visited, at most %(most)s.")
        elif kind == DrawKind.MONTH:
            text = _(
                "one for each week in which a share of yours was first visited by a reader, at most %(most)s a month."
            )
        else:
            text = _("one for each week in which a share of yours was first visited by a reader, at most %(most)s.")
        return text % {"most": plan.at_most or terms().rules.tickets_a_month}

    def _limits(self) -> list[str]:
        _: Callable[[str], str] = self.words.gettext
        plan, found = self.plan, []
        if self.said.kind == DrawKind.MONTH:
            found.append(
                _(
                    "A week belongs to the month of its Thursday. What becomes known after the freeze counts in the "
                    "next draw."
                )
            )
        elif self.said.kind == DrawKind.CONTEST:
            found.append(_("What becomes known after the contest's result is published brings no ticket."))
        else:
            found.append(_("What becomes known after the freeze brings no ticket in this draw."))
        if plan.networks_out:
            names = ", ".join(NETWORKS[slug].label for slug in plan.networks_out if slug in NETWORKS)
            text = _("Shares on these networks bring no tickets, as their own rules ask: %(networks)s.")
            found.append(text % {"networks": names})
        if plan.free:
            text = _(
                "Without sharing: on your own page you can take part without posting anything, until the freeze. That "
                "brings %(num)s of the tickets; with those of your shares together they are at most as many as above."
            )
            found.append(text % {"num": plan.free})
        return found
