"""Suggestions of a story. In: what Liam writes in the editor. Out: them kept in his order, moved and checked."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask

from service import programmes, share_texts, shares
from service.database import db
from service.models import Share, ShareText, Story
from service.share_texts import Wanted
from service.validation import Invalid
from service.web.console import texts
from tests import liam as console
from tests import noor as world
from tests.liam import Liam


@pytest.fixture
def story(app: Flask) -> Story:
    world.begin()
    return world.story()


@pytest.fixture
def liam(story: Story, app: Flask) -> Liam:
    return console.at_the_console(app)


def kept() -> list[tuple[str, str, str]]:
    db.session.expire_all()
    return [(t.network, t.language, t.text) for t in world.story().texts]


def test_several_texts_for_one_network_keep_their_order_and_their_ids(story: Story) -> None:
    first = next(t for t in story.texts if t.network == "").id
    share_texts.write(
        story, [Wanted("", "en", "New one"), Wanted("", "Italian", "Ecco"), Wanted("", "en", "Old", first)]
    )
    assert kept() == [("", "en", "New one"), ("", "it", "Ecco"), ("", "en", "Old")]
    assert db.session.get(ShareText, first).text == "Old"  # type: ignore[union-attr]
    share_texts.write(world.story(), [Wanted("", "en", "  ", first)])
    assert kept() == []


def test_a_text_keeps_its_paragraphs_and_no_other_spaces(story: Story) -> None:
    share_texts.write(story, [Wanted("", "en", "Come and see\r\n\r\n\r\n\r\nus  there ")])
    assert kept() == [("", "en", "Come and see\n\nus there")]


def test_an_edited_text_stays_counted_and_a_removed_one_leaves_its_shares(story: Story) -> None:
    noor = db.session.get(world.Employee, 1)
    assert noor
    share = shares.open_share(noor, story, "x").share
    mine = share.text_id
    share_texts.write(story, [Wanted("x", "en", "Two hundred guests and one question.", mine)])
    assert db.session.query(Share).one().text_id == mine
    share_texts.write(story, [])
    db.session.expire_all()
    assert db.session.query(Share).one().text_id is None


def test_all_that_cannot_stand_is_named_and_nothing_changes(story: Story) -> None:
    programmes.change(block_list={"guaranteed": "Nobody can."})
    before = kept()
    wrong = [
        Wanted("", "en", "Good"),
        Wanted("myspace", "en", "x"),
        Wanted("", "qq", "x"),
        Wanted("", "en", "Guaranteed!"),
    ]
    with pytest.raises(Invalid) as refusal:
        share_texts.write(world.story(), [*wrong, Wanted("", "en", "x" * 3001)])
    assert set(refusal.value.errors) == {"1", "2", "3", "4"}
    assert str(refusal.value.errors["3"]) == "“guaranteed” is on the block list: Nobody can."
    with pytest.raises(Invalid, match="20"):
        share_texts.write(world.story(), [Wanted("", "en", f"Text {n}") for n in range(21)])
    db.session.rollback()
    assert kept() == before


def test_an_id_of_another_story_makes_a_new_text(story: Story) -> None:
    other = Story(title="Other", url="https://fjord.example/other", texts=[ShareText(language="en", text="Theirs")])
    db.session.add(other)
    db.session.commit()
    share_texts.write(world.story(), [Wanted("", "en", "Mine", other.texts[0].id)])
    db.session.expire_all()
    assert [t.text for t in other.texts] == ["Theirs"]
    assert kept() == [("", "en", "Mine")]


def test_the_editor_adds_moves_and_removes_without_a_script_and_saves_when_asked(liam: Liam) -> None:
    address = f"/console/stories/{world.story().id}"
    page = liam.get(address).text
    ids = re.findall(r'name="id-all-en" value="(\d+)"', page)
    form: dict[str, Any] = {
        "title": "Why we open our doors",
        "url": "https://fjord.example/doors?ref=home#top",
        "language": "en",
        "kind": "curated",
        "text-all-en": ["One", "Two", "Three"],
        "id-all-en": [ids[0], "", ""],
    }

    def fields(answer_text: str) -> list[str]:
        return re.findall(r'<textarea id="text-all-en-\d"[^>]*>(.*?)</textarea>', answer_text)

    form["texts"] = "down:all-en:0"
    assert fields(liam.post(address, form).text) == ["Two", "One", "Three"]
    form["texts"] = "remove:all-en:1"
    assert fields(liam.post(address, form).text) == ["One", "Three"]
    form["texts"] = "add:all-en"
    assert fields(liam.post(address, form).text) == ["One", "Two", "Three", ""]
    assert [text for _, _, text in kept()] == [
        "We opened our doors. Here is what people asked.",
        "Two hundred guests, one question.",
    ]
    del form["texts"]
    assert liam.post(address, form).status_code == 200
    assert [text for _, _, text in kept()] == ["One", "Two", "Three"]


@pytest.mark.parametrize(
    "act", ["up:all-en:0", "down:all-en:9", "remove:all-en:x", "remove:x-sl:0", "up", "", "remove:all-en:²"]
)
def test_a_press_that_leads_nowhere_changes_nothing(act: str) -> None:
    rows = [Wanted("", "en", "One"), Wanted("", "en", "Two")]
    assert texts.rearranged(rows, act) == rows


def test_beside_each_text_stands_how_it_fits_its_networks(liam: Liam) -> None:
    share_texts.write(
        world.story(),
        [Wanted("", "en", "word " * 54), Wanted("", "en", "Short."), Wanted("threads", "en", "y" * 300)],
    )
    programmes.change(disclosure={"en": "#ad"}, block_list={"short": "Say how short."})
    page = liam.get(f"/console/stories/{world.story().id}").text
    assert "Too long for X, Bluesky: it will be cut." in page
    assert re.search(r"3\d\d of 4\d\d", page)
    assert "“short” is on the block list: Say how short." in page
    answer = liam.get("/console/stories/new").text
    assert 'name="text-all-sl"' in answer
