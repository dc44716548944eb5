"""Mirrors and limits. In: a restored backup, lost mirrors, a busy domain. Out: a hold, or patience."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask

from service import clock, config
from service.cli import cli
from service.database import db
from service.delivery import deliver_due, held, limits, mirrors, release_hold
from service.models import Outbox
from service.models.sending import Sending, SendingNumber
from service.queue import connection
from service.up import environment
from tests.postroom import MemoryMailer, digest_week, invite, open_room, row, states


@pytest.fixture
def post(app: Flask) -> MemoryMailer:
    return MemoryMailer()


def number() -> int:
    db.session.rollback()
    return mirrors.newest()


def in_file() -> str:
    return mirrors._file().read_text().split()[1].lstrip("0")


def lose_file() -> None:
    mirrors._file().unlink()


def lose_redis(settings: config.Config) -> None:
    with connection(settings, patient=False) as redis:
        redis.flushdb()


def restore(before: int) -> None:
    """Do what restoring a dump does: rows and their sequence are those of then."""
    db.session.execute(sa.delete(SendingNumber).where(SendingNumber.id > before))
    if db.session.connection().dialect.name == "postgresql":
        db.session.execute(sa.text(f"SELECT setval('sending_number_id_seq', {max(before, 1)}, {before > 0})"))
    else:
        db.session.execute(sa.text(f"UPDATE sqlite_sequence SET seq = {before} WHERE name = 'sending_number'"))
    db.session.commit()


@pytest.mark.sockets
def test_every_window_draws_a_number_and_both_mirrors_have_it_before_bytes_leave(
    post: MemoryMailer, settings: config.Config
) -> None:
    invite(open_room(1))
    seen: list[object] = []

    def look(_parcel: object) -> None:
        mark = db.session.get_one(Sending, 1).mark
        db.session.rollback()
        seen.extend((in_file(), mirrors._ask_redis(mark)))

    post.before = look
    assert deliver_due(mailer=post) == {"accepted": 1}
    assert seen == ["1", (1, True)] and number() == 1


@pytest.mark.sockets
@pytest.mark.parametrize("lost", ["nothing", "redis", "file"])
def test_a_restored_backup_holds_all_sending_until_a_person_releases_it(
    post: MemoryMailer, settings: config.Config, lost: str
) -> None:
    people = open_room(3)
    for each in people:  # a number for each
        invite([each])
        deliver_due(mailer=post)
    restore(1)
    if lost == "redis":
        lose_redis(settings)
    elif lost == "file":
        lose_file()
    digest_week(people)
    assert deliver_due(mailer=post) == {} and deliver_due(mailer=post) == {}
    found = held()
    assert found is not None and (found.held_why, number()) == ("restored", 1)
    db.session.remove()  # a reader, too, holds SQLite's lock until it is done
    told = CliRunner(env=environment(settings)).invoke(cli, ["mail", "release-hold"], input="n\n")
    assert told.exit_code == 1 and "restored from a backup" in told.output
    told = CliRunner(env=environment(settings)).invoke(cli, ["mail", "release-hold", "--yes"])
    assert told.exit_code == 0 and "Mails flow again." in told.output
    assert deliver_due(mailer=post) == {"accepted": 3}
    assert number() == 5 and in_file() == "5" and release_hold("test") is False


def test_a_backup_of_the_night_before_the_first_mail_holds_all_sending_too(post: MemoryMailer) -> None:
    """All is planned in it and nothing has left: after a restore all of it would leave again."""
    invite(open_room(2))
    db.session.execute(sa.update(Outbox).values(due_at=clock.now() + timedelta(hours=8)))
    db.session.commit()
    assert deliver_due() == {}, "the schedule looks, and nothing is due"
    night = db.session.execute(sa.select(Sending.id, Sending.mark)).all()
    db.session.rollback()
    clock.set_now(clock.now() + timedelta(hours=9))
    assert deliver_due(mailer=post) == {"accepted": 2}
    restore(0)
    db.session.execute(sa.delete(Sending))
    for number, mark in night:
        db.session.add(Sending(id=number, mark=mark))
    db.session.execute(sa.update(Outbox).values(state="queued", lease=None))
    db.session.commit()
    assert deliver_due(mailer=post) == {}
    found = held()
    assert found is not None and found.held_why == "restored"


@pytest.mark.sockets
def test_when_all_mirrors_are_gone_a_person_looks_but_a_new_database_just_sends(
    post: MemoryMailer, settings: config.Config
) -> None:
    people = open_room(2)
    lose_redis(settings)
    invite(people[:1])
    assert deliver_due(mailer=post) == {"accepted": 1}
    lose_redis(settings)
    invite(people[1:])
    assert deliver_due(mailer=post) == {"accepted": 1}, "the file is enough"
    lose_redis(settings)
    lose_file()
    digest_week(people)
    assert deliver_due(mailer=post) == {}
    found = held()
    assert found is not None and found.held_why == "mirrors-missing"


@pytest.mark.sockets
def test_a_hold_between_lease_and_submitting_gives_the_rows_back(post: MemoryMailer) -> None:
    invite(open_room(2))
    deliver_due(limit=1, mailer=post)
    original = mirrors.check
    try:
        mirrors.check = lambda: (mirrors._hold("restored"), None)[1]  # type: ignore[assignment]
        assert deliver_due(mailer=post) == {"given-back": 1}
    finally:
        mirrors.check = original
    assert states() == ["accepted", "queued"] and len(post.sent) == 1


def test_another_databases_mirror_is_not_taken_for_ours(post: MemoryMailer) -> None:
    mirrors._file().parent.mkdir(parents=True)
    mirrors._file().write_text(f"{'f' * 16} {99:020d}\n")
    invite(open_room(1))
    assert deliver_due(mailer=post) == {"accepted": 1}
    assert in_file() == "1"


def test_a_domain_gets_no_more_than_its_limit_and_the_others_go_on(post: MemoryMailer) -> None:
    people = open_room(5)
    people[0].email = "p0@other.example"
    db.session.commit()
    limits.set_limit("beacon.example", 60)
    invite(people)
    assert deliver_due(mailer=post) == {"accepted": 2, "left-out": 3}
    assert post.addresses == ["p0@other.example", "p1@beacon.example"]
    assert {row(n).why for n in (3, 4, 5)} == {"rate-limit"}
    gaps = [(row(n + 1).due_at - row(n).due_at).total_seconds() for n in (3, 4)]
    assert gaps == [1.0, 1.0]
    for sent in (3, 4, 5):
        assert deliver_due(mailer=post) == {}
        clock.set_now(clock.now() + timedelta(seconds=1.05))
        deliver_due(mailer=post)
        assert len(post.sent) == sent
    assert row(5).why is None


def test_a_mail_that_waited_goes_before_one_that_comes_later(post: MemoryMailer) -> None:
    people = open_room(4)
    limits.set_limit("", 60)
    invite(people[:3])
    deliver_due(mailer=post)
    clock.set_now(clock.now() + timedelta(seconds=1.1))
    invite(people[3:])
    deliver_due(mailer=post)
    assert post.addresses == ["p0@beacon.example", "p1@beacon.example"]
    limits.set_limit("", None)
    assert deliver_due(mailer=post) == {"accepted": 2}, "without the limit nobody waits any more"


def test_limits_are_set_on_the_command_line(app: Flask, settings: config.Config) -> None:
    def run(*words: str) -> str:
        told = CliRunner(env=environment(settings)).invoke(cli, ["mail", "limit", *words])
        return told.output if told.exit_code == 0 else f"exit {told.exit_code}"

    assert run() == "There are no limits.\n"
    assert "all together" in run("--per-minute", "600")
    assert "beacon.example" in run("Beacon.example", "--per-minute", "30")
    assert "beacon" not in run("beacon.example", "--none")
    assert run("no domain", "--per-minute", "3") == "exit 2"
