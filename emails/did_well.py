"""Did well. In: shares that found readers. Out: the mail that tells their sharer how many, and names no reader."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from emails import message, render
from emails.networks import NETWORKS
from emails.news import Found
from emails.values import Message, Programme, Recipient


def compose(programme: Programme, to: Recipient, shares: Sequence[Found], message_id: str, date: datetime) -> Message:
    """Return the mail about these shares, at least one, the most read first. Raises as `message.letter`."""
    words, number = render.words(to.language), render.counter(to.language)
    best = max(shares, key=lambda share: share.readers)
    name = render.called(to.name)
    thanks = words.gettext("Thank you, %(name)s.") % {"name": name} if name else words.gettext("Thank you.")
    form = words.ngettext("%(num)s person read what you shared.", "%(num)s people read what you shared.", best.readers)
    subject = form % {"num": number(best.readers)}
    values = {
        "preheader": render.line(best.title),
        "sentence": subject,
        "thanks": thanks,
        "share": [
            {
                "title": render.line(share.title),
                "title_language": render.known(share.language),
                "told": told(share, to.language),
            }
            for share in sorted(shares, key=lambda share: -share.readers)
        ],
    }
    unsubscribe = f"{programme.base_url}/u/{to.passes.unsubscribe}/shares"
    return message.letter("did_well", programme, to, subject, values, message_id, date, unsubscribe=unsubscribe)


def told(share: Found, language: str) -> str:
    """Return `12 readers on LinkedIn` in the reader's language."""
    words, number = render.words(language), render.counter(language)
    known = {"num": number(share.readers)}
    network = NETWORKS.get(share.network)
    if network is None or share.network in ("email", "copy"):
        return words.ngettext("%(num)s reader", "%(num)s readers", share.readers) % known
    form = words.ngettext("%(num)s reader on %(network)s", "%(num)s readers on %(network)s", share.readers)
    return form % {**known, "network": network.label}
