"""A SendGrid look-alike. In: calls of its HTTP interface. Out: a journal line for each mail it took; signed events.

In a test: `with running() as lookalike`. As a process, posting its events to a webhook by itself:
`python -m tests.sendgrid_server --port P --journal FILE --hook URL --key FILE.pem --clock FILE --manners ok=8,500=1`.
A line of the journal is JSON, {"send_id": …, "to": …}, on the disk before the call is answered.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import random
import socket
import ssl
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from service import clock

KEY = "SG.only-for-tests"

MANNERS = ("ok", "400", "401", "403", "413", "429", "500", "503", "silence", "cut", "ok-500", "ok-silence")
"""What it does with a call: `ok-…` takes the call and does not say so; `cut` hangs up in the middle of the body."""

RESERVED = {"x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding"} | {
    "to", "from", "subject", "reply-to", "cc", "bcc",
}  # fmt: skip


def key_pair() -> tuple[ec.EllipticCurvePrivateKey, str]:
    """Return a private key and its public one as SendGrid shows it: base64 of SPKI, no PEM lines."""
    private = ec.generate_private_key(ec.SECP256R1())
    return private, public_half(private)


def public_half(private: ec.EllipticCurvePrivateKey) -> str:
    spki = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return base64.b64encode(spki).decode()


def signed(private: ec.EllipticCurvePrivateKey, body: bytes, moment: float) -> dict[str, str]:
    """Return the headers of a signed webhook of this moment (seconds since 1970)."""
    timestamp = str(int(moment))
    signature = private.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    return {
        "Content-Type": "application/json",
        "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
        "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
    }


@dataclass(frozen=True)
class Rendered:
    """One mail as its receiver would get it: substitutions made."""

    to: str
    name: str
    subject: str
    text: str
    html: str
    headers: Mapping[str, str]
    send_id: str


@dataclass
class LookAlike:
    """What it takes and how it behaves; `script` says so call by call, then `weights` by chance, then it is `ok`."""

    script: list[str] = field(default_factory=list)
    weights: dict[str, float] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    """Addresses for which it refuses the whole call."""
    journal: Path | None = None
    seed: int = 1
    wait: int = 2
    """Seconds until a rate limit ends."""
    told: Mapping[str, str] | None = None
    """Instead of that: the headers of a rate limit."""
    words: str = "as told"
    """What it says of a refusal that it was told to make."""
    raw: bytes | None = None
    """Instead of that: the whole body of every refusal."""
    calls: list[dict[str, Any]] = field(default_factory=list)
    """Accepted calls."""
    asked: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    """(status, body) of every call that was answered."""
    connections: int = 0
    url: str = ""
    keep: bool = True
    """Whether bodies stay in memory."""
    outgoing: list[dict[str, Any]] = field(default_factory=list)
    """Events that are still to be reported."""

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.lock = threading.Lock()

    def manner(self) -> str:
        with self.lock:
            if self.script:
                return self.script.pop(0)
            if self.weights:
                return self.chance.choices(list(self.weights), list(self.weights.values()))[0]
        return "ok"

    def take(self, body: dict[str, Any]) -> None:
        """Accept a call: its members are in the journal when this returns."""
        members = [(p["custom_args"]["send_id"], p["to"][0]["email"]) for p in body["personalizations"]]
        with self.lock:
            if self.keep:
                self.calls.append(body)
            if self.journal is not None:
                with self.journal.open("a", encoding="utf-8") as file:
                    file.writelines(json.dumps({"send_id": s, "to": to}) + "\n" for s, to in members)
                    file.flush()
                    os.fsync(file.fileno())
            self.outgoing += [event(s, kind) for s, _ in members for kind in ("processed", "delivered")]

    @property
    def mails(self) -> list[Rendered]:
        """Return every accepted mail as it would be received."""
        return [mail for call in self.calls for mail in rendered(call)]

    @property
    def statuses(self) -> list[int]:
        return [status for status, _ in self.asked]


def event(send_id: str, kind: str, **more: Any) -> dict[str, Any]:
    """Return one event as SendGrid reports it, of this moment, with an address that nobody should keep."""
    return {
        "email": "noor@beacon.example",
        "event": kind,
        "timestamp": int(clock.now().timestamp()),
        "sg_event_id": base64.urlsafe_b64encode(os.urandom(16)).decode(),
        "sg_message_id": "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0",
        "category": ["digest"],
        "send_id": send_id,
        "ip": "192.0.2.7",
        "useragent": "Mozilla/5.0",
        **more,
    }


def rendered(call: Mapping[str, Any]) -> list[Rendered]:
    """Return the mails of a call: each tag of a personalization replaced wherever it stands."""
    contents = {c["type"]: c["value"] for c in call["content"]}
    found = []
    for one in call["personalizations"]:
        subs: Mapping[str, str] = one.get("substitutions", {})

        def fill(text: str, subs: Mapping[str, str] = subs) -> str:
            for tag, value in subs.items():
                text = text.replace(tag, value)
            return text

        found.append(
            Rendered(
                to=one["to"][0]["email"],
                name=one["to"][0].get("name", ""),
                subject=fill(one.get("subject", call.get("subject", ""))),
                text=fill(contents.get("text/plain", "")),
                html=fill(contents.get("text/html", "")),
                headers={**call.get("headers", {}), **one.get("headers", {})},
                send_id=one["custom_args"]["send_id"],
            )
        )
    return found


def problems(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return (message, field) for each documented limit that the call breaks."""
    found = []
    people = body.get("personalizations") or []
    if not 1 <= len(people) <= 1000:
        found.append(("between 1 and 1000 personalizations", "personalizations"))
    everybody = Counter(to["email"].lower() for one in people for to in one["to"])
    if sum(everybody.values()) > 1000 or any(n > 1 for n in everybody.values()):
        found.append(("each address once, 1000 in all", "personalizations.to"))
    for n, one in enumerate(people):
        where = f"personalizations.{n}"
        if len(json.dumps(one.get("substitutions", {}), ensure_ascii=False).encode()) > 10_000:
            found.append(("substitutions take more than 10,000 bytes", f"{where}.substitutions"))
        if len(json.dumps(one.get("custom_args", {})).encode()) > 10_000:
            found.append(("custom_args take more than 10,000 bytes", f"{where}.custom_args"))
        if any(sign in to.get("name", "") for to in one["to"] for sign in ";,"):
            found.append(("a name holds ; or ,", f"{where}.to"))
        if {name.lower() for name in one.get("headers", {})} & RESERVED:
            found.append(("a reserved header", f"{where}.headers"))
    if {name.lower() for name in body.get("headers", {})} & RESERVED:
        found.append(("a reserved header", "headers"))
    if len(body.get("categories", [])) > 10:
        found.append(("more than 10 categories", "categories"))
    if not body.get("content") or not (body.get("subject") or all(one.get("subject") for one in people)):
        found.append(("subject and content are required", "content"))
    return found


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.lookalike.connections += 1

    def do_POST(self) -> None:
        one = self.server.lookalike
        manner = one.manner()
        length = int(self.headers["Content-Length"])
        if manner == "cut":
            self.rfile.read(length // 2)
            return self._hang_up()
        raw = self.rfile.read(length)
        if self.path != "/v3/mail/send":
            return self._say(404, {}, {"errors": [{"message": "not found"}]})
        body = json.loads(raw)
        status, words, headers = self._judge(body, manner)
        if manner.startswith("ok-") or (status == 202 and manner != "silence"):
            one.take(body)
        if manner in ("silence", "ok-silence"):
            return self._hang_up()
        if manner == "ok-500":
            status, words = 500, {"errors": [{"message": "internal"}]}
        if one.keep:
            one.asked.append((status, body))
        return self._say(status, headers, words)

    def _judge(self, body: dict[str, Any], manner: str) -> tuple[int, dict[str, Any], dict[str, str]]:
        one = self.server.lookalike
        kind = self.headers.get("Content-Type", "").partition(";")[0]
        if self.headers.get("Authorization") != f"Bearer {KEY}":
            return 401, _errors("authorization grant is invalid"), {}
        if kind != "application/json":
            return 415, _errors("content type"), {}
        if manner == "429":
            reset = {"X-RateLimit-Reset": str(int(clock.now().timestamp()) + one.wait)}
            return 429, _errors("too many requests"), dict(reset if one.told is None else one.told)
        if manner.isdecimal():
            return int(manner), _errors(one.words), {}
        found = problems(body)
        found += [
            ("Does not contain a valid address.", f"personalizations.{n}.to.0.email")
            for n, p in enumerate(body["personalizations"])
            if p["to"][0]["email"] in one.refused
        ]
        if found:
            return 400, {"errors": [{"message": m, "field": f, "help": None} for m, f in found]}, {}
        return 202, {}, {"X-Message-ID": base64.urlsafe_b64encode(os.urandom(12)).decode()}

    def _say(self, status: int, headers: Mapping[str, str], words: Mapping[str, Any]) -> None:
        body = json.dumps(words).encode() if words else b""
        if status >= 300 and self.server.lookalike.raw is not None:
            body = self.server.lookalike.raw
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


def _errors(message: str) -> dict[str, Any]:
    return {"errors": [{"message": message, "field": None, "help": None}]}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, lookalike: LookAlike) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.lookalike = lookalike

    def handle_error(self, *_who: object) -> None:
        """A client that hangs up is no news."""


