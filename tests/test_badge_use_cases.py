"""service.badges. In: what the liaison decides, on both databases. Out: badges tried, given and taken back; streaks."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from scoring.badges import Wrong
from service import badge_fillings, badge_trials, badges, choices, clock, ledger, recognition, settling
from service.database import db
from service.models import Award, Edition, Rest, Story, Team, Topic
from tests.conftest import TUESDAY
from tests.test_settling import house as house
from tests.test_settling import noor, share, visit

GARDEN = {"slug": "gardener", "title": {"en": "Gardener"}, "criterion": {"kind": "shares", "topic": "garden"}}


def held(subject: str) -> list[tuple[str, int]]:
    rows = sa.select(Award.badge, Award.level).where(Award.subject == subject, Award.revoked_at.is_(None))
    return [tuple(row) for row in db.session.execute(rows.order_by(Award.badge, Award.level))]  # type: ignore[misc]


def filled() -> tuple[int, int]:
    row = badge_fillings.begin()
    badge_fillings.work()
    db.session.refresh(row)
    assert row.finished_at and row.done == row.people
    return row.given, row.taken_back


def test_a_badge_of_ones_own_is_tried_kept_filled_in_and_taken_back(house: Flask) -> None:
    topic = Topic(slug="garden", name="Garden")
    db.session.add(topic)
    db.session.flush()
    story = Story(title="Beans", url="https://acme.example/beans", topics=[topic.id])
    db.session.add(story)
    db.session.flush()
    her, other = noor(), noor("Bea")
    visit(share(her, story=story), "ana")
    visit(share(other), "ana")
    for who in (her, other):
        settling.settle(who.subject)
    db.session.commit()
    (tried,) = badge_trials.try_out(GARDEN)
    assert (tried.levels, tried.earners, tried.losers) == (((1, 1, 0),), (her.subject,), ())
    assert held(her.subject) == [("first-word", 1)]
    assert badges.apply([GARDEN]) == ["gardener"]
    assert filled() == (3, 0)  # both were the first to share a story
    assert held(her.subject) == [("early-bird", 1), ("first-word", 1), ("gardener", 1)]
    assert all(a.told_at for a in db.session.scalars(sa.select(Award)) if a.badge != "first-word")
    assert filled() == (0, 0)
    assert ledger.verify() == []
    (tried,) = badge_trials.try_out({**GARDEN, "criterion": {"kind": "shares", "topic": "sea"}})
    assert (tried.levels, tried.losers) == (((0, 0, 1),), (her.subject,))
    page = recognition.page_facts(her)
    assert [(b.name, b.level) for b in page.badges if b.slug == "gardener"] == [("Gardener", 1)]


def test_a_filling_that_is_killed_goes_on_where_it_was_and_counts_nobody_twice(house: Flask) -> None:
    everybody = [noor(f"P{n}") for n in range(6)]
    for person in everybody:
        visit(share(person), "ana")
    people = sorted(person.subject for person in everybody)
    row, seen = badge_fillings.begin(), []

    def killed(_people: int) -> None:
        seen.append(1)
        if len(seen) in (2, 3):
            raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            badge_fillings.work(killed)
        db.session.remove()
    row = db.session.merge(row)
    assert (row.done, row.given, row.last, row.finished_at) == (3, 3, people[2], None)
    assert badge_fillings.begin().id == row.id  # asked again, it is the same one
    badge_fillings.work(killed)
    db.session.refresh(row)
    assert (row.done, row.given, row.taken_back) == (6, 12, 0)  # each was the first to share her story too
    assert [held(person)[-1] for person in people] == [("first-word", 1)] * 6
    assert all(award.told_at for award in db.session.scalars(sa.select(Award)))
    badges.switch("first-word", False)
    clock.set_now(TUESDAY + timedelta(minutes=1))
    assert badge_fillings.begin().id != row.id


def test_a_badge_that_somebody_earns_meanwhile_is_told_by_mail_as_ever(house: Flask) -> None:
    first, second = sorted((noor("Ana"), noor("Bea")), key=lambda person: person.subject)
    visit(share(first), "ana")
    visit(share(second), "ana")
    badge_fillings.begin()

    def meanwhile(_people: int) -> None:
        settling.settle(second.subject)
        db.session.commit()

    badge_fillings.work(meanwhile)
    told = dict(db.session.execute(sa.select(Award.subject, Award.told_at).where(Award.badge == "first-word")).all())
    assert told[first.subject] and told[second.subject] is None


def test_what_a_liaison_takes_back_does_not_come_back_by_itself(house: Flask) -> None:
    her = noor()
    visit(share(her), "ana")
    settling.settle(her.subject)
    db.session.commit()
    assert badges.revoke(her.subject, "first-word", "  A test,\n not a share. ") == 1
    filled()
    assert held(her.subject) == [("early-bird", 1)]
    assert ledger.verify() == []
    assert db.session.scalar(sa.select(Award.revoked_why).where(Award.badge == "first-word")) == "A test, not a share."
    with pytest.raises(badges.Unknown):
        badges.revoke(her.subject, "first-word", "again")
    with pytest.raises(ValueError, match="why"):
        badges.revoke(her.subject, "early-bird", " ")


def test_a_badge_that_is_off_is_neither_given_nor_taken(house: Flask) -> None:
    her, other = noor(), noor("Bea")
    visit(share(her), "ana")
    settling.settle(her.subject)
    badges.switch("first-word", False)
    visit(share(other), "ana")
    for who in (her, other):
        settling.settle(who.subject)
    db.session.commit()
    assert (held(her.subject), held(other.subject)) == ([("first-word", 1)], [])
    with pytest.raises(badges.Unknown):
        badges.switch("nothing", True)


def test_being_first_goes_by_what_is_confirmed_and_a_team_stays_together(house: Flask) -> None:
    team = Team(name="Lab")
    db.session.add(team)
    db.session.flush()
    people = [noor(f"P{n}") for n in range(5)]
    for who in people:
        who.team_id = team.id
    story = Story(title="One", url="https://acme.example/one")
    db.session.add(story)
    db.session.flush()
    first = visit(share(people[0], story=story), "ana", 1)
    visit(share(people[1], story=story), "ana", 2)
    for who in people:
        settling.settle(who.subject)
    db.session.commit()
    assert badges.settle_together() == 3
    assert badges.settle_together() == 0
    assert held(people[0].subject) == [("early-bird", 1), ("first-word", 1), ("together", 1)]
    assert held(people[1].subject) == [("first-word", 1), ("together", 1)]
    first.verdict = "bot"
    settling.settle(people[0].subject)
    db.session.commit()
    badges.settle_together()
    assert held(people[0].subject) == []
    assert held(people[1].subject) == [("early-bird", 1), ("first-word", 1), ("together", 1)]


def test_pauses_holidays_and_weeks_without_edition_keep_a_streak_whole(house: Flask) -> None:
    her = noor()
    for week in (0, 1, 4):
        visit(share(her), "ana", hours=week * 168)
    clock.set_now(TUESDAY + timedelta(days=29))
    settling.settle(her.subject)
    db.session.commit()

    def streak() -> int:
        return recognition.digest_facts([her.subject], "2026-W51")[her.subject].weeks

    assert streak() == 1
    badges.holidays("", ["2026-W49"])
    assert streak() == 1
    db.session.add(Rest(subject=her.subject, from_on=date(2026, 12, 9), until_on=date(2026, 12, 9)))
    db.session.commit()
    assert streak() == 3
    badges.holidays("", [])
    assert streak() == 1
    for week in (47, 48, 51):
        db.session.add(Edition(week=f"2026-W{week}", released_at=TUESDAY, status="closed"))
    db.session.commit()
    assert streak() == 3
    with pytest.raises(ValueError, match="week"):
        badges.holidays("", ["2026-W60"])


def test_pauses_are_remembered_day_by_day(house: Flask) -> None:
    her = noor()
    db.session.commit()
    choices.pause(her, None)
    choices.pause(her, date(2026, 11, 30))
    clock.set_now(TUESDAY + timedelta(days=3))
    choices.resume(her)
    choices.pause(her, date(2026, 11, 25))
    rows = db.session.execute(sa.select(Rest.from_on, Rest.until_on).order_by(Rest.id)).all()
    assert rows[0].from_on == date(2026, 11, 17)
    assert rows[-1].until_on == date(2026, 11, 25)


def test_rules_that_fell_silent_or_fire_for_everybody_are_told(house: Flask) -> None:
    for n in range(12):
        who = f"{n:032x}"
        for slug in ("first-word", "regular"):
            for level in range(1, 4) if slug == "regular" else [1]:
                db.session.add(Award(subject=who, badge=slug, level=level, earned_at=TUESDAY, created_at=TUESDAY))
    for week in (5, 6, 8):
        at = TUESDAY - timedelta(weeks=week)
        db.session.add(Award(subject=f"{week}", badge="own-voice", earned_at=at, created_at=at))
    db.session.commit()
    found = {s.badge.slug: s.warning for s in badges.standings() if s.warning}
    assert found == {"regular": "everybody", "own-voice": "silent"}


def test_a_file_that_cannot_stand_changes_nothing(house: Flask) -> None:
    with pytest.raises(Wrong) as refusal:
        badges.apply([GARDEN, {**GARDEN, "slug": "No"}])
    assert str(refusal.value) == "badge 2: slug: use small letters, digits and single hyphens, at most 40 characters"
    assert badges.apply(badges.export())
    assert [s.own for s in badges.standings()] == [False] * len(badges.export())
