"""Draws. In: a frozen pool and randomness nobody could know. Out: the ranks, and why a file is refused.

The protocol is goodword-draw-v1; docs/draw-protocol.md says it in words, docs/vectors holds what must come out.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from operator import lt

MAX_TICKETS = 2**32 - 1
MAX_TOTAL = 2**53 - 1

_NAME = re.compile(r"[a-z0-9-]{1,64}", re.ASCII)
_SALT = re.compile(r"[0-9a-f]{32}", re.ASCII)
_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)
_WHOLE = re.compile(r"[1-9][0-9]{0,15}", re.ASCII)
_SOURCE = re.compile(r"drand-quicknet/[1-9][0-9]{0,15}|numbers/[0-9a-f]{64}", re.ASCII)
_LINES = re.compile(r"(?:[0-9a-f]{64},[1-9][0-9]{0,9}\n)*", re.ASCII)
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
    """A frozen pool: made by `make_pool` and `parse` alone, so that it is one that the protocol accepts.

    `entrants` are strictly ascending; `tickets` are theirs, in the same order.
    """

    draw: str
    rules: str
    """SHA-256 of the rules file as served."""
    source: str
    """`drand-quicknet/<round>` or `numbers/<SHA-256 of the published text>`."""
    prizes: int
    ranks: int
    """Winners and alternates."""
    total: int
    """All tickets together."""
    entrants: list[str] = field(repr=False)
    tickets: list[int] = field(repr=False)
    file: bytes = field(repr=False)
    """The pool file, byte for byte."""

    @property
    def entries(self) -> tuple[tuple[str, int], ...]:
        """Entrants and tickets, side by side."""
        return tuple(zip(self.entrants, self.tickets, strict=True))


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
    if _SALT.fullmatch(salt) is None:
        raise ValueError("a salt is 32 lower-case hex digits")
    if address.isascii():
        lowered = address.lower()
    else:
        lowered = "".join(c.lower() if "A" <= c <= "Z" else c for c in unicodedata.normalize("NFC", address))
    return sha256(f"goodword-entrant-v1|{draw}|{salt}|{lowered}")


def make_pool(draw: str, rules: str, source: str, prizes: int, ranks: int, entries: Iterable[tuple[str, int]]) -> Pool:
    """Return the pool of these entries, sorted. Raises BadPool where the protocol would refuse its file."""
    lines = [f"{one},{tickets}\n" for one, tickets in entries]
    lines.sort()  # by entrant: all have 64 digits, and who is there twice is refused below
    head = ["goodword-pool-v1", draw, rules, source, prizes, ranks, len(lines), 0]
    try:
        head[7] = sum([int(line[65:]) for line in lines])
    except ValueError:
        raise BadPool(0, "an entrant is 64 hex digits, and tickets are whole numbers") from None
    return parse(f"{','.join(map(str, head))}\n{''.join(lines)}".encode())


def file_of(pool: Pool) -> bytes:
    """Return the pool file's bytes."""
    return pool.file


def parse(data: bytes) -> Pool:
    """Return the pool in a pool file. Raises BadPool at the first deviation: there is one form and no other."""
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError:
        raise BadPool(0, "only ASCII belongs into a pool file") from None
    if not text.endswith("\n"):
        raise BadPool(0, "the last line must end with LF")
    head, _, body = text.partition("\n")
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
    entrants, tickets = _entries(body)
    if n != len(entrants):
        raise BadPool(1, f"the header counts {n} entrants, the file has {len(entrants)}")
    if total > MAX_TOTAL or total != sum(tickets):
        raise BadPool(1, "the total is not the sum of the tickets, or above 2^53-1")
    return Pool(draw, rules, source, prizes, ranks, total, entrants, tickets, data)


def _whole(text: str, line: int) -> int:
    if _WHOLE.fullmatch(text) is None:
        raise BadPool(line, "numbers are decimal, from 1, without leading zeros")
    return int(text)


def _entries(body: str) -> tuple[list[str], list[int]]:
    """Return entrants and tickets of all lines below the header: a million of them in about a second."""
    good = _LINES.match(body)
    if good is None or good.end() != len(body):
        end = good.end() if good else 0
        raise BadPool(
            body.count("\n", 0, end) + 2,
            "a line is 64 lower-case hex digits, a comma and the tickets: decimal, from 1, without leading zeros",
        )
    cells = body.replace("\n", ",").split(",")
    entrants, tickets = cells[:-1:2], list(map(int, cells[1::2]))
    if not all(map(lt, entrants, entrants[1:])):
        wrong = next(n for n, (one, other) in enumerate(pairwise(entrants), 3) if one >= other)
        raise BadPool(wrong, "entrants must be strictly ascending")
    if tickets and max(tickets) > MAX_TICKETS:
        raise BadPool(tickets.index(max(tickets)) + 2, "tickets are at most 2^32-1")
    return entrants, tickets


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
    """Return the entrants of ranks 1, 2, … as `roll` does, from (entrant, tickets) in ascending order."""
    return roll([one for one, _ in entries], [tickets for _, tickets in entries], seed, count)


BLOCK = 1024
"""Tickets are summed by blocks first: few blocks are looked into, and a million sums of one each are not made."""


def roll(entrants: Sequence[str], tickets: Sequence[int], seed: str, count: int) -> list[str]:
    """Return the entrants of ranks 1, 2, …: min(len(entrants), count) of them.

    Tickets are numbered from 0 in file order; who is ranked already is skipped. (Modulo bias is below 2^-203.)
    """
    blocks = list(accumulate(sum(tickets[n : n + BLOCK]) for n in range(0, len(tickets), BLOCK)))
    inside: dict[int, list[int]] = {}
    wanted = min(len(entrants), count)
    found: dict[str, None] = {}
    i = 0
    while len(found) < wanted:
        digest = hashlib.sha256(f"{seed}|{i}".encode()).digest()
        ticket = int.from_bytes(digest, "big") % blocks[-1]
        block = bisect_right(blocks, ticket)
        if block not in inside:
            inside[block] = list(accumulate(tickets[block * BLOCK : (block + 1) * BLOCK]))
        first = blocks[block - 1] if block else 0
        found[entrants[block * BLOCK + bisect_right(inside[block], ticket - first)]] = None
        i += 1
    return list(found)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a pool file and its randomness come to."""

    pool: Pool
    pool_hash: str
    seed: str
    ranks: list[str]

    @property
    def ranks_file(self) -> bytes:
        """The ranks as published: a line `<rank>,<entrant>` each, every line with LF."""
        return "".join(f"{n},{one}\n" for n, one in enumerate(self.ranks, 1)).encode()


def verify(data: bytes, randomness: str) -> Outcome:
    """Return what a pool file's bytes and the randomness come to. Raises BadPool, BadRandomness."""
    pool = parse(data)
    check_randomness(pool.source, randomness)
    pool_hash = sha256(data)
    rolled = seed(pool_hash, randomness)
    return Outcome(pool, pool_hash, rolled, roll(pool.entrants, pool.tickets, rolled, pool.ranks))
