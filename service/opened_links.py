"""Opened links. In: requests for links of her mails. Out: evidence of who opened them: she, perhaps, or a scanner.

What is opened earns nothing whoever it was (PROTOCOLS). The verdicts tell the liaison how much of it were people, keep
the next digest from asking after shares that only a scanner opened, and say where she was: visits from there are hers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from emails.sheet import networks_shown
from scoring.shares import State
from scoring.visits import BOT, HUMAN, Hit
from scoring.visits_mail import NEAR_DECOY, TOGETHER, Around, judge_opened
from service import clock
from service.database import db
from service.models import Employee, Evidence, Outbox, Selection, Share
from service.visiting_facts import Intake, Request

OPENED, HERSELF = "opened", "herself"
"""Kinds of evidence: this share was opened; another page of hers was, by whoever has this mark."""
QUIET = timedelta(minutes=1)
"""Within this time the same visitor opening the same share again adds no second line of evidence."""
MOST_A_MINUTE = 10
"""Lines of evidence that one share's openings can add within QUIET, whatever calls on it."""
KEPT = timedelta(days=30)
MOST_SHARES = 20
"""Shares, newest first, on which a page of hers leaves a mark."""
MOST_MARKS = 5
"""Marks that other pages of hers leave on one share in a day: a scanner has many addresses."""


def record(employee: Employee, share: Share, asked: Request | None, now: datetime) -> None:
    """Add the evidence that this share was opened, with its verdict, and judge again what was opened just before.

    `asked` None: nobody looked who it was. Flushes; does not commit.
    """
    if share.salt is None or asked is None:
        if _lately(share, None, now) == 0:
            db.session.add(Evidence(share_id=share.id, kind=OPENED, at=now, facts={}))
        return
    intake = Intake.read(now)
    marks = intake.marks(share.salt, asked)
    if _lately(share, marks.visitor, now) or _lately(share, None, now) >= MOST_A_MINUTE:
        return
    facts = intake.hit(asked).to_json() | {"mail": _mail(employee, now)}
    db.session.add(Evidence(share_id=share.id, kind=OPENED, at=now, facts=facts, **marks._asdict()))
    db.session.flush()
    _judge(employee, now)


def decoy(employee: Employee) -> None:
    """Note that something opened the link of her mail that no person sees: what was opened around it was a scanner's.

    A use case: commits.
    """
    now = clock.now()
    employee.scanned_at = now
    db.session.flush()
    _judge(employee, now)
    db.session.commit()


def at_her_page(employee: Employee, asked: Request) -> None:
    """Leave her mark on her latest shares, for she is where this page of hers was opened. A use case: commits.

    One line of evidence a share and visitor, at most; it says nothing but that later visits from there are hers.
    """
    now = clock.now()
    intake = Intake.read(now)
    if judge_opened(intake.hit(asked), Around()).kind == BOT:
        return
    shares = _posted(employee, now)
    marks = {share.id: intake.marks(share.salt or "", asked) for share in shares}
    known = sa.select(Evidence.share_id, Evidence.visitor, Evidence.kind).where(
        Evidence.share_id.in_(marks), Evidence.kind.in_((OPENED, HERSELF)), Evidence.at > now - timedelta(days=1)
    )
    rows = db.session.execute(known).all() if marks else []
    seen = {(row.share_id, row.visitor) for row in rows}
    count = Counter(row.share_id for row in rows if row.kind == HERSELF)
    for share_id, each in marks.items():
        if (share_id, each.visitor) not in seen and count[share_id] < MOST_MARKS:
            db.session.add(Evidence(share_id=share_id, kind=HERSELF, at=now, facts={}, **each._asdict()))
    db.session.commit()


def _posted(employee: Employee, now: datetime) -> Sequence[Share]:
    """Return her latest shares that she may have posted: a scanner makes many that nobody did."""
    opened = sa.select(Evidence.id).where(
        Evidence.share_id == Share.id, Evidence.kind == OPENED, Evidence.verdict == HUMAN
    )
    asked = sa.select(Share).where(
        Share.subject == employee.subject,
        Share.salt.is_not(None),
        Share.created_at > now - KEPT,
        sa.or_(Share.declared_at.is_not(None), Share.state != State.OPENED, opened.exists()),
    )
    return db.session.scalars(asked.order_by(Share.id.desc()).limit(MOST_SHARES)).all()


def _lately(share: Share, visitor: str | None, now: datetime) -> int:
    asked = sa.select(sa.func.count()).where(
        Evidence.share_id == share.id, Evidence.kind == OPENED, Evidence.at > now - QUIET
    )
    if visitor is not None:
        asked = asked.where(Evidence.visitor == visitor)
    return int(db.session.scalar(asked) or 0)


def _mail(employee: Employee, now: datetime) -> dict[str, Any]:
    """Return what is known of her latest digest: how many share links it has, how long ago it left, in seconds."""
    latest = (
        sa.select(Outbox.submitted_at, Selection.stories)
        .join(Selection, Outbox.selection_id == Selection.id)
        .where(Outbox.subject == employee.subject, Outbox.kind == "digest", Outbox.submitted_at.is_not(None))
        .order_by(Outbox.submitted_at.desc())
        .limit(1)
    )
    found = db.session.execute(latest).first()
    if found is None:
        return {}
    buttons = len(networks_shown(employee.networks)) or 1
    return {"links": len(found.stories) * buttons, "since": round((now - found.submitted_at).total_seconds(), 1)}


def _judge(employee: Employee, now: datetime) -> None:
    """Give a verdict on what was opened of her mails just now, each opening in the light of the others."""
    asked = (
        sa.select(Evidence)
        .join(Share, Evidence.share_id == Share.id)
        .where(
            Share.subject == employee.subject,
            Evidence.kind == OPENED,
            Evidence.at > now - NEAR_DECOY - TOGETHER,
            Evidence.visitor.is_not(None),
        )
    )
    rows = db.session.scalars(asked).all()
    for row in rows:
        together = {other.share_id for other in rows if abs(other.at - row.at) <= TOGETHER}
        told = row.facts.get("mail", {})
        since = told.get("since")
        around = Around(
            together=len(together),
            links=told.get("links", 0),
            decoy=employee.scanned_at is not None and abs(row.at - employee.scanned_at) <= NEAR_DECOY,
            since_delivery=None if since is None else timedelta(seconds=since),
        )
        verdict = judge_opened(replace(Hit.from_json(row.facts), again=False), around)
        row.verdict, row.reason = verdict.kind, verdict.reason
    db.session.flush()
