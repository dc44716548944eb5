"""The mix. In: how many stories of each kind. Out: the same of ten, beside the 6-3-1 rule, and what is short."""

from __future__ import annotations

from collections.abc import Mapping

RULE = {"curated": 6, "owned": 3, "promotional": 1}
"""Of ten stories six are others', three ours, one sells: the 6-3-1 rule of employee advocacy (the liaison's guide)."""


def tenths(counts: Mapping[str, int]) -> tuple[int, ...]:
    """Return how many of ten stories are of each kind of RULE, in its order; they add up to 10, or all are 0.

    What is left of rounding goes to the largest remainders (Hamilton's method), equals in the order of RULE.
    """
    have = [max(0, counts.get(kind, 0)) for kind in RULE]
    whole = sum(have)
    if not whole:
        return tuple(0 for _ in RULE)
    shares = [10 * n // whole for n in have]
    rests = sorted(range(len(have)), key=lambda at: (-(10 * have[at] % whole), at))
    for at in rests[: 10 - sum(shares)]:
        shares[at] += 1
    return tuple(shares)


def short(counts: Mapping[str, int]) -> str | None:
    """Return the kind that lacks most beside RULE, by two of ten or more; None where the mix is near enough."""
    have = tenths(counts)
    if not any(have):
        return None
    lack = {kind: RULE[kind] - n for kind, n in zip(RULE, have, strict=True)}
    worst = max(lack, key=lambda kind: lack[kind])
    return worst if lack[worst] >= 2 else None
