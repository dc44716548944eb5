"""SendGrid's bodies. In: parcels. Out: members to be called together, and the body of a call of any of them.

Limits (v3 mail send): 1,000 personalizations, an address once a call, 10,000 bytes of substitutions each, a name
without `;` and `,`. Nothing personal but the mail itself leaves: `custom_args` name a row, categories a kind of mail.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.header import decode_header, make_header
from email.parser import BytesHeaderParser
from email.policy import compat32
from typing import Any

from emails import grouped, message, render, reply_to
from emails.digest import CompiledDigest
from emails.grouped import Alone, GroupedDigest, Template
from service.compose import Digest
from service.delivery.calls import send_id
from service.delivery.port import Parcel
from service.suppressions import CLASSES

TOGETHER = 1000
"""Personalizations in a call."""

KEPT = 12
"""Grouped digests kept: one per edition and language."""

_NOT_IN_NAMES = re.compile(r"[;,]\s*")

_TRACKING = {
    "click_tracking": {"enable": False, "enable_text": False},
    "open_tracking": {"enable": False},
    "subscription_tracking": {"enable": False},
    "ganalytics": {"enable": False},
}
"""No redirect over another host, no pixel, no foot of theirs: what counts is measured at our own short links."""

_MACHINES = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "OOF, AutoReply"}
"""As in emails.message: machines are asked not to answer."""


@dataclass(frozen=True, slots=True)
class Member:
    """One parcel and what of its personalization is known before its call: all but the call's token."""

    parcel: Parcel
    head: bytes


@dataclass(frozen=True, slots=True)
class Together:
    """Members that one call can hold, and what is equal for all of them."""

    members: Sequence[Member]
    content: bytes
    rest: Mapping[str, Any]

    def body(self, members: Sequence[Member], token: str) -> bytes:
        """Return the body of a call of these members under this token."""
        ids = (b"%b%b" % (m.head, send_id(token, m.parcel.number).encode() + b'"}}') for m in members)
        return grouped.call(ids, self.content, self.rest)


class Bodies:
    """Makes bodies and remembers compiled templates, for one sender."""

    def __init__(self, groups: Mapping[str, int]) -> None:
        """`groups`: class of mail → number of the provider's unsubscribe group."""
        self._groups = groups
        self._grouped: dict[CompiledDigest, GroupedDigest] = {}

    def together(self, window: Sequence[Parcel]) -> Iterator[Together]:
        """Yield the window in as few calls as may be: digests of equal stories and number of buttons share one."""
        alike: dict[tuple[CompiledDigest, tuple[int, ...], int], list[Member]] = {}
        single: list[Together] = []
        for parcel in window:
            found = parcel.digest if parcel.kind == "digest" else None
            if found is None:
                single.append(self._letter(parcel))
                continue
            of_many = self._of_many(found.compiled)
            try:
                values = of_many.substitutions(found.to, found.you, found.stories)
            except Alone:
                single.append(self._alone(parcel, found, of_many))
                continue
            member = Member(parcel, _head(parcel, found, b',"substitutions":' + values))
            alike.setdefault((found.compiled, tuple(found.stories), of_many.slots(found.to)), []).append(member)
        for (compiled, stories, slots), members in alike.items():
            many = self._of_many(compiled)
            content = many.template(stories, slots).content()
            for start in range(0, len(members), TOGETHER):
                yield Together(members[start : start + TOGETHER], content, self._of_digest(compiled, many.reply))
        yield from single

    def _of_many(self, compiled: CompiledDigest) -> GroupedDigest:
        if compiled not in self._grouped:
            if len(self._grouped) >= KEPT:
                self._grouped.clear()
            self._grouped[compiled] = GroupedDigest(compiled)
        return self._grouped[compiled]

    def _alone(self, parcel: Parcel, found: Digest, of_many: GroupedDigest) -> Together:
        content = of_many.alone(found.to, found.you, found.stories).content()
        reply = reply_to.address(found.compiled.edition.programme.reply, found.to.reply)
        return Together([Member(parcel, _head(parcel, found, b""))], content, self._of_digest(found.compiled, reply))

    def _of_digest(self, compiled: CompiledDigest, reply: str) -> dict[str, Any]:
        """`reply`: where answers go, if the programme has an address for them; a tag in it is filled like any other."""
        programme = compiled.edition.programme
        answers = reply if programme.reply else message.address(programme.liaison_email)
        return {
            "from": _person(programme.liaison_name, message.address(programme.sender)),
            "reply_to": _person(programme.liaison_name, answers),
            "headers": {"Content-Language": compiled.language, **_MACHINES},
            **self._of_kind("digest"),
        }

    def _of_kind(self, kind: str) -> dict[str, Any]:
        found: dict[str, Any] = {"categories": [kind], "tracking_settings": _TRACKING}
        group = self._groups.get(CLASSES[kind])
        return {**found, "asm": {"group_id": group}} if group is not None else found

    def _letter(self, parcel: Parcel) -> Together:
        """Return a mail of one person as a call of its own, its headers as the mail itself has them."""
        mail = parcel.message
        head = mail.raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        read = BytesHeaderParser(policy=compat32).parsebytes(head)
        sender, answers, to = (_mailbox(read[name]) for name in ("From", "Reply-To", "To"))
        own = {name: str(read[name]) for name in ("List-Unsubscribe", "List-Unsubscribe-Post") if name in read}
        person = _personalization(_person(to[0], mail.recipient), {"Message-ID": mail.message_id, **own}, b"")
        content = Template(*(json.dumps(part)[1:-1].encode() for part in (mail.subject, mail.text, mail.html)))
        rest = {
            "from": _person(sender[0], mail.sender),
            "reply_to": _person(*answers),
            "headers": {"Content-Language": str(read["Content-Language"]), **_MACHINES},
            **self._of_kind(parcel.kind),
        }
        return Together([Member(parcel, person)], content.content(), rest)


def _head(parcel: Parcel, found: Digest, more: bytes) -> bytes:
    address = f"{found.compiled.edition.programme.base_url}/u/{found.to.passes.unsubscribe}"
    headers = {"Message-ID": parcel.message.message_id, "List-Unsubscribe": f"<{address}>"}
    if address.startswith("https://"):
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return _personalization(_person(found.to.name, parcel.message.recipient), headers, more)


def _personalization(to: Mapping[str, str], headers: Mapping[str, str], more: bytes) -> bytes:
    """Return a personalization up to the value of its send_id; its end is `"}}`."""
    start = json.dumps({"to": [to], "headers": headers}, ensure_ascii=False)[:-1].encode()
    return start + more + b',"custom_args":{"send_id":"'


def _mailbox(written: str) -> tuple[str, str]:
    """Return (name, address) of a mailbox as emails.message writes it.

    email.headerregistry would put a space between two encoded words of a name, which RFC 2047 (§6.2) does not.
    """
    name, _, at = written.rpartition("<")
    return str(make_header(decode_header(name.strip()))), at.rstrip(">")


def _person(name: str, at: str) -> dict[str, str]:
    """Return an address and name as the provider takes them: no `;` and `,`, which it would cut at."""
    called = _NOT_IN_NAMES.sub(" ", render.line(name)).strip()
    return {"email": at, "name": called} if called else {"email": at}
