"""Month mails. In: a month that is over. Out: to everybody whose shares were read, a mail with her own picture."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from emails import flowers, news
from scoring import weeks
from scoring.shares import COUNTED
from service import clock, outbox, programmes, settings
from service.bulk import among
from service.database import db
from service.journal import log
from service.models import Employee, Outbox, Share, Story, Total
from service.models.people import Status
from service.rests import moment_at

KIND = "your-month"
FIRST_DAY, LAST_DAY = 2, 7
"""Days of the next month on which it is told: the last visits are judged by then, and later it is no news."""
AT_ONCE = 500


def tell() -> int:
    """Put the mails about the month that is over into the outbox; return how many. Commits, some people at a time.

    They leave at each person's own hour. Nobody whose shares found no reader gets one, nor who pauses, left or is
    suspended. Killed and called again, whoever has hers gets no second one.
    """
    programme = programmes.found()
    if programme is None:
        return 0
    now = clock.now()
    here = now.astimezone(ZoneInfo(programme.zone))
    today = here.date()
    month = f"{today.replace(day=1) - timedelta(days=1):%Y-%m}"
    occasion = f"month:{month}"
    if not FIRST_DAY <= today.day <= LAST_DAY:
        if today.day > LAST_DAY and here.hour == programme.slot_hour:
            _say_late(month, occasion)
        return 0
    has = sa.exists().where(Outbox.subject == Total.subject, Outbox.kind == KIND, Outbox.occasion == occasion)
    asked = (
        sa.select(Total.subject)
        .join(Employee, Employee.subject == Total.subject)
        .where(
            Total.period == month,
            Total.points > 0,
            Employee.status.in_((Status.ACTIVE, Status.INVITED)),
            Employee.email.is_not(None),
            ~has,
        )
        .order_by(Total.subject)
        .limit(AT_ONCE)
    )
    told, last = 0, ""
    while subjects := list(db.session.scalars(asked.where(Total.subject > last))):
        last = subjects[-1]
        found = facts(subjects, month, programme.zone)
        for employee in db.session.scalars(sa.select(Employee).where(Employee.subject.in_(list(found)))):
            hour = programme.slot_hour if employee.slot_hour is None else employee.slot_hour
            row = outbox.enqueue(
                employee,
                KIND,
                occasion,
                {"month": found[employee.subject].to_json()},
                due_at=max(now, moment_at(today, hour, employee.zone)),
            )
            told += row is not None
        db.session.commit()
    if told:
        log.info("months told", month=month, mails=told)
    return told


def _say_late(month: str, occasion: str) -> None:
    """Say in the log, once a day, that nothing ran in all the days on which a month is told."""
    theirs = sa.select(Total.subject).where(Total.period == month, Total.points > 0).limit(1)
    if not outbox.begun(KIND, occasion) and db.session.scalar(theirs) is not None:
        log.warning("months not told", month=month, why="late")


def facts(subjects: Sequence[str], month: str, zone: str) -> dict[str, news.MyMonth]:
    """Return what the shares of each of these people brought in a month; who has no reader in it is left out."""
    totals = dict(
        db.session.execute(
            sa.select(Total.subject, Total.points).where(Total.period == month, among(Total.subject, subjects))
        ).all()
    )
    rows = db.session.execute(
        sa.select(Share.subject, Share.network, Share.visited_at, Story.title, Story.language)
        .join(Story, Share.story_id == Story.id)
        .where(among(Share.subject, subjects), Share.state.in_(COUNTED))
        .order_by(Share.subject, Share.id)
    )
    shares: dict[str, list[news.Found]] = {}
    active: dict[str, set[str]] = {}
    for row in rows:
        moments = sorted(datetime.fromisoformat(moment) for moment in row.visited_at or ())
        inside = [moment for moment in moments if weeks.month_of(moment, zone) == month]
        if not inside:
            continue
        shares.setdefault(row.subject, []).append(news.Found(row.title, row.network, len(inside), row.language))
        if moments[0] == inside[0]:
            active.setdefault(row.subject, set()).add(weeks.week_of(moments[0], zone))
    return {
        who: _month(month, hers, len(active.get(who, ())), max(totals.get(who, 0), 0)) for who, hers in shares.items()
    }


def _month(month: str, shares: list[news.Found], active: int, points: int) -> news.MyMonth:
    best = max(shares, key=lambda share: share.readers)
    readers = [share.readers for share in shares]
    return news.MyMonth(
        month,
        readers=sum(readers),
        shares=len(shares),
        weeks=active,
        points=points,
        picture=f"{settings().base_url}/months/{name(flowers.spec(readers, active))}",
        best=best if len(shares) > 1 else None,
    )


def name(drawn: str) -> str:
    """Return the file name of a picture: only names that a mail of ours holds are ever drawn."""
    seal = hmac.digest(settings().secret.encode(), f"goodword-month-v1|{drawn}".encode(), "sha256").hex()[:24]
    return f"{drawn}.{seal}.png"


def picture(asked: str) -> bytes | None:
    """Return the PNG of this name, None for one that is not ours."""
    drawn = asked.partition(".")[0]
    if not hmac.compare_digest(name(drawn).encode(), asked.encode()):
        return None
    return flowers.png(drawn)
