"""Answers by webhook. In: mails as SendGrid's Inbound Parse posts them. Out: each taken once, answered wordlessly."""

from __future__ import annotations

import hmac

from flask import Blueprint, Response, abort, request
from sendgrid.helpers.eventwebhook.eventwebhook_header import EventWebhookHeader
from werkzeug.sansio.multipart import Data, Epilogue, Field, MultipartDecoder, NeedData

from service import events, inbound, settings
from service.journal import log
from service.web.security import csrf

room = Blueprint("inbound", __name__, url_prefix="/hooks")
csrf.exempt(room)  # called by a machine; what is believed is the secret in its address, and a signature if configured

MOST = 31 * 1024 * 1024
"""Bytes of a body: SendGrid posts mails of up to 30 MB."""
KEPT = 1024 * 1024
"""Bytes of a field that are kept: texts come first, attachments are of no interest."""


@room.post("/sendgrid/inbound/<secret>")
def sendgrid(secret: str) -> Response:
    """Take a mail: 204 once that is settled, 404 for another secret, 403 for another signature, 400 for no mail."""
    ours = settings().inbound
    if not ours.secret or not hmac.compare_digest(secret.encode(), ours.secret.encode()):
        abort(404)
    request.max_content_length = MOST
    body = request.get_data(cache=False)
    if ours.key:
        signature = request.headers.get(EventWebhookHeader.SIGNATURE, "")
        try:
            events.check(body, signature, request.headers.get(EventWebhookHeader.TIMESTAMP, ""), ours.key)
        except events.NotSigned as problem:
            log.warning("an inbound webhook was refused", why=str(problem))
            return Response(status=403)
    try:
        inbound.take_sendgrid(_fields(body, request.mimetype_params.get("boundary", "")))
    except ValueError as problem:
        log.warning("an inbound webhook was not understood", why=type(problem).__name__)
        return Response(status=400)
    return Response(status=204)


def _fields(body: bytes, boundary: str) -> dict[str, bytes]:
    """Return the form's fields as the bytes they came in: each has a charset of its own. Files are left out.

    Raises ValueError for a body that is no multipart form.
    """
    decoder = MultipartDecoder(boundary.encode("latin-1", "replace"), max_parts=1000)
    decoder.receive_data(body)
    decoder.receive_data(None)
    found: dict[str, bytes] = {}
    name: str | None = None
    while True:
        event = decoder.next_event()
        if isinstance(event, Epilogue | NeedData):
            return found
        if isinstance(event, Field):
            name = event.name
            found.setdefault(name, b"")
        elif isinstance(event, Data):
            if name is not None:
                found[name] += event.data[: KEPT - len(found[name])]
        else:
            name = None
