"""Employee files, read. In: bytes as HR systems write them. Out: people, and each planted oddity by its code."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from emails.networks import NETWORKS
from service.addresses import NotAnAddress, normal_address
from service.employees_csv import Known, Reading, read
from service.employees_headings import columns_of
from service.locales import language_of, zone_of
from service.sheets import Unreadable
from service.validation import key_of

TOPICS = ["design", "culture", "how we work", "R&D, hardware"]
KNOWN = Known(
    ("en", "it", "sl"),
    "Europe/Rome",
    {key_of(name): n for n, name in enumerate(TOPICS, 1)},
    {slug: network.label for slug, network in NETWORKS.items()},
)
HEADING = "Email,Full name,Team,Office,Language,Time zone,Topics,Networks"


def sheet(*rows: str, heading: str = HEADING) -> bytes:
    return "\r\n".join((heading, *rows, "")).encode()


def one(row: str, heading: str = HEADING) -> Reading:
    return read(sheet(row, heading=heading), KNOWN)


def codes(found: Reading) -> list[str]:
    return [f.code for f in (*found.problems, *found.notes)]


def test_a_plain_row_says_nothing_but_itself() -> None:
    found = one("noor@acme.example,Noor Bakker,Sales,Milano,it,Europe/Rome,design;how we work,LinkedIn;x")
    assert codes(found) == []
    assert (found.people[0].row, found.people[0].email) == (2, "noor@acme.example")
    assert found.people[0].values == {
        "name": "Noor Bakker",
        "team": "Sales",
        "office": "Milano",
        "language": "it",
        "reads": ["en", "it"],
        "zone": "Europe/Rome",
        "topics": ("design", "how-we-work"),
        "networks": ("linkedin", "x"),
    }


REFUSED = {
    "no-address": ",No Address,Sales,London,en,Europe/London,design,x",
    "not-an-address": "not-an-address,Broken Row,Sales,London,en,Europe/London,design,x",
    "not-an-address:beyond": "ünï@acme.example,Ünï Cöde,Sales,Berlin,de,Europe/Berlin,design,x",
    "not-an-address:dots": "klaus-d..s@acme.example,Klaus,Sales,Berlin,de,Europe/Berlin,design,x",
    "not-an-address:two": "a@acme.example / b@acme.example,Two,Sales,Berlin,de,Europe/Berlin,design,x",
    "formula": 'a@acme.example,"=HYPERLINK(""http://evil.example"",""Bonus"")",People,Milano,it,Europe/Rome,culture,x',
    "formula:at": "a@acme.example,@SUM(1+1)*cmd|' /C calc'!A0,People,Milano,it,Europe/Rome,culture,x",
    "formula:plus": "a@acme.example,+1+cmd,People,Milano,it,Europe/Rome,culture,x",
    "too-many-cells": "a@acme.example,Rossi, Anna,People,Milano,it,Europe/Rome,culture,x",
    "torn": 'a@acme.example,"Anna Rossi,Sales,Milano,it,Europe/Rome,design,x',
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_row_that_cannot_go_in_says_where_why_and_what_to_do(name: str) -> None:
    good = "noor@acme.example,Noor,Sales,Milano,it,Europe/Rome,design,x"
    found = read(sheet(REFUSED[name], good), KNOWN)
    assert [p.email for p in found.people] == ["noor@acme.example"]
    (problem,) = found.problems
    assert (problem.row, problem.code, problem.refused) == (2, name.partition(":")[0], True)
    assert str(problem.reason).endswith(".")
    assert str(problem.remedy).endswith(".")
    assert "%(" not in str(problem.reason)


REPAIRED = {
    "tidied": ("  NOOR@Acme.Example ,Noor,,,,,,", {"name": "Noor"}),
    "tidied:name": ("noor@acme.example,  Noor   Bakker ,,,,,,", {"name": "Noor Bakker"}),
    "short-row": ("noor@acme.example,Noor", {"name": "Noor"}),
    "cut": ('noor@acme.example,"Noor\r\nBcc: all@acme.example",,,,,,', {"name": "Noor"}),
    "line-break": ('noor@acme.example,"Noor\nBakker",,,,,,', {"name": "Noor Bakker"}),
    "no-name": ("noor@acme.example, ,,,,,,", {}),
    "name-is-address": ("noor@acme.example,noor@acme.example,,,,,,", {}),
    "unknown-zone": ("noor@acme.example,Noor,,,,Europe/Atlantis,,", {"name": "Noor"}),
    "unknown-language": ("noor@acme.example,Noor,,,Elvish,,,", {"name": "Noor"}),
    "language-not-offered": (
        "noor@acme.example,Noor,,,pt-BR,,,",
        {"name": "Noor", "language": "en", "reads": ["en", "pt"]},
    ),
    "unknown-topic": (
        "noor@acme.example,Noor,,,,,quantum knitting;culture,",
        {"name": "Noor", "topics": ("culture",)},
    ),
    "unknown-network": (
        "noor@acme.example,Noor,,,,,,linkedin;myspace",
        {"name": "Noor", "networks": ("linkedin",)},
    ),
    "dropped-formula": ('noor@acme.example,Noor,"=HYPERLINK(""x"")",,,,,', {"name": "Noor"}),
    "too-long": (f"noor@acme.example,Noor,{'x' * 70},,,,,", {"name": "Noor", "team": "x" * 60}),
}


@pytest.mark.parametrize("name", REPAIRED)
def test_what_can_be_repaired_goes_in_with_a_note(name: str) -> None:
    row, values = REPAIRED[name]
    found = one(row)
    assert found.problems == []
    assert [n.code for n in found.notes] == [name.partition(":")[0]]
    assert found.people[0].email == "noor@acme.example"
    assert found.people[0].values == values


def test_one_address_twice_counts_once_and_with_other_facts_the_second_row_is_refused() -> None:
    same = "noor@acme.example,Noor,Sales,,,,,"
    found = read(sheet(same, same, "NOOR@ACME.EXAMPLE,Noor,People,,,,,"), KNOWN)
    assert [p.values["team"] for p in found.people] == ["Sales"]
    assert [n.code for n in found.notes] == ["doubled"]
    assert [(p.row, p.code, str(p.reason)) for p in found.problems] == [
        (4, "same-address", "Row 2 has this address already.")
    ]


def test_a_refused_first_row_leaves_its_address_to_the_second() -> None:
    found = read(sheet("noor@acme.example,=1+1,,,,,,", "noor@acme.example,Noor,,,,,,"), KNOWN)
    assert [p.row for p in found.people] == [3]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_any_delimiter_and_encoding_gives_the_same_people(delimiter: str, encoding: str) -> None:
    rows = [["E-Mail", "Vorname", "Nachname", "Abteilung"], ["jose@acme.example", "José", "Müller", "Büro – Süd"]]
    text = "\r\n".join(delimiter.join(row) for row in rows)
    found = read(text.encode(encoding), KNOWN)
    assert found.delimiter == delimiter
    assert found.guessed == (encoding == "cp1252")
    assert found.people[0].values == {"name": "José Müller", "team": "Büro – Süd"}


def test_a_named_encoding_is_obeyed_and_an_impossible_one_refused() -> None:
    data = "Email;Ime in priimek\ntina@acme.example;Tina Mlinarič".encode("cp1250")
    assert read(data, KNOWN, encoding="cp1250").people[0].values["name"] == "Tina Mlinarič"
    with pytest.raises(Unreadable, match="cannot be read as latin-99"):
        read(data, KNOWN, encoding="latin-99")


def test_one_broken_sign_in_utf8_costs_that_sign_and_not_the_file() -> None:
    data = sheet("a@acme.example,Žiga Čuček Škof,,,,,,").replace(b"kof", b"\xff") + "b@acme.example,Žana".encode()
    found = read(data, KNOWN)
    assert [p.values["name"] for p in found.people] == ["Žiga Čuček Š\ufffd", "Žana"]
    assert "sign" in codes(found)


def test_titles_above_the_heading_and_excels_own_hint_are_passed_over() -> None:
    data = (
        b"sep=;\r\nHeadcount November;;\r\n\r\nNome;Cognome;Indirizzo e-mail\r\nAnna;Rossi;anna@acme.example\r\n;;\r\n"
    )
    found = read(data, KNOWN)
    assert (found.rows, found.people[0].row, found.people[0].values["name"]) == (1, 4, "Anna Rossi")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf\r\n", "is empty"),
        (b"PK\x03\x04rest", "Excel"),
        (b"anna@acme.example,Anna\nnoor@acme.example,Noor\n", "Let the first row name the columns"),
        (b"Name,Team\nAnna,Sales\n", "Let the first row name the columns"),
    ],
)
def test_a_file_that_is_none_says_why(data: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        read(data, KNOWN)


def test_a_heading_alone_holds_nobody() -> None:
    assert (one("").rows, one("").people) == (0, [])


def test_excels_ways_of_forcing_text_are_seen_through() -> None:
    found = one('noor@acme.example,"=""Noor Bakker""",\'-Sales,,,,,')
    assert found.people[0].values == {"name": "Noor Bakker", "team": "-Sales"}
    assert one("noor@acme.example,'t Hooft,,,,,,").people[0].values == {"name": "'t Hooft"}
    assert [p.code for p in one("noor@acme.example,'=1+1,,,,,,").problems] == ["formula"]


