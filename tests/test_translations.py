"""Tests of the translation check. In: small catalogues with planted mistakes. Out: each is named; ours have none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import check_translations as check

HEAD = (
    'msgid ""\nmsgstr ""\n"Language: {0}\\n"\n"Plural-Forms: {1}\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'
)
PLURALS = {
    "it": "nplurals=2; plural=(n != 1);",
    "sl": "nplurals=4; plural=(n%100==1 ? 0 : n%100==2 ? 1 : n%100==3 || n%100==4 ? 2 : 3);",
}


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A package with one string of each kind, in code and in templates."""
    found = tmp_path / "house"
    (found / "templates").mkdir(parents=True)
    (found / "code.py").write_text(
        'a = _("Hello %(name)s")\n'
        'b = words.ngettext("%(num)s point", "%(num)s points", n)\n'
        'c = words.pgettext("x", "one")\n'
    )
    (found / "templates" / "page.html").write_text('{{ _("Leave") }}{% trans %}Stay{% endtrans %}')
    (found / "templates" / "mail.mjml").write_text('<mj-text>{{ _("Thanks") }}</mj-text>')
    return found


def write(house: Path, language: str, body: str) -> None:
    file = check.po(house, language)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(HEAD.format(language, PLURALS[language]) + body)


GOOD = """
msgid "Hello %(name)s"
msgstr "Ciao %(name)s"

msgid "%(num)s point"
msgid_plural "%(num)s points"
msgstr[0] "Un punto"
msgstr[1] "%(num)s punti"

msgctxt "x"
msgid "one"
msgstr "uno"

msgid "Leave"
msgstr "Esci"

msgid "Stay"
msgstr "Resta"

msgid "Thanks"
msgstr "Grazie"
"""


@pytest.mark.parametrize("language", check.LANGUAGES)
@pytest.mark.parametrize("house", check.HOUSES)
def test_mails_and_pages_are_whole_in_every_language(house: str, language: str) -> None:
    assert list(check.findings(check.ROOT / house, language)) == []


def test_strings_are_found_in_code_pages_and_mails(house: Path) -> None:
    assert {check._first(m) for m in check.extract(house) if m.id} == {
        "Hello %(name)s",
        "%(num)s point",
        "one",
        "Leave",
        "Stay",
        "Thanks",
    }


def test_a_whole_catalogue_has_no_findings(house: Path) -> None:
    write(house, "it", GOOD)
    assert list(check.findings(house, "it")) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('msgid "Leave"\nmsgstr "Esci"\n', "", "house it: missing: 'Leave'"),
        ('"Esci"', '""', "house it: untranslated: 'Leave'"),
        ('"Un punto"', '""', "house it: untranslated: '%(num)s point'"),
        ('msgid "Leave"', '#, fuzzy\nmsgid "Leave"', "house it: fuzzy: 'Leave'"),
        ('"Ciao %(name)s"', '"Ciao %(nome)s"', "house it: places ['nome'] instead of ['name']: 'Hello %(name)s'"),
        ('"Ciao %(name)s"', '"Ciao"', "house it: places [] instead of ['name']: 'Hello %(name)s'"),
        ('"Ciao %(name)s"', '"100% %(name)s"', "house it: a stray percent sign: 'Hello %(name)s'"),
        ('"%(num)s punti"', '"punti"', "house it: places [] instead of ['num']: '%(num)s point'"),
        ('msgid "Thanks"', 'msgid "Old"\nmsgstr "Vecchio"\n\nmsgid "Thanks"', "house it: obsolete: 'Old'"),
        ('msgid "Thanks"', '#~ msgid "Old"\n#~ msgstr "Vecchio"\n\nmsgid "Thanks"', "house it: obsolete: 'Old'"),
        ('msgctxt "x"\n', 'msgctxt "y"\n', "house it: missing: 'one'"),
    ],
)
def test_each_mistake_is_named(house: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    write(house, "it", GOOD.replace(old, new))
    assert said in list(check.findings(house, "it"))


def test_a_form_that_stands_for_101_too_must_say_the_number(house: Path) -> None:
    body = GOOD.replace(
        'msgstr[1] "%(num)s punti"', 'msgstr[1] "%(num)s b"\nmsgstr[2] "%(num)s c"\nmsgstr[3] "%(num)s d"'
    )
    write(house, "sl", body)
    assert list(check.findings(house, "sl")) == ["house sl: places [] instead of ['num']: '%(num)s point'"]


def test_a_catalogue_with_too_few_forms_is_refused(house: Path) -> None:
    write(house, "sl", GOOD)
    found = list(check.findings(house, "sl"))
    assert found and all("'%(num)s point'" in line for line in found)


def test_update_adds_what_is_new_and_takes_out_what_is_old_and_keeps_the_rest(house: Path) -> None:
    write(house, "it", GOOD.replace('msgid "Leave"\nmsgstr "Esci"\n', 'msgid "Old"\nmsgstr "Vecchio"\n'))
    assert check.update(house, "it") == 1
    assert list(check.findings(house, "it")) == ["house it: untranslated: 'Leave'"]
    before = check.po(house, "it").read_bytes()
    assert check.update(house, "it") == 1 and check.po(house, "it").read_bytes() == before
    assert check.update(house, "sl") == 6
