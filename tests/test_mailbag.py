"""The mailbag. In: people of a company. Out: the rows that the outbox itself would write, on both databases alike."""

import hmac
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from emails.values import Neighbour, Unsaid, You
from service import clock, digests, editions, hashes, outbox, recognition, suppressions
from service.database import db
from service.mailbag import told
from service.models import Edition, Employee, Omission, Outbox
from tests import week47
from tests.test_recognition import confirmed
from tests.week47 import TOKYO, WEEK, at, reader, story

counts = st.integers(0, 10_000)
names = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=30)
neighbours = st.lists(st.builds(Neighbour, names, counts, counts, st.booleans()), max_size=5).map(tuple)
questions = st.lists(st.builds(Unsaid, counts, names, names), max_size=2).map(tuple)
yous = st.builds(
    You, points=counts, weeks=counts, tickets=counts, badge=st.none() | names, have=counts, need=counts,
    near=neighbours, shares=counts, visits=counts, unsaid=questions,
)  # fmt: skip


@pytest.fixture
def edition(app: Flask) -> Edition:
    at("2026-11-16T10:00")
    week47.programme()
    story("One")
    return editions.release(editions.edition(WEEK), "test")


@given(yous)
def test_what_is_told_of_her_reads_back_as_it_was(you: You) -> None:
    import json

    assert You.from_json(json.loads(told(you))) == you


@hypothesis_settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.none() | names, networks=st.lists(st.sampled_from(["x", "mastodon", "email"]), max_size=3, unique=True))
def test_a_row_holds_what_the_outbox_itself_would_write(
    edition: Edition, name: str | None, networks: list[str]
) -> None:
    for table in (Outbox, Employee):
        db.session.execute(sa.delete(table))
    noor = reader("Noor", networks=networks, language="it", zone=TOKYO)
    noor.name = name
    digests.plan(edition)
    row = db.session.scalars(sa.select(Outbox)).one()
    leaves = row.due_at
    expected = outbox.recipient_facts(noor, leaves, 1)
    you = recognition.digest_facts([noor.subject], WEEK)[noor.subject]
    assert {k: row.facts[k] for k in expected} == expected
    assert row.facts["date"] == leaves.replace(microsecond=0).isoformat() and leaves.hour == 0
    assert You.from_json(row.facts["you"]) == you
    assert set(row.facts) == {"to", "pass", "date", "you"}
    assert (row.kind, row.occasion, row.language, row.state) == ("digest", "digest:2026-W47", "it", "queued")
    assert (row.why, row.attempts, row.lease, row.submitted_at, row.settled_at) == (None, 0, None, None, None)
    assert (row.subject, row.edition_id, row.created_at <= clock.now()) == (noor.subject, edition.id, True)
    assert row.address_hash == suppressions.address_hash("noor@beacon.example")
    assert row.message_id.startswith("<") and row.message_id.endswith("@good.example>") and len(row.message_id) == 47


def test_who_has_points_is_told_of_them_and_no_two_mails_have_one_message_id(edition: Edition) -> None:
    people = [confirmed(name, n) for n, name in enumerate(("Ana", "Bea", "Cem"), start=2)]
    db.session.execute(sa.update(Employee).values(topics=[1], reads=["en"], status="active"))
    db.session.commit()
    digests.plan(edition)
    rows = {row.subject: row for row in week47.digests()}
    facts = recognition.digest_facts(people, WEEK)
    assert {who: You.from_json(rows[who].facts["you"]) for who in people} == facts
    assert all(you.points and you.near for you in facts.values())
    assert len({row.message_id for row in rows.values()}) == 3


def test_one_address_served_already_costs_nobody_else_of_the_page_her_mail(edition: Edition) -> None:
    served = reader("Noor")
    digests.plan(edition)
    served.email = "noor.old@beacon.example"
    db.session.commit()
    for number in range(5):
        reader(f"N{number}", topics=[1] if number else [], created_at=clock.now())
    reader("Nora", email="noor@beacon.example", created_at=clock.now())
    counts = digests.plan(edition)
    reasons = dict(db.session.execute(sa.select(Omission.subject, Omission.reason)).all())
    assert sorted(reasons.values()) == ["address-served", "no-topics"]
    assert (counts.planned, counts.omitted) == (4, {"no-topics": 1, "address-served": 1})
    assert len(week47.digests()) == 5


def test_the_hash_of_an_address_is_the_hmac_that_it_always_was(app: Flask) -> None:
    for secret in ("short", "s" * 64, "long" * 40):
        app.config["GOODWORD"] = with_secret(app, secret)
        for address, plain in (("Noor@Beacon.example ", "noor@beacon.example"), ("ŽIGA@x.si", "žiga@x.si")):
            made = hmac.new(secret.encode(), f"goodword-address-v1|{plain}".encode(), sha256).hexdigest()
            assert suppressions.address_hash(address) == made


def test_the_hash_beside_an_address_goes_with_it_and_is_made_anew_under_another_secret(app: Flask) -> None:
    week47.programme()
    noor = reader("Noor")
    assert noor.address_hash is None and hashes.remember(sa.true()) == 1 and hashes.remember(sa.true()) == 0
    db.session.commit()
    assert noor.address_hash == suppressions.address_hash("noor@beacon.example")
    noor.email = "noor@beacon.example"
    assert noor.address_hash is not None
    noor.email = "noor.benali@beacon.example"
    assert noor.address_hash is None
    hashes.remember(sa.true())
    db.session.commit()
    hashes.forget_those_of_another_secret()
    db.session.expire_all()
    assert noor.address_hash == suppressions.address_hash("noor.benali@beacon.example")
    app.config["GOODWORD"] = with_secret(app, "another secret that is long enough")
    hashes.forget_those_of_another_secret()
    db.session.expire_all()
    assert noor.address_hash is None


def with_secret(app: Flask, secret: str) -> Any:
    return replace(app.config["GOODWORD"], secret=secret)
