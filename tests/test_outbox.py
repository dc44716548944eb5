"""The outbox and its suppressions. In: both databases. Out: every mail once, with frozen facts, or a reason."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from service import clock, outbox, suppressions
from service.database import db
from service.models import Employee, Outbox, Programme, SigningKey


@pytest.fixture
def noor(app: Flask) -> Employee:
    programme = Programme(
        id=1,
        name="Good word",
        company="Beacon",
        zone="Europe/Rome",
        liaison_name="Liam",
        liaison_email="liam@beacon.example",
        sender="goodword@beacon.example",
    )
    person = Employee(email="noor@beacon.example", name="Noor", language="it")
    db.session.add_all([programme, person, SigningKey(id=1, salt="ab" * 16)])
    db.session.commit()
    return person


def row_of(person: Employee, occasion: str, **more: Any) -> dict[str, Any]:
    return {
        "kind": "digest",
        "occasion": occasion,
        "subject": person.subject,
        "address_hash": outbox.address_hash(person.email or ""),
        "language": person.language,
        "facts": {**outbox.recipient_facts(person, clock.now(), key_id=1), "you": {}},
        **more,
    }


def test_the_hash_of_an_address_ignores_capitals_and_spaces_and_hides_the_address(app: Flask) -> None:
    hashed = outbox.address_hash("Noor@Beacon.example ")
    assert hashed == outbox.address_hash("noor@beacon.example")
    assert len(hashed) == 64 and hashed != outbox.address_hash("noor@beacon.example.org")


def test_a_mail_is_put_in_once_and_carries_all_that_composing_needs(noor: Employee) -> None:
    first = outbox.enqueue(noor, "invitation", "invitation", {"topics": ["Health"]})
    second = outbox.enqueue(noor, "invitation", "invitation", {"topics": ["Health"]})
    db.session.commit()
    assert first is not None and second is None
    assert first.state == "queued" and first.language == "it"
    assert first.facts["to"] == {"name": "Noor", "networks": ["linkedin"], "link_id": noor.link_id}
    assert first.facts["pass"]["key"] == 1 and first.facts["topics"] == ["Health"]
    assert first.facts["programme"]["base_url"] == "https://good.example"
    assert first.message_id.startswith("<") and first.message_id.endswith("@good.example>")
    assert "noor@beacon.example" not in repr(first.facts)


def test_the_same_address_under_another_person_gets_no_second_copy(noor: Employee) -> None:
    twin = Employee(email="NOOR@beacon.example", name="Noor again")
    db.session.add(twin)
    assert outbox.enqueue(noor, "invitation", "invitation", {}) is not None
    assert outbox.enqueue(twin, "invitation", "invitation", {}) is None


def test_a_suppressed_address_gets_a_row_that_says_why(noor: Employee) -> None:
    suppressions.suppress("noor@beacon.example", "all", "left")
    row = outbox.enqueue(noor, "winner", "draw:2026-10:rank-1", {})
    assert row is not None and (row.state, row.why) == ("suppressed", "left")


def test_unsubscribing_from_the_digest_leaves_a_winner_her_mail(noor: Employee) -> None:
    suppressions.suppress("noor@beacon.example", "digest", "unsubscribed")
    hashed = outbox.address_hash("noor@beacon.example")
    assert suppressions.suppressed(hashed, "digest") == "unsubscribed"
    assert suppressions.suppressed(hashed, "invitation") == "unsubscribed"
    assert suppressions.suppressed(hashed, "winner") is None
    assert suppressions.suppressed(hashed, "badge") is None


def test_the_first_reason_stays_and_lifting_takes_it_back(noor: Employee) -> None:
    suppressions.suppress("noor@beacon.example", "digest", "unsubscribed")
    suppressions.suppress("noor@beacon.example", "digest", "left")
    suppressions.suppress("noor@beacon.example", "all", "bounced")
    hashed = outbox.address_hash("noor@beacon.example")
    assert suppressions.suppressed(hashed, "digest") == "bounced"
    assert suppressions.suppressed_all("digest") == {hashed: "bounced"}
    assert suppressions.lift("Noor@beacon.example", "all") == 1
    assert suppressions.suppressed(hashed, "digest") == "unsubscribed"
    assert suppressions.lift("Noor@beacon.example") == 1
    assert suppressions.suppressed(hashed, "digest") is None


def test_an_unknown_scope_or_kind_is_refused(noor: Employee) -> None:
    with pytest.raises(ValueError, match="everything"):
        suppressions.suppress("noor@beacon.example", "everything", "left")
    with pytest.raises(ValueError, match="newsletter"):
        outbox.enqueue(noor, "newsletter", "x", {})
    with pytest.raises(ValueError, match="only a test"):
        outbox.enqueue(noor, "winner", "x", {}, to_address="liam@beacon.example")


def test_many_rows_go_in_at_once_and_those_already_there_are_left_alone(noor: Employee) -> None:
    people = [Employee(email=f"p{n}@beacon.example", name='P "\\N\t\n') for n in range(1200)]
    db.session.add_all(people)
    db.session.flush()
    due = clock.now() + timedelta(minutes=30)
    assert outbox.enqueue_many(row_of(p, "digest:2026-W47", due_at=due) for p in people[:50]) == 50
    assert outbox.enqueue_many(row_of(p, "digest:2026-W47", due_at=due) for p in people) == 1150
    db.session.commit()
    rows = db.session.query(Outbox).all()
    assert len(rows) == 1200 == len({r.message_id for r in rows})
    assert {r.state for r in rows} == {"queued"} and {r.edition_id for r in rows} == {None}
    assert rows[7].facts["to"]["name"] == 'P "\\N\t\n'
    assert abs(rows[7].due_at - due) < timedelta(seconds=1)
    assert outbox.enqueue_many([]) == 0


def test_the_date_of_a_mail_is_frozen_with_it(noor: Employee) -> None:
    due = clock.now() + timedelta(hours=3)
    row = outbox.enqueue(noor, "invitation", "invitation", {}, due_at=due)
    assert row is not None and row.facts["date"] == due.replace(microsecond=0).isoformat()


def test_a_test_mail_may_go_to_the_liaison(noor: Employee) -> None:
    row = outbox.enqueue(noor, "test", "test:1", {}, to_address="liam@beacon.example")
    assert row is not None and row.address_hash == outbox.address_hash("liam@beacon.example")
    assert row.facts["to"]["address"] == "liam@beacon.example"
