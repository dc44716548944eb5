"""Report. In: a month's figures. Out: the mail for management, charts as bars of table cells that need no picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from babel import dates, numbers

from emails import message, render
from emails.networks import NETWORKS
from emails.values import Message, Programme, Recipient


@dataclass(frozen=True, slots=True)
class Month:
    """What a month brought. Counts of the month before are None where there is none to compare with."""

    month: str
    """Like 2026-10."""
    people: int
    people_before: int | None
    members: int
    ever: int
    shares: int
    shares_before: int | None
    confirmed: int
    reach: int
    human: int
    human_before: int | None
    others: int
    """Visits that are left out."""
    conversions: int
    worth: Sequence[tuple[str, int]] = ()
    """Value of the conversions: (currency, hundredths)."""
    media_value: tuple[str, int] | None = None
    """Earned media value: (currency, hundredths); None where no rate is set."""
    weeks: Sequence[tuple[str, int]] = ()
    """(first day as ISO date, people who shared)."""
    networks: Sequence[tuple[str, int]] = ()
    """(slug, shares), most first."""
    stories: Sequence[tuple[str, int, int]] = ()
    """(title, shares, readers), most shared first."""

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> Month:
        """Return the month that was frozen as JSON."""
        many = {name: tuple(tuple(row) for row in facts[name]) for name in ("worth", "weeks", "networks", "stories")}
        value = facts["media_value"]
        return cls(**{**facts, **many, "media_value": tuple(value) if value else None})


def compose(programme: Programme, to: Recipient, month: Month, message_id: str, date: datetime) -> Message:
    """Return the report of this month. Raises as `message.letter`."""
    words, number = render.words(to.language), render.counter(to.language)
    name = month_name(month.month, to.language)
    subject = words.gettext("%(programme)s in %(month)s") % {"programme": render.line(programme.name), "month": name}
    part = (
        numbers.format_percent(min(1.0, month.people / month.members), locale=render.known(to.language))
        if month.members
        else "–"
    )
    form = words.ngettext(
        "%(num)s colleague took part, %(part)s of the programme.",
        "%(num)s colleagues took part, %(part)s of the programme.",
        month.people,
    )
    sentence = form % {"num": number(month.people), "part": part}
    before = _compared(month.people, month.people_before, to.language)
    values = {
        "preheader": sentence,
        "title": subject,
        "sentence": sentence,
        "before": before and f"{before}.",
        "figure": [{"what": what, "much": much} for what, much in _figures(month, to.language)],
        "has_weeks": bool(month.weeks),
        "week": _bars([(_day(first, to.language), n) for first, n in month.weeks], to.language),
        "has_networks": bool(month.networks),
        "network": _bars([(_network(slug, to.language), n) for slug, n in month.networks], to.language),
        "has_stories": bool(month.stories),
        "story": [
            {"story_title": render.line(title), "told": _read(shares, readers, to.language)}
            for title, shares, readers in month.stories
        ],
        "month": month.month,
    }
    return message.letter("report", programme, to, subject, values, message_id, date)


def month_name(month: str, language: str) -> str:
    """Return a month like 2026-10 in words."""
    return str(dates.format_skeleton("yMMMM", date.fromisoformat(f"{month}-01"), locale=render.known(language)))


def _figures(month: Month, language: str) -> list[tuple[str, str]]:
    """Return the figures below the sentence, each with what it means and how it was a month before."""
    words, number = render.words(language), render.counter(language)

    def with_before(now: int, before: int | None) -> str:
        more = _compared(now, before, language)
        return f"{number(now)} ({more})" if more else number(now)

    found = [
        (words.gettext("Shares"), with_before(month.shares, month.shares_before)),
        (words.gettext("Confirmed by a reader"), number(month.confirmed)),
        (words.gettext("Visits by people"), with_before(month.human, month.human_before)),
        (words.gettext("Visits left out: machines and doubtful ones"), number(month.others)),
        (words.gettext("People who may have seen a post"), number(month.reach)),
        (words.gettext("Colleagues who have ever shared"), number(month.ever)),
        (words.gettext("Leads, applications and sales"), number(month.conversions)),
    ]
    if month.worth:
        found.append((words.gettext("Their value"), ", ".join(_money(n, c, language) for c, n in month.worth)))
    if month.media_value:
        currency, hundredths = month.media_value
        found.append((words.gettext("What it would have cost as advertising"), _money(hundredths, currency, language)))
    return found


def _compared(now: int, before: int | None, language: str) -> str:
    if before is None:
        return ""
    words, number = render.words(language), render.counter(language)
    return str(words.gettext("%(num)s in the month before") % {"num": number(before)})


def _bars(rows: Sequence[tuple[str, int]], language: str) -> list[dict[str, object]]:
    number = render.counter(language)
    most = max((n for _, n in rows), default=0) or 1
    return [
        {
            "words": words,
            "much": number(n),
            "wide": str(max(1, round(100 * n / most))),
            "signs": "█" * round(20 * n / most),
        }
        for words, n in rows
    ]


def _read(shares: int, readers: int, language: str) -> str:
    words, number = render.words(language), render.counter(language)
    one = words.ngettext("%(num)s share", "%(num)s shares", shares) % {"num": number(shares)}
    other = words.ngettext("%(num)s reader", "%(num)s readers", readers) % {"num": number(readers)}
    return f"{one}, {other}"


def _network(slug: str, language: str) -> str:
    words = render.words(language)
    return {"email": words.gettext("E-mail"), "copy": words.gettext("Copied link")}.get(slug) or (
        NETWORKS[slug].label if slug in NETWORKS else slug
    )


def _day(first: str, language: str) -> str:
    return str(dates.format_skeleton("MMMd", date.fromisoformat(first), locale=render.known(language)))


def _money(hundredths: int, currency: str, language: str) -> str:
    return str(numbers.format_currency(Decimal(hundredths) / 100, currency, locale=render.known(language)))
