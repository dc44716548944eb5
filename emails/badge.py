"""Badge. In: badges that somebody earned. Out: the mail that tells her, one for all of a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from emails import medals, message, month, render
from emails.values import EarnedBadge, Message, Programme, Recipient


def compose(
    programme: Programme, to: Recipient, badges: Sequence[EarnedBadge], message_id: str, date: datetime
) -> Message:
    """Return the mail that names each badge and its level; at least one. Raises as `message.letter`."""
    words, number = render.words(to.language), render.counter(to.language)
    names = [month.badge_name(b.badge, words) for b in badges]
    form = words.ngettext("You earned a badge.", "You earned %(num)s badges.", len(badges))
    earned = form % {"num": number(len(badges))}
    name = render.called(to.name)
    sentence = words.gettext("Thank you, %(name)s.") % {"name": name} if name else words.gettext("Thank you.")
    rows = []
    for badge, title in zip(badges, names, strict=True):
        level = ""
        if badge.levels > 1:
            level = words.gettext("Level %(level)s of %(levels)s") % {
                "level": number(badge.level),
                "levels": number(badge.levels),
            }
        kind = badge.kind if badge.kind in medals.KINDS else "shares"
        picture = f"{programme.base_url}/medals/{medals.name(kind, badge.level, 'png')}"
        rows.append({"badge_title": title, "level": [{"level_words": level}] if level else [], "picture": picture})
    if len(names) == 1:
        subject = words.gettext("A badge for you: %(badge)s") % {"badge": names[0]}
    else:
        subject = earned
    values = {"sentence": sentence, "preheader": ", ".join(names), "earned": earned, "badge": rows}
    unsubscribe = f"{programme.base_url}/u/{to.passes.unsubscribe}/recognition"
    return message.letter("badge", programme, to, subject, values, message_id, date, unsubscribe=unsubscribe)
