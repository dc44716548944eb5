"""scoring.drand. In: rounds that the league signed, and tampered ones. Out: randomness, or a refusal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import drand

SIGNED = {
    123: "b75c69d0b72a5d906e854e808ba7e2accb1542ac355ae486d591aa9d43765482e26cd02df835d3546d23c4b13e0dfc92",
    657413: "b713718a38ae728dfd477991af2822e08d2f305e47718cef9f7848ce4050e7be41076862b98fad56e91a6b85b89cd97b",
}
"""Rounds of quicknet as the league published them."""


def test_a_signed_round_gives_the_randomness_that_drand_publishes() -> None:
    assert drand.verify(657413, SIGNED[657413]) == "fc1873a13f3545aeade8401532ef5519920652eee6b0d2b19ca12643b87b3587"
    assert len(drand.verify(123, SIGNED[123])) == 64


@pytest.mark.parametrize(
    ("round_", "signature"),
    [
        (124, SIGNED[123]),
        (123, SIGNED[657413]),
        (0, SIGNED[123]),
        (2**64 + 123, SIGNED[123]),
        (123, SIGNED[123].upper()),
        (123, SIGNED[123][:-1]),
        (123, SIGNED[123] + "00"),
        (123, "c0" + "00" * 47),  # the point at infinity, which verifies anything where nobody looks
        (123, "00" * 48),
        (123, "ff" * 48),
        (123, "a0" + SIGNED[123][2:]),
        (123, ""),
    ],
)
def test_any_other_round_or_signature_is_refused(round_: int, signature: str) -> None:
    with pytest.raises(drand.BadSignature):
        drand.verify(round_, signature)


@given(st.integers(0, 95), st.sampled_from("0123456789abcdef"))
def test_one_digit_changed_is_refused(place: int, digit: str) -> None:
    changed = SIGNED[123][:place] + digit + SIGNED[123][place + 1 :]
    if changed == SIGNED[123]:
        assert drand.verify(123, changed)
    else:
        with pytest.raises(drand.BadSignature):
            drand.verify(123, changed)


def test_rounds_come_every_three_seconds_from_the_beginning() -> None:
    assert drand.time_of(1) == datetime.fromtimestamp(1692803367, UTC)
    assert drand.time_of(2) - drand.time_of(1) == timedelta(seconds=3)


@given(st.datetimes(datetime(2023, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))
def test_the_round_from_a_moment_is_the_first_that_is_not_before_it(moment: datetime) -> None:
    found = drand.round_from(moment)
    assert drand.time_of(found) >= moment
    assert found == 1 or drand.time_of(found - 1) < moment
