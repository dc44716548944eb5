"""Errors. In: what went wrong. Out: one calm page that says what to do, in the reader's language."""

from __future__ import annotations

from flask import Flask, render_template, request
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import BadRequest, Conflict, HTTPException

from service.database import db
from service.journal import log
from service.web.language import gettext as _


def _page(error: HTTPException) -> tuple[str, int]:
    code = error.code or 500
    words = {
        404: (
            _("This page is not here"),
            _("The address may be incomplete. Open the link from your mail once more."),
        ),
        409: (
            _("Somebody else was at this too"),
            _("It was changed at the same moment, and nothing of yours was done. Load the page again and look first."),
        ),
        410: (_("This link has ended"), _("Your newest mail from us has a fresh one.")),
        400: (_("That did not arrive whole"), _("Go back, load the page again and try once more.")),
        403: (_("This is not open to you"), _("Ask the programme's liaison if you think it should be.")),
        413: (_("That is too large"), _("The limit is 8 MB.")),
        429: (_("One moment"), _("Too many tries in a short time. Wait a minute and try again.")),
        503: (
            _("We will be right back"),
            _("Something we need is away for a moment. Try again in a minute."),
        ),
    }
    title, help_ = words.get(code, (_("Something went wrong"), _("It is not you. Try again in a minute.")))
    console = request.path.startswith("/console")
    if console and code == 404:
        help_ = _("The address may be incomplete, or what stood here is gone.")
    return render_template("error.html", title=title, help=help_, code=code, console=console), code


def _crash(error: Exception) -> tuple[str, int]:
    log.error("request failed", error=type(error).__name__, exc_info=error)
    db.session.rollback()
    return _page(HTTPException())


def _nonsense(error: Exception) -> tuple[str, int]:
    """Answer 400: a number too large, a day out of all time or a zero byte, which no form of ours sends."""
    log.warning("a request asked for what cannot be", error=type(error).__name__, endpoint=request.endpoint)
    db.session.rollback()  # the page asks the database too, which PostgreSQL refuses after an error
    return _page(BadRequest())


def _crossed(error: Exception) -> tuple[str, int]:
    """Answer 409: somebody else's act came between, and the database let only one of the two be."""
    log.warning("two acts crossed", endpoint=request.endpoint, exc_info=error)
    db.session.rollback()
    return _page(Conflict())


CROSSED = {
    *("DeadlockDetected", "SerializationFailure", "UniqueViolation", "ForeignKeyViolation"),
    *("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_FOREIGNKEY"),
}
"""What databases call it when of two transactions one must not be, or of two that wait for each other they end one."""


def install(app: Flask) -> None:
    """Answer HTTP errors and crashes with the page; in tests and debug a crash surfaces as it is."""
    surfaces = app.debug or app.config["GOODWORD"].env == "test"

    def refused(error: DBAPIError) -> tuple[str, int]:
        if CROSSED & {type(error.orig).__name__, getattr(error.orig, "sqlite_errorname", "")}:
            return _crossed(error)
        if surfaces:
            raise error
        return _crash(error)

    app.register_error_handler(HTTPException, _page)
    app.register_error_handler(DataError, _nonsense)
    app.register_error_handler(OverflowError, _nonsense)
    app.register_error_handler(IntegrityError, refused)
    app.register_error_handler(StaleDataError, _crossed)
    app.register_error_handler(OperationalError, refused)
    if not surfaces:
        app.register_error_handler(Exception, _crash)
