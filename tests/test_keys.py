"""Keys. In: mails of several keys. Out: which links open through rotation and retirement, and who is refused what."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.testing import FlaskClient
from pytest import MonkeyPatch

from emails.passes import WrongPass
from service import clock, compose, keys, passes
from service.cli import cli
from service.database import db
from service.models import SigningKey
from tests import noor as world
from tests.postroom import invite, open_room, row


def _call(app: Flask, monkeypatch: MonkeyPatch, *words: str, said: str | None = None) -> Result:
    monkeypatch.setattr("service.create_app", lambda: app)
    db.session.commit()  # a command ends by closing all connections; one in use would be left over
    return CliRunner().invoke(cli, ["keys", *words], input=said)


def test_after_a_rotation_the_new_key_signs_and_older_links_go_on_opening(app: Flask) -> None:
    noor = world.begin()
    old = world.passes_of(noor)
    made = keys.rotate()
    assert (made.id, passes.newest_key_id()) == (2, 2)
    new = world.passes_of(noor)
    assert new.share != old.share
    for pass_ in (old, new):
        assert passes.open_pass(pass_.share, "share") is noor
        assert passes.open_unsubscribe(pass_.unsubscribe) is noor


def test_a_mail_planned_before_a_rotation_keeps_its_own_key_and_bytes(app: Flask) -> None:
    [person] = open_room(1)
    [number] = invite([person])
    before = compose.message_of(row(number)).raw
    keys.rotate()
    assert compose.message_of(row(number)).raw == before
    assert row(number).facts["pass"]["key"] == 1


def test_a_clock_that_was_set_back_does_not_leave_the_older_key_signing(app: Flask) -> None:
    world.begin()
    clock.set_now(clock.now() - timedelta(days=2))
    made = keys.rotate()
    assert passes.newest_key_id() == made.id


def test_ids_run_through_a_byte_and_then_no_key_is_made(app: Flask) -> None:
    noor = world.begin()
    now = clock.now()
    db.session.add_all(SigningKey(id=n, salt="cd" * 32, created_at=now + timedelta(seconds=n)) for n in range(2, 255))
    db.session.commit()
    assert (keys.rotate().id, keys.left()) == (255, 1)
    assert keys.rotate().id == 0
    assert passes.open_pass(world.passes_of(noor).share, "share") is noor
    with pytest.raises(keys.Refused, match="used up"):
        keys.rotate()
    assert passes.newest_key_id() == 0


def test_a_retired_key_verifies_unsubscribing_and_nothing_else(app: Flask) -> None:
    noor = world.begin()
    old = world.passes_of(noor)
    keys.rotate()
    keys.retire(1, force=True)
    for text, purpose in ((old.share, "share"), (old.me, "me"), (old.claim, "claim")):
        with pytest.raises(WrongPass):
            passes.open_pass(text, purpose)
    assert passes.open_unsubscribe(old.unsubscribe) is noor


def test_a_key_is_retired_only_once_its_longest_links_have_ended(app: Flask) -> None:
    noor = world.begin()
    noor.links_from -= timedelta(days=365)
    keys.rotate()
    last = world.passes_of(noor, 0)
    until = next(s.until for s in keys.standings() if s.key.id == 1)
    assert until is not None and until == clock.now().date() + timedelta(days=91)
    while clock.now().date() <= until:
        with pytest.raises(keys.Refused, match=f"until {until}"):
            keys.retire(1)
        clock.set_now(clock.now() + timedelta(days=30))
    with pytest.raises(passes.EndedPass):
        passes.open_pass(last.share, "share")
    assert keys.retire(1).retired_at is not None


def test_a_key_is_not_retired_while_mails_with_its_links_wait(app: Flask) -> None:
    invite(open_room(2))
    keys.rotate()
    clock.set_now(clock.now() + timedelta(days=200))
    with pytest.raises(keys.Refused, match="2 mails"):
        keys.retire(1)
    keys.retire(1, force=True)


def test_the_command_line_leads_through_a_change_of_keys(app: Flask, monkeypatch: MonkeyPatch) -> None:
    assert _call(app, monkeypatch, "rotate").exit_code == 1
    world.begin()
    rotated = _call(app, monkeypatch, "rotate")
    assert (rotated.exit_code, "Key 2 signs" in rotated.output) == (0, True)
    listed = json.loads(_call(app, monkeypatch, "list", "--json").output)
    assert [(r["id"], r["state"], r["opens_until"]) for r in listed] == [
        (1, "verifies", "2027-02-16"),
        (2, "signs", None),
    ]
    assert "links in inboxes until 2027-02-16" in _call(app, monkeypatch, "list").output
    signs = _call(app, monkeypatch, "retire", "2", "--yes")
    assert (signs.exit_code, "signs; make a new one first" in signs.output) == (1, True)
    early = _call(app, monkeypatch, "retire", "1", "--yes")
    assert (early.exit_code, "from 2027-02-17 on" in early.output) == (1, True)
    unsure = _call(app, monkeypatch, "retire", "1", "--force", said="n\n")
    assert unsure.exit_code == 1 and keys.listed()[0].retired_at is None
    done = _call(app, monkeypatch, "retire", "1", "--force", said="y\n")
    assert (done.exit_code, "unsubscribe links only" in done.output) == (0, True)
    assert _call(app, monkeypatch, "retire", "1", "--yes").exit_code == 1
    assert _call(app, monkeypatch, "retire", "77", "--yes").exit_code == 1
    assert "since 2026-11-17" in _call(app, monkeypatch, "list").output


def test_unsubscribing_by_a_retired_keys_link_still_answers_200(client: FlaskClient) -> None:
    made = world.passes_of(world.begin())
    keys.rotate()
    keys.retire(1, force=True)
    assert client.get(f"/u/{made.unsubscribe}").status_code == 200
    assert client.post(f"/u/{made.unsubscribe}", data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert client.get(f"/me/{made.me}").status_code == 404
