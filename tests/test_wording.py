"""Policy, disclosure and block list. In: what a liaison types. Out: kept, or refused with a remedy."""

from __future__ import annotations

import json
from contextvars import copy_context
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask

from service import outbox, programmes, wording, words
from service.cli import programme as commands
from service.database import db
from service.models import ShareText
from service.validation import Check, Invalid
from service.web.console import colours, settings
from tests import noor as world


@pytest.fixture
def run(app: Flask, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Run a command of `goodword programme` in this test's application; return exit code and output."""
    world.begin()
    monkeypatch.setattr("service.create_app", lambda: app)

    def run_it(*arguments: str) -> tuple[int, str]:
        db.session.rollback()  # the test's own transaction would keep SQLite's write lock
        # A context of its own, as a process would have: what a command sets there ends with it.
        result = copy_context().run(lambda: CliRunner().invoke(commands.programme, list(arguments)))
        return result.exit_code, result.output

    return run_it


def test_a_disclosure_is_set_changed_and_ended_language_by_language(run) -> None:  # type: ignore[no-untyped-def]
    assert run("set", "--disclosure", "en=#ad", "--disclosure", "Italian=Lavoro  per\nFjord") == (0, "Changed.\n")
    assert programmes.current().disclosure == {"en": "#ad", "it": "Lavoro per Fjord"}
    assert run("set", "--disclosure", "en=")[0] == 0
    assert programmes.current().disclosure == {"it": "Lavoro per Fjord"}
    assert run("set", "--disclosure", "#ad")[0] == 2
    code, told = run("set", "--disclosure", "qq=#ad")
    assert (code, "--disclosure: We know no language qq." in told) == (1, True)
    assert run("set", "--disclosure", f"sl={'x' * 81}")[0] == 1


def test_the_command_line_sets_whatever_the_console_sets() -> None:
    options = {option.name for option in commands.set_.params}
    elsewhere = {"rules", "block_list"}
    assert options == set(programmes.FIELDS) - elsewhere
    assert {"rules", "block-list"} <= set(commands.programme.commands)
    page = {*settings.PLAIN, *settings.SWITCHES, *settings.OWNERS, *settings.BY_LANGUAGE, *colours.FIELDS}
    assert page | {"networks_offered"} == options


def test_networks_style_guide_and_colours_are_set_from_the_command_line(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "guide.txt"
    file.write_text("Say I, never one.", encoding="utf-8")
    given = ("--networks-offered", "xing,linkedin", "--style-guide", f"en={file}", "--colour", "7A1F5C")
    assert run("set", *given) == (0, "Changed.\n")
    now = programmes.current()
    assert (now.networks_offered, now.style_guide) == (["linkedin", "xing"], {"en": "Say I, never one."})
    assert (now.colour, now.second_colour) == ("#7a1f5c", "")
    code, told = run("set", "--colour", "#ffcc00")
    assert code == 1 and "--colour: #ffcc00 is too light" in told
    assert run("set", "--style-guide", f"en={tmp_path / 'none.txt'}")[0] == 2
    shown = run("show")[1]
    assert "networks_offered   linkedin, xing" in shown and "colour             #7a1f5c" in shown


def test_a_policy_comes_from_a_file_and_is_linked_from_mails(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "policy.txt"
    file.write_text("Share what you like.\r\n\r\n\r\nAsk if in doubt.", encoding="utf-8")
    assert run("set", "--policy", f"en={file}")[0] == 0
    assert programmes.current().policy == {"en": "Share what you like.\n\nAsk if in doubt."}
    assert outbox.programme_facts()["policy_url"] == "https://good.example/policy"
    assert run("set", "--policy", "en=/nowhere/at/all.txt")[0] == 2
    shown = json.loads(run("show", "--json")[1])
    assert shown["policy"]["en"].endswith("Ask if in doubt.")


def test_the_block_list_names_the_texts_that_are_no_longer_suggested(run) -> None:  # type: ignore[no-untyped-def]
    story = world.story()
    code, told = run("block-list", "add", "Two  hundred", "--reason", "It was 198.")
    assert code == 0
    assert f"story {story.id}, x, en: holds “Two hundred”" in told
    assert [t.network for t in words.texts_of(world.story())] == [""]
    assert run("block-list", "add", "TWO-HUNDRED", "--reason", "Again.") == (
        1,
        "“Two hundred” is on the list already.\n",
    )
    assert run("block-list", "add", " - ", "--reason", "Nothing.")[0] == 1
    assert run("block-list", "add", "free", "--reason", " ")[0] == 1
    listed = json.loads(run("block-list", "list", "--json")[1])
    assert listed["phrases"] == {"Two hundred": "It was 198."}
    assert listed["texts"] == [{"story": story.id, "network": "x", "language": "en", "phrases": ["Two hundred"]}]
    assert run("block-list", "remove", "two hundred") == (0, "Removed.\n")
    assert run("block-list", "remove", "two hundred")[0] == 1
    assert db.session.query(ShareText).count() == len(words.texts_of(world.story()))


def test_a_phrase_stands_once_on_the_list(app: Flask) -> None:
    check = Check()
    wording.block_list(check, {"risk-free": "No.", "Risk Free": "No."})
    with pytest.raises(Invalid, match="already"):
        check.done()
