"""What is in store: mix, how long topics last, evergreen stories that rest, notices, calendar, second persons, undo."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from emails import hashtags
from emails.networks import NETWORKS
from scoring import mix
from service import clock, digests, editions, freezing, liaisons, posters, programmes, shares, stock, stories
from service.database import db
from service.models import Campaign, Edition, Share, Story, StoryUse
from service.validation import Invalid
from tests import week47
from tests.conftest import TUESDAY
from tests.liam import Liam, at_the_console
from tests.noor import passes_of
from tests.week47 import WEEK, at, reader, story

COUNTS = st.dictionaries(st.sampled_from(["curated", "owned", "promotional", "odd"]), st.integers(-2, 500))


@given(COUNTS)
def test_tenths_add_up_to_ten_or_nothing_and_more_stories_are_never_fewer_tenths(counts: dict[str, int]) -> None:
    found = mix.tenths(counts)
    known = [max(0, counts.get(kind, 0)) for kind in mix.RULE]
    assert sum(found) == (10 if sum(known) else 0)
    assert all(abs(n - 10 * k / sum(known)) < 1 for n, k in zip(found, known, strict=True) if sum(known))


def test_the_mix_tells_what_is_short() -> None:
    assert mix.tenths({"curated": 7, "owned": 2, "promotional": 1}) == (7, 2, 1)
    assert mix.short({"curated": 7, "owned": 2, "promotional": 1}) is None
    assert mix.short({"curated": 9, "promotional": 1}) == "owned"
    assert mix.short({"promotional": 1}) == "curated" and mix.short({}) is None


@pytest.fixture
def liam(app: Flask) -> Liam:
    at("2026-11-16T10:00")
    week47.programme(digest_size=2)
    return at_the_console(app)


def test_topics_last_as_long_as_editions_find_stories_that_their_followers_have_not_seen(liam: Liam) -> None:
    for n in range(5):
        story(f"Health {n}", topics=[1])
    story("Space", topics=[2], lead_topic=2)
    for name in ("Noor", "Bea"):
        reader(name)
    reader("Kei", topics=[2]), reader("Ada", topics=[1, 2]), reader("Left", status="left", topics=[2])
    stock.look()
    found = {s.topic.name: s for s in stock.supplies()}
    assert (found["Health"].people, found["Space"].people) == (3, 2)
    assert found["Health"].left == (0, 0, 0, 3, 0, 0, 0) and found["Health"].lasts == 3
    assert found["Space"].lasts == 1 and stock.runs_dry(found["Space"]) and not stock.runs_dry(found["Health"])
    page = liam.get("/console/").text
    assert "1 topic runs dry: Space." in page and "10-0-0" in page
    assert "2 people have nothing new after the next one." in page


def test_what_an_edition_used_is_counted_and_is_new_no_more(liam: Liam) -> None:
    for n in range(3):
        story(f"Health {n}", kind="owned" if n else "curated")
    reader("Noor"), reader("Bea")
    assert stock.mix(stock.coming()) == {"curated": 1, "owned": 2}
    found = editions.edition(WEEK)
    editions.release(found, "test")
    digests.plan(found)
    stock.look()
    used = db.session.query(StoryUse).order_by(StoryUse.story_id).all()
    assert [(u.story_id, u.week, u.people) for u in used] == [(2, WEEK, 2), (3, WEEK, 2)]
    assert stock.coming() == "2026-W48" and stock.mix(stock.coming()) == {"curated": 1}
    assert [s.lasts for s in stock.supplies()] == [1]
    editions.undo(found)
    stock.look()
    assert db.session.query(StoryUse).count() == 0


def test_an_evergreen_story_rests_between_uses_and_the_library_says_so(liam: Liam) -> None:
    rests = story("Values", evergreen=True, rest_weeks=3)
    story("Tips", evergreen=True)
    db.session.add(StoryUse(story_id=rests.id, week="2026-W46", people=7))
    db.session.commit()

    def candidates(week: str) -> set[int]:
        return {c.id for c in freezing.freeze(Edition(week=week)).candidates}

    assert [rests.id in candidates(f"2026-W{n}") for n in (46, 47, 49, 50)] == [True, False, False, True]
    page = liam.get("/console/library").text
    assert "Rests for 3 more editions" in page and "seen by 7 people in all" in page and "Ready" in page
    assert "Week 47 has 0 new stories for digests of 2" in page
    form = {"url": rests.url, "title": "Values", "kind": "owned", "language": "en", "topics": ["1"], "evergreen": "1"}
    wrong = liam.post(f"/console/stories/{rests.id}", {**form, "rest_weeks": "99"})
    assert wrong.status_code == 422 and "Write a number of weeks from 0 to 52." in wrong.text


def test_a_notice_stands_in_the_digest_without_buttons_and_no_way_shares_it(liam: Liam, client: FlaskClient) -> None:
    notice = story("Canteen closed", internal=True)
    noor = reader("Noor")
    look = digests.preview(editions.edition(WEEK), noor)
    assert "Canteen closed" in look.html and "For colleagues alone, please do not share it." in look.html
    assert "LinkedIn" not in look.html and "Write my own words" not in look.html
    assert "For colleagues alone" in look.text and "linkedin" not in look.text
    door = f"/s/{passes_of(noor).share}/{notice.id}"
    page = client.get(door).text
    assert "Canteen closed" in page and "<form" not in page and "/linkedin" not in page
    assert client.get(f"{door}/linkedin").status_code == 404
    assert client.post(door, data={"network": "linkedin", "words": "x"}).status_code == 404
    assert client.post(f"{door}/mastodon", data={"instance": "m.example"}).status_code == 404
    with pytest.raises(shares.Unsharable):
        shares.open_share(noor, notice, "linkedin")
    with pytest.raises(Invalid, match="no poster leads to it"):
        posters.make(notice)
    assert db.session.query(Share).count() == 0
    shared = story("Roofs")
    shares.open_share(noor, shared, "linkedin")
    with pytest.raises(Invalid, match="shared it already"):
        stories.edit(shared, internal=True)


def test_the_second_person_approves_and_not_who_wrote_it_last(liam: Liam, app: Flask) -> None:
    programmes.current().second_approval = True
    db.session.commit()
    liam.post(
        "/console/stories/new",
        {"url": "https://a.example/1", "title": "Mine", "kind": "owned", "language": "en", "topics": ["1"]},
    )
    one = db.session.query(Story).one()
    page = liam.post(f"/console/stories/{one.id}/status", {"act": "approve"}).text
    assert "“Mine” waits for another’s yes: you wrote it last." in page
    assert "Waits for another’s yes" in liam.get("/console/stories").text
    ada = liaisons.add("ada@beacon.example", "Ada", "another password here")
    db.session.refresh(one)
    assert stories.approve(one, by=ada.id) == 1 and one.approved_by == ada.id
    liam.post(
        f"/console/stories/{one.id}",
        {"url": one.url, "title": "Mine, new", "kind": "owned", "language": "en", "topics": ["1"]},
    )
    db.session.refresh(one)
    assert (one.status, one.written_by) == ("draft", 1)
    stories.approve(one, by=ada.id)
    liam.post(
        f"/console/stories/{one.id}",
        {
            "url": one.url,
            "title": "Mine, new",
            "kind": "owned",
            "language": "en",
            "topics": ["1"],
            "text-all-en": "Hey",
        },
    )
    db.session.refresh(one)
    assert one.status == "draft"


def test_the_calendar_shows_weeks_with_campaigns_and_a_story_moves_and_comes_back(liam: Liam) -> None:
    one = story("Roofs", publish_from=TUESDAY)
    story("Always", publish_from=TUESDAY, evergreen=True)
    db.session.add(Campaign(slug="o", name="Open house", starts_on=date(2026, 11, 20), ends_on=date(2026, 12, 2)))
    db.session.commit()
    page = liam.get("/console/calendar").text
    assert "Roofs" in page and "Always" not in page and '<td colspan="3"><a class="span"' in page
    moved = liam.post(f"/console/stories/{one.id}/move", {"week": "2026-W49"})
    assert "“Roofs” begins in week 49 now." in moved.text
    db.session.refresh(one)
    assert one.publish_from == TUESDAY + timedelta(weeks=2)
    liam.post(f"/console/stories/{one.id}/move", {"week": "2026-W47"})
    db.session.refresh(one)
    assert one.publish_from == TUESDAY
    stories.edit(one, publish_until=TUESDAY + timedelta(days=9))
    assert "would end before it begins" in liam.post(f"/console/stories/{one.id}/move", {"week": "2026-W50"}).text
    assert "Choose a week" in liam.post(f"/console/stories/{one.id}/move", {"week": "soon"}).text
    assert liam.get("/console/calendar?from=soon").status_code == 404
    clock.set_now(TUESDAY)
    assert "1 story is shown for two more weeks at most." in liam.get("/console/").text
    assert "Roofs" in liam.get("/console/stories?ends=soon").text
    assert "Roofs" not in liam.get("/console/stories?ends=over").text


def test_each_network_shows_what_is_typed_with_its_length_and_what_is_odd_about_hashtags(liam: Liam) -> None:
    campaign = Campaign(
        slug="o", name="Open", hashtags=["#OpenHouse"], starts_on=date(2026, 11, 20), ends_on=date(2026, 12, 2)
    )
    db.session.add(campaign)
    db.session.commit()
    liam.get("/console/stories/new")
    typed = {"title": "Roofs", "language": "en", "campaign_id": str(campaign.id)}
    page = liam.post(
        "/console/stories/networks", {**typed, "text-all-en": "See #2026 and #open-house", "text-x-en": "x " * 200}
    )
    for label in ("LinkedIn", "Bluesky", "WhatsApp", "Mastodon", "E-mail"):
        assert label in page.text
    assert page.text.count("<details") == len(NETWORKS) and "#OpenHouse</pre>" in page.text
    assert "#2026 is only figures" in page.text and "#open- ends at the sign" in page.text
    assert "It is cut to fit." in page.text and db.session.query(Story).count() == 0
    empty = liam.post("/console/stories/networks", {"title": "", "language": "en"}).text
    assert "Write a title or share texts" in empty
    same = liam.post("/console/stories/new", {**typed, "title": "", "url": "x", "text-all-en": "See #2026"})
    assert same.status_code == 422 and "#2026 is only figures" in same.text


def test_surprises_of_hashtags_are_found_and_ordinary_posts_have_none() -> None:
    assert hashtags.findings("Come to #OpenHouse, a#b https://x.example/#part &#39; #žiga") == []
    assert hashtags.findings("#l’estate #7", ["#Open"]) == [("broken", "#l’"), ("digits", "#7"), ("missing", "#Open")]
    assert hashtags.findings("#a #b #c #d #e #E") == [] and hashtags.findings("#a #b #c #d #e #f") == [("many", "6")]


def test_bulk_acts_set_topic_kind_and_campaign_and_undo_gives_all_back(liam: Liam) -> None:
    campaign = Campaign(slug="o", name="Open house", starts_on=date(2026, 11, 20), ends_on=date(2026, 12, 2))
    db.session.add(campaign)
    db.session.commit()
    first = story("A", topics=[2], lead_topic=2, approved_at=TUESDAY, approved_by=None)
    second = story("B", kind="owned", campaign_id=campaign.id)
    picked = [first.id, second.id]

    def state() -> list[tuple[object, ...]]:
        db.session.expire_all()
        rows = db.session.query(Story).order_by(Story.id)
        return [(s.status, s.approved_at, s.topics, s.lead_topic, s.kind, s.campaign_id, s.written_by) for s in rows]

    before = state()
    for act, value, words in (
        ("topic", {"topic": "1"}, "1 story has the topic now."),
        ("kind", {"kind": "promotional"}, "2 stories have another kind."),
        ("campaign", {"campaign": ""}, "1 story has another campaign."),
        ("archive", {}, "2 stories archived."),
        ("draft", {}, "2 stories are drafts again."),
    ):
        page = liam.post("/console/stories/bulk", {"act": act, "pick": picked, **value}).text
        assert words in page
        number = re.search(r'name="act" value="(\d+)"', page)
        assert number and state() != before
        assert "Undone." in liam.post("/console/stories/undo", {"act": number[1]}).text
        assert state() == before
    assert "nothing to undo any more" in liam.post("/console/stories/undo", {"act": number[1]}).text
    page = liam.post("/console/stories/bulk", {"act": "kind", "pick": picked, "kind": "promotional"}).text
    number = re.search(r'name="act" value="(\d+)"', page)
    stories.edit(db.session.get_one(Story, first.id), kind="owned")
    assert (
        number
        and "1 story was changed again meanwhile and stays."
        in liam.post("/console/stories/undo", {"act": number[1]}).text
    )
    assert [row[4] for row in state()] == ["owned", "owned"]
    assert liam.post("/console/stories/bulk", {"act": "explode", "pick": picked}).status_code == 400
