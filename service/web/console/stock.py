"""Stock in the console. In: what is in store. Out: the mix of the coming edition, dry topics, the evergreen list."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import redirect, render_template, url_for
from werkzeug.wrappers import Response

from emails import slots
from scoring import mix
from service import clock, stock, story_weeks, topics
from service.database import db
from service.models import Edition, Story
from service.models.content import StoryStatus
from service.web.console.lists import Filter, listing
from service.web.console.room import done, programme, room
from service.web.console.words import kinds, story_states
from service.web.language import gettext as _
from service.web.language import ngettext


def facts(edition: Edition) -> dict[str, Any]:
    """Return what This week says of the stories in store; `edition` is the one that matters now."""
    week = stock.coming(edition)
    counts = stock.mix(week)
    tenths = mix.tenths(counts)
    now = clock.now()
    supplies = stock.supplies()
    ending = sa.select(sa.func.count()).where(story_weeks.ending(now))
    return {
        "week": week,
        "stories": sum(counts.values()),
        "size": programme().digest_size,  # type: ignore[union-attr]
        "mix": "-".join(map(str, tenths)),
        "parts": [
            {
                "kind": kind,
                "words": kinds()[kind],
                "tenths": n,
                "wanted": mix.RULE[kind],
                "stories": counts.get(kind, 0),
            }
            for kind, n in zip(mix.RULE, tenths, strict=True)
        ],
        "short": mix.short(counts),
        "topics": supplies,
        "drying": [each for each in supplies if stock.runs_dry(each)],
        "dry": stock.runs_dry,
        "horizon": stock.HORIZON,
        "measured": stock.measured_at(),
        "ending": db.session.scalar(ending) or 0,
    }


@room.post("/stock/renew")
def stock_renew() -> Response:
    """Work out anew for how long the stories last."""
    stock.look()
    done(_("Worked out anew."))
    return redirect(url_for("console.week", _anchor="stock"))


@room.get("/library")
def library() -> str:
    """Show the evergreen stories: when each was used last, whether it rests, and what they fill this week."""
    if programme() is None:
        return render_template("console/beginning.html", noun="console.week")
    week = stock.measured_for()
    found = listing(
        sa.select(Story).where(Story.evergreen),
        endpoint="console.library",
        sorts={"title": sa.func.lower(Story.title), "status": Story.status, "rest": Story.rest_weeks},
        default="title",
        search=(Story.title, Story.summary, Story.url),
        filters=(Filter("status", _("Status"), story_states(), lambda v: Story.status == v, chips=True),),
    )
    uses = stock.uses([story.id for story in found.rows])
    fresh = sum(stock.mix(week).values())
    ready = sa.select(sa.func.count()).where(Story.evergreen, Story.status == StoryStatus.APPROVED)
    return render_template(
        "console/library.html",
        noun="console.library",
        listing=found,
        uses=uses,
        state=lambda story: state(story, uses.get(story.id), week),
        topic_names={t.id: t.name for t in topics.all_topics()},
        week=week,
        fresh=fresh,
        size=programme().digest_size,  # type: ignore[union-attr]
        ready=db.session.scalar(ready) or 0,
    )


def state(story: Story, use: Any, week: str) -> tuple[str, str]:
    """Return (class, words) of whether an evergreen story may fill the coming edition."""
    if story.status != StoryStatus.APPROVED:
        return ("wait" if story.status == StoryStatus.DRAFT else ""), story_states()[story.status]
    if use and story.rest_weeks and (until := slots.shifted(use[0], story.rest_weeks)) >= week:
        weeks = (slots.monday(until) - slots.monday(week)).days // 7 + 1
        return "", ngettext("Rests for %(num)s more edition", "Rests for %(num)s more editions", weeks)
    return "good", _("Ready")
