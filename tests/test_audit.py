"""The audit log. In: acts of liaisons and of the command line. Out: a line each, in the same transaction, for good."""

from __future__ import annotations

import json
import re

import pytest
import sqlalchemy as sa
from flask import Flask

from service import audit, audit_log, liaisons, programmes, roles
from service.database import db
from service.models import AuditLine, Story
from service.people import files
from tests import week47
from tests.liam import Liam, at_the_console
from tests.test_cli_people_and_content import programme, run  # noqa: F401  (fixtures)


@pytest.fixture
def liam(app: Flask) -> Liam:
    week47.programme()
    return at_the_console(app)


def lines(what: str = "") -> list[AuditLine]:
    db.session.expire_all()
    return audit_log.lines(audit_log.asked("", what), 100)


def test_a_change_is_told_with_who_before_and_after(liam: Liam) -> None:
    with audit.by(1):
        programmes.change(digest_size=4, disclosure={"en": "#ad"})
    [line] = lines()
    assert (line.liaison_id, line.act, line.what, line.title) == (1, "changed", "programme", "Good word")
    assert (line.before, line.after) == (
        {"digest_size": 6, "disclosure": {}},
        {"digest_size": 4, "disclosure": {"en": "#ad"}},
    )


def test_without_an_actor_nothing_is_written(liam: Liam) -> None:
    programmes.change(digest_size=4)
    audit.note("imported", "employees", after={"rows": 3})
    assert lines() == []


def test_a_file_that_a_worker_takes_in_is_the_act_of_whoever_brought_it(
    liam: Liam, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "AT_ONCE", 0)
    who = liaisons.everybody()[0].id
    file = files.bring(b"email,name\nada@beacon.example,Ada\n", False, who)
    assert files.work() == 1
    assert files.take(file, False) and lines() == []
    assert files.work() == 1
    [line] = lines()
    assert (line.liaison_id, line.act, line.what, line.after["added"]) == (who, "imported", "employees", 1)


def test_what_is_undone_leaves_no_line(liam: Liam) -> None:
    with audit.by(1):
        programmes.current().digest_size = 3
        db.session.flush()
        db.session.rollback()
    assert lines() == []


def test_a_statement_over_many_rows_is_told_row_by_row_and_beyond_a_number_as_one(
    liam: Liam, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(4):
        week47.story(f"Story {n}")
    asked = sa.update(Story).where(Story.id <= 3).values(status="retired")
    with audit.by(1):
        assert db.session.execute(asked).rowcount == 3  # type: ignore[attr-defined]
        db.session.commit()
    assert [(x.title, x.before, x.after) for x in lines()] == [
        (f"Story {n}", {"status": "approved"}, {"status": "retired"}) for n in (2, 1, 0)
    ]
    monkeypatch.setattr(audit, "MOST", 2)
    with audit.by(1):
        db.session.execute(sa.update(Story).where(Story.id <= 3).values(status="draft"))
        db.session.commit()
    assert lines()[0].after == {"fields": ["status"], "rows": 3}


def test_a_statement_that_answers_with_its_rows_is_told_and_still_answers(liam: Liam) -> None:
    story = week47.story("Roofs")
    asked = sa.update(Story).where(Story.id == story.id).values(status="archived").returning(Story.id)
    with audit.by(1):
        assert db.session.execute(asked).scalars().all() == [story.id]
        db.session.commit()
    assert [line.after for line in lines("story")] == [{"status": "archived"}]


def test_of_a_person_only_her_subject_and_of_a_secret_only_that_it_is_new(liam: Liam) -> None:
    her = week47.reader("Ambrozija")
    with audit.by(1):
        her.status, her.name = "suspended", "Somebody Else"
        db.session.commit()
        roles.fresh_link(liaisons.everybody()[0])
        liaisons.set_password("liam@beacon.example", "quite another password")
    told = json.dumps([audit_log.facts(x, {}) for x in lines()])
    assert her.subject in told and '"suspended"' in told
    for secret in ("Ambrozija", "Somebody", "beacon.example", "argon2", "another password"):
        assert secret not in told
    assert lines("liaison")[0].after["password"] == "new"


def test_nobody_can_change_or_delete_a_line(liam: Liam) -> None:
    with audit.by(None):
        programmes.change(digest_size=4)
    for act in ("UPDATE audit_line SET what = 'x'", "DELETE FROM audit_line"):
        with pytest.raises(sa.exc.DBAPIError, match="never changed or deleted"):
            db.session.execute(sa.text(act))
        db.session.rollback()


def test_what_a_liaison_presses_in_the_console_is_hers(liam: Liam) -> None:
    week47.story("Open house", status="draft")
    liam.get("/console/stories/1")
    liam.post("/console/stories/1/status", {"act": "approve"})
    line = lines("story")[0]
    assert (line.liaison_id, line.which, line.before["status"], line.after["status"]) == (1, "1", "draft", "approved")
    page = liam.get("/console/settings/audit?what=story&who=1&days=7").text
    assert "Changed: Story" in page and "Liam Novak" in page and 'href="/console/stories/1"' in page
    assert "Nothing fits" in liam.get("/console/settings/audit?what=topic").text
    assert audit.acting.get() is None


def test_the_file_holds_what_the_page_was_narrowed_to(liam: Liam) -> None:
    with audit.by(1):
        week47.story("Open house")
        week47.story("Night shift")
    page = liam.get("/console/settings/audit?q=night").text
    assert "Night shift" in page and "Open house" not in page and "Find by the name" in page
    text = liam.get(re.search(r'href="(/console/settings/audit\.csv[^"]*)"', page)[1]).text  # type: ignore[index]
    assert "Night shift" in text and "Open house" not in text


def test_the_file_holds_no_formula(liam: Liam) -> None:
    with audit.by(1):
        week47.story("=cmd|' /C calc'!A0")
    text = liam.get("/console/settings/audit.csv").data.decode("utf-8-sig")
    assert "'=cmd" in text and ",=cmd" not in text


def test_the_command_line_is_an_actor_too(run, programme) -> None:  # type: ignore[no-untyped-def]  # noqa: F811
    assert run("programme", "set", "--digest-size", "4").exit_code == 0
    [newest, *_rest] = json.loads(run("audit", "list", "--what", "programme", "--json").stdout)
    assert (newest["who"], newest["act"], newest["after"]) == ("command line", "changed", {"digest_size": 4})
