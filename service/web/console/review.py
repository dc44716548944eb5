"""The review list. In: what feeds proposed, a liaison's yes or no. Out: the list, stories of it, and undo."""

from __future__ import annotations

import sqlalchemy as sa
from flask import abort, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from service import topics
from service.database import db
from service.models import FeedItem
from service.models.feeds import Decided
from service.sources import following, review
from service.validation import Invalid, wholes
from service.web.console.lists import CHIPS, Filter, listing
from service.web.console.room import done, refused, room
from service.web.console.session import safe_next
from service.web.console.story import page
from service.web.console.words import said, said_all
from service.web.language import gettext as _
from service.web.language import ngettext


@room.get("/review", endpoint="review")
def index() -> str:
    """Show what feeds proposed, the newest first."""
    known, waits = following.all_feeds(), following.waiting()
    names = {str(feed.id): feed.name for feed in known if waits.get(feed.id)}
    found = listing(
        review.proposals().options(sa.orm.joinedload(FeedItem.feed)),
        endpoint="console.review",
        sorts={"published": FeedItem.published, "title": sa.func.lower(FeedItem.title), "found": FeedItem.found_at},
        default="-published",
        search=(FeedItem.title, FeedItem.summary, FeedItem.url),
        filters=(Filter("feed", _("Feed"), names, lambda v: FeedItem.feed_id == int(v), chips=len(names) <= CHIPS),),
    )
    return render_template(
        "console/review.html",
        noun="console.review",
        listing=found,
        followed=bool(known),
        topic_names={t.id: t.name for t in topics.all_topics()},
        twins=review.twins(found.rows),
    )


@room.post("/review")
def review_decide() -> Response:
    """Accept or decline what was picked, or the one whose button was pressed; the next page offers to undo it."""
    back = redirect(safe_next(request.form.get("back") or url_for("console.review")))
    act, _sign, one = request.form.get("act", "").partition(":")
    if act not in ("accept", "decline"):
        abort(400)
    ids = [one] if one else request.form.getlist("pick")
    items = review.find(wholes(ids))
    if not items:
        refused(_("Pick at least one post first."))
        return back
    number = {item.id for item in items}
    if act == "decline":
        review.decline(items)
        _say(
            ngettext(
                "%(num)s post declined. It never comes back.",
                "%(num)s posts declined. They never come back.",
                len(number),
            ),
            number,
        )
        return back
    found = review.accept(items, g.liaison.id)
    for why in list(found.refused.values())[:5]:
        refused(said(why))
    if found.stories:
        approved = sum(story.status == "approved" for story in found.stories.values())
        words = (
            ngettext("%(num)s post is an approved story now.", "%(num)s posts are approved stories now.", approved)
            if approved
            else ngettext(
                "%(num)s post is a draft now and waits for another’s yes.",
                "%(num)s posts are drafts now and wait for another’s yes.",
                len(found.stories),
            )
        )
        _say(words, set(found.stories))
    return back


@room.post("/review/undo")
def review_undo() -> Response:
    """Let what was decided wait again."""
    ids = wholes(request.form.get("items", "").split(","))
    try:
        review.undo(review.find(ids))
        done(_("Undone."))
    except Invalid as refusal:
        refused(" ".join(said_all(refusal.errors).values()))
    return redirect(safe_next(request.form.get("back") or url_for("console.review")))


@room.get("/review/<int:item_id>")
def review_edit(item_id: int) -> Response | str:
    """Show the editor filled in with what the feed proposed; saving it accepts it."""
    item = db.get_or_404(FeedItem, item_id)
    if item.state != Decided.WAITING:
        return redirect(
            url_for("console.story", story_id=item.story_id) if item.story_id else url_for("console.review")
        )
    return page(None, review.fields_of(item), {}, item=item.id)


def _say(words: str, ids: set[int]) -> None:
    fields = [("items", ",".join(map(str, sorted(ids))))]
    if request.form.get("back"):
        fields.append(("back", request.form["back"]))
    done(words, undo={"action": url_for("console.review_undo"), "fields": fields})
