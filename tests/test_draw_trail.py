"""The trail of draws, disqualification and records of prizes. In: draws that are held. Out: lines nobody can change."""

from __future__ import annotations

import csv
import io
import re
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from scoring import draws as rules_of
from scoring import money
from service import clock, draws
from service.database import db
from service.draws import records, trail
from service.models import DrawEvent, Employee, Entrant
from service.validation import Invalid
from tests.liam import at_the_console
from tests.test_draws import DUE, NUMBERS, cast, drawn, holder, october, states

__all__ = ["cast"]


def kinds() -> list[str]:
    return list(db.session.scalars(sa.select(DrawEvent.kind).order_by(DrawEvent.id)))


@pytest.mark.parametrize("statement", ["UPDATE draw_event SET kind = 'edited'", "DELETE FROM draw_event"])
def test_the_database_refuses_to_change_or_delete_a_line(cast: dict[str, Employee], statement: str) -> None:
    drawn()
    with pytest.raises(sa.exc.DBAPIError, match="never changed or deleted"):
        db.session.execute(sa.text(statement))
    db.session.rollback()


def test_the_trail_tells_what_became_of_every_prize(cast: dict[str, Employee]) -> None:
    draw = drawn()
    draws.claim(holder(draw, 1), draw)
    draws.decline(holder(draw, 2), draw)
    clock.set_now(DUE + timedelta(days=40))
    draws.pass_on_due()
    draws.pass_on_due()
    clock.set_now(DUE + timedelta(days=80))
    draws.pass_on_due()
    assert kinds()[4:] == [
        "drawn", "offered", "offered", "claimed", "declined", "offered", "passed", "offered", "passed", "lapsed",
    ]  # fmt: skip
    draws.pass_on_due()
    assert kinds().count("lapsed") == 1
    assert draws.check(draw) == []


def test_the_chain_of_the_document_holds_until_a_line_is_changed(cast: dict[str, Employee], tmp_path: Path) -> None:
    draw = drawn()
    page = (Path(__file__).parent.parent / "docs" / "draw-protocol.md").read_text("utf-8")
    script = re.search(r"<!-- check_trail.sh:[^\n]*-->\n```sh\n(.*?)```", page, re.DOTALL)
    assert script
    file = tmp_path / "events.txt"
    file.write_bytes(trail.trail_file(draw))
    said = subprocess.run(["sh", "-c", script.group(1), "sh", file], capture_output=True, text=True, timeout=60)
    assert said.returncode == 0, said.stderr
    assert trail.last_hash(draw) in said.stdout
    for change in ((b"|drawn|", b"|drawm|"), (b"|2|", b"|3|")):
        file.write_bytes(trail.trail_file(draw).replace(*change))
        said = subprocess.run(["sh", "-c", script.group(1), "sh", file], capture_output=True, text=True, timeout=60)
        assert said.returncode == 1
        assert "REFUSED" in said.stdout


def test_the_check_finds_a_line_that_was_forged(cast: dict[str, Employee], app: Flask) -> None:
    draw = drawn()
    db.session.add(DrawEvent(draw_id=draw.id, number=99, at=clock.now(), kind="drawn", facts={}, former="0" * 64))
    db.session.flush()
    assert any("does not follow the one before" in sentence for sentence in draws.check(draw))


@pytest.mark.parametrize("exchange", ["ranks", "tickets", "entrant", "prizes", "signature of rules"])
def test_the_check_finds_what_was_exchanged_in_the_database(cast: dict[str, Employee], exchange: str) -> None:
    draw = drawn()
    rows = db.session.scalars(sa.select(Entrant).order_by(Entrant.id)).all()
    if exchange == "ranks":
        one, two = draw.ranks[2], draw.ranks[3]
        one.entrant, two.entrant = two.entrant, one.entrant
    elif exchange == "tickets":
        rows[0].tickets += 1
    elif exchange == "entrant":
        rows[0].entrant = "f" * 64
    elif exchange == "prizes":
        draw.alternates += 1
    else:
        draw.rules = draw.rules.replace("\n", "\r\n")
    db.session.flush()
    assert draws.check(draw) != []


def test_somebody_is_disqualified_by_her_address_however_it_is_written(cast: dict[str, Employee]) -> None:
    cast["Noor"].email = "noor@xn--mller-kva.example"
    db.session.commit()
    draw = draws.freeze(october(), DUE)
    entrant = draws.disqualify(draw, " Noor Benali <NOOR@müller.example>", "Shared with made-up visitors")
    assert trail.disqualified(draw) == {entrant: "Shared with made-up visitors"}


