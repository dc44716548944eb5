"""The command line. In: words. Out: an exit code; each group lives in a module of its own and is loaded when named."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import Any

import click

GROUPS = {
    "settings": "settings",
    "db": "database",
    "programme": "programme",
    "liaison": "programme",
    "employees": "employees",
    "stories": "stories",
    "feeds": "feeds",
    "digest": "digest",
    "why": "digest",
    "mail": "mail",
    "ledger": "ledger",
    "results": "results",
    "badges": "badges",
    "rules": "rule_sets",
    "visits": "visits",
    "draw": "draw",
    "simulate": "simulate",
    "demo": "demo",
    "up": "up",
    "worker": "up",
    "scheduler": "up",
    "web": "up",
    "keys": "keys",
    "audit": "audit",
    "inbound": "inbound",
}
"""Command → module of service.cli that defines it (a click command named like the command)."""


class Lazy(click.Group):
    """A group that imports a command's module only when that command is named."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(GROUPS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        module = GROUPS.get(name)
        if module is None:
            return None
        found: click.Command = getattr(import_module(f"service.cli.{module}"), name)
        return found


def with_app(function: Callable[..., Any]) -> Callable[..., Any]:
    """Run a command inside the application's context, so that it may use the database."""

    @wraps(function)
    def inside(*args: Any, **kwargs: Any) -> Any:
        from service import audit, create_app, journal
        from service.database import db

        with create_app().app_context():
            journal.only_warnings()
            try:
                with audit.by(None):
                    return function(*args, **kwargs)
            finally:
                db.session.remove()
                db.engine.dispose()

    return inside


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="goodword")
def cli() -> None:
    """Goodword: employee advocacy that lives in the inbox."""


def main() -> None:
    """Entry point of `goodword`; a refused configuration or an unfit database is one line and exit code 2."""
    from sqlalchemy.exc import OperationalError, ProgrammingError

    from service.config import Misconfigured

    try:
        cli.main(prog_name="goodword", standalone_mode=True)
    except Misconfigured as refusal:
        print(f"goodword: {refusal}", file=sys.stderr)  # noqa: T201
        sys.exit(2)
    except (OperationalError, ProgrammingError):
        if not (words := _trouble()):
            raise
        print(f"goodword: {words}", file=sys.stderr)  # noqa: T201
        sys.exit(2)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _trouble() -> str | None:
    from service import config, database

    return database.trouble(config.read(os.environ).database_url)
