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
    for beside the link. What the words have already counts there too: made again, a post grows no more.
    """
    room = room_for_words(slug, link)
    last = (" " if disclosure.startswith("#") else "\n") + disclosure if disclosure else ""
    present = set(_TAG.findall(f"{words} {disclosure}".casefold()))
    taken, lacking = "", []
    for tag in hashtags:
        longer = f"{taken} {tag}"
        if room is not None and 2 * length(longer + last, slug) > room:
            continue
        taken = longer
        if tag.casefold() not in present:
            lacking.append(f" {tag}")
            present.add(tag.casefold())
    return (*lacking, *([last] if last and not holds(words, disclosure) else []))


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


def cut(text: str, slug: str, room: int) -> str:
    """Return the text, shortened to this room of the network between words and with an ellipsis if it is longer."""
    if length(text, slug) <= room:
        return text
    while text and length(text + "…", slug) > room:
        shorter = re.sub(r"\s+\S*\Z", "", text)
        text = shorter if shorter != text else text[:-1]
    return text.rstrip(" ,;:–-") + "…" if text else ""
