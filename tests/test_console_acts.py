"""What Liam does at the console: a story, a campaign, an edition, a test mail, a draw, a file of people, a doubt."""

from __future__ import annotations

import io
import re
from datetime import date, timedelta

import pytest
from flask import Flask
from PIL import Image

from service import clock, digests, draws, editions
from service.database import db
from service.models import Campaign, Draw, Edition, Employee, Outbox, Share, Story
from tests import week47
from tests.liam import ADDRESS, Liam, at_the_console
from tests.week47 import WEEK, at, reader

STORY = {
    "title": "Ten roofs, one summer", "url": "https://news.example/roofs", "summary": "What we learned on ten roofs.",
    "kind": "owned", "language": "en", "topics": ["1", "2"], "lead_topic": "2", "publish_from": "2026-11-16T08:00",
}  # fmt: skip


@pytest.fixture
def liam(app: Flask) -> Liam:
    at("2026-11-16T10:00")
    week47.programme()
    return at_the_console(app)


def one(table: type) -> object:
    db.session.expire_all()
    return db.session.query(table).one()


def test_a_story_is_written_with_its_texts_and_a_picture_and_approved(liam: Liam) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (32, 18), "#0b6b5d").save(picture, "PNG")
    picture.seek(0)
    answer = liam.post(
        "/console/stories/new",
        {
            **STORY, "picture": (picture, "roof.png"), "picture_alt": "A roof", "then": "approve",
            "text-all-en": "Ten roofs in one summer.", "new_network": "x", "new_language": "en", "new_text": "Roofs!",
        },
    )  # fmt: skip
    assert answer.status_code == 200 and "1 story approved." in answer.text
    story = one(Story)
    assert isinstance(story, Story)
    assert story.status == "approved" and story.lead_topic == 2 and story.picture_hash
    assert story.publish_from.isoformat() == "2026-11-16T07:00:00+00:00"  # she wrote 8:00 in Rome
    assert {(t.network, t.language): t.text for t in story.texts} == {
        ("", "en"): "Ten roofs in one summer.",
        ("x", "en"): "Roofs!",
    }
    assert f"/pictures/{story.picture_hash}.jpg" in answer.text


def test_what_cannot_stand_is_said_beside_its_field_and_on_top_and_nothing_typed_is_lost(liam: Liam) -> None:
    answer = liam.post("/console/stories/new", {**STORY, "title": "", "url": "roofs", "summary": "Kept words"})
    assert answer.status_code == 422
    assert "2 fields need another look" in answer.text
    assert 'href="#title"' in answer.text and 'id="title-wrong"' in answer.text
    assert "Kept words" in answer.text and 'value="roofs"' in answer.text
    assert re.search(r'name="topics" value="2" checked', answer.text)
    assert db.session.query(Story).count() == 0


def test_a_picture_that_is_none_is_refused_beside_its_field(liam: Liam) -> None:
    answer = liam.post("/console/stories/new", {**STORY, "picture": (io.BytesIO(b"<svg/>"), "x.png")})
    assert answer.status_code == 422
    assert 'id="picture-wrong"' in answer.text


def test_the_card_is_the_mails_own_and_hostile_words_stay_words(liam: Liam) -> None:
    story = week47.story("<script>alert(1)</script> & roofs")
    answer = liam.get(f"/console/stories/{story.id}/card")
    assert "<script" not in answer.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; roofs" in answer.text
    assert answer.headers["Content-Security-Policy"].startswith("sandbox allow-same-origin; default-src 'none'")
    liam.get("/console/stories")
    typed = liam.post("/console/stories/card", {**STORY, "title": "As I type"})
    assert "As I type" in typed.text and "LinkedIn" in typed.text
    assert db.session.query(Story).count() == 1


