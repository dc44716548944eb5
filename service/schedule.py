"""The schedule. In: nothing. Out: one table of all that runs by itself: name, how often, which use case, what for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any


@dataclass(frozen=True, slots=True)
class Task:
    """One row: `every` in seconds; `what` is `module:function` of a use case that is safe to run at any moment."""

    name: str
    every: int
    what: str
    help: str

    def function(self) -> Callable[[], Any]:
        """Return the use case; raises ImportError or AttributeError where there is none."""
        module, _, name = self.what.partition(":")
        found: Callable[[], Any] = getattr(import_module(module), name)
        return found


SCHEDULE = (
    Task("deliver", 10, "service.delivery:deliver_due", "send the mails that are due"),
    Task("sweep", 60, "service.delivery:expire", "queue expired leases again, mark doubtful mails"),
    Task("plan", 60, "service.digests:plan_due_slots", "plan each slot 30 minutes ahead"),
    Task("editions", 60, "service.editions:close_what_is_due", "make the next draft, release and close editions"),
    Task("shares", 900, "service.settling:settle_due", "take back declared points that were not confirmed in time"),
    Task(
        "silence",
        600,
        "service.delivery.silence:settle_silence",
        "queue mails of calls that were never taken (a setting)",
    ),
    Task("events", 3600, "service.events:forget", "forget the provider's events after 30 days"),
    Task("forget", 3600, "service.settling:forget_evidence", "forget raw visits after 30 days"),
    Task("draws", 300, "service.draws:pass_on_due", "pass on prizes that nobody claimed in time"),
)

TASKS = {task.name: task for task in SCHEDULE}
