"""Choice. In: candidates and one discrete key. Out: the stories of everybody with that key, or the reason for none."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

PROMOTIONAL = "promotional"
PROMOTIONAL_AT_MOST = 1

TOPIC, KIND = "topic:", "kind:"
"""How a wish for less begins: `topic:3`, one story on topic 3 in a digest at most; `kind:promotional`, none at all."""


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
    seen: frozenset[int] = frozenset()
    """Stories shown to her before, and those that she declined."""
    fewer: frozenset[str] = frozenset()
    """Her wishes for less."""


class Shelf:
    """The candidates of one moment in their order, and all candidates as bits of a number.

    Stories of running campaigns come first, then fresh before old, then evergreen ones to fill; equals by the
    higher id. The order is the same for everybody, so it is made once. What a person may get is a whole number whose
    bits are the candidates that fit her, bit n for the n-th by id at every moment; numbers that are equal for what may
    be shown at this one choose alike, and each is decided once.
    """

    def __init__(self, candidates: Iterable[Candidate], at: datetime | None = None) -> None:
        """Choose from those that may be shown at the aware moment `at` (None: all, every campaign running)."""
        known = sorted(candidates, key=lambda c: c.id)
        self.candidates = tuple(
            sorted((c for c in known if at is None or shown_at(c, at)), key=lambda c: _place(c, at))
        )
        self.order = tuple(c.id for c in self.candidates)
        """Shelves of one order and equal candidates choose alike."""
        self.ids = tuple(c.id for c in known)
        """All candidates, as a number has them."""
        self._bits = {c.id: 1 << n for n, c in enumerate(known)}
        self._live = self.these(self.order)
        self._open = self._where([not c.audience for c in known])
        self._promotional = self._where([c.kind == PROMOTIONAL for c in known])
        self._topics = {t: self._where([t in c.topics for c in known]) for c in known for t in c.topics}
        self._languages = {s: self._where([s == c.language for c in known]) for s in {c.language for c in known}}
        self._audiences = {a: self._where([a in c.audience for c in known]) for c in known for a in c.audience}
        self._kinds = {k: self._where([k == c.kind for c in known]) for k in {c.kind for c in known}}
        self._chosen: dict[tuple[int, int, tuple[int, ...]], tuple[int, ...]] = {}

    @staticmethod
    def _where(true: Iterable[bool]) -> int:
        return sum(1 << n for n, each in enumerate(true) if each)

    def on(self, topics: Iterable[int]) -> int:
        """Return the candidates on any of these topics."""
        return _either(self._topics, topics)

    def read_in(self, languages: Iterable[str]) -> int:
        """Return the candidates in any of these languages."""
        return _either(self._languages, languages)

    def meant_for(self, audiences: Iterable[int]) -> int:
        """Return the candidates for everybody or for any of these teams."""
        return self._open | _either(self._audiences, audiences)

    def these(self, stories: Iterable[int]) -> int:
        """Return those of the candidates that are among these stories."""
        return _either(self._bits, stories)

    def less(self, wishes: Iterable[str]) -> tuple[int, tuple[int, ...]]:
        """Return what wishes for less (TOPIC, KIND) mean here: the candidates that are unwanted, and for each topic
        those of which one is enough. A wish that no candidate is concerned by means nothing."""
        unwanted, enough = 0, set()
        for wish in wishes:
            if wish.startswith(KIND):
                unwanted |= self._kinds.get(wish.removeprefix(KIND), 0)
            elif wish.startswith(TOPIC) and (on := self._topics.get(int(wish.removeprefix(TOPIC)), 0)):
                enough.add(on)
        return unwanted, tuple(sorted(enough))

    @property
    def decided(self) -> int:
        """How many different numbers were decided so far."""
        return len(self._chosen)

    def pick(self, fitting: int, size: int, enough: tuple[int, ...] = ()) -> tuple[int, ...]:
        """Return at most `size` ids of these candidates, in the order of the mail; remembered.

        Of each number in `enough` (of `less`) one candidate at most.
        """
        fitting &= self._live
        if enough:
            # Whom a wish takes nothing from is like everybody else.
            enough = tuple(fits for each in enough if (fits := each & fitting) & (fits - 1))
        found = self._chosen.get((fitting, size, enough))
        if found is None:
            found = self._chosen[(fitting, size, enough)] = tuple(self._pick(fitting, size, enough))
        return found

    def _pick(self, fitting: int, size: int, enough: tuple[int, ...]) -> Iterator[int]:
        promotional = 0
        for id_ in self.order:
            if not fitting or size <= 0:
                return
            bit = self._bits[id_]
            if not fitting & bit:
                continue
            fitting ^= bit
            if bit & self._promotional:
                promotional += 1
                if promotional > PROMOTIONAL_AT_MOST:
                    continue
            for each in enough:
                if bit & each:
                    fitting &= ~each
            size -= 1
            yield id_

    def choose(self, key: Key, size: int) -> tuple[int, ...]:
        """Return at most `size` ids for this key, in the order of the mail."""
        fitting = self.on(key.topics) & self.read_in(key.languages) & self.meant_for(key.audiences)
        unwanted, enough = self.less(key.fewer)
        return self.pick(fitting & ~self.these(key.seen) & ~unwanted, size, enough)


def _either(bits: Mapping[Any, int], names: Iterable[Any]) -> int:
    found = 0
    for name in names:
        found |= bits.get(name, 0)
    return found


def name_of(stories: Sequence[int]) -> str:
    """Return 64 hex digits that name these stories in this order: who gets the same shares one selection."""
    return hashlib.sha256(",".join(map(str, stories)).encode()).hexdigest()


def shown_at(candidate: Candidate, at: datetime) -> bool:
    """Tell whether the story's window is open at the aware moment `at`."""
    return candidate.published <= at and (candidate.until is None or at < candidate.until)


def choose(candidates: Sequence[Candidate], key: Key, size: int) -> tuple[int, ...]:
    """Return the ids of at most `size` stories for everybody with this key, in the order of the mail.

    `candidates` are approved and in their window. Chosen is what she reads, follows, is meant for, was never shown and
    has not declined; one promotional story at most, and one of each topic of which she wants less. The order of
    `candidates` changes nothing.
    """
    return Shelf(candidates).choose(key, size)


def _place(candidate: Candidate, at: datetime | None) -> tuple[int, float, int]:
    running = candidate.campaign and (at is None or candidate.campaign_until is None or at < candidate.campaign_until)
    tier = 0 if running else 2 if candidate.evergreen else 1
    return tier, -candidate.published.timestamp(), -candidate.id
