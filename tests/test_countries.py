"""Countries. In: how HR systems and people write them, in several languages. Out: one ISO code, or a note."""

from __future__ import annotations

import pytest

from service.employees_csv import read
from service.employees_headings import columns_of
from service.locales import country_of
from tests.test_employees_csv import KNOWN


@pytest.mark.parametrize("text", ["si", "SVN", "Slovenia", "Slowenien", " Slovenija ", "Eslovenia"])
def test_a_country_is_known_by_code_and_by_name_in_many_languages(text: str) -> None:
    assert country_of(text) == "SI"


@pytest.mark.parametrize("text", ["", "XX", "EU", "Narnia", "Europe", "ZZ"])
def test_what_is_no_country_is_none(text: str) -> None:
    assert country_of(text) is None


@pytest.mark.parametrize("heading", ["Country", "Paese", "Država", "Land", "country_code"])
def test_its_column_is_found_by_name(heading: str) -> None:
    assert columns_of(["E-mail", heading])["country"] == 1


def test_a_file_brings_countries_and_notes_what_is_none() -> None:
    file = "E-mail,Name,Država\nana@acme.example,Ana,Slovenija\nben@acme.example,Ben,Narnia\ncem@acme.example,Cem,\n"
    found = read(file.encode(), KNOWN)
    assert [person.values.get("country") for person in found.people] == ["SI", None, None]
    assert [(note.field, note.code) for note in found.notes] == [("country", "unknown-country")]
