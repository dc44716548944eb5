"""Servers that fall. In: PostgreSQL and the queue killed and started again. Out: all resumes by itself, one each."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from service import database
from tests.chaos.account import account, reconcile
from tests.chaos.conftest import Form, release_week
from tests.chaos.postgres import Postgres
from tests.chaos.world import GONE_BY, World, settle_down, until

WORKERS = 2


def test_a_database_and_a_queue_that_fall_again_and_again_cost_nobody_a_mail(
    make_world: Callable[..., World], form: Form, tmp_path: Path
) -> None:
    people = min(form.people, 1000)
    with Postgres(tmp_path / "postgres") as server:
        database.upgrade(server.url)
        world = make_world(server.url, rate=people / (2 * form.restarts + 4))
        try:
            release_week(world, people)
            world.start_workers(WORKERS)
            world.start_scheduler()
            until(lambda: world.wake("plan") or world.planned(), what="the planning")
            world.wake("plan", "deliver")
            for _ in range(form.restarts):
                time.sleep(world.chance.uniform(0.2, 2.0))
                if world.chance.random() < 0.5:
                    server.fall()
                    time.sleep(world.chance.uniform(0.0, 1.0))
                    server.start()
                else:
                    world.restart_queue(world.chance.uniform(0.0, 1.0))
                world.tend()
            done = {"accepted", "ambiguous", "submitting", "leased"}
            # Nobody rings but the scheduler; what a fall interrupted waits for its lease to end.
            until(
                lambda: world.tend() or (world.planned() and set(world.states()) <= done and world.idle()),
                240,
                "the rest, by itself",
            )
            world.pass_time(GONE_BY)
            until(lambda: world.tend() or set(world.states()) <= {"accepted", "ambiguous"}, 240, "the sweep")
            with world.app.app_context():
                found = account(world.journal)
                found.check()
                print(f"{form.restarts} falls, states {dict(found.states)}")
                assert found.states["ambiguous"] <= form.restarts * WORKERS * world.settings.smtp_connections
                world.pass_time(GONE_BY)
                reconcile(world.journal)
            settle_down(world)
            with world.app.app_context():
                found = account(world.journal)
                found.check()
                assert dict(found.states) == {"accepted": people} and len(found.receivers) == people
        finally:
            world.close()
