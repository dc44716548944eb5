"""Occasions. In: an application. Out: for each kind of mail but digests, a world in which it is due; what sends it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from service import (
    badge_mails,
    campaigns,
    clock,
    contests,
    draws,
    employees,
    employees_import,
    fresh_links,
    jobs,
    mail_choices,
    month_mails,
    outbox,
    reports,
    results,
    settling,
    share_mails,
    suggestions,
)
from service.database import db
from service.draws import Plan, frozen_mails, monthly
from service.models import Award, Draw, Employee, Outbox, PeopleFile, Share, ShareNews, Suggestion, Total
from service.models.draws import RankState
from service.people import acts, files, gate, inviting
from service.validation import Invalid
from tests import week47
from tests.conftest import TUESDAY
from tests.test_draws import DUE, NUMBERS, SOURCE
from tests.test_settling import share, visit

LOST_ZONE = "Mars/Olympus"
"""A zone that this machine's tables do not have."""
AGAIN = (Invalid, suggestions.Settled, draws.NotOffered)
"""What somebody is told who presses once more for what is done already."""


@dataclass(frozen=True)
class Occasion:
    """A kind of mail: its world, the moment, what a person presses (if one does) and the tasks that do the rest."""

    name: str
    begin: Callable[[], object]
    tasks: tuple[str, ...] = ()
    press: Callable[[], object] | None = None
    now: datetime = TUESDAY
    later: timedelta = timedelta()
    """From a death to the next try."""
    small: Mapping[tuple[Any, str], int] = field(default_factory=dict)
    """Sizes of batches that make one of many out of few people."""
    least: int = 2
    """Mails that there are at the end."""

    def act(self) -> None:
        """Do it, as it is done where nothing goes wrong."""
        if self.press is not None:
            try:
                self.press()
            except AGAIN:
                db.session.rollback()
        for task in self.tasks:
            jobs.run(task)

    def shrink(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for (module, name), size in self.small.items():
            monkeypatch.setattr(module, name, size)


def said() -> Counter[tuple[str, ...]]:
    """Return every mail in the outbox (kind, occasion, to whom, state and why, what it tells), and every draw."""
    db.session.rollback()
    draws_ = Counter(("draw", row.month or "", row.status) for row in db.session.scalars(sa.select(Draw)))
    who = {row.subject: row.email for row in db.session.execute(sa.select(Employee.subject, Employee.email))}
    return draws_ + Counter(
        (row.kind, row.occasion, who.get(row.subject) or row.subject, row.state, str(row.why), _told(row.facts))
        for row in db.session.execute(
            sa.select(Outbox.kind, Outbox.occasion, Outbox.subject, Outbox.state, Outbox.why, Outbox.facts)
        )
    )


CHANCE = frozenset({"date", "salt", "entrant", "pool", "due", "deadline", "link_id", "source", "source_text", "of"})
"""Facts that chance or the moment decides."""


def _told(facts: Any) -> str:
    if isinstance(facts, dict):
        return str({key: _told(value) for key, value in sorted(facts.items()) if key not in CHANCE})
    return str([_told(each) for each in facts]) if isinstance(facts, list) else str(facts)


def people() -> list[Employee]:
    """Five colleagues who may be mailed, one of them in a zone nobody knows; one who pauses."""
    week47.programme()
    found = [week47.reader(name) for name in ("Ana", "Bea", "Cem", "Dan")]
    found.append(week47.reader("Eva", zone=LOST_ZONE))
    week47.reader("Fay", status="paused")
    return found


def one(name: str) -> Employee:
    return db.session.scalars(sa.select(Employee).where(Employee.name == name)).one()


def without(*which: str) -> list[Employee]:
    found = people()
    for each in which:
        mail_choices.stop(found[1], each)
    return found


def read(who: Employee, readers: int, at: datetime = TUESDAY) -> Share:
    """A share of hers with so many readers, as settling leaves it."""
    moments = [(at + timedelta(minutes=n)).isoformat() for n in range(readers)]
    return share(who, state="engaged" if readers > 2 else "confirmed", visited_at=moments)


def months() -> None:
    for who in without("month"):
        read(who, 3)
        db.session.add(Total(subject=who.subject, period="2026-11", points=13))
    db.session.commit()


def shares_that_did_well() -> None:
    for who in without("shares"):
        for readers in (3, 12):
            found = read(who, readers)
            db.session.add(ShareNews(share_id=found.id, readers=min(readers, 10), subject=who.subject, at=TUESDAY))
    db.session.commit()


def badges() -> None:
    for who in without("recognition"):
        for badge, level in (("first-word", 1), ("own-voice", 1), ("own-voice", 2)):
            facts = {"subject": who.subject, "badge": badge, "level": level}
            db.session.add(Award(**facts, earned_at=TUESDAY, created_at=TUESDAY))
    db.session.commit()


def reported() -> None:
    for who in people():
        visit(share(who, opened_at=TUESDAY), "v", 1, reason="browser")
        settling.settle(who.subject)
    db.session.commit()
    reports.set_readers("board@fjord.example ceo@fjord.example", "en")
    results.count()
    results.refresh()


def campaign() -> None:
    found = without("campaign")
    found[2].slot_hour = 17
    days = {"starts_on": date(2026, 11, 16), "ends_on": date(2026, 11, 17)}
    campaigns.create(name="Open house", kickoff=True, closing=True, **days)
    campaigns.create(name="Winter", kickoff=True, **{**days, "ends_on": date(2026, 12, 1)})


def open_draw() -> Draw:
    for weeks, who in enumerate(people(), 1):
        for week in range(min(weeks, 3)):
            read(who, 1, TUESDAY - timedelta(weeks=6 - week))
    db.session.commit()
    prizes = [("Two days off", ""), ("A book of your choice", "30 EUR")]
    return draws.create("2026-10", "October draw", prizes, month="2026-10", source_text=SOURCE, alternates=3)


def the_draw() -> Draw:
    found = draws.find("2026-10")
    assert found is not None
    return found


def frozen_draw() -> None:
    draws.freeze(open_draw(), DUE)


def drawn() -> Draw:
    frozen_draw()
    clock.set_now(DUE + timedelta(hours=1))
    return draws.run(the_draw(), NUMBERS)


def holder() -> Employee:
    """Return who holds the first rank."""
    return db.session.scalars(sa.select(Employee).where(Employee.subject == the_draw().ranks[0].subject)).one()


def claimed() -> None:
    drawn()
    for rank in [rank for rank in the_draw().ranks if rank.state == RankState.OFFERED]:
        draws.claim(db.session.scalars(sa.select(Employee).where(Employee.subject == rank.subject)).one(), the_draw())
    mail_choices.stop(one("Bea"), "winners")


def declined() -> None:
    """Of two prizes one is claimed, so that declining the other passes it on at once."""
    drawn()
    who = the_draw().ranks[1].subject
    draws.claim(db.session.scalars(sa.select(Employee).where(Employee.subject == who)).one(), the_draw())


def month_of_draws() -> None:
    for who in people():
        read(who, 1)
    db.session.commit()
    monthly.set_plan(True, [("A weekend", "300 EUR")], 2, 72, Plan())
    draws.tend()


def contest() -> None:
    for who in people():
        visit(share(who, opened_at=TUESDAY), "v", 1, reason="browser")
        settling.settle(who.subject)
    db.session.commit()
    days = {"starts_on": "2026-11-16", "ends_on": "2026-11-17"}
    contests.create(name="Sprint", measure="shares", among="people", draw_for_all="A book | 20 EUR", **days)


def newcomers() -> None:
    """Four whose invitations wait for their day, two of whom a file brought."""
    week47.programme()
    inviting.save(date(2026, 11, 18), True, True, 2)
    for name in ("Ana", "Bea"):
        week47.reader(name, status="invited", invited_at=None, waits=True)
    assert gate.early()
    employees.apply(employees.preview(b"email,name\ncem@beacon.example,Cem\ndan@beacon.example,Dan\n"))


FILE = b"email,name,team\ncem@beacon.example,Cem,Bakery\ndan@beacon.example,Dan,\nfay@beacon.example,Fay,Bakery\n"


def imported() -> None:
    employees.apply(employees.preview(FILE))


def file_waits() -> None:
    week47.programme()
    number = files.bring(FILE, False, None).id
    file = db.session.get_one(PeopleFile, number)
    file.state, file.done = "taking", 0
    db.session.commit()


def invited() -> None:
    """Somebody to remind, somebody to welcome, somebody to tell how sharing works, and one of each who stopped that."""
    week47.programme(opt_in=True)
    for n, name in enumerate(("Ana", "Bea", "Cem", "Dan", "Eva", "Fay")):
        active = n > 1
        ago = timedelta(days=8 if not active else 25)
        who = week47.reader(name, status="active" if active else "invited", invited_at=TUESDAY - ago)
        if n == 5:
            mail_choices.stop(who, "onboarding")
        mails = [("invitation", "invitation", ago)]
        if active:
            mails.append(("digest", "digest:2026-W44", timedelta(days=9)))
        if n == 4:
            mails.append(("welcome", "welcome", timedelta(days=8)))
        for kind, occasion, before in mails:
            row = outbox.enqueue(who, kind, occasion, {"number": 1}, due_at=TUESDAY - before)
            if row is not None:
                row.state, row.settled_at = "accepted", TUESDAY - before
    db.session.commit()


def suggested() -> None:
    suggestions.suggest(week47.reader("Noor"), "https://news.example/a-night", "It is about us.", "We made it.")


def suggested_alone() -> None:
    week47.programme()
    suggested()


def answered_already() -> None:
    suggested_alone()
    suggestions.answer(the_suggestion(), "Who wrote it?")


def the_suggestion() -> Suggestion:
    return db.session.scalars(sa.select(Suggestion)).one()


def accepted() -> None:
    found = the_suggestion()
    suggestions.accept(found, {"title": "A night on the line", "url": found.url}, "Lovely.")


def alone() -> None:
    week47.programme()
    week47.reader("Noor")


def settled() -> None:
    """Readers come, are settled, and are news: the mail has to follow whatever of it dies."""
    for who in db.session.scalars(sa.select(Share.subject).order_by(Share.id)).all():
        settling.settle(who)
        db.session.commit()


def readers_come() -> None:
    for who in people()[3:]:
        found = share(who, opened_at=TUESDAY)
        for n in range(4):
            visit(found, f"v{n}", n / 60, reason="browser")
    db.session.commit()


HOUR = TUESDAY + timedelta(hours=1)
OCCASIONS = (
    Occasion("month", months, ("month-mails",), now=datetime(2026, 12, 2, 5, tzinfo=UTC),
             small={(month_mails, "AT_ONCE"): 2}, least=5),
    Occasion("did well", shares_that_did_well, ("share-mails",), now=HOUR, small={(share_mails, "AT_ONCE"): 2},
             least=5),
    Occasion("readers that are news", readers_come, ("share-mails", "badge-mails"), settled, now=HOUR, least=4,
             later=timedelta(hours=1)),
    Occasion("badge", badges, ("badge-mails",), now=HOUR, small={(badge_mails, "AT_ONCE"): 2}, least=5),
    Occasion("report", reported, ("reports",), now=datetime(2026, 12, 3, 8, tzinfo=UTC)),
    Occasion("campaign", campaign, ("campaign-mails",), now=TUESDAY + timedelta(hours=9), least=15),
    Occasion("frozen", open_draw, ("frozen-mails",), lambda: draws.freeze(the_draw(), DUE),
             small={(frozen_mails, "AT_ONCE"): 0, (frozen_mails, "AT_A_TIME"): 2}, least=5),
    Occasion("winner", frozen_draw, (), lambda: draws.run(the_draw(), NUMBERS), now=DUE + timedelta(hours=1), least=7),
    Occasion("prize passed on", drawn, ("draws",), now=DUE + timedelta(days=15), least=9),
    Occasion("prize declined", declined, ("draws",), lambda: draws.decline(holder(), the_draw()),
             now=DUE + timedelta(days=1), least=8),
    Occasion("winners", claimed, ("winner-mails",), now=DUE + timedelta(days=1), least=12),
    Occasion("month's draw", month_of_draws, ("draw", "frozen-mails"), now=datetime(2026, 11, 30, 1, tzinfo=UTC),
             small={(frozen_mails, "AT_A_TIME"): 2}, least=5),
    Occasion("contest", contest, ("contests", "draw", "frozen-mails"), now=TUESDAY + timedelta(days=2), least=5,
             later=timedelta(hours=2)),
    Occasion("invitation on its day", newcomers, ("inviting",), now=TUESDAY + timedelta(days=1), least=4,
             small={(inviting, "BATCH"): 2, (employees_import, "_BATCH"): 2}),
    Occasion("invitation by import", alone, (), imported, least=3, small={(employees_import, "_BATCH"): 2}),
    Occasion("invitation by a worker", file_waits, ("people-files",), later=files.STALE + timedelta(minutes=1),
             least=3),
    Occasion("onboarding", invited, ("inviting",), small={(inviting, "BATCH"): 2}, least=16),
    Occasion("fresh link", alone, (), lambda: fresh_links.send(one("Noor")), least=1),
    Occasion("links reset", alone, (), lambda: acts.reset_links(one("Noor")), least=1),
    Occasion("answer", suggested_alone, (), lambda: suggestions.answer(the_suggestion(), "Who wrote it?"), least=1),
    Occasion("declined", answered_already, (), lambda: suggestions.decline(the_suggestion(), "In spring.")),
    Occasion("accepted", suggested_alone, (), accepted, least=1),
)  # fmt: skip
"""Every kind of mail but the digest and the test, which goes to whoever asks for it, as often."""
