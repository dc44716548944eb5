"""Read ahead. In: leases of several windows, changes between two of them. Out: what was read before is no excuse."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from service import clock, hashes, suppressions
from service.database import db
from service.delivery import Parcel, deliver_due, leases, windows
from service.delivery.prepared import Prepared
from service.dialects import postgres
from service.models import Edition, Employee, Outbox, Sending, SendingNumber
from tests.postroom import MemoryMailer, digest_week, invite, open_room, states

CHANGED = "p4@beacon.example"
"""Of the second lease's second window; her mail is read while p2's and p3's are still to be sent."""


@pytest.fixture
def post(app: Flask, monkeypatch: pytest.MonkeyPatch) -> MemoryMailer:
    monkeypatch.setattr(windows, "WINDOW", 2)
    return MemoryMailer()


def room(n: int) -> list[Employee]:
    """As `open_room`, with the hashes that planning leaves beside addresses."""
    people = open_room(n)
    hashes.remember(sa.true())
    db.session.commit()
    return people


def during(post: MemoryMailer, change: Callable[[], object]) -> None:
    """Do it when the third mail was sent: the fifth's was read by then."""

    def third(parcel: Parcel) -> None:
        if parcel.message.recipient == "p2@beacon.example":
            change()
            db.session.commit()

    post.after = third


def test_mails_without_objections_are_begun_without_looking_at_each(
    post: MemoryMailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked, run = [], Prepared.run

    def looks(prepared: Prepared, **values: object) -> object:
        looked.append(prepared)
        return run(prepared, **values)

    monkeypatch.setattr(Prepared, "run", looks)
    digest_week(room(6))
    assert deliver_due(mailer=post) == {"accepted": 6}
    assert len(post.addresses) == len({*post.addresses}) == 6 and states() == ["accepted"] * 6
    assert (windows.LOOK_UP in looked) is not postgres()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(SendingNumber)) == 3, "one for each window"


CHANGES: dict[str, tuple[Callable[[], object], str]] = {
    "suppressed": (lambda: suppressions.suppress(CHANGED, "all", "bounced"), "suppressed"),
    "left": (lambda: _hers(status="left"), "cancelled"),
    "erased": (lambda: _hers(email=None, name=None), "cancelled"),
    "moved": (lambda: _hers(email="elsewhere@beacon.example", address_hash=None), "cancelled"),
    "cancelled": (lambda: _outbox(state="cancelled", lease=None), "cancelled"),
    "taken": (lambda: _outbox(lease="f" * 32), "leased"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_between_lease_and_window_counts(post: MemoryMailer, change: str) -> None:
    deed, state = CHANGES[change]
    digest_week(room(6))
    during(post, deed)
    assert deliver_due(mailer=post)["accepted"] == 5
    assert CHANGED not in post.addresses and len(post.addresses) == 5
    assert states() == ["accepted"] * 4 + [state, "accepted"]


def test_a_pause_of_the_edition_between_lease_and_window_stops_the_rest(post: MemoryMailer) -> None:
    digest_week(room(6))
    during(post, lambda: db.session.execute(sa.update(Edition).values(paused=True)))
    assert deliver_due(mailer=post)["accepted"] == 4
    assert states() == ["accepted"] * 4 + ["queued"] * 2


def test_a_hold_of_everything_between_lease_and_window_gives_the_rest_back(post: MemoryMailer) -> None:
    digest_week(room(6))
    during(post, lambda: db.session.execute(sa.update(Sending).values(held_why="restored")))
    assert deliver_due(mailer=post) == {"accepted": 4, "given-back": 2}
    assert states() == ["accepted"] * 4 + ["queued"] * 2


def test_a_name_that_was_taken_out_of_a_waiting_mail_does_not_leave(post: MemoryMailer) -> None:
    """As an erasure takes it out of others' mails: the row is another version then."""
    invite(room(6))

    def forgets() -> None:
        facts = dict(db.session.scalars(sa.select(Outbox.facts).where(Outbox.id == _number())).one())
        _outbox(facts={**facts, "to": {**facts["to"], "name": "Somebody Else"}})

    during(post, forgets)
    assert deliver_due(mailer=post) == {"accepted": 6}
    (mail,) = [message for message in post.sent if message.recipient == CHANGED]
    assert b"Somebody" in mail.raw and b"Person 4" not in mail.raw


def test_a_lease_that_ended_begins_nothing_that_was_read_under_it(post: MemoryMailer) -> None:
    digest_week(room(2))
    token, ids = leases.take(10)
    desk = windows.Desk()
    desk.look_ahead(ids, token)
    db.session.execute(sa.update(Outbox).values(lease_until=leases.database_now()))
    db.session.commit()
    assert desk.prepare(ids, token) == []
    assert states() == ["leased"] * 2


def test_a_lease_whose_time_is_over_begins_nothing_that_was_read_under_it(post: MemoryMailer) -> None:
    """Nobody has touched its rows yet: they are the very versions that were read."""
    digest_week(room(2))
    token, ids = leases.take(10)
    desk = windows.Desk()
    desk.look_ahead(ids, token)
    clock.set_now(clock.now() + leases.LEASE * 1.1)
    assert desk.prepare(ids, token) == []
    assert states() == ["leased"] * 2


def _number() -> int:
    asked = sa.select(Outbox.id).join(Employee, Employee.subject == Outbox.subject)
    return db.session.scalars(asked.where(Employee.name == "Person 4")).one()


def _hers(**values: object) -> None:
    asked = sa.update(Employee).where(Employee.name == "Person 4").values(**values)
    db.session.execute(asked.execution_options(synchronize_session=False))


def _outbox(**values: object) -> None:
    asked = sa.update(Outbox).where(Outbox.id == _number()).values(**values)
    db.session.execute(asked.execution_options(synchronize_session=False))
