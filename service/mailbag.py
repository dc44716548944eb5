"""The mailbag. In: digests decided for a page of readers. Out: their rows in the outbox, by the fastest way there is.

A row is written as text and bytes, never as objects: there may be a million. PostgreSQL takes a bag by one COPY
straight into the outbox; where an address has its copy already, and on SQLite, rows go in one by one.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from emails.values import You
from service import outbox, settings
from service.bulk import copies, copy_packed, packed
from service.models import Outbox
from service.models.mail import MailState
from service.passes import today_number
from service.readers import KIND

COMMON = ("kind", "occasion", "edition_id", "state", "why", "due_at", "attempts", "created_at")
HERS = ("language", "selection_id", "subject", "address_hash", "message_id", "facts")


class Letter(NamedTuple):
    """One digest that is to be mailed; `facts` is the row's JSON text."""

    subject: str
    hashed: str
    language: str
    stories: tuple[int, ...]
    facts: str
    due_at: datetime
    late: bool
    """It is held until a person decides."""


class Facts:
    """Writes the `facts` of digests: what outbox.recipient_facts and a row's date say, and `you`, as JSON text."""

    def __init__(self, key_id: int, fallback: str) -> None:
        """`key_id` signs the passes, `fallback` is the network of those who chose none."""
        self._key_id, self._fallback = key_id, fallback
        self._dates: dict[datetime, str] = {}
        self._networks: dict[tuple[str, ...], str] = {}
        self._plain: dict[You, str] = {}

    def text(self, name: str | None, networks: Sequence[str], link_id: str, you: You, leaves: datetime) -> str:
        """Return the JSON text of one row's facts, for a mail that leaves at this moment."""
        slugs = tuple(networks) or (self._fallback,)
        listed = self._networks.get(slugs)
        if listed is None:
            listed = self._networks[slugs] = json.dumps(slugs)
        date = self._dates.get(leaves)
        if date is None:
            signed = {"key": self._key_id, "day": today_number(leaves)}
            dated = leaves.replace(microsecond=0).isoformat()
            date = self._dates[leaves] = f'"pass":{json.dumps(signed)},"date":{json.dumps(dated)}'
        return (
            f'{{"to":{{"name":{json.dumps(name or "")},"networks":{listed},"link_id":"{link_id}"}},{date},'
            f'"you":{self._you(you)}}}'
        )

    def _you(self, you: You) -> str:
        if you.near or you.unsaid:
            return json.dumps(_told(you))
        text = self._plain.get(you)
        if text is None:
            text = self._plain[you] = json.dumps(_told(you))
        return text


_NOTHING = {name: getattr(You(), name) for name in You.__slots__ if name not in ("points", "near", "unsaid")}


def _told(you: You) -> dict[str, Any]:
    """Return what You.from_json reads back as this You; what is nothing is left out."""
    told: dict[str, Any] = {"points": you.points}
    told |= {name: value for name, nothing in _NOTHING.items() if (value := getattr(you, name)) != nothing}
    if you.near:
        told["near"] = [{"name": n.name, "points": n.points, "place": n.place, "her": n.her} for n in you.near]
    if you.unsaid:
        told["unsaid"] = [{"story": u.story, "title": u.title, "network": u.network} for u in you.unsaid]
    return told


class Mailbag:
    """Puts letters of one edition into the outbox. Never commits."""

    def __init__(self, edition_id: int, occasion: str, now: datetime) -> None:
        self._edition_id, self._occasion, self._now = edition_id, occasion, now
        self._host = urlsplit(settings().base_url).hostname or "localhost"
        self._begins: dict[tuple[datetime, bool], bytes] = {}

    def post(self, letters: Sequence[Letter], selections: Mapping[tuple[int, ...], int], careful: bool) -> int:
        """Put these letters into the outbox, whose `stories` stand in the selections of these ids; return how many
        were new.

        Raises bulk.Taken unless `careful`: then those that are there already are left alone, at three times the cost.
        """
        if letters and copies() and not careful:
            copy_packed(Outbox, (*COMMON, *HERS), self._packed(letters, selections))
            return len(letters)
        return outbox.enqueue_many(
            {
                **self._common(letter.due_at, letter.late),
                "language": letter.language,
                "selection_id": selections[letter.stories],
                "subject": letter.subject,
                "address_hash": letter.hashed,
                "facts": json.loads(letter.facts),
            }
            for letter in letters
        )

    def _packed(self, letters: Sequence[Letter], selections: Mapping[tuple[int, ...], int]) -> list[bytes]:
        """Return the letters as COPY's binary lines."""
        ids = secrets.token_hex(16 * len(letters))
        end = f"@{self._host}>".encode()
        # "<", 32 digits and the host behind them: the length of a Message-ID is always the same.
        begin = (33 + len(end)).to_bytes(4, "big") + b"<"
        found = []
        for n, letter in enumerate(letters):
            common = self._begins.get((letter.due_at, letter.late)) or self._begin(letter.due_at, letter.late)
            language, subject = letter.language.encode(), letter.subject.encode()
            facts, hashed = letter.facts.encode(), letter.hashed.encode()
            found.append(
                b"".join(
                    (
                        common,
                        len(language).to_bytes(4, "big"),
                        language,
                        b"\0\0\0\4",
                        selections[letter.stories].to_bytes(4, "big"),
                        len(subject).to_bytes(4, "big"),
                        subject,
                        len(hashed).to_bytes(4, "big"),
                        hashed,
                        begin,
                        ids[32 * n : 32 * n + 32].encode(),
                        end,
                        # jsonb: a version number, then the text
                        (len(facts) + 1).to_bytes(4, "big"),
                        b"\1",
                        facts,
                    )
                )
            )
        return found

    def _begin(self, due_at: datetime, late: bool) -> bytes:
        common = {**self._common(due_at, late), "attempts": 0, "created_at": self._now}
        found = self._begins[due_at, late] = packed(Outbox, {name: common[name] for name in COMMON})
        return found

    def _common(self, due_at: datetime, late: bool) -> dict[str, Any]:
        return {
            "kind": KIND,
            "occasion": self._occasion,
            "edition_id": self._edition_id,
            "state": MailState.HELD if late else MailState.QUEUED,
            "why": "late" if late else None,
            "due_at": due_at,
        }
