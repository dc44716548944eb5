"""Likeness. In: addresses and titles of stories. Out: whether two are the same, and how alike two titles are."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

ALIKE = 0.7
"""Two titles of at least this likeness are shown to the liaison as perhaps the same story.

Tried on headlines: the site's name behind a headline or another ending stay above it, "hiring" for "pricing" falls
below. It is a hint, and refuses nothing.
"""
_TRACKING = re.compile(
    r"(?i)^(utm_\w+|mtm_\w+|pk_\w+|hsa_\w+|_hs\w+|mc_[ce]id|fbclid|gclid|gbraid|wbraid|dclid|msclkid|yclid|twclid"
    r"|ttclid|li_fat_id|igshid|igsh|_ga|_gl|mkt_tok|vero_id|vero_conv|oly_\w+_id|s_cid|ref_src|ref_url|cmpid|ncid"
    r"|gw_click|spm|trk|trkcampaign|at_campaign|at_medium|wt_mc|cmp)$"
)
"""Parameters that name a campaign or a click, never a page: those that the large networks, newsletters and analytics
document for themselves. A parameter that is not here stays, since many sites name the page by one."""


def clean_address(url: str) -> str:
    """Return an http(s) address without tracking parameters and without its fragment."""
    parts = urlsplit(url)
    if not parts.query:
        return urlunsplit(parts._replace(fragment=""))
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    kept = [pair for pair in pairs if not _TRACKING.match(pair[0])]
    query = parts.query if len(kept) == len(pairs) else urlencode(kept)
    return urlunsplit(parts._replace(query=query, fragment=""))


def address_key(url: str) -> str:
    """Return what all addresses of one page have in common; "" for what is no http(s) address.

    Scheme, www., the port of the scheme, a slash at the end, tracking parameters, their order and the fragment do not
    count. At most 500 characters: longer addresses end in a digest of all.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return ""
    if parts.scheme.lower() not in ("http", "https") or not host:
        return ""
    place = host.removeprefix("www.") + (f":{port}" if port not in (None, 80, 443) else "")
    pairs = sorted(p for p in parse_qsl(parts.query, keep_blank_values=True) if not _TRACKING.match(p[0]))
    path = re.sub(r"/(?:index\.(?:html?|php))?$", "", parts.path)
    key = f"{place}{path}{'?' + urlencode(pairs) if pairs else ''}"
    if len(key) <= 500:
        return key
    return f"{key[:430]}#{hashlib.sha256(key.encode()).hexdigest()}"


def likeness(one: str, other: str) -> float:
    """Return how alike two titles are, 0.0 to 1.0: the words they share, weighed by length, among all of theirs.

    That is the resemblance of Broder ("On the resemblance and containment of documents", 1997) with words as shingles;
    long words weigh more, since short ones are in every headline. A title that stands whole within a longer one, like
    before the name of a site, is 0.9. Case, accents, punctuation and order do not count.
    """
    return _likeness(_words(one), _words(other))


def _likeness(first: frozenset[str], second: frozenset[str]) -> float:
    if not first or not second:
        return 0.0
    shared, all_ = _weight(first & second), _weight(first | second)
    small = min(first, second, key=_weight)
    if len(small) >= 3 and small < first | second and small == first & second and _weight(small) >= 0.4 * all_:
        return max(0.9, shared / all_)
    return shared / all_


class Titles:
    """Titles to compare many others with: only those that share a word of four letters or more are looked at."""

    def __init__(self, titles: Iterable[tuple[int, str]]) -> None:
        """Take (id, title) of each."""
        self._words = {id_: _words(title) for id_, title in titles}
        self._by_word: dict[str, list[int]] = {}
        for id_, words in self._words.items():
            for word in words:
                self._by_word.setdefault(word, []).append(id_)

    def alike(self, title: str) -> list[tuple[int, float]]:
        """Return (id, likeness) of those that are ALIKE the title, the most alike first, equals by id."""
        words = _words(title)
        long = [word for word in words if len(word) > 3] or list(words)
        ids = {id_ for word in long for id_ in self._by_word.get(word, ())}
        found = [(id_, _likeness(words, self._words[id_])) for id_ in ids]
        return sorted((each for each in found if each[1] >= ALIKE), key=lambda each: (-each[1], each[0]))


def alike(title: str, titles: Iterable[tuple[int, str]]) -> list[tuple[int, float]]:
    """Return (id, likeness) of those (id, title) that are ALIKE the title, the most alike first, equals by id."""
    return Titles(titles).alike(title)


def _words(title: str) -> frozenset[str]:
    text = unicodedata.normalize("NFKD", title.casefold())
    return frozenset(re.findall(r"\w+", "".join(sign for sign in text if not unicodedata.combining(sign))))


def _weight(words: Iterable[str]) -> int:
    return sum(min(len(word), 10) for word in words)
