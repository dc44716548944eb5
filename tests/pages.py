"""A site of pages and feeds on loopback. In: what each path answers. Out: its address and a policy that fetches it."""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from ssrfguard import Policy

LOOPBACK = ipaddress.ip_network("127.0.0.0/8")
Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Site:
    """What each path answers; `asked` remembers path and conditions of every request."""

    url: str
    policy: Policy
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    def put(self, path: str, body: bytes | str = b"", kind: str = "text/html", code: int = 200, **headers: str) -> str:
        """Answer this path so from now on; return its whole address."""
        sent = {"Content-Type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}}
        self.answers[path] = code, sent, body.encode() if isinstance(body, str) else body
        return self.url + path


@contextmanager
def site() -> Iterator[Site]:
    """A server of its own for one test."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            condition = self.headers.get("If-None-Match") or self.headers.get("If-Modified-Since")
            found.asked.append((self.path, condition))
            code, headers, body = found.answers.get(self.path.partition("?")[0], (404, {}, b""))
            if condition and condition in (headers.get("ETag"), headers.get("Last-Modified")):
                code, body = 304, b""
            self.send_response(code)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        port = server.server_address[1]
        policy = Policy(allowed_networks=(LOOPBACK,), allowed_ports=frozenset({80, port}))
        found = Site(f"http://127.0.0.1:{port}", policy)
        yield found
        server.shutdown()
