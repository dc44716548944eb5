"""Message. In: a programme, a recipient, a subject and ready-encoded parts. Out: one finished RFC 5322 mail.

Built by hand because email.message spends 3 ms per digest on encoding what is encoded already (and is compared with
it in the tests). The same facts always give the same bytes: the boundary comes from the Message-ID.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from zlib import crc32

from emails import lines, pieces, render, reply_to
from emails.values import Message, Programme, Recipient

_PLAIN = re.compile(r"[A-Za-z0-9 ,.'!?()_+/&;-]{1,60}", re.ASCII)
_ATOMS = re.compile(r"[A-Za-z0-9 _'-]{1,60}", re.ASCII)
_PHRASE = re.compile(r"(?=.{1,60}\Z)[A-Za-z0-9_'-]+(?: [A-Za-z0-9_'-]+)*")
"""What `line` leaves as it is and `_ATOMS` takes: most names."""
_ADDRESS = re.compile(
    r"(?!\.|[^@]*(?:\.[.@]|=\?))[^\s<>()\[\],;:\"\\@\x00-\x1f\x7f]{1,64}@[^\s<>()\[\],;:\"\\@\x00-\x1f\x7f]{1,253}"
)
_DOMAIN = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_][a-z0-9_-]{0,62})*", re.ASCII | re.IGNORECASE
)
_MESSAGE_ID = re.compile(r"<[!-;=?A-~]{1,200}@[!-;=?A-~]{1,200}>")


class UnusableAddress(ValueError):
    """An address that cannot stand in a header: not `local@domain`, or its local part is not ASCII (no SMTPUTF8)."""


def address(found: str) -> str:
    """Return the address as it may stand in headers and envelopes, its domain in ASCII; raises UnusableAddress."""
    if not _ADDRESS.fullmatch(found):
        raise UnusableAddress("not an address")
    local, _, domain = found.rpartition("@")
    if not local.isascii():
        raise UnusableAddress("not an address that every server takes")
    return f"{local}@{_ascii(domain)}"


@lru_cache(maxsize=1024)
def _ascii(domain: str) -> str:
    try:
        found = domain.encode("idna").decode()
    except UnicodeError as problem:
        raise UnusableAddress("not an address that every server takes") from problem
    # IDNA reads a full-width @ or comma as the sign itself (RFC 3491), which would begin another address.
    if not _DOMAIN.fullmatch(found):
        raise UnusableAddress("not an address that every server takes")
    return found


def encoded_words(text: str) -> str:
    """Return text as RFC 2047 encoded words, folded so that lines stay ≤ 76; what is seen as one sign stays whole."""
    whole = text.encode()
    if len(whole) <= 39:
        return f"=?utf-8?b?{base64.b64encode(whole).decode()}?="
    chunks, chunk = [], b""
    for octets in _signs(text):
        if chunk and len(chunk) + len(octets) > 39:
            chunks.append(chunk)
            chunk = b""
        chunk += octets
    chunks.append(chunk)
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(c).decode()}?=" for c in chunks)


def _signs(text: str) -> Iterator[bytes]:
    """Yield the text's signs, an accent with its letter; one of more than 39 bytes in parts."""
    sign, before = b"", ""
    for character in text:
        octets = character.encode()
        if sign and (len(sign) + len(octets) > 39 or not lines.together(before, character)):
            yield sign
            sign = b""
        sign, before = sign + octets, character
    yield sign


def unstructured(text: str) -> str:
    """Return the value of a header such as Subject: plain where that is safe and short, else encoded words."""
    return text if not text or (_PLAIN.fullmatch(text) and text == text.strip()) else encoded_words(text)


def mailbox(name: str, at: str) -> str:
    """Return `name <address>` (RFC 5322 §3.4), the name encoded where it needs to be; raises UnusableAddress."""
    return named(name, address(at))


def named(name: str, at: str) -> str:
    """Return what `mailbox` returns, of an address that `address` gave."""
    if _PHRASE.fullmatch(name):
        return f"{name}\r\n <{at}>"
    name = render.line(name)
    if not name:
        return f"<{at}>"
    phrase = name if _ATOMS.fullmatch(name) else encoded_words(name)
    return f"{phrase}\r\n <{at}>"


_MACHINES = "Auto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: OOF, AutoReply\r\n"
_QUOTED = "charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
_PLAIN_TEXT = f"\r\nContent-Type: text/plain; {_QUOTED}"
_HTML_TEXT = f"\r\nContent-Type: text/html; {_QUOTED}".encode()


_NOBODYS = "0" * reply_to.LENGTH


