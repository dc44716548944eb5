"""Loading ranges. In: a list of address ranges as its publisher writes it. Out: a file of ranges in the data folder.

Takes our own files, plain lists (one range a line, or whois `route:` lines), and the JSON of Google and Bing, AWS,
Azure, GitHub and their like: whatever names a range under a key that ends in "prefix", "prefixes" or "ranges".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from ipaddress import IPv4Network, IPv6Network, collapse_addresses
from pathlib import Path
from typing import Any

from service import clock, settings
from service.fetch import fetch
from service.network_ranges import KINDS, Ranges, forget, network, of_json

LARGEST = 16 * 1024 * 1024
"""Bytes of a list; Azure's has about 4 MB."""
MOST = 200_000
WIDEST = {4: 8, 6: 16}
"""No publisher has more than a /8, or of IPv6 a /16: a wider range is a mistake that would flag half the internet."""
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")
_KEY = re.compile(r"(prefix|prefixes|ranges|cidr|cidrs)$", re.IGNORECASE)


class NotRanges(ValueError):
    """The list cannot be taken; its text says why."""


def load(source: str, name: str, kind: str, complete: bool) -> Ranges:
    """Read ranges from a file or an https address and put them in use; they replace those of the same name.

    Every process looks again within half a minute. Raises NotRanges, NotFetched or OSError.
    """
    if not NAME.fullmatch(name):
        raise NotRanges("a name has small letters, digits and hyphens, like facebook")
    if kind not in KINDS:
        raise NotRanges(f"the kind is one of {', '.join(KINDS)}")
    remote = source.startswith(("http://", "https://"))
    body = fetch(source, LARGEST).body if remote else Path(source).read_bytes()
    ranges = parse(body)
    said = source if remote else Path(source).name
    made = Ranges(name, kind, ranges, said, clock.now().date().isoformat(), complete)
    folder = settings().data / "ranges"
    folder.mkdir(parents=True, exist_ok=True)
    passing = folder / f".{name}.passing"
    passing.write_text(json.dumps(asdict(made), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    passing.replace(folder / f"{name}.json")
    forget()
    return made


def drop(name: str) -> bool:
    """Take loaded ranges out of use, so that shipped ones of the name hold again; return whether there were any."""
    file = settings().data / "ranges" / f"{name}.json"
    found = bool(NAME.fullmatch(name)) and file.exists()
    if found:
        file.unlink()
        forget()
    return found


def parse(body: bytes) -> tuple[str, ...]:
    """Return the ranges that a published list names, joined where they touch. Raises NotRanges."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotRanges("the list is not text") from None
    nets: list[IPv4Network | IPv6Network] = []
    for said in _named(text):
        try:
            net = network(said)
        except ValueError:
            raise NotRanges(f"{said[:60]!r} is no range of addresses") from None
        if net.prefixlen < WIDEST[net.version]:
            raise NotRanges(f"{said} is wider than anybody's network")
        nets.append(net)
    if not nets:
        raise NotRanges("the list names no range of addresses")
    if len(nets) > MOST:
        raise NotRanges(f"the list has {len(nets)} ranges; {MOST} are the most that are taken")
    joined = [*collapse_addresses(n for n in nets if n.version == 4)]
    return tuple(map(str, [*joined, *collapse_addresses(n for n in nets if n.version == 6)]))


def _named(text: str) -> Iterator[str]:
    if text.lstrip()[:1] in "{[" and text.strip():
        try:
            found = json.loads(text)
        except ValueError:
            raise NotRanges("the list begins like JSON and is none") from None
        if isinstance(found, dict) and "kind" in found and "ranges" in found:
            yield from of_json({"name": "x", **found}).ranges
        else:
            yield from _deep(found, isinstance(found, list))
        return
    for line in text.splitlines():
        said = line.partition("#")[0].strip()
        if said:
            yield re.sub(r"^route6?:\s*", "", said)


def _deep(found: Any, taken: bool) -> Iterator[str]:
    if isinstance(found, dict):
        for key, value in found.items():
            yield from _deep(value, bool(_KEY.search(str(key))))
    elif isinstance(found, list):
        for value in found:
            yield from _deep(value, taken)
    elif taken and isinstance(found, str):
        yield found
