from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask

from service import clock, digests, editions
from service.database import db
from service.models import Campaign, Edition, Omission, Outbox, Picture, Selection
from tests import week47
from tests.week47 import NEW_YORK, WEEK, at, reader, story


@pytest.fixture
def beacon(app: Flask) -> Flask:
    week47.monday_before()
    return app


def released(week: str = WEEK) -> Edition:
    return editions.release(editions.edition(week), "test")


def later(**time: int) -> None:
    clock.set_now(clock.now() + timedelta(**time))


@pytest.mark.parametrize(
    ("moment", "week"),
    [
        ("2026-11-16T10:00", "2026-W47"),
        ("2026-11-17T08:00", "2026-W47"),
        ("2026-11-18T07:59", "2026-W47"),
        ("2026-11-18T08:00", "2026-W48"),
        ("2026-11-22T22:59", "2026-W48"),
        ("2026-11-22T23:00", "2026-W48"),
    ],
)
def test_the_edition_that_matters_is_this_weeks_until_its_last_slot_is_a_day_past(
    beacon: Flask, moment: str, week: str
) -> None:
    at(moment)
    assert editions.current_week() == week


def test_an_edition_is_made_once_as_a_draft(beacon: Flask) -> None:
    assert editions.find(WEEK) is None
    first = editions.edition()
    assert (first.week, first.status, first.frozen) == (WEEK, "draft", None)
    assert editions.edition(WEEK).id == first.id
    assert db.session.query(Edition).count() == 1


def test_what_is_no_week_makes_no_edition(beacon: Flask) -> None:
    with pytest.raises(ValueError):
        editions.edition("2026-W99")


def test_a_release_freezes_texts_for_five_quiet_minutes_and_more(beacon: Flask) -> None:
    one = db.session.get(week47.Story, 1)
    edition = editions.edition(WEEK)
    editions.set_words(edition, {"en": "  Good\r\nreads. ", "it": " "})
    editions.release(edition, "test")
    assert edition.leaves_at - edition.released_at == timedelta(minutes=5)
    one.title = "Changed later"
    db.session.commit()
    frozen = editions.texts_of(edition)
    assert [s.title for s in frozen.texts.stories] == ["One", "Two"]
    assert frozen.texts.words == {"en": "Good reads."}
    assert frozen.texts.programme.base_url == "https://good.example"
    assert frozen.texts.stories[0].topic == {"": "Health"}
    assert [c.id for c in frozen.candidates] == [1, 2]


def test_words_are_part_of_what_freezes(beacon: Flask) -> None:
    with pytest.raises(editions.EditionError, match="released already"):
        editions.set_words(released(), {"en": "Too late."})


def test_an_edition_without_a_story_to_tell_is_not_released(beacon: Flask) -> None:
    for row in db.session.query(week47.Story):
        row.status = "draft"
    db.session.commit()
    edition = editions.edition(WEEK)
    with pytest.raises(editions.EditionError, match="No approved story"):
        editions.release(edition, "test")
    assert edition.status == "draft"


def test_frozen_texts_hold_picture_topic_and_alternative_words(beacon: Flask) -> None:
    picture = Picture(hash="ab" * 32, mime="image/jpeg", width=1200, height=675, body=b"x")
    db.session.add(picture)
    db.session.flush()
    told = story("Three", picture_hash=picture.hash, picture_alt="A probe", topics=[1, 2], lead_topic=2)
    card = editions.texts_of(released()).texts.stories[-1]
    assert (card.id, card.alt) == (told.id, "A probe")
    assert card.picture == f"https://good.example/pictures/{'ab' * 32}.jpg"
    assert card.topic == {"": "Space", "it": "Spazio"}


def test_before_there_is_a_programme_nothing_is_due(app: Flask) -> None:
    editions.close_what_is_due()
    assert digests.plan_due_slots() == 0
    assert db.session.query(Edition).count() == 0


def test_a_second_release_is_refused(beacon: Flask) -> None:
    edition = released()
    with pytest.raises(editions.EditionError, match="released already"):
        editions.release(edition, "test")


def test_undo_returns_everything_to_draft_and_the_same_people_can_be_planned_again(beacon: Flask) -> None:
    reader("Bea", topics=[])
    edition = released()
    digests.plan(edition)
    editions.undo(edition)
    assert (edition.status, edition.frozen, edition.leaves_at) == ("draft", None, None)
    assert [db.session.query(t).count() for t in (Outbox, Omission, Selection)] == [0, 0, 0]
    db.session.get(week47.Story, 1).title = "Better"
    db.session.commit()
    editions.release(edition, "test")
    digests.plan(edition)
    assert len(week47.digests()) == 1
    assert editions.texts_of(edition).texts.stories[0].title == "Better"


def test_undo_keeps_a_test_mail_that_was_sent_meanwhile(beacon: Flask) -> None:
    edition = released()
    digests.plan(edition)
    digests.send_test(edition, db.session.get(week47.Employee, 1), "liam@beacon.example")
    editions.undo(edition)
    assert [r.kind for r in db.session.query(Outbox)] == ["test"]


def test_after_five_minutes_there_is_no_undo(beacon: Flask) -> None:
    edition = released()
    digests.plan(edition)
    later(minutes=5, seconds=1)
    with pytest.raises(editions.EditionError, match="five minutes are over"):
        editions.undo(edition)
    assert edition.status == "released" and len(week47.digests()) == 1


def test_undo_of_a_draft_says_that_it_is_one(beacon: Flask) -> None:
    with pytest.raises(editions.EditionError, match="is a draft"):
        editions.undo(editions.edition(WEEK))


