"""Blocked. In: words and a block list. Out: the phrases of the list that the words hold, with their reasons."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from emails.folding import fold, joined

_BETWEEN = re.compile(r"[\s_\-\u2010-\u2015]+")
"""What may stand between the words of a phrase, or be left out: "risk-free", "risk free" and "#RiskFree" are one."""


def parts(phrase: str) -> tuple[str, ...]:
    """Return the words of a phrase as they are looked for, empty where nothing of it can be looked for."""
    return tuple(filter(None, _BETWEEN.split(fold(phrase))))


def held(text: str, phrases: Mapping[str, str]) -> dict[str, str]:
    """Return phrase → reason for each phrase that the text holds, in the order of `phrases`.

    Case, accents, width, unseen signs and spacing do not matter; a phrase begins and ends where words do, so that
    "ad" is not in "bad". Signs like % or # count where the phrase has them.
    """
    folded = fold(text)
    return {phrase: reason for phrase, reason in phrases.items() if any(_places(folded, parts(phrase)))}


def holds(text: str, phrase: str) -> bool:
    """Return whether the text holds this phrase, looked for like a blocked one."""
    return any(_places(fold(text), parts(phrase)))


def _places(folded: str, words: tuple[str, ...]) -> Iterator[bool]:
    """Yield True for every place where the words begin and end at word boundaries."""
    if not words:
        return
    pattern = re.compile(rf"(?:{_BETWEEN.pattern})?".join(map(re.escape, words)))
    found = pattern.search(folded)
    while found:
        begin, end = found.span()
        inside = begin > 0 and joined(folded[begin - 1], folded[begin])
        inside = inside or (end < len(folded) and joined(folded[end - 1], folded[end]))
        if not inside:
            yield True
        found = pattern.search(folded, begin + 1)
