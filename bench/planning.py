"""Planning. In: synthetic companies of 10,000 to 1,000,000. Out: rows per second beside a server-side INSERT … SELECT.

Both write the same rows into the same table with the same indexes, each in a database of its own, cloned from one that
holds the people and two earlier editions. Planning runs in a process of its own, so that its memory is its own.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench import people
from bench.figures import Figure, at_least, at_most, missing, told

SMALL, MEDIUM, LARGE = 10_000, 100_000, 1_000_000
FULLY = "`python -m bench --full planning` measures it, in four minutes"
COLUMNS = (
    "kind, occasion, subject, address_hash, language, edition_id, selection_id, facts, message_id, state, why, due_at,"
    " attempts, created_at"
)


@dataclass(frozen=True)
class Run:
    """One planning and the INSERT … SELECT of what it wrote."""

    seconds: float
    baseline: float
    mails: int
    people: int
    keys: int
    selections: int
    peak: float
    """Megabytes that the planning process held at most."""
    cpu: float
    """Seconds of processor that planning took in its own process, and in the database's for it."""
    server_cpu: float
    baseline_cpu: float

    @property
    def ratio(self) -> float:
        return self.baseline / self.seconds


def run(full: bool) -> list[Figure]:
    """Return the figures of planning; `full` takes a million people too."""
    with servers() as url:
        small = measured(url, SMALL, 3)
        medium = measured(url, MEDIUM, 2)
        large = measured(url, LARGE, 1) if full else None
    found = [*_figures("10,000 people", small), *_figures("100,000 people", medium)]
    million = "1,000,000 people"
    if large:
        found += _figures(million, large, judged=True)
    else:
        found.append(missing(f"planning, {million} / INSERT … SELECT", "of server", "≥ 0.7", FULLY))
    most, n = (large, "1 M") if large else (medium, "100,000")
    cost = _per_person(most) / _per_person(small)
    found.append(
        at_most(f"planning, cost per employee at {n} / at 10,000", cost, "times", 1.2, "seconds of planning a person")
    )
    return found


def _per_person(runs: list[Run]) -> float:
    return statistics.median(run.seconds / run.people for run in runs)


def _figures(whom: str, runs: list[Run], judged: bool = False) -> list[Figure]:
    """Return a size's figures; the rate is `judged` at a million only, smaller ones show what does not depend on it."""
    rate = statistics.median(run.mails / run.seconds for run in runs)
    why = f"{runs[0].mails:,} mails, {runs[0].keys:,} distinct choices, {runs[0].selections:,} selections"
    name, ratio = f"planning, {whom} / INSERT … SELECT", statistics.median(run.ratio for run in runs)
    same = "rows a second, relative to one server-side INSERT … SELECT of the same rows into the same table"
    rows = at_least(name, ratio, "of server", 0.7, same) if judged else told(name, ratio, "of server", same)
    return [
        told(f"planning, {whom}", rate, "mails/s", f"deciding, facts, reasons, rows: {why}"),
        rows,
        told(
            f"planning, {whom}, processor / INSERT … SELECT's",
            statistics.median((r.cpu + r.server_cpu) / r.baseline_cpu for r in runs),
            "times",
            f"seconds of processor, all processes; {_micro(runs, 'cpu')} µs a mail here, {_micro(runs, 'server_cpu')}"
            f" in the database, {_micro(runs, 'baseline_cpu')} for the INSERT: the share of other work on the machine"
            " does not enter",
        ),
        at_most(f"planning, {whom}, peak memory", max(r.peak for r in runs), "MB", 300, "resident, planning process"),
    ]


def _micro(runs: list[Run], name: str) -> str:
    return f"{statistics.median(getattr(run, name) / run.mails for run in runs) * 1e6:.0f}"


@contextmanager
def servers() -> Iterator[str]:
    """Yield the URL (libpq's) of a PostgreSQL server of our own, stopped at the end."""
    from tests.servers import Servers, start_postgres

    found = Servers()
    try:
        start_postgres(found)
        yield found.database_url.replace("+psycopg", "")
    finally:
        found.stop()


def measured(url: str, number: int, rounds: int, seen: bool = True) -> list[Run]:
    """Return so many rounds over a company of this size."""
    prepare(url, number, seen)
    runs = []
    for _ in range(rounds):
        clone(url, "planned")
        told_by = planned(database(url, "planned"))
        clone(url, "inserted")
        baseline, baseline_cpu = _inserted(url)
        runs.append(Run(baseline=baseline, baseline_cpu=baseline_cpu, **told_by))
    return runs


def database(url: str, name: str) -> str:
    return url.rsplit("/", 1)[0] + "/" + name


def made(url: str, name: str) -> str:
    """Make a database of this name, new and with the service's tables, on a server (libpq's URL); return its URL."""
    from service.database import upgrade

    _admin(url, f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}")
    upgrade(database(url, name).replace("postgresql:", "postgresql+psycopg:"))
    return database(url, name)


