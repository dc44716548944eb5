"""Posts. In: words, hashtags and a disclosure. Out: what is posted, so that it fits the network beside the link."""

from __future__ import annotations

import re
from collections.abc import Iterable

from emails.blocked import holds
from emails.networks import length, room_for_words

_TAG = re.compile(r"#\w+")


def additions(
    words: str, slug: str, hashtags: Iterable[str] = (), disclosure: str = "", link: str = ""
) -> tuple[str, ...]:
    """Return what these words lack of the hashtags and the disclosure, each with the sign that joins it to them.

    The disclosure always comes, hashtags as long as all of it takes no more than half of what the network has room
    for beside the link.
    """
    room = room_for_words(slug, link)
    present = set(_TAG.findall(words.casefold()))
    last: tuple[str, ...] = ()
    if disclosure and not holds(words, disclosure):
        last = ((" " if disclosure.startswith("#") else "\n") + disclosure,)
    tags: tuple[str, ...] = ()
    for tag in hashtags:
        longer = (*tags, f" {tag}")
        fits = room is None or 2 * length("".join(longer + last), slug) <= room
        if fits and tag.casefold() not in present:
            tags = longer
            present.add(tag.casefold())
    return tags + last


def post(words: str, slug: str, hashtags: Iterable[str] = (), disclosure: str = "", link: str = "") -> str:
    """Return the words with what they lack, as they are posted; they may be too long for the network."""
    words = words.strip()
    return (words + "".join(additions(words, slug, hashtags, disclosure, link))).strip()


def fitted(words: str, slug: str, hashtags: Iterable[str] = (), disclosure: str = "", link: str = "") -> str:
    """Return what is posted, the words cut where it would be too long for this network beside the link.

    Nothing is cut inside a word where it can be helped; a cut ends in an ellipsis.
    """
    words, hashtags, room = words.strip(), tuple(hashtags), room_for_words(slug, link)
    whole = post(words, slug, hashtags, disclosure, link)
    if room is None or length(whole, slug) <= room:
        return whole
    # What is cut away may have been one of the hashtags: then it is added, and there is less room for words.
    lacking = len(additions("", slug, hashtags, disclosure, link))
    for _ in range(lacking + 1):
        more = additions(words, slug, hashtags, disclosure, link)
        shorter = cut(words, slug, room - length("".join(more), slug))
        if (whole := post(shorter, slug, hashtags, disclosure, link)) and length(whole, slug) <= room:
            return whole
        words = shorter
    return whole


def over(words: str, slug: str, hashtags: Iterable[str] = (), disclosure: str = "", link: str = "") -> int:
    """Return by how many signs, counted as the network does, the post is too long; 0 or less: it fits."""
    room = room_for_words(slug, link)
    return 0 if room is None else length(post(words, slug, hashtags, disclosure, link), slug) - room


def cut(text: str, slug: str, room: int) -> str:
    """Return the text, shortened to this room of the network between words and with an ellipsis if it is longer."""
    if length(text, slug) <= room:
        return text
    while text and length(text + "…", slug) > room:
        shorter = re.sub(r"\s+\S*\Z", "", text)
        text = shorter if shorter != text else text[:-1]
    return text.rstrip(" ,;:–-") + "…" if text else ""
