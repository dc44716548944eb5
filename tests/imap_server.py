"""An IMAP server for tests. In: mails in a list, perhaps a certificate. Out: what RFC 3501 says to the few commands."""

from __future__ import annotations

import re
import socketserver
import ssl
import threading
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Kept:
    """A mail in the folder."""

    raw: bytes
    flags: set[str] = field(default_factory=set)


class Imap:
    """One mailbox of one user; `mails` by UID. `asked` keeps every command, passwords too."""

    def __init__(
        self, user: str = "suggest", password: str = "p@ss/word", tls: ssl.SSLContext | None = None, able: str = ""
    ) -> None:
        self.user, self.password, self.tls = user, password, tls
        self.able = able
        """Capabilities beside IMAP4rev1."""
        self.mails: dict[int, Kept] = {}
        self.folders: dict[str, list[Kept]] = {}
        self.asked: list[str] = []
        self.refuses = False
        """Whether it moves nothing."""
        self.cut_after = 10**9
        """Commands until it hangs up."""

    def put(self, raw: bytes, *flags: str) -> int:
        number = max(self.mails, default=100) + 1
        self.mails[number] = Kept(raw, set(flags))
        return number

    def __enter__(self) -> Imap:
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def finish(self) -> None:
                super().finish()
                self.request.close()

            def handle(self) -> None:
                if outer.tls is not None:
                    self.request = outer.tls.wrap_socket(self.request, server_side=True)
                    self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb", 0)
                self.wfile.write(b"* OK ready\r\n")
                for line in iter(self.rfile.readline, b""):
                    if len(outer.asked) >= outer.cut_after:
                        return
                    tag, _space, command = line.decode().strip().partition(" ")
                    outer.asked.append(command)
                    self.wfile.write(b"".join(outer.answer(command)) + tag.encode() + outer.end(command))
                    if command.upper() == "LOGOUT":
                        return

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address, daemon_threads = True, True

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A client that does not trust us hangs up."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_failure: Any) -> None:
        self.server.shutdown()
        self.server.server_close()

    def end(self, command: str) -> bytes:
        if command.upper().startswith("LOGIN") and command != f'LOGIN {self.user} "{self.password}"':
            return b" NO [AUTHENTICATIONFAILED] no\r\n"
        if command.startswith("UID MOVE") and self.refuses:
            return b" NO [OVERQUOTA] full\r\n"
        if command.upper().startswith("SELECT") and command != 'SELECT "INBOX"':
            return b" NO no such folder\r\n"
        return b" OK done\r\n"

    def answer(self, command: str) -> list[bytes]:
        """Return the untagged answers to a command."""
        if command.startswith("UID MOVE") and self.refuses:
            return []
        verb = command.upper()
        if verb == "CAPABILITY":
            return [f"* CAPABILITY IMAP4rev1 {self.able}".strip().encode() + b"\r\n"]
        if verb.startswith("SELECT"):
            return [b"* %d EXISTS\r\n" % len(self.mails)]
        if verb.startswith("UID SEARCH"):
            assert verb == "UID SEARCH UNSEEN UNFLAGGED"
            fresh = [n for n, mail in self.mails.items() if not mail.flags & {"\\Seen", "\\Flagged"}]
            return [b"* SEARCH " + " ".join(map(str, fresh)).encode() + b"\r\n"]
        if found := re.fullmatch(r"UID FETCH (\d+) \(BODY\.PEEK\[\]<0\.(\d+)>\)", command):
            number, most = int(found[1]), int(found[2])
            if number not in self.mails:
                return []
            part = self.mails[number].raw[:most]
            return [b"* 1 FETCH (UID %d BODY[]<0> {%d}\r\n" % (number, len(part)), part, b")\r\n"]
        if found := re.fullmatch(r"UID STORE (\d+) \+FLAGS\.SILENT \((\\\w+)\)", command):
            self.mails[int(found[1])].flags.add(found[2])
        if found := re.fullmatch(r'CREATE "(.+)"', command):
            self.folders.setdefault(found[1], [])
        if found := re.fullmatch(r'UID (MOVE|COPY) (\d+) "(.+)"', command):
            kept = self.mails[int(found[2])]
            self.folders[found[3]].append(Kept(kept.raw, set(kept.flags)))
            if found[1] == "MOVE":
                del self.mails[int(found[2])]
        if found := re.fullmatch(r"UID EXPUNGE (\d+)", command):
            assert "\\Deleted" in self.mails.pop(int(found[1])).flags
        return []
