"""Jobs. In: an edition that is planned. Out: its delivery as a job of RQ's beside the same function called directly.

One worker and one process, each over as many connections, by turns; each begins as a worker's job does. By the clock,
and of processor: other work on the machine adds to the one and hardly to the other.
"""

from __future__ import annotations

import os
import shutil
import statistics

from bench.deeds import CONNECTIONS
from bench.figures import Figure, at_least, missing, told
from bench.pipeline import HOW, Spent, Stage, found_sink, staged
from service.delivery.deliver import CHUNK, SPAN


def run(full: bool) -> list[Figure]:
    """Return the figures of RQ's own cost."""
    sink = found_sink()
    if sink is None:
        return [missing("RQ / calling directly", "of direct", "≥ 0.98", HOW)]
    number, rounds = (60_000, 5) if full else (10_000, 3)
    with staged(sink) as stage:
        stage.prepare(number)
        planned = stage.copy()
        stage.call("release", planned)
        stage.call("plan", planned)
        # Who begins changes from round to round: the second finds the machine as the first has left it.
        pairs = [_round(stage, planned, job_first=n % 2 == 0) for n in range(rounds)]
        mails = stage.mails
    jobs, calls = ([pair[n] for pair in pairs] for n in (0, 1))
    why = f"{mails:,} mails in one job, {CONNECTIONS} connections, {rounds} rounds by turns"
    job, call = (statistics.median(spent.used["jobs"] for spent in each) for each in (jobs, calls))
    beside = statistics.median(spent.used["RQ"] for spent in jobs)
    # What a job costs beyond its call does not grow with its mails; it is held against a delivery of the size that is
    # chosen. By the clock other work on the machine only ever adds: the least of each is nearest to what it takes.
    least, direct = (min(spent.seconds for spent in each) for each in (jobs, calls))
    rate = mails / direct
    lasting = min(SPAN, CHUNK / rate)
    lost, more = max(least - direct, 0.0), max(job + beside - call, 0.0)
    chunk = f"of a chunk, {lasting * rate:,.0f} mails in {lasting:.0f} s"
    return [
        told("a delivery's job", statistics.median(each.seconds for each in jobs), "s", f"by the clock: {why}"),
        told("the same function, called directly", statistics.median(each.seconds for each in calls), "s", why),
        told("processor of the job's process", job, "s", "its own, without the database and the sink"),
        told("processor of the same function, called directly", call, "s", why),
        told("processor of RQ beside the job", beside, "s", "the queue server and the worker between its jobs"),
        at_least(
            "RQ / calling directly",
            lasting / (lasting + lost),
            "of direct",
            0.98,
            f"a job loses {lost:.2f} s {chunk}; the least of {rounds} rounds, load {os.getloadavg()[0]:.1f}",
        ),
        at_least(
            "RQ / calling directly, processor",
            call / (call + more * mails / (lasting * rate)),
            "of direct",
            0.98,
            f"a job's process and RQ use {more:.2f} s more {chunk}; medians of {rounds} rounds",
        ),
    ]


def _round(stage: Stage, planned: dict[str, str], job_first: bool) -> tuple[Spent, Spent]:
    if job_first:
        job = _job(stage, planned)
        return job, _call(stage, planned)
    call = _call(stage, planned)
    return _job(stage, planned), call


def _job(stage: Stage, planned: dict[str, str]) -> Spent:
    return stage.jobs("deliver", _copy(stage, planned), 1)


def _call(stage: Stage, planned: dict[str, str]) -> Spent:
    environment = _copy(stage, planned)
    seconds, used = map(float, stage.call("direct", environment).split())
    stage.check(environment["GOODWORD_DATABASE_URL"])
    return Spent(seconds, {"jobs": used})


def _copy(stage: Stage, planned: dict[str, str]) -> dict[str, str]:
    environment = stage.copy(planned["GOODWORD_DATABASE_URL"].rpartition("/")[2])
    shutil.copy(planned["GOODWORD_CLOCK"], environment["GOODWORD_CLOCK"])
    return environment
