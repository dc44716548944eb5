"""Invitation. In: a programme, a new employee and her first topics. Out: the first mail that she ever gets from it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from emails import message, render
from emails.values import Message, Programme, Recipient


def compose(programme: Programme, to: Recipient, topics: Sequence[str], message_id: str, date: datetime) -> Message:
    """Return the invitation: what will come, on which `topics` (names in her language), and how to say no.

    It belongs to the digests' class of mail: one click (RFC 8058) declines. Raises as `message.letter`.
    """
    words = render.words(to.language)
    subject = words.gettext("%(liaison)s invites you to %(programme)s") % {
        "liaison": render.line(programme.liaison_name),
        "programme": render.line(programme.name),
    }
    name = render.called(to.name)
    if name:
        sentence = words.gettext("%(name)s, would you like some good reads?") % {"name": name}
    else:
        sentence = words.gettext("Would you like some good reads?")
    values = {
        "sentence": sentence,
        "preheader": words.gettext("Good reads once a week, and one tap to share the ones you like. Only if you want."),
        "topics": bool(topics),
        "topic": [{"topic_name": render.line(topic)} for topic in topics],
    }
    unsubscribe = f"{programme.base_url}/u/{to.passes.unsubscribe}"
    return message.letter("invitation", programme, to, subject, values, message_id, date, unsubscribe=unsubscribe)
