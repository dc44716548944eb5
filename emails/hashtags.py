"""Hashtags. In: what is posted. Out: what networks would make of its hashtags that its writer did not mean."""

from __future__ import annotations

import re
from collections.abc import Iterable

MOST = 5
"""Hashtags from which on networks hide a post or take it for advertising."""
_TAG = re.compile(r"(?<![\w&/])#(\w+)(?:([-'’])\w)?")


def findings(post: str, wanted: Iterable[str] = ()) -> list[tuple[str, str]]:
    """Return (code, hashtag) of each surprise in a post, in its order; "many" comes last, with their number.

    digits: only figures, which networks do not link. broken: a hyphen or an apostrophe ends it early. missing: one of
    `wanted` (the campaign's) had no room. many: more than MOST.
    """
    found, present = [], []
    for tag, sign in _TAG.findall(post):
        present.append(f"#{tag}".casefold())
        if tag.isdecimal():
            found.append(("digits", f"#{tag}"))
        elif sign:
            found.append(("broken", f"#{tag}{sign}"))
    found += [("missing", tag) for tag in wanted if tag.casefold() not in present]
    different = len(dict.fromkeys(present))
    return [*found, ("many", str(different))] if different > MOST else found
