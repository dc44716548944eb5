"""Front: redirects that no page delays, and everything else as granian's own WSGI answers it, byte for byte."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from service.up import environment, web_command
from service.web import front
from service.web.front import BODIES, Front
from tests import noor as world
from tests.servers import die_with_parent, free_port
from tests.test_redirects_processes import Web, until

GET = {"REQUEST_METHOD": "GET"}
LONGEST = 8 * 1024 * 1024
"""Bytes of a body that is looked at (service.create_app)."""


@dataclass
class Protocol:
    """What granian gives to answer by."""

    answers: list[tuple[int, list[tuple[str, str]], bytes]] = field(default_factory=list)

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.answers.append((status, headers, body))


def test_a_page_that_sleeps_in_every_thread_does_not_delay_a_redirect() -> None:
    awake, asleep = threading.Event(), threading.Semaphore(0)
    led: list[tuple[str, str]] = [("Location", "https://fjord.example/")]

    def page(protocol: Any, scope: dict[str, Any]) -> None:
        asleep.release()
        assert awake.wait(30)
        protocol.response_bytes(200, [], scope["PATH_INFO"].encode())

    found = Front(lambda scope: (led, b"x") if scope["PATH_INFO"] == "/r/known" else None, page, threads=3, bodies=0)
    pages = [Protocol() for _ in range(5)]
    for n, each in enumerate(pages):
        found(each, {**GET, "PATH_INFO": f"/{n}"})
    for _ in range(3):
        assert asleep.acquire(timeout=30)
    visitor = Protocol()
    found(visitor, {**GET, "PATH_INFO": "/r/known"})
    assert visitor.answers == [(302, led, b"x")], "answered by the very call"
    assert not any(each.answers for each in pages)
    awake.set()
    until(lambda: all(each.answers for each in pages), 30)
    assert [each.answers[0][2] for each in pages] == [f"/{n}".encode() for n in range(5)]


def test_a_page_that_fails_is_answered_and_its_thread_goes_on() -> None:
    def page(protocol: Any, scope: dict[str, Any]) -> None:
        if scope["PATH_INFO"] == "/ends":
            raise SystemExit
        if scope["PATH_INFO"] == "/breaks":
            raise ValueError
        protocol.response_bytes(200, [], b"well")

    found = Front(lambda scope: None, page, threads=1, bodies=0)
    asked = [(Protocol(), path) for path in ("/ends", "/breaks", "/")]
    for protocol, path in asked:
        found(protocol, {**GET, "PATH_INFO": path})
    until(lambda: all(protocol.answers for protocol, _ in asked), 30)
    assert [protocol.answers for protocol, _ in asked] == [[(500, [], b"")], [(500, [], b"")], [(200, [], b"well")]]


def test_one_thread_takes_requests_in_and_another_takes_its_place_while_it_reads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(front, "ASIDE", 60.0)
    led: list[tuple[str, str]] = []
    back, second = threading.Event(), Protocol()

    def read(protocol: Any, scope: dict[str, Any]) -> None:
        assert back.wait(30), "the other thread takes requests in while this one reads"
        protocol.response_bytes(200, [], b"read")

    found = Front(lambda scope: (led, b"") if scope["PATH_INFO"] == "/r/known" else None, read, threads=0, bodies=1)

    def take() -> None:
        found(second, {**GET, "PATH_INFO": "/r/known"})
        back.set()

    found(Protocol(), {**GET, "PATH_INFO": "/r/known"})
    other = threading.Thread(target=take, daemon=True)
    other.start()
    until(lambda: second.answers, 30)
    assert not back.wait(0.3), "it steps aside once it has answered"
    first = Protocol()
    found(first, {"REQUEST_METHOD": "POST", "PATH_INFO": "/", "CONTENT_LENGTH": "2"})
    assert first.answers == [(200, [], b"read")]
    other.join(30)


def test_only_the_buffered_mode_is_served_by_the_front_and_an_unknown_granian_as_before(
    app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    settings = app.config["GOODWORD"]
    buffered, durable = (web_command(replace(settings, visits=mode)) for mode in ("buffered", "durable"))
    assert front.fits()
    assert buffered[-2:] == ["--factory", "service.web.front:app"]
    assert buffered[buffered.index("--blocking-threads") + 1] == str(1 + front.BODIES)
    assert durable[-1] == "wsgi:app" and durable[durable.index("--blocking-threads") + 1] == "32"
    monkeypatch.delattr("granian.server.mp._wsgi_call_wrap")
    unknown = web_command(replace(settings, visits="buffered"))
    assert unknown[-1] == "wsgi:app" and unknown[unknown.index("--blocking-threads") + 1] == "4"


def line(address: tuple[str, int]) -> socket.socket:
    return socket.create_connection(address, timeout=20)


def said(connection: socket.socket) -> bytes:
    """Return all that comes until the server closes."""
    found = b""
    while more := connection.recv(65536):
        found += more
    return found


def ask(address: tuple[str, int], method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """Return the whole answer as it came, but for what no two answers share: the date, and words made for once."""
    lines = [f"{method} {path} HTTP/1.1", "Host: good.example", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in {**world.PERSON, **headers}.items()]
    if method == "POST":
        lines.append("Content-Type: application/x-www-form-urlencoded")
        lines += [] if "Content-Length" in headers else [f"Content-Length: {len(body)}"]
    with line(address) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        found = said(connection)
    return re.sub(rb"(?im)^(date|set-cookie): .*$|csrf_token.*", b"", found)


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


@pytest.mark.sockets
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_front_answers_as_granian_alone_does_and_stuck_pages_hold_up_nobody(
    database_url: str, tmp_path: Path
) -> None:
    with Web(tmp_path / "data", database_url, "buffered", workers=1).up() as web:
        ours, theirs = web.settings.listen, ("127.0.0.1", free_port())
        plain = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(theirs[1]), "--no-access-log"]
        alone = subprocess.Popen(
            [*plain, "--blocking-threads", "4", "--log-level", "error", "wsgi:app"],
            env={**os.environ, **environment(web.settings)},
            preexec_fn=die_with_parent,
        )
        try:
            until(lambda: _opens(theirs))
            _same(ours, theirs, web)
        finally:
            alone.send_signal(signal.SIGTERM)
            alone.wait(30)
        _unstuck(ours, web)
        web.process.send_signal(signal.SIGTERM)
        web.process.wait(30)
        recorded, lost = web.told()
        assert (recorded, lost) == (web.answered, 0), "every GET of a link there is, by whichever server"


def _opens(address: tuple[str, int]) -> bool:
    try:
        line(address).close()
    except OSError:
        return False
    return True


def _same(ours: tuple[str, int], theirs: tuple[str, int], web: Web) -> None:
    link = f"/r/{web.codes[0]}"
    upload = b"a=" + b"x" * 300_000
    sheet = re.search(rb'"(/static/[^"]+\.css)"', ask(ours, "GET", "/nowhere"))
    assert sheet
    for expected, method, path, body, headers in (
        (302, "GET", link, b"", {}),
        (302, "HEAD", link, b"", {}),
        (302, "GET", link + "?utm=1", b"", {"X-Forwarded-For": "198.51.100.7"}),
        (200, "GET", link, b"", world.LINKEDIN),
        (404, "GET", "/r/2222222222", b"", {}),
        (404, "HEAD", "/r/2222222222", b"", {}),
        (405, "POST", link, b"", {}),
        (200, "GET", "/health", b"", {}),
        (200, "GET", sheet[1].decode(), b"", {}),
        (200, "HEAD", sheet[1].decode(), b"", {}),
        (404, "GET", "/%E2%82%AC%ff//nowhere?a=%20b", b"", {}),
        (400, "POST", "/console/sign-in", upload, {}),
        (413, "POST", "/console/sign-in", b"a=", {"Content-Length": str(LONGEST + 1)}),
    ):
        one, other = (ask(address, method, path, body, **headers) for address in (ours, theirs))
        assert one == other
        assert status(one) == expected, (method, path)
        web.answered += 2 * (method == "GET" and path.startswith(link))


def _unstuck(address: tuple[str, int], web: Web) -> None:
    """Pages wait for the rest of a body in every thread that may."""
    head = b"POST /console/sign-in HTTP/1.1\r\nHost: good.example\r\nConnection: close\r\nContent-Length: 6\r\n"
    head += b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    with ExitStack() as closed:
        stuck = [closed.enter_context(line(address)) for _ in range(BODIES)]
        for each in stuck:
            each.sendall(head + b"a=")
        time.sleep(0.5)  # they have all come
        until(lambda: status(ask(address, "POST", "/console/sign-in")) == 503, 30)
        assert web.ask("/health") == 200, "what has no body goes on"
        for n in range(20):
            began = time.monotonic()
            assert web.visit(web.codes[n % 2]) == 302
            assert time.monotonic() - began < 5.0, "a redirect does not wait for pages"
        stuck.pop().close()  # somebody loses patience
        for each in stuck:
            each.sendall(b"1234")
        assert {status(said(each)) for each in stuck} == {400}
        until(lambda: status(ask(address, "POST", "/console/sign-in")) == 400, 30)
