"""Tampering with draws. In: a proven draw, changed in every way we think of. Out: refused, by all three programs."""

from __future__ import annotations

import contextlib
import io
import json
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring import draw_proof, draws, verify_draw
from tests.test_draw_rules import BROKEN, EXPECTED, HOUSE, POOL, VECTORS, VERIFIER, ranks_in, run, shell

__all__ = ["shell"]

MORE = json.loads((VECTORS / "more.json").read_text("utf-8"))
R = EXPECTED["randomness"]
RANKS = draws.verify(POOL, R).ranks_file
OF_OLD = {"pool": EXPECTED["pool"], "seed": EXPECTED["seed"]}
"""What the mails and the page said before anybody changed anything."""


def ours(data: bytes, randomness: str = R, **told: object) -> bool:
    """Whether scoring.draws finds nothing wrong."""
    try:
        outcome = draws.verify(data, randomness)
    except ValueError:
        return False
    return not draw_proof.findings(outcome, randomness, draw_proof.Published(**told))  # type: ignore[arg-type]


def page_of_python(file: Path, randomness: str, *told: str) -> bool:
    """The same of verify_draw.py, in this process: it shares no code with ours."""
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            verify_draw.main([str(file), randomness, *told])
        except SystemExit:
            return False
    return True


def three(shell: Path, file: Path, randomness: str, **told: object) -> list[bool]:
    """What the three programs say to a file and all that was published."""
    folder, words = file.parent, []
    for name, value in told.items():
        if isinstance(value, bytes):
            (folder / f"{name}.txt").write_bytes(value)
            value = folder / f"{name}.txt"
        words.append(f"{name}={value}")
    said = run("sh", shell, file, randomness, *words)
    assert said.returncode == 0 or "REFUSED" in said.stderr, said.stderr
    return [
        ours(file.read_bytes(), randomness, **told),
        page_of_python(file, randomness, *words),
        said.returncode == 0,
    ]


@pytest.mark.parametrize("case", MORE, ids=lambda case: case["draw"])
def test_three_programs_come_to_every_vector(shell: Path, case: dict[str, object]) -> None:
    file, randomness = VECTORS / str(case["file"]), str(case["randomness"])
    outcome = draws.verify(file.read_bytes(), randomness)
    assert (outcome.pool_hash, outcome.seed, outcome.ranks) == (case["pool"], case["seed"], case["ranks"])
    tickets = [int(draws.sha256(f"{outcome.seed}|{i}"), 16) % outcome.pool.total for i in range(8)]
    assert (tickets, outcome.pool.total) == (case["tickets"], case["total"])
    told = [f"{name}={case[name]}" for name in ("pool", "seed", "signature") if name in case]
    for said in (
        run(sys.executable, "-I", VERIFIER, file, randomness, *told),
        run("sh", shell, file, randomness, *told),
    ):
        assert said.returncode == 0, said.stderr
        assert ranks_in(said.stdout) == case["ranks"]
    for one in case["entrants"]:  # type: ignore[attr-defined]
        assert draws.entrant(str(case["draw"]), one["salt"], one["address"]) == one["entrant"]
        assert f"{one['entrant']},{one['tickets']}\n".encode() in file.read_bytes()


def test_what_agrees_is_accepted_by_all_three(shell: Path, tmp_path: Path) -> None:
    file = tmp_path / "pool.txt"
    file.write_bytes(POOL)
    told = {name: (VECTORS / f"{name}.txt").read_bytes() for name in ("rules", "source")}
    assert three(shell, file, R, **OF_OLD, **told, ranks=RANKS) == [True, True, True]


LINES = RANKS.splitlines(keepends=True)
SWAPPED = {
    "ranks exchanged": {"ranks": b"".join([LINES[0][:2] + LINES[1][2:], LINES[1][:2] + LINES[0][2:], *LINES[2:]])},
    "lines of ranks exchanged": {"ranks": b"".join([LINES[1], LINES[0], *LINES[2:]])},
    "a rank too few": {"ranks": b"".join(LINES[:-1])},
    "a rank twice": {"ranks": RANKS + LINES[-1]},
    "ranks with CRLF": {"ranks": RANKS.replace(b"\n", b"\r\n")},
    "another rules file": {"rules": (VECTORS / "rules.txt").read_bytes() + b" "},
    "rules with CRLF": {"rules": (VECTORS / "rules.txt").read_bytes().replace(b"\n", b"\r\n")},
    "another source": {"source": b"Our own dice.\n"},
    "another pool in the mail": {"pool": "0" * 64},
    "another seed": {"seed": EXPECTED["seed"][::-1]},
    "a signature where numbers decide": {"signature": "ab" * 48},
    "no signature": {"signature": "AB"},
}


@pytest.mark.parametrize("case", SWAPPED)
def test_what_was_published_otherwise_is_refused_by_all_three(shell: Path, case: str, tmp_path: Path) -> None:
    file = tmp_path / "pool.txt"
    file.write_bytes(POOL)
    assert three(shell, file, R, **SWAPPED[case]) == [False, False, False]


@pytest.mark.parametrize(
    "changed",
    ["8.12.19.23.31.38.44./5./", "12.7.19.23.31.38.44./5./", "7.12.19.23.31.38.44.5./", "", "1.", "a" * 64, "1./\n"],
)
def test_changed_randomness_is_refused_by_all_three(shell: Path, changed: str, tmp_path: Path) -> None:
    assert changed != R
    file = tmp_path / "pool.txt"
    file.write_bytes(POOL)
    assert three(shell, file, changed, **OF_OLD, ranks=RANKS) == [False, False, False]


