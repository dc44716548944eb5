"""Frozen. In: an entrant's tickets in a frozen pool. Out: the mail whose date of receipt proves the pool was fixed."""

from __future__ import annotations

from datetime import datetime

from emails import message, render
from emails.values import FrozenTickets, Message, Programme, Recipient


def compose(programme: Programme, to: Recipient, facts: FrozenTickets, message_id: str, date: datetime) -> Message:
    """Return the mail with salt, entrant, tickets, pool, source and due time (PROTOCOLS: draws, step 3).

    A notice about her own draw, not a digest: it has no one-click unsubscribe, its foot leads to leaving. Raises as
    `message.letter`.
    """
    words = render.words(to.language)
    number = render.counter(to.language)
    count = {"num": number(facts.tickets), "draw": render.line(facts.title)}
    subject = words.ngettext(
        "Your %(num)s ticket is in the draw: %(draw)s", "Your %(num)s tickets are in the draw: %(draw)s", facts.tickets
    )
    sentence = words.ngettext(
        "You hold %(num)s ticket in “%(draw)s”.", "You hold %(num)s tickets in “%(draw)s”.", facts.tickets
    )
    pool = words.ngettext("of %(num)s ticket in all", "of %(num)s tickets in all", facts.total)
    values = {
        "preheader": words.gettext("The list of tickets is fixed now. Keep this mail: it is your proof."),
        "sentence": sentence % count,
        "draw_title": render.line(facts.title),
        "draw": facts.draw,
        "entrant": facts.entrant,
        "salt": facts.salt,
        "tickets": number(facts.tickets),
        "of_total": pool % {"num": number(facts.total)},
        "pool": facts.pool,
        "source": facts.source,
        "source_text": render.line(facts.source_text),
        "due": render.moment(facts.due, programme.zone, to.language),
        "page": facts.page,
    }
    return message.letter("frozen", programme, to, subject % count, values, message_id, date)
