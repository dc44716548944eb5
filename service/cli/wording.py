"""`goodword programme block-list`, and options by language. In: phrases, texts. Out: what nobody should post, kept."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from service.cli import with_app

OPTIONS: dict[str, tuple[str, str]] = {
    "disclosure": ("LANG=TEXT", "What every post says of the tie to the company, like en=#ad; repeat; LANG= ends it."),
    "policy": ("LANG=FILE", "The policy of a language from a text file, shown at /policy; repeat; LANG= ends it."),
    "style_guide": ("LANG=FILE", "The style guide, how we write, likewise: it stands below the policy."),
}
FILES = ("policy", "style_guide")
"""Options whose texts come from files."""


def merged(name: str, now: Mapping[str, str], pairs: Sequence[str]) -> dict[str, str]:
    """Return the texts by language with these LANG=TEXT (or LANG=FILE) pairs. Raises click.UsageError."""
    result, flag = dict(now), name.replace("_", "-")
    for pair in pairs:
        language, sign, text = pair.partition("=")
        if not sign or not language.strip():
            raise click.UsageError(f"--{flag} is written {OPTIONS[name][0]}.")
        if name in FILES and text:
            try:
                text = Path(text).read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as failure:
                raise click.UsageError(f"--{flag}: {text} cannot be read as UTF-8 text.") from failure
        result[language.strip()] = text
    return result


@click.group("block-list")
def block_list() -> None:
    """Keep phrases that nobody should post, each with the reason that is told to who writes it.

    Case, accents, width and spacing do not matter; a phrase begins and ends where words do.
    """


@block_list.command()
@click.argument("phrase")
@click.option("--reason", required=True, help="Why not, and what to say instead: whoever writes it reads this.")
@with_app
def add(phrase: str, reason: str) -> None:
    """Put a PHRASE on the list. Says which share texts hold it: they are no longer suggested until changed."""
    from service import programmes, wording

    _change(lambda: programmes.change(block_list=wording.with_phrase(programmes.current(), phrase, reason)))
    click.echo("Added.")
    for line in _violating():
        click.echo(line)


@block_list.command()
@click.argument("phrase")
@with_app
def remove(phrase: str) -> None:
    """Take a PHRASE from the list."""
    from service import programmes, wording

    _change(lambda: programmes.change(block_list=wording.without_phrase(programmes.current(), phrase)))
    click.echo("Removed.")


@block_list.command("list")
@click.option("--json", "as_json", is_flag=True, help="Write it as JSON.")
@with_app
def list_(as_json: bool) -> None:
    """List the phrases with their reasons, then the share texts that hold one."""
    from service import database, programmes, words

    database.reading.set(True)
    found = _change(programmes.current)
    if as_json:
        texts = [
            {"story": story.id, "network": row.network, "language": row.language, "phrases": list(held)}
            for story, row, held in words.violating()
        ]
        click.echo(json.dumps({"phrases": found.block_list, "texts": texts}, indent=2, ensure_ascii=False))
        return
    for phrase, reason in found.block_list.items():
        click.echo(f"{phrase}: {reason}")
    for line in _violating():
        click.echo(line)


def _violating() -> list[str]:
    from service import words

    rows = words.violating()
    lines = [
        f"  story {story.id}, {row.network or 'all networks'}, {row.language}: holds “{'”, “'.join(held)}”"
        for story, row, held in rows
    ]
    return [f"Share texts that are not suggested until they are changed: {len(rows)}", *lines] if rows else []


def _change(act):  # type: ignore[no-untyped-def]
    from service.programmes import NoProgramme
    from service.validation import Invalid

    try:
        return act()
    except NoProgramme as refusal:
        click.echo(str(refusal), err=True)
        sys.exit(2)
    except Invalid as refusal:
        click.echo(" ".join(str(words) for words in refusal.errors.values()), err=True)
        sys.exit(1)
