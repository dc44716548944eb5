"""scoring.draws and verify_draw. In: vectors of docs/ and generated pools. Out: three programs, one result."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring import draws

HOUSE = Path(__file__).resolve().parent.parent
VECTORS = HOUSE / "docs" / "vectors"
VERIFIER = HOUSE / "scoring" / "verify_draw.py"
EXPECTED = json.loads((VECTORS / "draw.json").read_text("utf-8"))
POOL = (VECTORS / "pool.txt").read_bytes()


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=60)


@pytest.fixture(scope="session")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The script as it stands in the document."""
    page = (HOUSE / "docs" / "draw-protocol.md").read_text("utf-8")
    if not all(map(shutil.which, ("bc", "awk", "sha256sum", "sort"))):
        pytest.skip("no bc on this machine")
    found = re.search(r"<!-- verify_draw.sh:[^\n]*-->\n```sh\n(.*?)```", page, re.DOTALL)
    assert found
    file = tmp_path_factory.mktemp("shell") / "verify_draw.sh"
    file.write_text(found.group(1))
    return file


def ranks_in(output: str) -> list[str]:
    return re.findall(r"^rank \d+ +([0-9a-f]{64})", output, re.MULTILINE)


def test_the_vectors_come_out_of_the_rules() -> None:
    assert draws.sha256((VECTORS / "rules.txt").read_bytes()) == EXPECTED["rules"]
    assert "numbers/" + draws.sha256((VECTORS / "source.txt").read_bytes()) == EXPECTED["source"]
    found = [draws.entrant(EXPECTED["draw"], e["salt"], e["address"]) for e in EXPECTED["entrants"]]
    assert found == [e["entrant"] for e in EXPECTED["entrants"]]
    entries = [(e["entrant"], e["tickets"]) for e in EXPECTED["entrants"]]
    pool = draws.make_pool(EXPECTED["draw"], EXPECTED["rules"], EXPECTED["source"], 2, 5, entries)
    assert draws.file_of(pool) == POOL
    outcome = draws.verify(POOL, EXPECTED["randomness"])
    assert (outcome.pool_hash, outcome.seed, outcome.ranks) == tuple(EXPECTED[k] for k in ("pool", "seed", "ranks"))
    tickets = [int(draws.sha256(f"{outcome.seed}|{i}"), 16) % pool.total for i in range(8)]
    assert tickets == EXPECTED["tickets"]


def test_the_page_of_python_agrees_with_the_vectors() -> None:
    told = run(sys.executable, "-I", VERIFIER, VECTORS / "pool.txt", EXPECTED["randomness"])
    assert told.returncode == 0, told.stderr
    assert ranks_in(told.stdout) == EXPECTED["ranks"]
    assert EXPECTED["pool"] in told.stdout
    assert EXPECTED["seed"] in told.stdout


def test_the_page_of_python_finds_an_entry_by_salt_and_address() -> None:
    for one in EXPECTED["entrants"]:
        told = run(sys.executable, "-I", VERIFIER, VECTORS / "pool.txt", "--entry", one["salt"], one["address"])
        assert f"{one['entrant']} holds {one['tickets']} of 21 tickets" in told.stdout
    stranger = run(sys.executable, "-I", VERIFIER, VECTORS / "pool.txt", "--entry", "0" * 32, "noor@example.com")
    assert stranger.returncode != 0
    assert "is not in this pool" in stranger.stderr


def test_the_shell_script_of_the_document_agrees_with_the_vectors(shell: Path) -> None:
    told = run("sh", shell, VECTORS / "pool.txt", EXPECTED["randomness"])
    assert told.returncode == 0, told.stderr
    assert ranks_in(told.stdout) == EXPECTED["ranks"]
    assert f"seed {EXPECTED['seed']}" in told.stdout


tickets_of = st.integers(1, 9)
scales = st.sampled_from([1, 1000, 2**28])  # near tickets only: one of 1 beside one of 2^32 would take for ever to rank
pools = st.tuples(
    st.dictionaries(st.binary(min_size=32, max_size=32).map(bytes.hex), tickets_of, min_size=1), scales
).map(lambda made: {one: tickets * made[1] for one, tickets in made[0].items()})
randomness = st.lists(st.lists(st.integers(0, 10**6), min_size=1, max_size=7), min_size=1, max_size=3)


def pool_file(entries: dict[str, int], prizes: int = 1, ranks: int = 4) -> bytes:
    source = "numbers/" + "b" * 64
    return draws.file_of(draws.make_pool("a-draw", "a" * 64, source, prizes, ranks, entries.items()))


@settings(max_examples=12, deadline=None)
@given(pools, randomness)
def test_three_programs_that_share_no_code_agree(
    shell: Path, tmp_path_factory: pytest.TempPathFactory, entries: dict[str, int], groups: list[list[int]]
) -> None:
    file = tmp_path_factory.mktemp("pool") / "pool.txt"
    file.write_bytes(pool_file(entries, ranks=2))
    told = draws.canonical(groups)
    expected = draws.verify(file.read_bytes(), told).ranks
    assert ranks_in(run(sys.executable, "-I", VERIFIER, file, told).stdout) == expected
    assert ranks_in(run("sh", shell, file, told).stdout) == expected


