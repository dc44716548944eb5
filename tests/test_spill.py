"""Spilled visits. In: files of processes that ended in every way. Out: each row once, and a count that adds up."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from service import database, visiting
from service.arrivals import spill
from service.arrivals.spill import Spill
from service.arrivals.store import Account, Row, store_for
from service.database import db
from service.models import Arrival, Intake
from tests.chaos.postgres import Postgres
from tests.conftest import TUESDAY
from tests.test_redirects_processes import Web, until

NOON = TUESDAY.timestamp()


def _rows(count: int) -> list[Row]:
    return [Row(1, NOON + n, f"{n:032x}", None, f"{n:032x}", None, None, "{}") for n in range(count)]


def _kept(app: Flask, rows: list[Row], name: str = "one", **account: int) -> Path:
    """Return the file of a process that was killed while it kept these rows."""
    data = app.config["GOODWORD"].data
    file = Spill(data, name)
    file.keep(Account(name, "buffered", NOON, NOON, **account), rows, account.get("lost", 0))
    file.close()
    return Path(data) / spill.FOLDER / f"{name}.jsonl"


def _told() -> tuple[int, int, int]:
    db.session.rollback()
    sums = sa.select(sa.func.sum(Intake.recorded), sa.func.sum(Intake.lost))
    recorded, lost = db.session.execute(sums).one()
    found = db.session.query(Arrival).count(), recorded or 0, lost or 0
    db.session.rollback()
    return found


def test_a_file_is_taken_in_once_and_is_gone(app: Flask) -> None:
    path = _kept(app, _rows(5))
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    again = path.read_bytes()
    assert (spill.take_in(), path.exists()) == (5, False)
    path.write_bytes(again)  # as if it had fallen before it could delete the file
    assert (spill.take_in(), path.exists(), _told()) == (0, False, (5, 5, 0))


def test_what_a_process_wrote_itself_before_it_fell_is_not_taken_again(app: Flask) -> None:
    rows = _rows(10)
    path = _kept(app, rows, batch=3, recorded=7)
    account = Account("one", "buffered", NOON, NOON, None, 4, 7 + 4)
    store = store_for(db.engine)
    store.write(rows[:4], account)  # the database came back, it caught up with four, and was killed
    store.drop()
    again = path.read_bytes()
    assert spill.take_in() == 6
    assert _told() == (10, 17, 0), "seven are from before, and were judged"
    path.write_bytes(again)
    assert (spill.take_in(), _told()) == (0, (10, 17, 0))


def test_a_file_of_which_all_was_written_adds_nothing(app: Flask) -> None:
    path, rows = _kept(app, _rows(3)), _rows(5)
    store = store_for(db.engine)
    store.write(rows, Account("one", "buffered", NOON, NOON, None, 9, 5, 1))
    store.drop()
    assert (spill.take_in(), path.exists(), _told()) == (0, False, (5, 5, 1))


@pytest.mark.parametrize("cut", [1, 20, 60])
def test_a_torn_end_loses_one_visit_and_says_so(app: Flask, cut: int) -> None:
    path = _kept(app, _rows(4), lost=2)
    path.write_bytes(path.read_bytes()[:-cut])
    whole = 4 if cut == 1 else 3  # without its line end alone the line is whole
    assert spill.take_in() == whole
    assert _told() == (whole, whole, 2 + 4 - whole)
    assert not list(path.parent.iterdir())


def test_lines_that_are_no_rows_are_counted_as_lost_and_stop_nothing(app: Flask) -> None:
    rows = _rows(3)
    path = _kept(app, [rows[0], Row(2**70, NOON, "v", None, "w", None, None, "{}"), rows[1]])
    with path.open("ab") as file:
        for line in (b"\xff\xfe\0", b"[1, 2]", b'[null, 1, "v", null, null, null, null, "{}", null]', b"17"):
            file.write(line + b"\n")
        file.write(json.dumps(rows[2]._replace(facts="{")).encode() + b"\n" + json.dumps(rows[2]).encode() + b"\n")
    again = path.read_bytes()
    assert spill.take_in() == 3
    assert _told() == (3, 3, 6)
    path.write_bytes(again)
    assert (spill.take_in(), _told()) == (0, (3, 3, 6))
    visiting.judge_arrivals()
    assert _told()[0] == 0, "judging does not stumble"


def test_a_file_without_a_head_is_set_aside_once(app: Flask) -> None:
    path = _kept(app, _rows(3))
    path.write_bytes(b"\0" * 512 + b"\n" + path.read_bytes())
    other = _kept(app, _rows(2), "two")
    assert spill.take_in() == 2, "others are taken in all the same"
    assert (path.exists(), other.exists()) == (False, False)
    assert [each.name for each in path.parent.iterdir()] == ["one.unreadable"]


def test_the_file_of_a_living_process_is_left_alone_and_goes_with_its_last_row(app: Flask) -> None:
    rows, data = _rows(6), app.config["GOODWORD"].data
    account = Account("one", "buffered", NOON)
    living, other = Spill(data, "one"), Spill(data, "two")
    living.keep(account, rows[:2], 0)
    living.keep(account, rows, 0)
    other.keep(Account("two", "buffered", NOON), rows[:1], 0)
    assert spill.take_in() == 0
    folder = data / spill.FOLDER
    assert len((folder / "one.jsonl").read_bytes().splitlines()) == 7
    living.written(4)
    assert (folder / "one.jsonl").exists()
    living.written(2)
    assert not (folder / "one.jsonl").exists()
    other.close()
    assert (spill.take_in(), _told()) == (1, (1, 1, 0))


def test_a_full_disk_is_told_and_the_file_is_whole_again_afterwards(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, file = _rows(5), Spill(app.config["GOODWORD"].data, "one")
    account = Account("one", "buffered", NOON)
    file.keep(account, rows[:2], 0)
    real: Callable[[int, bytes], int] = os.write

    def full(descriptor: int, told: bytes) -> int:
        if len(told) <= 10:
            raise OSError(28, "No space left on device")
        return real(descriptor, told[:10])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        file.keep(account, rows, 0)
    monkeypatch.undo()
    file.keep(account, rows, 0)
    file.close()
    assert (spill.take_in(), _told()) == (5, (5, 5, 0))


@pytest.mark.sockets
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("mode", ["buffered", "durable"])
def test_two_processes_killed_while_the_database_is_away_leave_what_they_answered(tmp_path: Path, mode: str) -> None:
    folder = tmp_path / "data" / spill.FOLDER

    def rows() -> int:
        return sum(max(0, file.read_bytes().count(b"\n[")) for file in folder.glob("*.jsonl"))

    with Postgres(tmp_path / "postgres") as postgres:
        database.upgrade(postgres.url)
        web = Web(tmp_path / "data", postgres.url, mode)
        with web.up():
            first = 0
            while len(_running(postgres.url)) < 2:  # both have answered, and know the links
                assert web.visit(web.codes[0]) == web.ask(f"/p/{web.poster}") == 302
                first += 2
            until(lambda: web.told() == (first, 0))
            postgres.fall()
            for n in range(30):
                assert web.visit(web.codes[n % 2]) == 302
                assert web.ask(f"/p/{web.poster}") == 302
            assert web.ask("/p/2222222222") == 503
            until(lambda: rows() == 60)
            for n in range(10):
                web.visit(web.codes[n % 2])
            for pid in [web.process.pid, *web.workers()]:
                os.kill(pid, signal.SIGKILL)
            web.process.wait(30)
        safe = rows()
        assert 60 <= safe <= 70
        text = "".join(file.read_text() for file in folder.iterdir())
        assert "127.0.0.1" not in text and {f.stat().st_mode & 0o777 for f in folder.iterdir()} == {0o600}
        postgres.start()
        with web.up():
            assert web.visit(web.codes[0]) == 302
            until(lambda: not list(folder.iterdir()) and sum(web.told()) == first + safe + 1)
            assert web.told() == (first + safe + 1, 0)
            web.process.send_signal(signal.SIGTERM)
            began = time.monotonic()
            web.process.wait(30)
            assert time.monotonic() - began < 20


def _running(url: str) -> list[str]:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        found = list(connection.scalars(sa.text("SELECT name FROM intake WHERE recorded > 0")))
    engine.dispose()
    return found