def _answers(name: str, at: str) -> str:
    return f"\r\nReply-To: {mailbox(name, at)}\r\nSubject: "


class Letterhead:
    """What all mails of a programme have at their head. Raises UnusableAddress.

    Machines are asked not to answer (RFC 3834; Exchange's own word), people's answers go to the liaison.
    """

    def __init__(self, programme: Programme) -> None:
        self.sender = address(programme.sender)
        self.liaison = address(programme.liaison_email)
        self._from = f"From: {mailbox(programme.liaison_name, programme.sender)}\r\nTo: "
        self._reply = _answers(programme.liaison_name, programme.liaison_email)
        # One of a million differs from the next by the token alone: the rest is made once.
        hers = _answers(programme.liaison_name, reply_to.address(programme.reply, _NOBODYS)) if programme.reply else ""
        self._before, _token, self._after = hers.partition(_NOBODYS)
        self._date: tuple[datetime | None, str] = (None, "")

    def mail(
        self,
        to: str,
        subject: str,
        language: str,
        message_id: str,
        date: datetime,
        text: Iterable[bytes],
        html: Iterable[bytes],
        unsubscribe: str | None = None,
        reply: str = "",
    ) -> bytes:
        """Return the whole mail: headers, then the chunks of both bodies, which are quoted-printable (so that no
        boundary can occur in them).

        `to` and `subject` are as `mailbox` and `unstructured` gave them. `unsubscribe` is the mail's one-click address
        (RFC 8058), where it has one; `reply` the reader's token where answers go to an address of her own. Raises
        ValueError for a Message-ID that is none.
        """
        if not _MESSAGE_ID.fullmatch(message_id):
            raise ValueError("not a Message-ID")
        listed = ""
        if unsubscribe is not None:
            listed = f"List-Unsubscribe: <{unsubscribe}>\r\n"
            if unsubscribe.startswith("https://"):
                listed += "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
        fold = "\r\n " if len(message_id) > 60 else ""
        # Quoted-printable text holds no "=_", which alone makes a boundary; the sum tells mails apart for people.
        boundary = f"=_{crc32(message_id.encode()):08x}"
        answers = f"{self._before}{reply}{self._after}" if reply and self._after else self._reply
        top = (
            f"{self._from}{to}{answers}{subject}\r\nDate: {self._dated(date)}\r\nMessage-ID: {fold}{message_id}\r\n"
            f"Content-Language: {render.known(language)}\r\n{_MACHINES}{listed}MIME-Version: 1.0\r\n"
            f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n'
            f"--{boundary}{_PLAIN_TEXT}"
        )
        mark = f"\r\n--{boundary}".encode()
        out = [top.encode()]
        out += text
        out += mark, _HTML_TEXT
        out += html
        out += mark, b"--\r\n"
        return b"".join(out)

    def _dated(self, date: datetime) -> str:
        """Return the date as a header says it (RFC 5322 §3.3); an edition's mails mostly share theirs."""
        kept, said = self._date
        if kept != date or kept.tzinfo is not date.tzinfo:
            said = format_datetime(date)
            self._date = (date, said)
        return said


def letter(
    name: str,
    programme: Programme,
    to: Recipient,
    subject: str,
    values: Mapping[str, object],
    message_id: str,
    date: datetime,
    *,
    unsubscribe: str | None = None,
) -> Message:
    """Return a mail of one person: templates NAME.mjml and NAME.txt filled with `values`.

    Raises UnusableAddress, and ValueError for a Message-ID that is none.
    """
    common = {
        "programme": render.line(programme.name),
        "company": render.line(programme.company),
        "liaison": render.line(programme.liaison_name),
        "liaison_email": address(programme.liaison_email),
        "base": programme.base_url,
        "policy": bool(programme.policy_url),
        "policy_url": programme.policy_url or "",
        "name": render.called(to.name),
        "me": to.passes.me,
        "unsubscribe": to.passes.unsubscribe,
        "claim": to.passes.claim,
        "subject": subject,
    }
    head = Letterhead(programme)
    html = pieces.flat(
        pieces.fill(render.page(name, to.language, programme.colours), {**common, **values}, render.escape)
    )
    text = render.wrap(pieces.flat(pieces.fill(render.text(name, to.language), {**common, **values})))
    return Message(
        message_id=message_id,
        sender=head.sender,
        recipient=address(to.address),
        subject=subject,
        html=html,
        text=text,
        raw=head.mail(
            mailbox(to.name, to.address),
            unstructured(subject),
            to.language,
            message_id,
            date,
            [pieces.quoted_printable(text)],
            [pieces.quoted_printable(html)],
            unsubscribe,
        ),
    )