@given(pools)
def test_a_pool_file_reads_back_as_the_pool_it_was_made_of(entries: dict[str, int]) -> None:
    data = pool_file(entries)
    pool = draws.parse(data)
    assert dict(pool.entries) == entries
    assert draws.file_of(pool) == data


@given(pools, randomness)
def test_ranks_are_distinct_entrants_as_many_as_there_may_be(entries: dict[str, int], groups: list[list[int]]) -> None:
    found = draws.verify(pool_file(entries), draws.canonical(groups)).ranks
    assert len(found) == len(set(found)) == min(len(entries), 4)
    assert set(found) <= set(entries)


def test_each_ticket_is_one_equal_chance() -> None:
    entries = (("a" * 64, 1), ("b" * 64, 3))
    wins = sum(draws.ranks(entries, draws.sha256(f"case {i}"), 1) == ["b" * 64] for i in range(4000))
    assert 2880 <= wins <= 3120  # 3000 expected; more than four standard deviations either way


LINES = POOL.decode().split("\n")
BROKEN = {
    "nothing": b"",
    "no last line end": POOL[:-1],
    "CRLF": POOL.replace(b"\n", b"\r\n"),
    "an empty line at the end": POOL + b"\n",
    "an entrant too few": "\n".join(LINES[:-2] + [""]).encode(),
    "entrants swapped": "\n".join([LINES[0], LINES[2], LINES[1], *LINES[3:]]).encode(),
    "an entrant twice": "\n".join([LINES[0].replace(",7,21", ",8,22"), LINES[1], *LINES[1:]]).encode(),
    "upper-case hex": POOL.replace(b"363ffa", b"363FFA"),
    "a leading zero": POOL.replace(b",5\n", b",05\n"),
    "no tickets": POOL.replace(b"e18,1\n", b"e18,0\n"),
    "a wrong total": POOL.replace(b",7,21\n", b",7,22\n"),
    "more prizes than ranks": POOL.replace(b",2,5,7,21", b",6,5,7,21"),
    "no prizes": POOL.replace(b",2,5,7,21", b",0,5,7,21"),
    "another version": POOL.replace(b"pool-v1", b"pool-v2"),
    "a name with capitals": POOL.replace(b",2026-10,", b",October,"),
    "a space": POOL.replace(b",7,21\n", b",7, 21\n"),
    "a sign": POOL.replace(b",7,21\n", b",7,+21\n"),
    "a source of no kind": POOL.replace(b"numbers/", b"dice/"),
    "a digit that is not ASCII": POOL.replace(b",7,21\n", ",7,2١\n".encode()),
    "a field too many": POOL.replace(b",7,21\n", b",7,21,\n"),
    "too many tickets": POOL.replace(b"e18,1\n", b"e18,4294967296\n").replace(b",7,21\n", b",7,4294967316\n"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_any_deviation_refuses_the_file_in_both_programs(case: str, tmp_path: Path) -> None:
    assert BROKEN[case] != POOL
    with pytest.raises(draws.BadPool):
        draws.parse(BROKEN[case])
    file = tmp_path / "pool.txt"
    file.write_bytes(BROKEN[case])
    told = run(sys.executable, "-I", VERIFIER, file, EXPECTED["randomness"])
    assert told.returncode != 0
    assert "REFUSED" in told.stderr


def test_public_numbers_have_the_one_form_of_rfc_3797() -> None:
    for one in EXPECTED["numbers"]:
        assert draws.canonical(one["groups"]) == one["canonical"]


@pytest.mark.parametrize("text", ["", "/", "1", "1/", "01./", "1. 2./", "1./2", "-1./", "1./\n", "١./", "1.//"])
def test_randomness_in_another_form_is_refused_by_both_programs(text: str) -> None:
    with pytest.raises(draws.BadRandomness):
        draws.check_randomness("numbers/" + "a" * 64, text)
    assert run(sys.executable, "-I", VERIFIER, VECTORS / "pool.txt", text).returncode != 0


def test_a_drand_source_takes_64_hex_digits_only() -> None:
    assert draws.check_randomness("drand-quicknet/7", "c" * 64) == "c" * 64
    with pytest.raises(draws.BadRandomness):
        draws.check_randomness("drand-quicknet/7", "1./")


@pytest.mark.parametrize(("draw", "salt"), [("Draw", "0" * 32), ("", "0" * 32), ("a", "0" * 31), ("a", "F" * 32)])
def test_a_wrong_name_or_salt_makes_no_entrant(draw: str, salt: str) -> None:
    with pytest.raises(ValueError):
        draws.entrant(draw, salt, "noor@example.com")
