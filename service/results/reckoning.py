"""Reckoning. In: the liaison's rates, averages and monthly followers. Out: what reach and visits were worth."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation

import sqlalchemy as sa
from babel.numbers import list_currencies

from emails.networks import NETWORKS
from service.bulk import insert_or_ignore
from service.database import db
from service.journal import log
from service.models import Following, Reckoning
from service.results.audiences import LARGEST
from service.results.periods import kind_of
from service.results.reading import Line
from service.validation import N_, Check

RATES = ("click", "impression")
MOST = Decimal(1000)
"""Of the currency, for one click or impression."""


def current() -> Reckoning:
    """Return what the liaison said; before she said anything, the defaults (not in the database)."""
    return db.session.get(Reckoning, 1) or Reckoning(
        id=1,
        currency="EUR",
        rates={},
        audiences={},
        sites=[],
        site_key="",
        unknown_clicks=0,
        report_to=[],
        report_language="en",
    )


def own() -> Reckoning:
    """Return the row, making it where there is none. Does not commit."""
    found = db.session.get(Reckoning, 1)
    if found is None:
        db.session.execute(
            insert_or_ignore(Reckoning).values(
                id=1,
                currency="EUR",
                rates={},
                audiences={},
                sites=[],
                site_key="",
                unknown_clicks=0,
                report_to=[],
                report_language="en",
            )
        )
        found = db.session.get_one(Reckoning, 1)
    return found


def set_rates(currency: str, said: Mapping[str, Mapping[str, str]]) -> None:
    """Keep what a click and an impression would have cost, and the average audience, by network. Commits.

    `said`: network → {"click", "impression", "audience"} as typed, empty for none. Raises Invalid, fields named like
    `click-linkedin`.
    """
    check = Check()
    code = currency.strip().upper()
    if code not in list_currencies():
        check.refuse("currency", N_("Write a currency as three letters, like EUR."))
    rates: dict[str, dict[str, str]] = {}
    averages: dict[str, int] = {}
    for network, typed in said.items():
        if network not in NETWORKS:
            continue
        for name in RATES:
            if (amount := _amount(check, f"{name}-{network}", typed.get(name, ""))) is not None:
                rates.setdefault(network, {})[name] = amount
        if (people := _people(check, f"audience-{network}", typed.get("audience", ""))) is not None:
            averages[network] = people
    check.done()
    row = own()
    row.currency, row.rates, row.audiences = code, rates, averages
    db.session.commit()
    log.info("rates of results changed", networks=len(rates))


def follow(month: str, said: Mapping[str, str]) -> None:
    """Keep how many people follow the company by network at the end of a month; empty takes it back. Commits.

    Raises Invalid, fields named `month` and like `followers-linkedin`.
    """
    check = Check()
    try:
        if kind_of(month) != "month":
            raise ValueError(month)
    except ValueError:
        check.refuse("month", N_("Choose a month."))
    counts = {n: _people(check, f"followers-{n}", typed) for n, typed in said.items() if n in NETWORKS}
    check.done()
    db.session.execute(sa.delete(Following).where(Following.month == month, Following.network.in_(list(counts))))
    rows = [{"month": month, "network": n, "people": p} for n, p in counts.items() if p is not None]
    if rows:
        db.session.execute(sa.insert(Following), rows)
    db.session.commit()


def following(months: Sequence[str] | None = None) -> dict[str, dict[str, int]]:
    """Return followers by month and network, the oldest month first."""
    asked = sa.select(Following).order_by(Following.month, Following.network)
    if months is not None:
        asked = asked.where(Following.month.in_(months))
    found: dict[str, dict[str, int]] = {}
    for row in db.session.scalars(asked):
        found.setdefault(row.month, {})[row.network] = row.people
    return found


def worth(line: Line, rates: Mapping[str, Mapping[str, str]]) -> tuple[Decimal, Decimal] | None:
    """Return what a network's visits by people and its reach would have cost; None where no rate is set for it."""
    mine = rates.get(line.key)
    if not mine:
        return None
    clicks = Decimal(mine.get("click", "0")) * line.human
    return clicks.quantize(Decimal("0.01")), (Decimal(mine.get("impression", "0")) * line.reach).quantize(
        Decimal("0.01")
    )


def _amount(check: Check, name: str, typed: str) -> str | None:
    text = typed.strip().replace(",", ".")
    if not text:
        return None
    try:
        amount = Decimal(text) if re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,6})?", text) else Decimal(-1)
    except InvalidOperation:
        amount = Decimal(-1)
    if not 0 <= amount <= MOST:
        check.refuse(name, N_("Write an amount like 1.20, at most 1000."))
        return None
    return str(amount)


def _people(check: Check, name: str, typed: str) -> int | None:
    text = re.sub(r"[\s.,'’]", "", typed)
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,8}", text) or int(text) > LARGEST:
        check.refuse(name, N_("Write a whole number of people, at most ten million."))
        return None
    return int(text)