def test_a_story_shows_what_each_network_gets_with_hashtags(liam: Liam) -> None:
    today = date(2026, 11, 16)
    campaign = Campaign(slug="open", name="Open", hashtags=["#OpenHouse"], starts_on=today, ends_on=today)
    db.session.add(campaign)
    db.session.commit()
    story = week47.story("Roofs", campaign_id=campaign.id)
    assert "Roofs #OpenHouse" in liam.get(f"/console/stories/{story.id}").text


def test_a_campaign_is_planned_and_its_refusals_stand_beside_the_fields(liam: Liam) -> None:
    plan = {"name": "Open house", "hashtags": "OpenHouse", "starts_on": "2026-11-20", "ends_on": "2026-11-19"}
    wrong = liam.post("/console/campaigns/new", {**plan, "multiplier": "2"})
    assert wrong.status_code == 422 and 'id="ends_on-wrong"' in wrong.text and 'value="Open house"' in wrong.text
    right = liam.post("/console/campaigns/new", {**plan, "ends_on": "2026-11-30", "multiplier": "2"})
    campaign = one(Campaign)
    assert isinstance(campaign, Campaign)
    assert "Saved." in right.text and campaign.hashtags == ["#OpenHouse"] and campaign.multiplier == 2
    assert "Planned" in liam.get("/console/campaigns?when=planned").text


def test_before_the_release_everybody_is_counted_with_the_reason_of_those_who_get_none(liam: Liam) -> None:
    week47.story("Roofs")
    reader("Noor"), reader("Bea", topics=[]), reader("Ada", status="left"), reader("Kei", status="left")
    page = liam.get("/console/").text
    assert re.search(r"<b>1</b> person gets it,\s+3 don’t\.", page)
    assert re.search(r"Left the programme</th><td class=\"r\"><a href=\"/console/editions/2026-W47/who/left\">2<", page)
    assert re.search(
        r"Follow no topic yet</th><td class=\"r\"><a href=\"/console/editions/2026-W47/who/no-topics\">1<", page
    )


def test_release_counts_down_undo_returns_to_draft_and_five_minutes_later_it_is_too_late(liam: Liam) -> None:
    week47.story("Roofs")
    reader("Noor")
    liam.get("/console/")
    released = liam.post(f"/console/editions/{WEEK}/act", {"act": "release"})
    assert "Released to <b>1</b> person." in released.text
    assert re.search(r'data-countdown="(29\d|300)"', released.text)
    assert 'http-equiv="refresh"' in released.text and f"/console/editions/{WEEK}/panel" in released.text
    assert "The edition is a draft again" in liam.post(f"/console/editions/{WEEK}/act", {"act": "undo"}).text
    liam.post(f"/console/editions/{WEEK}/act", {"act": "release"})
    at("2026-11-16T10:06")
    late = liam.post(f"/console/editions/{WEEK}/act", {"act": "undo"})
    assert "The five minutes are over" in late.text
    edition = one(Edition)
    assert isinstance(edition, Edition) and edition.status == "released"


def test_progress_is_told_by_the_outbox_and_survives_a_reload(liam: Liam) -> None:
    week47.story("Roofs")
    for name in ("Noor", "Bea", "Kei", "Ada"):
        reader(name)
    found = editions.edition(WEEK)
    editions.release(found, "test")
    digests.plan(found)
    at("2026-11-17T08:00")
    rows = week47.digests()
    for row in rows[:3]:
        row.state = "accepted"
    rows[3].state = "ambiguous"
    db.session.commit()
    for _reload in range(2):
        page = liam.get(f"/console/editions/{WEEK}/panel").text
        assert re.search(r"<b>3</b> of 4 mails sent", page)
        assert '<progress max="4" value="4"' in page
        assert "In doubt: nobody knows whether they arrived" in page
    assert "1 mail is in doubt" in liam.get("/console/").text


