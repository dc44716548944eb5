"""Delivery. In: due rows on both databases, a MemoryMailer. Out: at most one copy, whatever happens in between."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from flask import Flask

from service import clock, suppressions
from service.database import db
from service.delivery import (
    NotNow,
    Outcome,
    Parcel,
    Verdict,
    deliver_due,
    expire,
    leases,
    resolve,
    settle,
    stopping,
    windows,
)
from service.delivery.states import ATTEMPTS, MOVES, back_off
from service.models import Edition
from service.models.mail import MailState
from tests.postroom import MemoryMailer, digest_week, invite, open_room, row, states


@pytest.fixture
def post(app: Flask) -> MemoryMailer:
    return MemoryMailer()


def pass_time(**span: float) -> None:
    clock.set_now(clock.now() + timedelta(**span))


def test_due_mails_are_sent_once_and_settled(post: MemoryMailer) -> None:
    invite(open_room(3))
    assert deliver_due(mailer=post) == {"accepted": 3}
    assert deliver_due(mailer=post) == {}
    assert sorted(post.addresses) == ["p0@beacon.example", "p1@beacon.example", "p2@beacon.example"]
    assert states() == ["accepted"] * 3
    assert row(1).settled_at is not None and row(1).attempts == 1


def test_a_row_says_submitting_in_the_database_before_its_bytes_leave(post: MemoryMailer, app: Flask) -> None:
    invite(open_room(1))
    seen: list[str] = []

    def another_process_looks(parcel: Parcel) -> None:
        with app.app_context(), db.engine.connect() as other:
            seen.append(other.exec_driver_sql(f"SELECT state FROM outbox WHERE id = {parcel.number}").scalar_one())

    post.before = another_process_looks
    deliver_due(mailer=post)
    assert seen == ["submitting"]


def test_mail_that_is_not_due_yet_waits(post: MemoryMailer) -> None:
    (number,) = invite(open_room(1))
    waiting = row(number)
    waiting.due_at = clock.now() + timedelta(minutes=30)
    db.session.commit()
    assert deliver_due(mailer=post) == {}
    pass_time(minutes=31)
    assert deliver_due(mailer=post) == {"accepted": 1}


def test_no_more_than_the_limit_is_taken(post: MemoryMailer) -> None:
    invite(open_room(5))
    assert deliver_due(limit=2, mailer=post) == {"accepted": 2}
    assert states().count("queued") == 3


def test_several_windows_go_one_after_the_other(post: MemoryMailer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "WINDOW", 2)
    invite(open_room(5))
    assert deliver_due(mailer=post) == {"accepted": 5}


def test_a_process_that_is_to_end_finishes_its_window_and_takes_no_other(
    post: MemoryMailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows, "WINDOW", 2)
    invite(open_room(5))
    post.after = lambda _parcel: stopping.set()
    try:
        assert deliver_due(mailer=post) == {"accepted": 2}
    finally:
        stopping.clear()
    assert states().count("queued") == 3


def test_a_digest_leaves_only_while_its_edition_flows(post: MemoryMailer) -> None:
    edition = digest_week(open_room(2))
    for change, back in (
        ({"paused": True}, {"paused": False}),
        ({"status": "draft"}, {"status": "released"}),
        ({"status": "cancelled"}, {"status": "closing"}),
        ({"held_why": "auth: 535"}, {"held_why": None}),
        ({"leaves_at": clock.now() + timedelta(minutes=5)}, {"leaves_at": clock.now()}),
    ):
        for name, value in change.items():
            setattr(edition, name, value)
        db.session.commit()
        assert deliver_due(mailer=post) == {}, change
        for name, value in back.items():
            setattr(edition, name, value)
        db.session.commit()
    assert deliver_due(mailer=post) == {"accepted": 2}
    assert "A lighthouse for all" in post.sent[0].html and "A lighthouse for all" in post.sent[0].text


def test_a_pause_between_lease_and_submitting_stops_the_window(post: MemoryMailer) -> None:
    edition = digest_week(open_room(2))
    token, ids = leases.take(10)
    edition.paused = True
    db.session.commit()
    assert windows.prepare(ids, token) == []
    assert states() == ["queued", "queued"]


def test_a_suppression_between_lease_and_submitting_is_seen(post: MemoryMailer) -> None:
    people = open_room(3)
    digest_week(people)
    token, ids = leases.take(10)
    suppressions.suppress("p1@beacon.example", "digest", "unsubscribed")
    db.session.commit()
    assert [p.message.recipient for p in windows.prepare(ids, token)] == ["p0@beacon.example", "p2@beacon.example"]
    assert states() == ["submitting", "suppressed", "submitting"]
    assert row(2).why == "unsubscribed"


@pytest.mark.parametrize("status", ["left", "gone", "suspended", "paused"])
def test_who_left_or_paused_after_planning_gets_nothing(post: MemoryMailer, status: str) -> None:
    people = open_room(2)
    digest_week(people)
    people[0].status = status
    db.session.commit()
    assert deliver_due(mailer=post) == {"left-out": 1, "accepted": 1}
    assert post.addresses == ["p1@beacon.example"]
    assert (row(1).state, row(1).why) == ("cancelled", status)


def test_a_pause_that_ended_yesterday_stops_nothing(post: MemoryMailer) -> None:
    people = open_room(1)
    digest_week(people)
    people[0].status, people[0].paused_until = "paused", (clock.now() - timedelta(days=1)).date()
    db.session.commit()
    assert deliver_due(mailer=post) == {"accepted": 1}


def test_an_erased_person_and_a_changed_address_get_nothing(post: MemoryMailer) -> None:
    people = open_room(2)
    invite(people)
    people[0].email, people[0].name = None, None
    people[1].email = "new@beacon.example"
    db.session.commit()
    assert deliver_due(mailer=post) == {"left-out": 2}
    assert [(row(n).state, row(n).why) for n in (1, 2)] == [("cancelled", "erased"), ("cancelled", "address-changed")]
    assert post.sent == []


def test_a_mail_that_cannot_be_made_fails_alone(post: MemoryMailer) -> None:
    invite(open_room(2))
    broken = row(1)
    broken.facts = {k: v for k, v in broken.facts.items() if k != "programme"}
    db.session.commit()
    assert deliver_due(mailer=post) == {"left-out": 1, "accepted": 1}
    assert (row(1).state, row(1).why) == ("failed", "compose: KeyError")


def test_every_attempt_gives_the_same_bytes(post: MemoryMailer) -> None:
    people = open_room(1)
    post.say["p0@beacon.example"] = Outcome(Verdict.LATER, "rcpt: 451")
    taken: list[bytes] = []
    post.before = lambda parcel: taken.append(parcel.message.raw)
    digest_week(people)
    deliver_due(mailer=post)
    people[0].name, people[0].networks = "Another name", ["x"]
    db.session.commit()
    pass_time(hours=1)
    deliver_due(mailer=post)
    assert len(taken) == 2 and taken[0] == taken[1]


def test_temporary_refusals_are_tried_again_later_and_fail_in_the_end(post: MemoryMailer) -> None:
    (number,) = invite(open_room(1))
    post.say["p0@beacon.example"] = Outcome(Verdict.LATER, "rcpt: 451 busy")
    for attempt in range(1, ATTEMPTS):
        assert deliver_due(mailer=post) == {"retry": 1}
        assert row(number).attempts == attempt and row(number).why == "rcpt: 451 busy"
        assert deliver_due(mailer=post) == {}, "not before its time"
        pass_time(seconds=back_off(attempt).total_seconds() + 1)
    assert deliver_due(mailer=post) == {"failed": 1}
    assert post.sent == []


def test_a_refusal_for_good_concerns_that_person_alone(post: MemoryMailer) -> None:
    digest_week(open_room(6))
    for n in range(5):
        post.say[f"p{n}@beacon.example"] = Outcome(Verdict.REFUSED, "rcpt: 550 no such user")
    assert deliver_due(mailer=post) == {"failed": 5, "accepted": 1}
    assert db.session.query(Edition).one().held_why is None


def test_a_refusal_that_concerns_nobody_returns_the_rows_and_holds_the_edition(post: MemoryMailer) -> None:
    edition = digest_week(open_room(4))
    post.say["p1@beacon.example"] = Outcome(Verdict.NOBODY, "auth: 535 no")
    assert deliver_due(mailer=post) == {"accepted": 1, "given-back": 3}
    assert states() == ["accepted", "queued", "queued", "queued"]
    db.session.refresh(edition)
    assert edition.held_why == "auth: 535 no"
    post.say.clear()
    pass_time(hours=1)
    assert deliver_due(mailer=post) == {}
    edition.held_why = None
    db.session.commit()
    assert deliver_due(mailer=post) == {"accepted": 3}
    assert len(set(post.addresses)) == len(post.addresses) == 4


def test_the_same_refusal_of_the_mail_three_times_stops_the_rest(post: MemoryMailer) -> None:
    edition = digest_week(open_room(6))
    for n in range(6):
        post.say[f"p{n}@beacon.example"] = Outcome(Verdict.REFUSED, "final-dot: 554 spam")
    assert deliver_due(mailer=post) == {"failed": 3, "given-back": 3}
    db.session.refresh(edition)
    assert edition.held_why == "final-dot: 554 spam"


def test_an_expired_lease_is_queued_again_and_its_token_opens_nothing(post: MemoryMailer) -> None:
    invite(open_room(1))
    token, ids = leases.take(10)
    assert expire() == (0, 0)
    pass_time(minutes=16)
    assert windows.prepare(ids, token) == [], "its lease is over"
    assert expire() == (1, 0)
    assert windows.prepare(ids, token) == [], "the old token is nobody's"
    assert deliver_due(mailer=post) == {"accepted": 1}


def test_an_expired_submission_is_ambiguous_and_never_sent_again_by_itself(post: MemoryMailer) -> None:
    invite(open_room(1))
    token, ids = leases.take(10)
    assert len(windows.prepare(ids, token)) == 1
    pass_time(minutes=16)
    assert expire() == (0, 1)
    for _day in range(4):
        assert deliver_due(mailer=post) == {} and expire() == (0, 0)
        pass_time(days=1)
    assert (states(), row(ids[0]).why, post.sent) == (["ambiguous"], "lease-ended", [])


def test_a_late_reply_with_its_own_token_settles_what_was_ambiguous(post: MemoryMailer) -> None:
    invite(open_room(1))
    token, ids = leases.take(10)
    windows.prepare(ids, token)
    pass_time(minutes=16)
    expire()
    assert settle.settle(ids[0], "f" * 32, Outcome(Verdict.ACCEPTED)) is None
    assert states() == ["ambiguous"]
    assert settle.settle(ids[0], token, Outcome(Verdict.ACCEPTED)) is MailState.ACCEPTED
    assert settle.settle(ids[0], token, Outcome(Verdict.REFUSED, "x")) is None, "accepted stays"


def test_a_sender_whose_lease_is_gone_sends_no_body(post: MemoryMailer, monkeypatch: pytest.MonkeyPatch) -> None:
    (number,) = invite(open_room(1))
    monkeypatch.setattr("service.delivery.lane.MARGIN", 10_000.0)  # every body asks for a longer lease

    def stalls(_parcel: Parcel) -> None:
        pass_time(minutes=16)
        expire()

    post.before = stalls
    assert deliver_due(mailer=post) == {"given-back": 1}
    assert (post.sent, row(number).state) == ([], "ambiguous")


def test_a_lease_is_lengthened_while_its_sender_works(post: MemoryMailer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.delivery.lane.MARGIN", 10_000.0)
    invite(open_room(4))
    post.after = lambda _parcel: pass_time(minutes=9)
    post.before = lambda _parcel: None
    token_rows = deliver_due(mailer=post)
    assert token_rows == {"accepted": 4}


def test_doubt_is_ambiguous_until_the_liaison_decides_after_15_minutes(post: MemoryMailer) -> None:
    numbers = invite(open_room(2))
    for n in range(2):
        post.say[f"p{n}@beacon.example"] = Outcome(Verdict.DOUBT, "final-dot: TimeoutError")
    assert deliver_due(mailer=post) == {"ambiguous": 2}
    with pytest.raises(NotNow, match="may still come"):
        resolve(numbers[0], accepted=True)
    pass_time(minutes=16)
    assert resolve(numbers[0], accepted=True) is MailState.ACCEPTED
    token = row(numbers[1]).lease
    assert resolve(numbers[1], accepted=False) is MailState.QUEUED
    assert settle.settle(numbers[1], token or "", Outcome(Verdict.ACCEPTED)) is None, "the old attempt is over"
    with pytest.raises(NotNow, match="only an ambiguous one"):
        resolve(numbers[0], accepted=False)
    with pytest.raises(LookupError):
        resolve(999, accepted=False)
    post.say.clear()
    assert deliver_due(mailer=post) == {"accepted": 1}


def test_a_failed_mail_may_be_tried_again_since_no_copy_exists(post: MemoryMailer) -> None:
    (number,) = invite(open_room(1))
    post.say["p0@beacon.example"] = Outcome(Verdict.REFUSED, "rcpt: 550 full")
    assert deliver_due(mailer=post) == {"failed": 1}
    with pytest.raises(NotNow):
        resolve(number, accepted=True)
    post.say.clear()
    assert resolve(number, accepted=False) is MailState.QUEUED
    assert deliver_due(mailer=post) == {"accepted": 1}


def test_a_mailer_that_breaks_leaves_only_what_it_had_begun_in_doubt(post: MemoryMailer) -> None:
    invite(open_room(4))

    def breaks(parcel: Parcel) -> None:
        if parcel.message.recipient == "p1@beacon.example":
            raise RuntimeError("a fault of ours")

    post.after = breaks
    with pytest.raises(RuntimeError):
        deliver_due(mailer=post)
    assert states() == ["accepted", "ambiguous", "queued", "queued"]
    post.after = lambda _parcel: None
    assert deliver_due(mailer=post) == {"accepted": 2}
    assert len(set(post.addresses)) == len(post.addresses) == 4


def test_two_deliverers_at_once_send_every_mail_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both hold a window at the same time: each waits, before its first mail, until the other has one too."""
    monkeypatch.setattr(windows, "WINDOW", 4)
    invite(open_room(40))
    mailers = [MemoryMailer(), MemoryMailer()]
    failures: list[Exception] = []
    meeting = threading.Barrier(2)

    def deliver(post: MemoryMailer) -> None:
        try:
            with app.app_context():
                post.before = lambda _parcel: None if post.sent else (meeting.wait(30) and None)
                deliver_due(mailer=post)
                db.session.remove()
        except Exception as failure:  # noqa: BLE001 - shown by the assertion below
            failures.append(failure)

    threads = [threading.Thread(target=deliver, args=(m,)) for m in mailers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    together = mailers[0].addresses + mailers[1].addresses
    assert len(together) == 40 and set(together) == {f"p{n}@beacon.example" for n in range(40)}
    assert states() == ["accepted"] * 40


def test_nothing_leads_back_to_sending_once_a_copy_may_exist() -> None:
    assert set(MOVES) == set(MailState)
    reach = {s: MOVES[s] & {MailState.QUEUED, MailState.RETRY, MailState.LEASED} for s in MailState}
    done = ("accepted", "delivered", "bounced", "dropped", "suppressed", "cancelled")
    assert all(not reach[MailState(s)] for s in done)


def test_waits_grow_and_end_at_six_hours() -> None:
    assert [back_off(n).total_seconds() / 60 for n in (1, 2, 3, 8, 99)] == [5, 10, 20, 360, 360]
