"""`goodword settings`. In: the environment. Out: the table of settings, each with default and meaning."""

from __future__ import annotations

import os

import click

from service import config


@click.command()
def settings() -> None:
    """Show every GOODWORD_* variable, its default and what it means; checks the present ones."""
    for row in config.SETTINGS:
        click.echo(f"{row.name:31} {row.default or '-':24} {row.help}")
    config.read(os.environ)
    click.echo("\nThe present settings are in order.")
