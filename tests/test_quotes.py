"""Quotes. In: answers as mail programs write them. Out: the writer's own words and links, nothing that she quotes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emails import replies, reply_to
from emails.quotes import links, own_words, text_of

MINE = "Worth it: https://example.com/a"
FROM = "Liam Oakes <news@fjord.example>"

QUOTING = {
    "Gmail, broken over lines": f"On Tue, Nov 17, 2026 at 9:00 AM {FROM}\nwrote:\n\n> six",
    "Gmail, Italian": "Il giorno mar 17 nov 2026 alle ore 09:00 Liam Oakes <\nnews@fjord.example> ha scritto:\n\n> sei",
    "Gmail, Slovenian": f"V V tor., 17. nov. 2026 ob 09:00 je oseba {FROM}\nnapisala:\n\n> šest",
    "Gmail, German": f"Am Di., 17. Nov. 2026 um 09:00 Uhr schrieb {FROM}:\n\n> sechs",
    "Apple Mail": f"> On 17 Nov 2026, at 09:00, {FROM} wrote:\n>\n> six",
    "Apple Mail, Italian": f"> Il giorno 17 nov 2026, alle ore 09:00, {FROM} ha scritto:\n>\n> sei",
    "Thunderbird": "On 17/11/2026 09:00, Liam Oakes wrote:\n> six",
    "Thunderbird, Slovenian": "Dne 17. 11. 2026 ob 9:00 je Liam Oakes napisal(a):\n> šest",
    "Outlook": f"From: {FROM}\nSent: Tuesday, November 17, 2026 9:00 AM\nTo: Noor\nSubject: six\n\nbody",
    "Outlook, with a rule": f"{'_' * 32}\nFrom: {FROM}\nSent: today\n\nbody",
    "Outlook, bold": f"*From:* {FROM}\n*Date:* Tuesday\n*To:* Noor\n\nbody",
    "Outlook, Italian": f"Da: {FROM}\nInviato: martedì 17 novembre 2026 09:00\nA: Noor\nOggetto: sei\n\ncorpo",
    "Outlook, Slovenian": f"Od: {FROM}\r\nPoslano: torek\r\nZa: Noor\r\nZadeva: šest\r\n\r\ntelo",
    "plain": "-----Original Message-----\nbody",
    "plain, Slovenian": "-----Izvirno sporočilo-----\ntelo",
    "quoted alone": "> six good reads\n> https://example.com/b",
    "a signature": "-- \nNoor\nhttps://example.com/me",
}


@pytest.mark.parametrize("program", QUOTING)
def test_what_is_quoted_is_left_out(program: str) -> None:
    assert own_words(f"{MINE}\n\n{QUOTING[program]}\n") == MINE


@pytest.mark.parametrize(
    "advertisement",
    ["Sent from my iPhone", "Inviato da iPhone", "Poslano z iPhona", "Get Outlook for iOS<https://aka.ms/o0ukef>"],
)
def test_what_a_telephone_adds_is_left_out(advertisement: str) -> None:
    assert own_words(f"{MINE}\n\n{advertisement}\n\n> On 17 Nov 2026, at 09:00, {FROM} wrote:\n> x") == MINE


@pytest.mark.parametrize(
    "words",
    [
        f"On Monday I read this: it was good\n{MINE}\n2026 was a year: wow",
        f"From: my heart\n{MINE}",
        f"She wrote: go on\n{MINE}",
        f"Date: today\nTo: all\n{MINE}",
    ],
)
def test_what_only_looks_like_a_quotation_stays(words: str) -> None:
    assert own_words(words) == words


def test_answers_between_quoted_lines_stay() -> None:
    assert own_words("> one?\nYes.\n> two?\nNo.") == "Yes.\nNo."


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (
            '<div>This <a href="https://example.com/a">article</a> is good<br>really</div><div class="gmail_quote">'
            "<div>On x wrote:<br></div><blockquote><p>q<div>z</div></blockquote></div>",
            "This article https://example.com/a is good\nreally",
        ),
        ('<div>Mine</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg">From</div><div>q</div>', "Mine"),
        (
            '<p>Mine</p><div style="border:none;border-top:solid #E1E1E1 1.0pt"><p><b>From:</b></p></div><p>q</p>',
            "Mine",
        ),
        ('<div>Mine</div><br><blockquote type="cite"><div>q</div></blockquote>', "Mine"),
        ('<p>Mine</p><div class="moz-cite-prefix">On x wrote:</div><blockquote type="cite">q</blockquote>', "Mine"),
        ("<style>p{}</style><p>Mine &amp; yours</p><script>x</script>", "Mine & yours"),
    ],
)
def test_quotations_in_html_are_left_out_and_links_stand_behind_their_words(html: str, text: str) -> None:
    assert text_of(html) == text


def test_addresses_end_where_their_sentence_goes_on() -> None:
    said = (
        "(see https://en.wikipedia.org/wiki/Ball_(game)). www.example.org/a, <https://a.example/b> https://a.example/b "
        "http://localhost/x https://good.example/s/x “https://b.example/ž”"
    )
    assert links(said, {"good.example"}) == [
        "https://en.wikipedia.org/wiki/Ball_(game)",
        "https://www.example.org/a",
        "https://a.example/b",
        "https://b.example/ž",
    ]


def test_wrappers_of_mail_scanners_are_taken_off() -> None:
    safe = "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fexample.com%2Fa%3Fb%3D1&data=05"
    proof = "https://urldefense.com/v3/__https://example.com/b__;!!abc"
    google = "https://www.google.com/url?q=https://example.com/c&sa=D"
    assert links(f"{safe} {proof} {google}") == [
        "https://example.com/a?b=1",
        "https://example.com/b",
        "https://example.com/c",
    ]


@pytest.mark.parametrize(
    ("words", "stops"),
    [
        ("STOP", True),
        ("please unsubscribe me", True),
        ("Cancellami, grazie", True),
        ("Basta!", True),
        ("Prosim, odjavite me", True),
        ("Nice, thank you", False),
        ("I could not stop reading. " * 6, False),
    ],
)
def test_a_short_wish_for_no_more_mails_is_told_from_a_letter(words: str, stops: bool) -> None:
    assert replies.asks_to_stop(words) is stops


@given(st.binary(max_size=400), st.binary(max_size=200))
def test_whatever_comes_is_read_without_a_fall(head: bytes, body: bytes) -> None:
    raw = b"From: a@b.example\r\nTo: " + head + b"\r\nContent-Type: text/html; charset=" + head[:9] + b"\r\n\r\n" + body
    found = replies.read(raw, {"good.example"}, None)
    assert (found.words + found.sender + "".join(found.named)).encode("utf-8") is not None
    assert len(found.words) <= replies.LONGEST


@given(st.binary(min_size=8, max_size=8), st.binary(min_size=1, max_size=40))
def test_a_token_gives_its_link_id_back_and_no_other_key_reads_it(link_id: bytes, key: bytes) -> None:
    said = reply_to.token(key, link_id)
    at = reply_to.address("Suggest@in.example", said)
    assert reply_to.token_in(at.upper(), "suggest@in.example") == said and len(at.split("@")[0]) <= 64
    assert reply_to.link_id(said, key) == link_id
    with pytest.raises(reply_to.NotOurs):
        reply_to.link_id(said, key + b"x")
    other = said[:-1] + ("a" if said[-1] != "a" else "b")
    with pytest.raises(reply_to.NotOurs):
        reply_to.link_id(other, key)
