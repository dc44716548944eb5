"""A person's data. In: somebody of whom every table knows. Out: all of it in her copy, and nothing left once erased."""

from __future__ import annotations

import io
import json
import re
import zipfile
from contextvars import copy_context
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask

from service import clock, digests, editions, employees, ledger, outbox, suppressions
from service.cli import cli
from service.database import Base, db
from service.delivery import deliver_due
from service.models import (
    Award,
    Cohort,
    CohortMember,
    Declined,
    Draw,
    Edition,
    Employee,
    Entrant,
    Erasure,
    Evidence,
    LedgerEntry,
    Outbox,
    PeopleFile,
    PrizeRecord,
    Rest,
    RetiredLink,
    Share,
    Suggestion,
    Suspension,
)
from service.people import acts, erasing, exporting
from service.people.register import APART, REGISTER
from service.settling import settle
from service.validation import Invalid
from tests import week47
from tests.conftest import TUESDAY
from tests.liam import Liam, at_the_console
from tests.week47 import WEEK, at, reader, story

NAME, ALIAS, ADDRESS = "Noor Benali-Quux", "Bright Quuxling", "noor.quux@beacon.example"

PERSONAL = re.compile(r"subject|employee_id|share_id|outbox_id|email|address|alias|(?:^|_)name$|sender|receiver")
"""Columns by which a table may know a person."""
OF_NO_PERSON = {
    "badge", "campaign", "cohort", "contest", "conversion_token", "draw", "feed", "feed_item", "intake", "poster",
    "prize", "programme", "rate_limit", "story", "team", "topic",
}  # fmt: skip
"""Tables whose names are those of things."""


def knowing() -> set[str]:
    """Return tables that may know a person, by the names of their columns or what they refer to."""
    entered = {kept.table for kept in REGISTER}
    found = set()
    for table in Base.metadata.tables.values():
        refers = {key.column.table.name for key in table.foreign_keys} & (entered - {"selection"})
        if refers or any(PERSONAL.search(column.name) for column in table.columns):
            found.add(table.name)
    return found - OF_NO_PERSON


def test_every_table_that_knows_people_is_entered_in_the_register() -> None:
    entered = {kept.table for kept in REGISTER}
    missing = knowing() - entered - set(APART)
    assert not missing, f"enter {sorted(missing)} in service/people/register.py, and say in erasing.py what goes"
    assert entered | set(APART) <= set(Base.metadata.tables) and not entered & set(APART)


@pytest.fixture
def noor(app: Flask) -> Employee:
    """Somebody who has done everything."""
    at("2026-11-16T10:00")
    week47.programme()
    one, two = story("One"), story("Two")
    person = reader(NAME, email=ADDRESS, alias=ALIAS, office="Quux tower", mastodon="quux.example", fewer=["topic:1"])
    bea = reader("Bea")
    cohort = Cohort(name="Pilot")
    db.session.add(cohort)
    db.session.flush()
    shared = Share(subject=person.subject, story_id=one.id, network="linkedin", code="quuxquuxqu", salt="ab" * 16)
    db.session.add_all(
        [
            shared,
            CohortMember(cohort_id=cohort.id, employee_id=person.id),
            Declined(subject=person.subject, story_id=two.id),
            Rest(subject=person.subject, from_on=date(2026, 8, 1), until_on=date(2026, 8, 9)),
            Award(subject=person.subject, badge="first-word", earned_at=TUESDAY, page="quuxpage", shown_as=NAME),
            Suggestion(subject=person.subject, way="page", url="https://q.example", why="Quux", words="Benali-Quux"),
            PeopleFile(token="t" * 22, data=b"Benali-Quux", seen={"problems": [NAME]}, state="read"),
        ]
    )
    db.session.flush()
    visit = {"kind": "visit", "at": clock.now() - timedelta(hours=1), "verdict": "human"}
    db.session.add(Evidence(share_id=shared.id, visitor="cd" * 16, **visit))
    db.session.commit()
    settle(person.subject)
    acts.suspend([person], f"{NAME} asked for it")
    acts.reinstate([person])
    acts.reset_links(person)
    digests.plan(editions.release(editions.edition(WEEK), "test"))
    neighbour = {"name": ALIAS, "points": 12, "place": 1, "her": False}
    for row in week47.digests(subject=bea.subject):
        row.facts = {**row.facts, "you": {**row.facts["you"], "near": [neighbour]}}
    edition = db.session.scalars(sa.select(Edition)).one()
    edition.frozen = {**edition.frozen, "winners": [{"name": NAME, "prize": "A bicycle", "draw": "October"}]}
    db.session.commit()
    return person


