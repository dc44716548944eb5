"""`goodword simulate`. In: a short link's code. Out: real requests with the manners of a crawler, people, a scanner."""

from __future__ import annotations

import http.client
import ipaddress
import json
import os
import re
import sys
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

import click

from service import config

SYSTEMS = (
    "Windows NT 10.0; Win64; x64",
    "Macintosh; Intel Mac OS X 10_15_7",
    "X11; Linux x86_64",
    "Linux; Android 10; K",
    "X11; CrOS x86_64 14541.0.0",
)
PEOPLE = tuple(
    f"Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 Safari/537.36"
    for version in range(120, 140)
    for system in SYSTEMS
)
"""A hundred agents as people's browsers name them: from one machine, the agent is what tells visitors apart."""

BROWSER = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "en-GB,en;q=0.9",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Site": "cross-site",
    "Upgrade-Insecure-Requests": "1",
}
LINKEDIN = {
    "User-Agent": "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
    "Accept": "*/*",
}
SCANNER = {
    # Safe Links detonates with a plain Chrome string and no language.
    "User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/119.0.0.0 Safari/537.36",
    "Accept": "*/*",
}


class Unreachable(Exception):
    """Nobody answers at the address of this service."""


@dataclass(frozen=True)
class Answer:
    """What one request got: its method, the HTTP status and where it was sent."""

    method: str
    status: int
    location: str | None


@click.group()
def simulate() -> None:
    """Play the outside world against this service: for the demo and for trying things out. Refused in production."""


@simulate.command()
@click.argument("code")
@click.option(
    "--as",
    "who",
    type=click.Choice(["linkedin", "visitor", "scanner"]),
    default="visitor",
    show_default=True,
    help="linkedin: the crawler that fetches a link for its preview. visitor: a person who follows it. scanner: a mail "
    "scanner that probes with HEAD and then fetches it three times at once.",
)
@click.option("--people", type=click.IntRange(1, len(PEOPLE)), default=1, show_default=True, help="So many visitors.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per request.")
def visit(code: str, who: str, people: int, as_json: bool) -> None:
    """Follow the short link CODE (ten characters, or the whole address) with somebody's manners.

    The requests are real ones to GOODWORD_BASE_URL. Exit code 1: the link is unknown or nobody answers.
    """
    settings = config.read(os.environ)
    if settings.production:
        click.echo("goodword: simulated visits are refused in production.", err=True)
        sys.exit(2)
    found = re.search(r"([1-9A-HJ-NP-Za-km-z]{10})/?$", code.strip())
    if found is None:
        raise click.BadParameter("a code has ten characters, like the end of a short link", param_hint="CODE")
    try:
        answers = [_ask(settings.base_url, found[1], *request) for request in _requests(who, people)]
    except Unreachable as away:
        click.echo(f"goodword: {away}", err=True)
        sys.exit(1)
    for answer in answers:
        if as_json:
            click.echo(json.dumps(asdict(answer)))
        else:
            click.echo(f"{answer.method:4} {answer.status} {answer.location or ''}".rstrip())
    if any(answer.status not in (200, 302) for answer in answers):  # 200: crawlers get the story's card
        click.echo("goodword: that short link is not known here.", err=True)
        sys.exit(1)


def _requests(who: str, people: int) -> list[tuple[str, dict[str, str], int]]:
    """Return method, headers and the visitor's number of each request."""
    if who == "linkedin":
        return [("GET", LINKEDIN, 0)]
    if who == "scanner":
        return [("HEAD", SCANNER, 0)] + [("GET", SCANNER, 0)] * 3
    return [("GET", {"User-Agent": PEOPLE[n], **BROWSER}, n + 1) for n in range(people)]


def _ask(base_url: str, code: str, method: str, headers: dict[str, str], number: int) -> Answer:
    """Send one request and follow nothing. On Linux's loopback every visitor has an address of their own too."""
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    source = (f"127.0.0.{number + 1}", 0) if number and _loopback(host) and sys.platform == "linux" else None
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(host, parts.port, timeout=20, source_address=source)
    try:
        connection.request(method, f"/r/{code}", headers=headers)
        response = connection.getresponse()
        return Answer(method, response.status, response.getheader("Location"))
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(f"nobody answers at {base_url}; is `goodword up` running?") from error
    finally:
        connection.close()


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback and ":" not in host
    except ValueError:
        return False