def test_pause_resume_and_cancel_are_said_and_done(liam: Liam) -> None:
    week47.story("Roofs")
    reader("Noor")
    liam.get("/console/")
    for act, words, after in (
        ("release", "Released.", "released"),
        ("pause", "Paused.", "released"),
        ("resume", "Resumed.", "released"),
        ("cancel", "Cancelled.", "cancelled"),
    ):
        assert words in liam.post(f"/console/editions/{WEEK}/act", {"act": act}).text
        edition = one(Edition)
        assert isinstance(edition, Edition) and (edition.status, edition.paused) == (after, act == "pause")
    assert "This edition was cancelled." in liam.post(f"/console/editions/{WEEK}/act", {"act": "release"}).text


def test_without_a_story_nothing_is_released_and_the_refusal_says_what_to_do(liam: Liam) -> None:
    liam.get("/console/")
    answer = liam.post(f"/console/editions/{WEEK}/act", {"act": "release"})
    assert "Approve one, then release the edition." in answer.text


def test_her_sentence_stands_in_the_digest(liam: Liam) -> None:
    week47.story("Roofs")
    noor = reader("Noor")
    liam.get("/console/")
    liam.post(f"/console/editions/{WEEK}/words", {"words-en": "{name}, roofs for Tuesday."})
    assert "Noor, roofs for Tuesday." in liam.get(f"/console/editions/{WEEK}/preview/{noor.id}/mail").text


def test_a_preview_is_hers_opens_nothing_and_names_stay_out_of_addresses(liam: Liam) -> None:
    week47.story("Roofs")
    noor, bea = reader("Noor"), reader("Bea", topics=[])
    liam.get("/console/")
    found = liam.post(f"/console/editions/{WEEK}/preview", {"who": "noor@beacon"})
    assert f"employee={noor.id}" in found.text and f"employee={bea.id}" not in found.text
    assert not re.search(r'(href|src|action)="[^"]*(noor|Noor)', found.text)
    assert 'sandbox="allow-same-origin"' in found.text
    mail = liam.get(f"/console/editions/{WEEK}/preview/{noor.id}/mail")
    assert "Roofs" in mail.text and '<base target="_blank">' in mail.text
    assert "allow-scripts" not in mail.headers["Content-Security-Policy"]
    assert "Roofs" in liam.get(f"/console/editions/{WEEK}/preview?employee={noor.id}&view=text").text
    assert "Follow no topic yet." in liam.get(f"/console/editions/{WEEK}/preview?employee={bea.id}").text
    assert db.session.query(Share).count() == 0 and db.session.query(Outbox).count() == 0


def test_a_test_mail_goes_to_liam_alone(liam: Liam) -> None:
    week47.story("Roofs")
    noor = reader("Noor")
    liam.get("/console/")
    answer = liam.post(f"/console/editions/{WEEK}/test", {"employee": noor.id})
    assert f"A test is on its way to {ADDRESS}." in answer.text
    row = one(Outbox)
    assert isinstance(row, Outbox) and row.kind == "test" and row.occasion.startswith(f"test:{WEEK}:")


