"""Jobs. In: the tests' Valkey and real worker processes. Out: tasks run by name alone, rung once, tried again."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from redis import Redis
from rq.registry import FailedJobRegistry, ScheduledJobRegistry
from structlog.testing import capture_logs

from service import config, jobs, scheduler
from service.queue import connection, queue, socket_of, url_of
from service.schedule import SCHEDULE, TASKS
from service.scheduler import Timetable
from service.up import environment
from tests.postroom import invite, open_room, states
from tests.servers import free_port

pytestmark = pytest.mark.sockets


@pytest.fixture
def redis(settings: config.Config) -> Iterator[Redis]:
    with connection(settings, patient=False) as found:
        found.flushdb()
        yield found


def work(settings: config.Config) -> subprocess.CompletedProcess[bytes]:
    """Run a real worker until the queue is empty."""
    return subprocess.run(
        [sys.executable, "-m", "service.cli", "worker", "--burst"],
        env={**os.environ, **environment(settings)},
        timeout=60,
        capture_output=True,
        check=True,
    )


@pytest.mark.parametrize("task", SCHEDULE, ids=lambda task: task.name)
def test_every_row_of_the_table_names_a_use_case_with_an_explanation(task) -> None:  # type: ignore[no-untyped-def]
    assert callable(task.function())
    assert task.every >= 10 and task.help and TASKS[task.name] is task


def test_a_job_carries_a_name_and_nothing_else(app: Flask, redis: Redis) -> None:
    assert jobs.wake("deliver")
    (job,) = queue(redis).jobs
    assert (job.func_name, tuple(job.args), job.kwargs) == ("service.jobs.run", ("deliver",), {})
    assert job.retries_left == 3 and job.result_ttl == 0


def test_one_wake_up_waits_at_a_time_until_a_worker_takes_it(app: Flask, redis: Redis) -> None:
    assert jobs.wake("deliver") and jobs.wake("deliver") and jobs.wake("sweep")
    assert len(queue(redis).jobs) == 2
    taken = queue(redis).pop_job_id()  # by a worker that may die with it
    assert taken is not None and taken.startswith("deliver-")
    assert jobs.wake("deliver")
    assert len({taken, *queue(redis).get_job_ids()}) == 3


def test_a_wake_up_without_a_queue_says_so_and_hurts_nobody(app: Flask, settings: config.Config) -> None:
    away = replace(settings, redis_url=f"redis://127.0.0.1:{free_port()}")
    assert jobs.wake("deliver", away) is False
    invite(open_room(1))
    jobs.run("deliver")
    assert states() == ["accepted"], "the database is the truth"


def test_before_an_embedded_queue_has_opened_nobody_is_warned_of_it(app: Flask, settings: config.Config) -> None:
    embedded = replace(settings, redis_url="")
    with capture_logs() as told:
        assert jobs.wake("deliver", embedded) is False
    assert told == []
    socket_of(embedded).parent.mkdir(parents=True, exist_ok=True)
    socket_of(embedded).touch()  # a server that died left its door
    with capture_logs() as told:
        assert jobs.wake("deliver", embedded) is False
    assert [line["event"] for line in told] == ["the queue is away"]


def test_an_unknown_task_is_a_mistake_of_ours(app: Flask) -> None:
    with pytest.raises(KeyError):
        jobs.wake("everything")


def test_nothing_is_due_before_there_is_a_programme(app: Flask) -> None:
    for task in SCHEDULE:
        jobs.run(task.name)


def test_a_real_worker_sends_what_is_due(app: Flask, settings: config.Config, redis: Redis) -> None:
    invite(open_room(3))
    jobs.wake("deliver")
    work(settings)
    assert states() == ["accepted"] * 3
    assert len(list(settings.mail_folder.glob("*.eml"))) == 3
    assert queue(redis).jobs == [] and len(FailedJobRegistry(queue=queue(redis))) == 0


def test_a_job_that_fails_is_tried_again_later(app: Flask, settings: config.Config, redis: Redis) -> None:
    queue(redis).enqueue_call("service.jobs.run", args=("no such task",), retry=jobs.Retry(max=1, interval=[5]))
    open_room(0)
    work(settings)
    assert len(ScheduledJobRegistry(queue=queue(redis))) == 1


def test_the_timetable_rings_all_at_first_and_then_each_in_its_rhythm() -> None:
    table = Timetable(100.0)
    assert table.due(100.0) == [task.name for task in SCHEDULE]
    assert table.due(105.0) == []
    assert table.due(110.0) == ["deliver", "visits"]
    assert table.due(5000.0) == [task.name for task in SCHEDULE], "once, however long nobody asked"


def test_of_two_schedulers_one_rings_and_gives_way_when_it_stops(
    settings: config.Config, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "SCHEDULE", tuple(replace(task, every=3600) for task in SCHEDULE))
    monkeypatch.setattr(scheduler, "REFRESH", 0.5)
    first, second = threading.Event(), threading.Event()
    threads = [threading.Thread(target=scheduler.main, args=(settings, stop)) for stop in (first, second)]
    threads[0].start()
    _until(lambda: len(queue(redis).jobs) == len(SCHEDULE))
    queue(redis).empty()
    threads[1].start()
    time.sleep(1.5)
    assert queue(redis).jobs == [], "the second would ring all at once, as whoever begins to lead"
    assert len(redis.keys("rq:scheduler-lock:*")) == 1
    first.set()
    threads[0].join(10)
    _until(lambda: len(queue(redis).jobs) == len(SCHEDULE))
    second.set()
    threads[1].join(10)
    assert not redis.keys("rq:scheduler-lock:*")


def test_a_postponed_job_comes_back_into_the_queue_when_its_time_has_come(
    settings: config.Config, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "SCHEDULE", ())
    job = queue(redis).enqueue_in(timedelta(seconds=1), "service.jobs.run", "deliver")
    stop = threading.Event()
    thread = threading.Thread(target=scheduler.main, args=(settings, stop))
    thread.start()
    try:
        _until(lambda: queue(redis).get_job_ids() == [job.id])
    finally:
        stop.set()
        thread.join(10)


def test_a_task_that_did_something_rings_the_one_after_it_and_one_with_more_to_do_itself(
    app: Flask, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_room(0)
    more, done = [True, True], [3]
    monkeypatch.setattr(jobs, "TASKS", {**TASKS, "odd": Odd(lambda: done[0], lambda: more[0])})

    def rung() -> list[str]:
        names = [name.rpartition("-")[0] for name in queue(redis).get_job_ids()]
        redis.flushdb()
        return sorted(names)

    jobs.run("odd")
    assert rung() == ["deliver", "odd"]
    done[0] = 0
    jobs.run("odd")
    assert rung() == ["odd"], "somebody may join in before it begins"
    more[0], done[0] = False, 3
    jobs.run("odd")
    assert rung() == ["deliver"]
    done[0] = 0
    jobs.run("odd")
    assert rung() == []


def test_one_with_more_to_do_rings_itself_again_after_its_work_but_calls_others_only_now_and_then(
    app: Flask, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_room(0)
    done, seen = [1], list[int]()

    def work() -> int:
        seen.append(len(queue(redis).get_job_ids()))
        queue(redis).empty()  # somebody took the call
        return done[0]

    monkeypatch.setattr(jobs, "TASKS", {**TASKS, "odd": Odd(work, lambda: True)})
    jobs.run("odd")
    assert [name.rpartition("-")[0] for name in queue(redis).get_job_ids()] == ["deliver", "odd"]
    queue(redis).empty()
    done[0] = 0  # it gets nothing done
    jobs.run("odd")
    assert seen == [1, 0] and queue(redis).get_job_ids() == [], "calling must not go round in circles"


def test_a_worker_joins_in_while_a_task_still_makes_work_for_it(
    app: Flask, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_room(0)
    more, rung = [False], list[int]()

    def work(told: Callable[[int], None]) -> int:
        for more[0] in (False, True):
            told(1)
            rung.append(len(queue(redis).get_job_ids()))
        return 0

    planning = Odd(lambda: 0, lambda: False)
    planning.steps, planning.function = True, lambda: work  # type: ignore[method-assign, assignment, return-value]
    monkeypatch.setattr(jobs, "STEP", 0.0)
    monkeypatch.setattr(jobs, "TASKS", {**TASKS, "odd": planning, "deliver": Odd(lambda: 0, lambda: more[0])})
    jobs.run("odd")
    assert rung == [0, 1]


class Odd:
    """A task of the tests: what it does, and whether there is more to do."""

    name, then, steps = "odd", "deliver", False

    def __init__(self, work: Callable[[], int], more: Callable[[], bool]) -> None:
        self._work, self.wants_more = work, more

    def function(self) -> Callable[[], int]:
        return self._work


def test_a_queue_that_lost_everything_is_rung_again_with_fresh_jobs_and_led_again(
    settings: config.Config, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "SCHEDULE", (replace(TASKS["deliver"], every=1),))
    monkeypatch.setattr(scheduler, "REFRESH", 1.0)
    stop, seen = threading.Event(), set()
    thread = threading.Thread(target=scheduler.main, args=(settings, stop))
    thread.start()
    try:
        for lost in range(3):
            _until(lambda: queue(redis).get_job_ids() and redis.keys("rq:scheduler-lock:*"))
            seen |= set(queue(redis).get_job_ids())
            assert len(seen) == lost + 1
            redis.flushdb()
    finally:
        stop.set()
        thread.join(10)


def test_the_queue_of_a_deep_folder_has_a_short_socket(settings: config.Config) -> None:
    deep = replace(settings, redis_url="", data=settings.data / ("d" * 120))
    assert len(str(socket_of(deep))) <= 100 and url_of(deep) == f"unix://{socket_of(deep)}"
    assert url_of(settings) == settings.redis_url


def _until(ready) -> None:  # type: ignore[no-untyped-def]
    for _ in range(200):
        if ready():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen within 10 seconds")
