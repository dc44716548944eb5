"""Suggestions. In: a story's texts, their uses, what she typed. Out: which comes first, whether words are her own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from emails.folding import fold, words_of

OWN_WORDS = 3
"""Distinct words that no suggestion has, at least, for a post to be in her own words ..."""
OWN_PART = 10
"""... and at least one in so many of its distinct words."""
_RUN = 3
"""So many words in a row of a suggestion are taken from it, wherever they stand."""


@dataclass(frozen=True, slots=True)
class Text:
    """One suggestion; network "" is for every network."""

    id: int
    network: str
    language: str
    text: str


def tiers(texts: Sequence[Text], slug: str, languages: Sequence[str]) -> tuple[tuple[Text, ...], ...]:
    """Return the texts that suit this network in groups, the best group first, no group empty.

    Languages count before networks; within a language the network's own texts come before those for all. The order
    inside a group is that of `texts`.
    """
    kinds = ((language, network) for language in dict.fromkeys(languages) for network in (slug, ""))
    groups = (tuple(t for t in texts if (t.language, t.network) == kind) for kind in kinds)
    return tuple(group for group in groups if group)


def rotated(uses: Mapping[int, int], subject: str, story: int) -> tuple[int, ...]:
    """Return the ids of `uses` (id → how often it was used), the least used first.

    Among equals a hash of subject, story and text decides, so that colleagues who look at the same time are given
    different ones and one person is always given the same. Who takes the first keeps the uses within 1 of each other.
    """

    def lot(text: int) -> str:
        return hashlib.sha256(f"goodword-suggestion|{subject}|{story}|{text}".encode()).hexdigest()

    return tuple(sorted(uses, key=lambda text: (uses[text], lot(text))))


def same(words: str, text: str) -> bool:
    """Return whether these words are the text as it stands: case, punctuation, emoji, hashtags and links apart."""
    mine, theirs = words_of(words), words_of(text)
    return mine == theirs if mine or theirs else fold(words).split() == fold(text).split()


def are_own(words: str, known: Iterable[str]) -> bool:
    """Return whether words are her own, given every text that was put before her.

    `known` are all suggestions of the story in every language and for every network, its title and its summary. Of
    her bare words (links, hashtags, mentions, emoji, punctuation, case and accents apart) those are new that stand in
    no run of three words of any known text, and are not in the known text that is nearest to hers. Three distinct new
    words, and one in ten of all her distinct words, make the post hers: a changed word, a shuffled or shortened
    suggestion, two suggestions joined or another one's text do not.
    """
    mine, texts = words_of(words), [words_of(text) for text in known]
    taken = {run for text in texts for run in _runs(text)}
    covered = {at + n for at, run in enumerate(_runs(mine)) if run in taken for n in range(_RUN)}
    free = {word for at, word in enumerate(mine) if at not in covered}
    new = min((len(free - set(text)) for text in texts), default=len(free))
    return new >= OWN_WORDS and new * OWN_PART >= len(set(mine))


def _runs(words: Sequence[str]) -> list[tuple[str, ...]]:
    return [tuple(words[at : at + _RUN]) for at in range(len(words) - _RUN + 1)]