def test_a_draw_is_opened_changed_and_refused_field_by_field(liam: Liam) -> None:
    plan = {"name": "2026-11", "title": "November", "prizes": "A weekend | 240 €\nA basket", "alternates": "2"}
    wrong = liam.post("/console/draws/new", {**plan, "name": "No Good", "prizes": ""})
    assert wrong.status_code == 422 and 'id="name-wrong"' in wrong.text and 'id="prizes-wrong"' in wrong.text
    assert "The draw is open." in liam.post("/console/draws/new", plan).text
    early = (clock.now() + timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M")
    refusal = liam.post("/console/draws/2026-11/freeze", {"due_at": early})
    assert refusal.status_code == 422 and "at least 48 hours from now" in refusal.text
    assert "Say which public numbers decide" in refusal.text
    liam.post("/console/draws/2026-11/edit", {**plan, "title": "November draw", "source_text": "Lotto of 5 December."})
    later = (clock.now() + timedelta(hours=72)).strftime("%Y-%m-%dT%H:%M")
    void = liam.post("/console/draws/2026-11/freeze", {"due_at": later})
    assert "Nobody holds a ticket" in void.text
    draw = one(Draw)
    assert isinstance(draw, Draw) and draw.status == "void" and draw.title == "November draw"
    assert [(p.name, p.value) for p in draw.prizes] == [("A weekend", "240 €"), ("A basket", "")]


def test_a_draw_is_frozen_and_drawn_and_names_its_winner(liam: Liam) -> None:
    story = week47.story("Roofs")
    noor = reader("Noor")
    moment = clock.now()
    share = Share(
        subject=noor.subject, story_id=story.id, network="linkedin", code="abcdefghij", state="confirmed",
        opened_at=moment, visited_at=[moment.isoformat()],
    )  # fmt: skip
    db.session.add(share)
    db.session.commit()
    draws.create("2026-11", "November", [("A weekend", "")], month="2026-11", source_text="Lotto of 5 December.")
    assert "<b>1</b> colleague would enter" in liam.get("/console/draws/2026-11").text
    due = (clock.now() + timedelta(hours=72)).strftime("%Y-%m-%dT%H:%M")
    assert "Frozen and published." in liam.post("/console/draws/2026-11/freeze", {"due_at": due}).text
    early = liam.post("/console/draws/2026-11/run", {"randomness": "7.12.19./5./"})
    assert early.status_code == 422 and "not due yet" in early.text
    clock.set_now(clock.now() + timedelta(hours=80))
    assert "The numbers for “November” are out." in liam.get("/console/").text
    drawn = liam.post("/console/draws/2026-11/run", {"randomness": "7.12.19./5./"})
    assert "Drawn. The winners get a mail" in drawn.text and "A weekend" in drawn.text
    assert "Offered, not claimed yet" in drawn.text


def test_a_file_of_people_is_shown_first_and_taken_in_after(liam: Liam) -> None:
    file = (io.BytesIO(b"Name;E-mail\nNoor;noor@beacon.example\nNobody;not an address\n"), "people.csv")
    seen = liam.post("/console/people/import", {"file": file})
    assert "<b>1</b> colleague is new," in seen.text and "1 row stays out" in seen.text
    assert db.session.query(Employee).count() == 0
    assert "1 colleague is new." in liam.post(seen.request.path).text
    noor = one(Employee)
    assert isinstance(noor, Employee) and noor.email == "noor@beacon.example"
    assert "Choose a file first." in liam.post("/console/people/import").text
    assert liam.open("/console/people/import/" + "x" * 22).status_code == 404


def test_people_are_searched_without_their_names_in_addresses(liam: Liam) -> None:
    reader("Noor"), reader("Bea")
    page = liam.post("/console/people/search", {"q": "noor"}).text
    assert "noor@beacon.example" in page and "bea@beacon.example" not in page
    assert not re.search(r'(href|action)="[^"]*noor', page)


def test_a_doubt_is_decided_by_liam_once_its_answer_can_no_longer_come(liam: Liam) -> None:
    noor = reader("Noor")
    row = Outbox(
        kind="invitation", occasion="invitation", subject=noor.subject, address_hash="a", language="en",
        message_id="<1@beacon.example>", state="ambiguous", submitted_at=clock.now(), settled_at=clock.now(),
    )  # fmt: skip
    db.session.add(row)
    db.session.commit()
    number = row.id
    assert "Its answer may still come." in liam.get("/console/doubts").text
    assert "cannot be decided now" in liam.post(f"/console/doubts/{number}", {"act": "again"}).text
    clock.set_now(clock.now() + timedelta(minutes=20))
    assert "It is sent once more." in liam.post(f"/console/doubts/{number}", {"act": "again"}).text
    assert db.session.get(Outbox, number).state == "queued"  # type: ignore[union-attr]
