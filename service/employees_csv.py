"""Employee files. In: a sheet's bytes and what the programme knows. Out: people to take, and findings row by row."""

from __future__ import annotations

from service import sheets
from service.employees_cells import Cells, Refused
from service.employees_findings import finding
from service.employees_headings import columns_of, score
from service.employees_values import Known, Person, Reading
from service.validation import one_line

__all__ = ["Known", "Person", "Reading", "read"]


def read(data: bytes, known: Known, encoding: str | None = None) -> Reading:
    """Return what the bytes of an HR system's export say, each row on its own. Raises sheets.Unreadable."""
    sheet = sheets.read(data, score, encoding)
    columns = columns_of(sheet.heading)
    used = set(columns.values())
    ignored = [one_line(h) for i, h in enumerate(sheet.heading) if i not in used and one_line(h)]
    found = Reading(
        sheet.encoding,
        sheet.guessed,
        sheet.delimiter,
        {field: one_line(sheet.heading[index]) for field, index in columns.items()},
        ignored,
    )
    cells = Cells(known, found)
    seen: dict[str, Person] = {}
    for row in sheet.rows:
        if not any(cell.strip() for cell in row.cells):
            continue
        found.rows += 1
        begun = len(found.notes)
        try:
            person = cells.person(row, columns, len(sheet.heading))
            first = seen.setdefault(person.email, person)
            if first is person:
                found.people.append(person)
            elif first.values == person.values:
                found.notes.append(finding(row.number, "email", person.email, "doubled"))
            else:
                raise Refused(finding(row.number, "email", person.email, "same-address", first=first.row))
        except Refused as refusal:
            del found.notes[begun:]  # of a row that stays out, only the reason matters
            found.problems.append(refusal.finding)
    return found
