"""Proposals. In: the words of a new story, names of topics, stories that have topics. Out: topics it may be about."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

MOST = 3
"""Topics proposed; the liaison ticks more."""
NEAR = 0.18
"""Cosine from which a story's words are near those of a topic's stories."""
_NAMED, _IN_KEYWORD, _IN_TITLE, _IN_SUMMARY = 4.0, 2.5, 2.0, 1.0
"""What it weighs that a keyword is a topic's name, or that all words of the name stand in a keyword, title, summary."""


@dataclass(frozen=True, slots=True)
class Text:
    """The words of a story, new or known. `keywords` are the page's own."""

    title: str
    summary: str = ""
    keywords: tuple[str, ...] = ()


def propose(text: Text, topics: Mapping[int, Iterable[str]], known: Sequence[tuple[Text, Sequence[int]]]) -> list[int]:
    """Return ids of topics that the story may be about, the best first, at most MOST.

    `topics` has each topic's names in every language, `known` stories with the topics a person gave them. A topic is
    proposed by its name, or because its stories use the same words: TF-IDF and cosine against the sum of a topic's
    stories (Rocchio's classifier; Manning, Raghavan, Schütze, "Introduction to Information Retrieval", 14.2). Words
    that stand in a single story say nothing of a topic. Equals go by id, so that the same words propose the same.
    """
    scores: dict[int, float] = {}
    title, summary = _stems(text.title), _stems(text.summary)
    keywords = [_stems(word) for word in text.keywords]
    for topic, names in topics.items():
        best = 0.0
        for name in filter(None, map(_stems, names)):
            wanted = set(name)
            if name in keywords:
                best = max(best, _NAMED)
            elif any(wanted <= set(word) for word in keywords):
                best = max(best, _IN_KEYWORD)
            if wanted <= set(title):
                best = max(best, _IN_TITLE)
            elif wanted <= set(summary):
                best = max(best, _IN_SUMMARY)
        scores[topic] = best
    near_of = _near(text, known)
    # Words that fit several topics say little of each: only those nearly as near as the nearest count.
    enough = max(NEAR, 0.7 * max(near_of.values(), default=0.0))
    for topic, near in near_of.items():
        if topic in scores and near >= enough:
            scores[topic] += 4 * near
    found = sorted((topic for topic, score in scores.items() if score > 0), key=lambda t: (-scores[t], t))
    return found[:MOST]


def _near(text: Text, known: Sequence[tuple[Text, Sequence[int]]]) -> dict[int, float]:
    """Return topic → cosine between the story's words and those of the topic's stories."""
    bags = [(Counter(_bag(each)), topics) for each, topics in known]
    often = Counter(word for bag, _topics in bags for word in bag)
    # Of a word in half of all stories nothing follows; of one that stands once, only that story.
    weigh = {w: math.log(len(bags) / n) for w, n in often.items() if n >= 2 and n < len(bags) / 2 + 1}
    sums: dict[int, Counter[str]] = {}
    for bag, topics in bags:
        for topic in topics:
            sums.setdefault(topic, Counter()).update(bag)
    mine = {word: (1 + math.log(n)) * weigh[word] for word, n in Counter(_bag(text)).items() if word in weigh}
    length = math.sqrt(sum(value * value for value in mine.values()))
    found = {}
    for topic, bag in sums.items():
        theirs = {word: (1 + math.log(n)) * weigh[word] for word, n in bag.items() if word in weigh}
        far = math.sqrt(sum(value * value for value in theirs.values()))
        shared = [word for word in mine if word in theirs]
        if length and far and len(shared) >= 2:
            found[topic] = sum(mine[word] * theirs[word] for word in shared) / (length * far)
    return found


def _bag(text: Text) -> list[str]:
    words = [*_stems(text.title), *_stems(text.title), *_stems(text.summary)]
    return [word for word in (*words, *(w for k in text.keywords for w in _stems(k))) if len(word) > 3]


def _stems(text: str) -> list[str]:
    """Return the words of a text, folded, without the endings of plurals: enough for names in our languages."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    words = re.findall(r"[^\W_]+", "".join(sign for sign in plain if not unicodedata.combining(sign)))
    return [word[:-1] if len(word) > 4 and word[-1] in "saeio" else word for word in words]
