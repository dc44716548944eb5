"""Campaign mails. In: campaigns on their first and last days. Out: a mail to each of the audience at her hour, once.

Each call writes those whose hour has come and nobody twice (the occasion is unique), so that it may be killed at any
moment; what a mail tells is as things stand then.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from emails import campaign as letters
from emails import news, values
from service import campaign_results, clock, mass_mails, outbox, programmes, settings, winner_mails
from service.database import db
from service.journal import log
from service.models import Campaign, Draw, Employee, Outbox, Story
from service.models.content import StoryStatus
from service.models.draws import DrawStatus
from service.models.mail import MailState
from service.previews import NOBODYS
from service.rests import moment_at
from service.validation import N_, Check

LATE = timedelta(days=2)
"""After a mail's day by itself it goes so long; then only the liaison may still press for it."""
STORIES = 3


class Which(StrEnum):
    """The two mails of a campaign."""

    KICKOFF = "kickoff"
    CLOSING = "closing"


def kind(which: str) -> str:
    """Return the kind of mail."""
    return f"campaign-{which}"


def occasion(campaign: Campaign) -> str:
    """Return the occasion of both of its mails; their kinds tell them apart."""
    return f"campaign:{campaign.id}"


def tell() -> int:
    """Put the mails whose hour has come into the outbox; return how many. Commits, one campaign's at a time."""
    programme = programmes.found()
    if programme is None:
        return 0
    told = 0
    for which in Which:
        done, asked, wanted = (getattr(Campaign, f"{which}{end}") for end in ("_done_at", "_asked_at", ""))
        day = _day(Campaign, which)
        today = clock.now().astimezone(UTC).date()
        by_itself = sa.and_(wanted, day <= today + timedelta(days=1), day >= today - LATE)
        due = sa.select(Campaign.id).where(
            done.is_(None), sa.or_(asked.is_not(None), by_itself), Campaign.archived_at.is_(None)
        )
        for number in db.session.scalars(due.order_by(Campaign.id)).all():
            row = sa.select(Campaign).where(Campaign.id == number).with_for_update()
            campaign = db.session.scalar(row.execution_options(populate_existing=True))
            if campaign is not None and getattr(campaign, f"{which}_done_at") is None:
                told += _tell(campaign, which, programme.slot_hour)
            db.session.commit()
    return told


def ask(campaign: Campaign, which: str) -> None:
    """Let one of its mails leave now, to all of its audience who have none yet. Commits. Raises Invalid."""
    check = Check()
    if which not in tuple(Which):
        check.refuse("which", N_("A campaign has a kick-off mail and a closing mail."))
    elif getattr(campaign, f"{which}_done_at") is not None:
        check.refuse("which", N_("This mail has gone to everybody already."))
    elif campaign.archived_at is not None:
        check.refuse("which", N_("An archived campaign sends no mails; take it back first."))
    check.done()
    setattr(campaign, f"{which}_asked_at", getattr(campaign, f"{which}_asked_at") or clock.now())
    db.session.commit()


def _day(campaign: Any, which: str) -> Any:
    return campaign.starts_on if which == Which.KICKOFF else campaign.ends_on


def _tell(campaign: Campaign, which: str, usual: int) -> int:
    now, day = clock.now(), _day(campaign, which)
    everybody = getattr(campaign, f"{which}_asked_at") is not None
    hers = sa.func.coalesce(Employee.slot_hour, usual)
    places = db.session.execute(_audience(campaign, Employee.zone, hers).distinct()).all()
    ready = [(zone, hour) for zone, hour in places if everybody or moment_at(day, hour, zone) <= now]
    made = 0
    if ready:
        has = sa.exists().where(
            Outbox.subject == Employee.subject, Outbox.kind == kind(which), Outbox.occasion == occasion(campaign)
        )
        asked = _audience(campaign, *mass_mails.COLUMNS).where(~has)
        if len(ready) < len(places):
            asked = asked.where(sa.or_(*(sa.and_(Employee.zone == zone, hers == hour) for zone, hour in ready)))
        told = {"push": push(campaign, which).to_json()}
        made = outbox.enqueue_many(mass_mails.rows(asked, kind(which), occasion(campaign), lambda _row: told))
    if len(ready) == len(places) and (places or everybody):
        setattr(campaign, f"{which}_done_at", now)
        log.info("campaign told", campaign=campaign.id, mail=which, mails=made)
    return made


