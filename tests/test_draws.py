"""service.draws on both databases. In: people with confirmed shares. Out: pools that never change, prizes passed on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from emails.values import FrozenTickets, WonPrize
from scoring import draws as rules_of
from service import clock, draws, programmes
from service.database import db
from service.models import Draw, Employee, Entrant, FrozenMails, Liaison, Outbox, Rank, Share, Story
from service.models.mail import Edition
from service.models.people import Status
from service.validation import Invalid
from tests.conftest import TUESDAY

OCTOBER = datetime(2026, 10, 6, 9, 0, tzinfo=UTC)
DUE = TUESDAY + timedelta(hours=50)
NUMBERS = "7.12.19.23.31.38.44./5./"
SOURCE = "Example Lottery of 19 November 2026: seven numbers as drawn, then the bonus; substitute: the next drawing."


def person(name: str, weeks: int, first: datetime = OCTOBER, **more: object) -> Employee:
    """An employee with a share confirmed in each of so many weeks."""
    found = Employee(**{"email": f"{name.lower()}@acme.example", "name": f"{name} Benali", "status": "active", **more})
    db.session.add(found)
    db.session.flush()
    for week in range(weeks):
        visit(found, first + timedelta(weeks=week))
    return found


def visit(who: Employee, at: datetime) -> None:
    n = db.session.scalar(sa.select(sa.func.count(Share.id))) or 0
    story = Story(title="A new school", url=f"https://acme.example/{n}", status="approved")
    db.session.add(story)
    db.session.flush()
    facts = {"state": "confirmed", "visited_at": [at.isoformat()]}
    db.session.add(Share(subject=who.subject, story_id=story.id, network="x", code=f"code{n:06d}", **facts))
    db.session.flush()


@pytest.fixture
def cast(app: Flask) -> dict[str, Employee]:
    programmes.create(
        name="Good news", company="Acme", liaison_name="Liam", liaison_email="liam@acme.example", zone="UTC"
    )
    found = {name: person(name, weeks) for name, weeks in (("Noor", 4), ("Sam", 2), ("Mei", 1), ("Ada", 3))}
    found["Quiet"] = person("Quiet", 0)
    db.session.commit()
    return found


def october(**more: object) -> Draw:
    prizes = [("Two days off", ""), ("A book of your choice", "30 EUR")]
    asked = {"month": "2026-10", "source_text": SOURCE, "alternates": 2, **more}
    return draws.create("2026-10", "October draw", prizes, **asked)  # type: ignore[arg-type]


def drawn() -> Draw:
    draw = draws.freeze(october(), DUE)
    clock.set_now(DUE + timedelta(hours=1))
    return draws.run(draw, NUMBERS)


def holder(draw: Draw, rank: int) -> Employee:
    subject = draw.ranks[rank - 1].subject
    return db.session.scalars(sa.select(Employee).where(Employee.subject == subject)).one()


def states(draw: Draw) -> list[str]:
    db.session.expire_all()
    return [rank.state for rank in draw.ranks]


def winner_mails() -> list[tuple[str, str]]:
    rows = db.session.scalars(sa.select(Outbox).where(Outbox.kind == "winner").order_by(Outbox.id))
    return [(row.occasion, row.subject) for row in rows]


def test_a_frozen_pool_holds_each_eligible_persons_tickets_and_no_name(cast: dict[str, Employee]) -> None:
    draw = draws.freeze(october(), DUE)
    assert draw.status == "frozen"
    assert draw.pool is not None
    pool = rules_of.parse(draw.pool.encode())
    by_subject = {e.subject: e for e in db.session.scalars(sa.select(Entrant))}
    assert {name: by_subject[e.subject].tickets for name, e in cast.items() if e.subject in by_subject} == {
        "Noor": 4, "Sam": 2, "Mei": 1, "Ada": 3,
    }  # fmt: skip
    assert dict(pool.entries) == {e.entrant: e.tickets for e in by_subject.values()}
    assert (pool.prizes, pool.ranks, pool.total) == (2, 4, 10)
    assert "acme.example" not in draw.pool
    assert draws.check(draw) == []


def test_each_entrant_gets_one_mail_that_proves_her_entry(cast: dict[str, Employee]) -> None:
    draw = draws.freeze(october(), DUE)
    rows = db.session.scalars(sa.select(Outbox).where(Outbox.kind == "frozen")).all()
    assert sorted(row.subject for row in rows) == sorted(cast[n].subject for n in ("Noor", "Sam", "Mei", "Ada"))
    for row in rows:
        common = db.session.get_one(FrozenMails, draw.id).facts["frozen"]
        hers = {key: told for key, told in row.facts["frozen"].items() if key != "of"}
        facts = FrozenTickets.from_json({**common, **hers})
        address = next(e.email for e in cast.values() if e.subject == row.subject)
        assert facts.entrant == rules_of.entrant("2026-10", facts.salt, address or "")
        assert (facts.pool, facts.due, facts.total) == (draw.pool_hash, DUE, 10)
        assert row.occasion == "draw:2026-10:frozen"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"excluded_from_draws": True}, "excluded"),
        ({"status": Status.LEFT}, "left"),
        ({"status": Status.GONE}, "gone"),
        ({"status": Status.SUSPENDED}, "suspended"),
        ({"email": None}, "erased"),
        ({"email": "liam@acme.example"}, "liaison"),
        ({"email": "second@acme.example"}, "liaison"),
    ],
)
def test_who_may_not_enter_is_left_out_with_the_reason(
    cast: dict[str, Employee], change: dict[str, object], reason: str
) -> None:
    db.session.add(Liaison(email="Second@acme.example", name="Second", password_hash="x"))
    for key, value in change.items():
        setattr(cast["Mei"], key, value)
    db.session.commit()
    draw = draws.freeze(october(), DUE)
    assert cast["Mei"].subject not in set(db.session.scalars(sa.select(Entrant.subject)))
    assert draws.left_out(draw) == {cast["Mei"].subject: reason}
    assert [(d.name, why) for d, why in draws.not_in_pool(cast["Mei"])] == [("2026-10", reason)]
    assert draws.not_in_pool(cast["Noor"]) == draws.not_in_pool(cast["Quiet"]) == []


def test_a_paused_person_keeps_her_tickets(cast: dict[str, Employee]) -> None:
    cast["Mei"].status = Status.PAUSED
    db.session.commit()
    assert (cast["Mei"].subject, 1) in draws.entries_due(october())


def test_numbers_must_lie_48_hours_ahead_and_their_source_be_named(cast: dict[str, Employee]) -> None:
    with pytest.raises(Invalid) as refusal:
        draws.freeze(october(source_text=""), TUESDAY + timedelta(hours=47))
    assert set(refusal.value.errors) == {"due_at", "source_text"}


def test_a_frozen_draw_is_never_frozen_changed_or_named_again(cast: dict[str, Employee]) -> None:
    draw = draws.freeze(october(), DUE)
    pool = draw.pool
    visit(cast["Mei"], OCTOBER + timedelta(weeks=2))
    with pytest.raises(Invalid):
        draws.freeze(draw, DUE + timedelta(days=9))
    db.session.rollback()
    with pytest.raises(Invalid):
        draws.edit(draw, "Other", [("A car", "")])
    db.session.rollback()
    with pytest.raises(Invalid):
        october()
    assert draw.pool == pool


def test_a_draw_that_was_frozen_meanwhile_is_not_changed_by_who_still_sees_it_open(cast: dict[str, Employee]) -> None:
    draw = october()
    assert draw.status == "open"
    meanwhile = sa.update(Draw).values(status="frozen")
    db.session.execute(meanwhile, execution_options={"synchronize_session": False})
    with pytest.raises(Invalid):
        draws.edit(draw, "Other", [("A car", "")])


@pytest.mark.parametrize("name", ["new", "monthly"])
def test_a_draw_is_not_named_like_a_page_of_the_console(cast: dict[str, Employee], name: str) -> None:
    with pytest.raises(Invalid) as refusal:
        draws.create(name, "X", [("A book", "")], source_text=SOURCE)
    assert set(refusal.value.errors) == {"name"}
    assert draws.find(name) is None


def test_without_entrants_the_draw_is_void_in_public(cast: dict[str, Employee]) -> None:
    draw = draws.freeze(draws.create("2026-08", "August", [("A book", "")], month="2026-08", source_text=SOURCE), DUE)
    assert (draw.status, draw.pool) == ("void", None)
    with pytest.raises(Invalid):
        draws.run(draw, NUMBERS)


def test_what_becomes_known_after_the_freeze_enters_the_next_draw(cast: dict[str, Employee]) -> None:
    first = draws.create("early", "Early", [("A book", "")], month="2026-11", source_text=SOURCE)
    visit(cast["Mei"], TUESDAY - timedelta(days=1))
    draws.freeze(first, DUE)
    visit(cast["Mei"], TUESDAY + timedelta(days=7))
    visit(cast["Noor"], TUESDAY + timedelta(days=17))
    visit(cast["Noor"], TUESDAY + timedelta(days=18))
    db.session.commit()
    clock.set_now(TUESDAY + timedelta(days=21))
    later = draws.create("december", "December", [("A book", "")], month="2026-12", source_text=SOURCE)
    assert dict(draws.entries_due(later)) == {cast["Mei"].subject: 1, cast["Noor"].subject: 1}


def test_a_draw_runs_once_and_only_when_its_numbers_are_due(cast: dict[str, Employee]) -> None:
    draw = draws.freeze(october(), DUE)
    with pytest.raises(Invalid):
        draws.run(draw, NUMBERS)
    db.session.rollback()
    clock.set_now(DUE + timedelta(seconds=5))
    with pytest.raises(Invalid):
        draws.run(draw, "7, 12, 19")
    db.session.rollback()
    draws.run(draw, NUMBERS)
    with pytest.raises(Invalid):
        draws.run(draw, "1./")
    db.session.rollback()
    assert draw.randomness == NUMBERS
    assert draws.check(draw) == []


def test_prizes_go_to_the_first_ranks_and_their_mails_say_so(cast: dict[str, Employee]) -> None:
    draw = drawn()
    assert [r.entrant for r in draw.ranks] == rules_of.verify((draw.pool or "").encode(), NUMBERS).ranks
    assert states(draw) == ["offered", "offered", "waiting", "waiting"]
    assert winner_mails() == [(f"draw:2026-10:rank-{n}", holder(draw, n).subject) for n in (1, 2)]
    row = db.session.scalars(sa.select(Outbox).where(Outbox.occasion == "draw:2026-10:rank-2")).one()
    facts = WonPrize.from_json(row.facts["prize"])
    assert (facts.prize, facts.rank, facts.passed_on) == ("A book of your choice (30 EUR)", 2, False)
    assert draw.drawn_at is not None
    assert facts.deadline == draw.claim_until == draw.drawn_at + timedelta(days=14)


def test_a_claim_settles_the_rank_and_may_be_repeated(cast: dict[str, Employee]) -> None:
    draw = drawn()
    draws.claim(holder(draw, 1), draw)
    draws.claim(holder(draw, 1), draw)
    assert states(draw)[0] == "claimed"
    with pytest.raises(draws.NotOffered):
        draws.decline(holder(draw, 1), draw)
    with pytest.raises(draws.NotOffered):
        draws.claim(holder(draw, 3), draw)
    with pytest.raises(draws.NotOffered):
        draws.claim(cast["Quiet"], draw)


def test_a_declined_prize_waits_for_open_answers_then_goes_to_the_next_rank(cast: dict[str, Employee]) -> None:
    draw = drawn()
    draws.decline(holder(draw, 2), draw)
    assert states(draw) == ["offered", "declined", "waiting", "waiting"]
    draws.claim(holder(draw, 1), draw)
    assert draws.pass_on_due() == 1
    assert states(draw) == ["claimed", "declined", "offered", "waiting"]
    row = db.session.scalars(sa.select(Outbox).where(Outbox.occasion == "draw:2026-10:rank-3")).one()
    assert WonPrize.from_json(row.facts["prize"]).passed_on is True
    assert draws.pass_on_due() == 0


def test_silence_past_the_deadline_passes_prizes_on_in_their_order_until_they_lapse(cast: dict[str, Employee]) -> None:
    draw = drawn()
    clock.set_now(DUE + timedelta(days=15))
    assert draws.pass_on_due() == 2
    assert states(draw) == ["passed", "passed", "offered", "offered"]
    assert [r.why for r in draw.ranks[:2]] == ["silent", "silent"]
    assert [r.prize.name for r in draw.ranks[2:]] == ["Two days off", "A book of your choice"]
    with pytest.raises(draws.NotOffered):
        draws.claim(holder(draw, 1), draw)
    clock.set_now(DUE + timedelta(days=30))
    assert draws.pass_on_due() == 0
    assert draws.outcome(draw).lapsed == ("Two days off", "A book of your choice")


@pytest.mark.parametrize(
    ("change", "why"), [({"status": Status.LEFT}, "left"), ({"email": None, "name": None}, "erased")]
)
def test_a_rank_whose_person_is_gone_is_passed_and_nothing_is_rolled_again(
    cast: dict[str, Employee], change: dict[str, object], why: str
) -> None:
    draw = draws.freeze(october(), DUE)
    clock.set_now(DUE + timedelta(hours=1))
    expected = rules_of.verify((draw.pool or "").encode(), NUMBERS).ranks
    first = db.session.scalars(sa.select(Entrant).where(Entrant.entrant == expected[0])).one()
    gone = db.session.scalars(sa.select(Employee).where(Employee.subject == first.subject)).one()
    for key, value in change.items():
        setattr(gone, key, value)
    db.session.commit()
    draws.run(draw, NUMBERS)
    assert [r.entrant for r in draw.ranks] == expected
    assert states(draw) == ["passed", "offered", "offered", "waiting"]
    assert draw.ranks[0].why == why
    assert draw.ranks[1].prize is not None
    assert draw.ranks[1].prize.position == 1


def test_later_reversals_change_no_pool(cast: dict[str, Employee]) -> None:
    draw = draws.freeze(october(), DUE)
    db.session.execute(sa.update(Share).values(state="opened", visited_at=[]))
    db.session.commit()
    assert draws.check(draw) == []


@pytest.mark.parametrize("field", ["pool", "rules", "source_text", "randomness", "seed", "pool_hash"])
def test_the_check_finds_whatever_was_changed_afterwards(cast: dict[str, Employee], field: str) -> None:
    draw = drawn()
    setattr(draw, field, {"pool": (draw.pool or "").replace(",1\n", ",2\n"), "randomness": "1./"}.get(field, "0" * 64))
    assert draws.check(draw) != []


def test_the_check_finds_ranks_that_were_swapped(cast: dict[str, Employee]) -> None:
    draw = drawn()
    one, two = draw.ranks[0], draw.ranks[1]
    one.entrant, two.entrant = two.entrant, one.entrant
    assert "The ranks do not follow from pool and randomness." in draws.check(draw)


def test_the_digest_names_nobody_who_is_on_no_board_nor_without_an_alias_in_works_council_mode(
    cast: dict[str, Employee],
) -> None:
    draw = drawn()
    first, second = holder(draw, 1), holder(draw, 2)
    first.off_boards = True
    assert [bool(w.name) for w in draws.last_winners(clock.now())] == [False, True]
    first.off_boards, second.alias = False, "Kestrel"
    programmes.current().works_council = True
    assert [w.name for w in draws.last_winners(clock.now())] == ["", "Kestrel"]


def test_the_next_digest_names_winners_and_the_one_after_does_not(cast: dict[str, Employee]) -> None:
    db.session.add(Edition(week="2026-W47", status="released", released_at=TUESDAY))
    drawn()
    named = draws.last_winners(clock.now())
    assert [w.prize for w in named] == ["Two days off", "A book of your choice"]
    assert all(w.name.endswith(" B.") and w.draw == "October draw" for w in named)
    clock.set_now(DUE + timedelta(days=5))
    db.session.add(Edition(week="2026-W48", status="released", released_at=clock.now() - timedelta(hours=1)))
    db.session.flush()
    assert draws.last_winners(clock.now()) == []


def test_only_mails_accepted_a_day_ahead_count_as_proofs(cast: dict[str, Employee]) -> None:
    draw = draws.freeze(october(), DUE)
    rows = db.session.scalars(sa.select(Outbox).order_by(Outbox.id)).all()
    moments = [DUE - timedelta(hours=25), DUE - timedelta(hours=24), DUE - timedelta(hours=23), None]
    for row, at in zip(rows, moments, strict=True):
        row.state, row.settled_at = ("accepted", at) if at else ("queued", None)
    db.session.flush()
    told = draws.outcome(draw)
    assert (told.mails, told.proofs) == (4, 2)


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("name", {"name": "October!"}),
        ("title", {"title": " "}),
        ("prizes", {"prizes": []}),
        ("prizes", {"prizes": [("", "")]}),
        ("month", {"month": "2026-13"}),
        ("month", {"month": "october"}),
        ("alternates", {"alternates": -1}),
    ],
)
def test_a_refused_draw_says_which_field(app: Flask, field: str, more: dict[str, object]) -> None:
    given: dict[str, object] = {"name": "x", "title": "X", "prizes": [("A book", "")], **more}
    with pytest.raises(Invalid) as refusal:
        draws.create(**given)  # type: ignore[arg-type]
    assert set(refusal.value.errors) == {field}
    assert db.session.scalar(sa.select(sa.func.count(Rank.id))) == 0


def test_an_open_draw_may_change_its_prizes(cast: dict[str, Employee]) -> None:
    draw = october()
    draws.edit(draw, "October", [("A plant", ""), ("A lunch", ""), ("A book", "")], source_text=SOURCE)
    db.session.expire_all()
    assert [p.name for p in draw.prizes] == ["A plant", "A lunch", "A book"]
    assert "A plant" in draw.rules


def test_the_published_rules_name_the_programmes_own_limit_of_tickets(app: Flask) -> None:
    programmes.create(name="Good news", company="Fjord", liaison_name="Liam", liaison_email="liam@fjord.example")
    programmes.change(rules={"tickets_a_month": 3})
    assert "at most 3 a month" in draws.create("december", "December", [("A boat trip", "")], month="2026-12").rules
