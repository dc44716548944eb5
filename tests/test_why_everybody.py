"""Why did Noor get no mail? In: a week in which every colleague is another case. Out: for each of them the answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from emails.picks import Reason
from service import choices, clock, digests, editions, lacking, steering, suppressions, why
from service.database import db
from service.delivery import deliver_due, limits
from service.delivery.port import Outcome, Verdict
from service.models import Edition, Employee, Outbox, Selection, Sending, Team, Topic
from service.models.sending import Lease
from service.people import erasing
from service.suppressions import CLASSES, SCOPES
from service.web.console import person as console
from tests import week47
from tests.liam import at_the_console
from tests.postroom import MemoryMailer
from tests.week47 import NEW_YORK, WEEK, at, reader, story

HOUR = timedelta(hours=1)


def people() -> None:
    """One person for each case, before the edition is released."""
    db.session.add_all([Topic(slug="quiet", name="Quiet"), Topic(slug="sales", name="Sales"), Team(name="Roofs")])
    db.session.commit()
    open_day = story("Open day")
    story("For roofers", topics=[2], lead_topic=2, audience=[1])
    story("Buy a roof", topics=[4], lead_topic=4, kind="promotional")
    reader("Noor")
    reader("Topicless", topics=[])
    reader("Aside", topics=[3])
    reader("Slovene", reads=["sl"])
    reader("Outsider", topics=[2])
    reader("Roofer", topics=[2], team_id=1)
    reader("Declined", topics=[1])
    reader("Unsold", topics=[4], fewer=["kind:promotional"])
    reader("Shown")
    reader("Invited", status="invited", invited_at=None)
    reader("Waiting", status="invited", invited_at=None, waits=True)
    reader("Resting", status="paused", paused_until=date(2026, 12, 1))
    reader("Endless", status="paused")
    reader("Fortnight", rhythm="fortnightly", rhythm_from="2026-W46")
    reader("Suspended", status="suspended")
    reader("Gone", status="gone")
    for name in ("Bounced", "Complained", "Unsubscribed", "Leaver", "Forgotten", "Later", "Failed"):
        reader(name)
    for name in ("Old", "Doubt", "Quick", "Stopped"):
        reader(name)
    reader("Thursday", slot_weekday=4)
    reader("Yorker", zone=NEW_YORK)
    steering.decline(of("Declined"), open_day)
    suppressions.suppress("bounced@beacon.example", "all", "bounced")
    suppressions.suppress("complained@beacon.example", "all", "complained")
    choices.unsubscribe(of("Unsubscribed"))
    choices.leave(of("Leaver"))
    shown_before("Shown", open_day.id)
    erasing.erase(of("Forgotten"), erasing.called(of("Forgotten")))
    db.session.commit()


def of(name: str) -> Employee:
    return db.session.scalars(sa.select(Employee).where(Employee.name == name)).one()


def shown_before(name: str, number: int) -> None:
    """Let last week's digest have shown her this story."""
    last = Edition(week="2026-W46", status="closed", closed_at=clock.now() - 24 * HOUR)
    db.session.add(last)
    db.session.flush()
    chosen = Selection(edition_id=last.id, key="k", stories=[number])
    db.session.add(chosen)
    db.session.flush()
    who = of(name)
    row = Outbox(kind="digest", occasion="digest:2026-W46", subject=who.subject, language="en", state="accepted")
    row.address_hash, row.message_id = suppressions.address_hash(who.email or ""), "<a@good.example>"
    row.edition_id, row.selection_id, row.settled_at = last.id, chosen.id, clock.now()
    db.session.add(row)


