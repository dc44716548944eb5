"""News. In: nothing. Out: the frozen facts of mails that tell what came of sharing; JSON keeps them unchanged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emails.values import AsJson


@dataclass(frozen=True, slots=True)
class Found(AsJson):
    """A share that found readers."""

    title: str
    network: str
    """Slug of emails.networks."""
    readers: int
    """Distinct humans; nobody of them is named anywhere."""
    language: str = "en"
    """The story's."""


@dataclass(frozen=True, slots=True)
class Prize:
    """A prize of a draw that is over, and whose it is: a display name, "" for somebody who is not named.

    `former`: a colleague who is gone or was erased since.
    """

    prize: str
    name: str
    her: bool = False
    former: bool = False


@dataclass(frozen=True, slots=True)
class Won(AsJson):
    """A draw that is over, as all who took part are told."""

    draw: str
    title: str
    page: str
    """Absolute address of the draw's public page."""
    entrants: int
    prizes: tuple[Prize, ...]

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Won:
        return cls(**{**found, "prizes": tuple(Prize(**p) for p in found["prizes"])})


@dataclass(frozen=True, slots=True)
class MyMonth(AsJson):
    """What somebody's shares brought in a month; never a mail of zeros."""

    month: str
    """Like 2026-10."""
    readers: int
    shares: int
    """Shares that found readers in it."""
    weeks: int
    """Weeks with a share that found its first reader."""
    points: int
    picture: str
    """Absolute address of the picture drawn of these figures."""
    best: Found | None = None

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> MyMonth:
        best = found.get("best")
        return cls(**{**found, "best": Found(**best) if best else None})


@dataclass(frozen=True, slots=True)
class Push(AsJson):
    """A campaign as its kick-off and closing mails tell it. Days are ISO text; figures are the closing mail's."""

    name: str
    goal: str
    words: str
    """The liaison's own sentences; paragraphs by empty lines."""
    hashtags: tuple[str, ...]
    starts: str
    ends: str
    multiplier: int = 1
    stories: tuple[tuple[str, str], ...] = ()
    """(title, language) of some of its stories."""
    prizes: tuple[str, ...] = ()
    draw: str = ""
    """Absolute address of its draw's public page; empty: it has none."""
    shares: int = 0
    readers: int = 0
    people: int = 0
    """0: fewer than may be told."""
    winners: tuple[Prize, ...] = ()

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Push:
        known = {name: tuple(found.get(name, ())) for name in ("hashtags", "prizes")}
        stories = tuple((title, language) for title, language in found.get("stories", ()))
        winners = tuple(Prize(**p) for p in found.get("winners", ()))
        return cls(**{**found, **known, "stories": stories, "winners": winners})
