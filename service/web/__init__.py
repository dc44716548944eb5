"""The web edge. In: requests. Out: pages, redirects and safe headers; each room is a blueprint of its own module."""

from __future__ import annotations

from importlib import import_module

from flask import Flask, Response, request
from werkzeug.routing import IntegerConverter, Map
from werkzeug.wrappers import Response as AnyResponse

from service import database

ROOMS = (
    "inbox",
    "steering",
    "visits",
    "me",
    "suggest",
    "badges",
    "boards",
    "decoy",
    "subscriptions",
    "months",
    "claims",
    "free_way",
    "draws",
    "pictures",
    "policy",
    "colours",
    "health",
    "hooks",
    "conversions",
    "inbound",
    "mailfolder",
    "console",
)
"""Modules of service.web, each with a `room` (Blueprint)."""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; img-src 'self' data:; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'self'; frame-src 'self'; base-uri 'none'",
}


def register(app: Flask) -> None:
    """Add every room, the words, the security headers and the error pages to the application."""
    from service.web import assets, errors, hosts, language, security

    app.url_map.converters |= {"int": _Number, "story": _Story}
    language.install(app)
    assets.install(app)
    hosts.install(app)
    security.install(app)
    for name in ROOMS:
        app.register_blueprint(import_module(f"service.web.{name}").room)
    errors.install(app)
    app.before_request(_only_reading)
    app.after_request(_safe_headers)
    app.teardown_request(lambda _error: database.reading.set(False) and None)


HIGHEST = 2**31 - 1
"""No row is counted further."""


class _Number(IntegerConverter):
    """A row's number in an address; what no column holds is the number of no row."""

    def __init__(self, of: Map) -> None:
        super().__init__(of, max=HIGHEST)


class _Story(IntegerConverter):
    """A story's number behind a pass. A higher one than any story has is looked for like another that is not there:
    where the map itself refused it, a POST would be answered 405, and by other bytes than a wrong pass."""

    def to_python(self, value: str) -> int:
        return HIGHEST if len(value) > len(str(HIGHEST)) else min(int(value), HIGHEST)


def records(view):  # type: ignore[no-untyped-def]
    """Mark a GET view that writes (a share opened, a visit): SQLite then takes the write lock at once."""
    view.records = True
    return view


def _only_reading() -> None:
    from flask import current_app

    view = current_app.view_functions.get(request.endpoint or "")
    database.reading.set(request.method in ("GET", "HEAD", "OPTIONS") and not getattr(view, "records", False))


def _safe_headers(response: AnyResponse) -> AnyResponse:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if not response.headers.get("Cache-Control"):
        response.headers["Cache-Control"] = "no-store"
    return response


__all__ = ["HEADERS", "ROOMS", "Response", "records", "register"]
