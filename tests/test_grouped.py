"""Tests of emails.grouped. In: hostile names and a call for many. Out: filled in, each reads what her own mail says."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from emails import digest, grouped, render
from emails.card import button
from emails.grouped import Alone, GroupedDigest
from emails.networks import NETWORKS
from emails.render import escape, wrap
from emails.values import Neighbour, Recipient, You
from tests.sample_mails import EDITION, MONTH, NOOR, PASSES, reader
from tests.test_digest import ALL, ENGLISH, YOUS

GROUPED = GroupedDigest(ENGLISH)
NAMES = st.one_of(
    st.text(max_size=60),
    st.text(st.sampled_from("Noor Ćž\"'<>&;\\\r\n=\u202eאب😀\0-gw."), max_size=60),
    st.just("N" * 300),
)


def filled(template: grouped.Template, values: bytes) -> tuple[str, str, str]:
    """Return (subject, text, html) as the provider would send them: each tag replaced, in whatever order."""
    found = []
    for part in template.plain():
        for tag, value in json.loads(values).items():
            assert isinstance(value, str)
            part = part.replace(tag, value)
        found.append(part)
    return found[0], found[1], found[2]


@settings(max_examples=60, deadline=None)
@given(YOUS, NAMES, st.lists(st.sampled_from(ALL), min_size=1, max_size=6, unique=True), st.integers(0, 4))
@example(MONTH, "Noor", ALL, 3)
@example(You(near=(Neighbour("\\", 1, 1), Neighbour('"},{"', 1, 1))), '"', ALL, 1)
def test_a_call_filled_in_says_what_her_own_mail_says(you: You, name: str, stories: list[int], n: int) -> None:
    to = replace(NOOR, name=name, networks=NOOR.networks[:n])
    try:
        values = GROUPED.substitutions(to, you, stories)
    except Alone:
        said = [name, *(each.name for each in you.near), *(each.title for each in you.unsaid)]
        assert any("-gw." in each for each in said)
        return
    assert len(values) <= grouped.LIMIT
    subject, text, page = filled(GROUPED.template(stories, GROUPED.slots(to)), values)
    assert page == ENGLISH.html(to, you, stories)
    assert text == ENGLISH.text(to, you, stories)
    assert subject == ENGLISH.greeting(to, stories).subject


@settings(max_examples=20, deadline=None)
@given(YOUS, NAMES)
def test_a_digest_alone_needs_no_filling(you: You, name: str) -> None:
    to = replace(NOOR, name=name)
    found = GROUPED.alone(to, you, ALL)
    subject, text, page = found.plain()
    assert grouped.call([], found.chunks(), {}) == grouped.call([], found.content(), {})
    assert (page, text) == (ENGLISH.html(to, you, ALL), ENGLISH.text(to, you, ALL))
    assert subject == ENGLISH.greeting(to, ALL).subject


@pytest.mark.parametrize("language", ["en", "it", "sl"])
def test_all_networks_and_languages_share_one_template(language: str) -> None:
    compiled = digest.compile(EDITION, language)
    of_many = GroupedDigest(compiled)
    template = of_many.template(ALL, 2)
    for pair in (("linkedin", "x"), ("email", "copy"), ("mastodon", "xing")):
        to = replace(reader(language), networks=pair)
        assert of_many.slots(to) == 2
        assert filled(template, of_many.substitutions(to, MONTH, ALL))[2] == compiled.html(to, MONTH, ALL)


def test_what_a_button_says_needs_no_escaping_so_that_text_and_html_may_share_it() -> None:
    for slug in NETWORKS:
        for language in ("en", "it", "sl"):
            for said in button(slug, language).values():
                assert escape(said) == said == wrap(said)


def test_the_template_holds_nothing_of_a_person_and_her_values_no_address() -> None:
    template = b"".join((GROUPED.template(ALL, 3).content(), GROUPED.template([11], 0).content()))
    for own in (PASSES.share, PASSES.me, PASSES.unsubscribe, "Noor"):
        assert own.encode() not in template
    values = GROUPED.substitutions(NOOR, MONTH, ALL)
    assert NOOR.address.encode() not in values and PASSES.claim.encode() not in values


def test_a_story_that_spells_a_tag_is_not_filled() -> None:
    stories = (replace(EDITION.stories[0], title="-gw.me- and -gw\u200e.share-"), *EDITION.stories[1:])
    compiled = digest.compile(replace(EDITION, stories=stories), "en")
    of_many = GroupedDigest(compiled)
    page = filled(of_many.template(ALL, 3), of_many.substitutions(NOOR, MONTH, ALL))[2]
    assert page == compiled.html(NOOR, MONTH, ALL) and "-gw.me- and -gw.share-" in page


@pytest.mark.parametrize("name", ["-gw.me-", "-g\u200ew.share-", "Noor-gw.x"])
def test_who_is_called_like_a_tag_gets_a_call_of_her_own(name: str) -> None:
    with pytest.raises(Alone):
        GROUPED.substitutions(replace(NOOR, name=name), MONTH, ALL)
    with pytest.raises(Alone):
        GROUPED.substitutions(NOOR, replace(MONTH, near=(Neighbour(name, 3, 1),)), ALL)


def test_values_too_long_for_a_call_are_refused() -> None:
    near = tuple(Neighbour("<" * 700, 3, n) for n in range(1, 6))
    with pytest.raises(Alone, match="too long"):
        GROUPED.substitutions(NOOR, replace(MONTH, near=near), ALL)


def test_the_largest_usual_month_leaves_room() -> None:
    near = tuple(Neighbour("Wilhelmina Papadopoulou", 12345, 12345 + n, n == 2) for n in range(5))
    assert len(GROUPED.substitutions(NOOR, replace(MONTH, near=near), ALL)) < 8000


def test_a_call_is_one_json_document() -> None:
    people = [b'{"to":[{"email":"a@lipa.example"}],"substitutions":%b}' % GROUPED.substitutions(NOOR, MONTH, ALL)] * 2
    body = grouped.call(people, GROUPED.template(ALL, 3).content(), {"from": {"email": "digest@good.example"}})
    found = json.loads(body)
    assert [list(each) for each in found["personalizations"]] == [["to", "substitutions"]] * 2
    assert found["from"] == {"email": "digest@good.example"}
    assert [part["type"] for part in found["content"]] == ["text/plain", "text/html"]
    assert found["content"][1]["value"] == GROUPED.template(ALL, 3).plain()[2]


def test_the_template_of_a_story_that_is_not_in_the_edition_is_refused() -> None:
    with pytest.raises(KeyError):
        GROUPED.template([99], 1)


def test_names_are_called_as_in_the_mail() -> None:
    to: Recipient = replace(NOOR, name="Haddad, Noor")
    assert b'"Noor, six good reads for you this week"' in GROUPED.substitutions(to, MONTH, ALL)


@given(st.dictionaries(NAMES, NAMES, max_size=3))
def test_strings_are_what_json_says(found: dict[str, str]) -> None:
    found = {render.line(key): render.line(value) for key, value in found.items()}
    assert json.loads(grouped.strings(found)) == found


def test_fields_made_once_serve_many_calls() -> None:
    rest = {"categories": ["digest"], "asm": {"group_id": 3}}
    assert grouped.call([b"{}"], b'"a":1', rest) == grouped.call([b"{}"], b'"a":1', grouped.fields(rest))
    assert json.loads(grouped.call([b"{}"], b'"a":1', rest)) == {"personalizations": [{}], "a": 1, **rest}
