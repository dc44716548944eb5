"""Short links. In: a code, or the share it names. Out: its public address, and where it leads."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl, quote, urlsplit

import idna
import sqlalchemy as sa

from scoring import visits
from service import settings
from service.database import db
from service.models import Campaign, Programme, Share, Story
from service.models.content import Afterwards, StoryStatus
from service.models.people import LINK_PARAMETERS
from service.parameters import parameters

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
CODE_LENGTH = 10

CARDS = frozenset({"crawler", "unverified", "chat", "preview"})
"""Reasons of scoring.visits for which a program gets the story's card; everybody else is led on."""


class UnknownCode(LookupError):
    """No share has this short link."""


@dataclass(frozen=True, slots=True)
class Way:
    """Where a short link leads, all but the click's own id: a redirect needs nothing else, and no database."""

    before: str
    """The whole address, or the part of it before the click's id. ASCII, fit for a Location header."""
    after: str = ""
    """What follows the click's id."""
    click: bool = False
    """True where a click's id goes between the two: see new_click()."""
    page: str = ""
    """Afterwards.EXPLAINS or .ENDS where people get a page instead of being led on; else empty."""

    def to(self, click: str | None = None) -> str:
        """Return the address to go to, with this click's id where one is wanted."""
        return f"{self.before}{click or new_click()}{self.after}" if self.click else self.before


def short_link(code: str) -> str:
    """Return the public address of a short link: on the domain for short links, if there is one."""
    found = settings()
    return f"{found.short_url or found.base_url}/r/{code}"


def new_code() -> str:
    """Return a fresh code: 10 random base58 characters."""
    return "".join(secrets.choice(BASE58) for _ in range(CODE_LENGTH))


def new_click() -> str:
    """Return a fresh id of one click: 16 random characters that say nothing about anybody."""
    return secrets.token_urlsafe(12)


def is_code(text: str) -> bool:
    """Return True if this could be a code: others are not worth a query, nor a stumble of the database."""
    return len(text) == CODE_LENGTH and set(text) <= set(BASE58)


def by_code(code: str) -> Share:
    """Return the share that has this short link, with its story and campaign. Raises UnknownCode."""
    if not is_code(code):
        raise UnknownCode
    known = sa.orm.joinedload(Share.story).joinedload(Story.campaign)
    share = db.session.scalar(sa.select(Share).options(known).where(Share.code == code))
    if share is None:
        raise UnknownCode
    return share


def wants_card(agent: str) -> bool:
    """Return True if this agent makes previews, so that a card serves it better than the way on. In doubt False."""
    return _wants_card(agent[:400])


@lru_cache(maxsize=4096)
def _wants_card(agent: str) -> bool:
    verdict = visits.judge(visits.Hit(agent=agent))
    return verdict.kind == visits.BOT and verdict.reason in CARDS


def leads_to(share: Share, click: str | None = None) -> str:
    """Return where a share's link leads, with this click's id where the programme wants one (None: a fresh one)."""
    return way_of(share).to(click)


def way_of(share: Share) -> Way:
    """Return the way that a share's link leads, by the programme's template or its campaign's."""
    return way_to(share.story, share.network)


def way_to(story: Story, network: str) -> Way:
    """Return the way to a story for one network's links ("poster" for paper), as the programme has it."""
    programme = db.session.get(Programme, 1)
    template = programme.link_parameters if programme else LINK_PARAMETERS
    return way(story, story.campaign, network, template, programme.click_parameter if programme else "")


def way(story: Story, campaign: Campaign | None, network: str, template: str, click_parameter: str = "") -> Way:
    """Return the way to this story. Asks no database.

    The campaign's own template comes before `template`; a `click_parameter` that the story's address has is its own.
    """
    if campaign is not None and campaign.link_parameters is not None:
        template = campaign.link_parameters
    says = {
        "network": network,
        "campaign": campaign.slug if campaign else "goodword",
        "story": str(story.id),
        "language": story.language,
    }
    url = with_parameters(story.url, {name: value.format(**says) for name, value in parameters(template).items()})
    archived = story.status == StoryStatus.ARCHIVED and story.afterwards != Afterwards.LEADS
    page = str(story.afterwards) if archived else ""
    if not click_parameter or click_parameter in _names(url):
        return Way(url, page=page)
    whole, mark, fragment = with_parameters(url, {click_parameter: ""}).partition("#")
    return Way(whole, mark + fragment, True, page)


def with_parameters(url: str, values: Mapping[str, str]) -> str:
    """Return the URL with these query parameters added; its own query and fragment stay, and its own values win.

    The answer is printable ASCII without spaces, whatever the URL holds (RFC 3987, 3.1; host names as UTS 46).
    """
    before, mark, fragment = plain_ascii(url).partition("#")
    path, _, query = before.partition("?")
    own = _names(before)
    added = "&".join(f"{quote(k, safe='')}={quote(v, safe='')}" for k, v in values.items() if k not in own)
    if not added:
        return before + mark + fragment
    joint = "" if not query or query.endswith("&") else "&"
    return f"{path}?{query}{joint}{added}{mark}{fragment}"


def _names(url: str) -> set[str]:
    """Return the names of the parameters that a URL has."""
    query = url.partition("#")[0].partition("?")[2]
    return {name for name, _ in parse_qsl(query, keep_blank_values=True, errors="replace")}


_KEPT = "".join(chr(n) for n in range(0x21, 0x7F) if chr(n) not in '"<>\\^`{|}')
"""Signs of ASCII that may stand in a URL as they are (RFC 3986), the percent sign of quoted ones included."""


def plain_ascii(url: str) -> str:
    """Return the URL in ASCII: its host as IDNA, all else quoted as UTF-8; what is quoted already stays."""
    if not url.isascii() and (found := re.match(r"(?i)(https?://)([^/?#:@\[\]]+)", url)):
        url = found[1] + _host(found[2]) + url[found.end() :]
    return quote(url, safe=_KEPT, errors="replace")


def _host(name: str) -> str:
    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except idna.IDNAError:  # an emoji, say: browsers follow such names by the older rule
        try:
            return name.encode("idna").decode("ascii")
        except UnicodeError:
            return name


def host_of(url: str) -> str:
    """Return the host of a URL as people write it, without `www.`; empty where there is none."""
    return (urlsplit(url).hostname or "").removeprefix("www.")
