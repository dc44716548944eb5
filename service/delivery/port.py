"""The port. In: parcels, each a finished mail of an outbox row. Out: what became of each; mailers are its bodies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from emails.values import Message
from service.compose import Digest


class Verdict(StrEnum):
    """What became of one parcel, as far as its mailer can know."""

    ACCEPTED = "accepted"
    """The receiver took it."""
    LATER = "later"
    """A definite temporary refusal of this mail (4xx)."""
    REFUSED = "refused"
    """A definite refusal of this mail or person (5xx)."""
    BACK = "back"
    """Never begun, or interrupted before doubt: no copy can exist."""
    NOBODY = "nobody"
    """Refused for reasons that concern no person (connect, AUTH, MAIL): no copy exists, sending stops."""
    DOUBT = "doubt"
    """Interrupted after the final dot began: a copy may exist."""


def legible(said: str, most: int = 200) -> str:
    """Return a stranger's words as any database holds them: on one line, control signs and half signs as blanks."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in said).split())[:most].strip()


@dataclass(frozen=True, slots=True)
class Outcome:
    """A verdict and the reason: a short code with the server's words, never an address; legible whatever was said."""

    verdict: Verdict
    why: str | None = None

    def __post_init__(self) -> None:
        if self.why is not None:
            object.__setattr__(self, "why", legible(self.why) or None)


@dataclass(frozen=True, slots=True)
class Parcel:
    """One mail on its way: `number` is its outbox row's id."""

    number: int
    kind: str
    message: Message
    digest: Digest | None = None
    """Its parts, for mailers that are `alike`."""


class Mailer(Protocol):
    """Hands windows of parcels over.

    `send` calls `may(parcel)` right before the first byte of each body and sends nothing where it says no (BACK). It
    yields every parcel whose fate it knows, as soon as it knows it; parcels that it never yields were never begun.
    SMTP's bodies never overlap: when `may` is asked for one, every body begun before has been yielded. What the sender
    then still has on its way is at most the announcement of the next mail, which may be dropped at any time.
    """

    def send(self, window: Sequence[Parcel], may: Callable[[Parcel], bool]) -> Iterator[tuple[Parcel, Outcome]]: ...

    def close(self) -> None:
        """Let go of connections; never raises."""
        ...
