"""Reply to. In: a person's link id and a key. Out: the address that her answers go to, and from it the link id again.

The address is `local+token@domain`. The token has 40 hexadecimal digits, which survive being written in capitals: her
link id (8 bytes) and the first 12 of HMAC-SHA-256(key, `goodword-reply-v1|` + link id). It opens nothing but this.
"""

from __future__ import annotations

import hmac
import re

LENGTH = 40
_FORM = re.compile(r"[0-9a-f]{40}")
_LABEL = b"goodword-reply-v1|"
_TAG = 12


class NotOurs(ValueError):
    """Not an address that we gave anybody."""


def token(key: bytes, link_id: bytes) -> str:
    """Return the token of this link id (8 bytes): 40 small letters and digits. Raises ValueError for another length."""
    if len(link_id) != 8:
        raise ValueError("a link id has eight bytes")
    return (link_id + hmac.digest(key, _LABEL + link_id, "sha256")[:_TAG]).hex()


def address(inbound: str, said: str) -> str:
    """Return the address of this token: `suggest@in.example` and `abc…` give `suggest+abc…@in.example`."""
    local, _at, domain = inbound.rpartition("@")
    return f"{local}+{said}@{domain}"


def token_in(found: str, inbound: str) -> str | None:
    """Return the token that an address names, if it is one of ours by its form; None otherwise."""
    local, _at, domain = found.strip().lower().rpartition("@")
    ours, _at, home = inbound.lower().rpartition("@")
    said = local.removeprefix(f"{ours}+")
    return said if domain == home and said != local and _FORM.fullmatch(said) else None


def link_id(said: str, key: bytes) -> bytes:
    """Return the link id (8 bytes) behind a token, compared in constant time. Raises NotOurs."""
    if not _FORM.fullmatch(said):
        raise NotOurs
    found = bytes.fromhex(said)[:-_TAG]
    if not hmac.compare_digest(token(key, found), said):
        raise NotOurs
    return found
