"""Windows and leases. In: several windows of a sender, a death between two, old leases. Out: settled once, in time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from service import clock, suppressions
from service.database import db
from service.delivery import Outcome, Parcel, aftermath, deliver, deliver_due, expire, leases, mirrors, windows
from service.delivery.lane import Share
from service.delivery.prepared import Prepared, given, listed
from service.delivery.states import REPLY
from service.models import Outbox
from service.models.sending import Lease, Sending
from tests.postroom import MemoryMailer, digest_week, invite, open_room, row, states


@pytest.fixture
def post(app: Flask, monkeypatch: pytest.MonkeyPatch) -> MemoryMailer:
    monkeypatch.setattr(windows, "WINDOW", 2)
    return MemoryMailer()


class Watching(MemoryMailer):
    """Looks, before each window, at what another process would see in the database."""

    def __init__(self, app: Flask) -> None:
        super().__init__()
        self._app = app
        self.seen: list[list[str]] = []

    def send(self, window: Sequence[Parcel], may) -> Iterator[tuple[Parcel, Outcome]]:  # type: ignore[no-untyped-def]
        with self._app.app_context(), db.engine.connect() as other:
            self.seen.append(list(other.execute(sa.select(Outbox.state).order_by(Outbox.id)).scalars()))
        yield from super().send(window, may)


def test_what_was_accepted_is_written_down_by_the_commit_that_begins_the_next_window(
    post: MemoryMailer, app: Flask
) -> None:
    invite(open_room(8))
    watching = Watching(app)
    assert deliver_due(mailer=watching) == {"accepted": 8}
    assert [(each.count("accepted"), each.count("submitting")) for each in watching.seen] == [
        (0, 2),
        (2, 2),
        (4, 2),
        (6, 2),
    ]
    assert states() == ["accepted"] * 8


def test_a_sender_that_dies_before_the_next_commit_leaves_what_it_heard_in_its_journal(
    post: MemoryMailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As SIGKILL would: nothing is tidied up, only the journal's lock is let go."""

    class Killed(BaseException):
        pass

    invite(open_room(6))
    take_off, windows_begun = windows._take_off, []

    def dies(*words: object) -> object:
        windows_begun.append(words)
        if len(windows_begun) == 3:  # the second window of its second lease
            raise Killed
        return take_off(*words)  # type: ignore[arg-type]

    monkeypatch.setattr(windows, "_take_off", dies)
    monkeypatch.setattr(aftermath, "follow", lambda *_: {})
    with pytest.raises(Killed):
        deliver_due(mailer=post)
    monkeypatch.undo()
    db.session.rollback()
    assert len(post.sent) == 4
    assert states() == ["accepted", "accepted", "submitting", "submitting", "leased", "leased"]
    assert aftermath.recover() == {"accepted": 2, "queued": 2}
    assert deliver_due(mailer=post) == {"accepted": 2}
    assert len(post.addresses) == len({*post.addresses}) == 6 and states() == ["accepted"] * 6


def test_a_hold_between_two_windows_forgets_nothing_that_was_accepted(post: MemoryMailer) -> None:
    invite(open_room(6))

    def hold(_parcel: Parcel) -> None:
        db.session.execute(sa.update(Sending).values(held_why="restored"))
        db.session.commit()

    post.after = hold
    assert deliver_due(mailer=post)["accepted"] == 2
    assert sorted(states()) == ["accepted"] * 2 + ["queued"] * 4


def test_without_a_mirror_what_was_accepted_stays_accepted(post: MemoryMailer, monkeypatch: pytest.MonkeyPatch) -> None:
    invite(open_room(6))
    reflect, numbers = mirrors.reflect, []

    def fails(mark: str, number: int) -> None:
        numbers.append(number)
        if len(numbers) == 2:
            raise mirrors.NoMirror
        reflect(mark, number)

    monkeypatch.setattr(mirrors, "reflect", fails)
    assert deliver_due(mailer=post)["accepted"] == 2
    assert sorted(states()) == ["accepted"] * 2 + ["queued"] * 4


def test_an_answer_of_two_windows_ago_that_somebody_decided_meanwhile_does_not_count(post: MemoryMailer) -> None:
    (number, *_) = invite(open_room(4))

    def decides(parcel: Parcel) -> None:
        if parcel.number == number:
            return
        decided = row(number)
        if decided.state == "submitting":
            decided.state, decided.lease = "failed", None
        db.session.commit()

    post.after = decides
    assert deliver_due(mailer=post) == {"accepted": 3, "too-late": 1}
    assert row(number).state == "failed"


