"""Leftovers. In: a page and its language. Out: English of the catalogue's sources that a reader would still see."""

from __future__ import annotations

import re
from functools import cache
from html.parser import HTMLParser

from babel.messages.catalog import Message

from tests import check_translations as check

_HOLES = re.compile(r"%\(\w+\)[sd]|</?b>|\{\w+\}")
_SAID = frozenset({"aria-label", "title", "placeholder", "alt", "data-done", "data-failed", "data-label"})
_SILENT = frozenset({"script", "style", "code", "pre"})


class _Reader(HTMLParser):
    """Collects what people see or hear: text, and attributes that carry words."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self.language = ""
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in _SILENT
        self.pieces += [value for name, value in attrs if name in _SAID and value]
        if tag == "html":
            self.language = dict(attrs).get("lang") or ""

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in _SILENT

    def handle_data(self, data: str) -> None:
        if not self._silent and data.strip():
            self.pieces.append(" ".join(data.split()))


def english_in(html: str, language: str) -> list[str]:
    """Return pieces of source strings that stand on the page; they should not, unless the language says the same.

    A source of one word counts where it is a whole piece of text; of a longer one each part between its places counts.
    """
    reader = _Reader()
    reader.feed(html)
    assert reader.language == language, f"the page says that it is in {reader.language!r}"
    text, words = "\n".join(reader.pieces), {piece.strip(" .:·") for piece in reader.pieces}
    phrases, single = _sources(language)
    return sorted(single & words) + [phrase for phrase in phrases if phrase in text]


@cache
def _sources(language: str) -> tuple[tuple[str, ...], frozenset[str]]:
    phrases, single = set(), set()
    for message in check.extract(check.ROOT / "service"):
        parts = _parts(message)
        phrases.update(part for part in parts if " " in part and len(part) >= 8)
        if len(parts) == 1 and parts[0].isalpha():
            single.add(parts[0])
    spoken = check.read(check.ROOT / "service", language)
    same = [form for message in spoken if message.id for form in check._forms(message)]
    phrases = {phrase for phrase in phrases if not any(phrase in form for form in same)}
    return tuple(sorted(phrases)), frozenset(single - {form.strip(" .:") for form in same})


def _parts(message: Message) -> list[str]:
    both = [message.id] if isinstance(message.id, str) else list(message.id)
    return [part.strip(" .,:;“”()") for source in both for part in _HOLES.split(source)]
