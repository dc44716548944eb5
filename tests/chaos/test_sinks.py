"""Servers that refuse, cut and lie. In: an order per receiver. Out: each fate as the protocol has it, none twice."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from service import editions
from service.database import db
from service.models import Employee, Outbox
from tests import week47
from tests.chaos.account import account, reconcile
from tests.chaos.conftest import only_in_full, release_week
from tests.chaos.world import GONE_BY, World, settle_down, until

FATES = {
    "rcpt-451-1": "accepted",
    "rcpt-550-99": "failed",
    "data-451-2": "accepted",
    "data-554-99": "failed",
    "dot-451-1": "accepted",
    "dot-554-99": "failed",
    "cut-rcpt-2": "accepted",
    "cut-data-1": "accepted",
    "lost-dot-1": "ambiguous",
    "kept-dot-1": "ambiguous",
    "cut-body-1": "",
}
"""What the sink does to a receiver (tests/chaos/sink.py) and where her mail ends without anybody's help.

A body that is cut may be in the network's hands to its last dot when its sender hears of it: then it is in doubt."""

ORDERS = {2 + 4 * number: order for number, order in enumerate([*FATES, *FATES])}
"""Two of each, willing receivers between them: three refusals in a row for good would stop the edition."""


def fates(world: World) -> dict[str, set[str]]:
    """Return order → the states of its receivers' mails; "": those without an order."""
    with world.app.app_context():
        asked = sa.select(Employee.email, Outbox.state).join(Outbox, Outbox.subject == Employee.subject)
        found: dict[str, set[str]] = {}
        for email, state in db.session.execute(asked):
            found.setdefault(email.partition("@")[0].partition(".")[2], set()).add(str(state))
        db.session.remove()
    return found


def test_refusals_and_cuts_at_every_stage_end_as_the_protocol_says(world: World) -> None:
    people = 4 * len(ORDERS) + 4
    release_week(world, people, ORDERS)
    world.start_workers(2)
    settle_down(world)
    seen = fates(world)
    assert seen.pop("cut-body-1") <= {"accepted", "ambiguous"}
    assert seen == {"": {"accepted"}, **{order: {fate} for order, fate in FATES.items() if fate}}
    with world.app.app_context():
        found = account(world.journal)
        found.check()
        kept = {who for who in found.receivers if ".kept-dot" in who}
        assert len(kept) == 2 and not [who for who in found.receivers if ".lost-dot" in who]
        world.pass_time(GONE_BY)
        arrived, again = reconcile(world.journal)
        assert arrived == 2 and again in (2, 3, 4)
    settle_down(world)
    with world.app.app_context():
        found = account(world.journal)
        found.check()
        assert found.states == {"accepted": people - 6, "failed": 6}
        assert len(found.receivers) == people - 6


@only_in_full
@pytest.mark.parametrize("how", ["mail", "connect"])
def test_a_refusal_that_concerns_nobody_holds_the_edition_until_a_person_resumes_it(world: World, how: str) -> None:
    release_week(world, 20)
    if how == "mail":
        world.change_sink(mail="451 not now")
    else:
        assert world.sink is not None
        world.sink.terminate()
        world.sink.wait(10)
    world.start_workers(2)

    def held() -> str | None:
        world.wake("plan", "deliver")
        with world.app.app_context():
            why = editions.edition(week47.WEEK).held_why
            db.session.remove()
        return why

    until(held, what="the hold")
    assert str(held()).startswith(how)
    until(lambda: world.states() == {"queued": 20}, what="the return of all mails")
    world.change_sink()
    world.pass_time(GONE_BY)
    assert world.goodword("digest", "resume", "--week", week47.WEEK).wait(60) == 0
    settle_down(world)
    with world.app.app_context():
        found = account(world.journal)
        found.check()
        assert found.states == {"accepted": 20} and len(found.receivers) == 20