def test_two_suppressions_of_one_address_make_no_second_mail_and_the_graver_one_speaks(post: MemoryMailer) -> None:
    digest_week(open_room(2))
    suppressions.suppress("p0@beacon.example", "digest", "unsubscribed")
    suppressions.suppress("p0@beacon.example", "all", "bounced")
    suppressions.suppress("p1@beacon.example", "draw", "unsubscribed")
    db.session.commit()
    assert deliver_due(mailer=post) == {"left-out": 1, "accepted": 1}
    assert (row(1).state, row(1).why, row(2).state) == ("suppressed", "bounced", "accepted")


def test_a_lease_is_remembered_until_its_rows_are_settled(post: MemoryMailer) -> None:
    invite(open_room(3))
    token, ids = leases.take(10)
    assert leases.rows_of(token) == ids and len(ids) == 3
    clock.set_now(clock.now() + leases.LEASE * 2)
    assert expire() == (3, 0) and deliver_due(mailer=post) == {"accepted": 3}
    expire()
    assert [each.token for each in db.session.scalars(sa.select(Lease))] != [token]
    clock.set_now(clock.now() + leases.LEASE * 2)
    expire()
    assert db.session.scalars(sa.select(Lease)).all() == []


def test_what_stands_in_the_index_follows_the_state(post: MemoryMailer) -> None:
    (number,) = invite(open_room(1))
    found = {}
    for state in ("queued", "leased", "submitting", "accepted", "ambiguous", "retry", "held", "delivered"):
        db.session.execute(sa.update(Outbox).values(state=state))
        found[state] = db.session.scalar(sa.select(Outbox.stands).where(Outbox.id == number))
    due, nowhere = ("queued", "retry"), ("leased", "submitting", "accepted", "delivered")
    assert found == {s: "due" if s in due else None if s in nowhere else s for s in found}


def test_a_delivery_takes_no_more_after_its_time(post: MemoryMailer) -> None:
    share = Share(10, span=-1.0)
    assert share.draw(5) == 0
    assert deliver.SPAN > 0


def test_a_prepared_statement_reads_the_same_on_both_databases(app: Flask) -> None:
    asked = Prepared(
        lambda tongue: (
            sa.select(Outbox.id, given("word"), tongue.until > tongue.now)
            .where(tongue.one_of(Outbox.id, "ids"))
            .order_by(Outbox.id)
        )
    )
    ids = invite(open_room(4))
    for wanted in (ids[:1], ids[1:3], []):
        assert asked.run(ids=listed(wanted), word="é, 'ü") == [(n, "é, 'ü", True) for n in wanted]


def test_who_slept_past_a_lease_leaves_none_of_its_rows_behind(post: MemoryMailer) -> None:
    """A machine that was suspended: its sender wakes up before any sweep has queued its rows again."""
    invite(open_room(6))

    def sleeps(parcel: Parcel) -> None:
        if parcel.message.recipient == "p2@beacon.example":
            clock.set_now(clock.now() + leases.LEASE * 1.1)

    post.after = sleeps
    deliver_due(mailer=post)
    post.after = lambda _parcel: None
    clock.set_now(clock.now() + leases.LEASE * 2)
    expire()
    deliver_due(mailer=post)
    assert states() == ["accepted"] * 6 and len({*post.addresses}) == len(post.addresses) == 6


def test_a_lease_that_was_lengthened_leaves_no_doubt_when_the_first_one_would_have_ended(post: MemoryMailer) -> None:
    invite(open_room(2))
    token, (slow, lost) = leases.take(10)
    assert len(windows.prepare([slow, lost], token)) == 2
    clock.set_now(clock.now() + leases.LEASE * 0.9)
    assert leases.renew(slow, token) is True
    clock.set_now(clock.now() + leases.LEASE * 0.5)
    assert expire() == (0, 1)
    assert (row(slow).state, row(lost).state) == ("submitting", "ambiguous")
    assert leases.renew(slow, "f" * 32) is False and leases.renew(lost, token) is False


def test_no_more_than_thirty_two_mails_of_a_connection_are_on_their_way_at_once(app: Flask) -> None:
    invite(open_room(70))
    post, seen = MemoryMailer(), set()
    post.before = lambda parcel: seen.add(states().count("submitting")) if parcel.number in (1, 33, 65) else None
    assert deliver_due(mailer=post) == {"accepted": 70}
    assert max(seen) == 32


def test_every_body_begins_with_more_lease_than_the_longest_wait_for_a_reply(post: MemoryMailer) -> None:
    invite(open_room(4))
    left = []

    def slow(_parcel: Parcel) -> None:
        clock.set_now(clock.now() + timedelta(minutes=4))

    def look(parcel: Parcel) -> None:
        until = row(parcel.number).lease_until
        assert until is not None
        left.append(until - leases.database_now())

    post.before, post.after = slow, look
    assert deliver_due(mailer=post) == {"accepted": 4}
    assert min(left) > REPLY
