"""Workers killed at random moments. In: an edition on its way. Out: one copy each, doubts few, all reconciled."""

from __future__ import annotations

import time
from datetime import timedelta

from tests.chaos.account import account, reconcile
from tests.chaos.conftest import Form, release_week
from tests.chaos.world import GONE_BY, World, settle_down, until


def test_killed_senders_never_make_a_second_copy(world: World, form: Form) -> None:
    world.change_sink(rate=form.rate)
    release_week(world, form.people)
    # Nobody rings but this test: a schedule's other tasks would be killed in the senders' place.
    for number in range(form.rounds):
        world.start_workers(3)
        if form.rounds == 1:  # so few mails that planners would be killed, and no sender
            until(lambda: world.wake("plan") or world.planned(), what="the planning")
        world.wake("plan", "deliver")
        target = form.kills * (number + 1) // form.rounds
        while world.killed < target:
            until(lambda: world.tend() or world.wake("plan", "deliver") or world.horses(), 150, "a job")
            time.sleep(world.chance.uniform(0.0, 3.0))
            world.strike()
        with world.app.app_context():
            account(world.journal).check()
        world.kill_all()
        world.pass_time(GONE_BY)
        world.wake("sweep")
    world.change_sink(rate=0)
    world.start_workers(2)
    settle_down(world)

    with world.app.app_context():
        found = account(world.journal)
        found.check()
        print(f"killed {world.killed}, states {dict(found.states)}, journal {len(found.journal)}")
        assert found.states["accepted"] + found.states["ambiguous"] == form.people
        assert found.states["ambiguous"] <= world.killed * world.settings.smtp_connections
        world.pass_time(timedelta(minutes=16))
        arrived, again = reconcile(world.journal)
        print(f"by the sink's journal {arrived} had arrived, {again} were sent again")
    settle_down(world)
    with world.app.app_context():
        found = account(world.journal)
        found.check()
        assert dict(found.states) == {"accepted": form.people}
        assert len(found.receivers) == form.people
