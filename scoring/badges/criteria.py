"""Criteria. In: a declaration as JSON values. Out: a badge, its levels and what counts for it, or what is wrong.

A badge counts something (its criterion) and has levels: so many earn the first, so many the second. A level is a
number, or the name of one of scoring.rules (`steady_weeks`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from scoring.rules import Rules

MOST = 10_000
"""No level asks for more."""

LEVELS = 9
"""No badge has more levels."""


class Kind(StrEnum):
    """What is counted."""

    SHARES = "shares"
    """Shares that a reader confirmed; with `proof` engaged or own-words only such ones."""
    READERS = "readers"
    """People whom all her shares brought, as many of each share as the rules pay for."""
    READERS_OF_ONE = "readers-of-one"
    """People whom one of her shares brought."""
    WEEKS = "weeks"
    """Active weeks; with `in_a_row` those that no other week parts: a week of rest does not."""
    NETWORKS = "networks"
    """Different networks of confirmed shares."""
    TOPICS = "topics"
    """Different topics of confirmed shares' stories."""
    ONE_TOPIC = "one-topic"
    """Confirmed shares of stories on the same topic."""
    ONE_CAMPAIGN = "one-campaign"
    """Confirmed shares of stories of the same campaign."""
    WHOLE_CAMPAIGN = "whole-campaign"
    """Campaigns, over by now, of which she shared every story."""
    FIRST_OF_STORY = "first-of-story"
    """Stories of which hers was the first share in the company that a reader confirmed."""
    FIRST_ON_NETWORK = "first-on-network"
    """Networks on which hers was the first share in the company that a reader confirmed."""
    TEAM = "team"
    """Per cent of her team whose shares were confirmed in one week, hers among them."""


TOGETHER = frozenset({Kind.WHOLE_CAMPAIGN, Kind.FIRST_OF_STORY, Kind.FIRST_ON_NETWORK, Kind.TEAM})
"""Kinds that other people's shares, or a campaign's end, decide on too: scoring.badges.together counts them."""

PROOFS = ("confirmed", "engaged", "own-words")

_TAKES: dict[Kind, frozenset[str]] = {
    Kind.SHARES: frozenset({"proof", "network", "topic", "campaign"}),
    Kind.READERS: frozenset({"network", "topic", "campaign"}),
    Kind.READERS_OF_ONE: frozenset({"network", "topic", "campaign"}),
    Kind.WEEKS: frozenset({"in_a_row"}),
}
"""What a kind may be narrowed by; the others by nothing."""

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", re.ASCII)
_RULES = ("engaged_from", "steady_weeks")


class Wrong(ValueError):
    """A declaration cannot stand. `field` names where, `problem` is a code of PROBLEMS with its `values`."""

    def __init__(self, where: str, problem: str, **values: object) -> None:
        self.field, self.problem, self.values = where, problem, values
        super().__init__(f"{where}: {PROBLEMS[problem] % values}")


PROBLEMS = {
    "object": "write an object with slug, title, help, levels and criterion",
    "unknown": "there is no such field; there are %(known)s",
    "missing": "please fill this in",
    "slug": "use small letters, digits and single hyphens, at most 40 characters",
    "language": "name a language by its code, like en",
    "words": "write words by language, at most %(most)d characters each",
    "levels": "list one to %(most)d levels, each greater than the one before",
    "level": "a level is a whole number from 1 to %(most)d, or one of %(rules)s",
    "percent": "a team's level is per cent, from 1 to 100",
    "kind": "choose one of %(known)s",
    "narrowed": "a criterion of this kind is not narrowed by this",
    "proof": "choose one of %(known)s",
    "yes": "write true or false",
    "word": "write one slug, like %(example)s",
}
"""What may be wrong with a declaration, in words; the service has them for its catalogue."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """What is counted for a badge: a kind, and what narrows it (None: nothing does)."""

    kind: Kind
    proof: str = "confirmed"
    in_a_row: bool = False
    network: str | None = None
    topic: str | None = None
    """A topic's slug."""
    campaign: str | None = None
    """A campaign's slug."""


@dataclass(frozen=True, slots=True)
class Badge:
    """A badge as it is declared. `title` and `help` are by language; empty: the catalogues have words for its slug."""

    slug: str
    criterion: Criterion
    levels: tuple[int | str, ...] = (1,)
    title: Mapping[str, str] = field(default_factory=dict, hash=False)
    help: Mapping[str, str] = field(default_factory=dict, hash=False)

    def thresholds(self, rules: Rules) -> tuple[int, ...]:
        """Return how many each level takes, lowest first."""
        return tuple(max(1, getattr(rules, n) if isinstance(n, str) else n) for n in self.levels)


