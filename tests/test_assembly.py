"""Tests of how fast paths stay right. In: hostile names and months. Out: whole mails equal to the plain rendering."""

from __future__ import annotations

import email.policy
import re
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email.message import EmailMessage
from email.parser import BytesParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emails import digest, lines, message, pieces, render, sheet
from emails.sheet import Kept
from emails.values import Message, Neighbour, You
from tests.sample_mails import EDITION, ID, MONTH, NOOR, TUESDAY
from tests.test_digest import ALL, ENGLISH, YOUS, reference

HOSTILE = st.one_of(
    st.text(max_size=60),
    st.text(st.sampled_from("Noor Ćž\"'<>@,;:\\\r\n\t=?_&.\u202e\u2028\u200fאب😀\0"), max_size=60),
    st.text(st.sampled_from("=\r\n .\t"), max_size=90),
    st.sampled_from(["N" * 1500, "é" * 700, "From me", ".", "..", "=3D", "--=_", "[[me]]", "%(name)s", "{name}"]),
)
NEVER = re.compile("(?!)")


def unix(text: str) -> str:
    return text.replace("\r\n", "\n").removesuffix("\n")


@settings(max_examples=80, deadline=None)
@given(
    YOUS,
    HOSTILE,
    st.lists(HOSTILE, max_size=5),
    st.lists(st.sampled_from(ALL), min_size=1, max_size=6, unique=True),
    st.integers(1, 4),
)
def test_a_mail_parsed_back_is_the_plain_rendering(
    you: You, name: str, near: list[str], stories: list[int], n: int
) -> None:
    you = replace(you, near=tuple(Neighbour(who, at, at, at == 2) for at, who in enumerate(near, 1)))
    to = replace(NOOR, name=name, networks=NOOR.networks[:n])
    sent = ENGLISH.message(to, you, stories, ID, TUESDAY)
    mail = BytesParser(policy=email.policy.default).parsebytes(sent.raw)
    assert isinstance(mail, EmailMessage) and not mail.defects
    text, page = (unix(part.get_content()) for part in mail.iter_parts())
    assert page == unix(reference(to, you, stories, "html", render.escape))
    assert text.split() == reference(to, you, stories, "text", str).split()
    assert max(map(len, sent.raw.split(b"\r\n"))) <= 998
    assert sent.raw.count(b"\n") == sent.raw.count(b"\r\n") == sent.raw.count(b"\r")
    assert sent.raw.count(b"\r\n--=_") == 3, "a boundary stands where none should"


def test_what_is_called_tame_controls_and_turns_nothing() -> None:
    tame = [c for c in map(chr, range(0x10000)) if lines._TAME.fullmatch(c)]
    assert len(tame) > 1200
    assert not [c for c in tame if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")]
    assert not [c for c in tame if unicodedata.bidirectional(c) in ("R", "AL", "AN")]
    assert not [c for c in tame if lines._BIDI.fullmatch(c)]


@given(HOSTILE, st.sampled_from([render.line, render.called, lambda name: message.named(name, "a@b.example")]))
def test_the_short_ways_lead_where_the_long_ones_do(name: str, way: Callable[[str], str]) -> None:
    short = way(name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "_TAME", NEVER)
        patch.setattr(lines, "_SIMPLE", NEVER)
        patch.setattr(message, "_PHRASE", NEVER)
        assert way(name) == short


@pytest.mark.parametrize("name", ["Noor Haddad", "Žiga Čeh", "Seán O’Neill", "Anna-Marie d'Arc", " Noor ", "N" * 61])
def test_usual_names_take_the_same_way(name: str) -> None:
    long = name.split()[0][:40]
    assert render.called(name) == long
    assert render.line(name) == name.strip()


def test_a_mail_reads_its_html_and_text_only_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    compiled = digest.compile(EDITION, "en")
    made = compiled._transport
    monkeypatch.setattr(compiled._transports, "make", lambda encoder: asked.append(encoder) or made(encoder))
    sent = compiled.message(NOOR, MONTH, ALL, ID, TUESDAY)
    assert asked == [pieces.quoted_printable]
    assert "six good reads" in sent.html and "six good reads" in sent.text
    assert asked == [pieces.quoted_printable, pieces.raw]
    again = compiled.message(NOOR, MONTH, ALL, ID, TUESDAY)
    assert again == sent and replace(sent, raw=b"x").html == sent.html
    with pytest.raises(AttributeError):
        _ = sent.nothing  # type: ignore[attr-defined]
    assert isinstance(sent, Message)


def test_what_is_kept_is_bounded_and_made_again() -> None:
    made: list[int] = []
    kept: Kept[int, int] = Kept(lambda n: made.append(n) or n * n, limit=3)
    assert [kept[n] for n in (1, 2, 3, 2, 4, 2)] == [1, 4, 9, 4, 16, 4]
    assert made == [1, 2, 3, 4, 2] and len(kept) <= 3


def test_full_caches_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet, "CARDS", 2)
    monkeypatch.setattr(sheet.Kept.__init__, "__defaults__", (2,))
    small = digest.compile(EDITION, "en")
    for networks in (("linkedin",), ("x", "linkedin"), ("copy", "email", "xing"), ("linkedin",)):
        to = replace(NOOR, networks=networks)
        for you in (MONTH, replace(MONTH, points=7, near=MONTH.near[::-1]), You()):
            assert small.message(to, you, ALL, ID, TUESDAY).raw == ENGLISH.message(to, you, ALL, ID, TUESDAY).raw


def test_a_date_is_said_in_its_own_zone_each_time() -> None:
    here, there = TUESDAY, TUESDAY.astimezone(timezone(timedelta(hours=1)))
    dates = [
        re.findall(rb"\r\nDate: (.*)\r\n", ENGLISH.message(NOOR, You(), [11], ID, each).raw)[0]
        for each in (here, there, datetime(2026, 11, 24, 8, tzinfo=UTC), here)
    ]
    assert dates == [
        b"Tue, 17 Nov 2026 08:00:00 +0000",
        b"Tue, 17 Nov 2026 09:00:00 +0100",
        b"Tue, 24 Nov 2026 08:00:00 +0000",
        b"Tue, 17 Nov 2026 08:00:00 +0000",
    ]


def test_threads_may_share_a_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet, "CARDS", 3)
    monkeypatch.setattr(sheet.Kept.__init__, "__defaults__", (3,))
    shared = digest.compile(EDITION, "en")
    slugs = ("linkedin", "x", "facebook", "whatsapp", "telegram", "threads", "xing", "copy")
    people = [replace(NOOR, name=slug, networks=(slug, slugs[n - 1])) for n, slug in enumerate(slugs)] * 6
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda to: shared.message(to, MONTH, ALL, ID, TUESDAY).raw, people))
    assert found == [ENGLISH.message(to, MONTH, ALL, ID, TUESDAY).raw for to in people]
