"""Counts of an edition. In: an edition. Out: how many get it, how many do not and why, and how far the sending is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from babel import dates

from emails import slots
from service import boards, clock, digests, whose
from service.database import db
from service.models import Edition, Employee
from service.models.mail import EditionStatus, MailState
from service.web.console.words import said
from service.web.language import current, ngettext
from service.web.language import gettext as _
from service.words_of_mails import because

FORETOLD = 5000
"""Up to so many people the page foretells what becomes of each; larger programmes are told as planning goes on."""


TROUBLES = (MailState.AMBIGUOUS, MailState.HELD, MailState.FAILED, MailState.BOUNCED, MailState.DROPPED)
ON_ITS_WAY = tuple(MailState)
"""States in the order of a mail's way."""
WHYS = 4
"""Reasons shown beside a state; behind its number stands everybody with hers."""


@dataclass(frozen=True)
class Counts:
    """What becomes of everybody in an edition; before planning: what would, if it left now."""

    get: int
    """People who get a mail, or have got it."""
    reasons: list[tuple[str, str, int]]
    """(code, words, people who get none for it), the most frequent first."""
    tally: digests.Tally
    quiet: int
    """Seconds in which nothing leaves yet and *undo* is offered; 0: over."""
    few: bool = False
    """Works-council mode: some get none, fewer than five together, and that is all that is told."""
    named: bool = True
    """Whether names may stand behind the numbers of reasons."""
    uncounted: int = 0
    """So many people are in the programme, and nobody was asked yet who of them gets it; 0: it is known."""
    whole: int = 1
    """What the bar is long for: mails to be sent, and people of whom it is not known yet whether they get one."""

    @property
    def none(self) -> int:
        return sum(n for _code, _words, n in self.reasons)

    @property
    def ended(self) -> int:
        """Mails that are neither sent nor waiting any more."""
        return self.tally.planned - self.tally.sent - self.tally.waiting

    @property
    def states(self) -> list[tuple[str, str, int, list[tuple[str, int]]]]:
        """(code, words, mails, the most frequent of what is on record of why) of each state."""
        words = state_words()
        mails = self.tally.mails
        return [
            (state, words.get(state, state), mails[state], self.whys(state)) for state in ON_ITS_WAY if mails.get(state)
        ]

    def whys(self, state: str) -> list[tuple[str, int]]:
        """Return why the mails in this state are in it, the most frequent first, at most WHYS."""
        found = self.tally.whys.get(state, {}).items()
        told = sorted(
            (each for each in found if each != ("late", self.tally.held)), key=lambda each: (-each[1], each[0])
        )
        return [(why_words(why), n) for why, n in told[:WHYS]]

    @property
    def troubles(self) -> list[tuple[str, str, int, list[tuple[str, int]]]]:
        """Those states in which mails stay until somebody looks."""
        return [state for state in self.states if state[0] in TROUBLES]

    @property
    def moment(self) -> str:
        """What a screen reader is told as it changes: where the sending stands, in one sentence."""
        n = self.tally.sent
        sent = ngettext("%(num)s mail sent of %(whole)s.", "%(num)s mails sent of %(whole)s.", n, whole=self.get)
        troubled = sum(n for state, n in self.tally.mails.items() if state in TROUBLES)
        return f"{sent} {ngettext('%(num)s needs a look.', '%(num)s need a look.', troubled)}" if troubled else sent

    @property
    def pace(self) -> str:
        """How fast mails leave and how long those that are due take; "" while none leaves."""
        if not self.tally.rate:
            return ""
        rate = round(self.tally.rate)
        said = ngettext("%(num)s mail a minute.", "%(num)s mails a minute.", rate)
        if self.tally.seconds_left is None:
            return said
        words = ngettext(
            "%(num)s is due and takes about %(time)s.",
            "%(num)s are due and take about %(time)s.",
            self.tally.due,
            time=dates.format_timedelta(timedelta(seconds=self.tally.seconds_left), locale=current()),
        )
        return f"{said} {words}"


def counts(edition: Edition, asked: bool = False) -> Counts:
    """Return the counts: foretold until everybody is decided, then what stands in the outbox.

    A large programme is foretold where somebody asked for it: it takes seconds.
    """
    tally = digests.status(edition)
    get, omitted = tally.planned, tally.omitted
    people = db.session.scalar(sa.select(sa.func.count(Employee.id))) or 0
    planning = edition.status in (EditionStatus.DRAFT, EditionStatus.RELEASED, EditionStatus.CLOSING)
    uncounted = people if edition.status == EditionStatus.DRAFT and people > FORETOLD and not asked else 0
    if planning and tally.undecided and (people <= FORETOLD or asked):
        foretold = digests.forecast(edition)
        get, omitted = max(tally.planned, foretold.planned + foretold.held), foretold.omitted
    words, few, council = reason_words(), False, boards.only_groups()
    if council:
        omitted, few = whose.in_groups(omitted)
    reasons = sorted(((r, words.get(r, r), n) for r, n in omitted.items() if n), key=lambda each: -each[2])
    left = (edition.leaves_at - clock.now()).total_seconds() if edition.leaves_at else 0
    quiet = max(0, int(left)) if edition.status == EditionStatus.RELEASED else 0
    told = not tally.undecided or people <= FORETOLD or asked
    return Counts(
        get, reasons, tally, quiet, few, not council, uncounted, max(1, get if told else get + tally.undecided)
    )


def days_of(week: str) -> str:
    """Return the days of an ISO week in the reader's format."""
    monday = slots.monday(week)
    first, last = datetime.combine(monday, datetime.min.time()), monday + timedelta(days=6)
    return str(dates.format_interval(first.date(), last, "yMMMMd", locale=current()))


def reason_words() -> dict[str, str]:
    """Return each reason why somebody gets no digest, in words."""
    return {
        "nothing-new": _("Nothing new on their topics in a language they read"),
        "no-topics": _("Follow no topic yet"),
        "not-her-week": _("Asked for a mail less often, and this is another week"),
        "address-served": _("Have an address that got this week’s mail as somebody else’s"),
        "paused": _("On a pause"),
        "left": _("Left the programme"),
        "gone": _("No longer in the company"),
        "suspended": _("Suspended"),
        "declined": _("Declined the invitation"),
        "not-invited": _("Wait for their invitation, which comes first"),
        "awaiting-yes": _("Have not answered the invitation yet"),
        "joined-later": _("Joined after this week’s mail had left"),
        "unsubscribed": _("Unsubscribed from the digest"),
        "bounced": _("Have an address that takes no mail"),
        "complained": _("Marked a mail as spam"),
        whose.OTHER: _("Other reasons, each of them for few"),
    }


def why_words(why: str) -> str:
    """Return what stands beside a state, in words; a mail server's own answer stays as it is."""
    return said(because(why)) if why else ""


def state_words() -> dict[str, str]:
    """Return each state of the outbox in words."""
    return {
        "queued": _("Wait to leave"),
        "leased": _("About to leave"),
        "submitting": _("Leaving now"),
        "accepted": _("Sent"),
        "delivered": _("Arrived"),
        "bounced": _("Came back"),
        "dropped": _("Dropped by the mail provider"),
        "retry": _("Will be tried again"),
        "held": _("Held, a day late"),
        "suppressed": _("Stopped: the receiver wants no mail"),
        "cancelled": _("Cancelled before they left"),
        "failed": _("Refused by the receiver’s server"),
        "ambiguous": _("In doubt: nobody knows whether they arrived"),
    }
