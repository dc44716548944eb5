"""Campaign. In: a campaign that begins or ends. Out: its kick-off mail, or the closing one with what it brought."""

from __future__ import annotations

import datetime as calendar
from datetime import datetime

from babel import dates

from emails import message, render, winners
from emails.news import Push
from emails.values import Message, Programme, Recipient


def kickoff(programme: Programme, to: Recipient, facts: Push, message_id: str, date: datetime) -> Message:
    """Return the mail of a campaign's first day. Raises as `message.letter`."""
    words = render.words(to.language)
    name = render.line(facts.name)
    times = {2: words.gettext("twice"), 3: words.gettext("three times")}.get(facts.multiplier)
    if facts.multiplier > 1 and times is None:
        times = words.gettext("%(num)s times") % {"num": render.counter(to.language)(facts.multiplier)}
    values = {
        **_common(facts, to.language),
        "sentence": name,
        "span": words.gettext("From %(first)s until %(last)s.")
        % {"first": _day(facts.starts, to.language), "last": _day(facts.ends, to.language)},
        "worth": words.gettext("Points for confirmed shares of its stories count %(times)s.") % {"times": times}
        if times
        else "",
        "prize": [{"prize": render.line(prize)} for prize in facts.prizes],
        "prizes": bool(facts.prizes),
        "story": [{"title": render.line(t), "title_language": render.known(code)} for t, code in facts.stories],
        "stories": bool(facts.stories),
    }
    subject = words.gettext("It begins: %(campaign)s") % {"campaign": name}
    return _letter("kickoff", programme, to, subject, values, message_id, date)


def closing(programme: Programme, to: Recipient, facts: Push, message_id: str, date: datetime) -> Message:
    """Return the mail of a campaign's last day: figures of all together, winners if there are any. Raises as
    `message.letter`.
    """
    words, number = render.words(to.language), render.counter(to.language)
    name = render.line(facts.name)
    counted = (
        (facts.shares, words.ngettext("share that was read", "shares that were read", facts.shares)),
        (facts.readers, words.ngettext("reader", "readers", facts.readers)),
        (facts.people, words.ngettext("colleague took part", "colleagues took part", facts.people)),
    )
    figures = [{"number": number(n), "unit": unit} for n, unit in counted if n > 0]
    values = {
        **_common(facts, to.language),
        "sentence": words.gettext("Thank you for “%(campaign)s”") % {"campaign": name},
        "brought": words.gettext("This is what we brought about together.") if figures else "",
        "figures": bool(figures),
        "figure": figures,
        "winners": bool(facts.winners),
        "winner": winners.rows(facts.winners, words),
        "to_come": bool(facts.draw and not facts.winners),
    }
    subject = words.gettext("What it brought: %(campaign)s") % {"campaign": name}
    return _letter("closing", programme, to, subject, values, message_id, date)


def _common(facts: Push, language: str) -> dict[str, object]:
    said = [render.line(part) for part in facts.words.split("\n\n") if part.strip()]
    return {
        "preheader": render.line(facts.goal) or render.line(facts.name),
        "goal": [{"goal_words": render.line(facts.goal)}] if facts.goal.strip() else [],
        "said": [{"paragraph": part} for part in said],
        "tags": [{"hashtags": " ".join(facts.hashtags)}] if facts.hashtags else [],
        "draw": bool(facts.draw),
        "draw_page": facts.draw,
    }


def _day(iso: str, language: str) -> str:
    locale = "en_GB" if render.known(language) == "en" else render.known(language)
    return str(dates.format_date(calendar.date.fromisoformat(iso), "full", locale=locale))


def _letter(
    name: str, programme: Programme, to: Recipient, subject: str, values: dict[str, object], number: str, date: datetime
) -> Message:
    unsubscribe = f"{programme.base_url}/u/{to.passes.unsubscribe}/campaign"
    return message.letter(name, programme, to, subject, values, number, date, unsubscribe=unsubscribe)