def test_a_round_with_another_signature_is_refused_by_all_three(shell: Path, tmp_path: Path) -> None:
    case = MORE[0]
    file = tmp_path / "pool.txt"
    file.write_bytes((VECTORS / case["file"]).read_bytes())
    good = case["signature"]
    assert three(shell, file, case["randomness"], signature=good) == [True, True, True]
    assert three(shell, file, case["randomness"], signature=good[:-1] + "c") == [False, False, False]
    assert three(shell, file, draws.sha256("another"), signature=good) == [False, False, False]
    assert three(shell, file, "7./", signature=good) == [False, False, False]
    assert three(shell, file, case["randomness"], source=b"Some numbers.") == [False, False, False]


@pytest.mark.parametrize("case", BROKEN)
def test_any_deviation_in_form_is_refused_by_the_shell_too(shell: Path, case: str, tmp_path: Path) -> None:
    file = tmp_path / "pool.txt"
    file.write_bytes(BROKEN[case])
    assert three(shell, file, R) == [False, False, False]


def lines_of(data: bytes) -> list[bytes]:
    return data.splitlines(keepends=True)


def _swapped(i: int, j: int) -> bytes:
    lines = lines_of(POOL)
    lines[i % len(lines)], lines[j % len(lines)] = lines[j % len(lines)], lines[i % len(lines)]
    return b"".join(lines)


def _counted_anew(data: bytes) -> bytes:
    """Its header put right: entrants and tickets are as many as there are."""
    head, *lines = data.decode("latin-1").split("\n")[:-1]
    tickets = [int(line[65:]) for line in lines]
    fields = [*head.split(",")[:6], str(len(tickets)), str(sum(tickets))]
    return "".join(f"{line}\n" for line in [",".join(fields), *lines]).encode("latin-1")


def _without(i: int) -> bytes:
    lines = lines_of(POOL)
    return _counted_anew(b"".join(line for n, line in enumerate(lines) if n != 1 + i % (len(lines) - 1)))


def _more_tickets(i: int, more: int) -> bytes:
    lines = lines_of(POOL)
    n = 1 + i % (len(lines) - 1)
    lines[n] = lines[n][:65] + str(int(lines[n][65:]) + more).encode() + b"\n"
    return _counted_anew(b"".join(lines))


def _another_in(entrant: bytes) -> bytes:
    head, *lines = lines_of(POOL)
    return _counted_anew(head + b"".join(sorted([*lines, entrant.hex().encode() + b",1\n"])))


def _field(n: int, text: bytes) -> bytes:
    head, rest = POOL.split(b"\n", 1)
    fields = head.split(b",")
    fields[n] = text
    return b",".join(fields) + b"\n" + rest


anywhere = st.integers(0, len(POOL) - 1)
someone = st.integers(0, 50)
mutated = st.one_of(
    st.builds(lambda at, bits: POOL[:at] + bytes([POOL[at] ^ bits]) + POOL[at + 1 :], anywhere, st.integers(1, 255)),
    st.builds(lambda at: POOL[:at] + POOL[at + 1 :], anywhere),
    st.builds(lambda at, one: POOL[:at] + one + POOL[at:], anywhere, st.binary(min_size=1, max_size=3)),
    st.builds(lambda at: POOL[:at], anywhere),
    st.builds(_swapped, someone, someone),
    st.builds(lambda i: b"".join(x * (1 + (n == i % 8)) for n, x in enumerate(lines_of(POOL))), someone),
    st.builds(_without, someone),
    st.builds(_more_tickets, someone, st.integers(1, 40) | st.integers(2**32, 2**53)),
    st.builds(_another_in, st.binary(min_size=32, max_size=32)),
    st.builds(_field, st.integers(1, 3), st.sampled_from([b"2026-11", b"e" * 64, b"drand-quicknet/7", b"", b"x|y"])),
    st.builds(_field, st.integers(4, 7), st.integers(0, 2**60).map(lambda n: str(n).encode())),
    st.sampled_from([b"\xef\xbb\xbf" + POOL, b"\n" + POOL, *(POOL.replace(b"\n", end) for end in (b"\r\n", b"\r"))]),
    st.builds(lambda at: POOL[:at] + b"\0" + POOL[at + 1 :], anywhere),
).filter(lambda data: data != POOL)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(mutated)
def test_no_changed_pool_passes_either_program(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    file = tmp_path_factory.mktemp("pool") / "pool.txt"
    file.write_bytes(data)
    assert not ours(data, **OF_OLD)
    assert not page_of_python(file, R, *(f"{name}={value}" for name, value in OF_OLD.items()))
    assert ours(data, R) == page_of_python(file, R)  # both read the same form and no other


@settings(max_examples=20, deadline=None)
@given(mutated)
def test_no_changed_pool_passes_the_shell(shell: Path, tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    file = tmp_path_factory.mktemp("pool") / "pool.txt"
    file.write_bytes(data)
    assert three(shell, file, R, pool=EXPECTED["pool"]) == [False, False, False]
    assert len(set(three(shell, file, R))) == 1


@pytest.mark.parametrize("bad", ["nothing=x", "pool", "ranks"])
def test_what_nobody_publishes_is_no_argument(bad: str) -> None:
    said = run(sys.executable, "-I", VERIFIER, VECTORS / "pool.txt", R, bad, "other")
    assert said.returncode != 0
    assert re.search("REFUSED", said.stderr)


def test_the_page_of_python_is_one_page() -> None:
    assert len(VERIFIER.read_text("utf-8").splitlines()) <= 130
    assert (HOUSE / "scoring" / "verify_draw.py").is_file()
