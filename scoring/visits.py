"""Visits. In: what was derived from one hit on a short link. Out: a verdict, human, suspected or bot, with its reason.

Only `human` counts. The rules are a first net: an agent is weak evidence (EMAIL §2), so none of them ever *raises* a
verdict, and raw facts are kept for 30 days so that better rules can run again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

HUMAN, SUSPECTED, BOT = "human", "suspected", "bot"

BURST = 3
"""So many hits of one visitor within two seconds are a machine's."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One request for a short link, without the address it came from."""

    method: str = "GET"
    agent: str = ""
    """The User-Agent header."""
    purpose: str = ""
    """Sec-Purpose, Purpose, X-Purpose and X-Moz headers, joined: a browser that only looks ahead says so here."""
    language: str | None = None
    """The Accept-Language header ("": it was not sent, as browsers do not; None: nobody looked)."""
    herself: bool = False
    """True if address and agent are those that opened the share."""
    burst: int = 0
    """Hits of the same visitor within the last two seconds, this one included."""
    flags: tuple[str, ...] = ()
    """What the address is known for: `scanner` (a mail scanner's range), `hosting` (a data centre's)."""

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
    "not-a-get": "Only GET requests are visits",
    "crawler": "A network's crawler making a preview",
    "preview": "A program making a preview or an index",
    "tool": "A program, not a browser",
    "scanner": "A mail scanner checking links",
    "prefetch": "A browser looking ahead, before anybody asked",
    "no-agent": "It did not say what it is",
    "not-a-browser": "It does not look like a browser",
    "herself": "The sharer visited her own link",
    "burst": "Too many visits within two seconds",
    "hosting": "It came from a data centre",
    "no-language": "It named no language, as browsers do",
}
"""Every reason code that `judge` gives, in words for the liaison."""

PREVIEWS_OF_MANY = ("facebookexternalhit/1.1 facebot twitterbot/1.0",)
"""Apple's messages claim to be three crawlers at once; they prove no network."""

CRAWLERS: tuple[tuple[str, str], ...] = (
    ("linkedinbot", "linkedin"),
    ("telegrambot", "telegram"),  # calls itself "like TwitterBot", so it stands before it
    ("twitterbot", "x"),
    ("facebookexternalhit", "facebook"),
    ("meta-externalfetcher", "facebook"),
    ("facebot", "facebook"),
    ("whatsapp/", "whatsapp"),
    ("bluesky cardyb", "bluesky"),
    ("mastodon/", "mastodon"),
    ("redditbot", "reddit"),
    ("xing-contenttabreceiver", "xing"),
)
"""Part of an agent, in lower case → the network whose crawler it is; the first that fits."""

SAME_HOUSE = {"facebook": frozenset({"facebook", "threads"})}
"""Networks that one crawler serves, where they are more than one."""

SCANNERS = ("barracuda", "proofpoint", "mimecast", "safelinks", "urldefense", "symantec", "trendmicro", "fireeye")
PREVIEWS = ("slackbot", "discordbot", "skypeuripreview", "microsoft office", "ms-office", "embedly", "iframely")
BOTS = (
    "bot",
    "crawl",
    "spider",
    "slurp",
    "headless",
    "phantomjs",
    "lighthouse",
    "monitor",
    "preview",
    "scan",
    "fetch",
    "validator",
    "google-",
    "mediapartners",
    "meta-external",
    "pinterest/0",
    "-user/",  # ChatGPT-User, Claude-User, Perplexity-User
)
TOOLS = (
    "curl/",
    "wget/",
    "python",
    "go-http-client",
    "java/",
    "okhttp",
    "libwww",
    "axios",
    "node",
    "ruby",
    "perl",
    "php",
    "http.rb",
    "powershell",
)
NOT_BOTS = ("cubot",)
"""Names of telephones that hold one of the words above."""


def judge(hit: Hit) -> Verdict:
    """Return the verdict on one hit; the first rule that fits decides."""
    agent = hit.agent.strip().lower()
    if hit.method.upper() != "GET":
        # A crawler's HEAD proves nothing: it did not fetch the page.
        return Verdict(BOT, "not-a-get")
    if not agent:
        return Verdict(BOT, "no-agent")
    if any(claim in agent for claim in PREVIEWS_OF_MANY):
        return Verdict(BOT, "preview")
    for part, network in CRAWLERS:
        if part in agent:
            return Verdict(BOT, "crawler", network)
    if "scanner" in hit.flags or any(part in agent for part in SCANNERS):
        return Verdict(BOT, "scanner")
    if any(part in agent for part in PREVIEWS):
        return Verdict(BOT, "preview")
    if any(agent.startswith(part) for part in TOOLS):
        return Verdict(BOT, "tool")
    plain = agent
    for name in NOT_BOTS:
        plain = plain.replace(name, "")
    if any(part in plain for part in BOTS):
        return Verdict(BOT, "preview")
    if any(word in hit.purpose.lower() for word in ("prefetch", "prerender", "preview")):
        return Verdict(BOT, "prefetch")
    if hit.burst >= BURST:
        return Verdict(BOT, "burst")
    if hit.herself:
        return Verdict(SUSPECTED, "herself")
    if not agent.startswith(("mozilla/", "opera/")):
        return Verdict(SUSPECTED, "not-a-browser")
    if "hosting" in hit.flags:
        return Verdict(SUSPECTED, "hosting")
    if hit.language is not None and not hit.language.strip():
        return Verdict(SUSPECTED, "no-language")
    return Verdict(HUMAN, "browser")


def proves(crawler: str, network: str) -> bool:
    """Return True if a fetch by this network's crawler shows that the link reached `network`."""
    return network in SAME_HOUSE.get(crawler, {crawler})
