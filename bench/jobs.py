"""Jobs. In: an edition that is planned. Out: its delivery as a job of RQ's beside the same function called directly.

One worker and one process, each over as many connections, by turns; each begins without anything remembered.
"""

from __future__ import annotations

import shutil

from bench.figures import Figure, at_least, missing, told
from bench.pipeline import CONNECTIONS, HOW, Stage, found_sink, staged


def run(full: bool) -> list[Figure]:
    """Return the figures of RQ's own cost."""
    sink = found_sink()
    if sink is None:
        return [missing("RQ / calling directly", "of direct", "≥ 0.98", HOW)]
    number, rounds = (60_000, 3) if full else (20_000, 2)
    with staged(sink) as stage:
        stage.prepare(number)
        planned = stage.copy()
        stage.call("release", planned)
        stage.call("plan", planned)
        pairs = [(_job(stage, planned), _call(stage, planned)) for _ in range(rounds)]
    # Other work on the machine only ever adds to a time: the least of each is nearest to what it costs.
    job, call = (min(seconds) for seconds in zip(*pairs, strict=True))
    why = f"{stage.mails:,} mails in one job, {CONNECTIONS} connections, {rounds} rounds by turns, the best of each"
    return [
        told("a delivery's job", job, "s", f"from its ring until its worker is idle again: {why}"),
        told("the same function, called directly", call, "s", why),
        at_least("RQ / calling directly", call / job, "of direct", 0.98, why),
    ]


def _job(stage: Stage, planned: dict[str, str]) -> float:
    return stage.jobs("deliver", _copy(stage, planned), 1)


def _call(stage: Stage, planned: dict[str, str]) -> float:
    environment = _copy(stage, planned)
    seconds = float(stage.call("direct", environment))
    stage.check(environment["GOODWORD_DATABASE_URL"])
    return seconds


def _copy(stage: Stage, planned: dict[str, str]) -> dict[str, str]:
    environment = stage.copy(planned["GOODWORD_DATABASE_URL"].rpartition("/")[2])
    shutil.copy(planned["GOODWORD_CLOCK"], environment["GOODWORD_CLOCK"])
    return environment
