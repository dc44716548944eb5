"""Answer. In: what became of a suggestion, and the liaison's words. Out: the one mail that tells her."""

from __future__ import annotations

from datetime import datetime

from emails import message, render
from emails.values import Message, Programme, Recipient, SuggestionAnswer


def compose(programme: Programme, to: Recipient, told: SuggestionAnswer, message_id: str, date: datetime) -> Message:
    """Return the mail; she wrote first, so it has no one-click unsubscribe. Raises as `message.letter`."""
    words, name = render.words(to.language), render.called(to.name)
    liaison = {"liaison": render.line(programme.liaison_name)}
    if told.outcome == "accepted":
        subject = words.gettext("Your suggestion was taken")
        if name:
            sentence = words.gettext("Thank you, %(name)s: your suggestion becomes a story.") % {"name": name}
        else:
            sentence = words.gettext("Thank you: your suggestion becomes a story.")
    elif told.url:
        subject = words.gettext("%(liaison)s answers your suggestion") % liaison
        if name:
            sentence = words.gettext("Thank you for your suggestion, %(name)s.") % {"name": name}
        else:
            sentence = words.gettext("Thank you for your suggestion.")
    else:
        subject = words.gettext("%(liaison)s answers your mail") % liaison
        sentence = words.gettext("Thank you for writing, %(name)s.") % {"name": name} if name else subject
    said = [render.line(each) for each in told.words.split("\n") if each.strip()]
    points = ""
    if told.points:
        form = words.ngettext("It brings you %(num)s point.", "It brings you %(num)s points.", told.points)
        points = form % {"num": render.counter(to.language)(told.points)}
    values = {
        "sentence": sentence,
        "preheader": said[0] if said else render.line(told.title or told.url),
        "said": bool(said),
        "paragraph": [{"words": each} for each in said],
        "suggested": bool(told.url),
        "url": render.line(told.url),
        "titled": bool(told.title),
        "title": render.line(told.title),
        "thanked": bool(points),
        "points": points,
        "taken": told.outcome == "accepted",
    }
    return message.letter("answer", programme, to, subject, values, message_id, date)
