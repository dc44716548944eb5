"""Up. In: `goodword up` really started, on SQLite and the embedded queue. Out: mail sent, falls mended, a clean end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from flask import Flask

from service import config, create_app, database
from service.database import db
from service.up import CannotStart, environment, run
from tests.postroom import invite, open_room
from tests.servers import free_port

pytestmark = [pytest.mark.sockets, pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")]


@dataclass
class Launched:
    settings: config.Config
    process: subprocess.Popen[str]
    app: Flask

    def family(self) -> dict[int, str]:
        """Return pid → command of every living process that was given this test's data folder."""
        found = {}
        mark = f"GOODWORD_DATA={self.settings.data}\0".encode()
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (folder / "environ").read_bytes() and int(folder.name) != self.process.pid:
                    found[int(folder.name)] = (folder / "cmdline").read_text().replace("\0", " ")
            except (OSError, ProcessLookupError):
                continue
        return found

    def child(self, word: str) -> int:
        return next((pid for pid, command in sorted(self.family().items()) if f" {word} " in command), 0)


@pytest.fixture
def launched(tmp_path: Path) -> Iterator[Launched]:
    given = {
        "GOODWORD_ENV": "test",
        "GOODWORD_DATA": str(tmp_path / "data"),
        "GOODWORD_SECRET": "a-secret-of-the-tests-and-of-nobody-else",
        "GOODWORD_LISTEN": f"127.0.0.1:{free_port()}",
    }
    settings = config.read(given)
    process = subprocess.Popen(
        [sys.executable, "-m", "service.cli", "up"],
        env={**os.environ, **environment(settings)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    app = create_app(settings)
    found = Launched(settings, process, app)
    try:
        assert process.stdout is not None
        said = ""
        while "Goodword is up" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        yield found
    finally:
        with app.app_context():
            db.engine.dispose()
        if process.poll() is None:
            process.terminate()
        process.wait(60)
        for pid in found.family():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        assert process.stdout is not None
        process.stdout.close()


def until(ready: Callable[[], object], seconds: float = 45) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def healthy(settings: config.Config) -> bool:
    host, port = settings.listen
    try:
        with urllib.request.urlopen(f"http://{host}:{port}/health", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def test_up_serves_sends_mends_and_stops_leaving_nothing(launched: Launched) -> None:
    settings = launched.settings
    assert healthy(settings)
    names = " ".join(launched.family().values())
    assert all(word in names for word in ("valkey", "granian", "service.cli worker", "service.cli scheduler"))

    with launched.app.app_context():
        invite(open_room(2))
        db.session.remove()
    until(lambda: len(list(settings.mail_folder.glob("*.eml"))) == 2)
    worker, web = (os.getpriority(os.PRIO_PROCESS, launched.child(word)) for word in ("worker", "granian"))
    assert worker > web, "workers give way to visitors where the processor is short"

    fallen = launched.child("worker")
    os.kill(fallen, signal.SIGKILL)
    until(
        lambda: (
            "service.cli worker" in " ".join(launched.family().values()) and launched.child("worker") not in (0, fallen)
        )
    )

    launched.process.send_signal(signal.SIGTERM)
    assert launched.process.wait(45) == 0
    assert launched.family() == {}
    assert launched.process.stdout is not None and "has stopped" in launched.process.stdout.read()


def test_a_killed_launcher_takes_its_children_with_it(launched: Launched) -> None:
    with pytest.raises(CannotStart, match="is up already"):
        run(launched.settings)
    launched.process.kill()
    launched.process.wait(10)
    until(lambda: launched.family() == {})


def test_a_taken_port_is_one_clear_line(launched: Launched, tmp_path: Path) -> None:
    other = replace(launched.settings, data=tmp_path / "other")
    with pytest.raises(CannotStart, match="set GOODWORD_LISTEN"):
        run(other)


def test_children_read_the_very_same_settings(settings: config.Config) -> None:
    database.upgrade(settings.database_url)
    assert config.read(environment(settings)) == settings
    assert set(environment(settings)) >= {s.name for s in config.SETTINGS} - {
        *("GOODWORD_SMTP_URL", "GOODWORD_SENDGRID_KEY", "GOODWORD_SENDGRID_WEBHOOK_KEY", "GOODWORD_SENDGRID_GROUPS"),
        *("GOODWORD_PROXIES", "GOODWORD_SHORT_URL", "GOODWORD_SHORT_HOME", "GOODWORD_INBOUND_ADDRESS"),
        *("GOODWORD_INBOUND_SECRET", "GOODWORD_INBOUND_KEY", "GOODWORD_INBOUND_IMAP_URL", "GOODWORD_INBOUND_IMAP_DONE"),
    }, "but for those that are empty here"
    away = {
        "GOODWORD_MAIL": "sendgrid",
        "GOODWORD_SENDGRID_KEY": "SG.of-a-test",
        "GOODWORD_SENDGRID_HOST": "https://api.eu.sendgrid.com",
        "GOODWORD_SENDGRID_GROUPS": "digest=101,draw=103",
        "GOODWORD_SENDGRID_SILENCE": "on",
        "GOODWORD_SMTP_URL": "smtps://mail.example",
        "GOODWORD_SMTP_CONNECTIONS": "9",
        "GOODWORD_INBOUND_ADDRESS": "suggest@in.example.com",
        "GOODWORD_INBOUND_SECRET": "a-secret-of-a-test-0123456789",
        "GOODWORD_INBOUND_IMAP_URL": "imap://us%40er:p%2Fass%20word@imap.example.com/Answers%2FNew",
        "GOODWORD_INBOUND_IMAP_DONE": "Answers/Done",
    }
    found = config.read({**environment(settings), **away})
    assert config.read(environment(found)) == found != settings
