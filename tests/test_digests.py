from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask

from service import clock, digests, editions, suppressions
from service.database import db
from service.models import Campaign, Employee, Omission, Outbox, Selection, Team
from tests import week47
from tests.week47 import NEW_YORK, ROME, TOKYO, WEEK, at, reader, story

MONDAY = "2026-11-16T10:00"


@pytest.fixture
def beacon(app: Flask) -> Flask:
    """Beacon's programme on the Monday before, with three stories."""
    at(MONDAY)
    week47.programme()
    for title in ("One", "Two", "Three"):
        story(title)
    return app


def released(week: str = WEEK) -> editions.Edition:
    found = editions.edition(week)
    editions.release(found, "test")
    return found


def reasons() -> dict[str, str]:
    asked = db.session.query(Employee.name, Omission.reason).join(Omission, Omission.subject == Employee.subject)
    return dict(asked.all())


def names(rows: list[Outbox]) -> list[str | None]:
    by_subject = {e.subject: e.name for e in db.session.query(Employee)}
    return sorted(by_subject[r.subject] for r in rows)


def test_everybody_gets_one_mail_at_her_own_nine_oclock(beacon: Flask) -> None:
    for name, zone in (("Noor", ROME), ("Bea", NEW_YORK), ("Kei", TOKYO)):
        reader(name, zone=zone)
    counts = digests.plan(released())
    assert counts.planned == 3 and counts.omitted == {} and counts.keys == 1
    due = {r.facts["to"]["name"]: r.due_at for r in week47.digests()}
    assert due == {
        "Kei": datetime(2026, 11, 17, 0, tzinfo=UTC),
        "Noor": datetime(2026, 11, 17, 8, tzinfo=UTC),
        "Bea": datetime(2026, 11, 17, 14, tzinfo=UTC),
    }


def test_a_row_holds_all_that_composing_needs(beacon: Flask) -> None:
    noor = reader("Noor", networks=["mastodon", "x"], language="it")
    edition = released()
    digests.plan(edition)
    row = week47.digests()[0]
    assert row.occasion == "digest:2026-W47" and row.language == "it" and row.edition_id == edition.id
    assert row.facts["to"] == {"name": "Noor", "networks": ["mastodon", "x"], "link_id": noor.link_id}
    assert row.facts["pass"] == {"key": 1, "day": (date(2026, 11, 17) - date(1970, 1, 1)).days}
    assert row.facts["you"]["points"] == 0
    assert row.selection is not None and len(row.selection.stories) == 3
    assert row.state == "queued"


def test_planning_again_adds_only_who_is_new(beacon: Flask) -> None:
    reader("Noor"), reader("Bea", topics=[])
    edition = released()
    digests.plan(edition)
    before = [(r.id, r.message_id) for r in week47.digests()]
    assert digests.plan(edition).planned == 0
    assert [(r.id, r.message_id) for r in week47.digests()] == before
    reader("Ada", created_at=clock.now())
    assert digests.plan(edition).planned == 1
    assert names(week47.digests()) == ["Ada", "Noor"]
    assert reasons() == {"Bea": "no-topics"}


def test_a_slot_is_planned_half_an_hour_ahead_and_not_before(beacon: Flask) -> None:
    reader("Noor"), reader("Bea", zone=NEW_YORK)
    released()
    at("2026-11-17T07:29")
    assert digests.plan_due_slots() == 0
    at("2026-11-17T07:30")
    assert digests.plan_due_slots() == 1
    assert digests.plan_due_slots() == 0
    assert names(week47.digests()) == ["Noor"]
    at("2026-11-17T13:31")
    assert digests.plan_due_slots() == 1


