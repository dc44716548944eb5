"""One story. In: the editor's form. Out: the story saved with its share texts, or its refusals beside the fields."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import g, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from emails.networks import NETWORKS
from service import campaigns, duplicates, programmes, share_texts, stories, topics
from service.database import db
from service.models import Picture, Story, Team
from service.share_texts import Wanted
from service.sources import review
from service.validation import Invalid, whole, wholes
from service.web.console import networks
from service.web.console import texts as share_text_fields
from service.web.console.room import done, programme, room
from service.web.console.stories import change, languages
from service.web.console.words import kinds, language_name, moment_of, said_all
from service.web.language import gettext as _
from service.web.reader import network_label

PLAIN = ("kind", "title", "summary", "url", "language", "picture_alt", "source", "canonical_key", "rest_weeks")


@room.get("/stories/new")
def story_new() -> str:
    """Show an empty editor."""
    return page(None, {**stories.DEFAULTS, "language": languages()[0]}, {})


@room.get("/stories/<int:story_id>")
def story(story_id: int) -> str:
    """Show the editor: left the fields, right the card as in the mail and the words as each network gets them."""
    found = db.get_or_404(Story, story_id)
    return page(found, values_of(found), {})


@room.post("/stories/new")
def story_create() -> Response | tuple[str, int]:
    """Create a draft."""
    return save(None)


@room.post("/stories/<int:story_id>")
def story_save(story_id: int) -> Response | tuple[str, int]:
    """Save the story and its share texts; what was typed stays where something cannot stand."""
    return save(db.get_or_404(Story, story_id))


def save(found: Story | None) -> Response | tuple[str, int]:
    """Create or change a story from the form, its texts after it, and approve it where that button was pressed."""
    form, texts = typed(request.form), share_text_fields.typed(request.form)
    if act := request.form.get("texts"):
        # A text was moved, added or removed by a page without a script: nothing is saved yet.
        form["picture_hash"] = picture_of_form(found)
        return page(found, form, {}, share_text_fields.rearranged(texts, act)), 200
    try:
        form["picture_hash"] = _picture(found)
        if found is None and (twins := unseen_twins(form)):
            return page(None, form, {}, texts, twins=twins), 409
        fields = {name: form[name] for name in stories.FIELDS}
        proposed = review.find([whole(request.form.get("item")) or 0]) if found is None else []
        found = stories.edit(found, by=g.liaison.id, **fields) if found else stories.create(by=g.liaison.id, **fields)
        review.made(proposed, found)
    except Invalid as refusal:
        return page(found, form, said_all(refusal.errors), texts), 422
    try:
        share_texts.write(found, texts, g.liaison.id)
    except Invalid as refusal:
        wrong = {int(number): words for number, words in said_all(refusal.errors).items()}
        return page(found, form, {}, texts, wrong), 422
    if request.form.get("then") == "approve":
        try:
            change("approve", [found])
        except Invalid as refusal:
            return page(found, form, said_all(refusal.errors), texts), 422
    else:
        done(_("Saved."))
    return redirect(url_for("console.story", story_id=found.id))


def page(
    found: Story | None,
    values: dict[str, Any],
    errors: dict[str, str],
    texts: list[Wanted] | None = None,
    wrong: dict[int, str] | None = None,
    read: dict[str, Any] | None = None,
    twins: list[duplicates.Twin] | None = None,
    item: int | None = None,
) -> str:
    """Return the editor with these values, refusals and share texts.

    `wrong`: why texts are refused, by number. `read`: what a page gave. `twins`: stories that are perhaps the same.
    `item`: the proposal of a feed that this will be.
    """
    item = item or (whole(request.form.get("item")) if found is None else None)
    if twins is None and found is None and values.get("title"):
        twins = twins_of(values)
    if texts is None:
        texts = [Wanted(t.network, t.language, t.text, t.id) for t in found.texts] if found else []
    mine = programme()
    groups = share_text_fields.groups(found, texts, mine.languages if mine else ["en"], wrong or {})
    for group in groups:
        for place, row in enumerate(group["rows"]):
            if row["error"]:
                errors[f"text-{group['key']}-{place}"] = row["error"]
    offered = {*programmes.networks(), *(text.network for text in texts)}
    return render_template(
        "console/story.html",
        noun="console.stories",
        story=found,
        v=values,
        errors=errors,
        groups=groups,
        hashtags=found.campaign.hashtags if found and found.campaign else [],
        shares=networks.shown(values, texts),
        networks=[(slug, network_label(slug)) for slug in NETWORKS if slug in offered],
        topics=topics.offered(found.topics if found else ()),
        teams=list(db.session.scalars(sa.select(Team).order_by(Team.name))),
        campaigns=campaigns.all_campaigns(),
        languages=[(code, language_name(code)) for code in languages()],
        kinds=list(kinds().items()),
        read=read,
        item=item,
        second=bool(mine and mine.second_approval),
        waits=found is not None and stories.waits_for_another(found, g.liaison.id),
        twins=twins or [],
    )


def twins_of(form: dict[str, Any]) -> list[duplicates.Twin]:
    """Return the stories that are perhaps the same as the one in the form."""
    return duplicates.of(str(form["url"]), str(form["title"]), form.get("canonical_key"))


def unseen_twins(form: dict[str, Any]) -> list[duplicates.Twin]:
    """Return them where the form does not say that they were looked at: nothing is saved then."""
    seen = set(request.form.get("twins", "").split(","))
    twins = twins_of(form)
    return [] if {str(twin.story.id) for twin in twins} <= seen else twins


def values_of(found: Story) -> dict[str, Any]:
    """Return the editor's values of a saved story."""
    values = {name: getattr(found, name) for name in stories.FIELDS}
    return {**values, "topics": stories.ordered_topics(found)}


def typed(form: MultiDict[str, str]) -> dict[str, Any]:
    """Return the values that the editor's form says, as stories.FIELDS names them."""
    chosen = wholes(form.getlist("topics"))
    if lead := whole(form.get("lead_topic")):
        chosen = [lead] + [i for i in chosen if i != lead]
    return {
        **{name: form.get(name, "") for name in PLAIN},
        "topics": chosen,
        "audience": wholes(form.getlist("audience")),
        "campaign_id": whole(form.get("campaign_id")),
        "publish_from": moment_of(form.get("publish_from", "")),
        "publish_until": moment_of(form.get("publish_until", "")),
        "evergreen": bool(form.get("evergreen")),
        "internal": bool(form.get("internal")),
        "picture_hash": None,
    }


def picture_of_form(story: Story | None) -> str | None:
    """Return the picture that the editor shows: one that was found on a page, else the story's."""
    found = request.form.get("found_picture", "")
    if request.form.get("no_picture"):
        return None
    if found and db.session.get(Picture, found) is not None:
        return found
    return story.picture_hash if story else None


def _picture(found: Story | None) -> str | None:
    """Return the hash of the picture: a new one if a file came, none if it was taken away, else the one it has."""
    upload = request.files.get("picture")
    if upload and upload.filename:
        from service import pictures

        return pictures.store(upload.read())
    return picture_of_form(found)
