"""Her page. In: a me pass. Out: what her shares brought, what she may share, where she stands, and what she changes.

GET shows; every change is a POST from a form with a nonce of that GET, answered by the page saying what happened there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

from babel import Locale
from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response

from emails.networks import NETWORKS
from service import (
    accepting,
    choices,
    clock,
    contests,
    draws,
    fresh_links,
    jobs,
    mail_choices,
    opened_links,
    passes,
    programmes,
    recognition,
    rhythms,
    settling,
    shares,
    steering,
    topics,
)
from service.database import db
from service.draws import free_way, of_contests
from service.models import Employee, Programme, Topic
from service.models.people import Status
from service.passes import Purpose
from service.validation import N_
from service.web import nonces, reader, records, stated, subscriptions, wishes
from service.web.language import current, show_moment
from service.web.language import gettext as _
from service.web.security import csrf
from service.words_of_score import STATES

room = Blueprint("me", __name__)
csrf.exempt(room)  # its POSTs carry a nonce of their GET instead: service.web.nonces

WEEKS = (1, 2, 4, 8)
"""Pauses that the page offers, in weeks."""


@room.get("/me/<text>")
@records
def page(text: str) -> str | tuple[str, int]:
    """Show her page, or where its days are over how to get a fresh link. Changes nothing of hers."""
    try:
        employee = reader.open_pass(text, Purpose.ME)
    except passes.EndedPass:
        _owner(text)
        return _ended(text, sent=False), 410
    if request.method == "GET":
        opened_links.at_her_page(employee, reader.asked())
    return _page(text, employee, done=request.args.get("done", ""))


@room.post("/me/<text>/fresh")
def fresh(text: str) -> str:
    """Mail her a fresh link, at most one a day; nobody but she gets it."""
    employee = _owner(text)
    nonces.check(text, "fresh")
    if fresh_links.send(employee):
        jobs.wake("deliver")
    return _ended(text, sent=True)


def _owner(text: str) -> Employee:
    """Return whose page this pass opened until its days were over; any other pass is answered as everywhere."""
    employee = fresh_links.owner(text)
    if employee is None:
        passes.open_pass(text, Purpose.ME)
        abort(410)
    reader.speak(employee)
    return employee


def _ended(text: str, sent: bool) -> str:
    return reader.show("me/ended.html", text, sent=sent, days=passes.LASTS[Purpose.ME])


def _page(text: str, employee: Employee, done: str = "", error: choices.Refused | None = None) -> str:
    today = choices.today(employee)
    programme = db.session.get(Programme, 1)
    followable = sorted(topics.offered(employee.topics), key=lambda topic: topic_name(topic).casefold())
    declined = steering.declined(employee)
    offered = programmes.networks()
    newest = passes.passes_for(employee.link_id, passes.today_number(clock.now()), passes.newest_key_id())
    return reader.show(
        "me/page.html",
        text,
        me=employee,
        initials=reader.initials(employee.name),
        facts=recognition.page_facts(employee),
        rules=settling.terms().rules,
        states=STATES,
        offered=[story for story in shares.offered(employee) if story not in declined],
        declined=declined,
        less=[(wish, wishes.less(wish)) for wish in employee.fewer],
        share_pass=newest.share,
        topics=followable,
        my_topics=", ".join(topic_name(topic) for topic in followable if topic.id in employee.topics),
        my_networks=", ".join(reader.network_label(slug) for slug in employee.networks if slug in offered),
        offered_networks=offered,
        policy_version=accepting.version(programme),
        policy_read=accepting.accepted_at(employee),
        audiences=stated.of(employee),
        my_languages=", ".join(language_name(code) for code in dict.fromkeys([employee.language, *employee.reads])),
        topic_name=topic_name,
        short_name=short_name,
        reason=reason,
        why=lambda line: why(line, employee.zone),
        languages=programme.languages if programme else ["en"],
        readable=_readable(employee, programme),
        language_name=language_name,
        days=wishes.days(),
        hours=[wishes.hour(hour) for hour in range(24)],
        rhythms=wishes.rhythms(),
        wish=wishes.wish(employee, programme) if programme else "",
        next_mail=rhythms.next_mail(employee) if programme else None,
        free_ways=free_way.open_to(employee),
        not_in=[(draw, _why_not(why)) for draw, why in draws.not_in_pool(employee)],
        last_day=today + choices.LONGEST,
        today=today,
        stopped=choices.mail_stopped(employee),
        mails={
            "off": mail_choices.stopped(employee),
            "classes": mail_choices.SWITCHED,
            "names": subscriptions.NAMES,
            "helps": subscriptions.HELPS,
        },
        pauses=[(weeks, today + timedelta(weeks=weeks)) for weeks in WEEKS],
        paused=choices.resting(employee),
        contests=contests.hers(employee),
        contest_lines=lambda contest: contests.shown(contest, employee),
        contest_draw=of_contests.of,
        contest_prize=of_contests.prize_of,
        shown_as=choices.shown_as(employee),
        groups=programme is not None and programme.works_council,
        asks=programme is not None and programme.opt_in and employee.status == Status.INVITED,
        done=done,
        done_share=request.args.get("share", type=int),
        error=error,
    )


def _readable(employee: Employee, programme: Programme | None) -> list[str]:
    """Languages that the page offers for reading: the programme's and those she reads already."""
    return list(dict.fromkeys([*(programme.languages if programme else []), *employee.reads]))