def test_each_reason_is_written_down(beacon: Flask) -> None:
    reader("Left", status="left")
    reader("Suspended", status="suspended")
    reader("Paused", status="paused")
    reader("NoTopics", topics=[])
    reader("OtherTopic", topics=[2])
    reader("OtherLanguage", reads=["it"])
    reader("Uninvited", status="invited", invited_at=None)
    for name, scope, why in (
        ("Bounced", "all", "bounced"),
        ("Unsubscribed", "digest", "unsubscribed"),
        ("Complained", "all", "complained"),
    ):
        suppressions.suppress(reader(name).email or "", scope, why)
    reader("Gone", status="gone")
    reader("Winner")
    suppressions.suppress("winner@beacon.example", "draw", "unsubscribed")
    counts = digests.plan(released())
    assert reasons() == {
        "Left": "left",
        "Suspended": "suspended",
        "Paused": "paused",
        "NoTopics": "no-topics",
        "OtherTopic": "nothing-new",
        "OtherLanguage": "nothing-new",
        "Uninvited": "not-invited",
        "Bounced": "bounced",
        "Unsubscribed": "unsubscribed",
        "Complained": "complained",
    }
    assert counts.planned == 1 and names(week47.digests()) == ["Winner"]
    assert counts.omitted == Counter(reasons().values())


def test_the_forecast_of_a_draft_says_what_planning_does_and_writes_nothing(beacon: Flask) -> None:
    reader("Noor"), reader("Bea", topics=[]), reader("Kei", zone=TOKYO)
    edition = editions.edition(WEEK)
    told = digests.forecast(edition)
    assert (week47.digests(), reasons()) == ([], {})
    editions.release(edition, "test")
    assert digests.plan(edition) == told


def test_a_draft_is_not_planned(beacon: Flask) -> None:
    with pytest.raises(digests.NotReleased):
        digests.plan(editions.edition(WEEK))


def test_nobody_is_shown_a_story_twice_and_who_has_seen_all_is_told_nothing_new(beacon: Flask) -> None:
    reader("Noor")
    digests.plan(released())
    week47.settle("accepted")
    at("2026-11-23T10:00")
    next_week = released("2026-W48")
    assert digests.plan(next_week).omitted == {"nothing-new": 1}
    fresh = story("Four", created_at=clock.now(), publish_from=clock.now())
    at("2026-11-30T10:00")
    digests.plan(released("2026-W49"))
    row = week47.digests(occasion="digest:2026-W49")[0]
    assert row.selection is not None and row.selection.stories == [fresh.id]


@pytest.mark.parametrize(
    ("state", "again"),
    [("delivered", 0), ("ambiguous", 0), ("queued", 0), ("bounced", 1), ("cancelled", 1), ("failed", 1)],
)
def test_only_mails_that_came_or_may_still_come_count_as_shown(beacon: Flask, state: str, again: int) -> None:
    reader("Noor")
    digests.plan(released())
    week47.settle(state)
    at("2026-11-23T10:00")
    assert digests.plan(released("2026-W48")).planned == again


def test_readers_with_one_key_share_one_selection(beacon: Flask) -> None:
    for number in range(12):
        # Topic 99 and Klingon concern no story, so they make no key of their own.
        reader(f"N{number}", topics=[1, 99] if number % 2 else [1], reads=["en", "tlh"] if number % 3 else ["en"])
    counts = digests.plan(released())
    assert counts.planned == 12 and counts.keys == 1
    assert db.session.query(Selection).count() == 1


def test_a_story_and_its_campaign_reach_only_teams_of_both_audiences(beacon: Flask) -> None:
    db.session.add_all([Team(name="Sales"), Team(name="Research")])
    db.session.flush()
    house = Campaign(
        slug="open-house",
        name="Open house",
        hashtags=["#ToBeAPartner"],
        audience=[1],
        starts_on=date(2026, 11, 1),
        ends_on=date(2026, 11, 30),
    )
    db.session.add(house)
    db.session.flush()
    told = story("Open house", campaign_id=house.id, audience=[1, 2])
    lost = story("Nobody's", campaign_id=house.id, audience=[2])
    reader("Sally", team_id=1), reader("Rea", team_id=2), reader("Solo")
    edition = released()
    digests.plan(edition)
    stories = {r.facts["to"]["name"]: r.selection.stories for r in week47.digests() if r.selection}
    assert stories["Sally"][0] == told.id
    assert told.id not in stories["Rea"] and told.id not in stories["Solo"]
    assert lost.id not in {s["id"] for s in edition.frozen["stories"]}
    card = next(s for s in edition.frozen["stories"] if s["id"] == told.id)
    assert card["hashtags"] == ["#ToBeAPartner"] and card["campaign"] == "Open house"