def test_what_systems_write_for_nothing_is_nothing() -> None:
    found = one("noor@acme.example,Noor,-,N/A,#N/A,(blank),—,-")
    assert (found.people[0].values, codes(found)) == ({"name": "Noor"}, [])
    assert codes(one("n/a,Noor,,,,,,")) == ["no-address"]


def test_a_topic_with_a_comma_in_its_name_is_one_topic_and_commas_divide_others() -> None:
    found = one('noor@acme.example,Noor,,,,,"R&D, Hardware;design, culture",Twitter|whats app')
    assert found.people[0].values["topics"] == ("r-d-hardware", "design", "culture")
    assert found.people[0].values["networks"] == ("x", "whatsapp")


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("E-mail,Nome e cognome,Reparto,Sede,Lingua,Fuso orario,Argomenti,Reti sociali", 8),
        ("E-naslov,Ime,Priimek,Oddelek,Pisarna,Jezik,Časovni pas,Teme,Omrežja", 9),
        ("Email,First Name,Last_Name,Department,Work Location,Locale,TimeZone,Interests,Channels", 9),
        ("Adresse e-mail,Prénom,Nom,Département,Bureau,Langue,Fuseau horaire,Thèmes,Réseaux", 9),
        ("Correo electrónico,Nombre,Apellidos,Departamento,Oficina,Idioma,Zona horaria,Temas,Redes", 9),
        ("E-Mail-Adresse,Vorname,Name,Abteilung,Standort,Sprache,Zeitzone,Themen,Netzwerke", 9),
    ],
)
def test_headings_of_many_languages_are_understood(heading: str, expected: int) -> None:
    assert len(columns_of(heading.split(","))) == expected


