"""Share news. In: a share whose readers grew. Out: a row for each step that it reached; who is told is share_mails'."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from service.bulk import insert_or_ignore
from service.database import db
from service.models import ShareNews

STEPS = (10, 20)
"""Distinct human readers that are news, beside as many as make a share engaged."""
TOO_OLD = timedelta(days=8)


def note(subject: str, share: int, before: int, moments: Sequence[datetime], engaged_from: int, now: datetime) -> None:
    """Note which steps this share has reached beyond `before` readers. Does not commit; again is no harm.

    `moments` are the first visits of its readers; a step that was reached long ago is no news.
    """
    steps = sorted({max(engaged_from, 1), *STEPS})
    reached = [n for n in steps if before < n <= len(moments) and sorted(moments)[n - 1] > now - TOO_OLD]
    for readers in reached:
        row = {"share_id": share, "readers": readers, "subject": subject, "at": now}
        db.session.execute(insert_or_ignore(ShareNews).values(**row))