def prepare(url: str, number: int, seen: bool = True) -> None:
    """Make the database `people`, from which others are cloned."""
    people.load(made(url, "people"), number, seen)


def clone(url: str, name: str) -> None:
    _admin(
        url,
        f"DROP DATABASE IF EXISTS {name}",
        f"CREATE DATABASE {name} TEMPLATE people STRATEGY FILE_COPY",
        "CHECKPOINT",
    )


def _admin(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def planned(url: str) -> dict[str, float]:
    """Plan the edition in a process of its own and return what it told."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("GOODWORD_")},
            "GOODWORD_ENV": "test",
            "GOODWORD_DATA": folder,
            "GOODWORD_DATABASE_URL": url,
            "GOODWORD_BASE_URL": "https://good.example",
            "GOODWORD_SECRET": people.SECRET,
            "GOODWORD_CLOCK": str(Path(folder) / "clock"),
        }
        asked = [sys.executable, "-m", "bench.planning"]
        done = subprocess.run(asked, env=environment, stdout=subprocess.PIPE, check=True, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _inserted(url: str) -> tuple[float, float]:
    """Return the seconds, by the clock and of processor, of one INSERT … SELECT of the planned rows.

    The earlier editions are in the table already.
    """
    with (
        psycopg.connect(database(url, "planned"), autocommit=True) as source,
        psycopg.connect(database(url, "inserted"), autocommit=True) as target,
    ):
        target.execute(f"CREATE TABLE ready AS SELECT {COLUMNS} FROM outbox WITH NO DATA")
        for table in ("edition", "selection"):
            _carried(source, target, f"SELECT * FROM {table} WHERE id > {_last(target, table)}", table)
        _carried(
            source, target, f"SELECT {COLUMNS} FROM outbox WHERE occasion = 'digest:{people.WEEK}' ORDER BY id", "ready"
        )
        target.execute("VACUUM ANALYZE ready")
        target.execute("CHECKPOINT")
        before, began = _cpu_of_server(target), time.perf_counter()
        target.execute(f"INSERT INTO outbox ({COLUMNS}) SELECT {COLUMNS} FROM ready")
        return time.perf_counter() - began, _cpu_of_server(target) - before


def _cpu_of_server(connection: psycopg.Connection) -> float:
    """Return the seconds of processor that the server's processes, also those that ended, have taken so far (Linux)."""

    # proc(5): the name before the fields is in brackets; then the parent is field 4, utime and stime are 14 and 15,
    # and those of ended children 16 and 17.
    def fields(pid: int) -> list[str]:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()

    server = int(fields(connection.info.backend_pid)[1])
    children = Path(f"/proc/{server}/task/{server}/children").read_text(encoding="utf-8").split()
    ticks = sum(map(int, fields(server)[11:15]))
    for pid in map(int, children):
        with suppress(FileNotFoundError):  # it has just ended
            ticks += sum(map(int, fields(pid)[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def _last(connection: psycopg.Connection[tuple[int]], table: str) -> int:
    return (connection.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone() or (0,))[0]


def _carried(source: psycopg.Connection, target: psycopg.Connection, query: str, table: str) -> None:
    with (
        source.cursor() as one,
        target.cursor() as other,
        one.copy(f"COPY ({query}) TO STDOUT") as out,
        other.copy(f"COPY {table} FROM STDIN") as into,
    ):
        for part in out:
            into.write(part)


def _peak() -> float:
    """Return the most memory that this program had resident, in MB (Linux).

    Not getrusage's: that counts what the process had before it became this program, so a million people that its
    parent had just loaded.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    (peak,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(peak) / 1024


def _plan() -> None:
    """Release and plan the edition of the environment's database; print what it took, as JSON."""
    import sqlalchemy as sa

    from service import clock, create_app, digests, editions
    from service.database import db
    from service.models import Employee, Selection

    with create_app().app_context():
        clock.set_now(people.NOW)
        edition = editions.release(editions.edition(people.WEEK), "bench")
        number = db.session.scalar(sa.select(sa.func.count()).select_from(Employee))
        db.session.commit()
        watch = psycopg.connect(os.environ["GOODWORD_DATABASE_URL"], autocommit=True)
        cpu, server, began = time.process_time(), _cpu_of_server(watch), time.perf_counter()
        counts = digests.plan(edition)
        seconds = time.perf_counter() - began
        cpu, server = time.process_time() - cpu, _cpu_of_server(watch) - server
        selections = sa.select(sa.func.count()).where(Selection.edition_id == edition.id)
        told_by = {
            "seconds": seconds,
            "mails": counts.planned,
            "people": number,
            "keys": counts.keys,
            "selections": db.session.scalar(selections),
            "cpu": cpu,
            "server_cpu": server,
            "peak": _peak(),
        }
    print(json.dumps(told_by))


if __name__ == "__main__":
    _plan()
