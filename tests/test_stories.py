"""Stories. In: what a liaison types. Out: stories with a status and share texts, or a refusal beside each field."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from service import campaigns, clock, pictures, stories, topics
from service.database import db
from service.models import Story, Team
from service.models.content import StoryStatus
from service.validation import Invalid
from tests.test_pictures import drawn

PLAIN: dict[str, Any] = {"title": "How we hire", "url": "https://acme.example/hire", "summary": "Two lines."}


@pytest.fixture(autouse=True)
def content(app: Flask) -> None:
    topics.create("Design")
    topics.create("Culture")
    db.session.add(Team(id=1, name="Sales"))
    db.session.commit()


def test_a_new_story_is_a_draft_with_the_fields_defaults() -> None:
    story = stories.create(**PLAIN, topics=[2, 1])
    assert (story.status, story.kind, story.language, story.audience) == ("draft", "curated", "en", [])
    assert (story.topics, story.lead_topic) == ([1, 2], 2)
    assert abs(story.publish_from - clock.now()) < timedelta(minutes=1)


def test_every_field_that_cannot_stand_is_named() -> None:
    stories.create(**PLAIN)
    now = clock.now()
    with pytest.raises(Invalid) as refusal:
        stories.create(
            title=" ",
            summary="x" * 601,
            url="HTTPS://ACME.example/hire",
            kind="gossip",
            language="qq",
            topics=[1, 99],
            audience=[5],
            campaign_id=7,
            publish_from=now,
            publish_until=now - timedelta(days=1),
            picture_hash="0" * 64,
            colour="red",
        )
    assert set(refusal.value.errors) == {
        "title",
        "summary",
        "url",
        "kind",
        "language",
        "topics",
        "audience",
        "campaign_id",
        "publish_until",
        "picture_hash",
        "colour",
    }
    assert db.session.query(Story).count() == 1


@pytest.mark.parametrize(
    "url", ["", "acme.example/x", "javascript:alert(1)", "https://", "https://a:b@acme.example/", "http://a:99999/"]
)
def test_only_whole_web_addresses_are_taken(url: str) -> None:
    with pytest.raises(Invalid) as refusal:
        stories.create(title="x", url=url)
    assert set(refusal.value.errors) == {"url"}


def test_a_moment_without_a_zone_is_refused_and_one_with_is_kept_in_utc() -> None:
    with pytest.raises(Invalid, match="time zone"):
        stories.create(**PLAIN, publish_from=datetime(2026, 11, 17))
    story = stories.create(**PLAIN, publish_from=datetime(2026, 11, 17, 8, tzinfo=UTC))
    assert story.publish_from == datetime(2026, 11, 17, 8, tzinfo=UTC)


def test_line_breaks_and_unseen_signs_do_not_survive_in_a_title() -> None:
    story = stories.create(**{**PLAIN, "title": "Open\r\nhouse \u202etxt\u200b 👩‍💻"})
    assert story.title == "Open house txt 👩‍💻"


def test_an_edit_changes_what_it_names_and_keeps_the_status() -> None:
    story = stories.create(**PLAIN, topics=[2, 1])
    stories.approve(story)
    campaign = campaigns.create(name="Open house", starts_on="2026-11-01", ends_on="2026-11-30")
    stories.edit(story, title="How we really hire", campaign_id=str(campaign.id), audience=["1"])
    assert (story.title, story.campaign_id, story.audience, story.status) == (
        "How we really hire",
        campaign.id,
        [1],
        "approved",
    )
    assert (story.topics, story.lead_topic) == ([1, 2], 2)
    with pytest.raises(Invalid):
        stories.edit(story, title="", kind="owned")
    assert (story.title, story.kind) == ("How we really hire", "curated")


def test_a_story_is_approved_once_it_has_a_topic_and_words_for_its_picture() -> None:
    story = stories.create(**PLAIN, picture_hash=pictures.store(drawn(size=(64, 36))))
    with pytest.raises(Invalid) as refusal:
        stories.approve(story)
    assert set(refusal.value.errors) == {"topics", "picture_alt"}
    stories.edit(story, topics=[1], picture_alt="Four people at a table")
    assert (stories.approve(story), story.status, story.approved_at) == (1, "approved", story.approved_at)
    assert story.approved_at is not None
    assert stories.approve(story) == 0


def test_archiving_and_drafting_can_each_be_undone() -> None:
    story = stories.create(**PLAIN, topics=[1])
    stories.approve(story)
    assert (stories.archive(story), story.status) == (1, StoryStatus.ARCHIVED)
    assert (stories.draft(story), story.status, story.approved_at) == (1, StoryStatus.DRAFT, None)
    assert stories.draft(story) == 0


def test_one_story_that_cannot_be_approved_stops_all_of_them() -> None:
    good, bare = stories.create(**PLAIN, topics=[1]), stories.create(title="Bare", url="https://acme.example/2")
    with pytest.raises(Invalid, match="“Bare”"):
        stories.approve(good, bare)
    db.session.rollback()
    assert good.status == "draft"


def test_stories_are_found_in_the_order_asked_and_a_missing_one_is_named() -> None:
    first, second = stories.create(**PLAIN), stories.create(title="Second", url="https://acme.example/2")
    assert stories.find([second.id, first.id, second.id]) == [second, first]
    with pytest.raises(Invalid, match="no story 99"):
        stories.find([first.id, 99])


def test_of_two_stories_with_one_address_at_the_same_moment_the_second_is_refused(app: Flask) -> None:
    refusals: list[Invalid] = []

    def late() -> None:
        with app.app_context():
            try:
                stories.create(**PLAIN)
            except Invalid as refusal:
                refusals.append(refusal)

    stories.add(**PLAIN)
    other = threading.Thread(target=late)
    other.start()
    other.join(0.5)  # it waits for us: at the address on PostgreSQL, at the door on SQLite
    db.session.commit()
    other.join(20)
    assert [set(refusal.errors) for refusal in refusals] == [{"url"}]
    assert db.session.query(Story).count() == 1
