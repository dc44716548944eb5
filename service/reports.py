"""Reports. In: a month that is over, addresses that the liaison set. Out: one mail to each, through the outbox.

Whoever reads them is no employee: a row goes to the address in its facts, as tests do, under a subject that belongs to
nobody. All else is the outbox's: once by kind, occasion and address, however often this runs.
"""

from __future__ import annotations

import re
import secrets
from collections import Counter
from dataclasses import asdict
from datetime import timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from emails.message import UnusableAddress
from emails.message import address as usable
from emails.report import Month
from scoring.weeks import monday
from service import boards, clock, conversions, outbox, programmes
from service.addresses import normal_address
from service.database import db
from service.journal import log
from service.models import PeriodFigure
from service.models.mail import MailState
from service.models.results import EVERYBODY, WHATEVER
from service.passes import newest_key_id, today_number
from service.results import groups, reading, reckoning, scopes
from service.results.periods import period
from service.results.scopes import FEWEST, Scope
from service.suppressions import address_hash, suppressed
from service.validation import N_, Check

KIND = "report"
FIRST_DAY = 2
"""Of the next month: visits of the last evening are judged and counted by then."""
LAST_DAY = 10
"""Who is added later gets the next one."""
MOST = 20
"""Addresses."""


def month_of(key: str) -> Month:
    """Return what a month brought, as its report tells it. In works-council mode nothing of fewer than five people."""
    scope = Scope(period(key, scopes.today()))
    now, earlier = scopes.of(scope), scope.before()
    before = scopes.of(earlier) if earlier else None
    begun = before is not None and bool(before.opened or before.shares)
    council = boards.only_groups()
    networks, stories = reading.by_network(scope), reading.by_story(scope)
    if council:
        networks = groups.joined(networks, groups.of_networks(scope, networks), "…")
        stories = groups.joined(stories, groups.of_stories(scope, stories), "…")
    rates, value = reckoning.current(), Decimal(0)
    for line in networks:
        value += sum(reckoning.worth(line, rates.rates) or (), Decimal(0))
    sums = conversions.sums(scope)
    worth: Counter[str] = Counter()
    for each in sums:
        if each.hundredths:
            worth[each.currency] += each.hundredths
    weeks = [w for w in reading.weekly(scope, 6) if monday(w.key) + timedelta(days=6) >= scope.period.begins]
    return Month(
        month=key,
        people=now.people,
        people_before=before.people if before and begun else None,
        members=now.members,
        ever=now.ever,
        shares=now.shares,
        shares_before=before.shares if before and begun else None,
        confirmed=now.confirmed + now.engaged,
        reach=now.reach,
        human=now.human,
        human_before=before.human if before and begun else None,
        others=now.suspected + now.bot,
        conversions=sum(s.number for s in sums),
        worth=tuple(sorted(worth.items())),
        media_value=(rates.currency, int(value * 100)) if rates.rates else None,
        weeks=tuple((monday(w.key).isoformat(), w.people) for w in weeks if not council or w.people >= FEWEST),
        networks=tuple((x.key, x.shares) for x in networks if x.shares)[:8],
        stories=tuple((x.name, x.shares, x.readers) for x in stories if x.shares)[:5],
    )


def send_due() -> int:
    """Put last month's report into the outbox for each address, once; return how many are new. Commits.

    Only in the first days of a month, and of a month in which somebody shared; in works-council mode five or more.
    Where nothing ran in all those days, a row for each says that it is late.
    """
    today, row = scopes.today(), reckoning.current()
    if not row.report_to or today.day < FIRST_DAY:
        return 0
    key = f"{today.replace(day=1) - timedelta(days=1):%Y-%m}"
    late = today.day > LAST_DAY
    if late and outbox.begun(KIND, f"report:{key}"):
        return 0
    people = scopes.people(Scope(period(key, today)))
    if people < (FEWEST if boards.only_groups() else 1):
        return 0
    new = outbox.enqueue_many(_rows(key, row.report_to, row.report_language, late))
    db.session.commit()
    if new and late:
        log.warning("monthly report not sent", month=key, mails=new, why="late")
        return 0
    if new:
        log.info("monthly report queued", month=key, mails=new)
    return new


def _rows(key: str, addresses: list[str], language: str, late: bool) -> list[dict[str, Any]]:
    report, rows, now = asdict(month_of(key)), [], clock.now()
    programme, signed = outbox.programme_facts(), {"key": newest_key_id(), "day": today_number(now)}
    for address in addresses:
        hashed = address_hash(address)
        why = suppressed(hashed, KIND)
        rows.append(
            {
                "kind": KIND,
                "occasion": f"report:{key}",
                "subject": hashed[:32],
                "address_hash": hashed,
                "language": language,
                "facts": {
                    "to": {"name": "", "networks": ["linkedin"], "link_id": secrets.token_hex(8), "address": address},
                    "pass": signed,
                    "programme": programme,
                    "report": report,
                },
                "state": MailState.SUPPRESSED if why else MailState.CANCELLED if late else MailState.QUEUED,
                "why": why or ("late" if late else None),
            }
        )
    return rows


def set_readers(lines: str, language: str) -> None:
    """Keep who gets the monthly report, one address a line, and its language. Commits. Raises Invalid."""
    check, found = Check(), []
    for line in re.split(r"[\s,;]+", lines.strip()):
        if not line:
            continue
        try:
            found.append(normal_address(line))
            usable(found[-1])
        except (ValueError, UnusableAddress):
            check.refuse("report_to", N_("“%(address)s” is no mail address; write one a line."), address=line[:80])
    if len(set(found)) > MOST:
        check.refuse("report_to", N_("Name at most %(most)d addresses; a mailing list is one."), most=MOST)
    if language not in programmes.current().languages:
        check.refuse("report_language", N_("Choose one of the programme's languages."))
    check.done()
    row = reckoning.own()
    row.report_to, row.report_language = list(dict.fromkeys(found)), language
    db.session.commit()
    log.info("readers of reports changed", number=len(found))


def months() -> list[str]:
    """Return the months that have figures, the newest first."""
    of_all = (PeriodFigure.team_id == EVERYBODY, PeriodFigure.campaign_id == WHATEVER)
    asked = sa.select(PeriodFigure.period).where(*of_all, PeriodFigure.period.like("____-__"))
    found = [key for key in db.session.scalars(asked) if "W" not in key and "Q" not in key]
    return sorted(found, reverse=True)
