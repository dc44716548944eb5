"""One person in the console. In: a number, or an address nobody has. Out: why she gets her mails, and her history.

In works-council mode what she shared and earned is hers alone (service.people.history).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import abort, render_template, request

from service import choices, editions, programmes, rhythms, topics, whose, why
from service.addresses import NotAnAddress
from service.database import db
from service.models import Employee
from service.models.mail import MailState
from service.people import acts, cohorts, history, inviting
from service.web.console.counts import days_of, reason_words, state_words, why_words
from service.web.console.editions import by_week
from service.web.console.room import room
from service.web.console.words import said
from service.web.language import gettext as _
from service.web.reader import network_label
from service.web.wishes import wish

GOOD = frozenset({MailState.ACCEPTED, MailState.DELIVERED})
MADE = frozenset(MailState)
"""States of a mail that there is; what else stands in a finding's state says why there is none."""
BAD = frozenset({MailState.BOUNCED, MailState.DROPPED, MailState.FAILED, MailState.AMBIGUOUS, MailState.HELD})


@dataclass(frozen=True)
class Line:
    """One finding as the page shows it."""

    title: str
    words: str
    at: datetime | None
    detail: str
    tone: str
    """A class of the dot beside it: good, wait, warn or "" for none."""
    week: str | None = None
    mail: bool = False
    """Whether a mail was made for this week, which can be looked at."""
    doubt: bool = False
    """Whether it is in doubt, and somebody has to decide."""


room.add_app_template_filter(why_words, "why_words")


@room.get("/people/<int:number>")
def person(number: int) -> str:
    """Show one person: why she gets her mails or does not, or one part of her history, 50 a page."""
    return page(at_hand(number))


def at_hand(number: int) -> Employee:
    """Return the person with this number; 404 for nobody and for who was erased."""
    employee = db.get_or_404(Employee, number)
    if not employee.email:
        abort(404)
    return employee


def page(employee: Employee) -> str:
    """Return the person's page with the part that the address asks for (`?show=`)."""
    programme = programmes.current()
    followed = [t.name for t in topics.all_topics() if t.id in employee.topics]
    show = request.args.get("show", "")
    parts = history.parts()
    found = history.page(employee, show, request.args.get("page", 1, type=int)) if show in parts else None
    return render_template(
        "console/person.html",
        noun="console.people",
        e=employee,
        show=show if found else "",
        parts={part: history.PARTS[part] for part in parts},
        found=found,
        kinds=kind_words(),
        chosen=[history.CHOSEN[name] for name in employee.chosen if name in history.CHOSEN],
        groups=cohorts.of(employee),
        invitation=said(inviting.state(employee)),
        suspension=acts.suspension(employee),
        council=programme.works_council,
        lines=None if found else lines(employee.email or ""),
        wish=wish(employee, programme),
        next_mail=rhythms.next_mail(employee),
        stopped=choices.mail_stopped(employee),
        followed=followed,
        networks=[network_label(slug) for slug in employee.networks],
    )


def lines(address: str) -> dict[str, list[Line]]:
    """Return what is known of mails to this address: stops, digests of the last editions, other mails."""
    found: dict[str, list[Line]] = {"stops": [], "digests": [], "others": []}
    for f in why.why(address):
        words = said(f.words)
        if f.kind == "stop":
            found["stops"].append(Line(words, "", f.at, why_words(f.detail or ""), "warn"))
        elif f.kind == "digest":
            found["digests"].append(
                Line(
                    days_of(f.about),
                    words,
                    f.at,
                    why_words(f.detail or ""),
                    _tone(f.state),
                    f.about,
                    f.state in MADE and f.mail is not None,
                    f.state == MailState.AMBIGUOUS,
                )
            )
        elif f.kind != "person":
            kind = kind_words().get(f.kind, f.kind)
            doubt = f.state == MailState.AMBIGUOUS
            found["others"].append(Line(kind, words, f.at, why_words(f.detail or ""), _tone(f.state), doubt=doubt))
    return found


def known(address: str) -> dict[str, list[Line]] | None:
    """Return what is known of an address that no employee has; None where it is no address or was never written to."""
    try:
        return lines(address)
    except (NotAnAddress, why.UnknownAddress):
        return None


def kind_words() -> dict[str, str]:
    """Return each kind of mail but the digest in words."""
    return {
        "invitation": _("Invitation"),
        "reminder": _("Reminder of the invitation"),
        "welcome": _("Welcome"),
        "sharing": _("How sharing works"),
        "badge": _("Badge"),
        "frozen": _("Draw tickets"),
        "winner": _("Prize"),
        "passed-on": _("Prize passed on"),
        "fresh-link": _("Fresh link to her page"),
        "suggestion": _("Answer to a suggestion"),
        "did-well": _("A share that did well"),
        "winners": _("Who won"),
        "your-month": _("Her month"),
        "campaign-kickoff": _("A campaign begins"),
        "campaign-closing": _("A campaign ends soon"),
        "report": _("Monthly report"),
        "test": _("Test"),
    }


@room.app_template_filter("left_out_words")
def left_out_words(why: str) -> str:
    """Return why somebody with tickets was not in a draw."""
    return {
        "liaison": _("Looks after the programme."),
        "excluded": _("Is left out of draws."),
        "suspended": _("Was suspended."),
        "left": _("Had left the programme."),
        "gone": _("Was no longer in the company."),
        "team": _("The draw was for other teams."),
        "office": _("The draw was for other offices."),
        "new": _("Had joined too recently."),
        "recent": _("Had won not long before."),
        "country": _("The draw was for other countries."),
    }.get(why, why)


def _tone(state: str) -> str:
    if state in GOOD:
        return "good"
    return "warn" if state in BAD else "wait" if state in set(MailState) | {"undecided", "draft"} else ""


@room.get("/editions/<week>/who/<code>")
def edition_who(week: str, code: str) -> str:
    """Show whose mail of this edition is in a state, or who gets none for a reason, 50 a page."""
    edition = by_week(week)
    try:
        found = whose.whose(edition, code, request.args.get("page", 1, type=int))
    except LookupError:
        abort(404)
    return render_template(
        "console/who.html",
        noun="console.week",
        edition=edition,
        code=code,
        what=state_words().get(code) or reason_words().get(code, code),
        found=found,
        draft=edition.status == "draft",
        current=editions.current_week() == edition.week,
    )
