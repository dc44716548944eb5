"""Settle. In: a row, the token of its attempt and what became of it. Out: its state, if the token still holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.database import db
from service.delivery.leases import database_now, moment
from service.delivery.port import Outcome, Verdict
from service.delivery.prepared import Prepared, Tongue, given, listed
from service.delivery.states import ATTEMPTS, DECISION_AFTER, back_off, before
from service.journal import log
from service.models.mail import Edition, MailState, Outbox


class NotNow(Exception):
    """The decision does not fit the row; its text says why and what to do."""


def settle(number: int, token: str, outcome: Outcome) -> MailState | None:
    """Write down what became of one submitted row, as `settle_all` does; return its new state, or None."""
    return settle_all([(number, outcome)], token).get(number)


def settle_all(outcomes: Sequence[tuple[int, Outcome]], token: str, quiet: bool = False) -> dict[int, MailState]:
    """Write down what became of submitted rows of one attempt, in one commit; return the new states.

    A row is missing from the answer where the token is old. A late reply with that attempt's own token still settles
    a row that is ambiguous by now. `quiet`: rows settled before are no news.
    """
    if not outcomes:
        return {}
    now = moment()
    alike: dict[Outcome, list[int]] = {}
    for number, outcome in outcomes:
        alike.setdefault(outcome, []).append(number)
    settled: dict[int, MailState] = {}
    for outcome, numbers in alike.items():
        for attempts, those in _by_attempts(outcome, numbers).items():
            state, values = _change(outcome, attempts, now)
            found = db.session.scalars(
                sa.update(Outbox)
                .where(
                    Outbox.id.in_(those),
                    Outbox.lease == token,
                    Outbox.state.in_(_from(state)),
                )
                .values(state=state, why=outcome.why, **values)
                .returning(Outbox.id)
                .execution_options(synchronize_session=False)
            )
            settled.update((number, state) for number in found)
    db.session.commit()
    for number, outcome in outcomes:
        if number not in settled and not quiet:
            log.warning("a reply came too late to count", outbox=number, verdict=outcome.verdict)
    return settled


def accepted(tongue: Tongue) -> Any:
    """Return the change that settles the commonest outcome, as `settle_all` does, for the rows bound as `accepted`."""
    return (
        sa.update(Outbox)
        .where(
            tongue.one_of(Outbox.id, "accepted"),
            Outbox.lease == given("token"),
            Outbox.state.in_(_from(MailState.ACCEPTED)),
        )
        .values(state=MailState.ACCEPTED, why=None, settled_at=tongue.now)
        .returning(Outbox.id)
    )


ACCEPTED = Prepared(accepted)


def settle_accepted(numbers: Sequence[int], token: str) -> int:
    """Write down that these were accepted and commit, the caller's own changes too; return how many came too late."""
    found = ACCEPTED.run(accepted=listed(numbers), token=token) if numbers else ()
    db.session.commit()
    return tell_late(numbers, token) if len(found) < len(numbers) else 0


def tell_late(numbers: Sequence[int], token: str) -> int:
    """Log which of these rows were not accepted by this token; return how many. Reads only."""
    asked = sa.select(Outbox.id).where(
        Outbox.id.in_(numbers), Outbox.lease == token, Outbox.state == MailState.ACCEPTED
    )
    late = set(numbers).difference(db.session.scalars(asked))
    db.session.rollback()
    for number in sorted(late):
        log.warning("a reply came too late to count", outbox=number, verdict=Verdict.ACCEPTED)
    return len(late)


def _from(state: MailState) -> list[MailState]:
    """Return the states in which a submitted row may be, from which this one may be reached."""
    return [each for each in before(state) if each in (MailState.SUBMITTING, MailState.AMBIGUOUS)]


def _by_attempts(outcome: Outcome, numbers: Sequence[int]) -> dict[int, list[int]]:
    """Return attempts → rows where that matters: how long a temporary refusal waits grows with them."""
    if outcome.verdict is not Verdict.LATER:
        return {1: list(numbers)}
    found: dict[int, list[int]] = {}
    for number, attempts in db.session.execute(sa.select(Outbox.id, Outbox.attempts).where(Outbox.id.in_(numbers))):
        found.setdefault(attempts or 1, []).append(number)
    return found


