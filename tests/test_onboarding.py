"""Onboarding. In: what newcomers got and did. Out: the mails due by rule, each once, and who waits."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from emails.onboarding import APART, Kind, Newcomer, Plan, due
from service import choices, clock, compose, digests, editions, employees, mail_choices, outbox
from service.database import db
from service.models import Cohort, CohortMember, Employee, Outbox, Programme
from service.people import cohorts, gate, inviting
from service.validation import Invalid
from tests import week47
from tests.liam import Liam, at_the_console
from tests.week47 import WEEK, at, reader, story

MONDAY = datetime(2026, 11, 16, 8, tzinfo=UTC)
DAYS = st.lists(
    st.sampled_from(["", "", "", "", "digest", "answer", "leave", "pause", "suspend", "yes", "share", "unsubscribe"]),
    min_size=80,
    max_size=80,
)
PLANS = st.builds(Plan, st.booleans(), st.booleans(), st.integers(0, 5), st.booleans())


@given(DAYS, PLANS)
def test_nobody_is_reminded_more_than_twice_nor_after_a_no_nor_mailed_twice_in_five_days(
    days: list[str], plan: Plan
) -> None:
    who, sent = Newcomer("invited", MONDAY, mails=(("invitation", MONDAY),)), []
    for number, event in enumerate(days):
        now = MONDAY + timedelta(days=number)
        if event == "digest" and who.status in ("invited", "active"):
            who = replace(who, status="active", first_digest=who.first_digest or now)
        elif event in ("leave", "pause", "suspend"):
            who = replace(who, status={"leave": "left", "pause": "paused", "suspend": "suspended"}[event])
        elif event == "yes" and who.status == "invited":
            who = replace(who, status="active", answered=True)
        elif event in ("answer", "share", "unsubscribe"):
            name = {"answer": "answered", "share": "shared", "unsubscribe": "stopped"}[event]
            who = replace(who, **{name: True})
        kind = due(who, plan, now)
        if kind is not None:
            assert who.status in ("invited", "active") and not who.stopped
            assert all(now - earlier >= APART for _kind, earlier in who.mails)
            if kind == Kind.REMINDER:
                assert not who.answered and who.status == "invited" and plan.asks
            sent.append(kind)
            who = replace(who, mails=(*who.mails, (str(kind), now)))
    assert sent.count(Kind.REMINDER) <= min(2, plan.reminders)
    assert sent.count(Kind.WELCOME) <= int(plan.welcome) and sent.count(Kind.SHARING) <= int(plan.sharing)


@pytest.mark.parametrize(
    ("day", "facts", "kind"),
    [
        (6, {"status": "invited"}, None),
        (7, {"status": "invited"}, Kind.REMINDER),
        (13, {"status": "invited", "mails": (("reminder", MONDAY + timedelta(days=7)),)}, None),
        (14, {"status": "invited", "mails": (("reminder", MONDAY + timedelta(days=7)),)}, Kind.REMINDER),
        (60, {"status": "invited"}, None),
        (8, {"first_digest": MONDAY + timedelta(days=8)}, Kind.WELCOME),
        (4, {"first_digest": MONDAY + timedelta(days=1)}, None),
        (15, {"first_digest": MONDAY, "mails": (("welcome", MONDAY + timedelta(days=8)),)}, Kind.SHARING),
        (15, {"first_digest": MONDAY, "mails": (("welcome", MONDAY),), "shared": True}, None),
        (90, {"first_digest": MONDAY}, None),
    ],
)  # fmt: skip
def test_each_mail_has_its_day(day: int, facts: dict[str, object], kind: Kind | None) -> None:
    who = Newcomer(**{"status": "active", "invited_at": MONDAY, **facts})  # type: ignore[arg-type]
    assert due(who, Plan(asks=True), MONDAY + timedelta(days=day)) == kind


@pytest.fixture
def liam(app: Flask) -> Liam:
    at("2026-11-16T10:00")
    week47.programme(opt_in=True)
    return at_the_console(app)


def kinds() -> list[tuple[str, str]]:
    db.session.expire_all()
    return sorted((row.kind, row.occasion) for row in db.session.scalars(sa.select(Outbox)))


def bring(*names: str) -> None:
    text = "email,name\n" + "".join(f"{name.lower()}@beacon.example,{name}\n" for name in names)
    employees.apply(employees.preview(text.encode()))


def test_who_does_not_answer_is_reminded_twice_and_never_again(liam: Liam) -> None:
    bring("Noor", "Bea")
    choices.join(db.session.scalars(sa.select(Employee).where(Employee.name == "Bea")).one())
    for day in range(60):
        clock.set_now(MONDAY + timedelta(days=day))
        inviting.tend()
        for row in db.session.scalars(sa.select(Outbox).where(Outbox.due_at <= clock.now(), Outbox.state == "queued")):
            row.state, row.settled_at = "accepted", clock.now()
        db.session.commit()
    expected = [("invitation", "invitation"), ("invitation", "invitation"), ("reminder", "reminder:1")]
    assert kinds() == [*expected, ("reminder", "reminder:2")]
    last = db.session.scalars(sa.select(Outbox).where(Outbox.occasion == "reminder:2")).one()
    mail = compose.message_of(last)
    for body in (mail.html, mail.text):
        assert "This is the last time we ask." in body and "Decline, no more mails" in body


def test_a_welcome_follows_the_first_digest_and_sharing_a_week_later(app: Flask) -> None:
    at("2026-11-16T10:00")
    week47.programme()
    story("One")
    reader("Noor", status="invited", invited_at=clock.now() - timedelta(days=6))
    digests.plan(editions.release(editions.edition(WEEK), "test"))
    assert inviting.tend() == 0
    week47.settle("accepted")
    db.session.execute(sa.update(Employee).values(status="active"))
    db.session.commit()
    at("2026-11-18T10:00")
    assert (inviting.tend(), inviting.tend()) == (1, 0)
    at("2026-11-26T10:00")
    assert (inviting.tend(), inviting.tend()) == (1, 0)
    assert [kind for kind, _ in kinds()] == ["digest", "sharing", "welcome"]
    for row in db.session.scalars(sa.select(Outbox).where(Outbox.kind != "digest")):
        mail = compose.message_of(row)
        assert "Noor" in mail.text and "Noor" in mail.html
        assert re.search(r"List-Unsubscribe: <https://[^>]+/onboarding>", mail.raw.decode())
        assert "/onboarding" in mail.text and "No more first steps" in mail.html


def test_first_steps_have_a_switch_of_their_own_and_a_reminder_asks_again(app: Flask) -> None:
    at("2026-11-16T10:00")
    week47.programme()
    noor = reader("Noor")
    mail_choices.stop(noor, "onboarding")
    kept = {kind: outbox.enqueue(noor, kind, kind, {"number": 1}) for kind in ("welcome", "sharing", "reminder")}
    assert [row and row.state for row in kept.values()] == ["suppressed", "suppressed", "queued"]
    assert "digest" in mail_choices.wanted(noor)
    again = compose.message_of(kept["reminder"])  # type: ignore[arg-type]
    assert "/onboarding" not in again.raw.decode() + again.text


def test_outside_the_pilot_nobody_is_invited_or_mailed_until_it_is_widened(liam: Liam) -> None:
    story("One")
    db.session.get_one(Programme, 1).opt_in = False
    pilot = cohorts.create("Pilot")
    noor = reader("Noor", status="invited", invited_at=None)
    bea = reader("Bea", status="invited")  # invited before it was limited
    going_on = reader("Cem")
    cohorts.add(pilot.id, [noor])
    cohorts.limit([pilot.id])
    assert [noor.waits, bea.waits, going_on.waits] == [False, True, False]
    bring("Dee")
    digests.plan(editions.release(editions.edition(WEEK), "test"))
    assert {row.subject for row in week47.digests()} == {going_on.subject}
    assert kinds() == [("digest", f"digest:{WEEK}")]
    page = liam.get("/console/people/invitations").text
    assert "Nobody else is invited before you widen it." in page and "2 people wait and get an invitation." in page
    page = liam.post("/console/people/invitations/begin", {"act": "widen"}).text
    assert "The programme is open to everybody." in page
    assert kinds().count(("invitation", "invitation")) == 1  # Dee; Bea has had hers
    assert db.session.scalar(sa.select(sa.func.count()).where(Employee.waits)) == 0
    dee = db.session.scalars(sa.select(Employee).where(Employee.name == "Dee")).one()
    assert dee.invited_at is not None


def test_joining_the_pilot_later_invites_at_once(app: Flask) -> None:
    week47.programme()
    pilot = cohorts.create("Pilot")
    cohorts.limit([pilot.id])
    bring("Noor")
    noor = db.session.scalars(sa.select(Employee)).one()
    assert noor.waits and kinds() == []
    cohorts.add(pilot.id, [noor])
    assert kinds() == [("invitation", "invitation")] and not noor.waits
    with pytest.raises(Invalid):
        cohorts.delete(db.session.get_one(Cohort, pilot.id))
    with pytest.raises(Invalid):
        cohorts.limit([999])


def test_invitations_wait_for_their_day_and_go_on_it(liam: Liam) -> None:
    form = {"when": "day", "invite_on": "2026-11-20", "welcome": "1", "reminders": "1"}
    liam.get("/console/people/invitations")
    assert "Saved." in liam.post("/console/people/invitations", form).text
    bring("Noor")
    assert inviting.tend() == 0 and kinds() == [] and gate.early()
    at("2026-11-20T00:30")
    assert inviting.tend() == 1 and kinds() == [("invitation", "invitation")]
    assert (gate.settings().sharing, gate.settings().reminders) == (False, 1)
    wrong = liam.post("/console/people/invitations", {**form, "invite_on": "soon"})
    assert wrong.status_code == 422 and "Write the day like" in wrong.text
    assert liam.post("/console/people/invitations", {**form, "reminders": "3"}).status_code == 422


def test_every_onboarding_mail_is_looked_at_in_every_language(liam: Liam) -> None:
    for kind in inviting.KINDS:
        for language in ("en", "it", "sl"):
            answer = liam.get(f"/console/people/invitations/{kind}/{language}")
            assert answer.status_code == 200 and "Noor" in answer.text and f'lang="{language}"' in answer.text
    assert liam.get("/console/people/invitations/digest/en").status_code == 404


def test_groups_are_made_and_deleted_and_their_people_stay(liam: Liam) -> None:
    noor = reader("Noor")
    liam.get("/console/people/invitations")
    liam.post("/console/people/groups", {"name": "Pilot"})
    assert liam.post("/console/people/groups", {"name": "pilot"}).status_code == 422
    group = cohorts.everyone()[0]
    cohorts.add(group.id, [noor])
    assert "Pilot" in liam.get(f"/console/people/{noor.id}").text
    liam.get("/console/people/invitations")
    liam.post(f"/console/people/groups/{group.id}")
    assert cohorts.everyone() == [] and db.session.scalar(sa.select(sa.func.count()).select_from(CohortMember)) == 0
    assert db.session.scalar(sa.select(sa.func.count(Employee.id))) == 1
