"""Logs. In: what people do with their links, and what breaks meanwhile. Out: no pass, address or name in any line."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from pytest import CaptureFixture, MonkeyPatch

from emails.values import Passes
from service import config, create_app, database, journal, outbox, shares
from service.database import db
from service.models import Employee
from service.queue import connection
from service.up import environment, web_command
from tests import noor as world
from tests.servers import free_port


def _private(made: Passes) -> list[str]:
    """Return what may stand in no log: her four passes, address and name, in pieces too."""
    passes = [made.share, made.me, made.unsubscribe, made.claim]
    return [*passes, "noor.benali", "noor%2Ebenali", "Noor", "Benali", "fjord.example>"]


def _ask(base: str, method: str, path: str, form: dict[str, str] | None = None, agent: str = world.CHROME) -> str:
    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_args: object) -> None:
            return None

    data = urllib.parse.urlencode(form).encode() if form is not None else None
    headers = {"User-Agent": agent, "Accept-Language": "en", "Referer": f"{base}{path}"}
    request = urllib.request.Request(base + path, data, headers, method=method)
    try:
        with urllib.request.build_opener(Stay).open(request, timeout=20) as answer:
            return str(answer.status) + answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return str(refused.code) + refused.read().decode()


def _journey(base: str, made: Passes, story: int, code: str) -> None:
    """Do by HTTP what people, scanners and crawlers do with links; some of it wrong."""
    for path in (f"/s/{made.share}/{story}", f"/s/{made.share}/{story}/bluesky", f"/me/{made.me}", f"/r/{code}"):
        assert _ask(base, "GET", path)[0] in "23", path
        _ask(base, "HEAD", path)
    page = _ask(base, "GET", f"/s/{made.share}/{story}")
    nonce = re.search(r'name="nonce" value="([^"]+)"', page)
    assert nonce
    words = {"nonce": nonce[1], "words": "Noor Benali says hello", "network": "linkedin"}
    assert _ask(base, "POST", f"/s/{made.share}/{story}", words)[:3] == "200"
    for text in (made.share, made.me, made.claim, made.unsubscribe):
        for path in (
            f"/me/{text}",
            f"/claim/{text}/2026-10",
            f"/s/{text}/999/x",
            f"/u/{text[:-1]}",
            f"/nothing/{text}",
        ):
            _ask(base, "GET", path)
            _ask(base, "POST", path, {"email": "noor.benali@fjord.example"})
    _ask(base, "GET", f"/r/{code}?pass={made.share}", agent="LinkedInBot/1.0")
    assert _ask(base, "GET", f"/u/{made.unsubscribe}")[:3] == "200"
    assert _ask(base, "POST", f"/u/{made.unsubscribe}", {"List-Unsubscribe": "One-Click"})[:3] == "200"


def _begin() -> tuple[Passes, int, str]:
    noor = world.begin()
    story = world.story()
    code = shares.open_share(noor, story, "linkedin").share.code
    outbox.enqueue(noor, "invitation", "invitation", {"topics": ["Boats"]})
    made = world.passes_of(noor)
    db.session.commit()
    return made, story.id, code


@pytest.mark.sockets
@pytest.mark.parametrize("env", ["development", "production"])
def test_nothing_of_hers_stands_in_any_line_of_a_running_service(
    tmp_path: Path, env: str, redis_url: str, sqlite_template: Path
) -> None:
    file = tmp_path / "goodword.db"
    file.write_bytes(sqlite_template.read_bytes())
    listen = f"127.0.0.1:{free_port()}"
    settings = config.read(
        {
            "GOODWORD_ENV": env,
            "GOODWORD_DATA": str(tmp_path),
            "GOODWORD_REDIS_URL": redis_url,
            "GOODWORD_SECRET": "a-secret-of-the-tests-and-of-nobody-else",
            "GOODWORD_BASE_URL": "https://good.example",
            "GOODWORD_LISTEN": listen,
        }
    )
    with create_app(settings).app_context():
        made, story, code = _begin()
        db.session.remove()
        db.engine.dispose()
    log = tmp_path / "everything.log"
    # As loud as it gets: the access log that `goodword up` leaves out is turned on.
    web = [part for part in web_command(settings) if part != "--no-access-log"] + ["--access-log"]
    commands = [web, *([sys.executable, "-m", "service.cli", name] for name in ("worker", "scheduler"))]
    with log.open("wb") as out:
        running = [subprocess.Popen(c, env=environment(settings), stdout=out, stderr=out) for c in commands]
        try:
            base = f"http://{listen}"
            until = time.monotonic() + 60
            while not _answers(base) or not list((tmp_path / "mail").glob("*.eml")):
                assert time.monotonic() < until, log.read_text()
                time.sleep(0.2)
            _journey(base, made, story, code)
            engine = sa.create_engine(settings.database_url)
            with engine.begin() as connected:  # from here on her pages break
                connected.exec_driver_sql("ALTER TABLE share RENAME TO gone")
                connected.exec_driver_sql("ALTER TABLE story RENAME TO lost")
            engine.dispose()
            assert _ask(base, "GET", f"/s/{made.share}/{story}/x")[:3] == "500"
            assert _ask(base, "GET", f"/me/{made.me}")[:3] == "500"
            with connection(settings) as redis:
                queued = " ".join(str(redis.dump(key)) + str(key) for key in redis.scan_iter())
        finally:
            for process in running:
                process.terminate()
            for process in running:
                process.wait(30)
    lines = log.read_text(encoding="utf-8")
    assert "request failed" in lines and "GET /s/<pass>" in lines, lines[-2000:]
    for word in _private(made):
        assert word not in lines, [line for line in lines.splitlines() if word in line]
        assert word not in queued


def _answers(base: str) -> bool:
    try:
        return _ask(base, "GET", "/health")[:3] == "200"
    except OSError:
        return False


def test_a_crash_of_a_page_tells_neither_the_pass_nor_the_row(
    app: Flask, settings: config.Config, capfd: CaptureFixture[str], monkeypatch: MonkeyPatch
) -> None:
    made, story, _ = _begin()
    db.session.rollback()

    def crash(*_args: object, **_more: object) -> None:
        row = {"email": "noor.benali@fjord.example", "name": "Noor Benali", "subject": None}
        db.session.execute(sa.insert(Employee).values(row))

    monkeypatch.setattr(shares, "open_share", crash)
    live = create_app(replace(settings, env="development"))
    assert live.test_client().get(f"/s/{made.share}/{story}/x").status_code == 500
    with live.app_context():
        db.session.remove()
        db.engine.dispose()
    logging.getLogger("library").error("no way to %s/s/%s", "https://good.example", made.share)
    try:
        raise ValueError(f"noor.benali@fjord.example and {made.me}")
    except ValueError:
        logging.getLogger("library").exception("it broke")
    said = "".join(capfd.readouterr())
    assert "IntegrityError" in said and "ValueError" in said
    for word in _private(made):
        assert word not in said, [line for line in said.splitlines() if word in line]


def test_scrubbing_takes_passes_wherever_they_stand_and_leaves_our_own_words(app: Flask) -> None:
    made = world.passes_of(world.begin())
    for text in (made.share, f"/x?p={made.me}&q", f"'{made.claim}'", f"/u/{made.unsubscribe}/more"):
        assert "<pass>" in journal.scrub(text) and made.share[:20] not in journal.scrub(text)
    for text in ("task-550e8400-e29b-41d4-a716-446655440000", "a" * 64, "the_name_of_an_event_that_is_long__x"):
        assert journal.scrub(text) == text
    assert journal.scrub("DETAIL:  Failing row contains (1, Noor).") == "DETAIL: <hidden>"
    refused = "DETAIL:  Failing row contains (1, My words:\nI, Noor, say so)."
    told = f"{refused}\n[SQL: INSERT]\nbegun\n{refused}\n\nThe above exception\nERROR: DETAIL:  Key (x)."
    hidden = "DETAIL: <hidden>"
    assert journal.scrub(told) == f"{hidden}\n[SQL: INSERT]\nbegun\n{hidden}\n\nThe above exception\nERROR: {hidden}"
    assert database.engine_options("sqlite:///x")["hide_parameters"]
