"""Your month. In: what somebody's shares brought in a month. Out: the mail with its picture and the same in words."""

from __future__ import annotations

import datetime as calendar
from datetime import datetime

from babel import dates

from emails import did_well, message, render
from emails.news import MyMonth
from emails.values import Message, Programme, Recipient


def compose(programme: Programme, to: Recipient, facts: MyMonth, message_id: str, date: datetime) -> Message:
    """Return the mail; the picture's alternative text says its figures. Raises as `message.letter`."""
    words, number = render.words(to.language), render.counter(to.language)
    month = called(facts.month, to.language)
    readers = words.ngettext(
        "Your shares found %(num)s reader.", "Your shares found %(num)s readers.", facts.readers
    ) % {"num": number(facts.readers)}
    shares = words.ngettext(
        "%(num)s flower, one for each share that was read", "%(num)s flowers, one for each share that was read",
        facts.shares,
    ) % {"num": number(facts.shares)}  # fmt: skip
    seeds = words.ngettext("%(num)s seed, one for each reader", "%(num)s seeds, one for each reader", facts.readers) % {
        "num": number(facts.readers)
    }
    figures = [
        (facts.readers, words.ngettext("reader", "readers", facts.readers)),
        (facts.shares, words.ngettext("share that was read", "shares that were read", facts.shares)),
        (facts.weeks, words.ngettext("active week", "active weeks", facts.weeks)),
        (facts.points, words.ngettext("point", "points", facts.points)),
    ]
    name = render.called(to.name)
    best = facts.best
    values = {
        "preheader": readers,
        "corner": month,
        "sentence": words.gettext("%(name)s, your month") % {"name": name} if name else words.gettext("Your month"),
        "readers": readers,
        "picture": facts.picture,
        "alt": words.gettext("A picture of your month: %(shares)s, and %(seeds)s.")
        % {"shares": shares, "seeds": seeds},
        "figure": [{"number": number(n), "unit": unit} for n, unit in figures if n > 0],
        "best": bool(best),
        "best_title": render.line(best.title) if best else "",
        "best_language": render.known(best.language) if best else "",
        "best_told": did_well.told(best, to.language) if best else "",
    }
    subject = words.gettext("Your month: %(month)s") % {"month": month}
    unsubscribe = f"{programme.base_url}/u/{to.passes.unsubscribe}/month"
    return message.letter("your_month", programme, to, subject, values, message_id, date, unsubscribe=unsubscribe)


def called(month: str, language: str) -> str:
    """Return `October 2026` in the reader's language."""
    first = calendar.date.fromisoformat(f"{month}-01")
    return str(dates.format_skeleton("yMMMM", first, locale=render.known(language)))
