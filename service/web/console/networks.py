"""Networks beside the editor. In: a story as typed. Out: what each network gets of it, its length, its hashtags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import render_template, request

from emails import hashtags, posts, suggestions
from emails.networks import NETWORKS, length
from emails.suggestions import Text
from service import programmes, words
from service.database import db
from service.models import Campaign
from service.share_texts import Wanted
from service.validation import whole
from service.web.console import texts
from service.web.console.room import room
from service.web.language import gettext as _
from service.web.reader import network_label


@room.post("/stories/networks")
def story_networks() -> str:
    """Show what each network gets of what is typed in the editor; nothing is saved."""
    form = request.form
    campaign = whole(form.get("campaign_id"))
    values = {"language": form.get("language") or "en", "title": form.get("title", ""), "campaign_id": campaign}
    return render_template("console/networks.html", v=values, shares=shown(values, texts.typed(form)))


def shown(values: dict[str, Any], wanted: Sequence[Wanted]) -> list[dict[str, Any]]:
    """Return for every network what it gets, hashtags added and cut to fit, with its length, limit and surprises.

    `values` are the editor's, `wanted` its share texts; without any it is the title. Nothing without either.
    """
    said = [
        Text(number, text.network, text.language, text.text.strip())
        for number, text in enumerate(wanted)
        if text.text.strip() and not words.refused(text.text)
    ]
    title, language = str(values.get("title") or "").strip(), str(values["language"])
    if not said and not title:
        return []
    campaign = db.session.get(Campaign, values["campaign_id"]) if values.get("campaign_id") else None
    with_it = words.ending_of(campaign, [language])
    rows = []
    for slug in programmes.networks():
        network = NETWORKS[slug]
        groups = suggestions.tiers(said, slug, [language, "en"])
        first = groups[0][0].text if groups else title
        post = posts.fitted(first, slug, with_it.hashtags, with_it.disclosure, texts.LINK)
        whole = posts.post(first, slug, with_it.hashtags, with_it.disclosure, texts.LINK)
        notes = [_("It is cut to fit.")] if post != whole else []
        notes += [note(code, tag) for code, tag in hashtags.findings(post, with_it.hashtags)]
        rows.append(
            {
                "slug": slug,
                "label": network_label(slug),
                "words": post,
                "length": length(post, slug),
                "limit": network.limit,
                "notes": notes,
            }
        )
    return rows


def note(code: str, tag: str) -> str:
    """Return a surprise of emails.hashtags in words."""
    return {
        "digits": _("%(tag)s is only figures: networks make no link of it.", tag=tag),
        "broken": _("%(tag)s ends at the sign: networks link only what stands before it.", tag=tag),
        "missing": _("There is no room for %(tag)s.", tag=tag),
        "many": _("%(count)s hashtags are many: networks hide posts with more than five.", count=tag),
    }[code]
