"""Agents. In: a User-Agent header. Out: what calls itself so: a network's crawler, a scanner, a tool, a browser.

Most names come from the package crawler-user-agents (MIT, monthly releases), which is data and a few patterns; the
tables here hold what it lacks or what the rules must tell apart. Agents are claims: nothing here proves anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from crawleruseragents import CRAWLER_USER_AGENTS_DATA

MOST = 400
"""So many characters of an agent are kept and judged; no browser's is longer."""

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
"""Part of an agent, in lower case → the network whose crawler it says it is; the first that fits."""

PREVIEWS_OF_MANY = ("facebookexternalhit/1.1 facebot twitterbot/1.0",)
"""Apple's messages claim to be three crawlers at once; they prove no network."""

CHATS = (
    "slackbot",
    "slack-imgproxy",
    "discordbot",
    "skypeuripreview",
    "microsoft office",
    "ms-office",
    "msteams",
    "teams/unfurl",
    "googlechat",
    "viber/",
    "signal-",
    "mattermost-bot",
    "rocket.chat",
    "zoombot",
    "webexteams",
    "snap url preview",
    "kakaotalk-scrap",
    "line-poker",
    "embedly",
    "iframely",
)
SCANNERS = (
    "barracuda",
    "proofpoint",
    "mimecast",
    "safelinks",
    "urldefense",
    "symantec",
    "messagelabs",
    "trendmicro",
    "trend micro",
    "fireeye",
    "trellix",
    "sophos",
    "cloudmark",
    "hornetsecurity",
    "avanan",
    "checkpoint",
    "forcepoint",
    "fortiguard",
    "paloalto",
    "virustotal",
    "urlscan",
    "phishtank",
)
"""Makers of mail security whose name a checking program may carry; most of them call themselves Chrome instead."""
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
    "dart/",
    "rust",
    "reqwest",
    "aiohttp",
    "httpie",
    "apache-httpclient",
    "postmanruntime",
    "insomnia/",
)
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
NOT_BOTS = ("cubot",)
"""Names of telephones that hold one of the words above."""

OLDEST = {"chrome": 60, "firefox": 55, "msie": 99, "trident": 99}
"""Major versions below these are of 2017 and earlier, and Internet Explorer ended in 2022; programs keep such strings
for ever."""
NEWEST = 400
"""No browser has reached this version; at a version a month none will for twenty years."""

_LITERAL = re.compile(r"(?:[^\\.^$*+?{}\[\]|()]|\\[^A-Za-z0-9])+")
_VERSION = re.compile(r"(chrome|firefox|msie|trident)[/ ](\d{1,9})")
_SYSTEMS = (
    ("windows nt", "iphone os"),
    ("windows nt", "android"),
    ("macintosh", "android"),
    ("windows nt", "macintosh"),
)
"""Two systems that no machine runs at once."""


def _known() -> tuple[tuple[str, ...], re.Pattern[str]]:
    """Return the package's names as plain strings, and the rest as one expression: four times as fast as one of all."""
    patterns = [entry["pattern"] for entry in CRAWLER_USER_AGENTS_DATA]
    plain = [p for p in patterns if _LITERAL.fullmatch(p)]
    rest = [p for p in patterns if not _LITERAL.fullmatch(p)]
    return tuple(re.sub(r"\\(.)", r"\1", p) for p in plain), re.compile("|".join(rest) or r"(?!)")


_NAMES, _PATTERNS = _known()


@dataclass(frozen=True, slots=True)
class Claim:
    """What an agent says it is."""

    kind: str
    """none, crawler, chat, scanner, tool, bot, absurd, strange, old or browser."""
    crawler: str | None = None
    """The network, with kind crawler."""


@lru_cache(maxsize=8192)
def claim(agent: str) -> Claim:
    """Return what this User-Agent header says it is; the first rule that fits decides.

    Remembers the last 8,192 agents: the same few hundred make up nearly all visits.
    """
    agent = agent[:MOST].strip()
    low = agent.lower()
    if not agent:
        return Claim("none")
    if any(both in low for both in PREVIEWS_OF_MANY):
        return Claim("chat")
    for part, network in CRAWLERS:
        if part in low:
            return Claim("crawler", network)
    for kind, parts in (("scanner", SCANNERS), ("chat", CHATS)):
        if any(part in low for part in parts):
            return Claim(kind)
    if low.startswith(TOOLS):
        return Claim("tool")
    plain = low
    for name in NOT_BOTS:
        plain = plain.replace(name, "")
    if any(part in plain for part in BOTS) or any(name in agent for name in _NAMES) or _PATTERNS.search(agent):
        return Claim("bot")
    if _absurd(low):
        return Claim("absurd")
    if not low.startswith(("mozilla/", "opera/")):
        return Claim("strange")
    return Claim("old" if _old(low) else "browser")


def _absurd(low: str) -> bool:
    """Tell whether no browser has ever called itself so: control signs, markup, impossible versions or systems."""
    if not low.isprintable() or any(
        sign in low for sign in ("<", "${", "{{", "../", "\\x", "%00", " union ", "sleep(")
    ):
        return True
    if low in ("mozilla", "mozilla/4.0", "mozilla/5.0", "opera/9.80"):
        return True
    if any(int(version) >= NEWEST for _name, version in _VERSION.findall(low)):
        return True
    return "windows phone" not in low and any(one in low and other in low for one, other in _SYSTEMS)


def _old(low: str) -> bool:
    return any(int(version) < OLDEST[name] for name, version in _VERSION.findall(low))
