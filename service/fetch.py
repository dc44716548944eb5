"""Fetching. In: an address that a person or a feed named. Out: its bytes, within limits of place, size and time."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import requests
from ssrfguard import Policy, SSRFGuardError, TooManyRedirectsError
from ssrfguard.requests import Session

from service.validation import N_, Words

PUBLIC = Policy()
"""Only public addresses, ports 80 and 443: never the machine's own network, whatever a feed says (SSRF)."""
_CHUNK = 64 * 1024


SAID = {
    401: N_("One has to sign in to read it (code %(code)d)."),
    403: N_("It lets no programs in, or only who signs in (code %(code)d)."),
    404: N_("There is nothing at this address (code %(code)d)."),
    407: N_("One has to sign in to read it (code %(code)d)."),
    410: N_("What was at this address is gone for good (code %(code)d)."),
    429: N_("It was asked too often lately (code %(code)d). Try again in an hour."),
    451: N_("It may not be shown here for legal reasons (code %(code)d)."),
}
"""What an answer other than 200 means for a person (RFC 9110, RFC 6585, RFC 7725)."""
TROUBLE = N_("The site has trouble of its own right now (code %(code)d). Try again later.")


class NotFetched(Exception):
    """The address gave nothing usable; `words` says why. `code` is the server's answer, 0 where there was none."""

    def __init__(self, message: str, **values: object) -> None:
        self.words = Words(message, values)
        self.code = int(str(values.get("code", 0)))
        super().__init__(str(self.words))


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came: the bytes, the address after redirects, the media type without parameters."""

    body: bytes
    url: str
    kind: str
    charset: str = ""
    """As the server names it; "": it names none."""
    language: str = ""
    """Content-Language, where there is one."""
    etag: str = ""
    modified: str = ""
    """Last-Modified, as the server writes it."""
    unchanged: bool = False
    """True where `since` was asked for and the server has nothing newer (304): there are no bytes then."""


def fetch(
    url: str,
    most: int,
    seconds: float = 20,
    accept: str = "*/*",
    policy: Policy = PUBLIC,
    since: Mapping[str, str] = MappingProxyType({}),
) -> Fetched:
    """Return what is at the http(s) address: at most `most` bytes, within `seconds` in all. Raises NotFetched.

    The name is resolved once and the checked address connected to (ssrfguard), at each redirect again. `since` are
    conditions: If-None-Match, If-Modified-Since.
    """
    came: list[Fetched | NotFetched] = []
    given_up = threading.Event()

    def work() -> None:
        try:
            came.append(_get(url, most, seconds, {"Accept": accept, **since}, policy, given_up))
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


def _get(
    url: str, most: int, seconds: float, asked: Mapping[str, str], policy: Policy, given_up: threading.Event
) -> Fetched:
    headers = {"User-Agent": "Goodword (reads feeds and pictures for a programme)", **asked}
    # What is compressed could unfold to any size.
    headers["Accept-Encoding"] = "identity"
    try:
        with Session(policy=policy) as session:
            session.trust_env = False
            with session.get(url, headers=headers, timeout=min(seconds, 10), stream=True) as answer:
                if answer.status_code == 304 and len(asked) > 1:
                    return Fetched(b"", answer.url, "", unchanged=True)
                if answer.status_code != 200:
                    raise _refusal(answer.status_code)
                if answer.headers.get("Content-Encoding", "identity").lower() not in ("", "identity"):
                    raise NotFetched(N_("The address sends compressed data only."))
                body = bytearray()
                for chunk in answer.iter_content(_CHUNK):
                    body += chunk
                    if len(body) > most:
                        raise NotFetched(N_("It is larger than %(most)d kB."), most=most // 1024)
                    if given_up.is_set():
                        raise NotFetched(N_("It took too long."))
                return _fetched(bytes(body), answer)
    except TooManyRedirectsError as circle:
        raise NotFetched(N_("The address leads on and on to other addresses.")) from circle
    except SSRFGuardError as refusal:
        why = N_("We fetch from public places only, on ports 80 and 443; this address leads elsewhere.")
        raise NotFetched(why) from refusal
    except requests.RequestException as failure:
        raise NotFetched(N_("The address cannot be reached.")) from failure
    except ValueError as wrong:
        raise NotFetched(N_("This is not a web address.")) from wrong


def _fetched(body: bytes, answer: requests.Response) -> Fetched:
    named = answer.headers.get("Content-Type", "")
    charset = re.search(r"""(?i)charset\s*=\s*["']?([\w.:-]{1,40})""", named)
    return Fetched(
        body,
        answer.url,
        named.partition(";")[0].strip().lower(),
        charset[1].lower() if charset else "",
        answer.headers.get("Content-Language", "")[:40],
        answer.headers.get("ETag", "")[:300],
        answer.headers.get("Last-Modified", "")[:100],
    )


def _refusal(code: int) -> NotFetched:
    if code in SAID:
        return NotFetched(SAID[code], code=code)
    return NotFetched(TROUBLE if code >= 500 else N_("The address answered with code %(code)d."), code=code)
