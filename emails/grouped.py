"""Grouped. In: a compiled digest, a selection, how many buttons. Out: one body for many people, and each one's values.

A provider that fills substitution tags (SendGrid's v3 `substitutions`) gets the digest once for all readers of one
edition, language, selection and number of share buttons; what is a person's own goes beside it: passes, greeting,
networks, *you, this month*. Everything is inside-of-JSON bytes already, so that a call is one join.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from json.encoder import encode_basestring

from emails import pieces, render, reply_to
from emails.card import button
from emails.digest import CompiledDigest
from emails.sheet import Kept
from emails.values import Recipient, You

LIMIT = 10_000
"""Bytes that one person's substitutions may have (SendGrid, v3 mail send)."""

_BUTTON = ("slug", "sign", "label", "share_on")
_OWN_TAGS = 8
"""Tags that everybody has: three passes, subject, two sentences, two months."""


class Alone(ValueError):
    """This person's values cannot stand in a grouped call: too long, or they contain a tag. Send hers with `alone`."""


@dataclass(frozen=True, slots=True)
class Template:
    """What is equal for all members of a call: three texts, each the inside of a JSON string, with tags to fill."""

    subject: bytes
    text: bytes
    html: bytes

    def content(self) -> bytes:
        """Return the fields `subject` and `content` of a v3 body, without a brace around them."""
        return b"".join(_content(self.subject, (self.text,), (self.html,)))

    def plain(self) -> tuple[str, str, str]:
        """Return (subject, text, html) as plain strings."""
        subject, text, html = (json.loads(b'"%b"' % part) for part in (self.subject, self.text, self.html))
        return subject, text, html


@dataclass(frozen=True, slots=True)
class Filled:
    """One person's digest with nothing left to fill; its text and HTML are not joined yet."""

    subject: bytes
    text: Sequence[bytes]
    html: Sequence[bytes]

    def content(self) -> bytes:
        """Return what `Template.content` returns."""
        return b"".join(self.chunks())

    def chunks(self) -> list[bytes]:
        """Return the same, not joined yet: `call` takes either."""
        return _content(self.subject, self.text, self.html)

    def plain(self) -> tuple[str, str, str]:
        """Return (subject, text, html) as plain strings."""
        return Template(self.subject, b"".join(self.text), b"".join(self.html)).plain()


def _content(subject: bytes, text: Sequence[bytes], html: Sequence[bytes]) -> list[bytes]:
    out = [b'"subject":"', subject, b'","content":[{"type":"text/plain","value":"']
    out += text
    out.append(b'"},{"type":"text/html","value":"')
    out += html
    out.append(b'"}]')
    return out