def everywhere() -> str:
    """Return every value of every table but the prize records, as one text."""
    db.session.expire_all()
    texts = []
    for table in Base.metadata.sorted_tables:
        if table.name != "prize_record":
            for row in db.session.execute(sa.select(table)):
                texts += [v.decode("latin-1") if isinstance(v, bytes) else json.dumps(v, default=str) for v in row]
    return "\n".join(texts)


def unpacked(packed: bytes) -> tuple[dict[str, Any], str]:
    with zipfile.ZipFile(io.BytesIO(packed)) as file:
        return json.loads(file.read("data.json")), file.read("data.html").decode()


def test_her_copy_has_every_row_of_hers_to_read_and_to_take_along(noor: Employee) -> None:
    whole, page = unpacked(exporting.export(noor))
    parts = whole["parts"]
    assert set(parts) == {kept.table for kept in REGISTER}
    for table in Base.metadata.sorted_tables:
        if table.name in parts and "subject" in table.columns:
            asked = sa.select(sa.func.count()).select_from(table).where(table.c.subject == noor.subject)
            assert len(parts[table.name]["rows"]) == db.session.scalar(asked), table.name
    filled = {name for name, part in parts.items() if part["rows"]}
    assert {"employee", "outbox", "share", "evidence", "ledger_entry", "total", "declined", "rest", "award"} <= filled
    assert {"suspension", "absence", "cohort_member", "retired_link", "suggestion", "selection"} <= filled
    assert parts["employee"]["rows"][0]["email"] == ADDRESS and "visitor" not in parts["evidence"]["rows"][0]
    for text in (NAME, ALIAS, "Quux tower", "What proves her shares", "as tax law requires", "One"):
        assert text in page, text
    assert all(part["why"] and part["when_erased"] for part in parts.values())


def test_what_she_typed_cannot_become_a_script_of_her_copy(noor: Employee) -> None:
    noor.alias = "<script>alert(1)</script>"
    db.session.commit()
    assert "<script" not in unpacked(exporting.export(noor))[1]


def test_erasing_leaves_no_trace_of_her_in_any_table(noor: Employee) -> None:
    links = [noor.link_id, *db.session.scalars(sa.select(RetiredLink.link_id))]
    subject, totals = noor.subject, db.session.execute(sa.text("SELECT subject, period, points FROM total")).all()
    lines = db.session.scalar(sa.select(sa.func.count(LedgerEntry.id)))
    was = everywhere()
    for text in (*links, NAME, ALIAS, ADDRESS):
        assert text in was
    erasing.erase(noor, NAME.upper())
    left = everywhere()
    for text in (*links, "Quux", "quux.example", ADDRESS, ALIAS, "quuxpage"):
        assert text.casefold() not in left.replace("quuxquuxqu", "").casefold(), text
    assert db.session.execute(sa.text("SELECT subject, period, points FROM total")).all() == totals
    assert db.session.scalar(sa.select(sa.func.count(LedgerEntry.id))) == lines and lines
    assert not ledger.verify() and not settle(subject)
    db.session.commit()
    rows = db.session.scalars(sa.select(Outbox).where(Outbox.subject == subject)).all()
    assert {(r.kind, r.state, r.why) for r in rows} == {
        ("digest", "cancelled", "erased"),
        ("fresh-link", "cancelled", "erased"),
    }
    assert all(r.facts == {} and r.occasion and len(r.address_hash) == 64 for r in rows)


def test_her_row_says_nothing_of_her_once_erased(noor: Employee) -> None:
    noor.country, noor.slot_weekday, noor.slot_hour, noor.paused_until = "SI", 4, 18, date(2026, 12, 1)
    noor.chosen, noor.networks, noor.off_boards = ["topics"], ["x"], True
    db.session.commit()
    erasing.erase(noor, NAME)
    nobody = Employee(email="nobody@beacon.example")
    db.session.add(nobody)
    db.session.commit()
    of_the_row = {"id", "subject", "link_id", "links_from", "created_at", "invited_at", "left_at", "status"}
    of_the_programme = {"language", "reads", "zone", "email", "sought", "address_hash", "off_boards"}
    for column in sa.inspect(Employee).column_attrs:
        if column.key not in of_the_row | of_the_programme | {"excluded_from_draws"}:
            assert getattr(noor, column.key) == getattr(nobody, column.key), column.key
    assert (noor.email, noor.address_hash, noor.sought, noor.zone, noor.language) == (None, None, "", week47.ROME, "en")


def test_no_later_import_brings_her_back_even_if_her_mails_had_bounced(noor: Employee) -> None:
    suppressions.suppress(ADDRESS, "all", "bounced")
    db.session.commit()
    erasing.erase(noor, NAME)
    seen = employees.preview(f"email,name\n{ADDRESS},{NAME}\n".encode())
    report = employees.apply(seen)
    assert (report.added, report.kept, report.invitations) == (0, 1, 0)
    assert "Quux" not in everywhere()


