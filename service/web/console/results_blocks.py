"""Blocks of results. In: figures. Out: a question, its answer in a sentence, a chart, and the figures as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from babel import dates, numbers
from markupsafe import Markup

from emails.networks import NETWORKS
from service.results import beside, reading, scopes, svg
from service.results.scopes import FEWEST, Figures, Scope
from service.web.language import current, show_date, show_number
from service.web.language import gettext as _
from service.words_of_results import TERMS

NOTHING = Markup()


@dataclass
class Block:
    """One question and its answer. Rows hold raw numbers: the page writes them in its language, CSV as they are."""

    key: str
    question: str
    answer: str
    head: Sequence[str] = ()
    rows: Sequence[Sequence[Any]] = ()
    chart: Markup = NOTHING
    means: Sequence[tuple[str, str]] = field(default_factory=tuple)
    """Terms and their definitions."""
    empty: bool = False


def network_name(slug: str) -> str:
    """Return a network's own name."""
    if slug == "poster":
        return _("Posters")
    return {"email": _("E-mail"), "copy": _("Copied link")}.get(slug) or (
        NETWORKS[slug].label if slug in NETWORKS else slug
    )


def percent(part: float | None) -> str:
    """Return a part of one as a whole percentage, written as the page's language does: 92%, 92 %."""
    return "–" if part is None else str(numbers.format_percent(part, locale=current()))


def week_name(key: str) -> str:
    """Return the day on which a week begins, short."""
    monday = date.fromisocalendar(int(key[:4]), int(key[6:]), 1)
    return str(dates.format_skeleton("MMMd", monday, locale=current()))


def period_name(scope: Scope) -> str:
    """Return a period in words: November 2026, or its days."""
    period = scope.period
    if period.kind == "all":
        return _("from the beginning until today")
    if period.kind == "month":
        return str(dates.format_skeleton("yMMMM", period.begins, locale=current()))
    if period.kind == "quarter":
        return str(dates.format_skeleton("yQQQQ", period.begins, locale=current()))
    if period.kind == "year":
        return f"{period.begins:%Y}"
    return _("%(first)s to %(last)s", first=show_date(period.begins), last=show_date(period.ends))


def compared(now: float, before: float | None) -> str:
    """Return a sentence that sets a figure beside the period before; empty where there is none.

    It stands right after the sentence that names the figure, and begins with the earlier one.
    """
    if before is None:
        return ""
    if not before:
        return _("In the period before there were none.") if now else ""
    change = (now - before) / before
    then = show_number(before)
    if not now:
        return _("In the period before there were %(then)s.", then=then)
    if abs(change) < 0.005:
        return _("In the period before there were as many.")
    if change > 0:
        return _(
            "In the period before there were %(then)s, so these are %(more)s more.", then=then, more=percent(change)
        )
    return _("In the period before there were %(then)s, so these are %(less)s fewer.", then=then, less=percent(-change))


class Part(float):
    """A part of one in a table: a page shows it as a percentage, CSV as the number it is."""


def before_of(scope: Scope, council: bool) -> Figures | None:
    """Return the figures of the period before; None where there is none, nothing happened, or it must not be told."""
    earlier = scope.before()
    if earlier is None or (council and not beside.told(earlier)):
        return None
    found = scopes.of(earlier)
    return found if found.opened or found.shares or found.human else None


def short(words: str, most: int = 64) -> str:
    """Return words that fit beside a bar; the table has them whole."""
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"


def month_name(month: str) -> str:
    """Return a month like 2026-11 in words."""
    return str(dates.format_skeleton("yMMM", date.fromisoformat(f"{month}-01"), locale=current()))


def said(*sentences: str) -> str:
    """Return the sentences that there are, one after the other."""
    return " ".join(sentence for sentence in sentences if sentence)


def bars(key: str, question: str, rows: Sequence[tuple[str, float]], figure: Any = show_number) -> Markup:
    """Return horizontal bars of one series, the first twelve."""
    shown = [(short(words), figure(value), (value,)) for words, value in rows[:12]]
    told = _("Horizontal bars, the longest first. The table below has the same figures.")
    return Markup(svg.bars(key, question, told, shown))  # noqa: S704  (svg escapes all words)


def stacked(key: str, question: str, series: Sequence[str], rows: Sequence[tuple[str, Sequence[float]]]) -> Markup:
    """Return horizontal bars whose parts are the series, with their legend."""
    shown = [(short(words), show_number(sum(parts)), tuple(parts)) for words, parts in rows[:12]]
    told = _("Horizontal bars whose parts are told apart by pattern. The table below has the same figures.")
    return Markup(svg.key(key, series) + svg.bars(key, question, told, shown))  # noqa: S704


def columns(key: str, question: str, points: Sequence[tuple[str, str, float]]) -> Markup:
    """Return columns side by side, the newest last."""
    told = _("Columns, the newest last. The table below has the same figures.")
    return Markup(svg.columns(key, question, told, points))  # noqa: S704


def withheld(count: int, council: bool) -> bool:
    """Tell whether figures of so many people must not be shown: in works-council mode, of one to four."""
    return council and 0 < count < FEWEST


def line_rows(lines: Sequence[reading.Line]) -> list[list[Any]]:
    """Return lines as rows of a table of shares."""
    return [[x.name, x.shares, x.confirmed + x.engaged, x.own_words, x.readers] for x in lines]


def share_head(first: str) -> list[str]:
    """Return the head of a table of shares."""
    return [first, _("Shares"), _("Confirmed"), _("In own words"), _("Readers")]


def defined(*keys: str) -> list[tuple[str, str]]:
    """Return terms and their definitions, of service.words_of_results.TERMS."""
    return [(_(TERMS[key][0]), _(TERMS[key][1])) for key in keys]


def change(now: Figures, before: Figures | None, measure: str) -> str:
    """Return the comparison of one measure with the period before."""
    return compared(getattr(now, measure), getattr(before, measure) if before else None)
