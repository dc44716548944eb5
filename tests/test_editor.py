"""The editor of her own words, without a script. In: what she posts. Out: her words kept, finished, or refused."""

from __future__ import annotations

import html
import re

import pytest
from flask.testing import FlaskClient

from service import ledger, programmes, shares, visiting, words
from service.database import db
from service.models import Employee, Share, ShareText
from service.visiting import Asked
from tests import noor as world
from tests.test_inbox import nonce_of

LINE = [
    "We opened our doors. Here is what people asked.",
    "Come and see how a partner spends the day.",
    "A whole evening of good questions from guests.",
]


@pytest.fixture
def noor(app: object) -> Employee:
    found, story = world.begin(), world.story()
    for position, text in enumerate(LINE[1:], 1):
        story.texts.append(ShareText(network="", language="en", text=text, position=position))
    db.session.commit()
    return found


@pytest.fixture
def door(noor: Employee) -> str:
    return f"/s/{world.passes_of(noor).share}/{world.story().id}"


def colleague(n: int) -> Employee:
    made = Employee(email=f"c{n}@fjord.example", name=f"C {n}", status="active", networks=["linkedin"])
    db.session.add(made)
    db.session.commit()
    return made


def field(page: str) -> str:
    found = re.search(r'<textarea id="words"[^>]*>(.*?)</textarea>', page, re.S)
    assert found
    return html.unescape(found[1])


def post(client: FlaskClient, door: str, **form: str):  # type: ignore[no-untyped-def]
    return client.post(door, data={"nonce": nonce_of(client.get(door).text, door), **form})


def test_colleagues_are_given_different_texts_and_each_keeps_her_own(noor: Employee) -> None:
    people = [noor, *(colleague(n) for n in range(8))]
    given = [shares.open_share(person, world.story(), "linkedin").share.text_id for person in people]
    assert sorted(given.count(text) for text in set(given)) == [3, 3, 3]
    again = [shares.open_share(person, world.story(), "linkedin").share.text_id for person in people]
    assert again == given
    assert shares.open_share(noor, world.story(), "x").words.startswith("Two hundred guests")


def test_how_many_colleagues_used_a_text_is_told_from_five_on_and_scanners_do_not_count(
    client: FlaskClient, noor: Employee, door: str
) -> None:
    for n in range(15):
        shares.open_share(colleague(n), world.story(), "linkedin")
    assert "colleagues used this" not in client.get(door).text
    for n, share in enumerate(db.session.query(Share).order_by(Share.id)):
        share.state = "confirmed" if n < 14 else "opened"
    db.session.commit()
    told = re.findall(r"(\d+) colleagues used this", client.get(door).text)
    assert told == ["5", "5"]  # the third one has four


def test_the_page_begins_with_the_suggestion_that_one_tap_would_share(client: FlaskClient, door: str) -> None:
    begun = field(client.get(f"{door}?network=facebook").text)
    assert begun in LINE
    assert f"{begun} #ToBeAPartner" in client.get(f"{door}/facebook").text
    assert 'value="facebook" checked' in client.get(f"{door}?network=facebook").text
    assert client.get(f"{door}?network=myspace").status_code == 200


def test_a_picked_suggestion_is_recorded_and_is_nobodys_own_words(client: FlaskClient, door: str) -> None:
    second = db.session.query(ShareText).filter_by(text=LINE[1]).one().id
    first = field(client.get(door).text)
    page = post(client, door, network="linkedin", suggestion=str(second), words=first, then="ready")
    assert LINE[1] in page.text
    share = db.session.query(Share).one()
    assert (share.text_id, share.own_words) == (second, False)
    post(client, door, network="linkedin", suggestion="", words=f" {LINE[2].upper()}!! 🎉 #wow", then="ready")
    db.session.refresh(share)
    assert (share.text_id, share.own_words) == (db.session.query(ShareText).filter_by(text=LINE[2]).one().id, False)


def test_own_words_earn_their_bonus_and_a_changed_suggestion_does_not(
    client: FlaskClient, noor: Employee, door: str
) -> None:
    page = post(client, door, network="linkedin", suggestion="", words=LINE[0].replace("people", "guests"))
    assert "This is close to a suggestion." in page.text
    share = db.session.query(Share).one()
    assert (share.text_id, share.own_words) == (None, False)
    page = post(client, door, network="linkedin", suggestion="", words="I talked to forty strangers. Worth it.")
    assert "This is close to a suggestion." not in page.text
    db.session.refresh(share)
    assert (share.text_id, share.own_words) == (None, True)
    client.get(f"{door}/linkedin")  # as a mail scanner does afterwards
    db.session.refresh(share)
    assert share.own_words
    visiting.visit(share.code, Asked(address="198.51.100.7", agent=world.CHROME, language="en"))
    assert ledger.total(noor.subject, "all") == 15


def test_hashtags_and_disclosure_come_back_where_she_took_them_out(client: FlaskClient, door: str) -> None:
    programmes.change(disclosure={"en": "I work at Fjord", "it": "Lavoro per Fjord"})
    page = post(client, door, network="bluesky", words="I was there.").text
    assert "I was there. #ToBeAPartner\nI work at Fjord" in html.unescape(page)
    assert "Added, because it comes with every share of this story: <span>#ToBeAPartner · I work at Fjord" in page
    page = post(client, door, network="bluesky", words="I work at Fjord and was there. #tobeapartner").text
    assert "Added, because" not in page
    assert "%23ToBeAPartner%0AI%20work%20at%20Fjord" in client.get(f"{door}/bluesky").headers["Location"]


