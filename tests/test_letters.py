"""Tests of invitation, frozen and winner mails. In: facts. Out: each fact in text and HTML, in three languages."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from emails import badge, campaign, did_well, fresh_link, frozen, invitation, news, winner, winners, your_month
from emails.values import EarnedBadge, FrozenTickets, Message, WonPrize
from tests.sample_mails import ID, NOOR, PASSES, PRIZE, PROGRAMME, TICKETS, TUESDAY, reader
from tests.test_digest import read, said
from tests.test_message import parsed


def invited(language: str = "en") -> Message:
    return invitation.compose(PROGRAMME, reader(language), ["Engineering", "R&D <open>"], ID, TUESDAY)


def froze(language: str = "en", facts: FrozenTickets = TICKETS) -> Message:
    return frozen.compose(PROGRAMME, reader(language), facts, ID, TUESDAY)


def won(language: str = "en", facts: WonPrize = PRIZE) -> Message:
    return winner.compose(PROGRAMME, reader(language), facts, ID, TUESDAY)


def freshened(language: str = "en") -> Message:
    return fresh_link.compose(PROGRAMME, reader(language), 30, ID, TUESDAY)


def earned(language: str = "en", *badges: EarnedBadge) -> Message:
    return badge.compose(PROGRAMME, reader(language), badges or [EarnedBadge("own-voice", "shares", 2, 3)], ID, TUESDAY)


PUSH = news.Push(
    "Open house",
    "Two hundred neighbours <see> how we work",
    "We open our doors.\n\nCome & bring a friend.",
    ("#OpenHouse",),
    "2026-11-16",
    "2026-11-30",
    multiplier=2,
    stories=(("Why our trams now brake", "en"), ("Zakaj merimo", "sl")),
    prizes=("Weekend for two",),
    draw="https://good.example/draws/open-house",
    shares=41,
    readers=318,
    people=17,
    winners=(news.Prize("A book", "Ana K."), news.Prize("A lamp", ""), news.Prize("A cup", "Noor", her=True)),
)


def did(language: str = "en") -> Message:
    shares = [news.Found("Zakaj <merimo>", "copy", 3, "sl"), news.Found("Why our trams now brake", "linkedin", 12)]
    return did_well.compose(PROGRAMME, reader(language), shares, ID, TUESDAY)


def who_won(language: str = "en") -> Message:
    facts = news.Won("2026-10", "October draw", TICKETS.page, 41, PUSH.winners)
    return winners.compose(PROGRAMME, reader(language), facts, ID, TUESDAY)


def my_month(language: str = "en") -> Message:
    best = news.Found("Why our trams now brake", "linkedin", 41)
    facts = news.MyMonth("2026-10", 58, 3, 2, 1240, "https://good.example/months/2-12-41-5.ab.png", best)
    return your_month.compose(PROGRAMME, reader(language), facts, ID, TUESDAY)


def kicked(language: str = "en") -> Message:
    return campaign.kickoff(PROGRAMME, reader(language), PUSH, ID, TUESDAY)


def closed(language: str = "en") -> Message:
    return campaign.closing(PROGRAMME, reader(language), PUSH, ID, TUESDAY)


LETTERS = [invited, froze, won, freshened, earned, did, who_won, my_month, kicked, closed]


def in_both(mail: Message, *facts: str) -> None:
    page, text = said(mail.html), " ".join(mail.text.split())
    for fact in facts:
        assert fact in page, fact
        assert fact in text, fact


def test_the_invitation_says_what_comes_and_how_to_decline() -> None:
    mail = invited()
    assert mail.subject == "Liam Novak invites you to Lipa Aloud"
    in_both(
        mail,
        "Noor, would you like some good reads?",
        "Lipa Aloud sends you a few stories once a week",
        "There is no account, no password and no duty.",
        "Engineering",
        "R&D <open>",
        "If you do nothing, your first stories come with the next edition.",
        "Decline, no more mails",
        "Lipa & Sons",
    )
    assert parsed(mail)["List-Unsubscribe"] == f"<https://good.example/u/{PASSES.unsubscribe}>"
    assert f"https://good.example/me/{PASSES.me}" in read(mail.html).links


def test_a_fresh_link_opens_her_page_and_says_for_how_long() -> None:
    mail = freshened()
    assert mail.subject == "Your fresh link to Lipa Aloud"
    in_both(mail, "Noor, here is your page again.", "It opens for 30 days.", "If you did not ask", "Lipa & Sons")
    assert f"https://good.example/me/{PASSES.me}" in read(mail.html).links
    assert "List-Unsubscribe" not in parsed(mail)


def test_what_did_well_is_told_with_its_readers_and_none_of_them_is_named() -> None:
    mail = did()
    assert mail.subject == "12 people read what you shared."
    in_both(
        mail, "Why our trams now brake", "12 readers on LinkedIn", "Zakaj <merimo>", "3 readers", "Thank you, Noor."
    )
    assert parsed(mail)["List-Unsubscribe"] == f"<https://good.example/u/{PASSES.unsubscribe}/shares>"


def test_winners_are_told_by_display_name_and_her_own_as_you() -> None:
    mail = who_won()
    assert mail.subject == "Who won: October draw"
    in_both(mail, "Ana K.", "A book", "A colleague", "A lamp", "You", "A cup", "41 people took part.")
    assert "Noor" not in mail.text and TICKETS.page in read(mail.html).links


def test_a_month_says_in_words_what_its_picture_shows() -> None:
    mail = my_month()
    assert mail.subject == "Your month: October 2026"
    in_both(
        mail, "Your shares found 58 readers.", "1,240", "points", "active weeks", "Most read:", "41 readers on LinkedIn"
    )
    assert 'alt="A picture of your month: 3 flowers, one for each share that was read, and 58 seeds' in mail.html
    assert my_month("it").subject == "Il tuo mese: ottobre 2026"


def test_a_campaign_says_what_it_is_for_and_at_its_end_what_it_brought() -> None:
    facts = ("Two hundred neighbours <see> how we work", "Come & bring a friend.")
    in_both(kicked(), *facts, "until Monday, 30 November 2026.", "count twice.", "#OpenHouse", "Weekend for two")
    in_both(closed(), *facts, "41", "318", "17", "colleagues took part", "Ana K.", "A colleague")
    bare = replace(PUSH, goal="", words="", hashtags=(), stories=(), prizes=(), draw="", multiplier=1, winners=())
    none = replace(bare, shares=0, readers=0, people=0)
    for mail in (
        campaign.kickoff(PROGRAMME, NOOR, bare, ID, TUESDAY),
        campaign.closing(PROGRAMME, NOOR, none, ID, TUESDAY),
    ):
        assert "draw" not in mail.text and "0" not in mail.text.partition("--")[0].replace("2026", "").replace("30", "")
    assert news.Push.from_json(json.loads(json.dumps(PUSH.to_json()))) == PUSH


def test_one_mail_names_every_badge_with_its_level() -> None:
    mail = earned()
    assert mail.subject == "A badge for you: Own voice"
    in_both(mail, "Thank you, Noor.", "You earned a badge.", "Own voice", "Level 2 of 3", "Lipa & Sons")
    assert parsed(mail)["List-Unsubscribe"] == f"<https://good.example/u/{PASSES.unsubscribe}/recognition>"
    both = earned("en", EarnedBadge("first-word", "shares"), EarnedBadge("Green <thumb>", "shares"))
    assert both.subject == "You earned 2 badges."
    in_both(both, "First word", "Green <thumb>")
    assert "Level" not in both.text
    assert "/medals/shares-1-" in both.html


def test_an_invitation_without_topics_does_not_begin_a_list() -> None:
    mail = invitation.compose(PROGRAMME, NOOR, [], ID, TUESDAY)
    assert "You begin with these topics" not in mail.html + mail.text


def test_the_frozen_mail_holds_everything_that_proves_the_pool() -> None:
    mail = froze()
    assert mail.subject == "Your 3 tickets are in the draw: November draw"
    in_both(
        mail,
        "You hold 3 tickets in “November draw”.",
        TICKETS.entrant,
        TICKETS.salt,
        TICKETS.pool,
        TICKETS.source,
        TICKETS.source_text,
        "3 (of 97 tickets in all)",
        "Tuesday, 17 November 2026, 09:00 (CET)",
    )
    assert TICKETS.page in read(mail.html).links and TICKETS.page in mail.text


@pytest.mark.parametrize("letter", [froze, won])
def test_mails_about_a_draw_are_not_stopped_by_one_click(letter: object) -> None:
    mail = parsed(letter())  # type: ignore[operator]
    assert mail["List-Unsubscribe"] is None and mail["List-Unsubscribe-Post"] is None


def test_the_winners_mail_says_what_until_when_and_where() -> None:
    mail = won()
    assert mail.subject == "You won: Weekend for two in Piran"
    in_both(
        mail,
        "Noor, you won: Weekend for two in Piran.",
        "Your ticket came up in November draw, at rank 1.",
        "Claim it by Tuesday, 17 November 2026, 09:00 (CET).",
        "On the same page you may decline it",
    )
    claim = f"https://good.example/claim/{PASSES.claim}/2026-11"
    assert claim in read(mail.html).links and claim in mail.text
    assert PRIZE.page in read(mail.html).links and PRIZE.page in mail.text


def test_a_prize_that_was_passed_on_says_so() -> None:
    mail = won(facts=replace(PRIZE, passed_on=True, rank=4))
    in_both(
        mail, "The prize was passed on, and it is yours: Weekend for two in Piran.", "rank 4 in November draw is you"
    )
    assert "Your ticket came up" not in mail.html + mail.text


def test_a_winner_without_a_name_is_still_told() -> None:
    mail = winner.compose(PROGRAMME, replace(NOOR, name=""), PRIZE, ID, TUESDAY)
    in_both(mail, "You won: Weekend for two in Piran.")


@pytest.mark.parametrize("n", [1, 2, 3, 5, 101])
@pytest.mark.parametrize("language", ["en", "it", "sl"])
def test_tickets_take_the_right_form(language: str, n: int) -> None:
    sentence = {
        "en": ["1 ticket", "2 tickets", "3 tickets", "5 tickets", "101 tickets"],
        "it": ["1 biglietto", "2 biglietti", "3 biglietti", "5 biglietti", "101 biglietti"],
        "sl": ["1 srečko", "2 srečki", "3 srečke", "5 srečk", "101 srečko"],
    }
    subjects = {
        1: "1 tvoja srečka je v žrebanju: November draw",
        2: "2 tvoji srečki sta v žrebanju: November draw",
        3: "3 tvoje srečke so v žrebanju: November draw",
        5: "5 tvojih srečk je v žrebanju: November draw",
        101: "101 tvoja srečka je v žrebanju: November draw",
    }
    mail = froze(language, replace(TICKETS, tickets=n))
    assert re.search(sentence[language][[1, 2, 3, 5, 101].index(n)] + r"\b", said(mail.html))
    assert language != "sl" or mail.subject == subjects[n]


@pytest.mark.parametrize("letter", LETTERS)
@pytest.mark.parametrize("language", ["en", "it", "sl"])
def test_every_letter_is_whole_in_every_language(letter: object, language: str) -> None:
    mail: Message = letter(language)  # type: ignore[operator]
    assert f'lang="{language}"' in mail.html
    assert "[[" not in mail.html + mail.text + mail.subject and "%(" not in mail.html + mail.text + mail.subject
    assert "None" not in mail.html + mail.text
    assert len(mail.html.encode()) < 20_000
    assert max(map(len, mail.text.split("\n"))) <= 80
    text, page = (part.get_content().replace("\r\n", "\n") for part in parsed(mail).iter_parts())
    assert text == mail.text and page.removesuffix("\n") == mail.html.removesuffix("\n")
    for link in read(mail.html).links:
        assert link.removeprefix("mailto:") in mail.text, link


def test_a_moment_is_said_in_the_programmes_zone_with_its_name() -> None:
    summer = replace(PRIZE, deadline=datetime(2026, 7, 3, 22, 30, tzinfo=UTC))
    in_both(won(facts=summer), "Saturday, 4 July 2026, 00:30 (CEST)")
    in_both(won("it", summer), "sabato 4 luglio 2026, 00:30 (CEST)")
    in_both(won("sl", summer), "sobota, 4. julij 2026, 00:30 (CEST)")


def test_facts_survive_json() -> None:
    for facts in (TICKETS, PRIZE):
        assert type(facts).from_json(json.loads(json.dumps(facts.to_json()))) == facts
