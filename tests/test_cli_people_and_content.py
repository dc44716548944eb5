"""The command line of people and content. In: words and files. Out: what it says, its exit code, and what stays."""

from __future__ import annotations

import json
from contextvars import copy_context
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from service.cli import cli

SHEET = """Mail;Nome;Cognome;Reparto;Lingua;Interessi
noor@acme.example;Noor;Bakker;Sales;it;Design
olga@acme.example;Olga;Kos;People;sl;design, Culture
broken;Nobody;At all;Sales;en;design
"""
FEED = """<rss version="2.0"><channel><title>Acme</title><language>en</language>
<item><title>How we hire</title><link>https://acme.example/hire</link><category>Culture</category></item>
<item><title>Nowhere</title></item></channel></rss>"""


@pytest.fixture
def run(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Run `goodword` with these words, in the test's own folder and database."""
    (tmp_path / "people.csv").write_text(SHEET, encoding="utf-8")
    (tmp_path / "feed.xml").write_text(FEED, encoding="utf-8")
    monkeypatch.setattr("service.create_app", lambda: app)

    def runs(*words: str, typed: str | None = None) -> Result:
        words = tuple(str(tmp_path / word) if word in ("people.csv", "feed.xml") else word for word in words)
        # A context of its own, as a process would have: what a command sets there ends with it.
        return copy_context().run(lambda: CliRunner().invoke(cli, words, input=typed))

    return runs


@pytest.fixture
def programme(run) -> None:  # type: ignore[no-untyped-def]
    made = run(
        *("programme", "create", "--name", "Acme Voices", "--company", "Acme", "--languages", "en,it,sl"),
        *("--liaison-name", "Liam", "--liaison-email", "Liam@acme.example", "--zone", "Europe/Rome"),
    )
    assert made.exit_code == 0, made.output


def test_before_there_is_a_programme_a_command_that_needs_one_says_how_to_make_it(run) -> None:  # type: ignore[no-untyped-def]
    for words in (("programme", "show"), ("employees", "import", "people.csv")):
        said = run(*words)
        assert (said.exit_code, "goodword programme create" in said.stderr) == (2, True)


def test_the_programme_is_created_shown_and_changed(run, programme) -> None:  # type: ignore[no-untyped-def]
    assert run("programme", "set", "--digest-size", "4", "--opt-in").exit_code == 0
    shown = json.loads(run("programme", "show", "--json").stdout)
    assert (shown["digest_size"], shown["opt_in"], shown["sender"]) == (4, True, "liam@acme.example")
    assert "Europe/Rome" in run("programme", "show").stdout
    refused = run("programme", "set", "--slot-hour", "25", "--zone", "Mars")
    assert refused.exit_code == 1
    assert "--slot-hour: Choose a whole number from 0 to 23." in refused.stderr
    assert "--zone:" in refused.stderr
    assert run("programme", "set").exit_code == 2


def test_an_import_shows_first_and_writes_only_when_told(run, programme) -> None:  # type: ignore[no-untyped-def]
    seen = run("employees", "import", "people.csv")
    assert seen.exit_code == 1  # one row stays out
    assert "Row 4, email 'broken': An address has a name" in seen.stdout
    assert "Nothing is written yet" in seen.stdout
    assert run("employees", "list").stdout == ""
    done = run("employees", "import", "people.csv", "--apply", "--create-topics", "--json")
    found = json.loads(done.stdout)
    assert (found["applied"]["added"], found["applied"]["topics"], found["delimiter"]) == (2, 2, ";")
    assert [row["code"] for row in found["refused"]] == ["not-an-address"]
    listed = [json.loads(line) for line in run("employees", "list", "--json").stdout.splitlines()]
    assert [(p["email"], p["name"], p["team"], p["status"]) for p in listed] == [
        ("noor@acme.example", "Noor Bakker", "Sales", "invited"),
        ("olga@acme.example", "Olga Kos", "People", "invited"),
    ]


def test_who_is_missing_is_gone_only_when_confirmed_and_can_be_brought_back(run, programme) -> None:  # type: ignore[no-untyped-def]
    run("employees", "import", "people.csv", "--apply")
    only = "Email\nnoor@acme.example\n"
    assert run("employees", "import", "-", "--confirm-gone", typed=only).exit_code == 2
    seen = run("employees", "import", "-", "--complete", "--apply", typed=only)
    assert seen.exit_code == 0
    assert "olga@acme.example" in seen.stdout
    assert "Nobody is marked as gone" in seen.stdout
    gone = run("employees", "import", "-", "--complete", "--apply", "--confirm-gone", typed=only)
    assert "Marked as gone: 1." in gone.stdout
    assert "olga" in run("employees", "list", "--status", "gone").stdout
    assert run("employees", "restore", "olga@acme.example").exit_code == 0
    assert run("employees", "restore", "olga@acme.example").exit_code == 1
    assert run("employees", "restore", "nobody@acme.example").exit_code == 1


def test_a_file_that_cannot_be_read_says_why(run, programme) -> None:  # type: ignore[no-untyped-def]
    said = run("employees", "import", "-", typed="just some words\n")
    assert said.exit_code == 1
    assert "Let the first row name the columns" in said.stderr


def test_stories_are_imported_listed_approved_and_archived(run, programme) -> None:  # type: ignore[no-untyped-def]
    first = run("stories", "import", "feed.xml")
    assert first.exit_code == 1  # one post has no address
    assert "Added 1 (0 approved, 1 drafts), already here 0, refused 1." in first.stdout
    assert "Categories that are no topic: Culture (1)" in first.stdout
    assert run("stories", "approve", "1").exit_code == 1  # nobody could follow it
    again = json.loads(run("stories", "import", "feed.xml", "--json").stdout)
    assert (again["added"], again["known"]) == (0, 1)
    assert "How we hire" in run("stories", "list", "--status", "draft").stdout
    assert run("stories", "archive", "1").stdout == "Archived: 1.\n"
    assert run("stories", "archive", "1", "9").exit_code == 1
    (row,) = [json.loads(line) for line in run("stories", "list", "--json").stdout.splitlines()]
    assert (row["status"], row["url"]) == ("archived", "https://acme.example/hire")


def test_categories_are_mapped_from_the_command_line(run, programme) -> None:  # type: ignore[no-untyped-def]
    assert run("stories", "import", "feed.xml", "--map", "Culture").exit_code == 2
    done = json.loads(run("stories", "import", "feed.xml", "--map", "culture=People", "--approve", "--json").stdout)
    assert (done["topics"], done["approved"]) == (["People"], 1)
    assert run("stories", "import", "http://127.0.0.1/feed").exit_code == 1


def test_liaisons_are_added_and_get_new_passwords(run, programme) -> None:  # type: ignore[no-untyped-def]
    words = ("liaison", "add", "liam@acme.example", "--name", "Liam")
    assert run(*words, "--password-stdin", typed="short\n").exit_code == 1
    assert run(*words, typed="a long password\na long password\n").exit_code == 0
    assert (
        run("liaison", "password", "LIAM@acme.example", "--password-stdin", typed="another password\n").exit_code == 0
    )
    assert run("liaison", "password", "x@acme.example", "--password-stdin", typed="another password\n").exit_code == 1
    assert json.loads(run("liaison", "list", "--json").stdout) == [
        {"email": "liam@acme.example", "name": "Liam", "role": "owner", "locked": False}
    ]