def test_a_story_is_shown_only_in_slots_within_its_window(beacon: Flask) -> None:
    reader("Kei", zone=TOKYO), reader("Noor"), reader("Bea", zone=NEW_YORK)
    short = story(
        "Short",
        publish_from=datetime(2026, 11, 17, 8, tzinfo=UTC),
        publish_until=datetime(2026, 11, 17, 14, tzinfo=UTC),
    )
    digests.plan(released())
    got = {r.facts["to"]["name"] for r in week47.digests() if r.selection and short.id in r.selection.stories}
    assert got == {"Noor"}


def test_a_story_archived_after_the_release_is_not_sent_anew(beacon: Flask) -> None:
    gone = story("Four")
    reader("Noor")
    edition = released()
    gone.status = "archived"
    db.session.commit()
    digests.plan(edition)
    assert all(gone.id not in s.stories for s in db.session.query(Selection))


def test_a_slot_less_than_a_day_past_goes_at_once_and_later_ones_are_held(beacon: Flask) -> None:
    reader("Kei", zone=TOKYO), reader("Noor"), reader("Early", slot_weekday=1, slot_hour=1)
    at("2026-11-17T09:00")
    edition = released()
    at("2026-11-17T09:10")
    counts = digests.plan(edition)
    assert (counts.planned, counts.held) == (2, 1)
    state = {r.facts["to"]["name"]: (r.state, r.why) for r in week47.digests()}
    assert state == {"Kei": ("queued", None), "Noor": ("queued", None), "Early": ("held", "late")}
    soon = {r.due_at for r in week47.digests(state="queued")}
    assert all(abs(d - clock.now()) < timedelta(seconds=30) for d in soon)


def test_nothing_is_due_within_the_quiet_minutes(beacon: Flask) -> None:
    reader("Noor")
    at("2026-11-17T09:00")
    edition = released()
    digests.plan(edition)
    assert week47.digests()[0].due_at == edition.leaves_at


@pytest.mark.parametrize(("first", "then"), [(NEW_YORK, TOKYO), (TOKYO, NEW_YORK), (ROME, "Pacific/Kiritimati")])
def test_who_moves_to_another_zone_mid_week_gets_exactly_one(beacon: Flask, first: str, then: str) -> None:
    noor = reader("Noor", zone=first)
    released()
    at("2026-11-17T07:45")
    digests.plan_due_slots()
    noor.zone = then
    db.session.commit()
    for moment in ("2026-11-17T08:15", "2026-11-17T13:45", "2026-11-18T00:00", "2026-11-20T00:00"):
        at(moment)
        digests.plan_due_slots()
    assert len(week47.digests()) == 1


def test_a_pause_counts_on_the_day_of_the_slot_where_she_is(beacon: Flask) -> None:
    reader("Until", status="paused", paused_until=date(2026, 11, 16))
    reader("Still", status="paused", paused_until=date(2026, 11, 17))
    digests.plan(released())
    assert names(week47.digests()) == ["Until"]
    assert reasons() == {"Still": "paused"}


def test_a_reason_noted_early_passes_when_it_has_passed_before_the_slot(beacon: Flask) -> None:
    noor = reader("Noor", status="paused")
    edition = released()
    digests.plan(edition)
    assert reasons() == {"Noor": "paused"}
    noor.status = "active"
    db.session.commit()
    digests.plan(edition)
    assert names(week47.digests()) == ["Noor"] and reasons() == {}


