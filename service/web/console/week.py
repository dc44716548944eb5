"""This week. In: the state of everything. Out: what needs the liaison now, and the edition that matters."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from flask import redirect, render_template, url_for
from werkzeug.wrappers import Response

from service import clock, delivery, editions, suggestions
from service.database import db
from service.models import Draw, Employee, Outbox, Rank, Story
from service.models.content import StoryStatus
from service.models.draws import DrawStatus, RankState
from service.models.mail import MailState
from service.web.console import badges, feeds, patterns, rights, stock, visits
from service.web.console.editions import facts
from service.web.console.room import programme, room
from service.web.console.words import stopped
from service.web.language import gettext as _
from service.web.language import ngettext


@room.get("/")
def week() -> Response | str:
    """Show what needs her now and this week's edition; the edition is made where there is none."""
    if programme() is None:
        return render_template("console/beginning.html", noun="console.week")
    found = editions.find()
    if found is None:
        return redirect(url_for("console.edition_open"))
    earlier = [e for e in editions.recent(9) if e.id != found.id]
    return render_template(
        "console/week.html",
        noun="console.week",
        needs=[n for n in needs() if rights.may_go(n[2])],
        earlier=earlier,
        stock=stock.facts(found),
        **facts(found),
    )


def needs() -> list[tuple[str, str, str]]:
    """Return (sentence, act, address) for everything that waits for the liaison, the most urgent first.

    What stops mails comes first, then what has its hour, then what failed by itself, then what people wait for.
    """
    found = [*_stopped(), *_due()]
    found += feeds.needs()
    if broken := badges.need():
        found.append(broken)
    if db.session.scalar(sa.select(Employee.id).limit(1)) is None:
        found.append((_("Nobody is invited yet."), _("Bring in your colleagues"), url_for("console.people")))
    found += _waiting()
    if odd := patterns.need():
        found.append(odd)
    if lost := visits.need():
        found.append(lost)
    return found


def _stopped() -> Iterator[tuple[str, str, str]]:
    if delivery.held() is not None:
        yield _("Sending is held: nothing at all leaves."), _("See what to check"), url_for("console.hold")
    for edition in editions.recent(9):
        if edition.status in editions.OPEN and edition.held_why:
            sentence = _("Edition %(week)s stopped: %(why)s.", week=edition.week, why=stopped(edition.held_why))
            yield sentence, _("Put it right"), url_for("console.edition", week=edition.week)
    doubt = _count(sa.select(Outbox.id).where(Outbox.stands == MailState.AMBIGUOUS))
    if doubt:
        sentence = ngettext(
            "%(num)s mail is in doubt: nobody knows whether it arrived, so it is not sent again by itself.",
            "%(num)s mails are in doubt: nobody knows whether they arrived, so none is sent again by itself.",
            doubt,
        )
        yield sentence, _("Decide"), url_for("console.doubts")


def _due() -> Iterator[tuple[str, str, str]]:
    for draft in editions.overdue():
        sentence = _("Edition %(week)s is a draft, and its first mails are due within a day.", week=draft.week)
        yield sentence, _("Look at it"), url_for("console.edition", week=draft.week)
    due = sa.select(Draw).where(Draw.status == DrawStatus.FROZEN, Draw.due_at <= clock.now()).order_by(Draw.due_at)
    for draw in db.session.scalars(due):
        sentence = _("The numbers for “%(title)s” are out.", title=draw.title)
        yield sentence, _("Draw the winners"), url_for("console.draw", name=draw.name)
    open_prizes = (
        sa.select(Draw.name, Draw.title, sa.func.count())
        .join(Rank, Rank.draw_id == Draw.id)
        .where(Rank.state == RankState.OFFERED)
        .group_by(Draw.name, Draw.title)
    )
    for name, title, n in db.session.execute(open_prizes):
        sentence = ngettext(
            "%(num)s prize of “%(title)s” is not claimed yet.",
            "%(num)s prizes of “%(title)s” are not claimed yet.",
            n,
            title=title,
        )
        yield sentence, _("Look"), url_for("console.draw", name=name)


def _waiting() -> Iterator[tuple[str, str, str]]:
    if sent := suggestions.waiting():
        sentence = ngettext("%(num)s suggestion waits for you.", "%(num)s suggestions wait for you.", sent)
        yield sentence, _("Read"), url_for("console.suggestions", state="new")
    if drafts := _count(sa.select(Story.id).where(Story.status == StoryStatus.DRAFT)):
        sentence = ngettext("%(num)s story waits for your yes.", "%(num)s stories wait for your yes.", drafts)
        yield sentence, _("Approve"), url_for("console.stories", status="draft")


def _count(query: sa.Select[int]) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0