PLANNED: dict[str, tuple[str, str]] = {
    "Noor": ("queued", "Waits for its time."),
    "Topicless": ("no-topics", "No topic is followed."),
    "Aside": ("nothing-new", "No story of this edition is on a topic followed."),
    "Slovene": ("nothing-new", "No story on the topics followed is in a language read."),
    "Outsider": ("nothing-new", "are meant for other teams."),
    "Roofer": ("queued", "Waits for its time."),
    "Declined": ("nothing-new", "was in an earlier digest or put away."),
    "Shown": ("nothing-new", "was in an earlier digest or put away."),
    "Unsold": ("nothing-new", "of a kind that is not wanted."),
    "Invited": ("not-invited", "No invitation was written yet"),
    "Waiting": ("not-invited", "No invitation was written yet"),
    "Resting": ("paused", "On a pause at the time of the mail."),
    "Endless": ("paused", "On a pause at the time of the mail."),
    "Fortnight": ("not-her-week", "this is another week"),
    "Leaver": ("left", "Has left the programme."),
    "Suspended": ("suspended", "Is suspended."),
    "Gone": ("gone", "Is no longer in the company."),
    "Bounced": ("bounced", "A mail to this address came back."),
    "Complained": ("complained", "A mail was reported as spam."),
    "Unsubscribed": ("unsubscribed", "Unsubscribed from the digest."),
}
"""What is answered of everybody once the slot is planned; before, that it is not planned yet and the same."""


def answer(address: str) -> why.Finding:
    return next(f for f in why.why(address) if f.kind == "digest" and f.about == WEEK)


def told(name: str) -> tuple[str, str]:
    found = answer(f"{name.lower()}@beacon.example")
    return found.state, str(found.words)


@pytest.fixture
def week(app: Flask) -> Iterator[Edition]:
    at("2026-11-16T10:00")
    week47.programme()
    people()
    yield editions.edition(WEEK)


def test_everybody_has_an_answer_before_the_slot_is_planned_and_after(week: Edition) -> None:
    expected = {name: (state, words) for name, (state, words) in PLANNED.items() if state != "queued"}
    draft = {name: told(name) for name in expected}
    wrong = {n: draft[n] for n, (state, words) in expected.items() if draft[n][0] != state or words not in draft[n][1]}
    assert wrong == {}, "of a draft"
    assert told("Noor") == ("draft", "The edition is a draft. Stories chosen as things stand: 1.")
    editions.release(week, "test")
    assert told("Yorker") == ("undecided", "Not planned yet. Stories chosen as things stand: 1.")
    at("2026-11-17T07:40")
    digests.plan_due_slots()
    found = {name: told(name) for name in PLANNED}
    wrong = {n: found[n] for n, (state, words) in PLANNED.items() if found[n][0] != state or words not in found[n][1]}
    assert wrong == {}
    assert told("Yorker")[0] == told("Thursday")[0] == "undecided", "their slots are still to come"
    assert answer("gone@beacon.example").state == "gone", "of them an edition notes nothing"
    last = next(f for f in why.why("noor@beacon.example") if f.about == "2026-W46")
    assert str(last.words) == "The edition was closed when this person had no part in it."
    reader("Late", created_at=clock.now() + 3 * HOUR)
    assert told("Late")[0] == "joined-later"
    first = next(f for f in why.why("late@beacon.example") if f.about == "2026-W46")
    assert str(first.words) == "The edition was closed before this person came."
    with pytest.raises(why.UnknownAddress):
        why.why("nobody@beacon.example")
    assert "widened" in str(why.why("waiting@beacon.example")[0].words)
    stop = next(f for f in why.why("forgotten@beacon.example") if f.kind == "stop")
    assert (stop.about, str(why.because(stop.detail or ""))) == ("all", "Was forgotten at her own wish")
    editions.cancel(week)
    assert told("Yorker") == ("cancelled", "The edition was cancelled before this mail was planned.")
    assert told("Noor") == ("cancelled", "Was cancelled before it left.")
    assert str(why.because(answer("noor@beacon.example").detail or "")) == "The edition was cancelled"


