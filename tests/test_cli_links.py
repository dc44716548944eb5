import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from pytest import MonkeyPatch
from werkzeug.serving import make_server

from service import config, ledger, shares
from service.cli import cli
from service.database import db
from service.models import Evidence
from tests import noor as world
from tests.conftest import environment
from tests.servers import free_port


@pytest.fixture
def address(app: Flask, settings: config.Config, monkeypatch: MonkeyPatch) -> Iterator[str]:
    """The application, served on loopback and named by GOODWORD_BASE_URL."""
    port = free_port()
    server = make_server("127.0.0.1", port, app)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    for name, value in environment(settings.database_url, settings.redis_url, settings.data).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GOODWORD_BASE_URL", f"http://127.0.0.1:{port}")
    yield f"http://127.0.0.1:{port}"
    server.shutdown()
    thread.join()
    server.server_close()


def _verdicts() -> list[tuple[str | None, str | None]]:
    db.session.rollback()
    return [(e.verdict, e.reason) for e in db.session.query(Evidence).filter_by(kind="visit").order_by(Evidence.id)]


@pytest.mark.sockets
def test_crawler_people_and_scanner_are_told_apart_and_points_follow(address: str) -> None:
    noor = world.begin()
    code, subject = shares.open_share(noor, world.story(), "linkedin").share.code, noor.subject
    db.session.rollback()  # the server writes now: SQLite has one writer
    run = CliRunner().invoke
    assert run(cli, ["simulate", "visit", code, "--as", "scanner"]).exit_code == 0
    assert ledger.total(subject, "all") == 0
    db.session.rollback()
    assert run(cli, ["simulate", "visit", f"{address}/r/{code}", "--as", "linkedin"]).exit_code == 0
    seen = run(cli, ["simulate", "visit", code, "--as", "visitor", "--people", "3", "--json"])
    assert [json.loads(line)["status"] for line in seen.output.splitlines()] == [302, 302, 302]
    assert _verdicts() == [
        ("bot", "burst"),
        ("bot", "burst"),
        ("bot", "burst"),
        ("bot", "unverified"),
        ("human", "browser"),
        ("human", "browser"),
        ("human", "browser"),
    ]
    assert ledger.total(subject, "all") == 13
    assert shares.shares_of(noor)[0].state == "engaged"


@pytest.mark.sockets
def test_an_unknown_code_ends_with_exit_code_1(address: str) -> None:
    result = CliRunner().invoke(cli, ["simulate", "visit", "2222222222"])
    assert result.exit_code == 1
    assert "not known here" in result.output


@pytest.mark.sockets
def test_nobody_there_is_said_in_one_line(monkeypatch: MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GOODWORD_DATA", str(tmp_path))
    monkeypatch.setenv("GOODWORD_BASE_URL", f"http://127.0.0.1:{free_port()}")
    result = CliRunner().invoke(cli, ["simulate", "visit", "2222222222"])
    assert result.exit_code == 1
    assert "goodword up" in result.output


def test_simulating_is_refused_in_production(monkeypatch: MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(
        config, "read", lambda _environ: replace(_config(tmp_path), env="production", base_url="https://good.example")
    )
    result = CliRunner().invoke(cli, ["simulate", "visit", "2222222222"])
    assert result.exit_code == 2
    assert "refused in production" in result.output


def _config(folder: Path) -> config.Config:
    found = {"GOODWORD_DATA": str(folder), "GOODWORD_ENV": "test"}
    return _read(found)


_read = config.read


def test_a_code_that_cannot_be_one_is_a_usage_error() -> None:
    assert CliRunner().invoke(cli, ["simulate", "visit", "0OIl"]).exit_code == 2


def test_keys_are_listed_without_their_bytes(app: Flask, monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setattr("service.create_app", lambda: app)
    empty = CliRunner().invoke(cli, ["keys", "list"])
    assert empty.exit_code == 1
    world.begin()
    listed = CliRunner().invoke(cli, ["keys", "list", "--json"])
    assert [(row["id"], row["state"]) for row in json.loads(listed.output)] == [(1, "signs")]
    assert "1  2026-" in CliRunner().invoke(cli, ["keys", "list"]).output
