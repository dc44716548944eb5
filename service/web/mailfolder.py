"""The mail folder in the browser. In: .eml files. Out: each mail as its receiver sees it; never in production."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import parseaddr, parsedate_to_datetime
from pathlib import Path

from flask import Blueprint, Response, abort, render_template, request, url_for

from service import settings
from service.database import db
from service.models import Programme
from service.web.language import gettext as _
from service.web.security import csrf

room = Blueprint("mailfolder", __name__, url_prefix="/mails")

PER_PAGE = 50
NAME = re.compile(r"(\d{1,12})-([a-z-]{1,20})-[A-Za-z0-9]{1,40}\.eml")
FRAMED = (
    "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; img-src 'self' {base} data:; "
    "base-uri 'self'; form-action 'none'; frame-ancestors 'self'"
)
"""A mail may open the links that its receiver taps, in a window of their own, and nothing else."""


@dataclass(frozen=True)
class Letter:
    """What the list says of one file."""

    name: str
    number: int
    kind: str
    subject: str
    to: str
    """Name and address as the header has them."""
    date: datetime | None

    @property
    def receiver(self) -> tuple[str, str]:
        """Name and address; the address stands for the name where there is none."""
        name, address = parseaddr(self.to)
        return name or address or self.to, address if name else ""


@room.before_request
def _only_here() -> None:
    """Answer only where mails go into a folder and nobody's real mail can be in it."""
    if settings().production or settings().mail != "folder":
        abort(404)


@room.get("/")
def mails() -> str:
    """List the mails, newest first."""
    return page("")


@room.post("/")
@csrf.exempt
def find() -> str:
    """List the mails whose receiver or subject holds the words. By POST: names never stand in an address."""
    return page(request.form.get("q", "")[:100])


def page(q: str) -> str:
    """Return the list of one kind (`?kind=`), narrowed by the words `q`, 50 a page."""
    files = sorted((p for p in _files()), key=lambda p: p.name, reverse=True)
    kinds = sorted({found[2] for p in files if (found := NAME.fullmatch(p.name))})
    kind = request.args.get("kind", "")
    if kind in kinds:
        files = [p for p in files if f"-{kind}-" in p.name]
    if q.strip():
        words = q.casefold().split()
        letters = [letter for p in files if _fits(letter := _letter(p), words)]
    pages = max(1, -(-(len(letters) if q.strip() else len(files)) // PER_PAGE))
    number = min(max(1, request.args.get("page", 1, type=int)), pages)
    here = slice((number - 1) * PER_PAGE, number * PER_PAGE)
    shown = letters[:PER_PAGE] if q.strip() else [_letter(p) for p in files[here]]
    return render_template(
        "mails/list.html",
        letters=shown,
        total=len(letters) if q.strip() else len(files),
        kinds=[(k, kind_words().get(k, k)) for k in kinds],
        kind=kind,
        names=kind_words(),
        q=q,
        page=number,
        pages=1 if q.strip() else pages,
        zone=_zone(),
        folder=settings().mail_folder.name,
    )


@room.get("/<name>")
def mail(name: str) -> str:
    """Show one mail: as HTML (wide or on a phone), as text, or its headers."""
    message = _message(name)
    view = request.args.get("view", "html")
    return render_template(
        "mails/mail.html",
        letter=_letter(_path(name)),
        view=view if view in ("html", "phone", "text", "headers") else "html",
        text=_body(message, "plain"),
        headers=list(message.items()),
        names=kind_words(),
        language=message.get("Content-Language", "en"),
        zone=_zone(),
    )


@room.get("/<name>/html")
def html(name: str) -> Response:
    """Answer the mail's HTML alone, for the frame; its links open in a window of their own."""
    body = _body(_message(name), "html").replace("<head>", '<head><base target="_blank">', 1)
    answer = Response(body, mimetype="text/html")
    answer.headers["Content-Security-Policy"] = FRAMED.format(base=settings().base_url)
    return answer


@room.get("/<name>/raw")
def raw(name: str) -> Response:
    """Answer the file as it lies in the folder."""
    answer = Response(_path(name).read_bytes(), mimetype="text/plain")
    answer.headers["Content-Disposition"] = f"attachment; filename={name}"
    return answer


def kind_words() -> dict[str, str]:
    """Return each kind of mail in words."""
    return {
        "digest": _("Digest"),
        "invitation": _("Invitation"),
        "frozen": _("Draw tickets"),
        "winner": _("Winner"),
        "badge": _("Badge"),
        "test": _("Test"),
    }


def _files() -> list[Path]:
    folder = settings().mail_folder
    return [p for p in folder.glob("*.eml") if NAME.fullmatch(p.name)] if folder.is_dir() else []


def _path(name: str) -> Path:
    path = settings().mail_folder / name
    if not NAME.fullmatch(name) or not path.is_file():
        abort(404)
    return path


def _message(name: str) -> EmailMessage:
    return email.message_from_bytes(_path(name).read_bytes(), policy=email.policy.default)


def _letter(path: Path) -> Letter:
    # The headers are enough for a list: bodies are long and there may be thousands of files.
    with path.open("rb") as file:
        top = b"".join(iter(lambda: (line := file.readline()).strip() and line, b""))
    head = email.message_from_bytes(top, policy=email.policy.default)
    found = NAME.fullmatch(path.name)
    assert found
    try:
        date = parsedate_to_datetime(str(head["Date"]))
    except (TypeError, ValueError):
        date = None
    return Letter(path.name, int(found[1]), found[2], str(head["Subject"] or ""), str(head["To"] or ""), date)


def _fits(letter: Letter, words: list[str]) -> bool:
    text = f"{letter.subject} {letter.to}".casefold()
    return all(word in text for word in words)


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part is not None else ""


def _zone() -> str:
    programme = db.session.get(Programme, 1)
    return programme.zone if programme else "UTC"


@room.context_processor
def _frame() -> dict[str, object]:
    return {"programme": db.session.get(Programme, 1), "home": url_for("mailfolder.mails")}
