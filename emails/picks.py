"""Choice. In: candidates and one discrete key. Out: the stories of everybody with that key, or the reason for none."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

PROMOTIONAL = "promotional"
PROMOTIONAL_AT_MOST = 1


class Reason(StrEnum):
    """Why somebody gets no digest in an edition: a reason that anybody can look up, never a silence."""

    NOTHING_NEW = "nothing-new"
    NO_TOPICS = "no-topics"
    NOT_HER_WEEK = "not-her-week"
    """She asked for a mail every fortnight or month, and this is another week."""
    PAUSED = "paused"
    LEFT = "left"
    GONE = "gone"
    SUSPENDED = "suspended"
    NOT_INVITED = "not-invited"
    """The first mail is an invitation, and hers has not been written yet."""
    AWAITING_YES = "awaiting-yes"
    """The programme is opt-in and she has not answered."""
    JOINED_LATER = "joined-later"
    """She came when this week's mail had gone."""
    ADDRESS_SERVED = "address-served"
    """Her address had this week's digest already, when it was a colleague's."""
    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


@dataclass(frozen=True, slots=True)
class Candidate:
    """What the choice knows of a story; frozen at release. All sets hold ids, `audience` empty means everybody."""

    id: int
    kind: str
    language: str
    topics: frozenset[int]
    published: datetime
    """Fresh before old goes by this (aware)."""
    until: datetime | None = None
    """First moment at which it is no longer shown."""
    audience: frozenset[int] = frozenset()
    campaign: bool = False
    """True for a story of a campaign; `campaign_until` says when that ends and it becomes a story like others."""
    campaign_until: datetime | None = None
    evergreen: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; `from_json` gives an equal Candidate back."""
        plain = asdict(self)
        for name in ("topics", "audience"):
            plain[name] = sorted(plain[name])
        for name in ("published", "until", "campaign_until"):
            plain[name] = plain[name] and plain[name].isoformat()
        return plain

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> Candidate:
        plain = dict(found)
        for name in ("topics", "audience"):
            plain[name] = frozenset(plain[name])
        for name in ("published", "until", "campaign_until"):
            plain[name] = plain[name] and datetime.fromisoformat(plain[name])
        return cls(**plain)


@dataclass(frozen=True, slots=True)
class Key:
    """All that the choice knows of a person, and nothing continuous: few keys serve many people."""

    topics: frozenset[int]
    languages: frozenset[str]
    audiences: frozenset[int] = frozenset()
    """Teams she belongs to."""
    slots: int = 1
    """Share buttons in her mail. It changes no choice, but people with one key can share one card."""
    seen: frozenset[int] = frozenset()
    """Stories shown to her before."""

    @property
    def text(self) -> str:
        """The canonical spelling: equal keys and only these are spelled alike."""
        sets: tuple[Iterable[object], ...] = (self.topics, self.languages, self.audiences, (self.slots,), self.seen)
        return "|".join(",".join(map(str, sorted(part))) for part in sets)  # type: ignore[type-var]


class Shelf:
    """The candidates of one moment in their order, with choices remembered by key.

    Stories of running campaigns come first, then fresh before old, then evergreen ones to fill; equals by the
    higher id. The order is the same for everybody, so it is made once.
    """

    def __init__(self, candidates: Iterable[Candidate], at: datetime | None = None) -> None:
        """Keep those that may be shown at the aware moment `at` (None: all, every campaign running)."""
        live = [c for c in candidates if at is None or shown_at(c, at)]
        self.candidates = tuple(sorted(live, key=lambda c: _place(c, at)))
        self._topics = frozenset(t for c in live for t in c.topics)
        self._languages = frozenset(c.language for c in live)
        self._audiences = frozenset(a for c in live for a in c.audience)
        self.ids = frozenset(c.id for c in live)
        self._spelled = ",".join(str(c.id) for c in self.candidates)
        self._chosen: dict[tuple[Key, int], tuple[int, ...]] = {}

    def narrowed(self, key: Key) -> Key:
        """Return the key without what no candidate asks for: it chooses the same, and more people share it."""
        return Key(
            topics=key.topics & self._topics,
            languages=key.languages & self._languages,
            audiences=key.audiences & self._audiences,
            slots=key.slots,
            seen=key.seen & self.ids,
        )

    def choose(self, key: Key, size: int) -> tuple[int, ...]:
        """Return at most `size` ids for this key, in the order of the mail; remembered."""
        found = self._chosen.get((key, size))
        if found is None:
            found = self._chosen[(key, size)] = _choose(self.candidates, key, size)
        return found

    def name(self, key: Key, size: int) -> str:
        """Return 64 hex digits naming the choice of this key from these candidates in this order."""
        return hashlib.sha256(f"{self._spelled}#{size}#{key.text}".encode()).hexdigest()


def shown_at(candidate: Candidate, at: datetime) -> bool:
    """Tell whether the story's window is open at the aware moment `at`."""
    return candidate.published <= at and (candidate.until is None or at < candidate.until)


def choose(candidates: Sequence[Candidate], key: Key, size: int) -> tuple[int, ...]:
    """Return the ids of at most `size` stories for everybody with this key, in the order of the mail.

    `candidates` are approved and in their window. Chosen is what she reads, follows, is meant for and was never shown;
    one promotional story at most. The order of `candidates` changes nothing.
    """
    return _choose(Shelf(candidates).candidates, key, size)


def _choose(ordered: Sequence[Candidate], key: Key, size: int) -> tuple[int, ...]:
    chosen: list[int] = []
    promotional = 0
    for candidate in ordered:
        if len(chosen) >= size:
            break
        if not _fits(candidate, key):
            continue
        if candidate.kind == PROMOTIONAL:
            if promotional >= PROMOTIONAL_AT_MOST:
                continue
            promotional += 1
        chosen.append(candidate.id)
    return tuple(chosen)


def _fits(candidate: Candidate, key: Key) -> bool:
    return (
        candidate.language in key.languages
        and candidate.id not in key.seen
        and not candidate.topics.isdisjoint(key.topics)
        and (not candidate.audience or not candidate.audience.isdisjoint(key.audiences))
    )


def _place(candidate: Candidate, at: datetime | None) -> tuple[int, float, int]:
    running = candidate.campaign and (at is None or candidate.campaign_until is None or at < candidate.campaign_until)
    tier = 0 if running else 2 if candidate.evergreen else 1
    return tier, -candidate.published.timestamp(), -candidate.id
