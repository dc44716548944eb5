"""Proof of draws. In: what a pool and its randomness come to, and all that was published. Out: what does not agree."""

from __future__ import annotations

import re
from dataclasses import dataclass

from scoring.draws import Outcome, sha256

_SIGNATURE = re.compile(r"[0-9a-f]{96}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Published:
    """What was published of a draw beside its pool file and randomness; None: nothing to compare with."""

    pool: str | None = None
    """SHA-256, as in each entrant's mail."""
    rules: bytes | None = None
    source: bytes | None = None
    """The text of public numbers; a drand round has none."""
    signature: str | None = None
    """Of the drand round, in hex."""
    seed: str | None = None
    ranks: bytes | None = None
    """As Outcome.ranks_file."""


def findings(outcome: Outcome, randomness: str, published: Published) -> list[str]:
    """Return what was published and does not hold, in plain sentences; empty: all of it agrees."""
    pool, told = outcome.pool, published
    drand = pool.source.startswith("drand-quicknet/")
    truths = {
        "The pool's SHA-256 is not the one that was published.": told.pool in (None, outcome.pool_hash),
        "The rules are not those of the pool.": told.rules is None or sha256(told.rules) == pool.rules,
        "The source's text is not that of the pool.": told.source is None
        or (not drand and "numbers/" + sha256(told.source) == pool.source),
        "The randomness is not the SHA-256 of the signature.": told.signature is None
        or (drand and _signed(told.signature) == randomness),
        "The seed does not follow from pool and randomness.": told.seed in (None, outcome.seed),
        "The ranks do not follow from pool and randomness.": told.ranks in (None, outcome.ranks_file),
    }
    return [sentence for sentence, holds in truths.items() if not holds]


def _signed(signature: str) -> str | None:
    return sha256(bytes.fromhex(signature)) if _SIGNATURE.fullmatch(signature) else None
