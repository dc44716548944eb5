"""`goodword programme` and `goodword liaison`. In: what the programme is, who runs it. Out: both set up, shown."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import click

from service.cli import rules, with_app, wording

_OPTIONS: dict[str, str] = {
    "name": "The programme's name, as mails say it.",
    "company": "The company's name.",
    "liaison_name": "Who runs it: mails come from this person.",
    "liaison_email": "That person's address; replies go there.",
    "sender": "Address that mails are sent from (default: the liaison's).",
    "colour": "Colour of links and buttons in mails and pages, like #0b6b5d. Empty: Goodword's green.",
    "second_colour": "Colour of streaks and winners. Empty: Goodword's orange.",
    "zone": "Time zone of its weeks, like Europe/Rome.",
    "languages": "Languages of its mails, like en,it,sl; the first is the fallback.",
    "digest_size": "Stories in a digest, at most.",
    "slot_weekday": "Day of the digest, 1 Monday to 7 Sunday.",
    "slot_hour": "Hour of the digest, 0 to 23, in each reader's own time.",
    "policy_url": "Address of the policy on what to share.",
    "networks_offered": "Networks that people may use, like linkedin,x. Empty: all.",
    "fallback_network": "Network of share buttons for who chose none.",
    "company_networks": "Ranges of addresses of the company's people, like 192.0.2.0/24,2001:db8::/48: visits "
    "from there count for nobody. Empty: none.",
    "link_parameters": "What short links add to a story's address, like utm_source={network}&utm_campaign={campaign}; "
    "{story} and {language} too. Empty: nothing.",
    "click_parameter": "Name under which each visit takes a random id of its own along, like gw_click. Empty: none.",
}
_SWITCHES: dict[str, str] = {
    "opt_in": "People take part only after they said yes.",
    "automatic_release": "Editions leave without the liaison's release.",
    "second_approval": "A story is approved by somebody else than who wrote it.",
    "works_council": "Individual figures are for the person alone; everybody else sees groups of five or more.",
}


@click.group()
def programme() -> None:
    """Create the programme, show it, change its settings."""


def _options(needed: tuple[str, ...]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        for name, (written, text) in reversed(wording.OPTIONS.items()):
            flag = name.replace("_", "-")
            command = click.option(f"--{flag}", name, multiple=True, metavar=written, help=text)(command)
        for name, text in reversed(_SWITCHES.items()):
            flag = name.replace("_", "-")
            command = click.option(f"--{flag}/--no-{flag}", name, default=None, help=text)(command)
        for name, text in reversed(_OPTIONS.items()):
            flag = name.replace("_", "-")
            command = click.option(f"--{flag}", name, required=name in needed, help=text)(command)
        return command

    return add


@programme.command()
@_options(("name", "company", "liaison_name", "liaison_email"))
@with_app
def create(**given: Any) -> None:
    """Create the programme and the first signing key of its links. Exits with 1 if something cannot stand."""
    from service import programmes

    for name in wording.OPTIONS:
        given[name] = wording.merged(name, {}, given[name])
    made = _tried(programmes.create, given)
    click.echo(f"Created {made.name}. Next: goodword liaison add, employees import, stories import.")


@programme.command("set")
@_options(())
@with_app
def set_(**given: Any) -> None:
    """Change settings of the programme; what you do not name stays."""
    from service import programmes

    if all(value in (None, ()) for value in given.values()):
        raise click.UsageError("Name what to change, like --digest-size 5.")
    for name in wording.OPTIONS:
        now = getattr(_tried(programmes.current, {}), name) if given[name] else {}
        given[name] = wording.merged(name, now, given[name]) if given[name] else None
    _tried(programmes.change, given)
    click.echo("Changed.")


@programme.command()
@click.option("--json", "as_json", is_flag=True, help="Write it as JSON.")
@with_app
def show(as_json: bool) -> None:
    """Show the programme's settings. Exits with 2 before it is created."""
    from service import database, programmes

    database.reading.set(True)
    found = _tried(programmes.current, {})
    facts = {name: getattr(found, name) for name in programmes.FIELDS}
    if as_json:
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False))
        return
    for name, value in facts.items():
        shown = ", ".join(value) if isinstance(value, list) or name in ("policy", "style_guide") else value
        click.echo(f"{name:18} {'-' if value in (None, '', {}, []) else shown}")


def _tried(act: Callable[..., Any], given: dict[str, Any]) -> Any:
    """Return what the use case returns for the options that were given; a refusal is told option by option."""
    from service.programmes import NoProgramme
    from service.validation import Invalid

    try:
        return act(**{name: value for name, value in given.items() if value is not None})
    except NoProgramme as refusal:
        click.echo(str(refusal), err=True)
        sys.exit(2)
    except Invalid as refusal:
        for name, words in refusal.errors.items():
            click.echo(f"--{name.replace('_', '-')}: {words}", err=True)
        sys.exit(1)


programme.add_command(wording.block_list)
programme.add_command(rules.rules)


@click.group()
def liaison() -> None:
    """Let people sign in to the console, and give them new passwords."""


_PASSWORD = click.option(
    "--password-stdin", "from_stdin", is_flag=True, help="Read the password from standard input instead of asking."
)


@liaison.command("add")
@click.argument("email")
@click.option("--name", required=True, help="The person's name.")
@click.option(
    "--role",
    type=click.Choice(["viewer", "editor", "liaison", "owner"]),
    default=None,
    help="What the person may do (default: the first one is the owner, later ones are liaisons).",
)
@click.option("--language", default="en", show_default=True, help="Language of the console.")
@click.option("--zone", default="", help="Time zone, like Europe/Rome (default: the programme's).")
@_PASSWORD
@with_app
def add_liaison(email: str, name: str, role: str | None, language: str, zone: str, from_stdin: bool) -> None:
    """Let the person with this EMAIL sign in to the console. Asks for the password twice."""
    from service import liaisons, programmes

    programme_found = programmes.found()
    zone = zone or (programme_found.zone if programme_found else "UTC")
    given = {"email": email, "name": name, "password": _password(from_stdin), "language": language, "zone": zone}
    _tried(liaisons.add, {**given, "role": role})
    click.echo("Added. The console is at /console.")


@liaison.command()
@click.argument("email")
@_PASSWORD
@with_app
def password(email: str, from_stdin: bool) -> None:
    """Give the liaison with this EMAIL a new password; ends every session and any lock-out."""
    from service import liaisons

    _tried(liaisons.set_password, {"email": email, "password": _password(from_stdin)})
    click.echo("The password is new; sign in again.")


@liaison.command("list")
@click.option("--json", "as_json", is_flag=True, help="Write them as JSON.")
@with_app
def list_liaisons(as_json: bool) -> None:
    """List who may sign in to the console."""
    from service import clock, database, liaisons

    database.reading.set(True)
    rows = [
        {
            "email": row.email,
            "name": row.name,
            "role": row.role,
            "locked": row.locked or bool(row.locked_until and row.locked_until > clock.now()),
        }
        for row in liaisons.everybody()
    ]
    if as_json:
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for row in rows:
        locked = "locked for now" if row["locked"] else ""
        click.echo(f"{row['email']:40} {row['name']:30} {row['role']:8} {locked}".rstrip())


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
