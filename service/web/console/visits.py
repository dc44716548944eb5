"""Visits. In: a story. Out: how many people, doubtful visitors and machines followed its links, and why we think so."""

from __future__ import annotations

from flask import render_template, url_for

from service import visit_counts
from service.arrivals import status
from service.database import db
from service.models import Story
from service.web.console.room import room
from service.web.language import gettext as _
from service.web.language import ngettext
from service.words_of_visits import KINDS, REASONS, aside


@room.app_template_filter("verdict_words")
def _verdict_words(verdict: str) -> str:
    return _(KINDS[verdict])


@room.app_template_filter("reason_words")
def _reason_words(code: str) -> str:
    return _(REASONS.get(code) or aside(code))


@room.get("/stories/<int:story_id>/visits")
def story_visits(story_id: int) -> str:
    """Show the verdicts on a story's visits and openings, counted by reason."""
    story = db.get_or_404(Story, story_id)
    return render_template(
        "console/visits.html",
        noun="console.stories",
        story=story,
        visits=visit_counts.counts("visit", story.id),
        opened=visit_counts.counts("opened", story.id),
    )


def need() -> tuple[str, str, str] | None:
    """Return what *This week* says of visits that were lost: sentence, act, address; None where none was."""
    count = status.lost()
    if not count:
        return None
    sentence = ngettext(
        "%(num)s visit of the last 30 days was led on but could not be written down: the database was away too long.",
        "%(num)s visits of the last 30 days were led on but could not be written down: the database was away too long.",
        count,
    )
    return sentence, _("See the visits"), url_for("console.results_reach_page")
