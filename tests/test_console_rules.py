"""The console's rules. In: numbers typed by Liam. Out: a trial before a version, refusals beside fields, no names."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from scoring.rules import Rules
from service import books, clock, rule_sets, settling, trials
from service.database import db
from service.models import Programme, RuleSet, RuleTrial
from service.web.language import CATALOGUES
from tests import noor as world
from tests.conftest import TUESDAY
from tests.liam import Liam, at_the_console
from tests.test_settling import noor, share, visit


@pytest.fixture
def liam(app: Flask) -> Liam:
    """Liam, where Zala Kos has a confirmed share and an hour has gone by."""
    world.begin()
    who = noor("Zala")
    visit(share(who), "a")
    settling.settle(who.subject)
    db.session.commit()
    clock.set_now(TUESDAY + timedelta(hours=1))
    return at_the_console(app)


def typed(**more: str) -> dict[str, str]:
    return {"since": "2026-11-01", "until": "2026-11-17", "confirmed": "25", **more}


def test_a_change_is_tried_then_saved_from_monday_and_can_be_taken_back(liam: Liam) -> None:
    assert "Usually 10." in liam.get("/console/rules").text
    page = liam.post("/console/rules", typed(**{"networks.mastodon.confirmed": "12"})).text
    for words in ("A first reader came: 10 → <b>25</b>", "Mastodon, First reader: – → <b>12</b>", "Zala", "+15"):
        assert words in page
    assert db.session.query(RuleSet).count() == 0
    number = db.session.scalar(sa.select(sa.func.max(RuleTrial.id)))
    liam.here = f"https://good.example/console/rules/trials/{number}"
    day = "2026-11-23"
    page = liam.post(f"/console/rules/trials/{number}", {"valid_from": day, "note": "More for readers"}).text
    assert "Version 2 holds from" in page and "More for readers" in page and "Liam" in page
    assert books.terms().rules.confirmed == 10
    assert books.terms(rule_sets.next_monday()).rules.confirmed == 25
    assert "Taken back" in liam.post("/console/rules/withdraw/2").text
    assert books.terms(rule_sets.next_monday()).rules.confirmed == 10


def test_rules_go_out_as_a_file_in_her_language_and_fill_the_form_when_they_come_back(liam: Liam) -> None:
    file = liam.get("/console/rules/file").text
    assert "# A first reader came. Once for a story and person." in file and "confirmed = 10" in file
    slovene = rule_sets.as_toml(Rules(), CATALOGUES["sl"].gettext)
    assert "# Default" not in slovene and rule_sets.from_file(slovene, "rules.toml") == Rules()
    liam.get("/console/rules")

    def bring(data: bytes, name: str) -> tuple[int, str]:
        answer = liam.post("/console/rules/file", {"file": (io.BytesIO(data), name)})
        return answer.status_code, answer.text

    status, page = bring(file.replace("confirmed = 10", "confirmed = 33").encode(), "rules.toml")
    assert status == 200 and "Nothing is saved yet" in page and 'value="33"' in page
    assert db.session.query(RuleSet).count() == 0
    for data, name, words in (
        (b"confirmd = 3", "a.toml", "There is no rule of this name."),
        (b"{", "a.json", "This file cannot be read"),
        (b"\xff", "a.toml", "not written in UTF-8"),
        (b"", "a.toml", "Choose a file of rules"),
    ):
        status, page = bring(data, name)
        assert status == 422 and words in page


def test_what_cannot_stand_is_told_beside_its_field_and_nothing_is_lost(liam: Liam) -> None:
    liam.get("/console/rules")
    wrong = typed(confirmed="-3", declared="two", until="2026-10-01", own_words="7")
    wrong["networks.x.visitor"] = "1.5"
    answer = liam.post("/console/rules", wrong)
    assert answer.status_code == 422
    for name in ("confirmed", "declared", "until", "networks.x.visitor"):
        assert f'id="{name}-wrong"' in answer.text
    assert 'value="7"' in answer.text and 'value="-3"' in answer.text
    liam.post("/console/rules", typed())
    number = db.session.scalar(sa.select(sa.func.max(RuleTrial.id)))
    answer = liam.post(f"/console/rules/trials/{number}", {"valid_from": "2026-11-02"})
    assert answer.status_code == 422 and "Choose a moment to come" in answer.text
    assert liam.open("/console/rules/trials/999").status_code == 404


def test_where_figures_are_private_nobody_is_named_and_few_are_not_counted(liam: Liam) -> None:
    db.session.execute(sa.update(Programme).values(works_council=True))
    db.session.commit()
    liam.get("/console/rules")
    page = liam.post("/console/rules", typed()).text
    assert "fewer than 5" in page and "so few people" in page.lower()
    assert "Zala" not in page and "+15" not in page


def test_many_people_are_left_to_a_worker_and_the_page_says_how_far_it_is(
    liam: Liam, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trials, "AT_ONCE", 0)
    liam.get("/console/rules")
    page = liam.post("/console/rules", typed()).text
    assert "Worked out for 0 of" in page and "every 2s" in page
    db.session.rollback()
    assert (trials.run_waiting(), trials.run_waiting()) == (1, 0)
    number = db.session.scalar(sa.select(sa.func.max(RuleTrial.id)))
    assert "Let them hold" in liam.get(f"/console/rules/trials/{number}").text
