"""Inbound settings. In: GOODWORD_INBOUND_* as text. Out: where answers to digests go and how they are fetched."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

_ADDRESS = re.compile(r"[a-z0-9][a-z0-9._-]{0,20}@[a-z0-9-]+(\.[a-z0-9-]+)+")
_SECRET = re.compile(r"[A-Za-z0-9_-]{20,100}")
_PORTS = {"imaps": 993, "imap": 143, "imap+plain": 143}
_SCHEMES = {"tls": "imaps", "starttls": "imap", "none": "imap+plain"}


@dataclass(frozen=True)
class Mailbox:
    """A mailbox that is read by IMAP. `security` is tls, starttls or none."""

    host: str
    port: int
    security: str
    user: str
    password: str
    folder: str
    done: str = ""
    """Folder that mails which were dealt with are moved to; empty: they stay where they are."""

    def __repr__(self) -> str:
        return f"Mailbox({self.host}:{self.port})"

    @property
    def url(self) -> str:
        """The address it was read from, with everything in it spelt out."""
        user, password, folder = (quote(part, safe="") for part in (self.user, self.password, self.folder))
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{_SCHEMES[self.security]}://{user}:{password}@{host}:{self.port}/{folder}"


@dataclass(frozen=True)
class Inbound:
    """How answers come in; all empty: they go to the liaison's own address."""

    address: str = ""
    """Like suggest@in.example.com; each person's has a token behind a plus sign."""
    secret: str = ""
    """Last part of the webhook's address; empty: there is none."""
    key: str = ""
    """Public key that signs the webhook's bodies; empty: the secret alone protects it."""
    mailbox: Mailbox | None = None


def read(values: Mapping[str, str]) -> Inbound:
    """Return the settings. Raises ValueError with one line that names the variable and the remedy."""
    address, secret = values["GOODWORD_INBOUND_ADDRESS"].lower(), values["GOODWORD_INBOUND_SECRET"]
    if address and not _ADDRESS.fullmatch(address):
        raise ValueError("GOODWORD_INBOUND_ADDRESS must be a short plain address, like suggest@in.example.com.")
    if secret and not _SECRET.fullmatch(secret):
        raise ValueError("GOODWORD_INBOUND_SECRET must be 20 to 100 letters, digits, - or _; make it random.")
    mailbox = _mailbox(values["GOODWORD_INBOUND_IMAP_URL"], values["GOODWORD_INBOUND_IMAP_DONE"].strip())
    if (secret or mailbox) and not address:
        raise ValueError("GOODWORD_INBOUND_ADDRESS is missing: it is what digests name for answers.")
    return Inbound(address, secret, values["GOODWORD_INBOUND_KEY"], mailbox)


def _mailbox(url: str, done: str) -> Mailbox | None:
    if done and (not url or not done.isascii() or not done.isprintable()):
        raise ValueError("GOODWORD_INBOUND_IMAP_DONE must be a folder's name in plain letters, beside an IMAP_URL.")
    if not url:
        return None
    try:
        parts = urlsplit(url)
        port = (parts.port or _PORTS[parts.scheme]) if parts.scheme in _PORTS else 0
    except ValueError:
        port = 0
    if not port or not parts.hostname or not parts.username or parts.password is None:
        raise ValueError("GOODWORD_INBOUND_IMAP_URL must be like imaps://user:password@imap.example.com/INBOX.")
    folder = unquote(parts.path.strip("/")) or "INBOX"
    if done == folder:
        raise ValueError("GOODWORD_INBOUND_IMAP_DONE must be another folder than the one that is read.")
    return Mailbox(
        host=parts.hostname,
        port=port,
        security=next(name for name, scheme in _SCHEMES.items() if scheme == parts.scheme),
        user=unquote(parts.username),
        password=unquote(parts.password),
        folder=folder,
        done=done,
    )
