import pytest
from hypothesis import given
from hypothesis import strategies as st

from emails.folding import fold
from emails.suggestions import Text, are_own, rotated, same, tiers

SUGGESTED = "We opened our doors to two hundred guests. Here is what they asked us, and what we learned from it."
OTHER = "Two hundred guests, one question: what does it take to become a partner?"
KNOWN = [SUGGESTED, OTHER, "Why we open our doors"]

ids = st.sets(st.integers(1, 50), min_size=1, max_size=6)


@given(ids, st.lists(st.integers(1, 40), max_size=120), st.integers(1, 99))
def test_colleagues_who_take_what_is_offered_first_keep_the_uses_within_one(
    texts: set[int], people: list[int], story: int
) -> None:
    uses = dict.fromkeys(texts, 0)
    for person in people:
        uses[rotated(uses, f"subject {person}", story)[0]] += 1
        assert max(uses.values()) - min(uses.values()) <= 1


@given(st.dictionaries(st.integers(1, 50), st.integers(0, 9)), st.text(), st.integers())
def test_all_are_offered_the_least_used_first_and_always_in_the_same_order(
    uses: dict[int, int], subject: str, story: int
) -> None:
    order = rotated(uses, subject, story)
    assert sorted(order) == sorted(uses)
    assert [uses[text] for text in order] == sorted(uses.values())
    assert order == rotated(dict(reversed(uses.items())), subject, story)


def test_colleagues_who_look_at_the_same_moment_are_offered_different_ones() -> None:
    firsts = [rotated({1: 0, 2: 0, 3: 0}, f"subject {n}", 7)[0] for n in range(300)]
    assert all(70 <= firsts.count(text) <= 130 for text in (1, 2, 3))


def test_languages_count_before_networks_and_a_networks_own_words_before_those_for_all() -> None:
    texts = [
        Text(1, "", "en", "all"), Text(2, "x", "en", "X"), Text(3, "", "it", "tutti"), Text(4, "x", "en", "X too"),
        Text(5, "linkedin", "it", "LinkedIn"),
    ]  # fmt: skip
    found = tiers(texts, "x", ["it", "en", "it"])
    assert [[text.id for text in group] for group in found] == [[3], [2, 4], [1]]
    assert tiers(texts, "x", ["sl"]) == ()


@pytest.mark.parametrize(
    "edited",
    [
        SUGGESTED,
        f"  {SUGGESTED.upper()}\n\n",
        SUGGESTED.replace(". ", " — ") + " 🎉🎉🎉 !!!",
        f"{SUGGESTED} #OpenHouse #ToBeAPartner #WeAreHiringNow @fjord https://fjord.example/a/long/way",
        SUGGESTED.replace("guests", "visitors"),
        SUGGESTED.replace("doors", "gates").replace("asked", "wanted"),
        "We opened our doors to two hundred guests.",
        " ".join(reversed(SUGGESTED.split())),
        OTHER,
        f"{SUGGESTED} {OTHER}",
        f"{OTHER} Why we open our doors. Wow!",
        "Nice one",
        "so so so so so",
        "🎉",
        "#Wow #Such #Words",
        "",
    ],
)
def test_a_suggestion_a_trivial_edit_of_it_or_two_joined_are_not_own_words(edited: str) -> None:
    assert not are_own(edited, KNOWN)


@pytest.mark.parametrize(
    "words",
    [
        "I was there.",
        f"Proud of my colleagues for this evening! {SUGGESTED}",
        "We opened our doors, and I spent the evening explaining what a partner does all day. I would do it again.",
        "Sono stata lì: duecento persone e una domanda.",
        "我昨天也在那里。",
    ],
)
def test_what_she_adds_herself_makes_them_hers(words: str) -> None:
    assert are_own(words, KNOWN)


def test_three_words_more_do_not_make_a_long_text_hers() -> None:
    long = " ".join(f"word{n}" for n in range(60))
    assert not are_own(f"{long} yes very nice", [long])
    assert are_own(f"{long} yes this is so very nice of them", [long])


@given(st.text(max_size=200), st.lists(st.text(max_size=80), max_size=4), st.text(max_size=80))
def test_knowing_more_texts_never_makes_words_more_her_own(words: str, known: list[str], one_more: str) -> None:
    assert are_own(words, known) or not are_own(words, [*known, one_more])


@given(
    st.text(max_size=200), st.sampled_from(["", " ", "\n\n", " 🎉", "!!!", " #Tag", " @her", " https://a.example/b"])
)
def test_nothing_that_is_no_word_makes_a_suggestion_hers(text: str, added: str) -> None:
    assert not are_own(text + added, [text])
    assert same(text, f"  {text}\n")


def test_the_same_words_are_known_by_their_words() -> None:
    assert same("Two hundred GUESTS — one question! #Open", "Two hundred guests, one question.")
    assert not same("Two hundred guests", "Two hundred guests, one question.")
    assert same("🎉", "🎉")
    assert not same("🎉", "🎈")


def test_folding_levels_case_accents_width_and_what_nobody_sees() -> None:
    assert fold("\uff32\u00c9SUM\u00c9") == fold("re\u0301su\u00adme\u0301") == "resume"
    assert fold("Straße ŁÓDŹ Đakovo žemljica İstanbul") == "strasse lodz dakovo zemljica istanbul"
