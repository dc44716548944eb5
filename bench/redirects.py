"""Redirects. In: short links and visitors. Out: how fast people are led on, beside nginx and a bare Flask route.

All servers run at the same time with two workers each and are asked in turn by wrk. After every run the visits in the
database are counted: answered = recorded + lost. Needs nginx and wrk of Debian; they are started here and nowhere else.
"""

from __future__ import annotations

import os
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
from flask import Flask, redirect

from bench.figures import Figure, at_least, at_most, missing, told
from bench.redirects_load import CONNECTIONS, Run, Visitors, paced, wrk

LINKS = 1000
WORKERS = 2
BUFFERED, DURABLE = "of nginx", "of bare Flask"
NAMES = {
    "buffered, PostgreSQL / nginx return 302": BUFFERED,
    "buffered, SQLite / nginx return 302": BUFFERED,
    "durable, PostgreSQL / bare Flask route": DURABLE,
    "durable, SQLite / bare Flask route": DURABLE,
}
HOW = "apt-get install nginx-light wrk"

bare = Flask("bare")


@bare.get("/r/<code>")
def _lead(code: str) -> object:
    return redirect("https://fjord.example/doors?utm_source=linkedin&utm_medium=advocacy&utm_campaign=goodword")


def run(full: bool) -> list[Figure]:
    """Return the figures of redirects."""
    nginx = shutil.which("nginx", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
    if nginx is None or shutil.which("wrk") is None:
        return [missing(name, unit, "≥ 0.3", HOW) for name, unit in NAMES.items()]
    with _stage(nginx) as stage:
        rounds = [stage.round(5 if full else 3) for _ in range(5 if full else 3)]
        return [*_ratios(rounds), stage.account(), *stage.judging()]


def _ratios(rounds: list[dict[str, Run]]) -> list[Figure]:
    found = []
    for name, unit in NAMES.items():
        ours, theirs = name.partition(" / ")[0], "nginx" if unit == BUFFERED else "bare Flask"
        ratio = statistics.median(each[ours].rate / each[theirs].rate for each in rounds)
        rate = statistics.median(each[ours].rate for each in rounds)
        late = statistics.median(each[ours].p99 for each in rounds)
        cost = statistics.median(each[ours].processor / each[ours].answered for each in rounds) * 1e6
        why = f"{rate:,.0f} a second, p99 {late:.0f} ms at saturation, {cost:.0f} µs of processor (database included)"
        found.append(at_least(name, ratio, unit, 0.3, why))
        found.append(told(f"{ours}: each", cost, "µs", f"of processor, database included; {rate:,.0f} a second"))
        found.append(told(f"{ours}: p99", late, "ms", "at saturation"))
    for name in ("nginx", "bare Flask"):
        rate = statistics.median(each[name].rate for each in rounds)
        cost = statistics.median(each[name].processor / each[name].answered for each in rounds) * 1e6
        found.append(told(name, rate, "redirects/s", f"{cost:.0f} µs of processor each"))
    errors = sum(run.errors for each in rounds for run in each.values())
    found.append(at_most("errors of all runs", errors, "", 0, f"{len(rounds)} rounds, {CONNECTIONS} connections"))
    return found


@dataclass
class Contestant:
    """A server that is asked."""

    name: str
    port: int
    pids: list[int]
    url: str = ""
    answered: int = 0


@dataclass
class _Stage:
    folder: Path
    visitors: Visitors
    contestants: list[Contestant] = field(default_factory=list)
    beyond: int = 0
    """Visits that are recorded and that wrk, which stops in the middle, did not wait for."""
    most_beyond: int = 0
    unaccounted: int = 0

    def round(self, seconds: int) -> dict[str, Run]:
        """Ask everybody once, and count after each."""
        found = {}
        for each in self.contestants:
            before = _recorded(each.url) if each.url else 0
            found[each.name] = result = wrk(each.port, self.visitors, seconds, each.pids)
            if each.url:
                self._reconcile(each, result.answered, before)
        return found

    def _reconcile(self, each: Contestant, answered: int, before: int) -> None:
        now = _settled(each.url)
        more = now - before - answered
        self.beyond += max(more, 0)
        self.most_beyond += CONNECTIONS
        self.unaccounted += max(-more, 0)

    def account(self) -> Figure:
        """Ask for some exactly counted redirects too, and return what is missing in the database in all."""
        for each in (each for each in self.contestants if each.url):
            before = _recorded(each.url)
            result = paced(each.port, self.visitors, 400, 2.5)
            self.unaccounted += abs(_settled(each.url) - before - result.answered) + result.errors
        why = (
            f"answered − (recorded + lost); wrk breaks off up to {CONNECTIONS} answers at the end of a run, which are "
            f"recorded all the same ({self.beyond} of at most {self.most_beyond})"
        )
        fits = self.unaccounted == 0 and self.beyond <= self.most_beyond
        return Figure("visits unaccounted for", float(self.unaccounted), "visits", "= 0", fits, why)

    def judging(self) -> list[Figure]:
        """Return how many arrivals a second become evidence in one worker, sharers settled: of many, and of one."""
        each = next(each for each in self.contestants if each.url.startswith("postgresql"))
        environment = _environment(self.folder, each.url)
        rate = float(_call("judge", environment))
        first, last = map(float, _call("flood", environment).split())
        why = f"one worker, 16,000 visits by as many browsers; at first {first:,.0f}, at last {last:,.0f} a second"
        return [
            told("judging", rate, "visits/s", "one worker, 1,000 visits of as many sharers"),
            at_least("judging a flood of one link: its last visits / its first", last / first, "of the rate", 0.7, why),
        ]


def _environment(folder: Path, url: str, mode: str = "durable", redis: str = "") -> dict[str, str]:
    data = folder / "data"
    data.mkdir(exist_ok=True)
    return {
        **{k: v for k, v in os.environ.items() if not k.startswith("GOODWORD_")},
        "GOODWORD_ENV": "test",
        "GOODWORD_DATA": str(data),
        "GOODWORD_DATABASE_URL": url,
        "GOODWORD_BASE_URL": "https://good.example",
        "GOODWORD_SECRET": "a-secret-of-the-benches-and-of-nobody-else",
        "GOODWORD_PROXIES": "127.0.0.1",
        "GOODWORD_VISITS": mode,
        "GOODWORD_WEB_WORKERS": str(WORKERS),
        **({"GOODWORD_REDIS_URL": redis} if redis else {}),
    }


def _recorded(url: str) -> int:
    """Return the visits that are written down or counted as lost."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        count = connection.scalar(sa.text("SELECT coalesce(sum(recorded) + sum(lost), 0) FROM intake"))
    engine.dispose()
    return int(count or 0)


def _settled(url: str) -> int:
    """Return _recorded once it does not grow any more."""
    last, since = -1, time.monotonic()
    while time.monotonic() - since < 1.0:
        if (now := _recorded(url)) != last:
            last, since = now, time.monotonic()
        time.sleep(0.1)
    return last


@contextmanager
def _stage(nginx: str) -> Iterator[_Stage]:
    from service.links import new_code
    from tests.servers import Servers, die_with_parent, free_port, start_postgres, start_valkey

    servers = Servers()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            start_postgres(servers, durable=True)
            start_valkey(servers)
            codes = [new_code() for _ in range(LINKS)]
            stage = _Stage(folder, Visitors.make(folder, codes))

            def start(what: str, command: list[str], port: int, pids: list[int], url: str = "", **more: object) -> None:
                child = subprocess.Popen(command, preexec_fn=die_with_parent, **more)  # type: ignore[call-overload]
                servers.children.append(child)
                stage.contestants.append(Contestant(what, port, [child.pid, *pids], url))

            port = free_port()
            config = folder / "nginx.conf"
            config.write_text(NGINX.format(folder=folder, workers=WORKERS, port=port), encoding="utf-8")
            start("nginx", [nginx, "-c", str(config), "-p", name], port, [])
            start("bare Flask", _granian(port := free_port(), "bench.redirects:bare", 1), port, [])
            for database, url in (
                ("PostgreSQL", _new_database(servers.database_url)),
                ("SQLite", f"sqlite:///{folder / 'redirects.db'}"),
            ):
                _call("load", _environment(folder, url), "\n".join(codes))
                for mode in ("buffered", "durable"):
                    environment = _environment(folder, url, mode, servers.redis_url)
                    port = free_port()
                    pids = [servers.children[0].pid] if database == "PostgreSQL" else []
                    environment["GOODWORD_LISTEN"] = f"127.0.0.1:{port}"
                    command = [sys.executable, "-m", "service.cli", "web"]
                    start(f"{mode}, {database}", command, port, pids, url, env=environment)
            for each in stage.contestants:
                _wait(each.port, codes[0])
            for each in stage.contestants:
                wrk(each.port, stage.visitors, 1, each.pids)
            time.sleep(2.0)
            yield stage
        finally:
            servers.stop()


NGINX = """
daemon off; worker_processes {workers}; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 100000000;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{port};
    location /r/ {{
      return 302 https://fjord.example/doors?utm_source=linkedin&utm_medium=advocacy&utm_campaign=goodword;
    }}
  }}
}}
"""


def _granian(port: int, target: str, threads: int) -> list[str]:
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)),
        *("--workers", str(WORKERS), "--blocking-threads", str(threads), "--no-ws", "--no-access-log"),
        *("--log-level", "warning", target),
    ]


def _new_database(server: str) -> str:
    name = f"redirects_{secrets.token_hex(4)}"
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server.rsplit("/", 1)[0] + "/" + name


def _call(deed: str, environment: dict[str, str], given: str = "") -> str:
    asked = [sys.executable, "-m", "bench.redirects", deed]
    done = subprocess.run(asked, env=environment, input=given, stdout=subprocess.PIPE, check=True, text=True)
    return done.stdout.splitlines()[-1]


def _wait(port: int, code: str) -> None:
    opener = urllib.request.build_opener(_Stay())
    for _ in range(300):
        try:
            opener.open(f"http://127.0.0.1:{port}/r/{code}", timeout=5)
        except urllib.error.HTTPError as answer:
            if answer.code == 302:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise TimeoutError(f"nobody leads on at port {port}")


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def load() -> None:
    """Make a programme, stories, and a share of its own sharer for each code that comes in."""
    from service import create_app, database
    from service.database import db
    from service.models import Programme, Share, Story

    codes = sys.stdin.read().split()
    with create_app().app_context():
        database.upgrade(os.environ["GOODWORD_DATABASE_URL"])
        text = {"name": "Good news", "company": "Fjord", "zone": "Europe/Rome", "languages": ["en"]}
        post = {"liaison_name": "Liam", "liaison_email": "liam@fjord.example", "sender": "news@fjord.example"}
        db.session.add(Programme(id=1, **text, **post))
        stories = [Story(title=f"Story {n}", url=f"https://fjord.example/{n}", status="approved") for n in range(20)]
        db.session.add_all(stories)
        db.session.flush()
        for n, code in enumerate(codes):
            whose = {"subject": secrets.token_hex(16), "salt": secrets.token_hex(16)}
            db.session.add(Share(story_id=stories[n % 20].id, network="linkedin", code=code, visited_at=[], **whose))
        db.session.commit()
        db.session.remove()
        db.engine.dispose()
    print("loaded")


def judge() -> None:
    """Judge a thousand of the arrivals there are and print how many that is a second."""
    from service import create_app, visiting
    from service.database import db
    from service.models import Arrival

    with create_app().app_context():
        kept = sa.select(Arrival.id).order_by(Arrival.id.desc()).limit(1000)
        db.session.execute(sa.delete(Arrival).where(Arrival.id.not_in(kept.scalar_subquery())))
        db.session.commit()
        began = time.perf_counter()
        count = visiting.judge_arrivals()
        print(count / (time.perf_counter() - began))


def flood() -> None:
    """Judge visits by ever other people on one link; print how many a second the first were, and the last."""
    from service import clock, create_app, visiting
    from service.database import db
    from service.models import Arrival, Share
    from tests.noor import CHROME

    with create_app().app_context():
        share_id, now = db.session.scalar(sa.select(sa.func.min(Share.id))), clock.now()
        db.session.execute(sa.delete(Arrival))
        facts, rates = f'{{"agent":"{CHROME}","language":"en"}}', []
        for n in range(8):
            said = {"share_id": share_id, "weekly": "w" * 32, "weekly_place": "p" * 32, "facts": facts}
            rows = [
                {**said, "at": now + timedelta(seconds=n, milliseconds=m / 2), "visitor": who, "place": who}
                for m in range(2000)
                for who in (secrets.token_hex(16),)
            ]
            db.session.execute(sa.insert(Arrival), rows)
            db.session.commit()
            began = time.perf_counter()
            visiting.judge_arrivals()
            rates.append(len(rows) / (time.perf_counter() - began))
        print(statistics.median(rates[:3]), statistics.median(rates[-3:]))


if __name__ == "__main__":
    {"load": load, "judge": judge, "flood": flood}[sys.argv[1]]()
