"""Folding. In: text as people type it. Out: the same text with case, accents, width and unseen signs levelled."""

from __future__ import annotations

import re
import unicodedata

_MARKS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f]")
"""Accents that stand above or below a letter, and variation selectors; vowel signs of Indic scripts are no accents."""
_STROKES = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "’": "'", "ʼ": "'"})
"""Letters that Unicode does not take apart though readers see an accent."""
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\ua4cf\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U0001b000-\U0003ffff]"
)
"""Scripts that are written without spaces, or (Korean) with endings joined to the word."""
_NO_WORDS = re.compile(r"(?:https?://|www\.)\S+|[#@][\w.@-]+")
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


def fold(text: str) -> str:
    """Return the text with case, accents, width and unseen signs (zero-width, direction, soft hyphen) levelled.

    "ＲÉSUMÉ" and "résumé" give "resume". Unicode's NFKD and case folding (UAX 15, UTS 18) and two tables of our own.
    """
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    text = "".join(sign for sign in _MARKS.sub("", text) if unicodedata.category(sign) != "Cf")
    return unicodedata.normalize("NFC", text.translate(_STROKES))


def words_of(text: str) -> tuple[str, ...]:
    """Return the bare words of a post, folded: no links, hashtags, mentions, emoji or punctuation.

    In scripts without spaces every sign is a word.
    """
    bare = _NO_WORDS.sub(" ", fold(text))
    return tuple(word for run in _WORD.findall(bare) for word in _UNSPACED.sub(r" \g<0> ", run).split())


def joined(before: str, after: str) -> bool:
    """Return whether these two signs side by side stand inside one word."""
    return _in_word(before) and _in_word(after)


def _in_word(sign: str) -> bool:
    return unicodedata.category(sign)[0] in "LNM" and not _UNSPACED.match(sign)
