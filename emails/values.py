"""Values. In: nothing. Out: the frozen facts that mails are made of; they survive a trip through JSON unchanged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any


class AsJson:
    """Values that a row of the outbox keeps: fields by name."""

    __slots__ = ()

    def to_json(self) -> dict[str, Any]:
        return asdict(self)  # type: ignore[call-overload]


@dataclass(frozen=True, slots=True)
class Programme:
    """What every mail says about its sender. `base_url` has no slash at its end."""

    name: str
    company: str
    base_url: str
    liaison_name: str
    liaison_email: str
    sender: str
    zone: str
    policy_url: str | None = None
    reply: str = ""
    """Address for answers to digests, of which each reader has her own (emails.reply_to); "": the liaison's."""
    networks: tuple[str, ...] = ()
    """Slugs of the networks that it offers, the one for who chose none first; empty: all."""
    colours: tuple[str, str] = ("", "")
    """Its own for what acts and what celebrates (emails.colours); "": the look's."""

    def __post_init__(self) -> None:
        # JSON knows no tuples.
        object.__setattr__(self, "networks", tuple(self.networks))
        object.__setattr__(self, "colours", tuple(self.colours))


@dataclass(frozen=True, slots=True)
class Story:
    """A story as frozen at release. `topic` maps languages to the lead topic's name ("" is the fallback)."""

    id: int
    title: str
    summary: str
    language: str
    topic: Mapping[str, str]
    picture: str | None = None
    """Absolute address on our own host."""
    alt: str = ""
    campaign: str | None = None
    hashtags: tuple[str, ...] = ()
    evergreen: bool = False
    internal: bool = False
    """A notice for colleagues alone: no share buttons."""


@dataclass(frozen=True, slots=True)
class Winner:
    """Somebody whom the last draw gave a prize, by display name; `former`: a colleague who was erased since."""

    name: str
    prize: str
    draw: str
    former: bool = False


