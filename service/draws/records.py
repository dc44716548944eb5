"""Records. In: prizes that were claimed. Out: who was handed what, when, worth what: for the tax office, for good."""

from __future__ import annotations

import csv
import io
from datetime import datetime

import sqlalchemy as sa

from scoring import money
from service import clock
from service.database import db
from service.draws import trail
from service.draws.trail import locked
from service.models import Draw, Employee, PrizeRecord, Rank
from service.results import tables
from service.validation import N_, Check

COLUMNS = (
    "draw", "rank", "prize", "amount", "currency", "name", "email", "office", "country", "zone", "claimed_at",
    "handed_over_at",
)  # fmt: skip


def keep(draw: Draw, rank: Rank, employee: Employee) -> None:
    """Write the record of a prize that she claims now; it stays when she is erased. Does not commit."""
    assert rank.prize is not None
    amount, currency = money.worth(rank.prize.value) or ("", "")
    db.session.add(
        PrizeRecord(
            draw_id=draw.id,
            rank=rank.rank,
            subject=employee.subject,
            name=employee.name or "",
            email=employee.email or "",
            office=employee.office or "",
            country=employee.country or "",
            zone=employee.zone or "",
            prize=rank.prize.name,
            amount=amount,
            currency=currency,
            claimed_at=clock.now(),
        )
    )


def of(draw: Draw) -> dict[int, PrizeRecord]:
    """Return the records of a draw: rank → record."""
    rows = sa.select(PrizeRecord).where(PrizeRecord.draw_id == draw.id).order_by(PrizeRecord.rank)
    return {record.rank: record for record in db.session.scalars(rows)}


def hand_over(draw: Draw, rank: int, at: datetime | None = None) -> None:
    """Note that the prize of this rank was handed over, now or at a moment before. Commits. Raises Invalid."""
    draw, asked = locked(draw), Check()
    record = of(draw).get(rank)
    at = at or clock.now()
    if record is None:
        asked.refuse("rank", N_("Nobody has claimed a prize with this rank."))
    elif record.handed_over_at is not None:
        asked.refuse("rank", N_("This prize is handed over already."))
    elif not record.claimed_at.date() <= at.date() <= clock.now().date():
        asked.refuse("day", N_("Choose a day from the claim until today."))
    asked.done()
    assert record is not None
    record.handed_over_at = at
    trail.note(draw, "handed-over", rank=rank)
    db.session.commit()


def export(draw: Draw) -> str:
    """Return the records of a draw as CSV for the tax office; no cell can become a spreadsheet's formula."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\r\n")
    rows.writerow(COLUMNS)
    for record in of(draw).values():
        moments = (record.claimed_at, record.handed_over_at)
        cells = (
            draw.name, record.rank, record.prize, record.amount, record.currency, record.name, record.email,
            record.office, record.country, record.zone, *(f"{at:%Y-%m-%d}" if at else "" for at in moments),
        )  # fmt: skip
        rows.writerow([tables.safe(str(cell)) for cell in cells])
    return out.getvalue()
