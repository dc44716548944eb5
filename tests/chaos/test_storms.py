"""Crowds, sleepers and lost queues. In: eight workers, SIGSTOP, FLUSHALL. Out: one mail each, without help."""

from __future__ import annotations

import os
import signal
import time
from datetime import timedelta

from service.queue import connection
from tests import week47
from tests.chaos.account import account, reconcile, taken
from tests.chaos.conftest import Form, draft_week, only_in_full, release_week
from tests.chaos.world import GONE_BY, World, settle_down, until


def one_each(world: World, people: int) -> None:
    with world.app.app_context():
        found = account(world.journal)
        found.check()
        assert dict(found.states) == {"accepted": people}
        assert len(found.receivers) == people


def test_eight_workers_and_a_double_click_on_release_send_one_each(world: World, form: Form) -> None:
    people = min(form.people, 1000)
    draft_week(world, people)
    both = [world.goodword("digest", "release", "--week", week47.WEEK, "--yes", name="release") for _ in range(2)]
    assert sorted(process.wait(60) for process in both) == [0, 1]
    world.pass_time(timedelta(minutes=12))
    world.start_workers(8)
    for _ in range(40):
        world.wake("plan", "deliver", "sweep")
        time.sleep(0.05)
    settle_down(world)
    one_each(world, people)


def test_a_sender_asleep_past_its_lease_wakes_up_and_sends_nothing_twice(world: World, form: Form) -> None:
    people = min(form.people, 40)
    release_week(world, people)
    world.change_sink(rate=8, patience=1.0)
    world.start_workers(1)
    until(lambda: world.wake("plan", "deliver") or len(taken(world.journal)) >= 3, what="the first mails")
    sleeper, horses = world.workers[0], list(world.horses())
    for pid in (sleeper.pid, *horses):
        os.kill(pid, signal.SIGSTOP)
    # A server does not wait for a silent client for ever (RFC 5321, 4.5.3.2.7): it cuts the line.
    time.sleep(2.5)
    world.pass_time(GONE_BY)
    world.workers.clear()
    world.change_sink(rate=0, patience=1.0)
    world.start_workers(1)
    world.wake("sweep")
    until(lambda: not {"leased", "submitting"} & set(world.states()), what="the sweep")
    settle_down(world)
    with world.app.app_context():
        account(world.journal).check()
        world.pass_time(GONE_BY)
        reconcile(world.journal)
    settle_down(world)
    one_each(world, people)
    for pid in (*horses, sleeper.pid):
        os.kill(pid, signal.SIGCONT)
    world.workers.append(sleeper)
    until(lambda: not (set(world.horses()) & set(horses)), what="the end of the sleeper's job")
    one_each(world, people)


@only_in_full
def test_a_queue_that_forgets_everything_again_and_again_costs_nobody_a_mail(world: World, form: Form) -> None:
    people = min(form.people, 1000)
    world.change_sink(rate=people / (form.restarts + 3))
    release_week(world, people)
    world.start_workers(2)
    world.start_scheduler()
    until(lambda: world.wake("plan") or world.planned(), what="the planning")
    world.wake("plan", "deliver")
    for _ in range(form.restarts):
        time.sleep(world.chance.uniform(0.2, 1.5))
        with connection(world.settings, patient=False) as redis:
            redis.flushall()
    # From here on nobody rings but the scheduler.
    until(lambda: world.tend() or world.states() == {"accepted": people}, 180, "the rest, by itself")
    one_each(world, people)
