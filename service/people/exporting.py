"""Exporting. In: an employee. Out: everything that is kept about her as one ZIP: JSON to take along, HTML to read.

GDPR, articles 15 and 20. Which tables that are, and why each is kept, says service.people.register.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from typing import Any

import sqlalchemy as sa

from service import audit, clock, programmes
from service.database import db
from service.models import Employee
from service.people.register import NAMED, REGISTER, Kept
from service.validation import N_, Invalid, Words

Say = Callable[[str], str]
"""Translates a message of the catalogue."""

STYLE = (
    "body{font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;margin:0 auto;"
    "max-width:960px;padding:24px;color:#1d2a33;background:#fbfaf7}h1{font-size:34px;line-height:1.2}"
    "h2{font-size:20px;margin:48px 0 0;border-top:1px solid #d8d4cb;padding-top:24px}p{margin:4px 0 12px;color:#5a6872}"
    ".wide{overflow-x:auto}table{border-collapse:collapse;font-size:13px}th,td{text-align:start;vertical-align:top;"
    "padding:6px 12px 6px 0;border-bottom:1px solid #d8d4cb}td{max-width:420px;overflow-wrap:anywhere}"
    "@media(prefers-color-scheme:dark){body{color:#e7f3f0;background:#12181c}p{color:#9fb0ba}"
    "h2,th,td{border-color:#2c373e}}"
)


@dataclass(frozen=True, slots=True)
class Part:
    """One table's rows of hers."""

    kept: Kept
    columns: tuple[str, ...]
    rows: list[dict[str, Any]]


def parts(employee: Employee) -> Iterator[Part]:
    """Yield what each table of the register holds of this person, the ones without a row too. Reads only."""
    for kept in REGISTER:
        table = Employee.metadata.tables[kept.table]
        columns = [column for column in table.columns if column.name not in kept.secret]
        asked = sa.select(*columns).where(kept.rows(employee)).order_by(*table.primary_key.columns)
        rows = [{key: _plain(value) for key, value in row._mapping.items()} for row in db.session.execute(asked)]
        yield Part(kept, tuple(column.name for column in columns), rows)


def export(employee: Employee, say: Say = str, language: str = "en") -> bytes:
    """Return the ZIP of everything kept about her: data.json and data.html. Reads only.

    `say` puts the explanations into the reader's language. Raises Invalid for who is erased: nothing is known of her.
    """
    if not employee.email:
        raise Invalid({"employee": Words(N_("This person is erased already."))})
    found = list(parts(employee))
    now = clock.now()
    whole = {
        "made_at": now.isoformat(),
        "programme": programmes.current().name,
        "parts": {
            part.kept.table: {
                "title": say(part.kept.title),
                "why": say(part.kept.why),
                "when_erased": say(part.kept.after),
                "rows": part.rows,
            }
            for part in found
        },
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in (
            ("data.json", json.dumps(whole, indent=2, ensure_ascii=False)),
            ("data.html", _page(employee, found, now, say, language)),
        ):
            entry = zipfile.ZipInfo(name, now.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(entry, text)
    return packed.getvalue()


def hand_over(employee: Employee, say: Say = str, language: str = "en") -> bytes:
    """Return `export`, and write down that somebody took it. Commits. Raises Invalid."""
    packed = export(employee, say, language)
    audit.note("exported", "employee", which=employee.subject)
    db.session.commit()
    return packed


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value


def _page(employee: Employee, found: list[Part], now: datetime, say: Say, language: str) -> str:
    words = {name: _names(name) for name in NAMED}
    title = say(N_("What is kept about %(name)s")) % {"name": employee.name or employee.email}
    lead = say(N_("In %(programme)s of %(company)s, made %(when)s UTC. data.json holds the same for machines."))
    programme = programmes.current()
    said = lead % {"programme": programme.name, "company": programme.company, "when": f"{now:%Y-%m-%d %H:%M}"}
    apart = say(N_("Colleagues' mails may have named this person too; they are theirs and are not in this file."))
    lines = [
        f'<!doctype html><html lang="{escape(language)}"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" '
        f'content="light dark"><title>{escape(title)}</title><style>{STYLE}</style></head><body>',
        f"<h1>{escape(title)}</h1><p>{escape(said)}</p><p>{escape(apart)}</p>",
    ]
    for part in found:
        lines.append(f"<h2>{escape(say(part.kept.title))}</h2><p>{escape(say(part.kept.why))} ")
        lines.append(f"{escape(say(part.kept.after))}</p>")
        lines.append(_table(part, words) if part.rows else f"<p>{escape(say(N_('Nothing.')))}</p>")
    return "\n".join([*lines, "</body></html>"])


def _table(part: Part, words: dict[str, dict[int, str]]) -> str:
    """Return the rows as a table; a single one stands upright: a line for each column that says anything."""
    columns = [name for name in part.columns if any(row[name] not in (None, "", [], {}) for row in part.rows)]
    told = [[_cell(name, row[name], words) for name in columns] for row in part.rows]
    if len(told) == 1:
        body = "".join(
            f'<tr><th scope="row">{escape(name)}</th><td>{cell}</td></tr>'
            for name, cell in zip(columns, told[0], strict=True)
        )
        return f'<div class="wide"><table>{body}</table></div>'
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in told)
    return f'<div class="wide"><table><tr>{head}</tr>{body}</table></div>'


def _cell(name: str, value: Any, words: dict[str, dict[int, str]]) -> str:
    if value is None:
        return ""
    if name in words:
        return escape(words[name].get(value, str(value)))
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
    return escape(text)


def _names(column: str) -> dict[int, str]:
    return {row[0]: row[1] for row in db.session.execute(sa.select(*NAMED[column]))}