class GroupedDigest:
    """One compiled digest for calls of many people."""

    def __init__(self, digest: CompiledDigest) -> None:
        self.digest = digest
        self._html, self._text, self._months = digest.transport(pieces.in_json)
        self._mark = _unused(render.line(json.dumps(digest.edition.to_json(), ensure_ascii=False)))
        self._templates: Kept[tuple[tuple[int, ...], int], Template] = Kept(lambda key: self._template(*key), 64)
        self._buttons: Kept[tuple[str, ...], bytes] = Kept(self._named_buttons)
        self._greetings: Kept[tuple[str, str], bytes] = Kept(self._greeted)
        self.reply = reply_to.address(digest.edition.programme.reply, self._tag("reply").decode())
        """Where answers go, if the programme has an address: a tag stands in the place of the reader's token."""
        tags = ("share", "me", "unsubscribe", "month", "month_text")
        self._share, self._me, self._unsubscribe, self._month, self._month_text = (
            b'"%b":"' % self._tag(name) for name in tags
        )
        self._share = b"{" + self._share

    def _tag(self, name: str) -> bytes:
        return b"%b%b-" % (self._mark, name.encode())

    def template(self, stories: Sequence[int], slots: int) -> Template:
        """Return what all who get these stories with so many share buttons (0 to 3) share.

        Raises KeyError for a story that is not in the edition.
        """
        return self._templates[tuple(stories), slots]

    def _template(self, stories: tuple[int, ...], slots: int) -> Template:
        buttons = [{key: self._tag(f"{key}_{n}") for key in _BUTTON} for n in range(slots)]
        share = self._tag("share")
        values = {
            "sentence": self._tag("sentence"),
            "preheader": self._html.value[self.digest.preheader(stories)],
            "me": self._tag("me"),
            "unsubscribe": self._tag("unsubscribe"),
        }
        html = self._html.chunks(values, self._html.open_cards(stories, buttons, share), [self._tag("month")])
        values["sentence"] = self._tag("sentence_text")
        text = self._text.chunks(values, self._text.open_cards(stories, buttons, share), [self._tag("month_text")])
        return Template(self._tag("subject"), b"".join(text), b"".join(html))

    def slots(self, to: Recipient) -> int:
        """Return the number of share buttons she sees: with edition, language and selection, the key of her call."""
        return len(self.digest.networks(to))

    def substitutions(self, to: Recipient, you: You, stories: Sequence[int]) -> bytes:
        """Return her values as a JSON object, tag → text: at most LIMIT bytes. Raises Alone.

        Of `stories` only their number matters: the greeting tells it.
        """
        digest, signed = self.digest, to.passes
        networks = digest.networks(to)
        share, me = signed.share.encode(), signed.me.encode()
        found = digest.greeting(to, stories)
        month, month_text = self._months.chunks(you, me, share)
        greeting = self._greetings[found.subject, found.sentence]
        answers = b'"%b":"%b",' % (self._tag("reply"), to.reply.encode()) if to.reply else b""
        out = b"".join(
            (
                self._share,
                share,
                b'",',
                self._me,
                me,
                b'",',
                self._unsubscribe,
                signed.unsubscribe.encode(),
                b'",',
                answers,
                self._buttons[networks],
                greeting,
                self._month,
                *month,
                b'",',
                self._month_text,
                *month_text,
                b'"}',
            )
        )
        if len(out) > LIMIT:
            raise Alone("too long")
        if out.count(self._mark) != _OWN_TAGS + bool(answers) + len(networks) * len(_BUTTON):
            raise Alone("a name that looks like a tag")
        return out

    def _named_buttons(self, networks: tuple[str, ...]) -> bytes:
        # A network's words are ours and need no escaping, so that text and HTML can share a tag.
        return b"".join(
            b'"%b":"%b",' % (self._tag(f"{key}_{n}"), pieces.in_json(said))
            for n, slug in enumerate(networks)
            for key, said in button(slug, self.digest.language).items()
        )

    def _greeted(self, said: tuple[str, str]) -> bytes:
        subject, sentence = said
        return b'"%b":"%b","%b":"%b","%b":"%b",' % (
            self._tag("subject"),
            pieces.in_json(subject),
            self._tag("sentence"),
            self._html.value[sentence],
            self._tag("sentence_text"),
            self._text.value[sentence],
        )

    def alone(self, to: Recipient, you: You, stories: Sequence[int]) -> Filled:
        """Return her digest with everything filled in, to be sent in a call of her own without substitutions."""
        html, text = self.digest.chunks(pieces.in_json, to, you, stories)
        return Filled(pieces.in_json(self.digest.greeting(to, stories).subject), text, html)


def call(
    personalizations: Iterable[bytes], content: bytes | Sequence[bytes], rest: Mapping[str, object] | bytes
) -> bytes:
    """Return a v3 body: the personalizations (a JSON object each), the template's `content`, all other fields.

    `content` may be chunks of it; `rest` may be what `fields` returns, where many calls share it.
    """
    out = [b'{"personalizations":[', b",".join(personalizations), b"],"]
    if isinstance(content, bytes):
        out.append(content)
    else:
        out += content
    out += rest if isinstance(rest, bytes) else fields(rest), b"}"
    return b"".join(out)


def fields(rest: Mapping[str, object]) -> bytes:
    """Return the fields of a JSON object, each behind a comma, without a brace around them."""
    return b"".join(b',"%b":%b' % (name.encode(), json.dumps(value).encode()) for name, value in rest.items())


def strings(found: Mapping[str, str]) -> bytes:
    """Return a JSON object of strings: what `json.dumps` says, in a third of its time."""
    said = ",".join([f"{encode_basestring(key)}:{encode_basestring(value)}" for key, value in found.items()])
    return f"{{{said}}}".encode()


def _unused(texts: str) -> bytes:
    """Return how tags begin: nothing that the edition says contains it."""
    mark = "-gw."
    while mark in texts:
        mark = f"{mark[:-1]}w."
    return mark.encode()
