"""Passes. In: a key, an opaque link id and a day. Out: four signed tokens of one mail, and what a genuine one says."""

from __future__ import annotations

import hashlib
import hmac
import re
import struct
from base64 import urlsafe_b64decode
from binascii import b2a_base64
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Protocol

from emails.values import Passes

LENGTH = 36
"""Characters of a pass: 27 bytes are exactly 36 base64url characters, so each text has one canonical form."""

_FORM = re.compile(r"[A-Za-z0-9_-]{36}")
_LABEL = b"goodword-pass-v1"
_PAYLOAD = struct.Struct(">B8sH")
_TAG = 16
_NO_KEY = bytes(64)
"""Stands in for a key id we do not know, so that such a pass takes as long to refuse as a forged one."""


_BLOCK = 128
_URL = bytes.maketrans(b"+/", b"-_")


class _Hash(Protocol):
    """What hashlib's objects do (they have no public type)."""

    def copy(self) -> _Hash: ...

    def update(self, data: bytes, /) -> None: ...

    def digest(self) -> bytes: ...


class Purpose(StrEnum):
    """What a pass opens. The order is the protocol's: tag n of the HMAC belongs to purpose n."""

    SHARE = "share"
    ME = "me"
    UNSUBSCRIBE = "unsubscribe"
    CLAIM = "claim"


class WrongPass(Exception):
    """Not one of our passes for this purpose: malformed, forged, of an unknown key or made for something else."""


@dataclass(frozen=True, slots=True)
class Pass:
    """What a genuine pass says."""

    key_id: int
    link_id: bytes
    """The employee's opaque link id, 8 bytes."""
    day: int
    """Days since 1970-01-01 (UTC) when it was made."""


def make(key: bytes, key_id: int, link_id: bytes, day: int) -> Passes:
    """Return the four passes of one mail, by one HMAC (PROTOCOLS: Passes and short links).

    `key` any length, `key_id` 0 to 255, `link_id` 8 bytes, `day` in days since 1970-01-01, 0 to 65535.
    Raises ValueError where one of these is out of its range.
    """
    if len(link_id) != 8 or not 0 <= key_id <= 0xFF or not 0 <= day <= 0xFFFF:
        raise ValueError("a pass needs a key id of one byte, a link id of eight and a day of two")
    payload = _PAYLOAD.pack(key_id, link_id, day)
    begun, finish = _keyed(key)
    inner, outer = begun.copy(), finish.copy()
    inner.update(payload)
    outer.update(inner.digest())
    tags = outer.digest()
    signed = b"".join((payload, tags[:16], payload, tags[16:32], payload, tags[32:48], payload, tags[48:]))
    # 27 bytes are exactly 36 characters: four passes encoded at once are the four encoded each.
    found = b2a_base64(signed, newline=False).translate(_URL).decode("ascii")
    return Passes(found[:36], found[36:72], found[72:108], found[108:])


@lru_cache(maxsize=32)
def _keyed(key: bytes) -> tuple[_Hash, _Hash]:
    """Return HMAC-SHA-512's inner and outer hash, begun with this key (RFC 2104): half the work of each pass."""
    key = key.ljust(_BLOCK, b"\0") if len(key) <= _BLOCK else hashlib.sha512(key).digest().ljust(_BLOCK, b"\0")
    inner = hashlib.sha512(bytes(octet ^ 0x36 for octet in key))
    inner.update(_LABEL)
    return inner, hashlib.sha512(bytes(octet ^ 0x5C for octet in key))


def read(text: str, purpose: str, keys: Mapping[int, bytes]) -> Pass:
    """Return what this pass says, if it was signed for `purpose` by one of `keys` (key id → key).

    Only the canonical form is read; tags are compared in constant time. Raises WrongPass without saying why.
    """
    if not _FORM.fullmatch(text):
        raise WrongPass
    found = urlsafe_b64decode(text)
    payload, tag = found[: _PAYLOAD.size], found[_PAYLOAD.size :]
    key_id, link_id, day = _PAYLOAD.unpack(payload)
    tags = hmac.digest(keys.get(key_id, _NO_KEY), _LABEL + payload, "sha512")
    start = list(Purpose).index(Purpose(purpose)) * _TAG
    genuine = hmac.compare_digest(tags[start : start + _TAG], tag)
    if not genuine or key_id not in keys:
        raise WrongPass
    return Pass(key_id, link_id, day)
