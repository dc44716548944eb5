"""Visits. In: what was derived from one hit on a link. Out: a verdict, human, suspected or bot, with its reason.

Only `human` counts. An agent is weak evidence (EMAIL §2): no rule ever *raises* a verdict for what an agent says, and
the facts derived at intake are kept for 30 days so that better rules can run again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from scoring.visits_agents import MOST, Claim, claim

HUMAN, SUSPECTED, BOT = "human", "suspected", "bot"

BURST = 3
"""So many hits of one visitor within two seconds are a machine's."""

PUBLISHED, FOREIGN, UNKNOWN = "published", "foreign", ""
"""Where a claimed crawler came from: the network's published ranges, elsewhere, or it publishes none that we hold."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One request for a link, without the address it came from."""

    method: str = "GET"
    agent: str = ""
    """The User-Agent header."""
    purpose: str = ""
    """Sec-Purpose, Purpose, X-Purpose and X-Moz headers, joined: a browser that only looks ahead says so here."""
    language: str | None = None
    """The Accept-Language header ("": it was not sent, as browsers do not; None: nobody looked)."""
    herself: bool = False
    """True if address and agent are those that opened the share or another page of hers."""
    burst: int = 0
    """Hits of the same visitor within two seconds, this one included."""
    flags: tuple[str, ...] = ()
    """What the address is known for: `scanner`, `hosting`, `company`, `net:facebook` (a network's published range)."""
    origin: str = UNKNOWN
    """Of a claimed crawler: PUBLISHED, FOREIGN or UNKNOWN."""
    dest: str = ""
    """The Sec-Fetch-Dest header: `document` where somebody went there, else what a page loaded it as."""
    same_network: bool = False
    """True if she was at the same address lately, with another agent."""
    again: bool = False
    """True if the same visitor was there before."""

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values for Evidence.facts; `from_json` gives an equal Hit back."""
        return {**asdict(self), "flags": list(self.flags)}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Hit:
        known = {name: found[name] for name in cls.__slots__ if name in found}
        return cls(**{**known, "flags": tuple(known.get("flags", ()))})


@dataclass(frozen=True, slots=True)
class Verdict:
    """`kind` is human, suspected or bot; `crawler` names the network whose crawler it was."""

    kind: str
    reason: str
    crawler: str | None = None


REASONS = {
    "browser": "A browser such as people use",
    "again": "The same visitor once more, counted once",
    "herself": "The sharer visited her own link",
    "same-network": "It came from where the sharer was, with another browser",
    "company": "It came from the company’s own network",
    "hosting": "It came from a data centre",
    "no-language": "It named no language, as browsers do",
    "not-a-browser": "It does not look like a browser",
    "old-browser": "A browser so old that only programs still claim it",
    "at-once": "Opened within seconds of the mail’s arrival",
    "crawler": "A network’s crawler making a preview, from the network’s own addresses",
    "unverified": "A network’s crawler by its name alone: the network publishes no addresses that we hold",
    "spoofed": "It claims to be a network’s crawler and comes from elsewhere",
    "chat": "A chat app making a preview",
    "preview": "A program making a preview or an index",
    "scanner": "A mail scanner checking links",
    "decoy": "Whoever opened it also opened the link that no person sees",
    "many-links": "Three or more links of one mail within two seconds",
    "burst": "Too many visits within two seconds",
    "prefetch": "A browser looking ahead, before anybody asked",
    "embedded": "A page loaded the link by itself; nobody followed it",
    "tool": "A program, not a browser",
    "absurd": "It says of itself what no browser says",
    "no-agent": "It did not say what it is",
    "not-a-get": "Only GET requests are visits",
}
"""Every reason code of a verdict, in words for the liaison: who counts, who is suspected, machines."""

SAME_HOUSE = {"facebook": frozenset({"facebook", "threads"})}
"""Networks that one crawler serves, where they are more than one."""

_PROGRAMS = {
    "none": "no-agent",
    "chat": "chat",
    "scanner": "scanner",
    "tool": "tool",
    "bot": "preview",
    "absurd": "absurd",
}
"""Kinds of agents that are never people → the reason."""


def judge(hit: Hit) -> Verdict:
    """Return the verdict on one hit; the first rule that fits decides, certain ones before weak ones."""
    if hit.method.upper() != "GET":
        # A crawler's HEAD proves nothing: it did not fetch the page.
        return Verdict(BOT, "not-a-get")
    said = claim(hit.agent[:MOST])
    if said.kind == "crawler":
        return _crawler(said, hit.origin)
    if "scanner" in hit.flags:
        return Verdict(BOT, "scanner")
    if said.kind in _PROGRAMS:
        return Verdict(BOT, _PROGRAMS[said.kind])
    return _machine(hit) or _weak(hit, said) or Verdict(HUMAN, "again" if hit.again else "browser")


def _crawler(said: Claim, origin: str) -> Verdict:
    if origin == FOREIGN:
        return Verdict(BOT, "spoofed")
    return Verdict(BOT, "crawler" if origin == PUBLISHED else "unverified", said.crawler)


def _machine(hit: Hit) -> Verdict | None:
    """Say what a browser was made to do without a person."""
    if any(word in hit.purpose.lower() for word in ("prefetch", "prerender", "preview")):
        return Verdict(BOT, "prefetch")
    if hit.dest and hit.dest.lower() != "document":
        # https://www.w3.org/TR/fetch-metadata/: a followed link says document; an image or frame says what it is.
        return Verdict(BOT, "embedded")
    if any(flag.startswith("net:") for flag in hit.flags):
        return Verdict(BOT, "preview")  # a network's own machines, whatever they call themselves
    if hit.burst >= BURST:
        return Verdict(BOT, "burst")
    return None


def _weak(hit: Hit, said: Claim) -> Verdict | None:
    """Say why this may be nobody, or nobody who should count."""
    doubts = (
        (hit.herself, "herself"),
        (said.kind == "strange", "not-a-browser"),
        (said.kind == "old", "old-browser"),
        (hit.same_network, "same-network"),
        ("company" in hit.flags, "company"),
        ("hosting" in hit.flags, "hosting"),
        (hit.language is not None and not hit.language.strip(), "no-language"),
    )
    return next((Verdict(SUSPECTED, reason) for fits, reason in doubts if fits), None)


def proves(crawler: str, network: str) -> bool:
    """Return True if a fetch by this network's crawler shows that the link reached `network`."""
    return network in SAME_HOUSE.get(crawler, {crawler})
