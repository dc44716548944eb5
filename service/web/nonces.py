"""Nonces. In: a pass and an act. Out: a token that only the GET of that pass's page gives, asked for by its POST.

Stateless: HMAC-SHA-256 under GOODWORD_SECRET over the pass, the act and the UTC day; valid on its day and the next one.
It proves that whoever posts has seen a page we made for this very pass at most two days ago: a form on another site,
a scanner that replays links and a pass copied out of a log know none. It is not a second authentication, and it may be
used twice: every act behind it can be repeated without harm. RFC 8058's one-click POST is the exception and has none.
"""

from __future__ import annotations

import hashlib
import hmac

from flask import abort, request

from service import clock, settings
from service.passes import today_number


def make(pass_text: str, act: str) -> str:
    """Return today's nonce of this act for the page of this pass (32 hex characters)."""
    return _of(pass_text, act, today_number(clock.now()))


def check(pass_text: str, act: str) -> None:
    """Answer 400 unless the form's `nonce` is today's or yesterday's of this act and pass."""
    given = request.form.get("nonce", "")
    today = today_number(clock.now())
    if not any(hmac.compare_digest(_of(pass_text, act, day).encode(), given.encode()) for day in (today, today - 1)):
        abort(400)


def _of(pass_text: str, act: str, day: int) -> str:
    said = f"goodword-nonce-v1|{pass_text}|{act}|{day}".encode()
    return hmac.new(settings().secret.encode(), said, hashlib.sha256).hexdigest()[:32]
