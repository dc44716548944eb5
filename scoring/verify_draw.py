#!/usr/bin/env python3
"""Check a Goodword draw. In: its pool file and the published randomness. Out: every rank, or why the file is refused.

Needs Python 3.9 or newer and nothing else; it shares no code with Goodword. The protocol: docs/draw-protocol.md.

    python3 verify_draw.py pool.txt RANDOMNESS            shows pool, seed and ranks
    python3 verify_draw.py pool.txt RANDOMNESS ENTRANT    and marks the rank of that entrant
    python3 verify_draw.py pool.txt --entry SALT ADDRESS  says whether you are in the pool, and with how many tickets

After RANDOMNESS also what was published, to be refused where it does not agree, as many of these as you have:
pool=HASH (the one in your mail), seed=HASH, signature=HEX (of the drand round) and the files rules=rules.txt,
source=source.txt and ranks=ranks.txt.
"""

import hashlib
import re
import sys
import unicodedata


def sha(text: str) -> str:
    """Return SHA-256 in hex."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def need(truth: object, why: str) -> None:
    """Refuse unless this is true."""
    if not truth:
        sys.exit("REFUSED: " + why)


def read(data: bytes) -> tuple[list[str], list[tuple[str, int]]]:
    """Return header and entries of a pool file, or refuse it."""
    need(data.isascii() and data.endswith(b"\n"), "the file must be ASCII and end with a line end")
    first, *lines = data.decode("ascii")[:-1].split("\n")
    head, count = first.split(","), "[1-9][0-9]{0,15}"
    form = ["goodword-pool-v1", "[a-z0-9-]{1,64}", "[0-9a-f]{64}", f"drand-quicknet/{count}|numbers/[0-9a-f]{{64}}"]
    need(len(head) == 8, "the first line is not a header of goodword-pool-v1")
    for field, shape in zip(head, form + [count] * 4):  # noqa: B905
        need(re.fullmatch(shape, field), f"the header's field {field} is not well formed")
    prizes, ranks, n, total = (int(field) for field in head[4:])
    entries: list[tuple[str, int]] = []
    for number, line in enumerate(lines, 2):
        need(re.fullmatch("[0-9a-f]{64},[1-9][0-9]{0,9}", line), f"line {number} is not ENTRANT,TICKETS")
        entrant, tickets = line[:64], int(line[65:])
        need(tickets < 2**32, f"line {number} has too many tickets")
        need(not entries or entries[-1][0] < entrant, f"line {number} is out of order")
        entries.append((entrant, tickets))
    need(len(entries) == n, f"the header counts {n} entrants, the file has {len(entries)}")
    need(sum(tickets for _, tickets in entries) == total < 2**53, "the header's total is not the sum of the tickets")
    need(prizes <= ranks, "there are more prizes than ranks")
    return head, entries


def roll(seed: str, ranks: int, entries: list[tuple[str, int]]) -> list[str]:
    """Return the entrants in the order of their ranks."""
    firsts, total = [], 0  # the number of each entrant's first ticket
    for _, tickets in entries:
        firsts.append(total)
        total += tickets
    ranked: list[str] = []
    i = 0
    while len(ranked) < min(len(entries), ranks):
        ticket = int(sha(f"{seed}|{i}"), 16) % total
        low, high = 0, len(firsts)
        while high - low > 1:  # the last entrant whose first ticket is not above this one
            middle = (low + high) // 2
            low, high = (middle, high) if firsts[middle] <= ticket else (low, middle)
        if entries[low][0] not in ranked:
            ranked.append(entries[low][0])
        i += 1
    return ranked


def agree(told: str, found: dict[str, str], head: list[str], randomness: str) -> None:
    """Refuse what was published and does not agree with what was found."""
    name, _, value = told.partition("=")
    if name in ("rules", "source", "ranks"):
        with open(value, "rb") as file:  # noqa: PTH123
            value = hashlib.sha256(file.read()).hexdigest()
    if name == "signature":
        need(re.fullmatch("[0-9a-f]{96}", value), "the signature is not 96 hex digits")
        value = hashlib.sha256(bytes.fromhex(value)).hexdigest()
    drand = head[3].startswith("drand-quicknet/")
    right = {**found, "rules": head[2], "source": head[3][len("numbers/") :], "signature": drand and randomness}
    need(name in right, f"{name} is nothing that is published; see the first lines of this file")
    need(value == right[name], f"what was published as {name} does not agree")


def main(args: list[str]) -> None:
    """Do what the first lines of this file say."""
    entry = len(args) == 4 and args[1] == "--entry"
    published = [] if entry else [one for one in args[2:] if "=" in one]
    asked = [one for one in args[2:] if one not in published]
    need(entry or (len(args) > 1 and len(asked) < 2), "see the first lines of this file for usage")
    with open(args[0], "rb") as file:  # noqa: PTH123
        data = file.read()
    head, entries = read(data)
    pool = hashlib.sha256(data).hexdigest()
    print("draw  ", head[1])
    print("pool  ", pool)
    if entry:
        address = re.sub("[A-Z]", lambda c: c.group().lower(), unicodedata.normalize("NFC", args[3]))
        mine = sha(f"goodword-entrant-v1|{head[1]}|{args[2]}|{address}")
        need(mine in dict(entries), f"{mine} is not in this pool")
        print("entry ", mine, "holds", dict(entries)[mine], "of", head[7], "tickets")
        return
    form = "[0-9a-f]{64}" if head[3].startswith("drand") else r"(((0|[1-9][0-9]*)\.)+/)+"
    need(re.fullmatch(form, args[1]), f"the randomness is not in the form that {head[3]} asks for")
    seed = sha(f"goodword-draw-v1|{pool}|{args[1]}")
    ranked = roll(seed, int(head[5]), entries)
    found = {"pool": pool, "seed": seed, "ranks": sha("".join(f"{n},{one}\n" for n, one in enumerate(ranked, 1)))}
    for told in published:
        agree(told, found, head, args[1])
    print("seed  ", seed)
    for rank, entrant in enumerate(ranked, 1):
        what = f"prize {rank}" if rank <= int(head[4]) else "alternate"
        print(f"rank {rank:<4} {entrant}  {what}{'  <- yours' if entrant in asked else ''}")
    if published:
        print("agrees", *(told.partition("=")[0] for told in published))


if __name__ == "__main__":
    main(sys.argv[1:])
