"""Redirects. In: WSGI requests. Out: people led on from short links at once; everything else is the application's.

It stands in front of Flask: /r/ is asked for most by far, a flood of scanners included, and a redirect needs nothing of
what a page needs. Cards for programs, pages of archived stories, unknown codes and a database that is away are Flask's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from html import escape
from typing import Any

import sqlalchemy as sa
from flask import Flask

from service import config, jobs, visiting
from service.arrivals import Intake, Link
from service.arrivals.deriving import Visit
from service.journal import log
from service.links import CODE_LENGTH, new_click, wants_card
from service.visiting_facts import headers_of
from service.web import HEADERS

PREFIX = "/r/"
_LENGTH = len(PREFIX) + CODE_LENGTH
_HEADERS = [
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("Vary", "User-Agent"),
    *HEADERS.items(),
]


class Redirects:
    """A WSGI application: short links, and behind them Flask."""

    def __init__(self, app: Flask, intake: Intake) -> None:
        self.app, self.intake = app, intake
        self._links = intake.known.links

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Lead a person on from a short link, or let Flask answer."""
        path = environ["PATH_INFO"]
        if len(path) != _LENGTH or not path.startswith(PREFIX):
            return self.app(environ, start_response)
        method = environ["REQUEST_METHOD"]
        if method not in ("GET", "HEAD") or wants_card(environ.get("HTTP_USER_AGENT", "")):
            return self.app(environ, start_response)
        link = self._links.get(path[3:]) or self._look_up(path[3:])
        if link is None or link.way.page:
            return self.app(environ, start_response)
        if link.way.click:
            click = new_click()
            headers, body = _answer(link.way.to(click))
        else:
            click = None
            if link.answer is None:
                link.answer = _answer(link.way.to())
            headers, body = link.answer
        if method == "GET" and link.salt is not None:
            peer, chain = environ.get("REMOTE_ADDR") or "", environ.get("HTTP_X_FORWARDED_FOR")
            self.intake.take(Visit(link, time.time(), peer, chain, headers_of(environ), click))
        start_response("302 FOUND", headers.copy())
        return [body if method == "GET" else b""]

    def _look_up(self, code: str) -> Link | None:
        try:
            return self.intake.look_up(code)
        except sa.exc.SQLAlchemyError as problem:
            log.error("a short link is not known and the database is away", error=type(problem).__name__)
            return None


def _answer(target: str) -> tuple[list[tuple[str, str]], bytes]:
    """Return headers and body that lead on to this address."""
    body = b'<!doctype html><html lang="en"><title>302</title><a href="%b">302</a>' % escape(target).encode()
    return [("Location", target), ("Content-Length", str(len(body))), *_HEADERS], body


def in_front_of(app: Flask) -> Redirects:
    """Return the WSGI application that a server serves: short links in front, as GOODWORD_VISITS says, and the rest."""
    settings: config.Config = app.config["GOODWORD"]

    def judge() -> None:
        visiting.judge_arrivals()

    durable = settings.visits == "durable"
    return Redirects(app, Intake(app, durable, settings.visits_waiting, lambda: jobs.wake("visits", settings), judge))