def test_a_mail_that_left_is_never_forgotten_by_undo(beacon: Flask) -> None:
    edition = released()
    digests.plan(edition)
    week47.settle("accepted")
    with pytest.raises(editions.EditionError, match="has left already"):
        editions.undo(edition)
    assert edition.status == "released" and len(week47.digests()) == 1


def test_pause_and_resume_turn_the_sending_off_and_on(beacon: Flask) -> None:
    edition = released()
    editions.pause(edition)
    assert edition.paused
    edition.held_why = "the mail server refused the sign-in"
    db.session.commit()
    editions.resume(edition)
    assert (edition.paused, edition.held_why, edition.status) == (False, None, "released")


def test_what_is_a_day_late_after_a_pause_is_held_until_somebody_decides(beacon: Flask) -> None:
    edition = released()
    digests.plan(edition)
    editions.pause(edition)
    at("2026-11-18T08:01")
    editions.resume(edition)
    row = week47.digests()[0]
    assert (row.state, row.why) == ("held", "late")
    assert editions.send_held(edition) == 1
    db.session.refresh(row)
    assert (row.state, row.why) == ("queued", None)
    editions.close_what_is_due()
    db.session.refresh(row)
    assert row.state == "queued"


def test_a_cancelled_edition_sends_nothing_more_also_not_what_a_worker_held(beacon: Flask) -> None:
    reader("Bea"), reader("Ada")
    edition = released()
    digests.plan(edition)
    sent, leased, _ = week47.digests()
    sent.state, leased.state = "accepted", "leased"
    db.session.commit()
    editions.cancel(edition)
    assert [r.state for r in week47.digests()] == ["accepted", "leased", "cancelled"]
    leased.state = "queued"
    db.session.commit()
    editions.close_what_is_due()
    db.session.expire_all()
    assert [r.state for r in week47.digests()] == ["accepted", "cancelled", "cancelled"]
    with pytest.raises(editions.EditionError, match="was cancelled"):
        editions.resume(edition)


def test_an_edition_closes_when_its_last_slot_is_past_and_every_row_is_final(beacon: Flask) -> None:
    reader("Bea", zone=NEW_YORK)
    edition = released()
    digests.plan(edition)
    at("2026-11-17T13:59")
    editions.close_what_is_due()
    assert edition.status == "released"
    at("2026-11-17T14:00")
    editions.close_what_is_due()
    assert edition.status == "closing"
    week47.settle("accepted")
    row = week47.digests()[0]
    row.state = "ambiguous"
    db.session.commit()
    editions.close_what_is_due()
    assert edition.status == "closing"
    row.state = "delivered"
    db.session.commit()
    editions.close_what_is_due()
    assert edition.status == "closed" and edition.closed_at is not None


def test_an_edition_does_not_close_over_people_who_were_not_planned(beacon: Flask) -> None:
    edition = released()
    at("2026-11-17T09:00")
    editions.close_what_is_due()
    assert edition.status == "closing"
    assert digests.plan_due_slots() == 1
    week47.settle("accepted")
    editions.close_what_is_due()
    assert edition.status == "closed"


def test_late_mails_that_nobody_decides_on_end_after_a_week(beacon: Flask) -> None:
    edition = released()
    digests.plan(edition)
    at("2026-11-19T08:00")
    editions.close_what_is_due()
    assert week47.digests()[0].state == "held"
    at("2026-11-24T08:00")
    editions.close_what_is_due()
    db.session.expire_all()
    assert week47.digests()[0].state == "cancelled" and edition.status == "closed"


def test_time_alone_makes_the_next_draft_and_releases_only_where_that_is_set(beacon: Flask) -> None:
    editions.close_what_is_due()
    edition = editions.find(WEEK)
    assert edition is not None and edition.status == "draft" and editions.is_overdue(edition)
    db.session.get(week47.Programme, 1).automatic_release = True
    db.session.commit()
    editions.close_what_is_due()
    assert edition.status == "released"


def test_an_automatic_release_waits_for_the_day_before_the_first_slot(beacon: Flask) -> None:
    db.session.get(week47.Programme, 1).automatic_release = True
    db.session.commit()
    at("2026-11-16T07:59")
    editions.close_what_is_due()
    assert editions.edition(WEEK).status == "draft"
    at("2026-11-16T08:00")
    editions.close_what_is_due()
    assert editions.edition(WEEK).status == "released"


def test_an_automatic_release_without_a_story_stays_a_draft(beacon: Flask) -> None:
    db.session.get(week47.Programme, 1).automatic_release = True
    for row in db.session.query(week47.Story):
        row.status = "archived"
    db.session.commit()
    editions.close_what_is_due()
    assert editions.edition(WEEK).status == "draft"


def test_a_campaigns_story_waits_for_the_first_day_and_stands_first_until_the_last(beacon: Flask) -> None:
    house = Campaign(slug="house", name="House", starts_on=date(2026, 11, 18), ends_on=date(2026, 11, 18))
    db.session.add(house)
    db.session.flush()
    told = story("House", campaign_id=house.id)
    for name, weekday in (("Before", 2), ("During", 3), ("After", 4)):
        reader(name, slot_weekday=weekday)
    digests.plan(released())
    chosen = {r.facts["to"]["name"]: r.selection.stories for r in week47.digests() if r.selection}
    assert told.id not in chosen["Before"]
    assert chosen["During"][0] == told.id
    assert told.id in chosen["After"]
    candidate = editions.texts_of(editions.edition(WEEK)).candidates[-1]
    assert candidate.published == datetime(2026, 11, 17, 23, tzinfo=UTC)
    assert candidate.campaign_until == datetime(2026, 11, 18, 23, tzinfo=UTC)