@contextmanager
def running(
    lookalike: LookAlike | None = None, port: int = 0, tls: ssl.SSLContext | None = None
) -> Iterator[LookAlike]:
    """Run it in a thread of this process; `url` says where."""
    one = lookalike or LookAlike()
    server = _Server(port, one)
    if tls is not None:
        # The handshake belongs to a connection's own thread, not to the one that accepts.
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    one.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield one
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def report(one: LookAlike, hook: str, private: ec.EllipticCurvePrivateKey) -> None:
    """Post what there is to report, shuffled, some of it twice; keep what the webhook did not take."""
    with one.lock:
        due, one.outgoing = one.outgoing, []
    due += one.chance.sample(due, len(due) // 5)
    one.chance.shuffle(due)
    for start in range(0, len(due), 1000):
        part = due[start : start + 1000]
        body = json.dumps(part).encode()
        request = urllib.request.Request(hook, body, signed(private, body, clock.now().timestamp()), method="POST")
        try:
            with urllib.request.urlopen(request, timeout=30):
                pass
        except OSError:
            with one.lock:
                one.outgoing += part


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.sendgrid_server")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--journal", type=Path, required=True)
    parser.add_argument("--hook", default="", help="where events are posted; empty: nowhere")
    parser.add_argument("--key", type=Path, help="PEM file of the private key; made if it is not there")
    parser.add_argument("--public", type=Path, help="file into which the public key is written")
    parser.add_argument("--clock", type=Path, help="the clock file of the service")
    parser.add_argument("--manners", default="", help="manner=weight,…; empty: it takes everything")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(words)
    clock.use(given.clock)
    pairs = [pair.partition("=") for pair in given.manners.split(",") if pair]
    assert all(name in MANNERS for name, _, _ in pairs), f"manners: {', '.join(MANNERS)}"
    one = LookAlike(weights={n: float(w or 1) for n, _, w in pairs}, journal=given.journal, seed=given.seed, keep=False)
    private = _private(given.key) if given.key else ec.generate_private_key(ec.SECP256R1())
    if given.public:
        given.public.write_text(public_half(private), encoding="ascii")
    with running(one, given.port):
        while True:
            time.sleep(0.2)
            if given.hook:
                report(one, given.hook, private)


def _private(file: Path) -> ec.EllipticCurvePrivateKey:
    if not file.exists():
        made = ec.generate_private_key(ec.SECP256R1())
        pem = made.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file.write_bytes(pem)
    found = serialization.load_pem_private_key(file.read_bytes(), None)
    assert isinstance(found, ec.EllipticCurvePrivateKey)
    return found


if __name__ == "__main__":
    main()
