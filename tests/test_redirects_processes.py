"""Short links under fire: real web servers are stopped, killed, left without a database; all visits are counted."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from service import config, create_app, database, posters, shares
from service.database import db
from service.models import Intake
from service.up import environment
from tests import noor as world
from tests.chaos.postgres import Postgres
from tests.servers import die_with_parent, free_port

pytestmark = [pytest.mark.sockets, pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")]


class Web:
    """A web server of two processes, and a visitor who keeps her connection."""

    def __init__(self, folder: Path, url: str, mode: str, workers: int = 2, room: int = 50_000) -> None:
        given = {
            "GOODWORD_ENV": "test",
            "GOODWORD_DATA": str(folder),
            "GOODWORD_DATABASE_URL": url,
            "GOODWORD_REDIS_URL": "redis://127.0.0.1:1",
            "GOODWORD_SECRET": "a-secret-of-the-tests-and-of-nobody-else",
            "GOODWORD_LISTEN": f"127.0.0.1:{free_port()}",
            "GOODWORD_VISITS": mode,
            "GOODWORD_VISITS_WAITING": str(room),
            "GOODWORD_WEB_WORKERS": str(workers),
        }
        self.settings, self.url, self.answered = config.read(given), url, 0
        app = create_app(self.settings)
        with app.app_context():
            noor = world.begin()
            self.codes = [shares.open_share(noor, world.story(), n).share.code for n in ("linkedin", "x")]
            self.poster = posters.make(world.story()).code
            db.session.remove()
            db.engine.dispose()

    @contextmanager
    def up(self) -> Iterator[Web]:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "service.cli", "web"],
            env={**os.environ, **environment(self.settings)},
            preexec_fn=die_with_parent,
        )
        try:
            until(lambda: self.ask("/health") == 200)
            yield self
        finally:
            for pid in [*self.workers(), self.process.pid]:
                if self.process.poll() is None or Path(f"/proc/{pid}").exists():
                    os.kill(pid, signal.SIGKILL)
            self.process.wait(30)

    def workers(self) -> list[int]:
        """Return the ids of the processes that answer."""
        found = []
        for file in Path(f"/proc/{self.process.pid}/task").glob("*/children"):
            found += [int(each) for each in file.read_text().split()]
        return found

    def ask(self, path: str) -> int:
        connection = http.client.HTTPConnection(*self.settings.listen, timeout=20)
        try:
            connection.request("GET", path, headers=world.PERSON)
            return connection.getresponse().status
        except OSError:
            return 0
        finally:
            connection.close()

    def visit(self, code: str) -> int:
        status = self.ask(f"/r/{code}")
        self.answered += status == 302
        return status

    def told(self) -> tuple[int, int]:
        """Return recorded and lost, as the processes wrote them down; the rows there are must be as many."""
        engine = sa.create_engine(self.url, poolclass=sa.NullPool)
        # One moment's view for both: processes write meanwhile.
        with engine.connect().execution_options(isolation_level="SERIALIZABLE") as connection:
            recorded, lost = connection.execute(sa.text("SELECT sum(recorded), sum(lost) FROM intake")).one()
            kept = """SELECT (SELECT count(*) FROM arrival) + (SELECT count(*) FROM evidence WHERE kind = 'visit')
            + (SELECT count(*) FROM poster_visit)"""
            rows = connection.scalar(sa.text(kept))
        engine.dispose()
        assert rows == (recorded or 0)
        return int(recorded or 0), int(lost or 0)

    def looked(self) -> float:
        """Return when the only process took what waited, before its last write that is in (seconds since 1970)."""
        engine = sa.create_engine(self.url, poolclass=sa.NullPool)
        with engine.connect() as connection:
            (at,) = connection.scalars(sa.select(Intake.seen_at)).all()
        engine.dispose()
        return float(at.timestamp())


def until(ready: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


@pytest.mark.parametrize("mode", ["buffered", "durable"])
def test_stopping_in_order_loses_nothing(database_url: str, tmp_path: Path, mode: str) -> None:
    with Web(tmp_path, database_url, mode).up() as web:
        for n in range(200):
            assert web.visit(web.codes[n % 2]) == 302
        web.process.send_signal(signal.SIGTERM)
        web.process.wait(30)
        assert web.told() == (200, 0)


@pytest.mark.parametrize("mode", ["buffered", "durable"])
def test_a_kill_takes_at_most_what_came_after_the_writer_looked_last(
    database_url: str, tmp_path: Path, mode: str
) -> None:
    """That it looks every tenth of a second is proved by its own clock, in tests/test_arrivals_writer.py."""
    with Web(tmp_path, database_url, mode, workers=1).up() as web:
        answered = []
        began = time.monotonic()
        while time.monotonic() - began < 2.0 or web.told()[0] == 0:
            assert web.visit(web.codes[0]) == 302
            answered.append(time.time())
        for pid in [web.process.pid, *web.workers()]:
            os.kill(pid, signal.SIGKILL)
        web.process.wait(30)
        looked = web.looked()
        safe = len(answered) if mode == "durable" else sum(at < looked for at in answered)
        recorded, lost = web.told()
        assert 0 < safe <= recorded <= len(answered)
        assert lost == 0


@pytest.mark.parametrize("mode", ["buffered", "durable"])
def test_while_the_database_is_away_known_links_lead_on_and_what_does_not_fit_is_counted(
    tmp_path: Path, mode: str
) -> None:
    with Postgres(tmp_path / "postgres") as postgres:
        database.upgrade(postgres.url)
        with Web(tmp_path / "data", postgres.url, mode, workers=1, room=100).up() as web:
            assert web.visit(web.codes[0]) == 302
            until(lambda: web.told() == (1, 0))
            postgres.fall()
            for _ in range(150):
                assert web.visit(web.codes[0]) == 302
            assert web.ask("/r/2222222222") == 503, "whether there is such a link cannot be known now"
            assert web.visit(web.codes[1]) == 302, "the newest links are known before anybody asks for them"
            postgres.start()
            until(lambda: sum(web.told()) == 152)
            assert web.answered == 152
            assert web.told() == (101, 51)
            assert web.ask("/r/2222222222") == 404
            assert web.visit(web.codes[1]) == 302
            web.process.send_signal(signal.SIGTERM)
            web.process.wait(30)
            assert web.told() == (102, 51)


@pytest.mark.parametrize("mode", ["buffered", "durable"])
def test_a_process_that_ends_while_the_database_is_away_leaves_its_visits_to_the_next(
    tmp_path: Path, mode: str
) -> None:
    with Postgres(tmp_path / "postgres") as postgres:
        database.upgrade(postgres.url)
        web = Web(tmp_path / "data", postgres.url, mode, workers=1)
        with web.up():
            assert web.visit(web.codes[0]) == 302
            until(lambda: web.told() == (1, 0))
            postgres.fall()
            for n in range(30):
                assert web.visit(web.codes[n % 2]) == 302
            web.process.send_signal(signal.SIGTERM)
            web.process.wait(30)
        (kept,) = (tmp_path / "data" / "spilled-visits").iterdir()
        assert kept.stat().st_mode & 0o077 == 0
        assert len(kept.read_text().splitlines()) == 32 and "127.0.0.1" not in kept.read_text()
        postgres.start()
        again = kept.read_bytes()
        with web.up():
            assert web.visit(web.codes[0]) == 302
            until(lambda: not kept.exists())
            kept.write_bytes(again)  # as if it had fallen before it could delete the file
            until(lambda: not kept.exists())
            until(lambda: sum(web.told()) == 32)
            web.process.send_signal(signal.SIGTERM)
            web.process.wait(30)
        assert (web.told(), web.answered) == ((32, 0), 32)


def test_without_a_queue_the_web_process_judges_what_arrived(database_url: str, tmp_path: Path) -> None:
    with Web(tmp_path, database_url, "buffered", workers=1).up() as web:
        assert web.visit(web.codes[0]) == 302
        engine = sa.create_engine(database_url, poolclass=sa.NullPool)

        def confirmed() -> bool:
            with engine.connect() as connection:
                return bool(connection.scalar(sa.text("SELECT count(*) FROM share WHERE state = 'confirmed'")))

        until(confirmed)
        engine.dispose()
