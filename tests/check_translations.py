"""Translations. In: every string of emails/ and service/, and their catalogues. Out: what is missing, fuzzy or wrong.

`python -m tests.check_translations` fails with a list; `--update [emails] [service]` writes new strings into the .po
files, untranslated, and takes out what is no longer used.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from gettext import c2py  # type: ignore[attr-defined]
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
HOUSES = ("emails", "service")
LANGUAGES = ("it", "sl")
KEYWORDS = {
    "_": None,
    "gettext": None,
    "N_": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
_JINJA = {"extensions": "jinja2.ext.i18n", "trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}
METHODS = [
    ("**.py", "python"),
    ("templates/**.html", "jinja2"),
    ("templates/**.mjml", "jinja2"),
    ("templates/**.txt", "jinja2"),
]
OPTIONS = {pattern: _JINJA for pattern, method in METHODS if method == "jinja2"}
_CHURN = re.compile(rb'^"(?:Project-Id|Report-Msgid|POT-|PO-Rev|Last-T|Language-Team|Generated)[^\n]*\n', re.MULTILINE)
_PLACE = re.compile(r"%\((\w+)\)[sd]")


def extract(house: Path) -> Catalog:
    """Return every string of a package, without line numbers (they would change with every edit)."""
    found = Catalog()
    rows = extract_from_dir(house, METHODS, OPTIONS, KEYWORDS, comment_tags=("Translators:",), strip_comment_tags=True)
    for file, _line, message, comments, context in rows:
        found.add(message, None, [(f"{house.name}/{file}", 0)], auto_comments=comments, context=context)
    return found


def read(house: Path, language: str) -> Catalog:
    """Return a catalogue; an empty one where the file is not there yet."""
    file = po(house, language)
    if not file.exists():
        return Catalog(locale=language)
    with file.open("rb") as source:
        return read_po(source, locale=language, ignore_obsolete=False)


def po(house: Path, language: str) -> Path:
    return house / "translations" / language / "LC_MESSAGES" / "messages.po"


def findings(house: Path, language: str) -> Iterator[str]:
    """Yield one line for each string that a reader of this language would not get right."""
    source, translated = extract(house), read(house, language)
    where = f"{house.name} {language}"
    for message in source:
        if not message.id:
            continue
        theirs = translated.get(_first(message), message.context)
        if theirs is None:
            yield f"{where}: missing: {_first(message)!r}"
        else:
            for problem in _problems(message, theirs, language):
                yield f"{where}: {problem}: {_first(message)!r}"
    for message in [*translated, *translated.obsolete.values()]:
        if message.id and source.get(_first(message), message.context) is None:
            yield f"{where}: obsolete: {_first(message)!r}"


def _first(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _forms(message: Message) -> list[str]:
    """Return what stands in a catalogue for a message, one text per plural form; an empty one is not translated."""
    if not message.string or isinstance(message.string, str):
        return [message.string or ""]
    return list(message.string)


def _problems(source: Message, theirs: Message, language: str) -> Iterator[str]:
    forms = _forms(theirs)
    plural = not isinstance(source.id, str)
    wanted = get_plural(language).num_plurals if plural else 1
    if not all(forms):
        yield "untranslated"
        return
    if theirs.fuzzy:
        yield "fuzzy"
    if len(forms) != wanted:
        yield f"{len(forms)} forms instead of {wanted}"
        return
    names = set(_PLACE.findall(source.id if isinstance(source.id, str) else source.id[1]))
    for n, form in enumerate(forms):
        found = set(_PLACE.findall(form))
        free = {"num"} if plural and _says_one_number(language, n) else set()
        if not (found <= names and names - free <= found):
            yield f"places {sorted(found)} instead of {sorted(names)}"
        elif names:
            try:
                form % dict.fromkeys(names, 0)
            except (ValueError, TypeError):
                yield "a stray percent sign"


def _says_one_number(language: str, form: int) -> bool:
    """Return whether a plural form stands for one number alone (Italian: 1), so that it need not be written."""
    rule = c2py(get_plural(language).plural_expr)
    return sum(rule(n) == form for n in range(1, 202)) == 1


def update(house: Path, language: str) -> int:
    """Merge new strings into the catalogue and drop unused ones; return how many are untranslated now."""
    catalogue, file = read(house, language), po(house, language)
    catalogue.update(extract(house), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    catalogue.header_comment = f"# Words of {house.name}/ in {language}."
    catalogue.fuzzy = False
    file.parent.mkdir(parents=True, exist_ok=True)
    written = io.BytesIO()
    write_po(written, catalogue, width=110, include_lineno=False, sort_by_file=True)
    file.write_bytes(_CHURN.sub(b"", written.getvalue()))
    return sum(not all(_forms(message)) for message in catalogue if message.id)


def main(arguments: list[str]) -> int:
    if "--update" in arguments:
        for house in [name for name in HOUSES if name in arguments] or HOUSES:
            for language in LANGUAGES:
                print(f"{house} {language}: {update(ROOT / house, language)} to translate")
        return 0
    found = [line for house in HOUSES for language in LANGUAGES for line in findings(ROOT / house, language)]
    print("\n".join([*found, f"{len(found)} findings"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
