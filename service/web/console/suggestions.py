"""Suggestions in the console. In: what colleagues sent. Out: the list, one of them, and the liaison's answer to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from emails.render import called
from service import suggestions, thanks
from service.database import db
from service.models import Employee, Suggestion
from service.models.suggestions import SuggestionState
from service.sources import pasting
from service.validation import N_, Invalid
from service.web.console.lists import Filter, listing
from service.web.console.room import done, refused, room
from service.web.console.words import said, said_all
from service.web.language import CATALOGUES, LANGUAGES
from service.web.language import gettext as _

READY = {
    "accept": N_("A good find, %(name)s, thank you. I make a story of it."),
    "decline": N_(
        "Thank you for thinking of us, %(name)s. This one does not fit our topics just now. Please go on sending what "
        "you find: the next one may."
    ),
}
"""Words to begin with, in her language; whoever sends them may change every one."""


def states() -> dict[str, str]:
    """Return each state in words."""
    return {
        SuggestionState.NEW: _("Waits for you"),
        SuggestionState.ANSWERED: _("Answered"),
        SuggestionState.ACCEPTED: _("Accepted"),
        SuggestionState.DECLINED: _("Declined"),
        SuggestionState.ASIDE: _("Put away"),
    }


@room.get("/suggestions", endpoint="suggestions")
def index() -> str:
    """Show suggestions, those that wait first."""
    found = listing(
        sa.select(Suggestion).options(sa.orm.joinedload(Suggestion.story)),
        endpoint="console.suggestions",
        sorts={"waiting": sa.case((Suggestion.state == SuggestionState.NEW, 1), else_=0), "sent": Suggestion.at},
        default="-waiting",
        search=(Suggestion.url,),
        filters=(Filter("state", _("State"), states(), lambda v: Suggestion.state == v, chips=True),),
    )
    subjects = {s.subject for s in found.rows}
    people = db.session.scalars(sa.select(Employee).where(Employee.subject.in_(subjects)))
    return render_template(
        "console/suggestions.html",
        noun="console.suggestions",
        listing=found,
        people={each.subject: each for each in people},
        states=states(),
    )


@room.get("/suggestions/<int:number>")
def suggestion(number: int) -> str:
    """Show one, with what can be done about it."""
    return page(db.get_or_404(Suggestion, number))


def page(
    found: Suggestion, act: str = "", errors: dict[str, str] | None = None, typed: dict[str, str] | None = None
) -> str:
    """Return the page; `typed` is what stood in the form of `act` that was refused."""
    employee = suggestions.whose(found)
    language = employee.language if employee and employee.language in LANGUAGES else "en"
    name = called(employee.name or "") if employee else ""
    ready = {key: CATALOGUES[language].gettext(words) % {"name": name} for key, words in READY.items()}
    return render_template(
        "console/suggestion.html",
        noun="console.suggestions",
        s=found,
        e=employee,
        mailable=suggestions.mailable(employee),
        known=suggestions.story_at(found),
        worth=thanks.worth_of_suggestion(),
        ready={key: words.replace(", ,", ",").replace(" ,", ",") for key, words in ready.items()},
        language=language,
        states=states(),
        act=act,
        errors={f"{act}-words" if name == "words" else name: told for name, told in (errors or {}).items()},
        typed=typed or {},
    )


@room.post("/suggestions/<int:number>/accept")
def suggestion_accept(number: int) -> Response | tuple[str, int]:
    """Make a draft of the page at its address, thank her, and lead to the story's editor."""
    found, form = db.get_or_404(Suggestion, number), request.form
    typed = {"url": form.get("url", "").strip(), "title": form.get("title", "").strip(), "words": form.get("words", "")}
    fields: dict[str, Any] = {"url": pasting.address_of(typed["url"]) or typed["url"], "title": typed["title"]}
    if suggestions.story_at(found) is None:
        try:
            read = pasting.read(typed["url"]).values
            fields = {**read, **({"title": typed["title"]} if typed["title"] else {})}
        except pasting.NotRead as refusal:
            if not typed["title"]:
                found = db.get_or_404(Suggestion, number)
                words = _("The page could not be read: %(why)s Write the title yourself.", why=said(refusal.words))
                return page(found, "accept", {"title": words}, typed), 422
    found = db.get_or_404(Suggestion, number)
    try:
        story, sent = suggestions.accept(found, fields, typed["words"], g.liaison.id)
    except Invalid as refusal:
        db.session.rollback()
        return page(db.get_or_404(Suggestion, number), "accept", said_all(refusal.errors), typed), 422
    except suggestions.Settled as refusal:
        refused(said(refusal.words))
        return redirect(url_for("console.suggestion", number=number))
    told = _("It is a draft now, and she is told by mail.") if sent else _("It is a draft now.")
    done(f"{told} {_('Look it over, then approve it.')}")
    return redirect(url_for("console.story", story_id=story.id))


def _by_mail(act: str, deed: Callable[[Suggestion, str], bool], number: int) -> Response | tuple[str, int]:
    found, words = db.get_or_404(Suggestion, number), request.form.get("words", "")
    try:
        sent = deed(found, words)
        done(_("Your answer is on its way to her.") if sent else _("Noted. No mail goes out: she gets none any more."))
    except Invalid as refusal:
        db.session.rollback()
        return page(db.get_or_404(Suggestion, number), act, said_all(refusal.errors), {"words": words}), 422
    except suggestions.Settled as refusal:
        refused(said(refusal.words))
    return redirect(url_for("console.suggestion", number=number))


@room.post("/suggestions/<int:number>/answer")
def suggestion_answer(number: int) -> Response | tuple[str, int]:
    """Answer by mail; it may still be accepted or declined."""
    return _by_mail("answer", suggestions.answer, number)


@room.post("/suggestions/<int:number>/decline")
def suggestion_decline(number: int) -> Response | tuple[str, int]:
    """Decline it with kind words."""
    return _by_mail("decline", suggestions.decline, number)


@room.post("/suggestions/<int:number>/aside")
def suggestion_aside(number: int) -> Response:
    """Put it away without a mail, or fetch it back."""
    found = db.get_or_404(Suggestion, number)
    try:
        if request.form.get("back"):
            suggestions.fetch_back(found)
            done(_("It waits for you again."))
            return redirect(url_for("console.suggestion", number=number))
        suggestions.put_away(found)
        undo = {"action": url_for("console.suggestion_aside", number=number), "fields": [("back", "1")]}
        done(_("Put away without a mail."), undo=undo)
    except suggestions.Settled as refusal:
        refused(said(refusal.words))
    return redirect(url_for("console.suggestions"))


@room.post("/suggestions/<int:number>/vouch")
def suggestion_vouch(number: int) -> Response:
    """Say that she wrote a mail that came from another address."""
    suggestions.vouch(db.get_or_404(Suggestion, number))
    done(_("Taken for hers. You may answer now."))
    return redirect(url_for("console.suggestion", number=number))
