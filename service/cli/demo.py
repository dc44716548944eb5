"""`goodword demo`. In: nothing. Out: a company with a month of history, all its mails, and everything served."""

from __future__ import annotations

import logging
import os
import shutil
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path

import click
import structlog

from service import config

DEFAULTS = {"GOODWORD_ENV": "demo", "GOODWORD_DATA": "demo-data", "GOODWORD_CLOCK": "demo-data/clock"}
MARK = "this-is-the-demo"
"""A file that says the data folder is the demo's own, and, once it holds `ready`, that it is complete."""


@click.command()
@click.option("--reset", is_flag=True, help="Wipe the demo's own data folder first and start over.")
@click.option("--load-only", is_flag=True, help="Make the data and the mails, say where they are, and serve nothing.")
def demo(reset: bool, load_only: bool) -> None:
    """Show Goodword working: a sample company, a month of its history, every mail, all served on this machine.

    The first start takes about half a minute; later ones keep the data. Everything lives in GOODWORD_DATA
    (default: demo-data). Refused in production.
    """
    if os.environ.get("GOODWORD_ENV") == "production":
        _refuse("The demo is refused in production (GOODWORD_ENV).", 2)
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    folder = Path(os.environ["GOODWORD_DATA"]).expanduser().resolve()
    mark = folder / MARK
    if folder.exists() and any(folder.iterdir()) and not mark.exists():
        _refuse(f"{folder} holds data that are not the demo's; choose another GOODWORD_DATA.", 2)
    settings = _settings(folder)
    if not load_only:
        _check_port(settings)
    ready = mark.exists() and mark.read_text(encoding="ascii") == "ready"
    if folder.exists() and (reset or not ready):
        shutil.rmtree(folder)  # an interrupted first start begins again too
        ready = False
    if not ready:
        folder.mkdir(parents=True, exist_ok=True)
        mark.write_text("", encoding="ascii")
        settings = _settings(folder)  # with the new folder's own secret
    lines = _prepare(settings, ready)
    mark.write_text("ready", encoding="ascii")
    if load_only:
        _say(lines)
        return
    from service import up

    up.run(settings, lambda: _say(lines))


def _refuse(words: str, code: int) -> None:
    click.echo(f"goodword: {words}", err=True)
    sys.exit(code)


def _settings(folder: Path) -> config.Config:
    settings = config.read(os.environ)
    if settings.env not in ("demo", "test") or settings.clock is None:
        _refuse("The demo needs GOODWORD_ENV=demo and GOODWORD_CLOCK, or neither of them set.", 2)
    if settings.database_url != f"sqlite:///{folder / 'goodword.db'}" or settings.mail != "folder":
        _refuse("The demo keeps its own database and mail folder; unset GOODWORD_DATABASE_URL and GOODWORD_MAIL.", 2)
    return settings


def _check_port(settings: config.Config) -> None:
    with socket.socket() as probe:
        if probe.connect_ex(settings.listen) == 0:
            host, port = settings.listen
            _refuse(f"Something listens on {host}:{port} already; stop it or set GOODWORD_LISTEN.", 1)


def _prepare(settings: config.Config, ready: bool) -> list[str]:
    """Migrate, load and live the history where it is not there yet; return the banner's lines."""
    from service import clock, create_app, database

    database.upgrade(settings.database_url)
    app = create_app(settings)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with app.app_context():
        if not ready:
            from service.sample import history, load

            now = datetime.now(UTC)
            tell = _Progress()
            load.load(now, tell)
            end = history.play(now, tell)
            if settings.clock and end <= now:
                settings.clock.unlink(missing_ok=True)  # the demo's time is the world's
                clock.use(settings.clock)
            tell.done()
        lines = _banner(settings)
        database.db.session.remove()
        database.db.engine.dispose()
    return lines


class _Progress:
    """Says what is being done, on one line of a terminal or line by line elsewhere."""

    def __init__(self) -> None:
        self._wide = 0
        self._last = ""

    def __call__(self, words: str) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r{words.ljust(self._wide)}", err=True, nl=False)
            self._wide = max(self._wide, len(words))
        elif words.partition(" (")[0] != self._last:
            click.echo(words, err=True)
        self._last = words.partition(" (")[0]

    def done(self) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r{' ' * self._wide}\r", err=True, nl=False)


def _banner(settings: config.Config) -> list[str]:
    import sqlalchemy as sa

    from service import clock, draws, passes
    from service.database import db
    from service.models import Employee, Outbox
    from service.sample.content_programme import DEMO_PASSWORD, EXAMPLE, PROGRAMME
    from service.sample.load import address_of

    her = db.session.scalars(sa.select(Employee).where(Employee.email == address_of(EXAMPLE))).one()
    me = passes.passes_for(her.link_id, passes.today_number(clock.now()), passes.newest_key_id()).me
    sent = db.session.scalar(sa.select(sa.func.count()).select_from(Outbox).where(Outbox.state == "accepted"))
    drawn = next((draw.name for draw in draws.listed() if draw.status == "drawn"), "")
    base = settings.base_url
    return [
        "",
        f"  {PROGRAMME['name']} at {PROGRAMME['company']} is ready.",
        "",
        f"  Mails            {base}/mails    ({sent} of them, as each receiver sees them)",
        f"  Console          {base}/console",
        f"                   sign in as {PROGRAMME['liaison_email']} with {DEMO_PASSWORD}",
        f"  An employee      {base}/me/{me}",
        f"  Last draw        {base}/draws/{drawn}",
        "",
        "  Open a digest, press a share button, and let the world visit the link it made:",
        "    .venv/bin/goodword simulate visit CODE --as linkedin",
        "    .venv/bin/goodword simulate visit CODE --as visitor --people 3",
        "  Then look at the employee's page again. Ctrl-C stops everything; the data stay.",
        "",
    ]


def _say(lines: list[str]) -> None:
    for line in lines:
        click.echo(line)
