"""Tests of emails.pieces. In: templates and hostile text. Out: the laws that let encoded pieces be joined."""

from __future__ import annotations

import json
import quopri

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from emails import pieces
from emails.pieces import Section, Slot

TEXT = st.text(st.characters(codec="utf-8"), max_size=120)
LETTERS = st.text(st.sampled_from('a é=.\t\n "😀From'), max_size=200)


def lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def test_a_template_is_a_tree_of_texts_slots_and_sections() -> None:
    assert pieces.parse("a[[b]]c[[#d]]e[[f]][[/d]]") == ("a", Slot("b"), "c", Section("d", ("e", Slot("f"))))


def test_a_section_sign_alone_on_its_line_takes_the_line_along() -> None:
    tree = pieces.parse("one\n[[#more]]\ntwo\n[[/more]]\nthree\n")
    assert pieces.flat(pieces.fill(tree, {"more": True})) == "one\ntwo\nthree\n"
    assert pieces.flat(pieces.fill(tree, {"more": False})) == "one\nthree\n"


@pytest.mark.parametrize("broken", ["[[#a]]", "[[/a]]", "[[#a]][[#b]][[/a]][[/b]]"])
def test_a_section_that_is_not_closed_is_refused(broken: str) -> None:
    with pytest.raises(pieces.BrokenTemplate):
        pieces.parse(broken)


def test_what_is_known_is_filled_and_the_rest_stays_open() -> None:
    tree = pieces.fill(pieces.parse("[[a]] [[b]] [[#c]][[d]][[/c]]"), {"a": "1", "d": "4"})
    assert tree == ("1", " ", Slot("b"), " ", Section("c", ("4",)))
    with pytest.raises(KeyError, match="b"):
        pieces.flat(tree)


def test_sections_repeat_for_each_mapping_and_see_the_outer_values() -> None:
    tree = pieces.parse("[[#row]][[x]][[y]];[[/row]]")
    assert pieces.flat(pieces.fill(tree, {"row": [{"x": "1"}, {"x": "2"}], "y": "!"})) == "1!;2!;"


def test_strings_are_escaped_and_pieces_are_not() -> None:
    tree = pieces.fill(pieces.parse("[[a]][[b]]"), {"a": "<", "b": ("<b>",)}, lambda s: s.replace("<", "&lt;"))
    assert pieces.flat(tree) == "&lt;<b>"


def test_values_that_look_like_slots_stay_words() -> None:
    assert pieces.flat(pieces.fill(pieces.parse("[[a]]"), {"a": "[[b]]", "b": "no"})) == "[[b]]"


def test_an_encoded_piece_joins_values_in_order() -> None:
    found = pieces.encode(pieces.parse("<[[a]]|[[b]]|[[a]]>"), pieces.raw)
    assert found.join({"a": b"1", "b": b"2"}) == b"<1|2|1>"
    with pytest.raises(KeyError):
        found.join({"a": b"1"})


@given(TEXT, TEXT)
def test_json_pieces_join_to_one_json_string(a: str, b: str) -> None:
    assert json.loads(b'"' + pieces.in_json(a) + pieces.in_json(b) + b'"') == a + b


@given(st.one_of(TEXT, LETTERS), st.one_of(TEXT, LETTERS))
@example("x" * 76, "y")
@example("x" * 75 + " \n", "y")
@example("a \n.\n", ".")
def test_quoted_printable_pieces_join_and_their_lines_stay_short(a: str, b: str) -> None:
    encoded = pieces.quoted_printable(a) + pieces.quoted_printable(b)
    # Line ends are the one thing that quoted-printable text does not keep as it was.
    assert quopri.decodestring(encoded) == (lines(a) + lines(b)).replace("\n", "\r\n").encode()
    assert max(len(line) for line in encoded.split(b"\r\n")) <= 76
    assert encoded.replace(b"\r\n", b"").count(b"\n") == 0
