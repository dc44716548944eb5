"""Networks. In: a link, words and a title. Out: the address of each network's own composer, and how it counts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import quote, urlencode


@dataclass(frozen=True, slots=True)
class Draft:
    """What a composer is opened with. `instance` is a host, for networks that have many."""

    link: str
    text: str
    title: str
    instance: str | None = None


@dataclass(frozen=True, slots=True)
class Network:
    """One row of the table. A new network needs a row here and nothing anywhere else."""

    slug: str
    label: str
    """Its own name, never translated; for `email` and `copy` the pages have words of their own."""
    sign: str
    """One or two letters that stand beside the name where a picture may be blocked."""
    limit: int | None
    """Signs that a post may have, counted as `length` does, its link included; None: none worth minding."""
    prefills: bool
    """False: the composer ignores text from a link, so her words are copied first."""
    compose: Callable[[Draft], str]
    """Return the composer's address."""
    source: str
    """Where its address, its limit and what it ignores are documented or reported."""
    needs_instance: bool = False
    link_costs: int | None = None
    """What any link counts as; None: its own length."""


def _at(address: str, **values: str) -> str:
    return f"{address}?{urlencode({k: v for k, v in values.items() if v}, quote_via=quote)}"


def _words_and_link(draft: Draft) -> str:
    return f"{draft.text}\n{draft.link}" if draft.text else draft.link


def _mastodon(draft: Draft) -> str:
    if not draft.instance:
        raise ValueError("Mastodon needs the host of an instance")
    return _at(f"https://{draft.instance}/share", text=_words_and_link(draft))


_TABLE = (
    Network(
        "linkedin",
        "LinkedIn",
        "in",
        3000,
        False,  # takes the link alone; title, summary and source are ignored since 2018
        lambda d: _at("https://www.linkedin.com/sharing/share-offsite/", url=d.link),
        "learn.microsoft.com/linkedin/consumer/integrations/self-serve/plugins/share-plugin",
    ),
    Network(
        "x",
        "X",
        "X",
        280,
        True,
        lambda d: _at("https://x.com/intent/post", text=d.text, url=d.link),
        "developer.x.com/en/docs/x-for-websites/tweet-button; docs.x.com/fundamentals/counting-characters",
        link_costs=23,
    ),
    Network(
        "facebook",
        "Facebook",
        "f",
        None,
        False,  # `quote` was withdrawn in 2022: github.com/nygardk/react-share/issues/456
        lambda d: _at("https://www.facebook.com/sharer/sharer.php", u=d.link),
        "developers.facebook.com/docs/sharing/reference/share-dialog",
    ),
    Network(
        "whatsapp",
        "WhatsApp",
        "W",
        None,
        True,
        lambda d: _at("https://wa.me/", text=_words_and_link(d)),
        "faq.whatsapp.com/5913398998672934",
    ),
    Network(
        "telegram",
        "Telegram",
        "T",
        4096,
        True,
        lambda d: _at("https://t.me/share/url", url=d.link, text=d.text),
        "core.telegram.org/api/links#share-links",
    ),
    Network(
        "threads",
        "Threads",
        "Th",
        500,
        True,
        lambda d: _at("https://www.threads.net/intent/post", text=d.text, url=d.link),
        "developers.facebook.com/docs/threads/threads-web-intents",
    ),
    Network(
        "bluesky",
        "Bluesky",
        "B",
        300,
        True,
        lambda d: _at("https://bsky.app/intent/compose", text=_words_and_link(d)),
        "docs.bsky.app/docs/advanced-guides/intent-links",
    ),
    Network(
        "mastodon",
        "Mastodon",
        "M",
        500,
        True,
        _mastodon,
        "docs.joinmastodon.org/user/posting (limit, links count 23); /share?text= is the server's own route",
        needs_instance=True,
        link_costs=23,
    ),
    Network(
        "reddit",
        "Reddit",
        "r/",
        300,
        True,  # the words become the title of the link post
        lambda d: _at(
            "https://www.reddit.com/submit", url=d.link, title=" ".join((d.text or d.title).split()), type="LINK"
        ),
        "support.reddithelp.com/hc/en-us/articles/360060422572",
        link_costs=0,
    ),
    Network(
        "xing",
        "XING",
        "X+",
        None,
        False,  # takes the link alone
        lambda d: _at("https://www.xing.com/spi/shares/new", url=d.link),
        "dev.xing.com/plugins/share_button/docs",
    ),
    Network(
        "email",
        "E-mail",
        "@",
        None,
        True,
        lambda d: _at("mailto:", subject=d.title, body=_words_and_link(d).replace("\n", "\r\n")),
        "RFC 6068",
    ),
    Network(
        "copy",
        "Copy link",
        "//",
        None,
        False,
        lambda d: d.link,
        "the words and the link, to paste wherever she likes",
    ),
)

NETWORKS: dict[str, Network] = {row.slug: row for row in _TABLE}
"""Slug → network, in the order in which pages list them."""


def offered(slugs: Iterable[str]) -> list[str]:
    """Return the slugs of the table, in its order, that a programme with this list offers; an empty one offers all."""
    wanted = set(slugs)
    return [slug for slug in NETWORKS if not wanted or slug in wanted]


def composer_url(slug: str, link: str, text: str, title: str, instance: str | None = None) -> str:
    """Return the address that opens this network's composer with her link and, where it listens, her words.

    Raises KeyError for an unknown network, ValueError where an instance is needed and missing.
    """
    return NETWORKS[slug].compose(Draft(link, text, title, instance))


_INSTANCE = re.compile(r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")


def instance_host(text: str) -> str | None:
    """Return the host that a person means by `mastodon.social`, its address or `@noor@mastodon.social`.

    None where the text names no public host.
    """
    text = text.strip().lower()
    text = re.sub(r"^https?://", "", text).split("/", 1)[0].rsplit("@", 1)[-1].rstrip(".")
    try:
        text = text.encode("idna").decode("ascii")
    except UnicodeError:
        return None
    return text if _INSTANCE.fullmatch(text) else None


_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
"""Code points that X counts as one; all others count two (twitter-text configuration v3)."""


def length(text: str, slug: str) -> int:
    """Return how long this network counts the text to be, never less than it does.

    X weighs code points; Threads counts an emoji by its UTF-8 bytes; Bluesky counts graphemes, of which there are
    at most as many as code points.
    """
    if slug == "x":
        return sum(1 if any(low <= ord(sign) <= high for low, high in _LIGHT) else 2 for sign in text)
    if slug == "threads":
        return sum(4 if ord(sign) > 0xFFFF else 1 for sign in text)
    return len(text)


def room_for_words(slug: str, link: str) -> int | None:
    """Return how long words may be beside this link on this network, a sign between them; None: no limit."""
    network = NETWORKS[slug]
    if network.limit is None:
        return None
    cost = len(link) if network.link_costs is None else network.link_costs
    return network.limit - cost - (1 if cost else 0)
