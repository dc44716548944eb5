"""Draws killed at any moment. In: freeze, its mails, run and passing on, each SIGKILLed. Out: one result, told once.

CHAOS=full kills fifty times on each database, otherwise four times; CHAOS_SEED repeats a run's moments.
"""

from __future__ import annotations

import os
import random
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from scoring import draws as rules_of
from service import clock, draws
from service.config import Config
from service.database import db
from service.dialects import postgres
from service.draws import frozen_mails
from service.models import Draw, DrawEvent, Employee, Entrant, FrozenMails, Outbox, Rank
from service.up import environment
from service.validation import Invalid
from tests.chaos.nursery import Child, Nursery, opened
from tests.servers import die_with_parent
from tests.test_draws import DUE, NUMBERS, cast, october, person

__all__ = ["cast"]

pytestmark = [pytest.mark.chaos, pytest.mark.xdist_group("chaos")]

FULL = os.environ.get("CHAOS") == "full"
KILLS = 50 if FULL else 4
EACH = KILLS // 4 + 1
PEOPLE = 40
ACTS = (
    ("freeze", DUE.isoformat(), None),
    ("mails", "", DUE + timedelta(hours=1)),
    ("run", NUMBERS, None),
    ("pass on", "", DUE + timedelta(days=15)),
)
CHILD = """
import sys
from datetime import datetime
from service import create_app, draws
from service.draws import frozen_mails
from service.validation import Invalid

frozen_mails.AT_ONCE = 0  # as of a large pool: the freeze leaves the mails to a worker,
frozen_mails.AT_A_TIME = 1  # who takes many steps
with create_app().app_context():
    print("ready", flush=True)
    act, given = sys.argv[1:]
    try:
        if act == "freeze":
            draws.freeze(draws.find("2026-10"), datetime.fromisoformat(given))
        elif act == "mails":
            frozen_mails.work()
        elif act == "run":
            draws.run(draws.find("2026-10"), given)
        else:
            draws.pass_on_due()
    except Invalid:
        pass
"""


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery | None]:
    """Where the short form's processes come from; the full form starts each from its command line."""
    with opened(FULL) as found:
        yield found


@dataclass(frozen=True)
class Acts:
    """Starts the acts, each in a process of its own."""

    settings: Config
    nursery: Nursery | None
    folder: Path

    def start(self, act: str, given: str = "") -> subprocess.Popen[bytes] | Child:
        """Return the act's process when it is about to begin."""
        log, settings = self.folder / f"{secrets.token_hex(8)}.log", environment(self.settings)
        child: subprocess.Popen[bytes] | Child
        if self.nursery is not None:
            child = self.nursery.start((act, given), settings, log, CHILD)
        else:
            with log.open("wb") as said:
                child = subprocess.Popen(
                    [sys.executable, "-c", CHILD, act, given],
                    env={**os.environ, **settings},
                    stdout=said,
                    stderr=subprocess.DEVNULL,
                    preexec_fn=die_with_parent,
                )
        while not (log.exists() and b"ready\n" in log.read_bytes()):
            assert child.poll() is None, log.read_text()
            time.sleep(0.005)
        return child

    def struck(self, act: str, given: str, after: float) -> bool:
        """Kill the act so many seconds after it began; return whether it was still at it."""
        child = self.start(act, given)
        time.sleep(after)
        child.kill()
        return child.wait(60) == -signal.SIGKILL


def one_of_each() -> None:
    """Whatever was killed: a pool, its ranks and each announcement are there once or not at all, and all agrees."""
    db.session.rollback()
    if postgres():  # the server may still finish what a killed process had asked for
        db.session.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
    draw = db.session.scalars(sa.select(Draw).execution_options(populate_existing=True)).one()
    entrants, ranks, frozen, winners = (
        db.session.scalar(sa.select(sa.func.count()).select_from(table).where(*where)) or 0
        for table, where in (
            (Entrant, ()),
            (Rank, ()),
            (Outbox, (Outbox.kind == "frozen",)),
            (Outbox, (Outbox.kind == "winner",)),
        )
    )
    assert draws.check(draw) == []
    kinds = list(db.session.scalars(sa.select(DrawEvent.kind)))
    if draw.status == "open":
        assert (entrants, ranks, frozen, winners) == (0, 0, 0, 0)
    else:
        assert entrants == len(rules_of.parse((draw.pool or "").encode()).entrants)
        writing = db.session.scalars(sa.select(FrozenMails).execution_options(populate_existing=True)).one()
        assert (frozen, entrants) == (writing.done, writing.people)  # never a mail without its note, nor the other way
        assert (writing.finished_at is not None) == (frozen == entrants)
        assert kinds.count("frozen") == 1
        assert draw.status == "frozen" or frozen == entrants
    if draw.status == "drawn":
        assert ranks == len(draw.prizes) + draw.alternates
        assert kinds.count("drawn") == kinds.count("randomness") == 1
        assert winners == kinds.count("offered") == sum(rank.offered_at is not None for rank in draw.ranks)
    db.session.rollback()


def too_early() -> None:
    """Nothing is drawn before the last mail is written, though the numbers are known."""
    draw = db.session.scalars(sa.select(Draw)).one()
    if frozen_mails.unwritten(draw):
        with pytest.raises(Invalid):
            draws.run(draw, NUMBERS)
        assert draw.status == "frozen"
    db.session.rollback()


def test_a_draw_killed_at_any_moment_has_one_result_and_tells_it_once(
    app: Flask, settings: Config, cast: dict[str, Employee], tmp_path: Path, nursery: Nursery | None
) -> None:
    acts = Acts(settings, nursery, tmp_path)
    seed = int(os.environ.get("CHAOS_SEED") or secrets.randbelow(1 << 31))
    chance = random.Random(seed)
    print(f"CHAOS_SEED={seed}")
    for n in range(PEOPLE):
        person(f"Person{n}", 1 + n % 4)
    db.session.commit()
    draw = october(alternates=6)
    db.session.remove()
    killed = 0
    for act, given, at in ACTS:
        if at is not None:
            clock.set_now(at)
        began = time.monotonic()
        taking = 0.05
        for _ in range(EACH):
            killed += acts.struck(act, given, chance.uniform(0, taking))
            one_of_each()
            if act == "mails":
                too_early()
            taking = min(0.6, taking * 1.5)  # later and later, so that most kills find it half way
        two = [acts.start(act, given) for _ in range(2)]  # and two at once that may end
        for child in two:
            child.wait(60)
        one_of_each()
        print(f"{act}: {time.monotonic() - began:.1f} s")
    draw = db.session.scalars(sa.select(Draw)).one()
    assert killed >= 1
    assert [rank.entrant for rank in draw.ranks] == rules_of.verify((draw.pool or "").encode(), NUMBERS).ranks
    assert [rank.state for rank in draw.ranks[:5]] == ["passed", "passed", "offered", "offered", "waiting"]
    assert db.session.scalar(sa.select(sa.func.count()).where(Outbox.kind == "winner")) == 4
    print(f"killed {killed} of {len(ACTS) * EACH}")
