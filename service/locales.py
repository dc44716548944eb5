"""Locales. In: languages, countries, zones as people and systems write them. Out: ISO codes, IANA zones."""

from __future__ import annotations

import re
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from babel import Locale, UnknownLocaleError
from babel.core import get_global

_SPOKEN = ("en", "it", "sl", "de", "fr", "es", "pt", "nl", "hr")
"""Languages whose names for other languages are understood in a file."""


def language_of(text: str) -> str | None:
    """Return the language code (like "pt") of "pt-BR", "pt_BR.UTF-8", "Portuguese" or "português"; None: unknown."""
    text = text.strip()
    found = re.fullmatch(r"([A-Za-z]{2,3})(?:[-_@.].*)?", text)
    if found and found[1].lower() in _codes():
        return found[1].lower()
    return _names().get(_bare(text))


def country_of(text: str) -> str | None:
    """Return the ISO 3166-1 alpha-2 code of "si", "SVN", "Slovenia", "Slowenien" or "Slovenija"; None: unknown.

    Names and codes of three letters are those of the Unicode CLDR, which Babel carries.
    """
    text = text.strip()
    if text.upper() in _countries():
        return text.upper()
    if re.fullmatch(r"[A-Za-z]{2,3}", text):
        real = [code for code in get_global("territory_aliases").get(text.upper(), ()) if code in _countries()]
        if len(real) == 1:
            return str(real[0])
    return _country_names().get(_bare(text))


@cache
def _countries() -> frozenset[str]:
    none = {"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ", "AC", "CP", "DG", "EA", "IC", "TA"}
    known = (str(code) for code in Locale("en").territories)
    return frozenset(code for code in known if re.fullmatch(r"[A-Z]{2}", code)) - none


@cache
def _country_names() -> dict[str, str]:
    names: dict[str, str] = {}
    for spoken in _SPOKEN:
        for code, name in Locale(spoken).territories.items():
            if code in _countries():
                names.setdefault(_bare(name), code)
    return names


@cache
def own_name(code: str) -> str:
    """Return a language's name in that language: "English", "italiano"; the code itself where nobody knows it."""
    try:
        return Locale.parse(code).get_display_name(code) or code
    except (UnknownLocaleError, ValueError):
        return code


def zone_of(text: str) -> str | None:
    """Return the IANA zone of "europe/rome", "America/New York" or Windows' "W. Europe Standard Time"; None: unknown.

    Windows' names are mapped by the Unicode CLDR (windowsZones.xml), which Babel carries.
    """
    key = text.strip().casefold().replace(" ", "_")
    return _zones().get(key)


@cache
def _zones() -> dict[str, str]:
    real = available_timezones() - {"localtime", "posixrules", "Factory"}
    mapping: dict[str, Any] = dict(get_global("windows_zone_mapping"))
    windows = {k.casefold().replace(" ", "_"): str(v) for k, v in mapping.items() if v in real}
    return {**windows, **{zone.casefold(): zone for zone in real}}


@cache
def _codes() -> frozenset[str]:
    return frozenset(str(code) for code in Locale("en").languages if str(code).isalpha())


@cache
def _names() -> dict[str, str]:
    names: dict[str, str] = {}
    for spoken in _SPOKEN:
        for code, name in Locale(spoken).languages.items():
            if code.isalpha():
                names.setdefault(_bare(name), code)
    return names


def _bare(text: str) -> str:
    # "Italian (Italy)" and "Italiano" count by their first words alone.
    return re.sub(r"\(.*?\)", "", text).strip().casefold()
