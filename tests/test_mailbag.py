"""The mailbag. In: letters of a page. Out: the rows that the outbox itself would write, by COPY or one by one."""

import hmac
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from emails.values import Neighbour, You
from service import bulk, clock, digests, editions, outbox, suppressions
from service.database import db
from service.mailbag import Facts, Letter, Mailbag
from service.models import Edition, Omission, Outbox, Selection
from tests import week47
from tests.week47 import WEEK, at, reader, story

counts = st.integers(0, 10_000)
names = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=30)
neighbours = st.lists(st.builds(Neighbour, names, counts, counts, st.booleans()), max_size=5).map(tuple)
yous = st.builds(
    You, points=counts, weeks=counts, tickets=counts, badge=st.none() | names, have=counts, need=counts,
    near=neighbours, shares=counts, visits=counts,
)  # fmt: skip


@pytest.fixture
def edition(app: Flask) -> Edition:
    at("2026-11-16T10:00")
    week47.programme()
    story("One")
    found = editions.release(editions.edition(WEEK), "test")
    db.session.add(Selection(edition_id=found.id, key="a" * 64, stories=[1]))
    db.session.commit()
    return found


def letter(subject: str, hashed: str, text: str = '{"you": {}}', **more: Any) -> Letter:
    plain = Letter(subject, hashed, "it", (1,), text, clock.now() + timedelta(hours=1), False)
    return plain._replace(**more)


@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=names, you=yous)
def test_a_row_by_copy_holds_what_the_outbox_itself_would_write(edition: Edition, name: str, you: You) -> None:
    db.session.execute(sa.delete(Outbox))
    noor = week47.Employee(name=name, networks=["mastodon", "x"], link_id="ab" * 8)
    leaves = clock.now() + timedelta(hours=2)
    text = Facts(1, "linkedin").text(name, ("mastodon", "x"), "ab" * 8, you, leaves)
    selections = {(1,): db.session.scalars(sa.select(Selection.id)).first() or 0}
    bag = Mailbag(edition.id, "digest:2026-W47", clock.now())
    assert bag.post([letter("a" * 32, "b" * 64, text, due_at=leaves)], selections, careful=False) == 1
    row = db.session.scalars(sa.select(Outbox)).one()
    expected = outbox.recipient_facts(noor, leaves, 1)
    assert {k: row.facts[k] for k in expected} == expected
    assert You.from_json(row.facts["you"]) == you
    assert row.facts["date"] == leaves.replace(microsecond=0).isoformat()
    assert (row.kind, row.occasion, row.language, row.state) == ("digest", "digest:2026-W47", "it", "queued")
    assert (row.why, row.attempts, row.lease, row.submitted_at, row.settled_at) == (None, 0, None, None, None)
    assert (row.due_at, row.edition_id, row.selection_id) == (leaves, edition.id, selections[(1,)])
    assert row.message_id.startswith("<") and row.message_id.endswith("@good.example>") and len(row.message_id) == 47
    db.session.commit()


def test_who_chose_no_network_gets_the_programmes_and_a_late_letter_is_held(edition: Edition) -> None:
    text = Facts(1, "linkedin").text(None, (), "ab" * 8, You(), clock.now())
    selections = {(1,): db.session.scalars(sa.select(Selection.id)).first() or 0}
    Mailbag(edition.id, "o", clock.now()).post([letter("a" * 32, "b" * 64, text, late=True)], selections, careful=False)
    row = db.session.scalars(sa.select(Outbox)).one()
    assert row.facts["to"] == {"name": "", "networks": ["linkedin"], "link_id": "ab" * 8}
    assert (row.state, row.why, row.facts["you"]) == ("held", "late", {"points": 0})


def test_a_bag_with_an_address_that_has_its_copy_is_refused_whole_and_written_with_care(edition: Edition) -> None:
    selections = {(1,): db.session.scalars(sa.select(Selection.id)).first() or 0}
    bag = Mailbag(edition.id, "o", clock.now())
    bag.post([letter("a" * 32, "b" * 64)], selections, careful=False)
    db.session.commit()
    two = [letter("c" * 32, "d" * 64), letter("e" * 32, "b" * 64)]
    if bulk.copies():
        with pytest.raises(bulk.Taken):
            bag.post(two, selections, careful=False)
        db.session.rollback()
    assert bag.post(two, selections, careful=True) == 1
    assert set(db.session.scalars(sa.select(Outbox.subject))) == {"a" * 32, "c" * 32}


def test_one_address_served_already_costs_nobody_else_of_the_page_her_mail(edition: Edition) -> None:
    served = reader("Noor")
    digests.plan(edition)
    served.email = "noor.old@beacon.example"
    db.session.commit()
    for number in range(5):
        reader(f"N{number}", topics=[1] if number else [], created_at=clock.now())
    reader("Nora", email="noor@beacon.example", created_at=clock.now())
    digests.plan(edition)
    reasons = dict(db.session.execute(sa.select(Omission.subject, Omission.reason)).all())
    assert sorted(reasons.values()) == ["address-served", "no-topics"]
    assert len(week47.digests()) == 5


def test_the_hash_of_an_address_is_the_hmac_that_it_always_was(app: Flask) -> None:
    for secret in ("short", "s" * 64, "long" * 40):
        app.config["GOODWORD"] = week47_config(app, secret)
        for address, plain in (("Noor@Beacon.example ", "noor@beacon.example"), ("ŽIGA@x.si", "žiga@x.si")):
            told = hmac.new(secret.encode(), f"goodword-address-v1|{plain}".encode(), sha256).hexdigest()
            assert suppressions.address_hash(address) == told


def week47_config(app: Flask, secret: str) -> Any:
    from dataclasses import replace

    return replace(app.config["GOODWORD"], secret=secret)
