"""Results. In: 50,000 people, 250,000 shares (--full: a million and five million). Out: seconds a results page takes.

What is timed is each page's whole request through the application, signed in, on PostgreSQL: every tab, of a week, a
month, a quarter, a year and all there is, as it is, of a team, of a campaign and of both, with the period before; every
block as CSV; the printed report; and all pages again in works-council mode. Each is asked for twice. Four lines of the
ledger stand for a share (--full: twenty million): by the server's own counters no page reads one.

Counting is measured on shares and visits of its own, noted by the triggers, taken by `results.count` as ever, and
looked at again one by one.

A world that stands is asked without loading: `python -m bench.results_world URL 1000000 5000000` makes it in an empty
database of a server that stays, and with its URL in BENCH_RESULTS this module asks it, as often as wanted.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
import sqlalchemy as sa

from bench import results_world
from bench.figures import Figure, at_most, told
from bench.planning import _cpu_of_server as cpu_of_server
from bench.planning import made, servers

SECRET = "a-secret-of-the-measurements-and-of-nobody-else"
TABS = ("", "/sharing", "/reach", "/worth", "/mail", "/time")
PERIODS = ("2026-W47", "2026-11", "2026-Q4", "2026", "all")
FILTERS = ("", "&team=7", "&campaign=3", "&team=7&campaign=3")
PAGES = (
    *(f"{tab}?period={p}{of}" for tab in TABS for p in PERIODS for of in (FILTERS if tab != "/mail" else FILTERS[:1])),
    *(f"/report/print?period={period}" for period in ("2026-11", "2026-Q4", "2026")),
)
FILES = {
    "participation": ("weeks", "adoption", "people", "teams"),
    "sharing": ("proof", "networks", "stories", "topics", "kinds", "campaigns", "words"),
    "reach": ("reach", "visits", "reasons"),
    "worth": ("value",),
    "mail": ("mails", "buttons"),
    "time": ("when-shares", "when-visits"),
}
SIZES = {False: (50_000, 250_000, 20_000), True: (1_000_000, 5_000_000, 100_000)}
"""People, shares, and shares that counting is measured on, by whether all is wanted."""
FIRST_RAW = 100_000_000
"""Numbers of the shares that counting is measured on."""

RAW = (
    "INSERT INTO share (id, subject, story_id, network, code, salt, own_words, state, opened_at, visited_at,"
    f" created_at) SELECT {FIRST_RAW} + n, md5(n::text), 1 + n %% 600, 'mastodon', 'b' || lpad(n::text, 9, '0'), '00',"
    " false, 'confirmed', timestamptz '2026-11-17', '[\"2026-11-17T10:00:00.000000+00:00\"]', now()"
    " FROM generate_series(1, %(n)s::int) n",
    f"INSERT INTO evidence (share_id, kind, at, verdict, reason, visitor, again, facts) SELECT {FIRST_RAW} + n,"
    " 'visit',"
    " timestamptz '2026-11-17 10:00' + v * interval '1 hour', 'human', 'browser', v::text, false, '{}'"
    " FROM generate_series(1, %(n)s::int) n, generate_series(1, 4) v",
)
VISITED_AGAIN = (
    f"INSERT INTO evidence (share_id, kind, at, verdict, reason, visitor, again, facts) SELECT {FIRST_RAW} + n,"
    " 'visit', timestamptz '2026-11-18 08:00', 'bot', 'crawler', '9', false, '{}' FROM generate_series(1, %(n)s::int) n"
)


def run(full: bool) -> list[Figure]:
    """Return the figures of results; `full` takes a million people, five million shares, twenty million lines."""
    people, shares, counted = SIZES[full]
    if standing := os.environ.get("BENCH_RESULTS"):
        with psycopg.connect(standing) as connection:
            people, shares = (_rows(connection, table) for table in ("employee", "counted_share"))
        return asked(standing, f"{people:,} people, {shares:,} shares")
    with servers() as url:
        where = made(url, "results")
        began = time.perf_counter()
        results_world.load(where, people, shares)
        loaded = time.perf_counter() - began
        return [
            *measured(where, f"{people:,} people, {shares:,} shares", counted),
            told("results, loading", loaded, "s", "made up in the server"),
        ]


def measured(where: str, whom: str, counted: int) -> list[Figure]:
    """Return the figures of the world in this database, of counting too."""
    with application(where) as app:
        rate, again, hourly = _counting(app, counted)
    return [
        *asked(where, whom),
        told("results, counting", rate, "shares/s", f"{counted:,} shares with four visits each, by the real path"),
        told("results, counting again", again, "shares/s", "the same shares after one more visit to each"),
        told(
            "results, results-hourly",
            hourly,
            "s",
            "size of 1,000 teams, states of an edition with a mail for each person",
        ),
    ]


def asked(where: str, whom: str) -> list[Figure]:
    """Return the figures of the pages of the world in this database."""
    with application(where) as app, psycopg.connect(where, autocommit=True) as watch:
        _council(False)
        read = _read_of_the_ledger()
        liam = _liam(app)
        csv = [f"/results/{tab}/{key}.csv?period=2026" for tab, keys in FILES.items() for key in keys]
        pages = [f"/results{page}" for page in PAGES]
        kinds = {
            "page": _pages(liam, pages, watch),
            "CSV file": _pages(liam, csv, watch),
            "page, works-council mode": _in_council(liam, pages, watch),
        }
        week = _pages(liam, ["/"], watch)["/"]
        read = _read_of_the_ledger() - read
    found = []
    for name, times in kinds.items():
        worst = max(times.items(), key=lambda each: each[1].better)[0]
        first = max(times.items(), key=lambda each: each[1].first)[0]
        most = max(times.items(), key=lambda each: each[1].processor)[0]
        what = f"results, slowest {name} of {len(times)}, {whom}"
        load = os.getloadavg()[0]
        why = f"/console{worst}, the better of two, at a load of {load:.0f}; what is above processor is others' work"
        found.append(at_most(what, times[worst].better, "s", 1, why))
        found.append(told(f"{what}, first time", times[first].first, "s", f"/console{first}"))
        of_it = f"/console{most}: {times[most].database:.2f} s of it in the database; other work does not enter"
        found.append(told(f"{what}, processor", times[most].processor, "s", of_it))
    why = f"/console/, the better of two; {week.processor:.2f} s of processor"
    return [
        *found,
        at_most(f"this week's page, {whom}", week.better, "s", 1, why),
        at_most("results, lines of the ledger that pages read", read, "lines", 0, "by the server's own counters"),
    ]


@dataclass(frozen=True, slots=True)
class Asked:
    """Seconds of a page that was asked for twice; of processor those of the cheaper request."""

    first: float
    better: float
    processor: float
    database: float


@contextmanager
def application(where: str) -> Iterator[Any]:
    """Give the application on this database, its clock on 2026-11-18."""
    from datetime import UTC, datetime

    from service import clock, config, create_app, keys
    from service.database import db
    from service.models import Programme

    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "GOODWORD_ENV": "test",
            "GOODWORD_DATA": folder,
            "GOODWORD_DATABASE_URL": where.replace("postgresql:", "postgresql+psycopg:"),
            "GOODWORD_BASE_URL": "https://good.example",
            "GOODWORD_SECRET": SECRET,
            "GOODWORD_CLOCK": f"{folder}/clock",
        }
        app = create_app(config.read(environment))
        clock.use(config.read(environment).clock)
        clock.set_now(datetime(2026, 11, 18, 9, tzinfo=UTC))
        try:
            with app.app_context():
                named: Any = {
                    "liaison_name": "Liam",
                    "liaison_email": "liam@good.example",
                    "sender": "news@good.example",
                }
                if db.session.get(Programme, 1) is None:
                    db.session.add(Programme(id=1, name="Good news", company="Acme", zone="Europe/Rome", **named))
                keys.ensure()
                db.session.commit()
                yield app
                db.session.remove()
                db.engine.dispose()
        finally:
            clock.use(None)


def _counting(app: Any, number: int) -> tuple[float, float, float]:
    """Return how many new, and how many changed shares a second are counted, and the seconds of the hourly task."""
    from service import results
    from service.database import db
    from service.models import CountedShare, ResultsState
    from service.results import plain

    results.count()  # the very first counting notes all shares there are: none yet

    def timed(*statements: str) -> float:
        connection: Any = db.session.connection().connection.driver_connection
        for statement in statements:
            connection.execute(statement, {"n": number})
        db.session.commit()
        began = time.perf_counter()
        done = results.count()  # a share that is noted twice may be counted in two batches
        if done < number:
            raise AssertionError(f"{done} shares were counted, not {number}")
        return number / (time.perf_counter() - began)

    rate, again = timed(*RAW), timed(VISITED_AGAIN)
    some = sa.select(CountedShare).where(CountedShare.share_id > FIRST_RAW).order_by(CountedShare.share_id)
    held = {c.share_id: c for c in db.session.scalars(some.limit(2000))}
    for each in plain.of_shares(held, db.session.get_one(ResultsState, 1)):
        if each.cells != plain.counted(held[each.share_id], date.min):
            raise AssertionError(f"share {each.share_id} is counted wrong")
    db.session.commit()
    began = time.perf_counter()
    results.refresh()
    return rate, again, time.perf_counter() - began


def _in_council(liam: Any, pages: Sequence[str], watch: Any) -> dict[str, Asked]:
    """Return the times of these pages in works-council mode."""
    _council(True)
    try:
        return _pages(liam, pages, watch)
    finally:
        _council(False)


def _council(mode: bool) -> None:
    from service.database import db
    from service.models import Programme

    db.session.execute(sa.update(Programme).values(works_council=mode))
    db.session.commit()


def _read_of_the_ledger() -> float:
    """Return how many lines of the ledger were read since the server began."""
    from service.database import db

    asked = "SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_user_tables WHERE relname = 'ledger_entry'"
    return float(db.session.execute(sa.text(asked)).scalar_one())


def _liam(app: Any) -> Any:
    """Return the liaison at the console, who has said her rates."""
    from service.database import db
    from service.models import Liaison
    from service.results import reckoning
    from tests.liam import Liam, at_the_console

    if db.session.scalar(sa.select(Liaison.id).limit(1)) is None:
        reckoning.set_rates("EUR", {"linkedin": {"click": "1.20", "impression": "0.005"}, "x": {"click": "0.60"}})
        return at_the_console(app)
    found = Liam(app)
    found.sign_in()
    return found


def _pages(liam: Any, pages: Sequence[str], watch: Any) -> dict[str, Asked]:
    """Return by page of the console what its first request took, and one more."""
    found = {}
    for page in pages:
        times = []
        for _ in range(2):
            before, here, began = cpu_of_server(watch), time.process_time(), time.perf_counter()
            answer = liam.open(f"/console{page}")
            clock, here = time.perf_counter() - began, time.process_time() - here
            times.append((clock, here, cpu_of_server(watch) - before))
            shown = answer.mimetype == "text/csv" or any(f'class="{c}"' in answer.text for c in ("result", "empty"))
            if answer.status_code != 200 or not (shown or page == "/"):
                raise AssertionError(f"{page}: {answer.status_code}")
        cheaper = min(times, key=lambda t: t[1] + t[2])
        found[page] = Asked(times[0][0], min(t[0] for t in times), sum(cheaper[1:]), cheaper[2])
    return found


def _rows(connection: psycopg.Connection[Any], table: str) -> int:
    """Return how many rows a table has, nearly: of millions, to name the figures by."""
    counted = connection.execute("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", [table]).fetchone()
    return int(round(counted[0], -4)) if counted else 0
