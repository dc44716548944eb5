"""Files of colleagues in the console. In: an upload. Out: its preview, its progress, its rows taken in or refused."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from service import jobs
from service.models import FileState, PeopleFile
from service.people import files
from service.validation import Words
from service.web.console.room import room
from service.web.console.words import said
from service.web.language import gettext as _

TASK = "people-files"


@room.url_value_preprocessor
def _larger(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Let this one form bring a larger file than pages otherwise take; asked before anything reads the form."""
    if endpoint == "console.people_preview":
        request.max_content_length = files.LARGEST + 64 * 1024


@room.get("/people/import")
def people_import() -> str:
    """Show how a file of colleagues is brought in."""
    return render_template("console/people_import.html", noun="console.people", error=None)


@room.post("/people/import")
def people_preview() -> AnyResponse | tuple[str, int]:
    """Keep the file and show what taking it in would do; of nobody anything is written yet."""
    upload = request.files.get("file")
    data = upload.read(files.LARGEST + 1) if upload else b""
    complete = bool(request.form.get("complete"))
    if not data or len(data) > files.LARGEST:
        error = _("Choose a file first.")
        if data:
            error = _("The file is larger than %(most)s MB; split it, or use the command line.", most=32)
        page = render_template("console/people_import.html", noun="console.people", error=error, complete=complete)
        return page, 422
    file = files.bring(data, complete, g.liaison.id)
    if file.state == FileState.READING:
        jobs.wake(TASK)
    return redirect(url_for("console.people_file", token=file.token))


def at_hand(token: str) -> PeopleFile:
    """Return the file of this token; 404 unless this liaison brought it within the day."""
    file = files.find(token, g.liaison.id)
    if file is None:
        abort(404)
    return file


@room.get("/people/import/<token>")
def people_file(token: str) -> str:
    """Show how far a file is: being read, its preview, being taken in, or what it brought."""
    file = at_hand(token)
    seen = file.seen or {}
    why = seen.get("why")
    return render_template(
        "console/people_file.html",
        noun="console.people",
        file=file,
        seen=seen,
        moving=file.state in (FileState.READING, FileState.TAKING),
        error=said(Words(why["message"], why["values"])) if why else _(file.why) if file.why else None,
        words=advice,
    )


def advice(found: dict[str, Any]) -> str:
    """Return a finding's reason and what to do, in the liaison's language."""
    reason, remedy = found["reason"], str(found["remedy"])
    return f"{said(Words(reason['message'], reason['values']))} {_(remedy)}"


@room.post("/people/import/<token>")
def people_take(token: str) -> AnyResponse:
    """Take in the good rows of the file; who is missing is gone only if that was ticked."""
    file = at_hand(token)
    if files.take(file, bool(request.form.get("confirm_gone"))) and file.state == FileState.TAKING:
        jobs.wake(TASK)
    return redirect(url_for("console.people_file", token=token))


@room.post("/people/import/<token>/refused")
def people_refused(token: str) -> Response:
    """Give the rows that stay out as CSV, to be corrected and brought in again."""
    text = files.refused_rows(at_hand(token), said)
    if not text:
        abort(404)
    told = {"Content-Disposition": 'attachment; filename="rows-to-correct.csv"'}
    return Response(text, mimetype="text/csv", headers=told)
