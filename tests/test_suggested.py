"""Suggestions. In: what she sends from her page, what the liaison decides. Out: rows, points, one mail, a story."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from service import choices, clock, compose, ledger, suggestions
from service.database import db
from service.models import Employee, Outbox, Programme, Story, Suggestion
from service.sources import pasting
from service.validation import Invalid, Words
from tests import noor as world
from tests.liam import at_the_console
from tests.test_inbox import nonce_of

URL = "https://example.com/tides?year=2026"


@pytest.fixture
def noor(app: Flask) -> Employee:
    return world.begin()


@pytest.fixture
def me(noor: Employee) -> str:
    return f"/me/{world.passes_of(noor).me}"


def send(client: FlaskClient, me: str, follow: bool = True, **form: str) -> tuple[int, str]:
    nonce = nonce_of(client.get(me).text, f"{me}/suggest")
    answer = client.post(f"{me}/suggest", data={"nonce": nonce, **form}, follow_redirects=follow)
    return answer.status_code, answer.text


def only() -> Suggestion:
    db.session.expire_all()
    return db.session.scalars(sa.select(Suggestion)).one()


def mails() -> list[Outbox]:
    return list(db.session.scalars(sa.select(Outbox).where(Outbox.kind == "suggestion").order_by(Outbox.id)))


def test_she_suggests_from_her_page_and_sees_that_it_waits(client: FlaskClient, noor: Employee, me: str) -> None:
    status, html = send(client, me, url="example.com/tides?year=2026", why="The sea,\nexplained.", words="Read this.")
    assert status == 200 and "Thank you. Liam Oakes reads it" in html and "Waits for an answer" in html
    found = only()
    assert (found.url, found.why, found.words) == (URL, "The sea,\nexplained.", "Read this.")
    assert (found.subject, found.state, found.way) == (noor.subject, "new", "page")


@pytest.mark.parametrize(
    ("url", "why", "says"),
    [
        ("tides", "Good", "Write the whole address"),
        ("javascript:alert(1)", "Good", "Write the whole address"),
        ("https://good.example/me/x", "Good", "copy its own address"),
        (URL, " ", "Say in a line why"),
        (URL, "x" * 1001, "a thousand characters"),
        ("https://example.com/" + "x" * 2000, "Good", "longer than any page needs"),
    ],
)
def test_what_cannot_stand_is_said_beside_its_field_and_nothing_typed_is_lost(
    client: FlaskClient, me: str, url: str, why: str, says: str
) -> None:
    status, html = send(client, me, url=url, why=why, words="My words")
    assert status == 422 and says in html
    assert "My words" in html and (why.strip() == "" or why in html) and "<details open" in html
    assert db.session.scalars(sa.select(Suggestion)).all() == []


def test_a_few_a_day_and_none_twice(client: FlaskClient, noor: Employee, me: str) -> None:
    send(client, me, url=URL, why="Good")
    assert "You suggested this one already" in send(client, me, url=URL, why="Good")[1]
    for n in range(4):
        send(client, me, url=f"{URL}&n={n}", why="Good")
    status, html = send(client, me, url=f"{URL}&n=5", why="Good")
    assert status == 422 and "Keep this one for tomorrow" in html
    clock.set_now(clock.now() + timedelta(days=1, minutes=1))
    me = f"/me/{world.passes_of(noor).me}"
    assert send(client, me, url=f"{URL}&n=5", why="Good")[0] == 200


def test_a_suggestion_needs_the_nonce_of_its_page(client: FlaskClient, me: str) -> None:
    assert client.post(f"{me}/suggest", data={"url": URL, "why": "Good"}).status_code == 400
    assert client.post("/me/" + "x" * 36 + "/suggest", data={"url": URL}).status_code == 404


def test_accepting_makes_a_draft_books_points_once_and_tells_her(noor: Employee) -> None:
    db.session.execute(sa.update(Programme).values(rules={"suggestion": 5}))
    db.session.commit()
    found = suggestions.suggest(noor, URL, "Good", "Read this.")
    story, sent = suggestions.accept(found, {"title": "The tides of 2026", "url": URL}, "Lovely, thank you.")
    assert sent and (story.status, story.title, story.url) == ("draft", "The tides of 2026", URL)
    assert [text.text for text in story.texts] == ["Read this."]
    found = only()
    assert (found.state, found.points, found.story_id) == ("accepted", 5, story.id)
    assert ledger.total(noor.subject, "all") == 5
    with pytest.raises(suggestions.Settled):
        suggestions.accept(found, {"title": "Another", "url": URL + "&x"})
    assert ledger.total(noor.subject, "all") == 5 and db.session.query(Story).filter_by(title="Another").count() == 0
    mail = compose.message_of(mails()[0])
    assert len(mails()) == 1 and mails()[0].occasion == f"suggestion:{found.id}:answer"
    for words in (
        "your suggestion becomes a story",
        "Lovely, thank you.",
        "It brings you 5 points.",
        "The tides of 2026",
    ):
        assert words in mail.html and words in mail.text
    assert mail.subject == "Your suggestion was taken" and b"List-Unsubscribe" not in mail.raw


def test_accepting_what_is_a_story_already_takes_that_one(noor: Employee) -> None:
    known = world.story()
    story, _sent = suggestions.accept(suggestions.suggest(noor, known.url, "Good"), {"url": known.url})
    assert story.id == known.id and db.session.query(Story).count() == 2


def test_a_draft_that_cannot_be_made_leaves_all_as_it_was(noor: Employee) -> None:
    found = suggestions.suggest(noor, URL, "Good")
    with pytest.raises(Invalid):
        suggestions.accept(found, {"title": "", "url": URL})
    db.session.rollback()
    assert only().state == "new" and mails() == []


def test_an_answer_comes_first_and_the_decision_in_a_mail_of_its_own(client: FlaskClient, noor: Employee) -> None:
    found = suggestions.suggest(noor, URL, "Good")
    with pytest.raises(Invalid):
        suggestions.answer(found, " ")
    assert suggestions.answer(found, "Do you know who wrote it?\n\nLiam")
    assert suggestions.decline(only(), "We take it up in spring.")
    assert [m.occasion for m in mails()] == [f"suggestion:{found.id}:answer", f"suggestion:{found.id}:decision"]
    first = compose.message_of(mails()[0])
    assert first.subject == "Liam Oakes answers your suggestion" and "Do you know who wrote it?" in first.text
    html = client.get(f"/me/{world.passes_of(noor).me}").text
    assert "Not this time." in html and "We take it up in spring." in html


def test_who_left_gets_no_answer_and_who_stopped_digests_does(noor: Employee) -> None:
    found = suggestions.suggest(noor, URL, "Good")
    choices.unsubscribe(noor)
    assert suggestions.answer(found, "Thank you.")
    choices.leave(noor)
    assert not suggestions.decline(only(), "Sorry.") and len(mails()) == 1


def test_words_are_forgotten_thirty_days_after_the_last_act_and_at_erasure(noor: Employee) -> None:
    settled, open_one = suggestions.suggest(noor, URL, "Good", "Mine"), suggestions.suggest(noor, URL + "&b", "Too")
    suggestions.decline(settled, "Sorry.")
    number = open_one.id
    clock.set_now(clock.now() + timedelta(days=31))
    assert suggestions.forget() == 1 and suggestions.forget() == 0
    db.session.expire_all()
    settled = db.session.get_one(Suggestion, settled.id)
    assert (settled.why, settled.words, settled.answer, settled.url) == ("", "", "", URL)
    assert db.session.get_one(Suggestion, number).why == "Too"
    suggestions.erase(noor.subject)
    db.session.commit()
    db.session.expire_all()
    gone = db.session.get_one(Suggestion, number)
    assert (gone.why, gone.url, gone.state) == ("", "", "aside")


def test_the_liaison_reads_answers_and_accepts_with_the_page_read_for_him(
    app: Flask, noor: Employee, monkeypatch: pytest.MonkeyPatch
) -> None:
    liam = at_the_console(app)
    assert "No suggestions yet" in liam.get("/console/suggestions").text
    number = suggestions.suggest(noor, URL, "The sea, explained.").id
    assert "1 suggestion waits for you." in liam.get("/console/").text
    html = liam.get("/console/suggestions").text
    assert "Noor Benali" in html and "example.com/tides" in html and "Waits for you" in html
    html = liam.get(f"/console/suggestions/{number}").text
    assert "Noor Benali suggests a story" in html and "A good find, Noor, thank you." in html

    def unread(_address: str) -> pasting.Found:
        raise pasting.NotRead(Words("It took too long."))

    monkeypatch.setattr(pasting, "read", unread)
    html = liam.post(f"/console/suggestions/{number}/accept", {"url": URL, "words": "Mine"}).text
    assert (
        "The page could not be read: It took too long. Write the title yourself." in html and ">Mine</textarea>" in html
    )
    values = {"url": URL, "title": "Tides", "summary": "Moon and sea.", "language": "en", "topics": [1]}
    monkeypatch.setattr(pasting, "read", lambda _address: pasting.Found(values, None, ()))
    html = liam.post(f"/console/suggestions/{number}/accept", {"url": URL, "words": "Thank you."}).text
    assert "It is a draft now, and she is told by mail." in html and "Moon and sea." in html
    assert "suggestion waits for you" not in liam.get("/console/").text
    html = liam.post(f"/console/suggestions/{number}/decline", {"words": "No"}).text
    assert "This was settled already" in html and len(mails()) == 1


def test_declining_begins_with_kind_words_in_her_language(app: Flask, noor: Employee) -> None:
    noor.language = "it"
    number = suggestions.suggest(noor, URL, "Good").id
    liam = at_the_console(app)
    assert "Grazie di aver pensato a noi, Noor." in liam.get(f"/console/suggestions/{number}").text
    assert "Write a few words to her." in liam.post(f"/console/suggestions/{number}/decline", {"words": " "}).text
    html = liam.post(f"/console/suggestions/{number}/decline", {"words": "Grazie, ma no."}).text
    assert "Your answer is on its way to her." in html and "Declined" in html
    assert "Grazie, ma no." in compose.message_of(mails()[0]).text


def test_in_works_council_mode_her_own_message_still_bears_her_name(app: Flask, noor: Employee) -> None:
    db.session.execute(sa.update(Programme).values(works_council=True))
    suggestions.suggest(noor, URL, "Good")
    assert "Noor Benali" in at_the_console(app).get("/console/suggestions").text


def test_a_strangers_mail_and_a_wish_for_no_more_mails_say_so(app: Flask, noor: Employee) -> None:
    odd = Suggestion(subject=noor.subject, way="mail", url=URL, why="Hi", sender="noor@private.example")
    stop = Suggestion(subject=noor.subject, way="mail", why="Stop, please", stop=True)
    db.session.add_all([odd, stop])
    db.session.commit()
    numbers = odd.id, stop.id
    liam = at_the_console(app)
    html = liam.get(f"/console/suggestions/{numbers[0]}").text
    assert "noor@private.example" in html and "Accept the suggestion" not in html
    assert "Taken for hers." in liam.post(f"/console/suggestions/{numbers[0]}/vouch").text
    assert "Accept the suggestion" in liam.get(f"/console/suggestions/{numbers[0]}").text
    html = liam.get(f"/console/suggestions/{numbers[1]}").text
    assert "Nothing happened by itself." in html and "asks for no more mails" in html
    assert "Put away without a mail." in liam.post(f"/console/suggestions/{numbers[1]}/aside").text
    assert "It waits for you again." in liam.post(f"/console/suggestions/{numbers[1]}/aside", {"back": "1"}).text
