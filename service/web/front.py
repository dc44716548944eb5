"""Front. In: requests as granian hands them over. Out: known short links answered by the one thread that takes all in,
everything else by threads of its own.

granian's threads pass Python's one lock around: four of them take a fifth longer for a redirect than one alone, but of
one alone a slow page would stop every redirect. So one takes requests in, waits for nothing, answers the short links it
knows and hands the rest to threads that may wait. The rest is answered by granian's own WSGI, stream, address and all.

A body can be read only by the thread that took the request in. That one lets another take its place meanwhile, and
further threads than the one needed wait aside: leader and followers (Schmidt et al., "Leader/Followers", 2000).

For that a name of granian's own is replaced in the process that serves, `granian.server.mp._wsgi_call_wrap`, which no
document promises: pyproject.toml bounds granian, tests/test_front.py asks real servers, and `fits` tells who starts one
whether the name is there. Where it is not, wsgi:app is served like by any other server (service.up).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from threading import get_ident
from time import monotonic
from typing import Any

from granian import wsgi as granian_wsgi
from granian.server import mp

from service.journal import log
from service.web.redirects import Answer, Redirects

THREADS = 4
"""Threads of each process that answer what has no body and is no known short link."""
BODIES = 32
"""Requests with a body that a process answers at once; granian needs one thread more. Further ones are told to come
again (503): they may not stop redirects."""
LATELY = 2.0
"""Seconds for which a thread that took a request in counts as one that takes the next; granian ends an idle one after
five at the earliest."""
ASIDE = 1.0
"""Seconds after which a thread that was not needed looks again: granian ends when all its threads have come back."""
_WITHOUT = frozenset({"GET", "HEAD", "OPTIONS"})

Runner = Callable[[Any, dict[str, Any]], object]
"""What granian calls for a request: with its protocol, which takes the answer from any thread and whenever it comes,
and with what the request brings of a WSGI environ."""


class Front:
    """What granian calls instead of its own runner."""

    def __init__(
        self, at_once: Callable[[dict[str, Any]], Answer | None], otherwise: Runner, threads: int, bodies: int
    ) -> None:
        self._at_once, self._otherwise, self._bodies = at_once, otherwise, bodies
        self._handed: SimpleQueue[tuple[Any, dict[str, Any]]] = SimpleQueue()
        """Requests that wait for a thread: no more than granian's backpressure lets in."""
        self._takers: dict[int, float] = {}
        """Threads of granian that take requests in, and when each was through with its last (monotonic)."""
        self._aside: list[threading.Lock] = []
        """What threads of granian wait for that are not needed now."""
        self._changing = threading.Lock()
        self._reading = 0
        for n in range(threads):
            threading.Thread(target=self._work, name=f"pages-{n + 1}", daemon=True).start()

    def __call__(self, protocol: Any, scope: dict[str, Any]) -> None:
        """Answer a known short link, or see to it that the request is answered."""
        answer = self._at_once(scope)
        if answer is not None:
            protocol.response_bytes(302, *answer)
        elif _has_body(scope):
            self._read(protocol, scope)
            return  # never aside: granian holds the body until then
        else:
            self._handed.put((protocol, scope))
        self._takers[get_ident()] = monotonic()
        if len(self._takers) > 1:
            del protocol, scope
            self._step_aside()

    def _read(self, protocol: Any, scope: dict[str, Any]) -> None:
        """Answer a request with a body, while another thread takes requests in."""
        with self._changing:
            full = self._reading >= self._bodies
            if not full:
                self._reading += 1
                self._takers.pop(get_ident(), None)
                if self._aside:
                    self._aside.pop().release()
        if full:
            protocol.response_bytes(503, [("Retry-After", "5"), ("Content-Length", "0")], b"")
            return
        try:
            self._otherwise(protocol, scope)
        finally:
            with self._changing:
                self._reading -= 1

    def _step_aside(self) -> None:
        """Wait until needed, if another thread is sure to take the next request in."""
        me = get_ident()
        with self._changing:
            since = monotonic() - LATELY
            for thread in [thread for thread, at in list(self._takers.items()) if at < since]:
                self._takers.pop(thread, None)
            if me not in self._takers or len(self._takers) < 2:
                return
            del self._takers[me]
            needed = threading.Lock()
            needed.acquire()
            self._aside.append(needed)
        if not needed.acquire(timeout=ASIDE):
            with self._changing:
                if needed in self._aside:
                    self._aside.remove(needed)
        self._takers[me] = monotonic()

    def _work(self) -> None:
        while True:
            protocol, scope = self._handed.get()
            try:
                self._otherwise(protocol, scope)
            except BaseException as problem:  # noqa: BLE001 - Flask answers its own; a thread must not end by any
                log.error("a request was not answered", exc_info=problem)
                protocol.response_bytes(500, [], b"")  # of no effect where an answer has begun
            del protocol, scope  # a thread that waits keeps nobody's body


def _has_body(scope: dict[str, Any]) -> bool:
    if scope["REQUEST_METHOD"] not in _WITHOUT or "HTTP_TRANSFER_ENCODING" in scope:
        return True
    return scope.get("CONTENT_LENGTH", "0") != "0"


def fits() -> bool:
    """Return True if this granian has the names that the front needs."""
    return hasattr(mp, "_wsgi_call_wrap") and hasattr(granian_wsgi, "_callback_wrapper")


def app() -> Redirects:
    """Return wsgi:app for the granian of this process, with the front before it: `granian --factory` calls this."""
    from wsgi import app as redirects

    def wrapped(callback: Any, scope_opts: dict[str, Any], access_log_fmt: Any = None) -> Any:
        plain = granian_wsgi._callback_wrapper(callback, scope_opts, access_log_fmt)
        return Front(callback.at_once, plain, THREADS, BODIES)

    mp._wsgi_call_wrap = wrapped
    return redirects
