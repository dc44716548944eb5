"""What every test may use. In: real servers of this run. Out: applications on both databases, a clock, a named cast."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from service import clock, config, create_app, database
from tests.servers import Servers, start_postgres, start_valkey

SHARED = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
TUESDAY = datetime(2026, 11, 17, 8, 0, tzinfo=UTC)
"""Where most tests begin: Tuesday of 2026-W47, 9:00 in Ljubljana and Rome."""

hypothesis.settings.register_profile("same", derandomize=True, deadline=None)
hypothesis.settings.register_profile("search", deadline=None)
hypothesis.settings.load_profile("same")
"""A change is judged by the same examples everywhere; `--hypothesis-profile=search` looks for new ones."""

_servers: Servers | None = None


def pytest_configure(config: pytest.Config) -> None:
    """Start PostgreSQL and Valkey once a run: in the controller, whose environment the workers inherit."""
    global _servers
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    for name in [n for n in os.environ if n.startswith("GOODWORD_")]:
        del os.environ[name]
    _servers = Servers()
    start_postgres(_servers)
    start_valkey(_servers)
    os.environ["TEST_DATABASE_URL"] = _servers.database_url
    os.environ["TEST_REDIS_URL"] = _servers.redis_url


def pytest_unconfigure(config: pytest.Config) -> None:
    if _servers is not None:
        _servers.stop()


def _number(worker_id: str) -> int:
    return 0 if worker_id == "master" else int(worker_id.removeprefix("gw")) + 1


@pytest.fixture(scope="session")
def redis_url(worker_id: str) -> str:
    """A Valkey database that this worker has for itself."""
    return f"{os.environ['TEST_REDIS_URL']}/{_number(worker_id)}"


@pytest.fixture(scope="session")
def postgres_url(worker_id: str) -> Iterator[str]:
    """A migrated PostgreSQL database that this worker has for itself."""
    server = os.environ["TEST_DATABASE_URL"]
    name = f"goodword_{_number(worker_id)}"
    with psycopg.connect(server.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    url = server.rsplit("/", 1)[0] + "/" + name
    database.upgrade(url)
    yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite database to copy."""
    file = tmp_path_factory.mktemp("template") / "goodword.db"
    database.upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty, migrated database: every test that asks for it runs on both kinds."""
    if request.param == "sqlite":
        file = tmp_path / "goodword.db"
        file.write_bytes(request.getfixturevalue("sqlite_template").read_bytes())
        return f"sqlite:///{file}"
    url: str = request.getfixturevalue("postgres_url")
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        tables = ", ".join(f'"{t}"' for t in database.Base.metadata.tables)
        connection.execute(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")
    return url


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Path) -> config.Config:
    """A configuration for one test: its own folder, database and clock, which stands at TUESDAY."""
    found = config.read(environment(database_url, redis_url, tmp_path))
    clock.use(found.clock)
    clock.set_now(TUESDAY)
    return found


def environment(database_url: str, redis_url: str, folder: Path) -> dict[str, str]:
    """The variables that make a process of its own see the same test."""
    return {
        "GOODWORD_ENV": "test",
        "GOODWORD_DATA": str(folder),
        "GOODWORD_DATABASE_URL": database_url,
        "GOODWORD_REDIS_URL": redis_url,
        "GOODWORD_BASE_URL": "https://good.example",
        "GOODWORD_SECRET": "a-secret-of-the-tests-and-of-nobody-else",
        "GOODWORD_CLOCK": str(folder / "clock"),
        "GOODWORD_DRAND": "off",
    }


@pytest.fixture
def app(settings: config.Config) -> Iterator[Flask]:
    """The application with its context pushed; on both databases."""
    application = create_app(settings)
    with application.app_context():
        yield application
        database.db.session.remove()
        database.db.engine.dispose()
    clock.use(None)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, and so count, what this machine cannot show; REQUIRE_BROWSER makes a missing one an error."""
    no_shared = pytest.mark.skip(reason="no real data beside the project")
    no_browser = pytest.mark.skip(reason="no Chromium on this machine")
    for item in items:
        if item.get_closest_marker("shared") and not SHARED.exists():
            item.add_marker(no_shared)
        if item.get_closest_marker("browser") and chromium() is None and not os.environ.get("REQUIRE_BROWSER"):
            item.add_marker(no_browser)


def chromium() -> str | None:
    """Return the path of a Chromium on this machine, or None."""
    import shutil

    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
