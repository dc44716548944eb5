"""Soak. In: an edition on its way. Out: how long visitors wait at 200 redirects a second meanwhile, and who got lost.

Everything at once on one machine, as a small installation has it: web processes, two workers that plan and send, one
PostgreSQL with fsync, and the judging of what arrives. The full form lasts ten minutes.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import threading
import time

import psycopg
import sqlalchemy as sa

from bench import pipeline
from bench.figures import Figure, at_most, missing, told
from bench.redirects import WORKERS, _recorded, _settled, _wait
from bench.redirects_load import Visitors, paced

RATE = 200.0
"""Redirects a second."""
LINKS = 1000


def run(full: bool) -> list[Figure]:
    """Return the figures of the soak: ten minutes, or half a minute."""
    return soak(600.0, 300_000) if full else soak(30.0, 20_000)


def soak(seconds: float, number: int) -> list[Figure]:
    """Return the figures of so many seconds, during which an edition for so many people begins to go out."""
    sink = pipeline.found_sink()
    if sink is None:
        return [missing("p99 of redirects while an edition goes out", "ms", "≤ 250", pipeline.HOW)]
    from tests.servers import die_with_parent, free_port

    with pipeline.staged(sink) as stage:
        stage.prepare(number)
        environment = stage.copy()
        stage.call("release", environment)
        codes = _call(environment).split()
        visitors, port = Visitors.make(stage.folder, codes), free_port()
        web = {
            "GOODWORD_LISTEN": f"127.0.0.1:{port}",
            "GOODWORD_VISITS": "buffered",
            "GOODWORD_WEB_WORKERS": str(WORKERS),
            "GOODWORD_PROXIES": "127.0.0.1",
        }
        commands = [["web"], ["worker"], ["worker"], ["scheduler"]]
        children = [
            subprocess.Popen(
                [sys.executable, "-m", "service.cli", *command],
                env=environment | web,
                preexec_fn=die_with_parent,
                stderr=subprocess.DEVNULL,
            )
            for command in commands
        ]
        url = environment["GOODWORD_DATABASE_URL"]
        try:
            for patience in range(4):  # everything starts at once, on a machine that may have other work
                try:
                    _wait(port, codes[0])
                    break
                except TimeoutError:
                    if patience == 3:
                        raise
            stage._until_ready(environment["GOODWORD_REDIS_URL"], 2)
            before = _recorded(url)
            sent: list[tuple[float, int]] = []
            over = threading.Event()
            watch = threading.Thread(target=_watch, args=(url, sent, over))
            watch.start()
            stage._ring(environment, "plan")
            found = paced(port, visitors, RATE, seconds)
            over.set()
            watch.join()
            unaccounted = abs(_settled(url) - before - found.answered)
        finally:
            for child in children:
                child.terminate()
            for child in children:
                try:
                    child.wait(20)
                except subprocess.TimeoutExpired:  # a worker ends after its job; what was to be counted is counted
                    child.kill()
                    child.wait()
    load = os.getloadavg()[0]
    last = max(count for _, count in sent)
    span = next(at for at, count in sent if count == last)
    busy = f"{last:,} mails left within {span:,.0f} of {seconds:,.0f} s; load {load:.1f}"
    return [
        at_most("p99 at 200 redirects/s while an edition goes out", found.percentile(0.99), "ms", 250, busy),
        told("median of the same", found.percentile(0.5), "ms", f"{found.answered:,} answers"),
        at_most("errors of the same", found.errors, "", 0, f"{found.answered:,} answers"),
        at_most("visits unaccounted for of the same", unaccounted, "", 0, "answered − (recorded + lost)"),
    ]


def _watch(url: str, sent: list[tuple[float, int]], over: threading.Event) -> None:
    """Note every two seconds how many mails are accepted."""
    began = time.monotonic()
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as database:
        while True:
            row = database.execute("SELECT count(*) FROM outbox WHERE state = 'accepted'").fetchone()
            sent.append((time.monotonic() - began, int(row[0]) if row else 0))
            if over.wait(2.0):
                return


def _call(environment: dict[str, str]) -> str:
    asked = [sys.executable, "-m", "bench.soak"]
    done = subprocess.run(asked, env=environment, stdout=subprocess.PIPE, check=True, text=True)
    return done.stdout.splitlines()[-1]


def _shares() -> None:
    """Make shares of as many people, and print their codes."""
    from service import create_app
    from service.database import db
    from service.links import new_code
    from service.models import Share, Story

    with create_app().app_context():
        stories = list(db.session.scalars(sa.select(Story.id).order_by(Story.id).limit(20)))
        codes = [new_code() for _ in range(LINKS)]
        for n, code in enumerate(codes):
            whose = {"subject": secrets.token_hex(16), "salt": secrets.token_hex(16)}
            db.session.add(
                Share(story_id=stories[n % len(stories)], network="linkedin", code=code, visited_at=[], **whose)
            )
        db.session.commit()
    print(" ".join(codes))


if __name__ == "__main__":
    _shares()
