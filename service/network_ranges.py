"""Ranges of addresses. In: files of ranges that networks publish, or an operator loads. Out: flags of one address.

Shipped files stand in service/ranges/, loaded ones in the data folder's `ranges/`, which replace shipped ones of the
same name. Looking an address up costs a bisection, and nothing for an address asked lately.
"""

from __future__ import annotations

import json
import time
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, collapse_addresses, ip_address, ip_network
from pathlib import Path
from typing import Any

from service.journal import log

Address = IPv4Address | IPv6Address

SHIPPED = Path(__file__).parent / "ranges"
KINDS = ("network", "hosting", "scanner", "company")
"""What ranges can be: a social network's own, a data centre's, a mail scanner's, the company's own."""
INSIDE = tuple(map(ip_network, ("127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))
LOOK_AGAIN = 30.0
"""Seconds after which a process looks whether ranges were loaded anew."""


@dataclass(frozen=True, slots=True)
class Ranges:
    """One file of ranges. `complete`: the network says that its crawler comes from nowhere else."""

    name: str
    kind: str
    ranges: tuple[str, ...]
    source: str = ""
    date: str = ""
    complete: bool = False
    note: str = ""

    @property
    def flag(self) -> str:
        """What an address inside is flagged with."""
        return f"net:{self.name}" if self.kind == "network" else self.kind


class Table:
    """Ranges of many files, sorted for looking up. An address may lie in several; its flags are sorted."""

    def __init__(self, files: Iterable[Ranges]) -> None:
        self.files = tuple(files)
        self.networks = {f.name: f.complete for f in self.files if f.kind == "network"}
        """Name of each network whose ranges are held → whether they are complete."""
        self._spans = {version: self._sorted(version) for version in (4, 6)}
        self.flags = lru_cache(maxsize=65536)(self._flags)

    def _sorted(self, version: int) -> tuple[list[int], list[frozenset[str]]]:
        """Return the starts of stretches of addresses with the same flags, and those flags."""
        edges: list[tuple[int, int, str]] = []
        for file in self.files:
            nets = [n for n in map(network, file.ranges) if n.version == version]
            for net in collapse_addresses(nets):
                edges.append((int(net.network_address), 1, file.flag))
                edges.append((int(net.broadcast_address) + 1, -1, file.flag))
        starts: list[int] = []
        flags: list[frozenset[str]] = []
        open_: dict[str, int] = {}
        for at, step, flag in sorted(edges):
            open_[flag] = open_.get(flag, 0) + step
            now = frozenset(name for name, depth in open_.items() if depth > 0)
            if starts and starts[-1] == at:
                flags[-1] = now
            else:
                starts.append(at)
                flags.append(now)
        return starts, flags

    def _flags(self, address: str) -> tuple[str, ...]:
        found = plain(address)
        if found is None:
            return ()
        starts, flags = self._spans[found.version]
        place = bisect_right(starts, int(found)) - 1
        return tuple(sorted(flags[place])) if place >= 0 else ()


def network(text: str) -> Any:
    """Return the range that this text names; an address alone is a range of one. Raises ValueError."""
    return ip_network(text.strip(), strict=False)


@lru_cache(maxsize=65536)
def plain(address: str) -> Address | None:
    """Return the address, an IPv4 one inside IPv6 as what it is; None for what is none (a socket's name)."""
    try:
        found = ip_address(address.split("%", 1)[0])
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


@lru_cache(maxsize=65536)
def place_of(address: str) -> str:
    """Return where an address is, as far as one household or device goes: IPv4 whole, of IPv6 its /64 (RFC 8981:
    a device changes the rest by itself every day)."""
    found = plain(address)
    if isinstance(found, IPv6Address):
        return str(IPv6Network((int(found) >> 64 << 64, 64)))
    return str(found) if found else address


@lru_cache(maxsize=65536)
def unplaced(address: str) -> bool:
    """Tell whether this address says nothing of a place: behind a proxy that nobody named, everybody has the same."""
    found = plain(address)
    return found is None or any(found in net for net in INSIDE if net.version == found.version)


@lru_cache(maxsize=65536)
def inside(address: str, networks: tuple[str, ...]) -> bool:
    """Tell whether the address lies in one of these ranges."""
    found = plain(address)
    return found is not None and any(found in network(text) for text in networks)


def read(file: Path) -> Ranges:
    """Return the ranges of one file. Raises ValueError that says what is wrong with it."""
    try:
        return of_json(json.loads(file.read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{file.name}: {error}") from error


def of_json(found: Mapping[str, Any]) -> Ranges:
    """Return Ranges of plain JSON values. Raises ValueError, KeyError or TypeError."""
    if found["kind"] not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}")
    for text in found["ranges"]:
        network(text)
    known = {name: found[name] for name in Ranges.__slots__ if name in found}
    return Ranges(**{**known, "ranges": tuple(found["ranges"])})


def table(folder: Path) -> Table:
    """Return the table of shipped ranges and of those loaded into this folder; reads files again when they changed."""
    global _held
    now = time.monotonic()
    if _held is None or _held[0] != folder or now - _held[1] > LOOK_AGAIN:
        stamp = tuple(sorted((f.name, f.stat().st_mtime_ns) for f in folder.glob("*.json")))
        kept = _held[3] if _held and _held[0] == folder and _held[2] == stamp else _load(folder)
        _held = (folder, now, stamp, kept)
    return _held[3]


_held: tuple[Path, float, tuple[tuple[str, int], ...], Table] | None = None


def forget() -> None:
    """Let the next question read the files again at once."""
    global _held
    _held = None


def forget_addresses() -> None:
    """Let go of every address that was looked up lately."""
    for kept in (plain, place_of, unplaced, inside):
        kept.cache_clear()
    if _held is not None:
        _held[3].flags.cache_clear()


def _load(folder: Path) -> Table:
    files: dict[str, Ranges] = {}
    for file in [*sorted(SHIPPED.glob("*.json")), *sorted(folder.glob("*.json"))]:
        try:
            found = read(file)
        except (OSError, ValueError) as error:
            log.error("ranges not read", file=file.name, error=str(error))
            continue
        files[found.name] = found
    return Table(files.values())
