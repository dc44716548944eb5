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
    more: str = ""
    """`module:function` that says whether another worker should join in."""
    then: str = ""
    """The task that is rung after this one did something."""
    steps: bool = False
    """Its function takes a callback that it tells of each piece of work committed: `then` need not wait for the end."""

    def function(self) -> Callable[..., Any]:
        """Return the use case; raises ImportError or AttributeError where there is none."""
        return _named(self.what)

    def wants_more(self) -> bool:
        """Tell whether there is work for another worker beside the one at it."""
        return bool(self.more and _named(self.more)())


def _named(what: str) -> Callable[..., Any]:
    module, _, name = what.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), name)
    return found


SCHEDULE = (
    Task("deliver", 10, "service.delivery:deliver_due", "send the mails that are due", more="service.delivery:much"),
    Task("sweep", 60, "service.delivery:sweep", "queue expired leases again, mark doubtful mails"),
    Task("plan", 60, "service.digests:plan_due_slots", "plan each slot 30 minutes ahead", then="deliver", steps=True),
    Task("editions", 60, "service.editions:close_what_is_due", "make the next draft, release and close editions"),
    Task("visits", 10, "service.visiting:judge_arrivals", "judge the visits that arrived and settle their sharers"),
    Task("spilled", 60, "service.arrivals.spill:take_in", "take in visits that a process kept in a file when it ended"),
    Task("intakes", 3600, "service.arrivals.status:forget", "forget counts of web processes of 30 days ago"),
    Task("shares", 900, "service.settling:settle_due", "take back declared points that were not confirmed in time"),
    Task(
        "silence",
        600,
        "service.delivery.silence:settle_silence",
        "queue mails of calls that were never taken (a setting)",
    ),
    Task("events", 3600, "service.events:forget", "forget the provider's events after 30 days"),
    Task("patterns", 600, "service.quarantine:look", "set odd patterns of visits aside for the liaison"),
    Task("begun", 300, "service.rule_sets:settle_begun", "settle badges once when new rules begin"),
    Task("rules", 60, "service.trials:run_waiting", "work out dry runs of rules that wait"),
    Task("badges", 3600, "service.badges:settle_together", "give badges that other people's shares decide on too"),
    Task("badge-fillings", 60, "service.badge_fillings:work", "give everybody what she earned already, when asked to"),
    Task("badge-mails", 900, "service.badge_mails:tell", "mail news of badges, once a day at most", then="deliver"),
    Task(
        "share-mails", 900, "service.share_mails:tell", "mail who shared what did well, weekly at most", then="deliver"
    ),
    Task("winner-mails", 600, "service.winner_mails:tell", "tell all who took part who won", then="deliver"),
    Task("campaign-mails", 300, "service.campaign_mails:tell", "begin and close campaigns by mail", then="deliver"),
    Task("month-mails", 3600, "service.month_mails:tell", "mail each the picture of her month", then="deliver"),
    Task("forget", 3600, "service.forgetting:forget", "forget weekly hashes after 7 days, raw visits after 30"),
    Task("answers", 120, "service.inbound_mailbox:poll_due", "fetch answers to digests from their mailbox (a setting)"),
    Task("suggested", 3600, "service.suggestions:forget", "forget words of suggestions settled 30 days ago"),
    Task(
        "inviting",
        3600,
        "service.people.inviting:tend",
        "invite whose day has come, welcome and remind",
        then="deliver",
    ),
    Task("people-files", 60, "service.people.files:work", "read and take in files of colleagues, forget old ones"),
    Task("erased", 3600, "service.people.erasing:sweep", "take erased people's names out of old mails after 30 days"),
    Task("sought", 3600, "service.people.seeking:remember", "write down by what words people are found"),
    Task("posters", 3600, "service.posters:forget", "forget the visits of posters after 30 days; counts stay"),
    Task(
        "draw", 60, "service.draws:tend", "hold the draws that go by themselves, fetch their randomness", then="deliver"
    ),
    Task(
        "frozen-mails",
        60,
        "service.draws.frozen_mails:work",
        "write the mails of pools that were frozen",
        then="deliver",
        steps=True,
    ),
    Task("boards", 60, "service.boards:tend", "join rows of how many people hold how many points"),
    Task("contests", 900, "service.contests:look", "work out contests, close those that are over"),
    Task("standing", 3600, "service.boards:look_again", "see who may stand on boards, however that changed"),
    Task("results", 60, "service.results:count", "count what shares and visits brought"),
    Task("reports", 3600, "service.reports:send_due", "mail last month's report to management", then="deliver"),
    Task("results-hourly", 3600, "service.results:refresh", "note the programme's size and what became of digests"),
    Task("stock", 900, "service.stock:look", "work out for how many editions the stories of each topic last"),
    Task("feeds", 300, "service.sources.polling:poll_due", "read the feeds that are due"),
    Task("draws", 300, "service.draws:pass_on_due", "pass on prizes that nobody claimed in time"),
)

TASKS = {task.name: task for task in SCHEDULE}