def test_what_became_of_each_mail_has_words_for_the_state_and_for_why(app: Flask, week: Edition) -> None:
    editions.release(week, "test")
    at("2026-11-17T07:40")
    digests.plan_due_slots()
    of("Later").email = "latest@beacon.example"
    choices.leave(of("Stopped"))
    db.session.commit()
    limits.set_limit("slow.example", 1)
    at("2026-11-17T08:00")
    post = MemoryMailer()
    post.say = {
        "failed@beacon.example": Outcome(Verdict.REFUSED, "rcpt: 550 5.1.1 nobody here"),
        "doubt@beacon.example": Outcome(Verdict.DOUBT, "final-dot: TimeoutError"),
        "quick@beacon.example": Outcome(Verdict.LATER, "rcpt: 451 4.7.1 come back"),
    }
    deliver_due(mailer=post)
    row = db.session.scalars(sa.select(Outbox).where(Outbox.subject == of("Old").subject)).one()
    row.state, row.why = "held", "late"
    db.session.commit()
    expected = {
        "noor": ("accepted", "Was sent", ""),
        "failed": ("failed", "refused for good", "The receiver’s mail server said: 550 5.1.1 nobody here"),
        "doubt": ("ambiguous", "Its answer may still come", "The mail server’s answer never came or was none"),
        "quick": ("retry", "will be tried again", "The receiver’s mail server said: 451 4.7.1 come back"),
        "later": ("cancelled", "cancelled before it left", "The address has changed"),
        "latest": ("cancelled", "cancelled before it left", "The address has changed"),
        "stopped": ("cancelled", "cancelled before it left", "Left the programme"),
        "old": ("held", "held until a person decides", "A day late"),
    }
    for name, (state, words, because) in expected.items():
        found = answer(f"{name}@beacon.example")
        assert (name, found.state) == (name, state) and words in str(found.words), found
        assert because in str(why.because(found.detail or "")), found
    assert answer("doubt@beacon.example").at > clock.now() + timedelta(minutes=14), "when it may be decided"
    at("2026-11-17T08:16")
    assert "Ask the receiver, then decide." in told("Doubt")[1]
    liam = at_the_console(app)
    page = liam.get(f"/console/people/{of('Doubt').id}").text
    assert "Ask the receiver, then decide." in page and "/console/doubts" in page


def test_a_waiting_mail_says_what_it_waits_for_what_stops_all_first(week: Edition) -> None:
    editions.release(week, "test")
    at("2026-11-17T07:40")
    digests.plan_due_slots()
    assert told("Noor")[1] == "Waits for its time."
    at("2026-11-17T08:01")
    assert told("Noor")[1] == "Leaves next."
    at("2026-11-17T08:20")
    assert "Does a worker run?" in told("Noor")[1]
    db.session.add(Lease(token="a" * 32, taken_at=clock.now(), numbers=[]))
    db.session.commit()
    assert told("Noor")[1] == "Leaves next.", "a worker is sending"
    row = db.session.scalars(sa.select(Outbox).where(Outbox.subject == of("Noor").subject)).one()
    row.why, row.due_at = limits.WAITING, clock.now() + timedelta(minutes=1)
    db.session.commit()
    assert told("Noor")[1] == "Waits its turn."
    editions.pause(week)
    assert told("Noor")[1] == "Waits: the edition is paused."
    week.held_why = "auth: 535 wrong password"
    db.session.commit()
    assert "the mail server refused our name or password (535 wrong password)" in told("Noor")[1]
    db.session.add(Sending(id=1, held_why="restored", held_at=clock.now()))
    db.session.commit()
    assert "nothing at all is sent" in told("Noor")[1]


def test_a_wish_that_changed_since_leaves_it_at_nothing_new(week: Edition) -> None:
    aside = of("Aside")
    aside.topics = [1]
    assert str(lacking.nothing_new(week, aside, clock.now())) == why.REASONS[Reason.NOTHING_NEW]
    early = clock.now() - timedelta(days=400)
    assert "was in its time then" in str(lacking.nothing_new(week, aside, early))


def test_every_kind_of_mail_and_every_scope_has_words(app: Flask) -> None:
    with app.test_request_context():
        assert set(CLASSES) - set(console.kind_words()) == {"digest"}, "it is told by its week"
    assert set(SCOPES) - set(why.STOPS) == set()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("rate-limit", "Only so many mails a minute may go there"),
        ("rcpt: sendgrid: 400 no such person", "The mail provider said: 400 no such person"),
        ("compose: KeyError", "The mail could not be put together (KeyError)"),
        ("550 5.1.1: who", "550 5.1.1: who"),
        ("rcpt:", "rcpt:"),
        ("100 % full", "100 % full"),
    ],
)
def test_codes_become_words_and_a_servers_own_words_stay(code: str, words: str) -> None:
    assert str(why.because(code)) == words
