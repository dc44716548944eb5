"""Fetching. In: an address that a person or a feed named. Out: its bytes, within limits of place, size and time."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import requests
from ssrfguard import Policy, SSRFGuardError, TooManyRedirectsError
from ssrfguard.requests import Session

from service.validation import N_, Words

PUBLIC = Policy()
"""Only public addresses, ports 80 and 443: never the machine's own network, whatever a feed says (SSRF)."""
_CHUNK = 64 * 1024


class NotFetched(Exception):
    """The address gave nothing usable; `words` says why."""

    def __init__(self, message: str, **values: object) -> None:
        self.words = Words(message, values)
        super().__init__(str(self.words))


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came: the bytes, the address after redirects, the media type without parameters."""

    body: bytes
    url: str
    kind: str


def fetch(url: str, most: int, seconds: float = 20, accept: str = "*/*", policy: Policy = PUBLIC) -> Fetched:
    """Return what is at the http(s) address: at most `most` bytes, within `seconds` in all. Raises NotFetched.

    The name is resolved once and the checked address connected to (ssrfguard), at each redirect again.
    """
    came: list[Fetched | NotFetched] = []
    given_up = threading.Event()

    def work() -> None:
        try:
            came.append(_get(url, most, seconds, accept, policy, given_up))
        except NotFetched as refusal:
            came.append(refusal)

    # Time-outs of sockets begin anew with each byte: only a thread can be given up on as a whole.
    worker = threading.Thread(target=work, name="fetch", daemon=True)
    worker.start()
    worker.join(seconds)
    if not came:
        given_up.set()
        raise NotFetched(N_("The address took longer than %(seconds)d seconds."), seconds=seconds)
    if isinstance(came[0], NotFetched):
        raise came[0]
    return came[0]


def _get(url: str, most: int, seconds: float, accept: str, policy: Policy, given_up: threading.Event) -> Fetched:
    headers = {"User-Agent": "Goodword (reads feeds and pictures for a programme)", "Accept": accept}
    # What is compressed could unfold to any size.
    headers["Accept-Encoding"] = "identity"
    try:
        with Session(policy=policy) as session:
            session.trust_env = False
            with session.get(url, headers=headers, timeout=min(seconds, 10), stream=True) as answer:
                if answer.status_code != 200:
                    raise NotFetched(N_("The address answered with code %(code)d."), code=answer.status_code)
                if answer.headers.get("Content-Encoding", "identity").lower() not in ("", "identity"):
                    raise NotFetched(N_("The address sends compressed data only."))
                body = bytearray()
                for chunk in answer.iter_content(_CHUNK):
                    body += chunk
                    if len(body) > most:
                        raise NotFetched(N_("It is larger than %(most)d kB."), most=most // 1024)
                    if given_up.is_set():
                        raise NotFetched(N_("It took too long."))
                kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
                return Fetched(bytes(body), answer.url, kind)
    except TooManyRedirectsError as circle:
        raise NotFetched(N_("The address leads on and on to other addresses.")) from circle
    except SSRFGuardError as refusal:
        why = N_("We fetch from public places only, on ports 80 and 443; this address leads elsewhere.")
        raise NotFetched(why) from refusal
    except requests.RequestException as failure:
        raise NotFetched(N_("The address cannot be reached.")) from failure
    except ValueError as wrong:
        raise NotFetched(N_("This is not a web address.")) from wrong