def topic_name(topic: Topic) -> str:
    """Return the topic's name in the page's language."""
    return topic.names.get(current()) or topic.name


def _why_not(why: str) -> str:
    """Return why somebody with tickets is not in a frozen pool, to herself."""
    return {
        "liaison": _("People who look after the programme never take part in its draws."),
        "excluded": _("You are not among those who take part in draws. Your liaison can tell you more."),
        "suspended": _("Your part in the programme was on hold when the list was closed."),
        "later": _("Your readers came after the list was closed, so these tickets enter the next draw."),
        "too-late": _("Your readers came after the list was closed."),
        "team": _("This draw is for other teams; its rules name them."),
        "office": _("This draw is for other offices; its rules name them."),
        "country": _("This draw is for other countries; its rules name them."),
        "new": _("You joined too recently for this draw; its rules say from when on people enter."),
        "recent": _("You won not long ago; its rules say after how many months winners enter again."),
    }.get(why, _("You were not part of the programme when the list was closed."))


def language_name(code: str) -> str:
    """Return a language's name in itself, as people look for it in a list."""
    name = Locale(code).get_display_name(code) or code
    return name[:1].upper() + name[1:]


def short_name(name: str) -> str:
    """Return how a colleague is called on this page: "Noor B.", or the alias, never a full name."""
    words = name.split()
    return f"{words[0]} {words[-1][0].upper()}." if len(words) > 1 else name


def reason(line: recognition.Line) -> str:
    """Return why a line of points stands there, in the page's language."""
    network = line.network
    values = {**line.values, "network": reader.network_label(network) if network in NETWORKS else network}
    return _(line.message, **values)


def why(line: recognition.Line, zone: str) -> list[str]:
    """Return what a line of points rests on, in the page's language and her zone."""
    told = []
    for message, given in line.why:
        values = {
            name: show_moment(value, zone) if isinstance(value, datetime) else value for name, value in given.items()
        }
        network = str(values.get("network", ""))
        values["network"] = reader.network_label(network) if network in NETWORKS else network
        told.append(_(message, **values))
    return told


def _act(name: str, deed: Callable[[Employee], object]) -> Callable[[str], Response | tuple[str, int]]:
    """Return a view that checks the pass and the nonce, does the deed and shows her page where it says so."""

    def view(text: str) -> Response | tuple[str, int]:
        employee = reader.open_pass(text, Purpose.ME)
        nonces.check(text, name)
        try:
            deed(employee)
        except choices.Refused as refusal:
            db.session.rollback()
            return _page(text, employee, error=refusal), 422
        return redirect(url_for("me.page", text=text, done=name, _anchor=name), 303)

    return view


def _set_language(employee: Employee) -> None:
    offered = set(_readable(employee, db.session.get(Programme, 1)))
    choices.set_language(employee, request.form.get("language", ""), offered & set(request.form.getlist("reads")))


def _set_day(employee: Employee) -> None:
    form = request.form
    choices.set_slot(
        employee, form.get("weekday", type=int), form.get("hour", type=int), form.get("rhythm", employee.rhythm)
    )


def _pause(employee: Employee) -> None:
    weeks = request.form.get("weeks", 0, type=int)
    if weeks and weeks not in WEEKS:
        abort(400)
    until = choices.today(employee) + timedelta(weeks=weeks) if weeks else None
    if typed := request.form.get("until", ""):
        try:
            until = date.fromisoformat(typed)
        except ValueError:
            raise choices.Refused("until", N_("Choose a day from today on.")) from None
    choices.pause(employee, until)


def _take_back(employee: Employee) -> None:
    if wish := request.form.get("wish"):
        steering.undo_wish(employee, wish)
    elif story := request.form.get("story", type=int):
        steering.undo_decline(employee, story)


ACTS: dict[str, Callable[[Employee], object]] = {
    "topics": lambda e: choices.set_topics(e, request.form.getlist("topic", type=int)),
    "networks": lambda e: choices.set_networks(e, request.form.getlist("network")),
    "audience": stated.save,
    "language": _set_language,
    "day": _set_day,
    "less": _take_back,
    "pause": _pause,
    "mails": lambda e: mail_choices.choose(e, request.form.getlist("mails")),
    "resume": choices.resume,
    "subscribe": choices.subscribe,
    "join": choices.join,
    "policy": lambda e: accepting.accept(e, request.form.get("version", "")),
    "board": lambda e: choices.set_board(e, request.form.get("shown_as", ""), request.form.get("alias", "")),
}
"""What her page can change: act (its route, nonce and place on the page) → use case."""

for _name, _deed in ACTS.items():
    room.add_url_rule(f"/me/<text>/{_name}", _name, _act(_name, _deed), methods=["POST"])


@room.post("/me/<text>/shared")
def shared(text: str) -> Response:
    """Take her word that she shared it, and say beside that share what it brought."""
    employee = reader.open_pass(text, Purpose.ME)
    nonces.check(text, "shared")
    share = shares.share_of(employee, request.form.get("share", 0, type=int))
    if share is None:
        abort(404)
    shares.declare(employee, share)
    return redirect(url_for("me.page", text=text, done="shared", share=share.id, _anchor=f"share-{share.id}"), 303)


@room.post("/me/<text>/leave")
def leave(text: str) -> str:
    """Leave the programme; her passes end with this, so the answer is the last page she sees."""
    employee = reader.open_pass(text, Purpose.ME)
    nonces.check(text, "leave")
    choices.leave(employee)
    return reader.show("me/left.html", text)
