"""Draws. In: a frozen pool and randomness nobody could know. Out: the ranks, and why a file is refused.

The protocol is goodword-draw-v1; docs/draw-protocol.md says it in words, docs/vectors holds what must come out.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

MAX_TICKETS = 2**32 - 1
MAX_TOTAL = 2**53 - 1

_NAME = re.compile(r"[a-z0-9-]{1,64}", re.ASCII)
_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)
_WHOLE = re.compile(r"[1-9][0-9]{0,15}", re.ASCII)
_SOURCE = re.compile(r"drand-quicknet/[1-9][0-9]{0,15}|numbers/[0-9a-f]{64}", re.ASCII)
_NUMBERS = re.compile(r"(?:(?:(?:0|[1-9][0-9]*)\.)+/)+", re.ASCII)


class BadPool(ValueError):
    """A pool that the protocol refuses. `line` counts from 1 (the header); 0: the file as a whole."""

    def __init__(self, line: int, why: str) -> None:
        self.line, self.why = line, why
        super().__init__(f"line {line}: {why}" if line else why)


class BadRandomness(ValueError):
    """Randomness that is not in the one canonical form; its text says what the form is."""


@dataclass(frozen=True, slots=True)
class Pool:
    """A frozen pool. `entries` are (entrant, tickets), strictly ascending by entrant."""

    draw: str
    rules: str
    """SHA-256 of the rules file as served."""
    source: str
    """`drand-quicknet/<round>` or `numbers/<SHA-256 of the published text>`."""
    prizes: int
    ranks: int
    """Winners and alternates."""
    entries: tuple[tuple[str, int], ...]

    @property
    def total(self) -> int:
        """All tickets together."""
        return sum(tickets for _, tickets in self.entries)


def is_name(text: str) -> bool:
    """Return whether `text` can be a draw's name: [a-z0-9-]{1,64}."""
    return _NAME.fullmatch(text) is not None


def sha256(text: str | bytes) -> str:
    """Return the SHA-256 of bytes, or of a text in UTF-8, in lower-case hex."""
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()


def entrant(draw: str, salt: str, address: str) -> str:
    """Return the entrant of an address: 64 hex characters that tell nothing without the salt.

    `salt` is 16 random bytes in lower-case hex; the address is put into NFC and its letters A to Z lowered.
    Raises ValueError for a wrong name or salt.
    """
    if not is_name(draw):
        raise ValueError("a draw's name is 1 to 64 of a-z, 0-9 and -")
    if re.fullmatch(r"[0-9a-f]{32}", salt, re.ASCII) is None:
        raise ValueError("a salt is 32 lower-case hex digits")
    lowered = "".join(c.lower() if "A" <= c <= "Z" else c for c in unicodedata.normalize("NFC", address))
    return sha256(f"goodword-entrant-v1|{draw}|{salt}|{lowered}")


def make_pool(draw: str, rules: str, source: str, prizes: int, ranks: int, entries: Iterable[tuple[str, int]]) -> Pool:
    """Return the pool of these entries, sorted. Raises BadPool where the protocol would refuse its file."""
    pool = Pool(draw, rules, source, prizes, ranks, tuple(sorted(entries)))
    parse(_text(pool).encode())
    return pool


def file_of(pool: Pool) -> bytes:
    """Return the pool file's bytes. Raises BadPool for a pool that the protocol refuses."""
    data = _text(pool).encode()
    parse(data)
    return data


def _text(pool: Pool) -> str:
    head = (pool.draw, pool.rules, pool.source, pool.prizes, pool.ranks, len(pool.entries), pool.total)
    lines = ["goodword-pool-v1," + ",".join(str(part) for part in head)]
    return "".join(f"{line}\n" for line in lines + [f"{one},{tickets}" for one, tickets in pool.entries])


