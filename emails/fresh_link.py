"""Fresh link. In: a person whose link to her page had ended. Out: the mail that brings her a new one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from emails import message, render
from emails.values import Message, Programme, Recipient


def compose(
    programme: Programme, to: Recipient, days: int, message_id: str, date: datetime, reset: bool = False
) -> Message:
    """Return the mail with a link to her page that opens for so many days; it has no one-click unsubscribe.

    She asked for it, or (`reset`) all earlier links were ended on purpose. Raises as `message.letter`.
    """
    words = render.words(to.language)
    name = render.called(to.name)
    if name:
        sentence = words.gettext("%(name)s, here is your page again.") % {"name": name}
    else:
        sentence = words.gettext("Here is your page again.")
    form = words.ngettext("It opens for %(num)s day.", "It opens for %(num)s days.", days)
    values: dict[str, Any] = {"sentence": sentence, "preheader": form % {"num": render.counter(to.language)(days)}}
    subject = words.gettext("Your fresh link to %(programme)s") % {"programme": render.line(programme.name)}
    values |= {"lasts": values["preheader"], "reset": reset, "asked": not reset}
    return message.letter("fresh_link", programme, to, subject, values, message_id, date)
