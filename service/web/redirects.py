"""Redirects. In: WSGI requests. Out: people led on from short links at once; everything else is the application's.

It stands in front of Flask: /r/ is asked for most by far, a flood of scanners included, and a redirect needs nothing of
what a page needs. Cards for programs, pages of archived stories, unknown codes and a database that is away are Flask's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from time import time
from typing import Any

import sqlalchemy as sa
from flask import Flask

from service import config, jobs, visiting
from service.arrivals import Intake, Link
from service.journal import log
from service.links import CODE_LENGTH, new_click, wants_card
from service.visiting_facts import READ
from service.web import HEADERS
from service.web.visits import TAKEN

PREFIX = "/r/"
MOST = 4096
"""Agents that are kept in mind."""
_LENGTH = len(PREFIX) + CODE_LENGTH
_HEADERS = [
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("Vary", "User-Agent"),
    *HEADERS.items(),
]


Answer = tuple[list[tuple[str, str]], bytes]
"""Headers and body."""


class Redirects:
    """A WSGI application: short links, and behind them Flask."""

    def __init__(self, app: Flask, intake: Intake) -> None:
        self.app, self.intake = app, intake
        self._links = intake.known.links
        self._browsers: dict[str | None, bool] = {}
        """Agents seen lately that are led on."""

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Lead a person on from a short link, or let Flask answer."""
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        if not path.startswith(PREFIX) or len(path) != _LENGTH or (method != "GET" and method != "HEAD"):
            return self.app(environ, start_response)
        link = self._links.get(path[3:]) or self._look_up(path[3:])
        if link is None:
            return self.app(environ, start_response)
        if link.way.page or not self._leads(environ.get("HTTP_USER_AGENT")):
            click = new_click() if link.way.click else None
            self._take(link, environ, click)
            environ[TAKEN] = click or ""
            return self.app(environ, start_response)
        headers, body = self._lead(link, environ)
        start_response("302 FOUND", headers.copy())
        return [body]

    def at_once(self, environ: dict[str, Any]) -> Answer | None:
        """Return headers and body of the 302 that leads a person on from a link this process knows, her visit taken;
        None: something else is to be answered, and nothing was taken.

        In buffered mode it waits for nothing. Needs no more of an environ than what the request itself brings.
        """
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        if not path.startswith(PREFIX) or (method != "GET" and method != "HEAD"):
            return None
        link = self._links.get(path[3:])
        if link is None or link.way.page or not self._leads(environ.get("HTTP_USER_AGENT")):
            return None
        return self._lead(link, environ)

    def _lead(self, link: Link, environ: dict[str, Any]) -> Answer:
        """Return what leads on from this link, the visit taken."""
        click = None
        if link.way.click:
            click = new_click()
            answer = _answer(link.way.to(click))
        else:
            if link.answer is None:
                link.answer = _answer(link.way.to())
            answer = link.answer
        self._take(link, environ, click)
        return answer if environ["REQUEST_METHOD"] == "GET" else (answer[0], b"")

    def _take(self, link: Link, environ: dict[str, Any], click: str | None) -> None:
        if environ["REQUEST_METHOD"] == "GET" and link.salt is not None:
            get = environ.get
            said = link, time(), get("REMOTE_ADDR") or "", get("HTTP_X_FORWARDED_FOR"), tuple(map(get, READ)), click
            self.intake.take(said)

    def _leads(self, agent: str | None) -> bool:
        """Tell whether this agent is led on; a program that makes previews gets a card."""
        if agent in self._browsers:
            return True
        if wants_card(agent or ""):
            return False
        if len(self._browsers) >= MOST:
            self._browsers.clear()
        return self._browsers.setdefault(agent, True)

    def _look_up(self, code: str) -> Link | None:
        try:
            return self.intake.look_up(code)
        except sa.exc.SQLAlchemyError as problem:
            log.error("a short link is not known and the database is away", error=type(problem).__name__)
            return None


def _answer(target: str) -> Answer:
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
