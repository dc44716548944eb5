"""Mass mails. In: who is to get a mail of one occasion, and its facts. Out: rows for the outbox, streaming.

Nothing here commits. Whoever is not there any more, pauses or is suspended is left out by `there`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service import clock, outbox, passes
from service.database import db
from service.models import Employee, Programme
from service.models.mail import MailState
from service.models.people import Status
from service.suppressions import address_hashes, suppressed_all

AT_ONCE = 1000
COLUMNS = (
    Employee.subject, Employee.email, Employee.name, Employee.language, Employee.networks, Employee.link_id,
    Employee.zone, Employee.slot_hour,
)  # fmt: skip
"""What a select for `rows` gives of each person."""


def there() -> sa.ColumnElement[bool]:
    """Return the condition that mails which nobody waits for may go to somebody."""
    return sa.and_(Employee.email.is_not(None), Employee.status.in_((Status.ACTIVE, Status.INVITED)))


def rows(
    asked: sa.Select[*tuple[Any, ...]],
    kind: str,
    occasion: str,
    facts: Callable[[Any], Mapping[str, Any]],
    due: Callable[[Any], datetime] | None = None,
) -> Iterator[dict[str, Any]]:
    """Yield the outbox's row of each person that `asked` (a select of COLUMNS) gives, for outbox.enqueue_many.

    `facts` returns a person's own facts of this kind, `due` when it may leave (default: now). Who switched the class
    off gets a row that says so.
    """
    programme, stopped = outbox.programme_facts(), suppressed_all(kind)
    signed = {"key": passes.newest_key_id(), "day": passes.today_number(clock.now())}
    fallback = db.session.scalars(sa.select(Programme.fallback_network)).one()
    for batch in db.session.execute(asked.execution_options(yield_per=AT_ONCE)).partitions():
        for row, hashed in zip(batch, address_hashes([row.email for row in batch]), strict=True):
            why = stopped.get(hashed)
            to = {"name": row.name or "", "networks": list(row.networks) or [fallback], "link_id": row.link_id}
            yield {
                "kind": kind,
                "occasion": occasion,
                "subject": row.subject,
                "address_hash": hashed,
                "language": row.language,
                "facts": {"to": to, "pass": signed, "programme": programme, **facts(row)},
                "due_at": due(row) if due else None,
                "state": MailState.SUPPRESSED if why else MailState.QUEUED,
                "why": why,
            }