def _change(outcome: Outcome, attempts: int, now: Any) -> tuple[MailState, dict[str, Any]]:
    free: dict[str, Any] = {"lease": None, "lease_until": None}
    match outcome.verdict:
        case Verdict.ACCEPTED:
            return MailState.ACCEPTED, {"settled_at": now}
        case Verdict.REFUSED:
            return MailState.FAILED, {"settled_at": now}
        case Verdict.LATER if attempts >= ATTEMPTS:
            return MailState.FAILED, {"settled_at": now}
        case Verdict.LATER:
            return MailState.RETRY, {**free, "due_at": now + back_off(attempts)}
        case Verdict.DOUBT:
            return MailState.AMBIGUOUS, {"settled_at": now}
        case Verdict.BACK | Verdict.NOBODY:
            return MailState.QUEUED, free


def give_back(numbers: Sequence[int], token: str, why: str | None, later: bool) -> None:
    """Return rows of this attempt that were never begun to the queue and commit; `later`: not at once again."""
    now = database_now()
    values: dict[str, Any] = {"state": MailState.QUEUED, "why": why, "lease": None, "lease_until": None}
    values["attempts"] = unused()
    if later:
        values["due_at"] = now + back_off(1)
    db.session.execute(
        sa.update(Outbox)
        .where(
            Outbox.id.in_(numbers),
            Outbox.lease == token,
            Outbox.state.in_((MailState.LEASED, MailState.SUBMITTING)),
        )
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()


def unused() -> Any:
    """Return the attempts of a row that goes back without having been begun: this one was none."""
    return sa.case((Outbox.state == MailState.LEASED, Outbox.attempts), else_=Outbox.attempts - 1)


def hold_editions(numbers: Sequence[int], why: str) -> None:
    """Hold the editions of these rows and commit: what was refused concerns nobody, a person has to look."""
    editions = sa.select(Outbox.edition_id).where(
        Outbox.id.in_(numbers), Outbox.kind == "digest", Outbox.edition_id.is_not(None)
    )
    held = db.session.execute(
        sa.update(Edition)
        .where(Edition.id.in_(editions), Edition.held_why.is_(None))
        .values(held_why=why)
        .execution_options(synchronize_session=False)
    ).rowcount  # type: ignore[attr-defined]
    db.session.commit()
    log.error("sending stopped", why=why, editions=held)


def decided_from(row: Outbox) -> datetime | None:
    """Return from when on the liaison may decide this ambiguous row (None: it is not ambiguous)."""
    if row.state != MailState.AMBIGUOUS:
        return None
    return (row.settled_at or row.submitted_at or row.created_at) + DECISION_AFTER


def resolve(number: int, accepted: bool) -> MailState:
    """Decide an ambiguous row and commit: it arrived after all, or it did not and is to be sent again.

    This is the liaison's evidence (she asked, or looked into the receiver's log). A failed mail, of which no copy can
    exist, may be sent again too. Raises NotNow for a row in another state or whose doubt is younger than 15 minutes,
    LookupError where there is none.
    """
    row = db.session.get(Outbox, number)
    if row is None:
        raise LookupError(f"there is no mail {number}")
    since = decided_from(row)
    if since is None and row.state == MailState.FAILED and not accepted:
        since = row.created_at
    if since is None:
        raise NotNow(f"Mail {number} is {row.state}; only an ambiguous one needs a decision.")
    now = database_now()
    if now < since:
        minutes = int((since - now).total_seconds() // 60) + 1
        raise NotNow(f"Its answer may still come. Decide in {minutes} min.")
    values: dict[str, Any] = (
        {"state": MailState.ACCEPTED, "why": "decided", "settled_at": now}
        if accepted
        # A new attempt gets a new token: the old attempt's late reply no longer counts.
        else {
            "state": MailState.QUEUED,
            "why": "decided",
            "lease": None,
            "lease_until": None,
            "due_at": now,
            "attempts": 0,
        }
    )
    changed = db.session.execute(
        sa.update(Outbox)
        .where(Outbox.id == number, Outbox.state == row.state, Outbox.lease == row.lease)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
    if not changed.rowcount:  # type: ignore[attr-defined]
        raise NotNow(f"Mail {number} was settled this very moment; look at it again.")
    log.info("mail decided", outbox=number, accepted=accepted)
    return MailState(values["state"])
