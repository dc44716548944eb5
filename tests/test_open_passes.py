from datetime import timedelta

import pytest
from flask import Flask

from emails.passes import WrongPass
from service import clock, keys, passes
from service.database import db
from service.models import RetiredLink, SigningKey
from service.passes import EndedPass
from tests import noor as world


@pytest.mark.parametrize(("purpose", "days"), [("share", 90), ("me", 30)])
def test_a_pass_opens_for_its_days_and_then_has_ended(app: Flask, purpose: str, days: int) -> None:
    noor = world.begin()
    noor.links_from -= timedelta(days=365)
    assert passes.open_pass(getattr(world.passes_of(noor, days), purpose), purpose) is noor
    with pytest.raises(EndedPass):
        passes.open_pass(getattr(world.passes_of(noor, days + 1), purpose), purpose)


def test_a_share_pass_opens_nothing_but_sharing(app: Flask) -> None:
    made = world.passes_of(world.begin())
    for purpose in ("me", "unsubscribe", "claim"):
        with pytest.raises(WrongPass):
            passes.open_pass(made.share, purpose)


@pytest.mark.parametrize("status", ["left", "gone"])
def test_a_leavers_passes_have_ended_but_unsubscribing_still_answers(app: Flask, status: str) -> None:
    noor = world.begin()
    made = world.passes_of(noor)
    noor.status = status
    with pytest.raises(EndedPass):
        passes.open_pass(made.me, "me")
    assert passes.open_unsubscribe(made.unsubscribe) is noor


def test_a_reset_ends_the_old_links_and_unsubscribing_finds_her_still(app: Flask) -> None:
    noor = world.begin()
    made = world.passes_of(noor)
    db.session.add(RetiredLink(link_id=noor.link_id, employee_id=noor.id))
    noor.link_id = "00" * 8
    db.session.flush()
    with pytest.raises(EndedPass):
        passes.open_pass(made.share, "share")
    assert passes.open_unsubscribe(made.unsubscribe) is noor
    assert passes.open_pass(world.passes_of(noor).share, "share") is noor


def test_a_pass_from_before_links_from_has_ended(app: Flask) -> None:
    noor = world.begin()
    made = world.passes_of(noor, 1)
    noor.links_from = clock.now().date()
    with pytest.raises(EndedPass):
        passes.open_pass(made.me, "me")


def test_the_newest_key_signs_all_verify_and_retired_ones_only_unsubscribe(app: Flask) -> None:
    noor = world.begin()
    old = world.passes_of(noor)
    db.session.add(SigningKey(id=2, salt="ab" * 32, created_at=clock.now() + timedelta(seconds=1)))
    db.session.flush()
    assert passes.newest_key_id() == 2
    assert passes.open_pass(old.share, "share") is noor
    first = db.session.get(SigningKey, keys.FIRST)
    assert first is not None
    first.retired_at = clock.now()
    with pytest.raises(WrongPass):
        passes.open_pass(old.share, "share")
    assert passes.open_unsubscribe(old.unsubscribe) is noor


def test_a_genuine_unsubscribe_pass_of_nobody_is_still_genuine(app: Flask) -> None:
    world.begin()
    made = passes.passes_for("ff" * 8, 20000, passes.newest_key_id())
    assert passes.open_unsubscribe(made.unsubscribe) is None
    with pytest.raises(WrongPass):
        passes.open_pass(made.share, "share")


def test_the_first_key_is_made_once(app: Flask) -> None:
    with pytest.raises(LookupError, match="programme create"):
        passes.newest_key_id()
    made = keys.ensure()
    assert keys.ensure() is made
    assert passes.newest_key_id() == made.id == keys.FIRST
    assert len(keys.material(made)) == 64
