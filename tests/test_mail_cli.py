"""`goodword mail`. In: an outbox with a doubt in it. Out: lists, one mail's facts, a decision, and right exit codes."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from service import clock, config
from service.cli import cli
from service.database import db
from service.delivery import Outcome, Verdict, deliver_due
from service.up import environment
from tests.postroom import MemoryMailer, invite, open_room, row, states


@pytest.fixture
def doubtful(app: Flask) -> MemoryMailer:
    invite(open_room(3))
    post = MemoryMailer()
    post.say["p1@beacon.example"] = Outcome(Verdict.DOUBT, "final-dot: TimeoutError")
    deliver_due(mailer=post)
    db.session.remove()
    return post


def goodword(settings: config.Config, *words: str) -> Result:
    return CliRunner(env=environment(settings)).invoke(cli, words)


def test_the_list_counts_and_filters(doubtful: MemoryMailer, settings: config.Config) -> None:
    told = goodword(settings, "mail", "list")
    assert told.exit_code == 0 and "accepted: 2  ambiguous: 1" in told.output
    told = goodword(settings, "mail", "list", "--state", "ambiguous")
    assert "final-dot: TimeoutError" in told.output and "accepted" not in told.output
    found = json.loads(goodword(settings, "mail", "list", "--kind", "invitation", "--limit", "1", "--json").output)
    assert found["counts"] == {"accepted": 2, "ambiguous": 1} and [m["id"] for m in found["mails"]] == [3]
    assert goodword(settings, "mail", "list", "--week", "2026-W47").stdout == "No mail.\n"
    assert goodword(settings, "mail", "list", "--state", "lost").exit_code == 2


def test_one_mail_is_shown_without_a_name_or_address(doubtful: MemoryMailer, settings: config.Config) -> None:
    told = goodword(settings, "mail", "show", "2")
    assert told.exit_code == 0 and "ambiguous" in told.output and "decide_from" in told.output
    assert "beacon" not in told.output and "Person" not in told.output
    assert json.loads(goodword(settings, "mail", "show", "2", "--json").output)["state"] == "ambiguous"
    assert goodword(settings, "mail", "show", "99").exit_code == 1


def test_a_doubt_is_decided_when_it_is_old_enough(
    doubtful: MemoryMailer, settings: config.Config, tmp_path: Path
) -> None:
    assert goodword(settings, "mail", "resolve", "2").exit_code == 2
    told = goodword(settings, "mail", "resolve", "2", "--again")
    assert told.exit_code == 1 and "may still come" in told.output
    clock.set_now(clock.now() + timedelta(minutes=16))
    assert goodword(settings, "mail", "resolve", "2", "--again").stdout == "Mail 2 is queued now.\n"
    assert goodword(settings, "mail", "resolve", "2", "--accepted").exit_code == 1
    doubtful.say.clear()
    assert deliver_due(mailer=doubtful) == {"accepted": 1}
    assert states() == ["accepted"] * 3 and row(2).attempts == 1
