"""The audit log. In: who, what and which period, in the address. Out: 50 acts a page with before and after; CSV."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Response, render_template, request, url_for

from service import audit_log, clock
from service.database import db
from service.models import AuditLine
from service.web.console.lists import Filter, listing, sought
from service.web.console.room import room
from service.web.language import gettext as _
from service.words_of_audit import ACTS, FIELDS, WHAT

MOST = 10_000
"""Lines of one CSV file."""
_PLACES = {
    "story": ("console.story", "story_id"),
    "share_text": ("console.story", "story_id"),
    "campaign": ("console.campaign", "campaign_id"),
    "contest": ("console.contest", "contest_id"),
    "draw": ("console.draw", "name"),
    "edition": ("console.edition", "week"),
}


def _since(days: str) -> datetime:
    return clock.now() - timedelta(days=int(days))


def _filters() -> list[Filter]:
    known = audit_log.names()
    who = {str(number): name for number, name in sorted(known.items(), key=lambda x: x[1])}
    return [
        Filter(
            "days",
            _("Period"),
            {"1": _("Last day"), "7": _("Last 7 days"), "30": _("Last 30 days"), "365": _("Last year")},
            lambda days: AuditLine.at >= _since(days),
            chips=True,
        ),
        Filter(
            "who",
            _("Who"),
            {**who, audit_log.COMMAND_LINE: _("Command line")},
            lambda who: (
                AuditLine.liaison_id.is_(None) if who == audit_log.COMMAND_LINE else AuditLine.liaison_id == int(who)
            ),
        ),
        Filter("what", _("What"), {k: _(w) for k, w in WHAT.items()}, lambda what: AuditLine.what == what),
    ]


@room.get("/settings/audit")
def audit() -> str:
    """Show who changed what, the newest first."""
    found = listing(
        audit_log.asked(),
        endpoint="console.audit",
        sorts={"at": AuditLine.at},
        default="-at",
        search=(AuditLine.title,),
        filters=_filters(),
    )
    return render_template(
        "console/audit.html",
        noun="console.audit",
        listing=found,
        known=audit_log.names(),
        told=[_told(line) for line in found.rows],
    )


def _told(line: AuditLine) -> dict[str, Any]:
    fields = [
        (
            _(FIELDS[name]) if name in FIELDS else name.replace("_", " "),
            _shown(line.before, name),
            _shown(line.after, name),
        )
        for name in sorted({*line.before, *line.after})
    ]
    place = _PLACES.get(line.what)
    values: dict[str, Any] = {place[1]: line.which} if place else {}
    url = url_for(place[0], **values) if place and line.which and line.act != "removed" else ""
    return {
        "line": line,
        "act": _(ACTS[line.act]) if line.act in ACTS else line.act,
        "what": _(WHAT[line.what]) if line.what in WHAT else line.what,
        "title": _title(line),
        "url": url,
        "fields": fields,
    }


def _title(line: AuditLine) -> str:
    if line.what == "liaison" and line.which.isdigit():
        return audit_log.names().get(int(line.which), "")
    if line.what == "employee":
        return _("person %(mark)s", mark=line.which[:8])
    return line.title or line.which


def _shown(values: dict[str, Any], name: str) -> str:
    value = values.get(name)
    return (_("yes") if value else _("no")) if isinstance(value, bool) else audit_log.shown(value)


@room.get("/settings/audit.csv")
def audit_csv() -> Response:
    """Give the same lines as CSV, the newest first."""
    query = audit_log.asked()
    for each in _filters():
        if (chosen := request.args.get(each.name)) in each.choices:
            query = query.where(each.where(str(chosen)))
    query = sought(query, request.args.get("q", ""), (AuditLine.title,))
    answer = Response(audit_log.to_csv(audit_log.lines(query, MOST)), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="audit-log.csv"'
    db.session.rollback()
    return answer
