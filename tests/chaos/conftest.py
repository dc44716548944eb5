"""What the proofs share. In: CHAOS and CHAOS_SEED. Out: sizes, a seed that is printed, worlds that leave nothing."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from service import clock, editions
from service.database import db
from tests import week47
from tests.chaos.account import people
from tests.chaos.nursery import Nursery, opened
from tests.chaos.world import World

MORNING = datetime.fromisoformat("2026-11-17T07:50+00:00")
"""Ten minutes before Rome's slot."""


FULL = os.environ.get("CHAOS") == "full"

only_in_full = pytest.mark.skipif(not FULL, reason="in `make chaos` only")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every proof is marked, and all run one after another: they measure time and would starve each other.

    The short form has a minute for all: of the proofs that run on both databases it leaves SQLite out.
    """
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.chaos)
            item.add_marker(pytest.mark.sockets)
            item.add_marker(pytest.mark.xdist_group("chaos"))
            if not FULL and "[sqlite" in item.name:
                item.add_marker(only_in_full)
            if sys.platform != "linux":
                item.add_marker(pytest.mark.skip(reason="reads /proc"))


@dataclass(frozen=True)
class Form:
    """How much: the short form is for every day, the full one is the proof."""

    people: int
    kills: int
    rounds: int
    rate: float
    """Mails a second that the sink takes, so that the killings find the senders at work."""
    restarts: int
    topics: int
    """Topics whose combinations divide people into calls: many small ones take long enough for all the killings."""


@pytest.fixture(scope="session")
def form() -> Form:
    if FULL:
        return Form(people=5000, kills=50, rounds=5, rate=60.0, restarts=20, topics=8)
    return Form(people=36, kills=2, rounds=1, rate=10.0, restarts=2, topics=6)


@pytest.fixture
def seed() -> int:
    """Return the run's seed; pytest shows it where a proof fails, `-s` always."""
    found = int(os.environ.get("CHAOS_SEED") or secrets.randbelow(1 << 31))
    print(f"CHAOS_SEED={found}")
    return found


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery | None]:
    """Where the short form's processes come from; the full form starts each from the command line."""
    with opened(FULL) as found:
        yield found


@pytest.fixture
def make_world(tmp_path: Path, seed: int, nursery: Nursery | None) -> Iterator[Callable[..., World]]:
    """Return a maker of worlds on a given database; what they started ends with the test."""
    made: list[World] = []

    def make(database_url: str, **more: object) -> World:
        made.append(World(tmp_path / f"world{len(made)}", database_url, seed, nursery=nursery, **more))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for world in made:
        world.close()


@pytest.fixture
def world(make_world: Callable[..., World], database_url: str) -> World:
    """A world on each database."""
    return make_world(database_url)


def draft_week(world: World, n: int, orders: dict[int, str] | None = None) -> None:
    """Make a programme of n readers and three stories, ten minutes before their slot; nothing is released yet."""
    world.people = n
    clock.set_now(MORNING)
    with world.app.app_context():
        week47.programme()
        for title in ("One", "Two", "Three"):
            week47.story(title)
        people(n, orders)
        db.session.commit()
        db.session.remove()


def release_week(world: World, n: int, orders: dict[int, str] | None = None) -> None:
    """The same, released, its quiet minutes over and its slot come; nothing is planned yet."""
    draft_week(world, n, orders)
    with world.app.app_context():
        editions.release(editions.edition(week47.WEEK), "test")
        db.session.remove()
    world.pass_time(timedelta(minutes=12))
