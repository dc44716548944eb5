"""Cells. In: one row of an employee file. Out: the person it names, with notes on repairs, or why it stays out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from service import sheets
from service.addresses import NotAnAddress, normal_address
from service.employees_findings import Finding, finding
from service.employees_values import Known, Person, Reading
from service.locales import country_of, language_of, own_name, zone_of
from service.validation import key_of, one_line

LONGEST = {"name": 120, "team": 60, "office": 60}
"""Characters kept of a cell."""

_OTHER_NETWORK_NAMES = {"twitter": "x", "x-twitter": "x", "twitter-x": "x", "fb": "facebook", "meta": "facebook",
    "linked-in": "linkedin", "whats-app": "whatsapp", "wa": "whatsapp", "tg": "telegram", "e-mail": "email",
    "mail": "email", "link": "copy", "copy-link": "copy", "bsky": "bluesky", "masto": "mastodon"}  # fmt: skip
_FORMULA = re.compile(r"^(=|\+|-\S|@.*[(!|])")
"""How a cell begins that a spreadsheet works out (OWASP: CSV injection)."""
_NOTHING = frozenset({"-", "--", "–", "—", "n/a", "#n/a", "(null)", "(none)", "(blank)"})
"""What systems write into a cell that has no value."""


class Refused(Exception):
    """A row cannot go in; carries its Finding."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.code)
        self.finding = finding


