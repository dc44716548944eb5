import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emails import passes
from emails.passes import Pass, Purpose, WrongPass
from emails.values import Passes

KEY = bytes(range(64))
LINK = bytes.fromhex("0123456789abcdef")
KEYS = {1: KEY, 2: bytes(64)}
MADE = passes.make(KEY, 1, LINK, 20774)

VECTORS = Passes(
    share="AQEjRWeJq83vUSYP6wivnJR_j449Antix2yV",
    me="AQEjRWeJq83vUSYXtgAtV9Yh_AFDPOmGqb_p",
    unsubscribe="AQEjRWeJq83vUSZbrUfJKkIXReOgKY-Sr0YM",
    claim="AQEjRWeJq83vUSZxt072OvOkJfo1ZyBS5WO1",
)
"""Key 00 01 … 3f, key id 1, link id 0123456789abcdef, day 20774 (2026-11-17)."""


def test_a_pass_follows_the_protocol_byte_by_byte() -> None:
    payload = b"\x01" + LINK + (20774).to_bytes(2, "big")
    tags = hmac.new(KEY, b"goodword-pass-v1" + payload, hashlib.sha512).digest()
    for i, purpose in enumerate(Purpose):
        expected = base64.urlsafe_b64encode(payload + tags[16 * i : 16 * i + 16]).decode()
        assert getattr(MADE, purpose) == expected


def test_the_published_vectors_hold() -> None:
    assert MADE == VECTORS


@given(
    st.binary(min_size=1, max_size=80), st.integers(0, 255), st.binary(min_size=8, max_size=8), st.integers(0, 65535)
)
def test_every_pass_has_36_signs_and_reads_back_for_its_purpose_alone(
    key: bytes, key_id: int, link: bytes, day: int
) -> None:
    made = passes.make(key, key_id, link, day)
    for purpose in Purpose:
        text = getattr(made, purpose)
        assert len(text) == passes.LENGTH
        assert passes.read(text, purpose, {key_id: key}) == Pass(key_id, link, day)
        for other in set(Purpose) - {purpose}:
            with pytest.raises(WrongPass):
                passes.read(text, other, {key_id: key})


@given(st.integers(0, 35), st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"))
def test_a_single_changed_sign_makes_it_wrong(place: int, sign: str) -> None:
    changed = MADE.me[:place] + sign + MADE.me[place + 1 :]
    if changed == MADE.me:
        return
    with pytest.raises(WrongPass):
        passes.read(changed, "me", KEYS)


@pytest.mark.parametrize(
    "text",
    [
        "",
        MADE.me + "=",
        MADE.me + "\n",
        MADE.me[:-1],
        " " + MADE.me[1:],
        MADE.me.replace("A", "+", 1),
        "é" * 36,
        "ä" + MADE.me,
    ],
)
def test_only_the_canonical_form_is_read(text: str) -> None:
    with pytest.raises(WrongPass):
        passes.read(text, "me", KEYS)


def test_a_pass_of_an_unknown_key_is_wrong_even_if_signed_with_nothing() -> None:
    with pytest.raises(WrongPass):
        passes.read(passes.make(bytes(64), 9, LINK, 1).me, "me", KEYS)


@pytest.mark.parametrize(("key_id", "link", "day"), [(256, LINK, 1), (-1, LINK, 1), (1, LINK[:7], 1), (1, LINK, 65536)])
def test_what_does_not_fit_is_refused(key_id: int, link: bytes, day: int) -> None:
    with pytest.raises(ValueError, match="a pass needs"):
        passes.make(KEY, key_id, link, day)
