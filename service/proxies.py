"""Proxies. In: a WSGI request, and the proxies that GOODWORD_PROXIES names. Out: the client's own address and scheme.

X-Forwarded-For is a list that each proxy appends to and that anybody may begin: it is believed only where the peer is
one of ours, and read from the right, past further ones of ours, to the first address that is not. RFC 7239's Forwarded
is not read: the proxies in use write X-Forwarded-For and pass a client's own Forwarded on as it came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from service.journal import log
from service.network_ranges import inside, plain, unplaced

PEER = "goodword.peer"
"""Key of an environ whose address was found already; no header can set it, since these all begin with HTTP_."""
MOST = 30
"""So many addresses of a chain are looked at; a longer one was written by somebody else."""

_trusted: tuple[str, ...] = ()
_told = False


def use(proxies: Iterable[str]) -> None:
    """Trust these ranges of addresses (GOODWORD_PROXIES) from now on."""
    global _trusted, _told
    _trusted, _told = tuple(proxies), False


def client_address(environ: Mapping[str, Any]) -> str:
    """Return the address of whoever asks: the peer's, or what trusted proxies say of theirs."""
    peer = str(environ.get("REMOTE_ADDR") or "")
    return peer if PEER in environ else address_of(peer, environ.get("HTTP_X_FORWARDED_FOR"))


def address_of(peer: str, chain: str | None) -> str:
    """Return the address of whoever asks by way of this peer, which sent this X-Forwarded-For (None: none)."""
    if not chain:
        return peer
    if not _trusts(peer):
        _tell(peer)
        return peer
    return _first_stranger(peer, str(chain))


def _first_stranger(peer: str, chain: str) -> str:
    found = peer
    for said in reversed(chain.rsplit(",", MOST)[-MOST:]):
        address = _bare(said)
        if address is None:
            return found  # not an address: nothing further left can be believed
        found = address
        if not _trusts(address):
            return found
    return found


@lru_cache(maxsize=8192)
def _bare(said: str) -> str | None:
    """Return the address that one member names, without a port or brackets; None if it names none."""
    text = said.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    found = plain(text)
    return str(found) if found else None


def forget_addresses() -> None:
    """Let go of every address that was read lately."""
    _bare.cache_clear()


def _trusts(address: str) -> bool:
    return bool(_trusted) and inside(address, _trusted)


def _tell(peer: str) -> None:
    """Say once that a proxy seems to stand in front unnamed: all visitors would look like one."""
    global _told
    if not _told and unplaced(peer):
        _told = True
        log.warning("forwarded headers ignored: name the proxy in GOODWORD_PROXIES")


class Proxies:
    """WSGI middleware: the application sees the client's address, and the scheme and host that it asked for."""

    def __init__(self, app: Callable[..., Any]) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """Answer the request with the environ put right."""
        if PEER not in environ:
            peer = str(environ.get("REMOTE_ADDR") or "")
            address = client_address(environ)
            if _trusts(peer):
                _put_right(environ)
            environ["REMOTE_ADDR"] = address
            environ[PEER] = peer
        return self.app(environ, start_response)


def _put_right(environ: dict[str, Any]) -> None:
    """Take scheme and host from the proxy: its own, the last member, where proxies made a list."""
    scheme = str(environ.get("HTTP_X_FORWARDED_PROTO", "")).rpartition(",")[2].strip().lower()
    if scheme in ("http", "https"):
        environ["wsgi.url_scheme"] = scheme
    host = str(environ.get("HTTP_X_FORWARDED_HOST", "")).rpartition(",")[2].strip()
    if host and all(sign.isalnum() or sign in ".-:[]_" for sign in host):
        environ["HTTP_HOST"] = host
