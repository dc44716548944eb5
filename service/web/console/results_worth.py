"""Results: worth. In: a scope. Out: conversions, earned media value and the company's own audience, as blocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from babel import numbers

from service import conversions
from service.results import reading, reckoning
from service.results.scopes import Figures, Scope
from service.web.console.results_blocks import Block, bars, columns, compared, defined, month_name, network_name, said
from service.web.console.results_reach import networks
from service.web.language import current, ngettext, show_number
from service.web.language import gettext as _


def blocks(scope: Scope, now: Figures, council: bool) -> list[Block]:
    """Return the blocks of this tab."""
    return [_conversions(scope, council), _value(scope, now, council), _following(scope)]


def money(amount: Decimal | float, currency: str) -> str:
    """Return an amount in the page's language."""
    return str(numbers.format_currency(amount, currency, locale=current())) if currency else show_number(float(amount))


def _kind(kind: str) -> str:
    return {"lead": _("Lead"), "application": _("Application"), "sale": _("Sale")}.get(kind, kind)


def _conversions(scope: Scope, council: bool) -> Block:
    question = _("What followed from it?")
    found = conversions.sums(scope)
    if council:  # of a network that few people use, one line would be somebody's own
        found = _without_networks(found)
    total, earlier = sum(s.number for s in found), scope.before()
    before = sum(s.number for s in conversions.sums(earlier)) if earlier else None
    by_currency: Counter[str] = Counter()
    by_kind: Counter[str] = Counter()
    for s in found:
        by_kind[s.kind] += s.number
        if s.hundredths:
            by_currency[s.currency] += s.hundredths
    worth = ", ".join(money(Decimal(n) / 100, c) for c, n in sorted(by_currency.items()))
    answer = ngettext("%(num)s conversion in this period.", "%(num)s conversions in this period.", total)
    rows: list[list[Any]] = [
        [
            _kind(s.kind),
            network_name(s.network) if s.network else _("All networks"),
            s.number,
            s.hundredths / 100,
            s.currency,
            s.by_page,
        ]
        for s in found
    ]
    return Block(
        "conversions",
        question,
        said(answer, compared(total, before), _("Together they are worth %(worth)s.", worth=worth) if worth else ""),
        [_("Kind"), _("Network"), _("Number"), _("Value"), _("Currency"), _("Of these, told by a page")],
        rows,
        bars("conversions", question, [(_kind(kind), n) for kind, n in by_kind.most_common()]),
        defined("conversion"),
        empty=not total,
    )


def _without_networks(found: list[conversions.Sum]) -> list[conversions.Sum]:
    """Return the sums by kind and currency alone."""
    sums: dict[tuple[str, str], list[int]] = {}
    for s in found:
        numbers_of = sums.setdefault((s.kind, s.currency), [0, 0, 0])
        for n, part in enumerate((s.number, s.hundredths, s.by_page)):
            numbers_of[n] += part
    lines = [conversions.Sum(kind, "", currency, *of) for (kind, currency), of in sums.items()]
    return sorted(lines, key=lambda s: (-s.number, s.kind, s.currency))


def _value(scope: Scope, now: Figures, council: bool) -> Block:
    question = _("What would it have cost as advertising?")
    said_by = reckoning.current()
    rows: list[list[Any]] = []
    total = Decimal(0)
    for line in networks(scope, council):
        priced = reckoning.worth(line, said_by.rates)
        if priced is not None:
            clicks, seen = priced
            total += clicks + seen
            rows.append([line.name, line.human, float(clicks), line.reach, float(seen), float(clicks + seen)])
    rows.sort(key=lambda row: -row[5])
    if not said_by.rates:
        answer = _("Set what a click and an impression would have cost, and the value stands here.")
    else:
        answer = _("About %(value)s in this period, by your own rates.", value=money(total, said_by.currency))
        earlier = None if council else scope.before()
        if earlier and (then := _worth(earlier, said_by.rates)):
            answer = said(answer, _("In the period before it was %(value)s.", value=money(then, said_by.currency)))
    head = [_("Network"), _("Visits by people"), _("Worth of clicks"), _("Reach"), _("Worth of reach"), _("Together")]
    return Block(
        "value",
        question,
        answer,
        head,
        rows,
        bars("value", question, [(r[0], r[5]) for r in rows], lambda value: money(value, said_by.currency)),
        defined("emv", "human", "reach"),
        empty=not rows,
    )


def _worth(scope: Scope, rates: Mapping[str, Mapping[str, str]]) -> Decimal:
    """Return the earned media value of a scope."""
    priced = (reckoning.worth(line, rates) for line in reading.by_network(scope))
    return sum((clicks + seen for clicks, seen in filter(None, priced)), Decimal(0))


def _following(scope: Scope) -> Block:
    question = _("Does the company's own audience grow?")
    found = reckoning.following()
    months = [m for m in found if m <= f"{scope.period.ends:%Y-%m}"][-13:]
    totals = [(m, sum(found[m].values())) for m in months]
    if len(totals) > 1:
        (earlier, then), (latest, here) = totals[-2:]
        grown = here - then
        answer = _(
            "%(people)s followers in %(month)s, %(change)s since %(earlier)s.",
            people=show_number(here),
            month=month_name(latest),
            change=f"{'+' if grown > 0 else ''}{show_number(grown)}",
            earlier=month_name(earlier),
        )
    else:
        answer = _("Enter your accounts' followers once a month, and their growth stands here.")
    slugs = sorted({n for m in months for n in found[m]})
    return Block(
        "following",
        question,
        answer,
        [_("Month"), *map(network_name, slugs), _("Together")],
        [[m, *(found[m].get(n) for n in slugs), sum(found[m].values())] for m in months],
        columns("following", question, [(month_name(m), show_number(n), n) for m, n in totals]),
        defined("following"),
        empty=not months,
    )
