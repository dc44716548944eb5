"""Hosts. In: a request's Host header. Out: on the domain for short links only these; everything else is not there.

No address is ever made from a Host header; it only decides how little is answered.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, current_app, redirect, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from service.config import Config

ANSWERED = frozenset({"visits.follow", "visits.poster", "pictures.picture", "health.health", "asset"})
"""Endpoints that the domain for short links has: its links, what their pages need, and a probe."""


def install(app: Flask) -> None:
    """Let the domain for short links answer nothing but its own."""
    app.before_request(_only_short)


def is_short(host: str, settings: Config) -> bool:
    """Return True if this Host header names the domain for short links.

    Names are compared without case, final dot and port, which proxies drop; only where both services share a name
    does the port decide.
    """
    ours, ours_port = _parts(urlsplit(settings.short_url).netloc)
    theirs, _ = _parts(urlsplit(settings.base_url).netloc)
    name, port = _parts(host)
    return name == ours and (ours != theirs or port == ours_port)


def _parts(host: str) -> tuple[str, str]:
    name, colon, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
    if not colon or not port.isdecimal():
        name, port = host, ""
    return name.lower().rstrip("."), port


def _only_short() -> Response | None:
    settings: Config = current_app.config["GOODWORD"]
    if not settings.short_url or request.endpoint in ANSWERED or not is_short(request.host, settings):
        return None
    if request.path == "/" and settings.short_home:
        return redirect(settings.short_home)
    raise NotFound
