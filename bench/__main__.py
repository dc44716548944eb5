"""`python -m bench [--full] [NAME…]`. In: names of modules. Out: a table, and bench/results.json.

A module has `run(full: bool) -> list[Figure]`; naming some keeps the other modules' figures of an earlier run.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import signal
import sys
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path

from bench.figures import Figure

RESULTS = Path(__file__).resolve().parent / "results.json"
MODULES = [
    "messages",
    "smtp",
    "pipeline",
    "jobs",
    "planning",
    "sendgrid_calls",
    "redirects",
    "soak",
    "board",
    "results_pages",
    "draws",
]
"""What is measured, in this order: one module of this package each."""

LONGEST, LONGEST_FULL = 300, 3600
"""Seconds after which a module is given up: a run comes to its end whatever hangs."""


def main() -> int:
    """Return 0 where everything measured holds, 1 where something does not, 2 for a name that is none."""
    asked = argparse.ArgumentParser(prog="python -m bench", description="Measure, and compare with the targets.")
    asked.add_argument("--full", action="store_true", help="the large sizes too: an hour rather than ten minutes")
    asked.add_argument("names", nargs="*", metavar="NAME", help=f"only these of {', '.join(MODULES)}")
    options = asked.parse_args()
    unknown = set(options.names) - set(MODULES)
    if unknown:
        asked.error(f"there is no bench called {', '.join(sorted(unknown))}; there are {', '.join(MODULES)}")
    names = options.names or MODULES
    print(f"{_machine()}, load {os.getloadavg()[0]:.1f}")
    found = [{**figure.to_json(), "bench": name} for name in names for figure in _measured(name, options.full)]
    kept = [each for each in _earlier() if each["bench"] not in names]
    order = {name: n for n, name in enumerate(MODULES)}
    all_of_them = sorted(kept + found, key=lambda each: order.get(str(each["bench"]), len(order)))
    RESULTS.write_text(json.dumps(all_of_them, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 1 if any(each["holds"] is False for each in found) else 0


def _measured(name: str, full: bool) -> list[Figure]:
    """Return the figures of one module; one that fails is a figure that does not hold, and the others go on."""
    began = time.perf_counter()
    print(f"\n{name}", flush=True)
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(LONGEST_FULL if full else LONGEST)
    try:
        figures: list[Figure] = importlib.import_module(f"bench.{name}").run(full)
    except Exception as problem:  # noqa: BLE001
        traceback.print_exc()
        figures = [Figure(name, None, "", "runs", False, f"{type(problem).__name__}: {problem}")]
    finally:
        signal.alarm(0)
    wide = max(len(figure.name) for figure in figures)
    for figure in figures:
        value = (
            "–" if figure.value is None else f"{figure.value:,.4g}" if figure.value < 1000 else f"{figure.value:,.0f}"
        )
        sign = {True: "holds" if figure.target else "", False: "MISSED", None: "not here"}[figure.holds]
        print(f"  {figure.name:<{wide}}  {value:>10} {figure.unit:<12} {figure.target:<8} {sign}")
        if figure.holds is not True:
            print(f"  {'':<{wide}}  {figure.why}")
    print(f"  {time.perf_counter() - began:.0f} s, load {os.getloadavg()[0]:.1f}", flush=True)
    return figures


def _too_long(*_: object) -> None:
    raise TimeoutError("it takes too long; is the machine busy with something else?")


def _earlier() -> list[dict[str, object]]:
    return list(json.loads(RESULTS.read_text(encoding="utf-8"))) if RESULTS.exists() else []


def _machine() -> str:
    version = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {version}, {os.cpu_count()} cores, {platform.system()}"


if __name__ == "__main__":
    sys.exit(main())
