"""Tests of the words in a digest. In: numbers, names and empty months. Out: plurals, greetings and kindness."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace

import pytest

from emails import digest, month, render
from emails.grouped import LIMIT, GroupedDigest
from emails.values import Neighbour, Unsaid, You
from tests.sample_mails import EDITION, ID, MONTH, NOOR, PASSES, STORIES, TUESDAY, reader
from tests.test_digest import read, said

ALL = [story.id for story in STORIES]
ENGLISH = digest.compile(EDITION, "en")


@pytest.mark.parametrize(
    ("name", "greeted"),
    [
        ("Noor Haddad", "Noor"),
        ("Haddad, Noor", "Noor"),
        ("  Noor  ", "Noor"),
        ("", ""),
        ("\r\n", ""),
        ("李小龙", "李小龙"),
        ("O'Brien", "O'Brien"),
        ("Cher,", "Cher"),
        ("X" * 80, "X" * 40),
    ],
)
def test_people_are_greeted_by_their_first_name(name: str, greeted: str) -> None:
    assert render.called(name) == greeted


def test_zeros_are_kind_or_not_shown() -> None:
    page = said(ENGLISH.html(NOOR, You(badge="steady-voice", have=0, need=20), [11]))
    assert "Share one story that you like, and your month begins here." in page
    for word in ("0", "points", "draw ticket", "People near you", "Thank you", "of 20"):
        assert word not in page.partition("You, this month")[2].partition("Winners")[0], word


def test_a_figure_that_is_zero_is_left_out_and_the_others_stay() -> None:
    page = said(ENGLISH.html(NOOR, You(points=5), [11])).partition("You, this month")[2]
    assert "5 points" in page and "ticket" not in page and "row" not in page


@pytest.mark.parametrize(
    ("have", "need", "done"), [(1, 400, ["1%", "99%"]), (12, 20, ["60%", "40%"]), (20, 20, ["100%"])]
)
def test_the_bar_is_as_long_as_the_words_beside_it_say(have: int, need: int, done: list[str]) -> None:
    page = ENGLISH.html(NOOR, You(badge="steady-voice", have=have, need=need), [11])
    bar = re.findall(r'class="[ar]" width="(\d+%)"', page)
    assert bar == done
    assert f"{have} of {need} on the way to Steady voice" in page


@pytest.mark.parametrize("n", [1, 2, 3, 5, 101])
@pytest.mark.parametrize("language", ["en", "it", "sl"])
def test_numbers_take_the_right_form(language: str, n: int) -> None:
    wanted = {
        "en": {1: "1 point", 2: "2 points", 3: "3 points", 5: "5 points", 101: "101 points"},
        "it": {1: "1 punto", 2: "2 punti", 3: "3 punti", 5: "5 punti", 101: "101 punti"},
        "sl": {1: "1 točka", 2: "2 točki", 3: "3 točke", 5: "5 točk", 101: "101 točka"},
    }
    weeks = {
        "en": ["week in a row", "weeks in a row", "weeks in a row", "weeks in a row", "weeks in a row"],
        "it": ["settimana di fila", "settimane di fila", "settimane di fila", "settimane di fila", "settimane di fila"],
        "sl": ["teden zapored", "tedna zapored", "tedni zapored", "tednov zapored", "teden zapored"],
    }
    assert month.points(n, language) == wanted[language][n]
    assert month.values(You(weeks=n), language)["weeks_unit"] == weeks[language][[1, 2, 3, 5, 101].index(n)]
    thanks = month.values(You(shares=n, visits=n), language)["thanks_words"]
    assert "%" not in thanks and (str(n) in thanks or (language, n) == ("it", 1))


@pytest.mark.parametrize(
    ("language", "n", "subject"),
    [
        ("en", 1, "Noor, one good read for you this week"),
        ("en", 5, "Noor, five good reads for you this week"),
        ("it", 1, "Noor, una buona lettura per te questa settimana"),
        ("it", 3, "Noor, tre buone letture per te questa settimana"),
        ("sl", 1, "Noor, ta teden te čaka ena dobra zgodba"),
        ("sl", 2, "Noor, ta teden te čakata dve dobri zgodbi"),
        ("sl", 3, "Noor, ta teden te čakajo tri dobre zgodbe"),
        ("sl", 5, "Noor, ta teden te čaka pet dobrih zgodb"),
    ],
)
def test_the_subject_counts_in_words(language: str, n: int, subject: str) -> None:
    sent = digest.compile(EDITION, language).message(reader(language), MONTH, ALL[:n], ID, TUESDAY)
    assert sent.subject == subject


ASKED = (Unsaid(11, "Why our <trams> brake", "linkedin"), Unsaid(12, "L’acqua", "email"))


def test_she_is_asked_once_and_kindly_whether_she_posted_what_she_opened() -> None:
    page = ENGLISH.html(NOOR, You(points=5, unsaid=ASKED), [11])
    assert "Did you post “Why our <trams> brake” on LinkedIn? Say so" in said(page)
    assert "Did you pass “L’acqua” on? Say so" in said(page)
    assert "Say so" not in ENGLISH.html(NOOR, You(points=5), [11])
    asked = [link for link in read(page).links if link.endswith("/posted")]
    begin = f"https://good.example/s/{PASSES.share}"
    assert asked == [f"{begin}/11/linkedin/posted", f"{begin}/12/email/posted"]
    text = ENGLISH.text(NOOR, You(points=5, unsaid=ASKED), [11])
    assert f"Did you pass “L’acqua” on?\nSay so:\n{begin}/12/email/posted\n" in text


def test_questions_survive_a_trip_through_json() -> None:
    you = You(points=5, unsaid=ASKED)
    assert You.from_json(json.loads(json.dumps(you.to_json()))) == you


def test_the_largest_month_with_its_questions_still_fits_into_a_call_of_many() -> None:
    near = tuple(Neighbour("Maximiliane W.", 123_456 - n, 1_234 + n, n == 2) for n in range(5))
    asked = tuple(Unsaid(n, "A title" + " as long as may be" * 4, "linkedin") for n in (123456, 123457))
    most = replace(MONTH, points=123_456, badge="conversation-starter", near=near, unsaid=asked)
    for language in ("en", "it", "sl"):
        compiled = GroupedDigest(digest.compile(EDITION, language))
        to = replace(NOOR, language=language, name="Maximiliane Wolfeschlegelstein")
        assert len(compiled.substitutions(to, most, [11])) < 0.95 * LIMIT


@pytest.mark.parametrize(
    ("stories", "shown"),
    [
        (
            [11, 15],
            "Why our trams now brake before you would · Ten small things · Four engineers rebuilt the controller",
        ),
        ([16], "Open data for 4,000 stops · A map. A map."),
        ([13], "Zakaj merimo"),
        ([11, 15, 16, 12], "· Open data for 4,000 stops · L’acqua &amp; la fabbrica = &lt;2 litri&gt;"),
    ],
)
def test_the_preheader_names_the_stories_and_fills_what_an_inbox_shows(stories: list[int], shown: str) -> None:
    hidden = re.search(r'mso-hide:all" aria-hidden="true">(.*?)</div>', ENGLISH.html(NOOR, MONTH, stories))
    assert hidden and shown in hidden[1]
    assert hidden[1].startswith(html.escape(next(s.title for s in STORIES if s.id == stories[0])))
    assert len(html.unescape(hidden[1])) > 80 or stories == [13]


@pytest.mark.parametrize(
    ("own", "sentence"),
    [
        ("{name}, spring is here.", "Spring is here."),
        ("{name}: spring is here.", "Spring is here."),
        ("Hello {name}, spring is here.", "Hello, spring is here."),
        ("Hello, {name}. Spring is here.", "Hello. Spring is here."),
        ("Spring is here, {name}.", "Spring is here."),
        ("Good morning {name} and all", "Good morning and all"),
        ("{name} {name}", ""),
        ("{name}.", ""),
        ("שלום {name}, אביב", "\u2068שלום, אביב\u2069"),
    ],
)
def test_a_sentence_without_its_name_is_still_a_sentence(own: str, sentence: str) -> None:
    compiled = digest.compile(replace(EDITION, words={"en": own}), "en")
    found = compiled.greeting(replace(NOOR, name="-"), [11]).sentence
    assert found == (sentence or "For you this week: one good read.")
