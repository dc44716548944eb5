"""Winner. In: a prize offered to a person. Out: the mail that says so, with the link and the deadline to claim it."""

from __future__ import annotations

from datetime import datetime

from emails import message, render
from emails.values import Message, Programme, Recipient, WonPrize


def compose(programme: Programme, to: Recipient, facts: WonPrize, message_id: str, date: datetime) -> Message:
    """Return the winner's mail; a prize that was passed on says so. It is a class of its own: no one-click
    unsubscribe stops it. Raises as `message.letter`.
    """
    words = render.words(to.language)
    known = {"prize": render.line(facts.prize), "draw": render.line(facts.title)}
    name = render.called(to.name)
    if facts.passed_on:
        sentence = words.gettext("The prize was passed on, and it is yours: %(prize)s.") % known
    elif name:
        sentence = words.gettext("%(name)s, you won: %(prize)s.") % {**known, "name": name}
    else:
        sentence = words.gettext("You won: %(prize)s.") % known
    deadline = render.moment(facts.deadline, programme.zone, to.language)
    values = {
        "preheader": words.gettext("Claim it by %(deadline)s.") % {"deadline": deadline},
        "sentence": sentence,
        "prize": known["prize"],
        "draw_title": known["draw"],
        "draw": facts.draw,
        "rank": render.counter(to.language)(facts.rank),
        "passed_on": facts.passed_on,
        "first_offer": not facts.passed_on,
        "deadline": deadline,
        "page": facts.page,
    }
    subject = words.gettext("You won: %(prize)s") % known
    return message.letter("winner", programme, to, subject, values, message_id, date)
