"""Erasing everywhere. In: somebody whom files, mails, draws and liaisons named, also as before. Out: nobody does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from emails import digest, news, render, winners
from emails.values import Winner, You
from service import (
    audit,
    choices,
    clock,
    digests,
    draws,
    editions,
    employees,
    ledger,
    outbox,
    settings,
    suggestions,
    suppressions,
    winner_mails,
)
from service.database import Base, db
from service.delivery import deliver_due
from service.draws.trail import trail_file
from service.models import Edition, Employee, Erasure, FormerName, Outbox, Reckoning
from service.people import acts, cohorts, erasing, naming
from service.results import reckoning
from tests import week47
from tests.conftest import TUESDAY
from tests.sample_mails import EDITION, NOOR, STORIES
from tests.test_draws import cast, drawn, holder
from tests.week47 import WEEK, at, reader, story

__all__ = ["cast"]

ADDRESS = "noor.quuxley@beacon.example"
MAIDEN, NAME, SHORTS = "Noor Wibblesdotter", "Noor Quuxley", ("Noor W.", "Noor Q.")
ALIASES = ("Blurpina", "Zorgette", "Fnordia")
TRACES = ("wibblesdotter", "quuxley", *(text.casefold() for text in (*SHORTS, *ALIASES)))
"""What must be found nowhere, all of it written as here."""


def everywhere() -> str:
    """Return every value of every table as one text, texts inside JSON as people read them."""
    db.session.expire_all()
    texts: list[str] = []
    for table in Base.metadata.sorted_tables:
        for row in db.session.execute(sa.select(table)).mappings():
            texts += [f"{table.name}.{column}: {value!r}" for column, value in row.items()]
    return "\n".join(texts).casefold()


def in_files() -> str:
    """Return all that stands in files of the data folder, beside the database's own."""
    found = [p for p in settings().data.rglob("*") if p.is_file() and not p.name.startswith("goodword.db")]
    return "\n".join(p.name + p.read_text(encoding="utf-8", errors="replace") for p in found).casefold()


def traces(text: str, but: str = "") -> list[str]:
    """Return the lines that name her."""
    lines = [line for line in text.splitlines() if not (but and line.startswith(but))]
    return [line[:200] for line in lines if any(trace in line for trace in TRACES)]


def mail_to(person: Employee, kind: str, facts: dict[str, Any], state: str = "accepted") -> Outbox:
    row = outbox.enqueue(person, kind, f"{kind}:{state}:{clock.now():%d%H%M%S}", facts)
    assert row is not None
    row.state = state
    db.session.commit()
    return row


def won(*names: str) -> dict[str, Any]:
    prizes = tuple(news.Prize(f"Prize {n}", name) for n, name in enumerate(names))
    return {"won": news.Won("october", "October", "https://good.example/draws/october", 9, prizes).to_json()}


def near(*names: str) -> dict[str, Any]:
    return {"badges": [], "near": [{"name": name, "points": 3, "place": 1, "her": False} for name in names]}


@pytest.fixture
def noor(app: Flask) -> Employee:
    """Somebody who married, changed her alias twice, won, suggested, was suspended, and stands in colleagues' mails."""
    at("2026-11-16T10:00")
    week47.programme()
    story("One")
    bea, cem = reader("Bea"), reader("Cem")
    with audit.by(None):
        employees.apply(employees.preview(f"email,name\n{ADDRESS},{MAIDEN}\n".encode()))
        her = db.session.scalars(sa.select(Employee).where(Employee.email == ADDRESS)).one()
        her.status, her.topics = "active", [1]
        mail_to(bea, "badge", near(SHORTS[0], "Cem"))
        choices.set_board(her, "alias", ALIASES[0])
        mail_to(bea, "winners", won(ALIASES[0], "Cem"), "delivered")
        choices.set_board(her, "alias", ALIASES[1])
        choices.set_board(her, "name")
        mail_to(cem, "winners", won(SHORTS[0], ""), "held")
        employees.apply(employees.preview(f"email,name\n{ADDRESS},{NAME}\n".encode()))
        choices.set_board(her, "alias", ALIASES[2])
        mail_to(cem, "badge", near("Bea", SHORTS[1], ALIASES[2], ALIASES[1]), "queued")
        push = {"winners": [{"prize": "A bicycle", "name": ALIASES[1], "her": False}]}
        mail_to(cem, "campaign-closing", {"push": push}, "delivered")
        suggestions.suggest(her, "https://quuxley.example/story", f"{NAME} says it is good.", f"By {NAME}.")
        acts.suspend([her], f"{NAME} asked for it")
        acts.reinstate([her])
        acts.reset_links(her)
        acts.lead(her)
        group = cohorts.create("Pilot")
        cohorts.add(group.id, [her])
        edition = editions.release(editions.edition(WEEK), "test")
        digests.plan(edition)
        digests.send_test(edition, bea, ADDRESS)
        reckoning.own().report_to = [ADDRESS, "board@beacon.example"]
        db.session.commit()
        hashed = suppressions.address_hash(ADDRESS)
        monthly = {"kind": "report", "occasion": "report:2026-10", "subject": hashed[:32], "address_hash": hashed}
        facts = {"to": {"name": "", "address": ADDRESS}}
        db.session.add(Outbox(**monthly, language="en", message_id="<r@b.example>", facts=facts, state="accepted"))
    frozen = [{"name": name, "prize": "A lamp", "draw": "October"} for name in (MAIDEN, NAME, "Bea")]
    edition.frozen = {**(edition.frozen or {}), "winners": frozen}
    db.session.commit()
    return her


