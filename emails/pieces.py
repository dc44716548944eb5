"""Pieces. In: text with [[slots]] and [[#sections]]. Out: a tree filled in steps, encoded once, joined per person.

A template has no logic: `[[name]]` is a slot; `[[#name]]…[[/name]]` a section that is dropped, kept or repeated.
What is known early (words, stories) is filled early; what remains are the slots of one person. An *encoder* turns text
into the bytes of one transport so that encode(a) + encode(b) decodes to a + b: that law lets ready pieces be joined.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from json.encoder import encode_basestring

Encoder = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for a value that is not known yet."""

    name: str


@dataclass(frozen=True, slots=True)
class Section:
    """A part that is dropped, kept once, or repeated for each mapping of a list."""

    name: str
    inside: Piece


Piece = tuple["str | Slot | Section", ...]

_TAG = re.compile(r"^[ \t]*\[\[([#/])([a-z0-9_]+)\]\][ \t]*\n|\[\[([#/]?)([a-z0-9_]+)\]\]", re.MULTILINE)
"""A section's sign that has a line for itself takes that line along."""
_TOO_LONG = re.compile(rb"^([^\r\n]{74,})(=(?:20|09)\r\n)", re.MULTILINE)


class BrokenTemplate(ValueError):
    """A section is not closed, or closed where it was not opened."""


def parse(source: str) -> Piece:
    """Return the tree of a template; raises BrokenTemplate."""
    stack: list[tuple[str, list[str | Slot | Section]]] = [("", [])]
    at = 0
    for found in _TAG.finditer(source):
        stack[-1][1].append(source[at : found.start()])
        at = found.end()
        sign, name = found.group(1) or found.group(3), found.group(2) or found.group(4)
        if sign == "#":
            stack.append((name, []))
        elif sign == "/":
            opened, inside = stack.pop()
            if opened != name:
                raise BrokenTemplate(f"[[/{name}]] closes [[#{opened}]]")
            stack[-1][1].append(Section(name, tuple(node for node in inside if node != "")))
        else:
            stack[-1][1].append(Slot(name))
    if len(stack) > 1:
        raise BrokenTemplate(f"[[#{stack[-1][0]}]] is not closed")
    stack[0][1].append(source[at:])
    return tuple(node for node in stack[0][1] if node != "")


def section(piece: Piece, name: str) -> Piece:
    """Return the inside of the first section of this name, at any depth; raises KeyError."""
    for node in piece:
        if isinstance(node, Section):
            if node.name == name:
                return node.inside
            try:
                return section(node.inside, name)
            except KeyError:
                continue
    raise KeyError(name)


def fill(piece: Piece, values: Mapping[str, object], escape: Callable[[str], str] = str) -> Piece:
    """Return the piece with what `values` knows; the rest stays. Strings are escaped, pieces go in as they are.

    A section's value is a truth (keep or drop), a list of mappings (repeat, each seen before the outer values), or a
    Slot that takes its place.
    """
    filled: list[str | Slot | Section] = []
    for node in piece:
        if isinstance(node, str) or node.name not in values:
            if isinstance(node, Section):
                node = Section(node.name, fill(node.inside, values, escape))
            filled.append(node)
            continue
        value = values[node.name]
        if isinstance(node, Section):
            if isinstance(value, Slot):
                filled.append(value)
            elif isinstance(value, (list, tuple)):
                for each in value:
                    filled.extend(fill(node.inside, {**values, **each}, escape))
            elif value:
                filled.extend(fill(node.inside, values, escape))
        elif isinstance(value, tuple):
            filled.extend(value)
        else:
            filled.append(escape(str(value)))
    return tuple(filled)


def merged(piece: Piece) -> Piece:
    """Return the piece with neighbouring texts put together."""
    found: list[str | Slot | Section] = []
    for node in piece:
        if isinstance(node, str) and found and isinstance(found[-1], str):
            found[-1] += node
        else:
            found.append(node)
    return tuple(found)


def flat(piece: Piece) -> str:
    """Return the text of a piece with nothing left to fill; raises KeyError with the first open name."""
    for node in piece:
        if not isinstance(node, str):
            raise KeyError(node.name)
    return "".join(node for node in piece if isinstance(node, str))


@dataclass(frozen=True, slots=True)
class Encoded:
    """A piece in one transport's bytes: parts[0] slot[0] parts[1] slot[1] … parts[n]."""

    parts: tuple[bytes, ...]
    slots: tuple[str, ...]
    _mould: tuple[bytes, ...] = field(init=False, repr=False, compare=False)
    """The parts, with a place between each two."""

    def __post_init__(self) -> None:
        mould = [b""] * (2 * len(self.slots) + 1)
        mould[::2] = self.parts
        object.__setattr__(self, "_mould", tuple(mould))

    def join(self, values: Mapping[str, bytes]) -> bytes:
        """Return the bytes with every slot's value, which is encoded already; raises KeyError."""
        return b"".join(self.filled(map(values.__getitem__, self.slots)))

    def filled(self, values: Iterable[bytes]) -> list[bytes]:
        """Return the parts with a value between each two, not joined yet; one value per slot, in their order."""
        out = list(self._mould)
        out[1::2] = values
        return out


def encode(piece: Piece, encoder: Encoder) -> Encoded:
    """Return the piece encoded once; raises KeyError when a section is still open."""
    texts, slots = [""], []
    for node in piece:
        if isinstance(node, str):
            texts[-1] += node
        elif isinstance(node, Slot):
            slots.append(node.name)
            texts.append("")
        else:
            raise KeyError(node.name)
    return Encoded(tuple(encoder(text) for text in texts), tuple(slots))


def raw(text: str) -> bytes:
    """Encode for a browser: UTF-8."""
    return text.encode()


def in_json(text: str) -> bytes:
    """Encode as the inside of a JSON string (RFC 8259), without the quotes: for providers' HTTP bodies."""
    return encode_basestring(text)[1:-1].encode()


def quoted_printable(text: str) -> bytes:
    """Encode as quoted-printable (RFC 2045 §6.7) that begins and ends at the start of a line, lines ≤ 76.

    A soft line break ends what does not end with a line: so pieces join at any place and lines stay short.
    """
    if not text:
        return b""
    data = text.replace("\r\n", "\n").replace("\r", "\n").encode()
    ends = data.endswith(b"\n")
    # "\n" goes in, so that only line feeds are line ends to binascii; the wire wants CR LF.
    out = binascii.b2a_qp(data, istext=True).replace(b"\n", b"\r\n")
    # binascii counts the space before a line end as one sign and writes three.
    out = _TOO_LONG.sub(rb"\1=\r\n\2", out)
    if ends:
        return out
    if len(out) - 1 - out.rfind(b"\n") > 75:
        # No room for the soft break's own sign: break once more before the last character.
        last = 3 if out[-3:-2] == b"=" else 1
        out = out[:-last] + b"=\r\n" + out[-last:]
    return out + b"=\r\n"
