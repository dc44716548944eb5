"""Acts on people. In: the liaison's buttons. Out: suspended and back, links ended, moved, and a page that says so."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from emails.passes import Purpose
from service import choices, clock, compose, digests, editions, outbox, passes
from service.database import db
from service.delivery import deliver_due
from service.models import Absence, Employee, LedgerEntry, Outbox, Programme, Suspension, Team, Total
from service.people import acts, history
from service.settling import settle
from service.validation import Invalid
from tests import week47
from tests.conftest import TUESDAY
from tests.liam import Liam, at_the_console
from tests.test_settling import noor as colleague
from tests.test_settling import programme, share, visit
from tests.week47 import WEEK, at, reader, story


@pytest.fixture
def liam(app: Flask) -> Liam:
    at("2026-11-16T10:00")
    week47.programme()
    story("One")
    return at_the_console(app)


def again(employee: Employee) -> Employee:
    db.session.expire_all()
    return db.session.get_one(Employee, employee.id)


def test_who_is_suspended_gets_no_mail_and_gets_it_again_when_reinstated(liam: Liam) -> None:
    noor = reader("Noor")
    digests.plan(editions.release(editions.edition(WEEK), "test"))
    outbox.enqueue(noor, "badge", "badge:1", {"badges": []})
    db.session.commit()
    page = liam.post(f"/console/people/{noor.id}/suspend", {"why": "An investigation"}).text
    assert "Noor is suspended" in page and "An investigation" in page
    at("2026-11-17T09:00")
    deliver_due()
    assert {(m.kind, m.state, m.why) for m in db.session.scalars(sa.select(Outbox))} == {
        ("digest", "cancelled", "suspended"),
        ("badge", "cancelled", "suspended"),
    }
    with pytest.raises(choices.Refused):
        choices.pause(again(noor), None)
    page = liam.post(f"/console/people/{noor.id}/reinstate").text
    assert "takes part again" in page and again(noor).status == "active"
    db.session.execute(sa.delete(Outbox))
    db.session.commit()
    at("2026-11-16T10:00")
    assert acts.suspend([again(noor)]) and acts.reinstate([again(noor)])
    digests.plan(editions.edition(WEEK))
    at("2026-11-17T09:00")
    deliver_due()
    assert [m.state for m in week47.digests()] == ["accepted"]


def test_what_happens_while_suspended_never_scores_and_she_stands_on_no_board(app: Flask) -> None:
    programme()
    noor = colleague()
    visit(share(noor), "a")
    settle(noor.subject)
    db.session.commit()
    points = sa.select(sa.func.sum(LedgerEntry.points)).where(LedgerEntry.subject == noor.subject)
    shown = sa.select(Total.shown).where(Total.subject == noor.subject)
    before = db.session.scalar(points)
    assert before
    clock.set_now(TUESDAY + timedelta(hours=1))
    acts.suspend([noor])
    assert not any(db.session.scalars(shown))
    visit(share(noor), "b", hours=2)
    clock.set_now(TUESDAY + timedelta(hours=3))
    for deed in (lambda: None, lambda: acts.reinstate([noor])):
        deed()
        settle(noor.subject)
        db.session.commit()
        assert db.session.scalar(points) == before
    assert all(db.session.scalars(shown))
    assert db.session.scalars(sa.select(Absence)).one().until is not None


@pytest.mark.parametrize("status", ["invited", "active", "paused"])
def test_reinstating_brings_back_what_she_was(app: Flask, status: str) -> None:
    week47.programme()
    noor = reader("Noor", status=status)
    assert acts.suspend([noor]) == [noor.id] and acts.suspend([noor]) == []
    assert acts.reinstate([noor]) == [noor.id] and noor.status == status and acts.reinstate([noor]) == []
    row = db.session.scalars(sa.select(Suspension)).one()
    assert row.until is not None and row.before == status


def test_who_left_cannot_be_suspended_and_so_never_comes_back_by_it(app: Flask) -> None:
    week47.programme()
    noor = reader("Noor")
    choices.leave(noor)
    assert acts.suspend([noor]) == [] and noor.status == "left"


def test_reset_links_end_at_once_and_waiting_mails_carry_the_new_one(liam: Liam) -> None:
    noor = reader("Noor")
    digests.plan(editions.release(editions.edition(WEEK), "test"))
    number, old = noor.id, noor.link_id
    day = passes.today_number(clock.now())
    link = passes.passes_for(old, day, 1)
    assert liam.open(f"/me/{link.me}").status_code == 200
    page = liam.post(f"/console/people/{number}/links").text
    assert "A fresh one is on its way" in page
    assert liam.open(f"/me/{link.me}").status_code == 410
    assert liam.open(f"/u/{link.unsubscribe}").status_code == 200
    fresh = again(noor).link_id
    rows = db.session.scalars(sa.select(Outbox)).all()
    assert fresh != old and {row.kind for row in rows} == {"digest", "fresh-link"}
    assert all(row.facts["to"]["link_id"] == fresh for row in rows)
    assert passes.open_pass(passes.passes_for(fresh, day, 1).me, Purpose.ME).id == number
    mail = compose.message_of(next(row for row in rows if row.kind == "fresh-link"))
    for body in (mail.text, mail.html):
        assert "Every earlier link of yours was ended" in body and "You asked for it" not in body


def test_a_second_reset_on_the_same_day_mails_again_unless_the_first_mail_still_waits(app: Flask) -> None:
    week47.programme()
    noor = reader("Noor")
    first = noor.link_id
    assert acts.reset_links(noor) and acts.reset_links(noor)
    row = db.session.scalars(sa.select(Outbox)).one()
    assert row.facts["to"]["link_id"] == noor.link_id != first
    row.state = "accepted"
    db.session.commit()
    assert acts.reset_links(noor)
    assert db.session.scalar(sa.select(sa.func.count(Outbox.id))) == 2
    choices.leave(noor)
    with pytest.raises(Invalid):
        acts.reset_links(noor)


def test_moving_and_leaving_out_say_whom_they_changed_so_that_it_can_be_undone(app: Flask) -> None:
    week47.programme()
    one, two = Team(name="One"), Team(name="Two")
    db.session.add_all([one, two])
    db.session.commit()
    noor, bea = reader("Noor", team_id=one.id), reader("Bea", team_id=two.id)
    assert acts.move([noor, bea], two.id) == [(noor.id, one.id)]
    with pytest.raises(Invalid):
        acts.move([noor], 999)
    assert acts.exclude([noor, bea]) == [noor.id, bea.id] and acts.exclude([noor]) == []
    assert acts.exclude([noor], False) == [noor.id]


def test_her_history_tells_mails_status_shares_points_and_draws(liam: Liam) -> None:
    noor = reader("Noor", chosen=["topics"])
    digests.plan(editions.release(editions.edition(WEEK), "test"))
    for part in history.PARTS:
        answer = liam.get(f"/console/people/{noor.id}?show={part}")
        assert answer.status_code == 200, part
    assert "Waits for its time." in liam.get(f"/console/people/{noor.id}?show=mails").text
    assert "Was invited." in liam.get(f"/console/people/{noor.id}?show=standing").text


def test_her_page_leads_to_the_very_mail_of_each_edition_and_only_whom_it_may(liam: Liam) -> None:
    noor = reader("Noor")
    digests.plan(editions.release(editions.edition(WEEK), "test"))
    link = f"/console/editions/{WEEK}/mails/{noor.id}"
    for page in (f"/console/people/{noor.id}", f"/console/people/{noor.id}?show=mails"):
        assert f'href="{link}"' in liam.get(page).text
    db.session.get_one(Programme, 1).works_council = True
    db.session.commit()
    shown = liam.get(link).text
    assert "hers alone" in shown and "One" in liam.get(f"{link}/frame").text
    assert "You, this month" not in liam.get(f"{link}/frame").text
    ada = reader("Ada")
    assert "Look at this mail" not in liam.get(f"/console/people/{ada.id}").text, "there is none"


def test_in_works_council_mode_her_figures_are_hers_alone(liam: Liam) -> None:
    noor = reader("Noor")
    db.session.add(
        LedgerEntry(key="x", subject=noor.subject, points=77, reason="first-share", at=TUESDAY, month="2026-11")
    )
    db.session.commit()
    number = noor.id
    assert "77 points" in liam.get(f"/console/people/{number}?show=points").text
    db.session.get_one(Programme, 1).works_council = True
    db.session.commit()
    page = liam.get(f"/console/people/{number}?show=points").text
    assert "77" not in page and "show=points" not in page
    assert "only she may see this" in liam.post(f"/console/people/{number}/data").text


def test_her_history_is_shown_by_pages(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    week47.programme()
    monkeypatch.setattr("service.people.history.PER_PAGE", 2)
    noor = reader("Noor")
    for n in range(5):
        db.session.add(
            LedgerEntry(key=f"k{n}", subject=noor.subject, points=n, reason="declared", at=TUESDAY, month="2026-11")
        )
    db.session.commit()
    seen = [[line.figure for line in history.page(noor, "points", n).lines] for n in (1, 2, 3, 9)]
    assert seen == [[4, 3], [2, 1], [0], [0]]
