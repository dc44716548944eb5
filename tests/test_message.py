"""Tests of emails.message. In: names and addresses meant to break headers. Out: mails that parse to what was meant."""

from __future__ import annotations

import email.policy
from dataclasses import replace
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.parser import BytesParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from emails import digest, message, render
from emails.values import Message, You
from tests.sample_mails import EDITION, ID, NOOR, PROGRAMME, TUESDAY

NAMES = st.one_of(
    st.text(max_size=90),
    st.text(st.sampled_from("Noor Ćž\"'<>@,;:\\\r\n\t=?_&\u202e\u200fאب😀\0"), max_size=90),
    st.just("N" * 300),
)
COMPILED = digest.compile(EDITION, "en")


def parsed(mail: Message) -> EmailMessage:
    found = BytesParser(policy=email.policy.default).parsebytes(mail.raw)
    assert isinstance(found, EmailMessage)
    return found


def decoded(mail: Message, name: str) -> str:
    """Return a header as RFC 2047 means it (the newer parser writes a space between two encoded words of a phrase)."""
    return " ".join(str(make_header(decode_header(message_from_bytes(mail.raw)[name]))).split())


def test_headers_are_those_that_receivers_ask_for() -> None:
    mail = parsed(COMPILED.message(NOOR, You(), [11], ID, TUESDAY))
    assert mail["From"] == "Liam Novak <digest@good.example>"
    assert mail["To"] == "Noor Haddad <noor@lipa.example>"
    assert mail["Reply-To"] == "Liam Novak <liam@lipa.example>"
    assert mail["Message-ID"] == ID
    assert mail["Date"].datetime == TUESDAY
    assert mail["Content-Language"] == "en"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["MIME-Version"] == "1.0"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert not mail.defects and not any(part.defects for part in mail.walk())


def test_one_click_unsubscribe_is_one_https_address_and_the_post_header() -> None:
    mail = parsed(COMPILED.message(NOOR, You(), [11], ID, TUESDAY))
    assert mail["List-Unsubscribe"] == f"<https://good.example/u/{'u' * 36}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_one_click_is_not_promised_where_there_is_no_https() -> None:
    plain = replace(EDITION, programme=replace(PROGRAMME, base_url="http://127.0.0.1:8000"))
    mail = parsed(digest.compile(plain, "en").message(NOOR, You(), [11], ID, TUESDAY))
    assert mail["List-Unsubscribe"].startswith("<http://127.0.0.1:8000/u/")
    assert mail["List-Unsubscribe-Post"] is None


@given(NAMES, NAMES)
@example("Noor\r\nBcc: all@lipa.example", "Liam\n\nhello")
@example("=?utf-8?q?trick?=", 'Liam, "the" <liaison@evil.example>')
def test_no_name_gets_out_of_its_header(name: str, liaison: str) -> None:
    edition = replace(EDITION, programme=replace(PROGRAMME, liaison_name=liaison))
    sent = digest.compile(edition, "en").message(replace(NOOR, name=name), You(), [11], ID, TUESDAY)
    mail = parsed(sent)
    assert set(mail.keys()) == {
        "From",
        "To",
        "Reply-To",
        "Subject",
        "Date",
        "Message-ID",
        "Content-Language",
        "Auto-Submitted",
        "X-Auto-Response-Suppress",
        "List-Unsubscribe",
        "List-Unsubscribe-Post",
        "MIME-Version",
        "Content-Type",
    }
    assert [a.addr_spec for a in mail["To"].addresses] == ["noor@lipa.example"]
    assert [a.addr_spec for a in mail["From"].addresses] == ["digest@good.example"]
    assert decoded(sent, "To") == " ".join(f"{render.line(name)} <noor@lipa.example>".split())
    assert decoded(sent, "Subject") == " ".join(sent.subject.split())
    assert max(len(line) for line in sent.raw.split(b"\r\n") if not line.startswith(b"List-")) <= 78
    assert max(len(line) for line in sent.raw.split(b"\r\n")) <= 998
    assert b"\n" not in sent.raw.replace(b"\r\n", b"")


@given(NAMES)
def test_raw_says_what_html_and_text_say(name: str) -> None:
    sent = COMPILED.message(replace(NOOR, name=name), You(), [12, 14], ID, TUESDAY)
    text, html = (part.get_content().replace("\r\n", "\n") for part in parsed(sent).iter_parts())
    assert text == sent.text
    assert html.removesuffix("\n") == sent.html


def test_the_same_facts_give_the_same_bytes() -> None:
    again = digest.compile(EDITION, "en")
    first, second = (c.message(NOOR, You(), [11, 12], ID, TUESDAY) for c in (COMPILED, again))
    assert first == second


def test_a_hand_built_mail_says_what_the_standard_library_would_say() -> None:
    """EmailMessage takes milliseconds per mail, so it serves as the reference and not as the maker."""
    sent = COMPILED.message(replace(NOOR, name="Žiga Čeh"), You(), [11], ID, TUESDAY)
    reference = EmailMessage()
    reference["To"] = "Žiga Čeh <noor@lipa.example>"
    reference["Subject"] = sent.subject
    reference.set_content(sent.text)
    reference.add_alternative(sent.html, subtype="html")
    ours, theirs = parsed(sent), parsed(replace(sent, raw=reference.as_bytes(policy=email.policy.SMTP)))
    assert ours["To"] == theirs["To"] and ours["Subject"] == theirs["Subject"]
    for mine, other in zip(ours.iter_parts(), theirs.iter_parts(), strict=True):
        assert mine.get_content().strip() == other.get_content().strip()


@pytest.mark.parametrize(
    "wrong", ["", "noor", "a@b@c", "a b@c.example", "a@c.example\r\nBcc: x@y", "<a@c.example>", "čeh@lipa.example"]
)
def test_an_address_that_cannot_stand_in_a_header_is_refused(wrong: str) -> None:
    with pytest.raises(message.UnusableAddress):
        COMPILED.message(replace(NOOR, address=wrong), You(), [11], ID, TUESDAY)


def test_a_domain_in_other_letters_is_written_in_ascii() -> None:
    sent = COMPILED.message(replace(NOOR, address="noor@bücher.example"), You(), [11], ID, TUESDAY)
    assert sent.recipient == "noor@xn--bcher-kva.example"


@pytest.mark.parametrize("wrong", ["", "abc@good.example", "<abc>", "<a@b>\r\nX: y", "<a b@c>"])
def test_a_message_id_that_is_none_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="Message-ID"):
        COMPILED.message(NOOR, You(), [11], wrong, TUESDAY)


def test_the_pass_that_acts_is_not_in_the_message_id_or_any_header_but_one() -> None:
    sent = COMPILED.message(NOOR, You(), [11], ID, TUESDAY)
    head = sent.raw.split(b"\r\n\r\n")[0]
    assert head.count(b"u" * 36) == 1 and b"s" * 36 not in head and b"m" * 36 not in head