def test_the_disclosure_is_in_the_language_of_the_words(client: FlaskClient, noor: Employee, door: str) -> None:
    programmes.change(disclosure={"en": "I work at Fjord", "it": "Lavoro per Fjord"})
    db.session.add(ShareText(story_id=world.story().id, network="", language="it", text="Due sere di porte aperte."))
    noor.language = "it"
    db.session.commit()
    assert "Due sere di porte aperte. #ToBeAPartner\nLavoro per Fjord" in html.unescape(client.get(f"{door}/copy").text)


def test_a_blocked_phrase_is_refused_with_its_reason_and_her_words_stay(client: FlaskClient, door: str) -> None:
    programmes.change(block_list={"guaranteed returns": "Nobody can promise that: say what we measured."})
    page = post(client, door, network="x", words="Guaranteed  RETURNS & more, I was there.")
    assert page.status_code == 422
    assert "“guaranteed returns” is better left out: Nobody can promise that: say what we measured." in page.text
    assert field(page.text) == "Guaranteed  RETURNS & more, I was there."
    assert 'aria-invalid="true"' in page.text
    assert db.session.query(Share).count() == 0


def test_a_suggestion_that_holds_a_blocked_phrase_is_given_to_nobody(client: FlaskClient, door: str) -> None:
    programmes.change(block_list={"doors": "x", "partner": "x", "questions": "x", "guests": "x"})
    page = client.get(door).text
    assert field(page) == "Why we open our doors"  # the title is the liaison's own, and all that is left
    assert len(words.all_texts(world.story())) == 4


def test_asking_for_another_network_or_a_suggestion_keeps_words_of_her_own(client: FlaskClient, door: str) -> None:
    page = post(client, door, network="x", words="Mine, all mine.", then="network").text
    assert field(page) == "Mine, all mine."
    assert 'value="x" checked' in page
    page = post(client, door, network="x", words=LINE[0], then="network").text
    assert field(page) == "Two hundred guests, one question."
    third = db.session.query(ShareText).filter_by(text=LINE[2]).one().id
    page = post(client, door, network="linkedin", words="Mine.", suggestion=str(third), then="fill").text
    assert field(page) == LINE[2]
    assert db.session.query(Share).count() == 0


def test_a_suggestion_of_another_story_or_none_is_not_followed(client: FlaskClient, door: str) -> None:
    page = post(client, door, network="linkedin", words="", suggestion="999999")
    assert page.status_code == 200
    assert db.session.query(Share).one().text_id is not None
    assert post(client, door, network="linkedin", words="", suggestion="é").status_code == 200


def test_mastodon_gets_the_words_she_wrote_finished_once(client: FlaskClient, door: str) -> None:
    programmes.change(disclosure={"en": "I work at Fjord"})
    page = post(client, door, network="mastodon", words="I saw all of it.").text
    hidden = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page))
    assert hidden["words"] == "I saw all of it."
    done = client.post(f"{door}/mastodon", data={**hidden, "instance": "mastodon.social"})
    assert "I saw all of it. #ToBeAPartner\nI work at Fjord" in html.unescape(done.text)
    assert db.session.query(Share).one().own_words


def test_without_texts_the_title_is_the_suggestion(client: FlaskClient, door: str) -> None:
    db.session.query(ShareText).delete()
    db.session.commit()
    assert field(client.get(door).text) == "Why we open our doors"
    post(client, door, network="x", words="Why we open our doors", suggestion="title")
    assert (db.session.query(Share).one().own_words, db.session.query(Share).one().text_id) == (False, None)


def test_a_text_that_is_taken_away_leaves_the_shares_that_used_it(noor: Employee) -> None:
    share = shares.open_share(noor, world.story(), "x").share
    assert share.text_id is not None
    db.session.delete(db.session.get(ShareText, share.text_id))
    db.session.commit()
    db.session.refresh(share)
    assert share.text_id is None


def test_the_policy_is_public_in_its_languages_and_one_tap_away(client: FlaskClient, door: str) -> None:
    assert client.get("/policy").status_code == 404
    assert "/policy" not in client.get(door).text
    programmes.change(policy={"it": "Condividi ciò che ti piace.", "en": "Share what you like.\n\nAsk <us>."})
    page = client.get("/policy", headers={"Accept-Language": "it"})
    assert '<div class="policy" lang="it" dir="ltr">' in page.text
    assert "Condividi ciò che ti piace." in page.text
    english = client.get("/policy?language=en").text
    assert "<p>Ask &lt;us&gt;.</p>" in english
    assert 'hreflang="it"' in english
    assert client.get("/policy?language=%00").status_code == 200
    assert 'href="/policy" target="_blank" rel="noopener noreferrer"' in client.get(door).text
    programmes.change(policy={}, policy_url="https://fjord.example/how")
    assert 'href="https://fjord.example/how" target="_blank"' in client.get(door).text