def test_others_get_their_mail_without_her_and_what_they_have_loses_her_30_days_later(noor: Employee) -> None:
    bea = db.session.scalars(sa.select(Employee).where(Employee.name == "Bea")).one()
    before = reader("Cem")
    outbox.enqueue(before, "badge", "badge:1", {"badges": [], "near": [{"name": NAME}]})
    db.session.commit()
    sent = db.session.scalars(sa.select(Outbox).where(Outbox.subject == before.subject)).one()
    sent.state, sent.settled_at = "accepted", clock.now()
    db.session.commit()
    erasing.erase(noor, NAME)
    assert NAME in str(db.session.get_one(Outbox, sent.id).facts)
    at("2026-11-17T09:00")
    deliver_due()
    mine = week47.digests(subject=bea.subject)[0]
    assert mine.state == "accepted" and mine.facts["you"]["near"] == []
    at("2026-12-15T09:00")
    assert erasing.sweep() == 0 and NAME in everywhere()
    at("2026-12-17T09:00")
    assert erasing.sweep() == 1 and erasing.sweep() == 0
    assert "Quux" not in everywhere().replace("quuxquuxqu", "")
    row = db.session.scalars(sa.select(Erasure)).one()
    assert row.done_at and row.marks == []


def test_a_draw_she_was_in_still_proves_itself_and_her_prize_record_stays(noor: Employee) -> None:
    draw = Draw(name="october", title="October", status="drawn", pool="line", pool_hash="ab" * 32)
    db.session.add(draw)
    db.session.flush()
    db.session.add(Entrant(draw_id=draw.id, subject=noor.subject, entrant="cd" * 32, salt="ef" * 16, tickets=3))
    record = {"draw_id": draw.id, "rank": 1, "subject": noor.subject, "name": NAME, "email": ADDRESS}
    db.session.add(PrizeRecord(**record, prize="A bicycle", claimed_at=TUESDAY))
    db.session.commit()
    erasing.erase(noor, NAME)
    entrant = db.session.scalars(sa.select(Entrant)).one()
    assert (entrant.entrant, entrant.tickets, entrant.salt) == ("cd" * 32, 3, None)
    assert db.session.scalars(sa.select(PrizeRecord)).one().name == NAME


def test_erasing_wants_the_name_and_happens_once(noor: Employee) -> None:
    for typed in ("", "Noor", ADDRESS):
        with pytest.raises(Invalid):
            erasing.erase(noor, typed)
    erasing.erase(noor, f"  {NAME} ")
    with pytest.raises(Invalid):
        erasing.erase(noor, "")
    with pytest.raises(Invalid):
        exporting.export(noor)


def test_who_has_no_name_is_erased_by_her_address(app: Flask) -> None:
    week47.programme()
    person = reader("Plain")
    person.name = None
    db.session.commit()
    erasing.erase(person, "plain@beacon.example")
    assert "plain@" not in everywhere() and person.status == "gone"


def test_the_console_gives_her_data_and_erases_her_by_name(app: Flask, noor: Employee) -> None:
    number = noor.id
    liam: Liam = at_the_console(app)
    liam.get(f"/console/people/{number}")
    answer = liam.post(f"/console/people/{number}/data")
    assert answer.mimetype == "application/zip" and NAME in unpacked(answer.data)[1]
    liam.get(f"/console/people/{number}/erase")
    assert liam.post(f"/console/people/{number}/erase", {"typed": "Nora"}).status_code == 422
    page = liam.post(f"/console/people/{number}/erase", {"typed": NAME})
    assert "Erased." in page.text and NAME not in page.text
    assert liam.get(f"/console/people/{number}").status_code == 404
    assert db.session.scalar(sa.select(sa.func.count(Suspension.id))) == 0
    assert "Quux" not in everywhere().replace("quuxquuxqu", "")


def test_the_command_line_exports_and_erases(app: Flask, noor: Employee, tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr("service.create_app", lambda: app)
    file = tmp_path / "copy.zip"

    def run(*words: str) -> int:
        return copy_context().run(lambda: CliRunner().invoke(cli, ("employees", *words))).exit_code

    assert [run("suspend", ADDRESS), run("reinstate", ADDRESS), run("export", ADDRESS, str(file))] == [0, 0, 0]
    assert NAME in unpacked(file.read_bytes())[1] and file.stat().st_mode & 0o077 == 0
    assert [run("erase", ADDRESS, "--name", "Somebody"), run("erase", ADDRESS, "--name", NAME)] == [1, 0]
    assert "Quux" not in everywhere().replace("quuxquuxqu", "")