def test_a_reason_stands_once_the_slot_is_past(beacon: Flask) -> None:
    noor = reader("Noor", status="paused")
    edition = released()
    at("2026-11-17T08:00")
    digests.plan_due_slots()
    noor.status = "active"
    db.session.commit()
    at("2026-11-17T08:05")
    digests.plan(edition)
    assert week47.digests() == [] and reasons() == {"Noor": "paused"}


def test_the_invited_become_active_with_their_first_edition_but_not_within_the_quiet_minutes(beacon: Flask) -> None:
    noor, bea = reader("Noor", status="invited"), reader("Bea", status="invited", topics=[])
    ada = reader("Ada", status="invited", invited_at=None)
    edition = released()
    digests.plan(edition)
    assert {noor.status, bea.status, ada.status} == {"invited"}
    clock.set_now(clock.now() + editions.QUIET + timedelta(seconds=1))
    digests.plan_due_slots()
    assert (noor.status, bea.status, ada.status) == ("active", "active", "invited")


def test_in_an_opt_in_programme_the_invited_wait_for_their_own_yes(app: Flask) -> None:
    at(MONDAY)
    week47.programme(opt_in=True)
    story("One")
    noor = reader("Noor", status="invited")
    edition = released()
    at("2026-11-17T08:00")
    digests.plan(edition)
    assert reasons() == {"Noor": "awaiting-yes"} and noor.status == "invited"


def test_who_comes_when_her_slot_has_passed_waits_for_the_next_edition(beacon: Flask) -> None:
    reader("Noor")
    edition = released()
    at("2026-11-17T12:00")
    reader("Ada", created_at=clock.now()), reader("Bea", created_at=clock.now(), zone=NEW_YORK)
    digests.plan(edition)
    assert names(week47.digests()) == ["Bea", "Noor"] and reasons() == {"Ada": "joined-later"}


def test_an_address_that_had_its_copy_gets_no_second_one_under_another_name(beacon: Flask) -> None:
    old = reader("Noor")
    edition = released()
    digests.plan(edition)
    old.email = "noor.old@beacon.example"
    db.session.commit()
    reader("Nora", email="noor@beacon.example", created_at=clock.now())
    digests.plan(edition)
    assert names(week47.digests()) == ["Noor"] and reasons() == {"Nora": "address-served"}
    at("2026-11-17T08:10")
    assert digests.undecided(edition) == 0


def test_more_readers_than_a_page_are_planned_once_each_and_progress_is_told(
    beacon: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.readers.PAGE", 7)
    for number in range(20):
        reader(f"N{number}", zone=(ROME, TOKYO)[number % 2], topics=[1] if number % 5 else [])
    edition = released()
    told: list[int] = []
    assert digests.undecided(edition) == 20
    assert digests.plan(edition, told.append).planned == 16
    assert told == [7, 7, 6]
    assert len({r.subject for r in week47.digests()}) == 16


def test_planning_stops_where_the_edition_is_undone_meanwhile(beacon: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.readers.PAGE", 1)
    reader("Noor"), reader("Bea")
    edition = released()
    digests.plan(edition, lambda _: editions.undo(edition) and None if edition.status == "released" else None)
    assert week47.digests() == [] and edition.status == "draft"


def test_a_zone_that_no_table_has_stops_nobody(beacon: Flask) -> None:
    reader("Noor", zone="Mars/Olympus_Mons"), reader("Bea")
    assert digests.plan(released()).planned == 2
    assert {r.due_at.hour for r in week47.digests()} == {8, 9}


def test_a_page_that_only_reads_counts_all_readers_once_and_the_next_page_anew(beacon: Flask) -> None:
    from service import programmes, readers
    from service.database import reading

    reader("Noor")
    counted = []
    for _ in range(2):
        with beacon.test_request_context():
            before = reading.set(True)
            slots = [readers.all_slots(WEEK, programmes.current()) for _ in range(2)]
            reading.reset(before)
            reader("Bea", zone=TOKYO) if not counted else None
            counted += [sum(each.values()) for each in slots]
    assert counted == [1, 1, 2, 2]
    reader("Cem")
    assert sum(readers.all_slots(WEEK, programmes.current()).values()) == 3
