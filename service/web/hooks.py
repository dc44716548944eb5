"""Hooks. In: providers' signed reports of what became of mails. Out: each taken once, answered without a word."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request
from sendgrid.helpers.eventwebhook.eventwebhook_header import EventWebhookHeader

from service import events, settings
from service.journal import log
from service.web.security import csrf

room = Blueprint("hooks", __name__, url_prefix="/hooks")
csrf.exempt(room)  # called by machines; what is believed is the signature


@room.post("/sendgrid")
def sendgrid() -> Response:
    """Take SendGrid's events: 204 once they are in the database, 403 for another's, 404 where no key is configured."""
    key = settings().sendgrid.webhook_key
    if not key:
        abort(404)
    body = request.get_data(cache=False)
    try:
        events.check(
            body,
            request.headers.get(EventWebhookHeader.SIGNATURE, ""),
            request.headers.get(EventWebhookHeader.TIMESTAMP, ""),
            key,
        )
        events.receive(body)
    except events.NotSigned as problem:
        log.warning("a webhook was refused", why=str(problem))
        return Response(status=403)
    except events.NotEvents as problem:
        log.warning("a webhook was not understood", why=str(problem))
        return Response(status=400)
    return Response(status=204)