def test_who_was_disqualified_before_the_numbers_is_passed_with_the_reason(cast: dict[str, Employee]) -> None:
    draw = draws.freeze(october(), DUE)
    entrant = draws.disqualify(draw, "NOOR@acme.example", "Shared with made-up visitors")
    pool = draw.pool
    for email in ("noor@acme.example", "quiet@acme.example"):
        with pytest.raises(Invalid):
            draws.disqualify(draw, email, "Again")
        db.session.rollback()
    clock.set_now(DUE + timedelta(hours=1))
    with pytest.raises(Invalid):
        draws.disqualify(draw, "sam@acme.example", "Too late")
    db.session.rollback()
    draws.run(draw, NUMBERS)
    assert draw.pool == pool
    assert [rank.entrant for rank in draw.ranks] == rules_of.verify((pool or "").encode(), NUMBERS).ranks
    rank = next(rank for rank in draw.ranks if rank.entrant == entrant)
    clock.set_now(DUE + timedelta(days=40))
    draws.pass_on_due()
    clock.set_now(DUE + timedelta(days=80))
    draws.pass_on_due()
    db.session.expire_all()
    assert (rank.state, rank.why) == ("passed", "disqualified")
    assert draws.check(draw) == []


def test_a_claimed_prize_is_recorded_exported_and_stays_when_she_is_erased(cast: dict[str, Employee]) -> None:
    draw = drawn()
    who = holder(draw, 2)
    who.name, who.office, who.country = "=HYPERLINK(1)", "Trieste", "IT"
    draws.claim(who, draw)
    with pytest.raises(Invalid):
        draws.hand_over(draw, 1)
    db.session.rollback()
    draws.hand_over(draw, 2)
    with pytest.raises(Invalid):
        draws.hand_over(draw, 2)
    db.session.rollback()
    who.name = who.email = None
    db.session.commit()
    (line,) = csv.DictReader(io.StringIO(draws.export(draw)))
    assert line["name"] == "'=HYPERLINK(1)"
    assert (line["prize"], line["amount"], line["currency"]) == ("A book of your choice", "30.00", "EUR")
    assert (line["office"], line["country"]) == ("Trieste", "IT")
    assert line["handed_over_at"] == f"{clock.now():%Y-%m-%d}"
    assert kinds()[-1] == "handed-over"
    assert states(draw)[1] == "claimed"
    assert records.of(draw)[2].subject == who.subject


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("240 €", ("240.00", "EUR")),
        ("EUR 1.234,50", ("1234.50", "EUR")),
        ("1'200 CHF", ("1200.00", "CHF")),
        ("$5", ("5.00", "USD")),
        ("12,345.60 USD", ("12345.60", "USD")),
        ("priceless", None),
        ("1.5 EUR", None),
        ("-5 EUR", None),
        ("5", None),
        ("", None),
    ],
)
def test_a_worth_is_an_amount_and_a_currency(text: str, found: tuple[str, str] | None) -> None:
    assert money.worth(text) == found


def test_a_prize_of_unclear_worth_is_refused(app: Flask) -> None:
    with pytest.raises(Invalid) as refusal:
        draws.create("x", "X", [("A book", "about thirty")], source_text="Numbers.")
    assert set(refusal.value.errors) == {"prizes"}


def test_the_liaison_disqualifies_ticks_off_and_exports_in_the_console(app: Flask, cast: dict[str, Employee]) -> None:
    draws.freeze(october(), DUE)
    path = "/console/draws/2026-10"
    assert app.test_client().get(f"{path}/prizes.csv").status_code == 302
    liam = at_the_console(app)
    liam.get(path)
    refused = liam.post(f"{path}/disqualify", {"entrant": "no@acme.example", "reason": "x"})
    assert "Nobody with this address is in the pool" in refused.text
    liam.get(path)
    liam.post(f"{path}/disqualify", {"entrant": "mei@acme.example", "reason": "Made-up visits"})
    public = app.test_client().get("/draws/2026-10").text
    assert "Made-up visits" in public
    assert "mei@acme.example" not in public
    clock.set_now(DUE + timedelta(hours=1))
    found = draws.find("2026-10")
    assert found
    draw = draws.run(found, NUMBERS)
    rank = next(rank.rank for rank in draw.ranks if rank.state == "offered")  # the first may be Mei's, who is passed
    draws.claim(holder(draw, rank), draw)
    assert "Note it as handed over" in liam.get(path).text
    liam.post(f"{path}/ranks/{rank}/handed-over")
    db.session.expire_all()
    assert records.of(draw)[rank].handed_over_at is not None
    answer = liam.get(f"{path}/prizes.csv")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Two days off" in answer.text