def _audience(campaign: Campaign, *columns: Any) -> sa.Select[Any]:
    asked = sa.select(*columns).where(mass_mails.there())
    if campaign.audience:
        asked = asked.where(Employee.team_id.in_(campaign.audience))
    if campaign.offices:
        asked = asked.where(Employee.office.in_(campaign.offices))
    if campaign.languages:
        asked = asked.where(Employee.language.in_(campaign.languages))
    return asked


def recipients(campaign: Campaign) -> int:
    """Return how many people its mails would go to now. Reads only."""
    return db.session.scalar(_audience(campaign, sa.func.count()).select_from(Employee)) or 0


def sent(campaign: Campaign, which: str) -> dict[str, int]:
    """Return how many of its mails stand in which state. Reads only."""
    asked = sa.select(Outbox.state, sa.func.count()).where(
        Outbox.kind == kind(which), Outbox.occasion == occasion(campaign)
    )
    return {state: n for state, n in db.session.execute(asked.group_by(Outbox.state)) if state != MailState.CANCELLED}


def push(campaign: Campaign, which: str) -> news.Push:
    """Return what one of its mails says if it leaves now. Reads only."""
    closing = which == Which.CLOSING
    draw = db.session.scalar(
        sa.select(Draw)
        .where(Draw.campaign_id == campaign.id, Draw.status != DrawStatus.VOID)
        .order_by(Draw.id.desc())
        .limit(1)
    )
    live = campaign_results.live(campaign) if closing else None
    return news.Push(
        name=campaign.name,
        goal=campaign.goal,
        words=campaign.closing_words if closing else campaign.kickoff_words,
        hashtags=tuple(campaign.hashtags),
        starts=campaign.starts_on.isoformat(),
        ends=campaign.ends_on.isoformat(),
        multiplier=campaign.multiplier,
        stories=() if closing else tuple(_stories(campaign)),
        prizes=tuple(f"{p.name} ({p.value})" if p.value else p.name for p in draw.prizes) if draw else (),
        draw=f"{settings().base_url}/draws/{draw.name}" if draw else "",
        shares=live.shares if live else 0,
        readers=live.readers if live else 0,
        people=live.people if live else 0,
        winners=tuple(prize for _who, prize in winner_mails.prizes(draw))
        if closing and draw is not None and draw.status == DrawStatus.DRAWN and winner_mails.settled(draw)
        else (),
    )


def _stories(campaign: Campaign) -> Iterator[tuple[str, str]]:
    now = clock.now()
    asked = sa.select(Story.title, Story.language).where(
        Story.campaign_id == campaign.id,
        Story.status == StoryStatus.APPROVED,
        Story.publish_from <= now + timedelta(days=1),
        sa.or_(Story.publish_until.is_(None), Story.publish_until > now),
    )
    rows = db.session.execute(asked.order_by(Story.publish_from, Story.id).limit(STORIES))
    yield from ((title, language) for title, language in rows)


def preview(campaign: Campaign, which: str, language: str) -> values.Message:
    """Return one of its mails as it would be now, in one of the programme's languages; its links open nothing."""
    programme = values.Programme(**outbox.programme_facts())
    to = values.Recipient("", programme.liaison_email, language, NOBODYS)
    compose = letters.closing if which == Which.CLOSING else letters.kickoff
    return compose(programme, to, push(campaign, which), "<preview@goodword.example>", clock.now())
