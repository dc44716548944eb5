"""Liam at the console. In: an application. Out: a signed-in client whose forms carry their tokens."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from service import liaisons
from service.database import db

ADDRESS, PASSWORD = "liam@beacon.example", "open house of ours"
BASE = "https://good.example"


class Liam:
    """A browser at the console: keeps cookies, follows redirects, sends the token and the referrer of the last page."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.client = app.test_client()
        self.here = f"{BASE}/console/sign-in"

    def open(self, path: str, **more: Any) -> TestResponse:
        """Send one request, in an application context of its own as in a real process; follows no redirect."""
        db.session.rollback()  # the test's own transaction would keep SQLite's write lock
        with self.app.app_context():
            return self.client.open(path, base_url=BASE, **more)

    def get(self, path: str, **more: Any) -> TestResponse:
        answer = self.follow(self.open(path, **more))
        self.here = answer.request.url
        return answer

    def post(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> TestResponse:
        fields = {"csrf_token": self.token(), **(data or {})}
        return self.follow(self.open(path, method="POST", data=fields, headers={"Referer": self.here}, **more))

    def follow(self, answer: TestResponse) -> TestResponse:
        """Follow redirects, each as a request of its own."""
        while answer.status_code in (301, 302, 303):
            answer = self.open(answer.location.removeprefix(BASE))
        return answer

    def token(self) -> str:
        """Return the token that a form of this session carries."""
        page = self.get(self.here.removeprefix(BASE)).text
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert found, "the page has no form"
        return found[1]

    def sign_in(self, password: str = PASSWORD, **more: str) -> TestResponse:
        self.here = f"{BASE}/console/sign-in"
        answer = self.post("/console/sign-in", {"email": ADDRESS, "password": password, **more})
        if answer.status_code == 200:
            self.here = f"{BASE}/console/stories"
        return answer


def at_the_console(app: Flask) -> Liam:
    """Return Liam, added as a liaison and signed in."""
    liaisons.add(ADDRESS, "Liam Novak", PASSWORD, zone="Europe/Rome")
    liam = Liam(app)
    assert liam.sign_in().status_code == 200
    return liam
