import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emails.blocked import held, holds, parts

LIST = {"guaranteed returns": "Nobody may promise that.", "C++": "A joke of ours.", "100 %": "Say what was measured."}


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("With guaranteed returns!", "guaranteed returns"),
        ("GUARANTEED\u00a0\u00a0\nReturns", "guaranteed returns"),
        ("guaranteed-returns", "guaranteed returns"),
        ("#GuaranteedReturns", "guaranteed returns"),
        ("ｇｕａｒａｎｔｅｅｄ　ｒｅｔｕｒｎｓ", "guaranteed returns"),
        ("guar\u200banteed re\u00adturns", "guaranteed returns"),
        ("Rendite garantié", "garantie"),
        ("garantie", "GARANTIÉ"),
        ("(free)", "free"),
        ("risk free", "risk-free"),
        ("我们保证回报很高", "保证回报"),
        ("We like C++.", "C++"),
        ("It is 100% true", "100 %"),
        ("bad ad", "ad"),
        ("an #ad", "#ad"),
    ],
)
def test_a_phrase_is_found_however_it_is_written(text: str, phrase: str) -> None:
    assert holds(text, phrase)


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("unguaranteed returns", "guaranteed returns"),
        ("guaranteed returnsx", "guaranteed returns"),
        ("guaranteed. Returns are due", "guaranteed returns"),
        ("bad", "ad"),
        ("we adapt", "ad"),
        ("100 people", "100 %"),
        ("a la carte", "ala"),
        ("anything", ""),
        ("any - thing", " - "),
        ("#advert", "#ad"),
    ],
)
def test_a_part_of_a_word_or_two_sentences_are_no_phrase(text: str, phrase: str) -> None:
    assert not holds(text, phrase)


def test_what_is_held_comes_with_its_reason_in_the_lists_order() -> None:
    found = held("C++ brings Guaranteed Returns", LIST)
    assert list(found.items()) == [("guaranteed returns", "Nobody may promise that."), ("C++", "A joke of ours.")]
    assert held("Nothing of the kind", LIST) == {}
    assert held("anything", {}) == {}


words = st.lists(st.text("abcdefgéžłß", min_size=1, max_size=6), min_size=1, max_size=4)


@given(words, words, words, st.sampled_from([" ", "  ", "\n", "\u00a0", "-", " - ", "\u3000"]))
def test_case_accents_width_and_spacing_never_hide_a_phrase(
    before: list[str], phrase: list[str], after: list[str], gap: str
) -> None:
    text = f"{' '.join(before)}, {gap.join(phrase)}: {' '.join(after)}"
    wanted = " ".join(phrase)
    stripped = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    wide = "".join(chr(ord(c) + 0xFEE0) if "a" <= c <= "z" else c for c in text)
    for written in (text, text.upper(), stripped, wide, unicodedata.normalize("NFD", text)):
        assert holds(written, wanted), written


@given(words, st.text("qxy", min_size=1, max_size=3))
def test_a_phrase_inside_longer_words_is_not_found(phrase: list[str], more: str) -> None:
    inside = f"x{more}{' '.join(phrase)}{more}x"
    assert not holds(inside, " ".join(phrase))


@given(st.text(max_size=120), st.text(max_size=20))
def test_any_text_is_searched_and_holds_itself_where_anything_can_be_looked_for(text: str, phrase: str) -> None:
    holds(text, phrase)
    assert holds(phrase, phrase) == bool(parts(phrase))
