"""Lanes. In: connections at once, a journal, a sender that dies at any line of it. Out: nobody gets two, few doubts."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from service import clock, config, settings
from service.database import db
from service.delivery import Outcome, Parcel, Verdict, aftermath, deliver, deliver_due, expire, journal, leases, windows
from service.delivery.journal import Full, Journal
from service.delivery.states import ATTEMPTS, back_off
from service.models import Edition
from service.schedule import SCHEDULE
from tests.postroom import MemoryMailer, digest_week, invite, open_room, row, states


@pytest.fixture
def post(app: Flask) -> MemoryMailer:
    return MemoryMailer()


def dies(number: int, said: bool) -> list[int]:
    """Leave behind what a sender would that was killed at its `number`-th mail: before its answer, or after it."""
    token, ids = "ab" * 16, []
    kept = Journal(aftermath.folder())
    kept.lease(token)
    _, ids = leases.take(10, token=token)
    assert len(windows.prepare(ids, token)) == len(ids)
    for n, each in enumerate(ids[:number]):
        kept.begin(each)
        if said or n < number - 1:
            kept.hear(each, Outcome(Verdict.ACCEPTED))
    kept.close(settled=False)
    return ids


def test_of_a_killed_sender_only_the_mail_in_its_hands_is_in_doubt(post: MemoryMailer) -> None:
    invite(open_room(5))
    dies(3, said=False)
    assert aftermath.recover() == {"accepted": 2, "ambiguous": 1, "queued": 2}
    assert states() == ["accepted", "accepted", "ambiguous", "queued", "queued"]
    assert row(3).why == "sender-died" and list(aftermath.folder().glob("*")) != []
    assert aftermath.recover() == {}, "its journal is gone"
    assert deliver_due(mailer=post) == {"accepted": 2}


def test_an_answer_that_was_heard_is_no_doubt(post: MemoryMailer) -> None:
    invite(open_room(4))
    dies(2, said=True)
    assert deliver_due(mailer=post) == {"accepted": 2}, "a delivery sorts out first what was left behind"
    assert states() == ["accepted"] * 4 and post.addresses == ["p2@beacon.example", "p3@beacon.example"]


def test_a_journal_speaks_even_after_the_lease_has_ended_but_not_against_a_decision(post: MemoryMailer) -> None:
    invite(open_room(3))
    ids = dies(1, said=False)
    clock.set_now(clock.now() + leases.LEASE * 2)
    assert expire() == (0, 3)
    decided = row(ids[2])
    decided.lease, decided.state = None, "accepted"
    db.session.commit()
    aftermath.recover()
    assert states() == ["ambiguous", "queued", "accepted"]


def test_the_sweep_asks_the_journal_before_it_doubts(post: MemoryMailer) -> None:
    invite(open_room(3))
    dies(1, said=False)
    clock.set_now(clock.now() + leases.LEASE * 2)
    (task,) = [t for t in SCHEDULE if t.name == "sweep"]
    assert task.function()() == (0, 0)
    assert states() == ["ambiguous", "queued", "queued"]


def test_a_living_senders_journal_is_left_alone(post: MemoryMailer) -> None:
    invite(open_room(2))
    seen: list[object] = []
    post.after = lambda _parcel: seen.append(aftermath.recover())
    assert deliver_due(mailer=post) == {"accepted": 2}
    assert seen == [{}, {}] and list(aftermath.folder().glob("*.journal")) == []


def test_a_journal_from_before_the_machines_last_start_proves_nothing(
    post: MemoryMailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    invite(open_room(2))
    dies(1, said=False)
    monkeypatch.setattr(journal, "this_start", lambda: "another-start")
    assert aftermath.recover() == {}
    assert states() == ["submitting", "submitting"], "what the disk may have lost is no evidence"
    (left,) = aftermath.folder().glob("*.journal")
    os.utime(left, (0, 0))
    aftermath.recover()
    assert not left.exists()


def test_half_a_line_was_never_obeyed(tmp_path: Path) -> None:
    kept = Journal(tmp_path)
    kept.lease("t")
    kept.begin(12)
    with kept.path.open("a") as file:
        file.write("b 1")
    kept.close(settled=False)
    ((_, attempts),) = journal.left_behind(tmp_path)
    assert attempts is not None and [a.begun for a in attempts] == [{12}]


def test_no_body_is_begun_when_the_disk_is_full(post: MemoryMailer, monkeypatch: pytest.MonkeyPatch) -> None:
    edition = digest_week(open_room(4))
    begin, calls = Journal.begin, []

    def fills(self: Journal, number: int) -> None:
        calls.append(number)
        if len(calls) == 3:
            raise Full(errno.ENOSPC, "No space left on device")
        begin(self, number)

    monkeypatch.setattr(Journal, "begin", fills)
    assert deliver_due(mailer=post) == {"accepted": 2, "given-back": 2}
    assert states() == ["accepted", "accepted", "queued", "queued"]
    db.session.refresh(edition)
    assert edition.held_why == "journal: No space left on device"


def test_a_begun_mail_that_its_mailer_never_mentions_is_in_doubt(post: MemoryMailer) -> None:
    class Forgetful(MemoryMailer):
        def send(self, window, may) -> Iterator[tuple[Parcel, Outcome]]:  # type: ignore[no-untyped-def]
            for parcel in window:
                may(parcel)
                if parcel.message.recipient != "p1@beacon.example":
                    yield parcel, Outcome(Verdict.ACCEPTED)

    invite(open_room(3))
    assert deliver_due(mailer=Forgetful()) == {"accepted": 2, "ambiguous": 1}
    assert row(2).why == "sender-stopped"


def test_connections_at_once_send_every_mail_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[MemoryMailer] = []

    def another() -> MemoryMailer:
        made.append(MemoryMailer())
        return made[-1]

    monkeypatch.setattr(deliver, "configured_mailer", another)
    monkeypatch.setattr(deliver, "_lanes", lambda _limit: 3)
    monkeypatch.setattr(windows, "WINDOW", 3)
    invite(open_room(40))
    assert deliver_due(limit=30) == {"accepted": 30}
    assert deliver_due() == {"accepted": 10}
    together = [address for each in made for address in each.addresses]
    assert len(made) == 6 and all(each.closed for each in made)
    assert sorted(together) == sorted(f"p{n}@beacon.example" for n in range(40))


def test_a_lane_that_breaks_stops_the_others_and_is_heard_of(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    class Breaking(MemoryMailer):
        def send(self, window, may):  # type: ignore[no-untyped-def]
            raise RuntimeError("a fault of ours")
            yield

    monkeypatch.setattr(deliver, "configured_mailer", Breaking)
    monkeypatch.setattr(deliver, "_lanes", lambda _limit: 2)
    invite(open_room(5))
    with pytest.raises(RuntimeError):
        deliver_due()
    assert states() == ["queued"] * 5


def test_connections_are_as_many_as_the_mails_are_worth(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    assert deliver._lanes(10_000) == 0
    invite(open_room(5))
    monkeypatch.setattr(windows, "WINDOW", 2)
    assert deliver._lanes(10_000) == 1, "a folder is one"
    found: config.Config = settings()
    object.__setattr__(found, "mail", "smtp")
    assert [deliver._lanes(limit) for limit in (10_000, 2)] == [3, 1]


def test_an_edition_says_in_plain_words_why_it_stopped(post: MemoryMailer) -> None:
    from service.delivery.words import stopped

    digest_week(open_room(1))
    post.say["p0@beacon.example"] = Outcome(Verdict.NOBODY, "auth: 535 wrong password")
    deliver_due(mailer=post)
    why = db.session.query(Edition).one().held_why
    assert why is not None
    assert str(stopped(why)) == "the mail server refused our name or password (535 wrong password)"
    assert str(stopped("something else")) == "something else"


def test_a_mail_that_was_never_begun_has_used_up_no_attempt(post: MemoryMailer) -> None:
    """Lines that break before a body, or a server that is away, are no refusals of the mail: it may be put off."""
    (number,) = invite(open_room(1))
    broken, busy = Outcome(Verdict.BACK, "smtp: Ended"), Outcome(Verdict.LATER, "rcpt: 451 busy")
    for outcome in [broken] * ATTEMPTS + [Outcome(Verdict.NOBODY, "connect: 421 busy")] * 2:
        post.say["p0@beacon.example"] = outcome
        assert deliver_due(mailer=post) == {"given-back": 1} and row(number).attempts == 0
        clock.set_now(clock.now() + leases.LEASE)
    dies(0, said=False)
    assert aftermath.recover() == {"queued": 1} and row(number).attempts == 0
    post.say["p0@beacon.example"] = busy
    assert deliver_due(mailer=post) == {"retry": 1}
    put_off = row(number)
    assert put_off.attempts == 1 and put_off.due_at < clock.now() + back_off(1)
