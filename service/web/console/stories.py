"""Stories in the console. In: the liaison's choices. Out: the list, and approvals in bulk with their undo."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import abort, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from service import campaigns, clock, stories, story_acts, story_weeks, topics
from service.database import db
from service.models import Story
from service.validation import Invalid, whole, wholes
from service.web.console.lists import Filter, has_id, listing
from service.web.console.room import done, programme, refused, room
from service.web.console.session import safe_next
from service.web.console.words import kinds, language_name, said_all, story_states
from service.web.language import gettext as _
from service.web.language import ngettext


def languages() -> list[str]:
    """Return the programme's languages and those in which there are stories."""
    found = list(db.session.scalars(sa.select(Story.language).distinct().order_by(Story.language)))
    mine = programme()
    return list(dict.fromkeys([*(mine.languages if mine else ["en"]), *found]))


@room.get("/stories", endpoint="stories")
def index() -> str:
    """Show the stories that the address asks for."""
    now = clock.now()
    ends = {"soon": story_weeks.ending(now), "over": Story.publish_until <= now}
    filters = (
        Filter("status", _("Status"), story_states(), lambda v: Story.status == v, chips=True),
        Filter(
            "topic",
            _("Topic"),
            {str(t.id): t.name for t in topics.all_topics()},
            lambda v: has_id(Story.topics, int(v)),
        ),
        Filter("kind", _("Kind"), kinds(), lambda v: Story.kind == v),
        Filter("language", _("Language"), {c: language_name(c) for c in languages()}, lambda v: Story.language == v),
        Filter(
            "campaign",
            _("Campaign"),
            {str(c.id): c.name for c in campaigns.all_campaigns()},
            lambda v: Story.campaign_id == int(v),
        ),
        Filter("ends", _("Ends"), {"soon": _("Within two weeks"), "over": _("Is over")}, lambda v: ends[v]),
    )
    found = listing(
        sa.select(Story).options(sa.orm.joinedload(Story.campaign)),
        endpoint="console.stories",
        sorts={
            "title": sa.func.lower(Story.title),
            "published": Story.publish_from,
            "status": Story.status,
            "kind": Story.kind,
        },
        default="-published",
        search=(Story.title, Story.summary, Story.url),
        filters=filters,
    )
    known = topics.all_topics()
    return render_template(
        "console/stories.html",
        listing=found,
        topic_names={t.id: t.name for t in known},
        topics=[topic for topic in known if not topic.retired],
        kinds=list(kinds().items()),
        campaigns=campaigns.all_campaigns(),
        waits=[s.id for s in found.rows if stories.waits_for_another(s, g.liaison.id)],
        noun="console.stories",
    )


@room.post("/stories/bulk")
def stories_bulk() -> Response:
    """Do one act with the picked stories; the next page offers to undo it."""
    back = redirect(safe_next(request.form.get("back") or url_for("console.stories")))
    act, _sign, value = request.form.get("act", "").partition(":")
    picked = wholes(request.form.getlist("pick"))
    if act in ("topic", "campaign", "kind"):
        value = request.form.get(act, "")  # the choice beside the button
    if act not in story_acts.ACTS:
        abort(400)
    if not picked:
        refused(_("Pick at least one story first."))
        return back
    try:
        change(act, stories.find(picked), value)
    except Invalid as refusal:
        refused(" ".join(said_all(refusal.errors).values()))
    return back


@room.post("/stories/undo")
def stories_undo() -> Response:
    """Give stories back what the last act took; what was changed again since stays as it is."""
    try:
        done_, left = story_acts.undo(whole(request.form.get("act")) or 0, g.liaison.id)
        said = _("Undone.")
        if left:
            said += " " + ngettext(
                "%(num)s story was changed again meanwhile and stays.",
                "%(num)s stories were changed again meanwhile and stay.",
                left,
            )
        done(said) if done_ else refused(said)
    except Invalid as refusal:
        refused(" ".join(said_all(refusal.errors).values()))
    return redirect(safe_next(request.form.get("back") or url_for("console.stories")))


@room.post("/stories/<int:story_id>/status")
def story_status(story_id: int) -> Response:
    """Approve, archive or return one story to draft."""
    story = db.get_or_404(Story, story_id)
    if request.form.get("act") not in ("approve", "archive", "draft"):
        abort(400)
    try:
        change(request.form["act"], [story])
    except Invalid as refusal:
        refused(" ".join(said_all(refusal.errors).values()))
    return redirect(url_for("console.story", story_id=story_id))


def change(act: str, chosen: list[Story], value: str = "") -> None:
    """Do the act and say so, with an undo of what it changed. Raises Invalid."""
    number, n = story_acts.do(act, chosen, value, g.liaison.id)
    said = {
        "approve": ngettext("%(num)s story approved.", "%(num)s stories approved.", n),
        "archive": ngettext("%(num)s story archived.", "%(num)s stories archived.", n),
        "draft": ngettext("%(num)s story is a draft again.", "%(num)s stories are drafts again.", n),
        "topic": ngettext("%(num)s story has the topic now.", "%(num)s stories have the topic now.", n),
        "campaign": ngettext("%(num)s story has another campaign.", "%(num)s stories have another campaign.", n),
        "kind": ngettext("%(num)s story has another kind.", "%(num)s stories have another kind.", n),
    }[act]
    fields: list[tuple[str, Any]] = [("act", number)]
    if request.form.get("back"):
        fields.append(("back", request.form["back"]))
    done(said, undo={"action": url_for("console.stories_undo"), "fields": fields} if number else None)
