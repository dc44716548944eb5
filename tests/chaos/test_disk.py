"""A disk that fills up. In: small disks under data folder or PostgreSQL. Out: sending stops, then goes on; none twice.

Mounting a small disk takes root; elsewhere these skip with a count.
"""

from __future__ import annotations

import re
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from service import database, editions
from service.database import db
from tests import week47
from tests.chaos.account import account, reconcile
from tests.chaos.conftest import only_in_full, release_week
from tests.chaos.postgres import Postgres
from tests.chaos.world import GONE_BY, World, settle_down, until

PEOPLE = 60
CROWD = 1500
"""So many new rows that a full database has no room for them."""


class Disk:
    """A disk of a few megabytes that can be filled to its last byte."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ballast = path / "ballast"

    def fill(self, spare: int = 0) -> None:
        """Leave `spare` bytes free."""
        with self.ballast.open("wb", buffering=0) as file:
            try:
                while file.write(b"\0" * 4096) == 4096:
                    pass
            except OSError:
                pass
            file.truncate(max(0, file.tell() - spare))

    def empty(self) -> None:
        self.ballast.unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[Path, int], Disk]]:
    """Return a maker of disks: a folder and how many megabytes."""
    made: list[Path] = []

    def make(path: Path, megabytes: int) -> Disk:
        path.mkdir(parents=True, exist_ok=True)
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", path], capture_output=True
        )
        if mounted.returncode:
            pytest.skip("a small disk can only be mounted by root")
        made.append(path)
        return Disk(path)

    yield make
    for path in made:
        subprocess.run(["umount", "--lazy", path], check=True)


def resume_if_held(world: World) -> None:
    """Do what a person does who has made room: resume the edition, if the full disk held it."""
    until(world.idle, what="the end of the tries")
    with world.app.app_context():
        held = editions.edition(week47.WEEK).held_why
        db.session.remove()
    if held:
        assert world.goodword("digest", "resume", "--week", week47.WEEK).wait(60) == 0


def struggle(world: World, seconds: float = 3.0) -> None:
    """Let workers try for a while what cannot succeed."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        world.tend()
        world.wake("plan", "deliver", "sweep")
        time.sleep(0.2)


@only_in_full
def test_a_full_data_folder_stops_the_sending_and_an_emptied_one_lets_it_go_on(
    make_world: Callable[..., World], disk: Callable[[Path, int], Disk], tmp_path: Path
) -> None:
    folder = tmp_path / "world0" / "data"
    small = disk(folder, 16)
    url = f"sqlite:///{folder}/goodword.db"
    database.upgrade(url)
    world = make_world(url, more={"GOODWORD_MAIL": "folder"})
    try:
        release_week(world, PEOPLE)
        world.start_workers(2)
        until(lambda: world.wake("plan") or world.planned(), what="the planning")
        small.fill(spare=world.chance.randrange(0, 400_000))
        struggle(world)
        assert len(list((folder / "mail").glob("*.eml"))) < PEOPLE, "the disk was not full"
        small.empty()
        resume_if_held(world)
        settle_down(world)
        assert world.states() == {"accepted": PEOPLE}
        files = list((folder / "mail").iterdir())
        ids = Counter(re.search(rb"(?im)^Message-ID:\s*(\S+)", file.read_bytes())[1] for file in files)  # type: ignore[index]
        assert len(files) == len(ids) == PEOPLE and {file.suffix for file in files} == {".eml"}
    finally:
        world.close()


@only_in_full
@pytest.mark.parametrize("whose", ["ours", "the database's"])
def test_a_full_disk_beside_an_smtp_server_sends_nobody_two(
    make_world: Callable[..., World], disk: Callable[[Path, int], Disk], tmp_path: Path, whose: str
) -> None:
    people = PEOPLE if whose == "ours" else CROWD
    home = tmp_path / "postgres"
    ours, theirs = disk(tmp_path / "world0" / "data", 4), disk(home, 192)
    small = ours if whose == "ours" else theirs
    with Postgres(home) as server:
        database.upgrade(server.url)
        world = make_world(server.url, rate=people / 3)
        try:
            release_week(world, people)
            world.start_workers(2)
            if whose == "ours":
                until(lambda: world.wake("plan") or world.planned(), what="the planning")
                world.wake("deliver")
                time.sleep(world.chance.uniform(0.2, 1.5))
            small.fill(spare=world.chance.randrange(0, 40_000))
            struggle(world)
            if whose != "ours":
                assert not world.planned(), "the disk was not full"
            small.empty()
            if not server.lives:
                server.start()
            resume_if_held(world)
            settle_down(world)
            with world.app.app_context():
                found = account(world.journal)
                found.check()
                print(f"full disk ({whose}): {dict(found.states)}")
                assert found.states["accepted"] + found.states["ambiguous"] == people
                world.pass_time(GONE_BY)
                reconcile(world.journal)
            settle_down(world)
            with world.app.app_context():
                found = account(world.journal)
                found.check()
                assert dict(found.states) == {"accepted": people} and len(found.receivers) == people
        finally:
            world.close()
