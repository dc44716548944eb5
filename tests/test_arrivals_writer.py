"""The writer's clock. In: visits at all moments, commits that take their time. Out: none waits a tenth of a second."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from flask import Flask

from service.arrivals import store
from service.arrivals import writer as module
from service.arrivals.intake import Buffer
from service.arrivals.known import Link
from service.arrivals.store import Account, Row
from service.arrivals.writer import Writer
from service.links import Way

PROMISE = 0.1
"""Seconds that a visit may wait until it is handed to the database (PROTOCOLS; docs/visits.md)."""


class World:
    """A clock that moves only when somebody waits or writes, and visitors who come all the while."""

    def __init__(self, buffer: Buffer, chance: random.Random, longest: float) -> None:
        self.now, self.end, self.buffer, self.chance, self.longest = 0.0, 30.0, buffer, chance, longest
        self.link = Link(1, "00" * 16, Way("https://fjord.example/"), ())
        self.came, self.handed, self.waited = 0, 0, 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pass_by(seconds)

    def pass_by(self, seconds: float) -> None:
        """Let time go by; visitors come in it, at its very beginning and end too."""
        begin, self.now = self.now, self.now + seconds
        for at in (begin, *(begin + self.chance.random() * seconds for _ in range(self.chance.randrange(4)))):
            self.buffer.queue.put(((self.link, at, "", None, (), None), None))
            self.came += 1


class Stop(threading.Event):
    """Set when the world ends."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world

    def is_set(self) -> bool:
        return self.world.now >= self.world.end

    def wait(self, timeout: float | None = None) -> bool:
        self.world.pass_by(timeout or 0.0)
        return self.is_set()


class Plain:
    """A deriver that reads nothing."""

    def rows(self, visits: Sequence[Any]) -> list[Row]:
        return [Row(visit[0].share_id, visit[1], "v", None, "w", None, None, "{}") for visit in visits]


class Store:
    """A database whose commits take up to so long."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.account: Account | None = None

    def write(self, rows: Sequence[Row], account: Account) -> None:
        world, self.account = self.world, account
        world.handed += len(rows)
        world.waited = max([world.waited, *(world.now - row.at for row in rows)])
        if world.now < world.end:
            world.pass_by(world.chance.choice([0.0, world.chance.random(), 1.0]) * world.longest)

    def drop(self) -> None:
        pass


@pytest.mark.parametrize("longest", [0.0, 0.005, 0.05, 0.098])
@pytest.mark.parametrize("seed", range(5))
def test_no_visit_waits_a_tenth_of_a_second_however_commits_and_visitors_come(
    app: Flask, monkeypatch: pytest.MonkeyPatch, longest: float, seed: int
) -> None:
    buffer = Buffer(50_000)
    world = World(buffer, random.Random(seed), longest)
    kept = Store(world)
    monkeypatch.setattr(module, "time", world)
    monkeypatch.setattr(module, "store_for", lambda engine: kept)
    writer = Writer(app, buffer, durable=False)
    writer.stop, writer.deriver = Stop(world), Plain()  # type: ignore[assignment]
    writer.run()
    assert world.came == world.handed > 300
    assert kept.account is not None and (kept.account.recorded, kept.account.lost) == (world.came, 0)
    assert world.waited <= PROMISE


def test_rows_of_the_usual_form_go_to_postgresql_byte_for_byte_as_all_others_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chance, facts = random.Random(5), '{"agent":"Čuk","language":"sl"}'
    full = [f"{chance.getrandbits(128):032x}" for _ in range(4)]
    rows = [
        Row(n + 1, 1_763_800_000.000001 + n / 7, full[0], place, full[2], weekly_place, click, facts)
        for n, (place, weekly_place, click) in enumerate(
            [(full[1], full[3], None), (None, None, None), (full[1], None, None), (full[1], full[3], "c" * 16)]
        )
    ]
    rows.append(rows[0]._replace(visitor="short"))
    quick = [store._packed(row) for row in rows]
    monkeypatch.setattr(store, "_USUAL", ())
    assert quick == [store._packed(row) for row in rows]