def test_nobody_finds_her_under_any_name_in_any_table_or_file(noor: Employee) -> None:
    deliver_due()
    before = everywhere()
    for trace in TRACES:
        assert trace in before, trace
    assert traces(in_files())
    subject = noor.subject
    with audit.by(None):
        erasing.erase(noor, NAME)
    later = traces(everywhere())
    assert all(line.startswith("outbox.facts") for line in later), later
    for row in db.session.scalars(sa.select(Outbox).where(Outbox.state.in_(("queued", "retry", "held", "leased")))):
        assert not traces(str(row.facts).casefold()), row.kind
    assert db.session.scalars(sa.select(Reckoning.report_to)).one() == ["board@beacon.example"]
    assert db.session.scalar(sa.select(sa.func.count(FormerName.mark))) == 0
    clock.set_now(clock.now() + timedelta(days=31))
    assert erasing.sweep() > 0 and erasing.sweep() == 0
    assert traces(everywhere()) == [] and ADDRESS not in everywhere()
    assert traces(in_files()) == [] and ADDRESS not in in_files()
    assert db.session.scalars(sa.select(Erasure.subject)).one() == subject and not ledger.verify()


def test_a_winner_who_was_erased_stays_a_winner_and_a_former_colleague(noor: Employee) -> None:
    erasing.erase(noor, NAME)
    clock.set_now(clock.now() + timedelta(days=31))
    erasing.sweep()
    told = {
        (row.kind, row.state): row.facts for row in db.session.scalars(sa.select(Outbox)) if row.kind != "invitation"
    }
    gone = {"name": "", "former": True, "her": False}
    assert told["winners", "delivered"]["won"]["prizes"] == [
        {"prize": "Prize 0", **gone},
        {"prize": "Prize 1", "name": "Cem", "her": False, "former": False},
    ]
    assert [prize["former"] for prize in told["winners", "held"]["won"]["prizes"]] == [True, False]
    assert told["campaign-closing", "delivered"]["push"]["winners"] == [{"prize": "A bicycle", **gone}]
    assert [line["name"] for line in told["badge", "accepted"]["near"]] == ["Cem"]
    assert [line["name"] for line in told["badge", "queued"]["near"]] == ["Bea"]
    edition = db.session.scalars(sa.select(Edition)).one()
    assert [(w["name"], w.get("former", False)) for w in edition.frozen["winners"]] == [
        ("", True),
        ("", True),
        ("Bea", False),
    ]


def test_mails_say_a_former_colleague_in_the_readers_language() -> None:
    prizes = (news.Prize("A lamp", "", former=True), news.Prize("A cup", ""))
    edition = replace(EDITION, winners=(Winner("", "A lamp", "October", former=True),))
    for language, words in {"en": "A former colleague", "it": "Un ex collega", "sl": "Nekdo, ki je bil"}.items():
        assert words in digest.compile(edition, language).text(NOOR, You(), [STORIES[0].id])
        first, second = winners.rows(prizes, render.words(language))
        assert words in first["who"] != second["who"]


def test_a_draw_whose_winner_is_erased_still_proves_itself(cast: dict[str, Employee]) -> None:
    draw = drawn()
    winner = holder(draw, 1)
    claimed = draws.claim(winner, draw)
    name, pool, trail = winner.name or "", draw.pool, trail_file(draw)
    assert claimed and draws.check(draw) == []
    erasing.erase(winner, name)
    assert draws.check(draw) == [] and (draw.pool, trail_file(draw)) == (pool, trail)
    first = draws.last_winners(clock.now())[0]
    assert (first.name, first.prize, first.former) == ("", "Two days off", True)
    assert winner_mails.prizes(draw)[0][1] == news.Prize("Two days off", "", former=True)
    left = [line for line in everywhere().splitlines() if name.casefold() in line]
    assert left and all(line.startswith("prize_record.") for line in left), left


def test_the_mark_of_a_name_tells_nobody_the_name(noor: Employee) -> None:
    kept = db.session.execute(sa.select(FormerName.mark)).scalars().all()
    assert len(kept) == 4 and all(len(mark) == 64 for mark in kept)
    names = naming.names_of(noor)
    assert all(name in names for name in (MAIDEN, NAME, *SHORTS, *ALIASES))
    assert "Cem" not in names and "" not in names


def test_a_name_given_up_twice_counts_until_the_second_time(noor: Employee) -> None:
    clock.set_now(TUESDAY + timedelta(days=40))
    choices.set_board(noor, "alias", ALIASES[0])
    choices.set_board(noor, "name")
    until = naming.names_of(noor).until
    assert until is not None and until > TUESDAY + timedelta(days=40) + naming.LATE


def test_saving_the_same_alias_again_keeps_no_mark(app: Flask) -> None:
    week47.programme()
    bea = reader("Bea")
    for _ in range(2):
        choices.set_board(bea, "alias", "Blurp")
        choices.set_board(bea, "nowhere")
    assert db.session.scalar(sa.select(sa.func.count(FormerName.mark))) == 0
