"""Words meant to break mails. In: names, addresses and texts as exports and pranks write them. Out: clean ones."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from email.header import decode_header, make_header

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from emails import invitation, message, render
from service.delivery.port import Parcel
from service.delivery.sendgrid_body import Bodies
from tests.sample_mails import ID, NOOR, PROGRAMME, TUESDAY

FAMILY = "👩\u200d👩\u200d👧\u200d👦"
ACCENTED = "o\u0308\u0323"


@pytest.mark.parametrize(
    "wrong",
    [
        "noor@evil＠lipa.example",
        "noor@lipa.example，all@lipa.example",
        "noor@a；b.example",
        "noor@lipa.example＞",
        "noor@lipa：25",
        "noor@℀.example",
        "noor@lipa¨.example",
        "noor@lipa{x}.example",
        "noor@lipa.example.",
        "noor@-lipa.example",
        "noor@lipa..example",
        "noor@li\ud800pa.example",
        ".noor@lipa.example",
        "noor.@lipa.example",
        "no..or@lipa.example",
        '"no or"@lipa.example',
        "=?utf-8?q?all@lipa.example,?=@lipa.example",
        "=?utf-8?q?x?=@lipa.example",
        "noor@lipa.example\u2028",
        "noor@lipa.example\x00",
    ],
)
def test_an_address_that_other_programs_read_otherwise_is_refused(wrong: str) -> None:
    with pytest.raises(message.UnusableAddress):
        message.address(wrong)


@pytest.mark.parametrize(
    ("right", "written"),
    [
        ("noor+talks=2@lipa.example", "noor+talks=2@lipa.example"),
        ("o'neill@mail.lipa.example", "o'neill@mail.lipa.example"),
        ("noor@ＬＩＰＡ.example", "noor@lipa.example"),
        ("noor@čebela。example", "noor@xn--ebela-gya.example"),
        ("Noor@Lipa_2.example", "Noor@Lipa_2.example"),
    ],
)
def test_an_address_that_every_server_takes_is_kept(right: str, written: str) -> None:
    assert message.address(right) == written


@given(st.text(max_size=30), st.text(max_size=30))
@example("noor", "＠＜，；：")
def test_no_address_brings_signs_of_its_own_into_a_header(local: str, domain: str) -> None:
    try:
        found = message.address(f"{local}@{domain}")
    except message.UnusableAddress:
        return
    assert found.isascii() and found.isprintable() and found.count("@") == 1
    assert not set(found) & set(' <>()[]",;:\\')


@given(st.text(st.sampled_from("Draw – November—2026 é😀\u0308?=_.,:"), max_size=90))
@example("Who won: November – December")
def test_a_subject_is_ascii_and_says_what_it_said(text: str) -> None:
    text = render.line(text)
    found = message.unstructured(text)
    assert found.isascii() and max(map(len, found.split("\r\n"))) <= 67
    assert str(make_header(decode_header(found))) == text


@given(st.lists(st.sampled_from([FAMILY, ACCENTED, "🏳️\u200d🌈", "👍🏽", "é", "a"]), max_size=30).map("".join))
def test_a_long_subject_is_folded_between_signs_and_never_inside_one(text: str) -> None:
    said = [str(make_header(decode_header(part))) for part in message.encoded_words(text).split("\r\n ")]
    assert "".join(said) == text
    for part in said[1:]:
        assert not part.startswith(("\u200d", "\u0308", "\u0323", "\ufe0f", "🏽"))
    for part in said[:-1]:
        assert not part.endswith("\u200d")


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("Haddad, Noor", "Noor"),
        ("Haddad, Noor, MSc", "Noor"),
        ("HADDAD, NOOR", "NOOR"),
        ("Noor Haddad, PhD", "Noor"),
        ("Noor Haddad, Ph.D., MBA", "Noor"),
        ("Haddad,", "Haddad"),
        ("Dr. Noor Haddad", "Noor"),
        ("Univ.-Prof. Dr. Noor Haddad", "Noor"),
        ("mag. Ana Kos", "Ana"),
        ("Kos, mag. Ana", "Ana"),
        ("Ana Kos, univ. dipl. inž.", "Ana"),
        ("J. Robert Oppenheimer", "Robert"),
        ("Oppenheimer, J. Robert", "Robert"),
        ("N. Haddad", ""),
        ("N. H. van der Berg", ""),
        ("Haddad, N.", ""),
        ("Dr. Haddad", ""),
        ('"Noor" Haddad', "Noor"),
        ("(Noor) Haddad", "Noor"),
        ("Noor (she/her) Haddad", "Noor"),
        ("😀 Noor", "Noor"),
        ("🌸", "🌸"),
        ("-", ""),
        (",", ""),
        ("?", ""),
        ("n/a", "n/a"),
        ("noor@lipa.example", ""),
        ("\u200b", ""),
        ("\u3164 \u2800", ""),
        ("\u0301", ""),
        ("\x00\x1b\u2028", ""),
        ("d'Arc", "d'Arc"),
        ("'t Hooft", "'t"),
        ("李小龍", "李小龍"),
        ("حداد، نور", "\u2068نور\u2069"),
        ("Noor حداد", "Noor"),
        ("N" * 200, "N" * 40),
        ("o" * 39 + ACCENTED, "o" * 39),
        ("o" * 37 + FAMILY, "o" * 37),
    ],
)
def test_a_person_is_greeted_by_her_first_name_or_by_none(name: str, called: str) -> None:
    assert render.called(name) == called


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("word " * 80, "word " * 31 + "…"),
        ("short", "short"),
        ("漢" * 200, "漢" * 159 + "…"),
        ("See " + "x" * 300, "See " + "x" * 155 + "…"),
        ("x" * 158 + FAMILY, "x" * 158 + "…"),
        ("א" * 100 + " " + "ב" * 100, "\u2068" + "א" * 100 + " …\u2069"),
        ("", ""),
    ],
)
def test_a_long_text_ends_at_a_word_where_it_has_words(text: str, found: str) -> None:
    assert render.shortened(text, 160) == found


@given(st.text(max_size=400), st.integers(2, 200))
def test_what_is_shortened_fits_and_begins_as_it_began(text: str, most: int) -> None:
    found, whole = (each.strip("\u2068\u2069") for each in (render.shortened(text, most), render.line(text)))
    assert len(found) <= most
    assert found == whole or (found.endswith("…") and whole.startswith(found[:-1].rstrip()))


@given(
    st.one_of(
        st.text(max_size=90), st.sampled_from(["Ž" * 90, FAMILY * 9, "עברית " * 12, "Haddad, Noor; PhD", "", "<a@b>"])
    )
)
def test_a_letter_names_people_to_a_provider_as_its_own_headers_do(name: str) -> None:
    """Names of two encoded words had a space between these, in the middle of a word."""
    programme = replace(PROGRAMME, liaison_name=name)
    mail = invitation.compose(programme, replace(NOOR, name=name), ["Trams"], ID, TUESDAY)
    (call,) = Bodies({}).together([Parcel(7, "invitation", mail)])
    body = json.loads(call.body(call.members, "token"))
    called = " ".join(re.sub("[;,]", " ", render.line(name)).split())
    (to,) = body["personalizations"][0]["to"]
    for box, at in ((to, NOOR.address), (body["from"], PROGRAMME.sender), (body["reply_to"], PROGRAMME.liaison_email)):
        assert box["email"] == at and " ".join(box.get("name", "").split()) == called
    assert body["subject"] == mail.subject and [part["value"] for part in body["content"]] == [mail.text, mail.html]