class Cells:
    """Reads cells of one file; equal texts are worked out once."""

    def __init__(self, known: Known, found: Reading) -> None:
        self.known, self.found = known, found
        self._zones: dict[str, str | None] = {}
        self._languages: dict[str, str | None] = {}
        self._countries: dict[str, str | None] = {}
        self._lists: dict[tuple[str, str], tuple[tuple[str, ...], tuple[str, ...]]] = {}
        self._networks = {**_OTHER_NETWORK_NAMES}
        for slug, label in known.networks.items():
            self._networks[key_of(label)] = slug
            self._networks[slug] = slug

    def note(self, row: int, name: str, value: str, code: str, **values: Any) -> None:
        self.found.notes.append(finding(row, name, value, code, **values))

    def person(self, row: sheets.Row, columns: Mapping[str, int], width: int) -> Person:
        """Return the row's person, noting what was repaired. Raises Refused."""
        at = row.number
        if row.torn:
            raise Refused(finding(at, "row", row.cells[0].strip(), "torn"))
        raw = {name: row.cells[i] if i < len(row.cells) else "" for name, i in columns.items()}
        raw = {name: "" if cell.strip().casefold() in _NOTHING else cell for name, cell in raw.items()}
        email = self._email(at, raw["email"])
        if any(cell.strip() for cell in row.cells[width:]):
            raise Refused(finding(at, "row", "; ".join(row.cells[width:]), "too-many-cells"))
        values: dict[str, Any] = {}
        if "first" in raw:
            raw["name"] = f"{raw.pop('first')} {raw.pop('last')}"
        if "name" in raw:
            name = self._name(at, raw["name"])
            if name:
                values["name"] = name
        if len(row.cells) < width:
            self.note(at, "row", f"{len(row.cells)} / {width}", "short-row")
        for place in ("team", "office"):
            text = self._text(at, place, raw.get(place, ""))
            if text:
                values[place] = text
        self._language(at, raw.get("language", ""), values)
        self._zone(at, raw.get("zone", ""), values)
        self._country(at, raw.get("country", ""), values)
        topics = self._list(at, "topics", raw.get("topics", ""))
        if topics:
            values["topics"] = topics
        networks = self._list(at, "networks", raw.get("networks", ""))
        if networks:
            values["networks"] = networks
        return Person(at, email, values)

    def _email(self, at: int, raw: str) -> str:
        if not raw.strip():
            raise Refused(finding(at, "email", "", "no-address"))
        try:
            email = normal_address(raw)
        except NotAnAddress as refusal:
            found = finding(at, "email", raw.strip(), "not-an-address", reason=refusal.words)
            raise Refused(found) from refusal
        self.found.addresses.add(email)
        if email != raw:
            self.note(at, "email", raw, "tidied")
        return email

    def _name(self, at: int, raw: str) -> str:
        text = _unquoted(raw)
        # What goes in is asked, not what stands there: an unseen character may hide the sign.
        if _FORMULA.search(one_line(text)):
            raise Refused(finding(at, "name", raw, "formula"))
        first, broken, rest = text.strip().replace("\r", "\n").partition("\n")
        if broken and re.search(r"[:@<>=/]", rest):
            self.note(at, "name", raw, "cut")
            text = first
        elif broken:
            self.note(at, "name", raw, "line-break")
        name = self._short(at, "name", text)
        if "@" in name or "://" in name:
            self.note(at, "name", raw, "name-is-address")
            return ""
        if not name:
            self.note(at, "name", raw, "no-name")
        elif name != raw and not broken and name == " ".join(raw.split()):
            self.note(at, "name", raw, "tidied")
        return name

    def _text(self, at: int, name: str, raw: str) -> str:
        text = _unquoted(raw)
        line = one_line(text)
        if _FORMULA.search(line) and not re.fullmatch(r"[\w\s&+.,()/-]+", line.lstrip("+-")):
            self.note(at, name, raw, "dropped-formula")
            return ""
        return self._short(at, name, text)

    def _short(self, at: int, name: str, text: str) -> str:
        line = one_line(text)
        if "\ufffd" in line:
            self.note(at, name, line, "sign")
        if len(line) > LONGEST[name]:
            self.note(at, name, line, "too-long")
            line = line[: LONGEST[name]].rstrip()
        return line

    def _language(self, at: int, raw: str, values: dict[str, Any]) -> None:
        if not raw.strip():
            return
        if raw not in self._languages:
            self._languages[raw] = language_of(raw)
        own, offered = self._languages[raw], self.known.languages
        if own is None:
            self.note(at, "language", raw, "unknown-language", language=own_name(offered[0]))
            return
        if own not in offered:
            self.note(at, "language", raw, "language-not-offered", language=own_name(offered[0]))
        values["language"] = own if own in offered else offered[0]
        values["reads"] = sorted({own, "en"})

    def _zone(self, at: int, raw: str, values: dict[str, Any]) -> None:
        if not raw.strip():
            return
        if raw not in self._zones:
            self._zones[raw] = zone_of(raw)
        zone = self._zones[raw]
        if zone is None:
            self.note(at, "zone", raw, "unknown-zone", zone=self.known.zone)
        else:
            values["zone"] = zone

    def _country(self, at: int, raw: str, values: dict[str, Any]) -> None:
        if not raw.strip():
            return
        if raw not in self._countries:
            self._countries[raw] = country_of(raw)
        country = self._countries[raw]
        if country is None:
            self.note(at, "country", raw, "unknown-country")
        else:
            values["country"] = country

    def _list(self, at: int, name: str, raw: str) -> tuple[str, ...]:
        if not raw.strip():
            return ()
        if (name, raw) not in self._lists:
            self._lists[name, raw] = self._sorted_out(name, raw)
        keys, unknown = self._lists[name, raw]
        for part in unknown:
            self.note(at, name, part, "unknown-topic" if name == "topics" else "unknown-network")
        return keys

    def _sorted_out(self, name: str, raw: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        keys: dict[str, None] = {}
        unknown: list[str] = []
        for part in self._parts(name, raw):
            key = key_of(part)
            if name == "networks" and key in self._networks:
                keys[self._networks[key]] = None
            elif name == "topics" and key in self.known.topics:
                keys[key] = None
            elif name == "topics" and self.known.create_topics and key and len(part) <= 60:
                self.found.new_topics.setdefault(key, part)
                keys[key] = None
            else:
                unknown.append(part)
        return tuple(keys), tuple(unknown)

    def _parts(self, name: str, raw: str) -> Iterable[str]:
        known = self.known.topics if name == "topics" else self._networks
        for part in re.split(r"[;|\n]", raw):
            whole = one_line(_unquoted(part))
            if "," in whole and key_of(whole) not in known:
                yield from filter(None, (one_line(p) for p in whole.split(",")))
            elif whole:
                yield whole


def _unquoted(raw: str) -> str:
    """Return the text inside ="Anna" (Excel's way of forcing text) and behind the apostrophe that guards a formula.

    Any other apostrophe belongs to its text: 't Hooft is a name.
    """
    forced = re.fullmatch(r'\s*="((?:[^"]|"")*)"\s*', raw)
    if forced:
        return forced[1].replace('""', '"')
    return raw.strip()[1:] if re.match(r"\s*'[=+@-]", raw) else raw
