"""The command line as a whole: what it says when it cannot even begin."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from service.cli import cli
from tests.servers import free_port


def goodword(folder: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the real command with nothing but these settings."""
    environment = {"PATH": "/usr/bin:/bin", "GOODWORD_DATA": str(folder), **more}
    return subprocess.run(
        [sys.executable, "-m", "service.cli", *words], capture_output=True, text=True, env=environment, timeout=60
    )


def one_line(told: subprocess.CompletedProcess[str]) -> str:
    assert told.returncode == 2
    assert told.stderr.count("\n") == 1, told.stderr
    return told.stderr


def test_a_database_that_was_never_migrated_is_one_line_with_the_remedy(tmp_path: Path) -> None:
    assert "run `goodword db upgrade`" in one_line(goodword(tmp_path, "why", "noor@fjord.example"))


@pytest.mark.sockets
def test_a_database_that_is_away_is_one_line_without_the_password(tmp_path: Path) -> None:
    url = f"postgresql://goodword:secret@127.0.0.1:{free_port()}/goodword"
    told = one_line(goodword(tmp_path, "employees", "list", GOODWORD_DATABASE_URL=url))
    assert "does not answer" in told
    assert "secret" not in told


def test_a_setting_that_nobody_knows_is_one_line(tmp_path: Path) -> None:
    assert "GOODWORD_COLOUR is not a setting" in one_line(goodword(tmp_path, "settings", GOODWORD_COLOUR="green"))


@pytest.mark.parametrize("setting", ["GOODWORD_BASE_URL", "GOODWORD_SECRET", "GOODWORD_CLOCK"])
def test_production_refuses_what_is_missing_or_unsafe(tmp_path: Path, setting: str) -> None:
    whole = {
        "GOODWORD_ENV": "production",
        "GOODWORD_BASE_URL": "https://good.example",
        "GOODWORD_SECRET": "thirty-two-characters-and-then-some",
    }
    if setting == "GOODWORD_CLOCK":
        whole[setting] = str(tmp_path / "clock")
    else:
        del whole[setting]
    assert setting in one_line(goodword(tmp_path, "db", "upgrade", **whole))


def test_every_command_explains_itself() -> None:
    told = CliRunner().invoke(cli, ["--help"])
    assert told.exit_code == 0
    names = [line.split()[0] for line in told.stdout.partition("Commands:")[2].splitlines() if line.strip()]
    assert {"up", "demo", "why", "employees", "draw"} <= set(names)
    for name in names:
        found = CliRunner().invoke(cli, [name, "--help"])
        assert found.exit_code == 0
        assert len(found.stdout.splitlines()) > 3
