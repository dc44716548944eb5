"""`goodword up|web|worker|scheduler`. In: the configuration. Out: the service running until it is told to stop."""

from __future__ import annotations

import os
import sys

import click

from service import config

NICE = 5
"""How far workers stand back where the processor is short: an edition may take a second longer, a visitor may not."""


@click.command()
def up() -> None:
    """Run everything on this machine: web, worker, scheduler and, unless GOODWORD_REDIS_URL is set, the queue.

    Migrates the database first. Stop it with Ctrl-C or SIGTERM: jobs at hand are finished, nothing is left behind.
    """
    from service import up as house

    settings = config.read(os.environ)

    def banner() -> None:
        mails = f"Mails go into {settings.mail_folder}" if settings.mail == "folder" else "Mails go out by SMTP"
        click.echo(f"Goodword is up at {settings.base_url}/console\n{mails}. Stop with Ctrl-C.")

    try:
        house.run(settings, banner)
    except house.CannotStart as problem:
        click.echo(f"goodword: {problem}", err=True)
        sys.exit(1)
    click.echo("Goodword has stopped.")


@click.command()
def web() -> None:
    """Run the web server alone (granian), on GOODWORD_LISTEN."""
    from service.up import web_command

    command = web_command(config.read(os.environ))
    os.execv(command[0], command)  # noqa: S606 - our own command


@click.command()
@click.option("--burst", is_flag=True, help="Stop when the queue is empty.")
def worker(burst: bool) -> None:
    """Run one worker. Start as many as wanted, on as many machines as wanted."""
    from service import worker as workers

    os.nice(NICE)
    workers.main(config.read(os.environ), burst)


@click.command()
@click.option("--list", "listing", is_flag=True, help="Show what runs when, and stop.")
def scheduler(listing: bool) -> None:
    """Run the scheduler: it wakes workers on time. A second one waits until the first is gone."""
    from service import scheduler as bells
    from service.schedule import SCHEDULE

    if listing:
        for task in SCHEDULE:
            click.echo(f"{task.name:10} every {task.every:5} s  {task.help}")
        return
    bells.main(config.read(os.environ))
