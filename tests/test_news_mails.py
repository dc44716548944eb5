"""Mails of what came of sharing, on both databases. In: readers, draws, months. Out: one mail each, none twice."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from emails import digest, flowers
from emails.values import News, You
from service import (
    badge_mails,
    clock,
    compose,
    draws,
    keys,
    mail_choices,
    mailbag,
    month_mails,
    recognition,
    settling,
    share_mails,
    winner_mails,
)
from service.database import db
from service.models import Award, Draw, Employee, Evidence, Outbox, Programme, ShareNews
from tests.conftest import TUESDAY
from tests.sample_mails import EDITION, ID, NOOR
from tests.test_draws import DUE, cast, drawn, october
from tests.test_settling import house as house
from tests.test_settling import noor, share, visit

__all__ = ["cast"]


CARRIED = {
    "language": "en",
    "message_id": "<a@b.example>",
    "facts": {"you": {"news": [{"kind": "share", "title": "A new school", "number": 3}]}},
}
"""Of a digest with news."""


@pytest.fixture
def her(house: Flask) -> Employee:
    keys.ensure()
    return noor("Noor")


def read(who: Employee, visitors: int, hours: float = 0, network: str = "linkedin") -> None:
    one = share(who, network=network)
    for n in range(visitors):
        visit(one, f"v{n}", hours + n / 600)
    settling.settle(who.subject)
    db.session.commit()


def mails(kind: str) -> list[Outbox]:
    return list(db.session.scalars(sa.select(Outbox).where(Outbox.kind == kind).order_by(Outbox.id)))


def later(**more: float) -> None:
    clock.set_now(TUESDAY + timedelta(**more))


def test_a_share_that_did_well_is_told_once_and_the_next_waits_a_week(her: Employee) -> None:
    read(her, 2)
    read(her, 3)
    read(her, 12)
    later(minutes=10)
    assert share_mails.tell() == 0
    later(hours=1)
    assert (share_mails.tell(), share_mails.tell()) == (1, 0)
    (mail,) = mails("did-well")
    assert [found["readers"] for found in mail.facts["shares"]] == [12, 3]
    message = compose.message_of(mail)
    assert "12 people read what you shared." in message.text and "A new school" in message.text
    assert b"/shares>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click" in message.raw
    read(her, 4, hours=30)
    later(hours=40)
    settling.settle(her.subject)
    db.session.commit()
    assert share_mails.tell() == 0
    later(days=7, hours=2)
    assert share_mails.tell() == 1


def test_news_that_a_digest_carried_make_no_mail_and_old_ones_neither(her: Employee) -> None:
    read(her, 3)
    later(hours=2)
    digest = {"kind": "digest", "occasion": "digest:2026-W47", "subject": her.subject, "address_hash": "a" * 64}
    db.session.add(Outbox(**digest, **CARRIED, created_at=clock.now()))
    db.session.commit()
    assert share_mails.tell() == 0
    assert db.session.scalars(sa.select(ShareNews.how)).all() == ["digest"]
    other = noor("Bea")
    read(other, 3)
    other.status = "paused"
    db.session.commit()
    later(days=9)
    assert share_mails.tell() == 0
    assert sorted(how or "" for how in db.session.scalars(sa.select(ShareNews.how))) == ["digest", "old"]


def test_what_no_mail_told_stands_in_the_digest_and_is_mailed_no_more(her: Employee) -> None:
    read(her, 12)
    later(hours=1)
    award = {"subject": her.subject, "badge": "own-voice", "created_at": clock.now()}
    db.session.execute(sa.delete(Award))
    db.session.add(Award(**award, level=2, earned_at=clock.now()))
    db.session.commit()
    you = recognition.digest_facts([her.subject], "2026-W47")[her.subject]
    assert you.news == (News("badge", "own-voice", 2), News("share", "A new school", 12))
    assert You.from_json(json.loads(mailbag.told(you))) == You.from_json(json.loads(json.dumps(you.to_json()))) == you
    text = digest.compile(EDITION, "en").message(NOOR, you, [11], ID, TUESDAY).text
    said = " ".join(text.split())
    assert "You earned a badge: Own voice, level 2. “A new school” has found 12 readers by now." in said
    later(hours=2)
    made = {"kind": "digest", "occasion": "digest:2026-W47", "subject": her.subject, "address_hash": "a" * 64}
    db.session.add(Outbox(**made, **CARRIED, created_at=clock.now()))
    db.session.commit()
    assert (share_mails.tell(), badge_mails.tell()) == (0, 0)
    assert recognition.digest_facts([her.subject], "2026-W47")[her.subject].news == ()


def test_news_that_came_while_a_digest_was_made_without_them_are_mailed(her: Employee) -> None:
    read(her, 3)
    db.session.add(
        Award(subject=her.subject, badge="own-voice", level=1, created_at=clock.now(), earned_at=clock.now())
    )
    digest = {"kind": "digest", "occasion": "digest:2026-W47", "subject": her.subject, "address_hash": "a" * 64}
    db.session.add(Outbox(**digest, **CARRIED | {"facts": {"you": {}}}, created_at=clock.now()))
    db.session.commit()
    later(hours=25)
    assert (share_mails.tell(), badge_mails.tell()) == (1, 1)


def test_a_reader_who_is_judged_again_makes_no_news(her: Employee) -> None:
    read(her, 3)

    db.session.execute(sa.update(Evidence).where(Evidence.visitor == "v0").values(verdict="bot"))
    settling.settle(her.subject)
    db.session.commit()
    later(hours=1)
    assert share_mails.tell() == 0 and mails("did-well") == []


def test_all_entrants_are_told_who_won_once_when_nothing_is_open_any_more(cast: dict[str, Employee]) -> None:
    draw = drawn()
    assert winner_mails.tell() == 0
    winner = db.session.scalars(sa.select(Employee).where(Employee.subject == draw.ranks[0].subject)).one()
    while any(rank.state == "offered" for rank in draw.ranks):
        for rank in [rank for rank in draw.ranks if rank.state == "offered"]:
            who = db.session.scalars(sa.select(Employee).where(Employee.subject == rank.subject)).one()
            draws.claim(who, draw)
    claimed = {rank.subject for rank in draw.ranks if rank.state == "claimed"}
    off, another = [rank.subject for rank in draw.ranks if rank.subject not in claimed][:2]
    mail_choices.stop(db.session.scalars(sa.select(Employee).where(Employee.subject == off)).one(), "winners")
    told = winner_mails.tell()
    rows = {row.subject: row for row in mails("winners")}
    assert told == len(rows) == len(draw.ranks) and winner_mails.tell() == 0
    assert {who: row.state for who, row in rows.items()} == {
        who: "suppressed" if who == off else "queued" for who in rows
    }
    text = compose.message_of(rows[winner.subject]).text
    assert "- You:" in text
    prizes = rows[another].facts["won"]["prizes"]
    assert all(prize["name"] and not prize["her"] for prize in prizes)


def test_in_works_council_mode_winners_are_named_by_an_alias_alone(cast: dict[str, Employee]) -> None:
    draw = drawn()
    for rank in [rank for rank in draw.ranks if rank.state == "offered"]:
        draws.claim(db.session.scalars(sa.select(Employee).where(Employee.subject == rank.subject)).one(), draw)
    assert all(prize.name for _who, prize in winner_mails.prizes(draw))
    db.session.execute(sa.update(Programme).values(works_council=True))
    db.session.commit()
    assert {prize.name for _who, prize in winner_mails.prizes(draw)} == {""}


def test_a_draw_without_winners_and_an_old_one_tell_nobody(cast: dict[str, Employee]) -> None:
    draws.freeze(october(), DUE)
    made = db.session.scalars(sa.select(Draw)).one()
    made.status, made.drawn_at = "drawn", TUESDAY
    db.session.commit()
    assert winner_mails.tell() == 0 and made.winners_told_at is not None


def test_each_gets_the_picture_of_her_month_at_her_hour_and_who_has_nothing_gets_none(
    client: FlaskClient, her: Employee
) -> None:
    quiet, away = noor("Quiet"), noor("Away")
    for who in (her, away):
        read(who, 3)
        read(who, 12, hours=24 * 7)
    away.status, her.slot_hour, her.zone = "paused", 15, "Europe/Rome"
    db.session.commit()
    first = datetime(2026, 12, 2, 1, tzinfo=UTC)
    clock.set_now(first - timedelta(days=1))
    assert month_mails.tell() == 0
    clock.set_now(first)
    assert (month_mails.tell(), month_mails.tell()) == (1, 0)
    (mail,) = mails("your-month")
    facts = mail.facts["month"]
    assert (mail.subject, mail.occasion, mail.due_at) == (her.subject, "month:2026-11", first.replace(hour=14))
    assert (facts["readers"], facts["shares"], facts["weeks"]) == (15, 2, 2) and facts["points"] > 0
    message = compose.message_of(mail)
    for said in ("Your shares found 15 readers.", "- 2 active weeks"):
        assert said in message.text
    assert "2 flowers, one for each share that was read, and 15 seeds, one for each reader" in message.html
    path = facts["picture"].removeprefix("https://good.example")
    picture = client.get(path)
    assert (picture.status_code, picture.mimetype) == (200, "image/png")
    assert client.get(path.replace("2-", "3-", 1)).status_code == 404
    assert quiet.subject not in {row.subject for row in mails("your-month")}
    clock.set_now(first + timedelta(days=7))
    assert month_mails.tell() == 0


def test_the_picture_has_a_flower_for_each_share_a_seed_for_each_reader_and_a_leaf_for_each_week() -> None:
    drawn_ = flowers.shapes(flowers.spec([3, 12, 0], 2))
    assert sum(isinstance(s, flowers.Disc) and s.colour == flowers.SEED for s in drawn_) == 15
    assert (
        sum(isinstance(s, flowers.Line) for s in drawn_) == 2 and sum(isinstance(s, flowers.Leaf) for s in drawn_) == 2
    )
    spec = flowers.spec([1] * 40 + [500], 99)
    assert spec.count("-") == flowers.MOST_FLOWERS and str(flowers.MOST_SEEDS) in spec

    assert Image.open(io.BytesIO(flowers.png(spec))).size == flowers.SIZE
    for wrong in ("", "7-1", "1", "1-0", "1-1-", "../x", "1-" + "1-" * 9 + "1"):
        with pytest.raises(ValueError, match="not a picture"):
            flowers.shapes(wrong)
