"""Lines. In: text as people and exports write it. Out: one clean line of it, a shorter one, what a person is called."""

from __future__ import annotations

import re
import unicodedata

_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")

_TAME = re.compile("[ -~\u00a0-\u058f\u2010-\u2027]*")
"""Letters of Latin, Greek, Cyrillic and Armenian and the usual signs: none of them controls or turns anything."""

_LETTER = "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f"
_SIMPLE = re.compile(f"([{_LETTER}][{_LETTER}'’-]{{0,39}})(?: [{_LETTER}'’-]+)*")
"""Most names: tame words, a space between each two."""

CALLED = 40
"""Characters of a name in a greeting."""

_AROUND = '"“”„«»‹›()[]{}<>;:\u2068\u2069'
_INITIALS = re.compile(r"(?:[^\W\d_]\.-?)+")
_TITLE = re.compile(r"(?:[^\W\d_]|[.-])+\.")
"""Dr., mag., Univ.-Prof.: a full stop at the end, and more than initials."""
_DEGREES = frozenset(
    ["ba", "bsc", "ma", "msc", "mba", "md", "phd", "llm", "jd", "mphil", "cfa", "cpa", "jr", "sr", "ii", "iii", "esq"]
)
"""What may follow a comma behind a name; without full stops and capitals."""
_BLANKS = "\u115f\u1160\u3164\uffa0\u2800"
"""Letters and signs, says Unicode, of which nothing is seen."""


def line(text: str) -> str:
    """Return foreign text as one clean line: no control characters, line ends, direction overrides or lone surrogates.

    What reads right to left is isolated (U+2068 … U+2069), so that it cannot turn the words around it.
    """
    if _TAME.fullmatch(text):
        return " ".join(text.split())
    text = text.encode("utf-8", "replace").decode()
    text = _BIDI.sub("", text)
    text = " ".join("".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text).split())
    if any(unicodedata.bidirectional(c) in ("R", "AL", "AN") for c in text):
        return f"\u2068{text}\u2069"
    return text


def together(before: str, sign: str) -> bool:
    """Tell whether readers see these two characters as one: an accent, a joined emoji, a colour of skin.

    The parts of Unicode's grapheme clusters (UAX 29, GB9, GB9a, GB11) that break visibly when they are parted.
    """
    return (
        sign == "\u200d"
        or before == "\u200d"
        or "\U0001f3fb" <= sign <= "\U0001f3ff"
        or "\U000e0020" <= sign <= "\U000e007f"
        or unicodedata.category(sign)[0] == "M"
    )


def cut(text: str, most: int) -> str:
    """Return the beginning of a text, at most so many characters, its last sign whole where one sign is not all."""
    if len(text) <= most:
        return text
    at = most
    while at and together(text[at - 1], text[at]):
        at -= 1
    return text[: at or most]


def shortened(text: str, most: int) -> str:
    """Return foreign text as one clean line of at most `most` characters, isolating signs not counted.

    It ends at a word and with "…" where something is missing; text without spaces (Chinese, Thai, an address) ends
    at a sign.
    """
    text = line(text)
    whole = text.strip("\u2068\u2069")
    if len(whole) <= most:
        return text
    words = whole[: most - 1].rpartition(" ")[0]
    return line(f"{words} …" if 2 * len(words) >= most else f"{cut(whole, most - 1)}…")


def called(name: str) -> str:
    """Return what a person is greeted by: her first name (`Noor Haddad`, `Haddad, Noor`, `Dr. Noor Haddad, PhD`).

    "" where it is not known: nobody is greeted by an initial, by a title or by a sign that stands for no name.
    """
    simple = _SIMPLE.fullmatch(name)
    if simple:
        return simple[1]
    clean = line(name).replace("\u060c", ",")
    if "@" in clean:
        return ""
    family, *rest = (part.split() for part in clean.split(","))
    given = [found for found in (_given(part, surname=False) for part in rest[:1]) if found is not None]
    found = given[0] if given else _given(family, surname=not rest or all(map(_is_title, rest[0])))
    return line(cut(found or "", CALLED))


def _given(words: list[str], *, surname: bool) -> str | None:
    """Return the first name among these words, "" for none, None where they are titles alone or nothing.

    `surname`: the last of several is the family's.
    """
    known = [word.strip(_AROUND) for word in words]
    names = [word for word in known if _seen(word) and not _is_title(word)]
    if not names:
        return None if not known or any(map(_is_title, known)) else ""
    lettered = [word for word in names if word[0].isalnum() or word[0] in "'’"] or names
    first, *others = lettered
    if _INITIALS.fullmatch(first):
        others = others[:-1] if surname else others
        return others[0] if others and others[0][0].isupper() and not _INITIALS.fullmatch(others[0]) else ""
    # Who is "Dr. Haddad" is not called by her family's name.
    return "" if surname and not others and words and _is_title(words[0]) else first


def _is_title(word: str) -> bool:
    if word.replace(".", "").lower() in _DEGREES:
        return True
    return bool(_TITLE.fullmatch(word)) and not _INITIALS.fullmatch(word)


def _seen(word: str) -> bool:
    """Tell whether a word has a letter, a figure or a picture to see."""
    return any(
        unicodedata.category(sign)[0] in "LN" or unicodedata.category(sign) == "So"
        for sign in word
        if sign not in _BLANKS
    )