def test_a_full_name_beside_its_parts_is_the_name() -> None:
    assert columns_of(["Mail", "First name", "Display name"]) == {"email": 0, "name": 2}
    assert columns_of(["Nome", "Mail"]) == {"name": 0, "email": 1}
    assert columns_of(["Vorname", "Name", "Mail"]) == {"first": 0, "last": 1, "email": 2}


@given(st.binary(max_size=400))
def test_no_bytes_break_the_reading(data: bytes) -> None:
    try:
        found = read(b"Email,Name\n" + data, KNOWN)
    except Unreadable:
        return
    assert len(found.people) + len(found.problems) <= found.rows


@given(st.text(max_size=60), st.text(max_size=40))
@example("", "\x1b=1+1")
@example("\x1b=1+1", "")
def test_no_name_that_goes_in_can_break_a_header(name: str, team: str) -> None:
    cells = ['"' + cell.replace('"', '""') + '"' for cell in ("noor@acme.example", name, team)]
    found = read(("Email,Name,Team\r\n" + ",".join(cells)).encode("utf-8", "replace"), KNOWN)
    for person in found.people:
        for value in person.values.values():
            assert value == " ".join(value.split())
            assert not value.startswith("=")


def test_addresses_have_one_normal_form() -> None:
    same = ("noor@acme.example", " NOOR@ACME.EXAMPLE ", "mailto:noor@acme.example", "Noor <Noor@acme.example>;")
    assert {normal_address(text) for text in same} == {"noor@acme.example"}
    assert normal_address("anna@Bücher.example") == "anna@xn--bcher-kva.example"
    for wrong in ("", "noor", "@acme.example", "noor@", "noor@acme", "a b@acme.example", "noor@acme.invalid"):
        with pytest.raises(NotAnAddress):
            normal_address(wrong)
    with pytest.raises(NotAnAddress, match="more than one"):
        normal_address("a@acme.example; b@acme.example")


@given(st.emails())
def test_a_normal_address_is_its_own_normal_form(text: str) -> None:
    try:
        normal = normal_address(text)
    except NotAnAddress:
        return
    assert normal_address(normal) == normal


def test_languages_and_zones_are_understood_as_people_write_them() -> None:
    assert [language_of(t) for t in ("IT", "pt_BR.UTF-8", "Slovenščina", "Deutsch", "xx", "")] == [
        "it",
        "pt",
        "sl",
        "de",
        None,
        None,
    ]
    assert zone_of(" america/new york ") == "America/New_York"
    assert zone_of("W. Europe Standard Time") == "Europe/Berlin"
    assert zone_of("Europe/Atlantis") is None
