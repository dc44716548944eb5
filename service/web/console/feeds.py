"""Feeds in the console. In: the liaison's wishes. Out: feeds with what their last poll brought, one feed's form."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from service import campaigns, jobs, topics
from service.database import db
from service.models import Feed
from service.sources import following, polling, review
from service.validation import Invalid, Words, whole, wholes
from service.web.console.lists import Filter, listing
from service.web.console.room import done, refused, room
from service.web.console.stories import languages
from service.web.console.words import kinds, language_name, said, said_all
from service.web.language import gettext as _
from service.web.language import ngettext

OFTEN = (1, 3, 6, 12, 24, 72, 168)
"""Hours offered."""


@room.get("/feeds", endpoint="feeds")
def index() -> str:
    """Show the feeds that the address asks for, 50 a page."""
    states = {
        "failing": sa.and_(Feed.failures >= following.FAILING, Feed.paused.is_(False)),
        "passing": Feed.always_accept.is_(True),
        "paused": Feed.paused.is_(True),
    }
    words = {"failing": _("Failing"), "passing": _("Accepted by themselves"), "paused": _("Paused")}
    found = listing(
        sa.select(Feed),
        endpoint="console.feeds",
        sorts={"name": sa.func.lower(Feed.name), "read": Feed.polled_at},
        default="name",
        search=(Feed.name, Feed.url),
        filters=(Filter("state", _("State"), words, lambda state: states[state], chips=True),),
    )
    return render_template(
        "console/feeds.html",
        noun="console.feeds",
        listing=found,
        waiting=following.waiting(),
        outcome=outcome,
        often=often,
        failing=following.FAILING,
    )


@room.get("/feeds/new")
def feed_new() -> str:
    """Show an empty form."""
    return page(None, following.DEFAULTS, {})


@room.post("/feeds/new")
def feed_create() -> Response | tuple[str, int]:
    """Follow a feed, after reading it once; its posts come with the first poll, which begins now."""
    values = typed()
    try:
        feed = following.follow(**values)
    except Invalid as refusal:
        return page(None, values, said_all(refusal.errors)), 422
    jobs.wake("feeds")
    done(_("You follow “%(name)s” now. Its newest posts come in a moment.", name=feed.name))
    return redirect(url_for("console.feeds"))


@room.get("/feeds/<int:feed_id>")
def feed(feed_id: int) -> str:
    """Show one feed's form."""
    found = db.get_or_404(Feed, feed_id)
    return page(found, {name: getattr(found, name) for name in following.FIELDS}, {})


@room.post("/feeds/<int:feed_id>")
def feed_save(feed_id: int) -> Response | tuple[str, int]:
    """Change a feed."""
    found, values = db.get_or_404(Feed, feed_id), typed()
    try:
        following.change(found, **values)
    except Invalid as refusal:
        return page(found, values, said_all(refusal.errors)), 422
    done(_("Saved."))
    return redirect(url_for("console.feeds"))


@room.post("/feeds/<int:feed_id>/poll")
def feed_poll(feed_id: int) -> Response:
    """Read a feed now."""
    found = db.get_or_404(Feed, feed_id)
    read = polling.poll(found)
    (done if read else refused)(f"{found.name}: {outcome(found)}")
    waits = following.waiting().get(feed_id)
    return redirect(url_for("console.review", feed=feed_id) if read and waits else url_for("console.feeds"))


@room.post("/feeds/<int:feed_id>/always")
def feed_always(feed_id: int) -> Response:
    """Accept a feed's posts by themselves from now on, or no longer."""
    found = db.get_or_404(Feed, feed_id)
    always = request.form.get("always") == "1"
    following.change(found, always_accept=always)
    words = (
        _("Posts of “%(name)s” that have a topic are accepted by themselves from now on.", name=found.name)
        if always
        else _("Posts of “%(name)s” wait for your yes from now on.", name=found.name)
    )
    back = url_for("console.feed_always", feed_id=feed_id)
    done(words, undo={"action": back, "fields": [("always", "0" if always else "1")]})
    return redirect(url_for("console.review") if review.count() else url_for("console.feeds"))


@room.post("/feeds/<int:feed_id>/remove")
def feed_remove(feed_id: int) -> Response:
    """Stop following a feed; its name is typed to be sure."""
    found = db.get_or_404(Feed, feed_id)
    name = found.name
    if request.form.get("name", "").strip() != name:
        refused(_("Write the feed’s name to stop following it."))
        return redirect(url_for("console.feed", feed_id=feed_id))
    following.remove(found)
    done(_("You no longer follow “%(name)s”. Its stories stay.", name=name))
    return redirect(url_for("console.feeds"))


def typed() -> dict[str, Any]:
    """Return what the form says, as following.FIELDS names it."""
    form = request.form
    return {
        **{name: form.get(name, "") for name in ("url", "name", "kind", "language", "every_hours")},
        "topics": wholes(form.getlist("topics")),
        "campaign_id": whole(form.get("campaign_id")),
        "always_accept": bool(form.get("always_accept")),
        "paused": bool(form.get("paused")),
    }


def page(found: Feed | None, values: dict[str, Any], errors: dict[str, str]) -> str:
    """Return one feed's form with these values and refusals."""
    return render_template(
        "console/feed.html",
        noun="console.feeds",
        feed=found,
        v=values,
        errors=errors,
        topics=topics.offered(found.topics if found else ()),
        campaigns=campaigns.all_campaigns(),
        kinds=list(kinds().items()),
        languages=[("", _("The feed’s own")), *((code, language_name(code)) for code in languages())],
        hours=[(str(n), often(n)) for n in sorted({*OFTEN, *([found.every_hours] if found else [])})],
        outcome=outcome(found) if found else "",
    )


def outcome(feed: Feed) -> str:
    """Return what the feed's last poll brought, in the liaison's language."""
    return said(Words(feed.outcome, feed.outcome_values)) if feed.outcome else ""


def often(hours: int) -> str:
    """Return how often a feed is read, in words."""
    if hours % 24 == 0:
        return ngettext("Every day", "Every %(num)s days", hours // 24)
    return ngettext("Every hour", "Every %(num)s hours", hours)


def needs() -> list[tuple[str, str, str]]:
    """Return (sentence, act, address) of proposals that wait and of each feed that cannot be read."""
    found = []
    if waits := review.count():
        sentence = ngettext(
            "%(num)s post from your feeds waits for your yes or no.",
            "%(num)s posts from your feeds wait for your yes or no.",
            waits,
        )
        found.append((sentence, _("Look through them"), url_for("console.review")))
    for each in following.failing():
        sentence = _("The feed “%(name)s” cannot be read: %(why)s", name=each.name, why=outcome(each))
        found.append((sentence, _("Correct or pause it"), url_for("console.feed", feed_id=each.id)))
    return found
