from hypothesis import given
from hypothesis import strategies as st

from emails.networks import NETWORKS, length, room_for_words
from emails.posts import additions, fitted, post

LINK = "https://good.example/r/AbCdEfGhJk"
limited = st.sampled_from([slug for slug, network in NETWORKS.items() if network.limit])
tags = st.lists(st.sampled_from(["#A", "#Bcd", "#ToBeAPartner", "#" + "Long" * 12]), max_size=5)
disclosures = st.sampled_from(["", "#ad", "I work at Fjord & Sons", "d" * 80])


def test_hashtags_come_once_and_the_disclosure_on_a_line_of_its_own() -> None:
    assert post("Come in. #tobeapartner!", "x", ["#ToBeAPartner", "#OpenHouse"]) == "Come in. #tobeapartner! #OpenHouse"
    assert post("(#A)", "x", ["#a", "#B", "#b"]) == "(#A) #B"
    assert post("Come in.", "x", ["#A"], "I work at Fjord", LINK) == "Come in. #A\nI work at Fjord"
    assert post("Come in.", "x", (), "#ad") == "Come in. #ad"


def test_a_disclosure_that_she_wrote_herself_is_not_repeated() -> None:
    assert post("I WORK  at Fjord, and I like it.", "x", (), "I work at Fjord") == "I WORK  at Fjord, and I like it."
    assert post("A #advert", "x", (), "#ad") == "A #advert #ad"


def test_a_cut_falls_between_words_ends_in_an_ellipsis_and_spares_hashtag_and_disclosure() -> None:
    found = fitted("word " * 80, "x", ["#Open"], "#ad", LINK)
    assert found.endswith("word… #Open #ad")
    assert length(found, "x") <= 256
    assert fitted("short", "x", ["#Open"], "", LINK) == "short #Open"


@given(st.text(max_size=700), limited, tags, disclosures)
def test_what_is_given_ready_always_fits_and_discloses(words: str, slug: str, hashtags: list[str], said: str) -> None:
    room = room_for_words(slug, LINK)
    assert room is not None
    found = fitted(words, slug, hashtags, said, LINK)
    assert length(found, slug) <= room
    assert said in found
    assert additions(found, slug, (), said, LINK) == ()


@given(st.text(max_size=300), limited, tags, disclosures)
def test_a_post_made_again_stays_as_it_is(words: str, slug: str, hashtags: list[str], said: str) -> None:
    once = post(words, slug, hashtags, said, LINK)
    assert once.startswith(words.strip())
    assert post(once, slug, hashtags, said, LINK) == once


@given(tags, disclosures, limited)
def test_what_is_added_leaves_half_the_room_to_her(hashtags: list[str], said: str, slug: str) -> None:
    room, added = room_for_words(slug, LINK) or 0, "".join(additions("", slug, hashtags, said, LINK))
    assert 2 * length(added, slug) <= room or added.strip() == said