def parse(data: bytes) -> Pool:
    """Return the pool in a pool file. Raises BadPool at the first deviation: there is one form and no other."""
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError:
        raise BadPool(0, "only ASCII belongs into a pool file") from None
    if not text.endswith("\n"):
        raise BadPool(0, "the last line must end with LF")
    head, *lines = text[:-1].split("\n")
    fields = head.split(",")
    if len(fields) != 8 or fields[0] != "goodword-pool-v1":
        raise BadPool(1, "the header is goodword-pool-v1 and seven fields")
    _, draw, rules, source, *counts = fields
    if not is_name(draw):
        raise BadPool(1, "the draw's name is 1 to 64 of a-z, 0-9 and -")
    if _HASH.fullmatch(rules) is None:
        raise BadPool(1, "the rules are 64 lower-case hex digits")
    if _SOURCE.fullmatch(source) is None:
        raise BadPool(1, "the source is drand-quicknet/<round> or numbers/<64 hex digits>")
    prizes, ranks, n, total = (_whole(count, 1) for count in counts)
    if prizes > ranks:
        raise BadPool(1, "there are more prizes than ranks")
    if n != len(lines):
        raise BadPool(1, f"the header counts {n} entrants, the file has {len(lines)}")
    entries = tuple(_entry(line, number) for number, line in enumerate(lines, 2))
    for number, (one, other) in enumerate(pairwise(entries), 3):
        if one[0] >= other[0]:
            raise BadPool(number, "entrants must be strictly ascending")
    if total > MAX_TOTAL or total != sum(tickets for _, tickets in entries):
        raise BadPool(1, "the total is not the sum of the tickets, or above 2^53-1")
    return Pool(draw, rules, source, prizes, ranks, entries)


def _whole(text: str, line: int) -> int:
    if _WHOLE.fullmatch(text) is None:
        raise BadPool(line, "numbers are decimal, from 1, without leading zeros")
    return int(text)


def _entry(line: str, number: int) -> tuple[str, int]:
    one, comma, tickets = line.partition(",")
    if not comma or _HASH.fullmatch(one) is None:
        raise BadPool(number, "a line is 64 lower-case hex digits, a comma and the tickets")
    count = _whole(tickets, number)
    if count > MAX_TICKETS:
        raise BadPool(number, "tickets are at most 2^32-1")
    return one, count


def canonical(groups: Iterable[Sequence[int]]) -> str:
    """Return public numbers in RFC 3797's canonical form; each group stands in its published order.

    [[9319], [2, 5, 8, 10, 12]] gives "9319./2.5.8.10.12./". Raises BadRandomness for none or for negative ones.
    """
    text = "".join("".join(f"{number}." for number in group) + "/" for group in groups)
    if _NUMBERS.fullmatch(text) is None:
        raise BadRandomness("Each source needs at least one number, and numbers are whole, from 0.")
    return text


def check_randomness(source: str, randomness: str) -> str:
    """Return the randomness if it is in the one form its source allows. Raises BadRandomness with the remedy."""
    if source.startswith("drand-quicknet/"):
        if _HASH.fullmatch(randomness) is None:
            raise BadRandomness("The randomness of a drand round is 64 lower-case hex digits.")
    elif _NUMBERS.fullmatch(randomness) is None:
        raise BadRandomness(
            "Write each number with a full stop after it and each group with a slash after it, "
            "without leading zeros: 9319./2.5.8.10.12./9.18.26.34.41.45./"
        )
    return randomness


def seed(pool_hash: str, randomness: str) -> str:
    """Return the seed, in hex, of a pool's SHA-256 and the randomness."""
    return sha256(f"goodword-draw-v1|{pool_hash}|{randomness}")


def ranks(entries: Sequence[tuple[str, int]], seed: str, count: int) -> list[str]:
    """Return the entrants of ranks 1, 2, …: min(len(entries), count) of them.

    Tickets are numbered from 0 in file order; who is ranked already is skipped. (Modulo bias is below 2^-203.)
    """
    ends = list(accumulate(tickets for _, tickets in entries))
    wanted = min(len(entries), count)
    found: dict[str, None] = {}
    i = 0
    while len(found) < wanted:
        digest = hashlib.sha256(f"{seed}|{i}".encode()).digest()
        ticket = int.from_bytes(digest, "big") % ends[-1]
        found[entries[bisect_right(ends, ticket)][0]] = None
        i += 1
    return list(found)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a pool file and its randomness come to."""

    pool: Pool
    pool_hash: str
    seed: str
    ranks: list[str]


def verify(data: bytes, randomness: str) -> Outcome:
    """Return what a pool file's bytes and the randomness come to. Raises BadPool, BadRandomness."""
    pool = parse(data)
    check_randomness(pool.source, randomness)
    pool_hash = sha256(data)
    rolled = seed(pool_hash, randomness)
    return Outcome(pool, pool_hash, rolled, ranks(pool.entries, rolled, pool.ranks))
