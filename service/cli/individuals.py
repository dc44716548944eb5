"""Individuals. In: a command that tells one person's figures. Out: its end, where only groups may be told."""

from __future__ import annotations

import sys

import click


def refuse_where_only_groups() -> None:
    """Exit with 1 in works-council mode: figures of one person are for that person alone."""
    from service import boards

    if boards.only_groups():
        click.echo("Works-council mode: figures of one person are for that person alone.", err=True)
        sys.exit(1)
