"""Topics in the console. In: names. Out: topics with followers and stories; named, translated, merged or retired."""

from __future__ import annotations

import sqlalchemy as sa
from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from service import programmes, topic_acts, topics
from service.database import db
from service.locales import own_name
from service.models import Topic
from service.validation import Invalid, whole
from service.web.console.lists import Filter, listing
from service.web.console.room import done, refused, room
from service.web.console.words import said_all
from service.web.language import gettext as _
from service.web.language import ngettext


@room.get("/settings/topics", endpoint="topics")
def topic_list() -> str:
    """Show every topic with how many people follow it and how many stories it has."""
    return _page("", {})


@room.post("/settings/topics")
def topic_create() -> Response | tuple[str, int]:
    """Create a topic."""
    try:
        made = topics.create(request.form.get("name", ""))
    except Invalid as refusal:
        return _page(request.form.get("name", ""), said_all(refusal.errors)), 422
    done(_("Changed: %(name)s.", name=made.name))
    return redirect(url_for("console.topics"))


@room.post("/settings/topics/<int:number>")
def topic_change(number: int) -> Response:
    """Rename a topic in every language, merge it into another one, retire it or offer it again."""
    topic, act = db.get_or_404(Topic, number), request.form.get("act")
    try:
        if act == "rename":
            told = {key.removeprefix("name-"): text for key, text in request.form.items() if key.startswith("name-")}
            topics.rename(topic, request.form.get("name", ""), {**topic.names, **told})
        elif act == "merge":
            _merge(topic)
            return redirect(url_for("console.topics"))
        elif act in ("retire", "offer"):
            topics.retire(topic, act == "retire")
        else:
            abort(400)
    except Invalid as refusal:
        db.session.rollback()
        refused(" ".join(dict.fromkeys(said_all(refusal.errors).values())))
    else:
        done(_("Changed: %(name)s.", name=topic.name))
    return redirect(url_for("console.topics"))


def _merge(topic: Topic) -> None:
    into = db.session.get(Topic, whole(request.form.get("into")) or 0) or topic
    people, stories = topic_acts.merge(topic, into, request.form.get("typed", ""))
    followers = ngettext("%(num)s person follows it now", "%(num)s people follow it now", people)
    moved = ngettext("%(num)s story moved", "%(num)s stories moved", stories)
    done(_("Merged into %(name)s: %(followers)s, %(stories)s.", name=into.name, followers=followers, stories=moved))


def _page(name: str, errors: dict[str, str]) -> str:
    standing = {one.topic.id: one for one in topic_acts.everyone()}
    words = {"offered": _("Offered"), "retired": _("Retired")}
    found = listing(
        sa.select(Topic),
        endpoint="console.topics",
        sorts={"name": sa.func.lower(Topic.name)},
        default="name",
        search=(Topic.name, sa.cast(Topic.names, sa.Text), sa.cast(Topic.former, sa.Text)),
        filters=(Filter("state", _("State"), words, lambda v: Topic.retired.is_(v == "retired"), chips=True),),
    )
    return render_template(
        "console/topics.html",
        noun="console.topics",
        listing=found,
        rows=[standing[topic.id] for topic in found.rows],
        every=[one.topic for one in standing.values()],
        tongues=[(code, own_name(code)) for code in programmes.current().languages],
        name=name,
        errors=errors,
    )
