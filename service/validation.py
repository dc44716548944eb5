"""Validation. In: what somebody typed. Out: clean text, or a refusal that names each field and says what to do."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit


def N_(message: str) -> str:  # noqa: N802  (gettext's own name for "mark, translate later")
    """Mark a message for extraction; the edge that shows it translates it."""
    return message


@dataclass(frozen=True)
class Words:
    """A message and its values, translated by whoever shows it; `str()` gives the English."""

    message: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.message % self.values if self.values else self.message


class Invalid(Exception):
    """What was typed cannot stand; `errors` maps each field to the Words beside it."""

    def __init__(self, errors: Mapping[str, Words]) -> None:
        super().__init__("; ".join(f"{name}: {words}" for name, words in errors.items()))
        self.errors = dict(errors)


LARGEST = 2**31 - 1
"""The largest number that a column of ours holds, and so the largest that anybody picks."""


def whole(typed: object, most: int = LARGEST) -> int | None:
    """Return the whole number that was typed or picked, 0 to `most`; None where it is none of these."""
    text = str("" if typed is None else typed).strip()
    return number if re.fullmatch(r"\d{1,10}", text) and (number := int(text)) <= most else None


def wholes(typed: Iterable[object]) -> list[int]:
    """Return those of what was picked that are whole numbers, as `whole` reads them."""
    return [number for number in map(whole, typed) if number is not None]


class Check:
    """Collects refusals field by field, so that a person sees all of them at once."""

    def __init__(self) -> None:
        self.errors: dict[str, Words] = {}

    def refuse(self, name: str, message: str, **values: object) -> None:
        """Note a refusal; a field's first one stands."""
        self.errors.setdefault(name, Words(message, values))

    def text(self, name: str, value: object, longest: int, required: bool = False) -> str:
        """Return one clean line, refused where it is missing or longer than `longest` characters."""
        line = one_line(str(value or ""))
        if required and not line:
            self.refuse(name, N_("Please fill this in."))
        if len(line) > longest:
            self.refuse(
                name, N_("Keep it to %(longest)d characters; this has %(length)d."), longest=longest, length=len(line)
            )
        return line

    def done(self) -> None:
        """Raise Invalid if anything was refused."""
        if self.errors:
            raise Invalid(self.errors)


_UNSEEN = re.compile("[\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069]")
"""Zero-width signs and direction overrides: nobody types them on purpose, and they can disguise a text."""


def one_line(text: str) -> str:
    """Return the text in NFC on one line: no control or unseen characters, single spaces, none at the ends.

    U+200C and U+200D stay: Persian words and joined emoji need them.
    """
    if text.isprintable() and unicodedata.is_normalized("NFC", text):
        return " ".join(text.split())  # nearly every text; a file has a million of them
    text = _UNSEEN.sub("", unicodedata.normalize("NFC", text))
    text = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)
    return " ".join(text.split())


def paragraphs(text: str) -> str:
    """Return the text like one_line, but with its line breaks as LF, at most one empty line in a row."""
    lines = [one_line(line) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def joined(base: str, address: str) -> str:
    """Return an address that a page or feed names, read against `base`; "" where it is none that any parser takes."""
    try:
        found = urljoin(base, address)
        urlsplit(found)
    except ValueError:
        return ""
    return found


def key_of(text: str) -> str:
    """Return what two spellings of one name have in common: "Open  Source" and "open-source" give the same."""
    return slug_of(text) or one_line(text).casefold()


def slug_of(text: str) -> str:
    """Return a name for addresses: a-z, 0-9 and hyphens, at most 60; "" where nothing of the text remains."""
    plain = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].rstrip("-")
