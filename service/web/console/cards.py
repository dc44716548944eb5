"""Cards. In: a story, saved or as typed. Out: its card as the mail has it, made of the mail's own pieces."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from emails import card as mail_card
from emails import pieces, render, values
from emails.networks import NETWORKS
from service import house_colours, programmes, settings
from service.database import db
from service.models import Story, Topic
from service.validation import whole
from service.web.console.room import programme, room
from service.web.console.story import picture_of_form, typed, values_of

BUTTONS = ("linkedin", "x", "whatsapp")
"""Three common networks stand for the reader's own first three."""

FRAMED = "sandbox allow-same-origin; default-src 'none'; style-src 'unsafe-inline'; img-src {images} data:; {rest}"
REST = "form-action 'none'; base-uri 'self'; frame-ancestors 'self'"


def framed(html: str) -> Response:
    """Return a mail's HTML to stand in a sandboxed frame: no script, no form, pictures from our own host only."""
    answer = Response(html, mimetype="text/html")
    images = f"'self' {settings().base_url}"
    answer.headers["Content-Security-Policy"] = FRAMED.format(images=images, rest=REST)
    return answer


@room.get("/stories/<int:story_id>/card")
def card(story_id: int) -> Response:
    """Show the card of a saved story."""
    return framed(document(values_of(db.get_or_404(Story, story_id)), story_id))


@room.post("/stories/card")
def card_of_form() -> Response:
    """Show the card of what is typed in the editor; nothing is saved."""
    form = typed(request.form)
    known = whole(request.form.get("story_id"))
    saved = db.session.get(Story, known) if known else None
    form["picture_hash"] = picture_of_form(saved)
    return framed(document(form, saved.id if saved else 0))


def document(story: dict[str, Any], story_id: int) -> str:
    """Return a page that holds one card: the digest's own head and the card's piece, filled like in a mail."""
    language = str(story["language"] or "en")
    mine = programme()
    tree = render.page("digest", render.known(language), house_colours.of(mine))
    topic = db.session.get(Topic, story["topics"][0]) if story["topics"] else None
    base = settings().base_url
    told = values.Story(
        id=story_id,
        title=str(story["title"] or ""),
        summary=str(story["summary"] or ""),
        language=language,
        topic={"": topic.name, **topic.names} if topic else {},
        picture=f"/pictures/{story['picture_hash']}.jpg" if story["picture_hash"] else None,
        alt=str(story["picture_alt"] or ""),
        internal=bool(story.get("internal")),
    )
    networks = [
        NETWORKS[slug]
        for slug in (*([mine.fallback_network] if mine else []), *BUTTONS)
        if slug in programmes.networks()
    ]
    buttons = [
        {"slug": n.slug, "sign": n.sign, "label": n.label, "share_on": n.label} for n in dict.fromkeys(networks)
    ][: mail_card.BUTTONS]
    filled = mail_card.card(told, language)
    filled.update(base=base, share="", button=buttons)
    body = pieces.flat(pieces.fill(pieces.section(tree, "card"), filled, render.escape))
    head = "".join(node for node in tree if isinstance(node, str)).partition("</head>")[0]
    # A card is rows of the mail's one column. Links under preview lead nowhere: the frame opens no window.
    column = f'<table role="presentation" width="100%" cellpadding="0" cellspacing="0"><tbody>{body}</tbody></table>'
    paper = render.TOKENS["paper"]
    return (
        f'{head}<base target="_blank"></head><body style="margin:0;background:{paper}" class="p">'
        f'<div class="p" style="padding:24px 24px 0;background:{paper};font-family:{render.FONT}">{column}</div>'
        "</body></html>"
    )