def read(found: Any) -> Badge:
    """Return the badge of a declaration, as `write` gives it. Raises Wrong."""
    if not isinstance(found, Mapping):
        raise Wrong("badge", "object")
    _known("", found, ("slug", "title", "help", "levels", "criterion"))
    slug = found.get("slug")
    if not isinstance(slug, str) or len(slug) > 40 or not _SLUG.fullmatch(slug):
        raise Wrong("slug", "slug")
    title = _words("title", found.get("title"), 40)
    if not title:
        raise Wrong("title", "missing")
    criterion = _criterion(found.get("criterion"))
    levels = _levels(found.get("levels", [1]), criterion.kind)
    return Badge(slug, criterion, levels, title, _words("help", found.get("help") or {}, 140))


def write(badge: Badge) -> dict[str, Any]:
    """Return a badge's declaration as JSON values: what differs from the least that can be said."""
    usual = Criterion(badge.criterion.kind)
    criterion: dict[str, Any] = {"kind": str(badge.criterion.kind)}
    for name in ("proof", "in_a_row", "network", "topic", "campaign"):
        value = getattr(badge.criterion, name)
        if value != getattr(usual, name):
            criterion[name] = value
    return {
        "slug": badge.slug,
        "title": dict(badge.title),
        "help": dict(badge.help),
        "levels": list(badge.levels),
        "criterion": criterion,
    }


def _known(where: str, found: Mapping[Any, Any], names: Sequence[str]) -> None:
    for name in found:
        if name not in names:
            raise Wrong(f"{where}{name}", "unknown", known=", ".join(names))


def _words(where: str, found: Any, most: int) -> dict[str, str]:
    if not isinstance(found, Mapping):
        raise Wrong(where, "words" if found is not None else "missing", most=most)
    said: dict[str, str] = {}
    for language, text in found.items():
        if not isinstance(language, str) or not _LANGUAGE.fullmatch(language):
            raise Wrong(where, "language")
        line = " ".join(text.split()) if isinstance(text, str) else ""
        if not line or len(line) > most or not line.isprintable():
            raise Wrong(f"{where}.{language}", "words", most=most)
        said[language] = line
    return said


def _levels(found: Any, kind: Kind) -> tuple[int | str, ...]:
    if not isinstance(found, Sequence) or isinstance(found, str) or not 1 <= len(found) <= LEVELS:
        raise Wrong("levels", "levels", most=LEVELS)
    levels: list[int | str] = []
    for level in found:
        if level in _RULES and len(found) == 1:
            return (level,)
        if isinstance(level, bool) or not isinstance(level, int) or not 1 <= level <= MOST:
            raise Wrong("levels", "level", most=MOST, rules=", ".join(_RULES))
        if levels and level <= int(levels[-1]):
            raise Wrong("levels", "levels", most=LEVELS)
        if kind is Kind.TEAM and level > 100:
            raise Wrong("levels", "percent")
        levels.append(level)
    return tuple(levels)


def _criterion(found: Any) -> Criterion:
    if not isinstance(found, Mapping):
        raise Wrong("criterion", "missing")
    kinds = ", ".join(Kind)
    try:
        kind = Kind(found.get("kind", ""))
    except ValueError:
        raise Wrong("criterion.kind", "kind", known=kinds) from None
    values: dict[str, Any] = {}
    for name, value in found.items():
        where = f"criterion.{name}"
        if name == "kind":
            continue
        if name not in ("proof", "in_a_row", "network", "topic", "campaign"):
            raise Wrong(where, "unknown", known="kind, proof, in_a_row, network, topic, campaign")
        if name not in _TAKES.get(kind, ()):
            raise Wrong(where, "narrowed")
        if name == "proof" and value not in PROOFS:
            raise Wrong(where, "proof", known=", ".join(PROOFS))
        if name == "in_a_row" and not isinstance(value, bool):
            raise Wrong(where, "yes")
        if name in ("network", "topic", "campaign") and not (isinstance(value, str) and _SLUG.fullmatch(value)):
            raise Wrong(where, "word", example={"network": "linkedin"}.get(name, "open-house"))
        values[name] = value
    return Criterion(kind, **values)
