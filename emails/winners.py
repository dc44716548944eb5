"""Winners. In: a draw that is over. Out: the mail that tells all who took part who won what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from babel.support import NullTranslations

from emails import message, render
from emails.news import Prize, Won
from emails.values import Message, Programme, Recipient


def compose(programme: Programme, to: Recipient, facts: Won, message_id: str, date: datetime) -> Message:
    """Return the mail with each prize and the display name of its winner. Raises as `message.letter`."""
    words, number = render.words(to.language), render.counter(to.language)
    title = render.line(facts.title)
    subject = words.gettext("Who won: %(draw)s") % {"draw": title}
    form = words.ngettext(
        "%(num)s person took part. Every ticket counted, yours too: thank you for what you shared.",
        "%(num)s people took part. Every ticket counted, yours too: thank you for what you shared.",
        facts.entrants,
    )
    values = {
        "preheader": ", ".join(render.line(prize.prize) for prize in facts.prizes),
        "draw_title": title,
        "sentence": words.gettext("Who won in %(draw)s") % {"draw": title},
        "took_part": form % {"num": number(facts.entrants)},
        "winner": rows(facts.prizes, words),
        "page": facts.page,
    }
    unsubscribe = f"{programme.base_url}/u/{to.passes.unsubscribe}/winners"
    return message.letter("winners", programme, to, subject, values, message_id, date, unsubscribe=unsubscribe)


def rows(prizes: tuple[Prize, ...], words: NullTranslations) -> list[dict[str, Any]]:
    """Return what the templates show of each prize and its winner; who is not named is a colleague."""
    return [
        {
            "prize": render.line(prize.prize),
            "who": words.gettext("You") if prize.her else render.line(prize.name) or nobody(prize.former, words),
        }
        for prize in prizes
    ]


def nobody(former: bool, words: NullTranslations) -> str:
    """Return what stands for a winner who is not named (a line of the reader's language)."""
    return words.gettext("A former colleague") if former else words.gettext("A colleague")
