"""drand. In: a round of the quicknet beacon and its signature. Out: its randomness, if the League of Entropy signed it.

The beacon and its constants are drand's own (docs.drand.love, "quicknet", scheme bls-unchained-g1-rfc9380): every three
seconds the league signs the number of a round, and nobody can know or choose a signature before. The pairing is
computed by arkworks (py-arkworks-bls12381).
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta

from py_arkworks_bls12381 import GT, G1Point, G2Point

CHAIN = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971"
"""The chain's hash: what a relay calls quicknet."""
PUBLIC_KEY = (
    "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d106451"
    "0d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a"
)
"""Of the league: 96 bytes, a point of G2 in its compressed form."""
GENESIS = datetime(2023, 8, 23, 15, 9, 27, tzinfo=UTC)
"""When round 1 was signed."""
PERIOD = timedelta(seconds=3)
LAST = 10**15
"""Rounds beyond are no rounds (a pool's header has room for sixteen digits)."""

_DOMAIN = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"
_SIGNATURE = re.compile(r"[0-9a-f]{96}", re.ASCII)


class BadSignature(ValueError):
    """Not the signature of this round. Its text says what is wrong with it."""


def round_from(moment: datetime) -> int:
    """Return the first round signed at `moment` (aware) or after it."""
    if moment <= GENESIS:
        return 1
    passed = moment - GENESIS
    return int(-(-passed // PERIOD)) + 1


def time_of(round_: int) -> datetime:
    """Return when a round is signed, in UTC. Raises ValueError for what is no round, OverflowError past year 9999."""
    if not 1 <= round_ <= LAST:
        raise ValueError("rounds of drand are counted from 1")
    return GENESIS + (round_ - 1) * PERIOD


def verify(round_: int, signature: str) -> str:
    """Return the round's randomness: SHA-256 of its signature, 64 hex digits.

    `signature` is 96 lower-case hex digits, as a relay gives them. Takes some 5 ms. Raises BadSignature.
    """
    if _SIGNATURE.fullmatch(signature) is None:
        raise BadSignature("The signature of a drand round is 96 lower-case hex digits.")
    if not 1 <= round_ <= LAST:
        raise BadSignature("Rounds of drand are counted from 1.")
    raw = bytes.fromhex(signature)
    try:
        point = G1Point.from_compressed_bytes(raw)  # refuses what is not on the curve or not in its subgroup
    except ValueError:
        raise BadSignature("These digits are no signature of drand.") from None
    message = G1Point.hash_to_curve(hashlib.sha256(round_.to_bytes(8, "big")).digest(), _DOMAIN)
    league = G2Point.from_compressed_bytes(bytes.fromhex(PUBLIC_KEY))
    if GT.pairing(point, G2Point()) != GT.pairing(message, league):
        raise BadSignature("The league of drand did not sign this round with these digits; was another round copied?")
    return hashlib.sha256(raw).hexdigest()