@dataclass(frozen=True, slots=True)
class Edition:
    """One week's frozen texts: all stories that anybody gets, the liaison's sentence by language, last winners."""

    week: str
    programme: Programme
    stories: tuple[Story, ...]
    words: Mapping[str, str] = field(default_factory=dict)
    winners: tuple[Winner, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; `from_json` gives an equal Edition back."""
        return asdict(self)

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Edition:
        return cls(
            week=found["week"],
            programme=Programme(**found["programme"]),
            stories=tuple(Story(**{**s, "hashtags": tuple(s["hashtags"])}) for s in found["stories"]),
            words=found["words"],
            winners=tuple(Winner(**w) for w in found["winners"]),
        )


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One line of *people near you*. `name` is a display name or alias; `her` marks the reader's own line."""

    name: str
    points: int
    place: int
    her: bool = False


@dataclass(frozen=True, slots=True)
class Unsaid:
    """A share that she opened and of which she has not told yet whether she posted it."""

    story: int
    title: str
    network: str
    """Slug of emails.networks."""


@dataclass(frozen=True, slots=True)
class News:
    """What she was not told by a mail of its own: a badge that she earned, or a share that found readers."""

    kind: str
    """badge or share."""
    title: str
    """Slug of the badge where the catalogue has its name, else its title; the story's title."""
    number: int
    """The badge's level, 0 where it has one alone; the share's readers."""


@dataclass(frozen=True, slots=True)
class You:
    """*You, this month* and *thanks*: zeros are shown kindly or not at all, never as a reproach."""

    points: int = 0
    """This month."""
    weeks: int = 0
    """Active weeks in a row."""
    tickets: int = 0
    """Draw tickets held this month."""
    badge: str | None = None
    """Slug of the next badge, with progress have/need; None: all earned."""
    have: int = 0
    need: int = 0
    near: tuple[Neighbour, ...] = ()
    shares: int = 0
    """Confirmed shares of last week."""
    visits: int = 0
    """Human visits that last week brought."""
    unsaid: tuple[Unsaid, ...] = ()
    """Shares of which she is asked whether she posted them, two at most."""
    news: tuple[News, ...] = ()
    """What no mail of its own told her."""

    def to_json(self) -> dict[str, Any]:
        found = asdict(self)
        if not self.news:
            del found["news"]  # as of nearly all people
        return found

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> You:
        near = tuple(Neighbour(**n) for n in found.get("near", ()))
        news = tuple(News(**n) for n in found.get("news", ()))
        unsaid = tuple(Unsaid(**u) for u in found.get("unsaid", ()))
        return cls(**{**found, "near": near, "unsaid": unsaid, "news": news})


@dataclass(frozen=True, slots=True)
class SuggestionAnswer(AsJson):
    """What became of something that she suggested, or wrote to us."""

    outcome: str
    """answered, accepted or declined."""
    words: str = ""
    """The liaison's, in paragraphs; "" for none."""
    url: str = ""
    """What she suggested; "" where her mail named no address."""
    title: str = ""
    """Of the story made of it."""
    points: int = 0


@dataclass(frozen=True, slots=True)
class EarnedBadge(AsJson):
    """A badge as its mail tells it."""

    badge: str
    """Slug where the catalogue has its name, else its title in her language."""
    kind: str
    """What it counts: its picture goes by this."""
    level: int = 1
    levels: int = 1


@dataclass(frozen=True, slots=True)
class Passes:
    """The four signed tokens of one mail, 36 characters each."""

    share: str
    me: str
    unsubscribe: str
    claim: str


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a mail goes to. `networks`: slugs of emails.networks in her order, never empty."""

    name: str
    address: str
    language: str
    passes: Passes
    networks: tuple[str, ...] = ("linkedin",)
    reply: str = ""
    """Her token in the address for answers, where the programme has one."""


@dataclass(frozen=True, slots=True)
class FrozenTickets:
    """What an entrant's frozen mail proves: her salt and entrant, her tickets, the pool and what decides the draw."""

    draw: str
    title: str
    tickets: int
    entrant: str
    salt: str
    pool: str
    """SHA-256 of the pool file in hex."""
    source: str
    """`drand-quicknet/<round>` or `numbers/<SHA-256>`."""
    source_text: str
    """The published text behind `source`, in words."""
    due: datetime
    """When the randomness falls due, aware."""
    page: str
    """Absolute address of the draw's public page."""
    entrants: int
    total: int
    """All tickets in the pool."""

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "due": self.due.isoformat()}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> FrozenTickets:
        return cls(**{**found, "due": datetime.fromisoformat(found["due"])})


@dataclass(frozen=True, slots=True)
class WonPrize:
    """What a winner is told: her rank, the prize, until when to claim, and whether it was passed on to her."""

    draw: str
    title: str
    prize: str
    rank: int
    deadline: datetime
    """Aware."""
    passed_on: bool
    page: str
    """Absolute address of the draw's public page."""

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "deadline": self.deadline.isoformat()}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> WonPrize:
        return cls(**{**found, "deadline": datetime.fromisoformat(found["deadline"])})


@dataclass(frozen=True)
class Message:
    """A finished mail: envelope and bytes. The same facts always give the same bytes."""

    message_id: str
    sender: str
    """Envelope sender."""
    recipient: str
    """Envelope recipient."""
    subject: str
    html: str
    text: str
    raw: bytes
    """The complete RFC 5322 message with CRLF line ends."""

    @classmethod
    def unread(
        cls, message_id: str, sender: str, recipient: str, subject: str, raw: bytes, parts: Callable[[], Sequence[str]]
    ) -> Message:
        """Return a message whose `html` and `text` are made by `parts` when somebody asks: who sends needs `raw`."""
        found = object.__new__(cls)
        facts = vars(found)
        facts["message_id"], facts["sender"], facts["recipient"] = message_id, sender, recipient
        facts["subject"], facts["raw"], facts["_parts"] = subject, raw, parts
        return found

    def __getattr__(self, name: str) -> Any:
        if name not in ("html", "text") or "_parts" not in vars(self):
            raise AttributeError(name)
        html, text = vars(self).pop("_parts")()
        vars(self).update(html=html, text=text)
        return vars(self)[name]
