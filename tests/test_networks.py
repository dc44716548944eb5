from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emails import networks
from emails.networks import NETWORKS, composer_url, instance_host, length, room_for_words, share_text

LINK = "https://good.example/r/AbCdEfGhJk"
WORDS = 'Why we open our doors & what it is like: "come in" #ToBeAPartner 100% +1'


@pytest.mark.parametrize("slug", [s for s in NETWORKS if s != "copy"])
def test_every_composer_gets_the_link_and_where_it_listens_the_words_unharmed(slug: str) -> None:
    url = composer_url(slug, LINK, WORDS, "Open house", "mastodon.social")
    values = " ".join(v for vs in parse_qs(urlsplit(url).query).values() for v in vs).replace("\r\n", "\n")
    assert LINK in values
    assert (WORDS in values) == NETWORKS[slug].prefills


@pytest.mark.parametrize(
    ("slug", "start"),
    [
        ("linkedin", "https://www.linkedin.com/sharing/share-offsite/?url="),
        ("x", "https://x.com/intent/post?text="),
        ("facebook", "https://www.facebook.com/sharer/sharer.php?u="),
        ("whatsapp", "https://wa.me/?text="),
        ("telegram", "https://t.me/share/url?url="),
        ("threads", "https://www.threads.net/intent/post?text="),
        ("bluesky", "https://bsky.app/intent/compose?text="),
        ("mastodon", "https://mastodon.social/share?text="),
        ("reddit", "https://www.reddit.com/submit?url="),
        ("xing", "https://www.xing.com/spi/shares/new?url="),
        ("email", "mailto:?subject="),
        ("copy", LINK),
    ],
)
def test_each_network_has_its_own_composer(slug: str, start: str) -> None:
    assert composer_url(slug, LINK, WORDS, "Open house", "mastodon.social").startswith(start)


def test_mastodon_without_an_instance_is_refused() -> None:
    with pytest.raises(ValueError, match="instance"):
        composer_url("mastodon", LINK, WORDS, "")


@pytest.mark.parametrize(
    ("typed", "host"),
    [
        ("mastodon.social", "mastodon.social"),
        ("  https://Mastodon.Social/@noor ", "mastodon.social"),
        ("@noor@fosstodon.org", "fosstodon.org"),
        ("http://user@evil.example@social.example/x", "social.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("localhost", None),
        ("127.0.0.1", None),
        ("social.example:8443", None),
        ("", None),
        ("a b.example", None),
        ("evil.example\\@x.example", "x.example"),
        ("evil.example#.social", None),
        ("-x.example", None),
    ],
)
def test_an_instance_is_understood_however_it_is_typed(typed: str, host: str | None) -> None:
    assert instance_host(typed) == host


def test_the_networks_own_words_win_within_a_language_and_languages_come_in_order() -> None:
    texts = {("", "en"): "all, English", ("x", "en"): "X, English", ("", "it"): "tutti"}
    assert share_text(texts, "x", ["it", "en"], "T") == "tutti"
    assert share_text(texts, "x", ["en", "it"], "T") == "X, English"
    assert share_text(texts, "bluesky", ["sl", "en"], "T") == "all, English"
    assert share_text({}, "x", ["en"], "The title") == "The title"


def test_hashtags_come_once_and_only_where_they_fit() -> None:
    texts = {("", "en"): "Come in. #tobeapartner!"}
    assert share_text(texts, "x", ["en"], "", ["#ToBeAPartner", "#OpenHouse"]) == "Come in. #tobeapartner! #OpenHouse"
    long = {("", "en"): "a " * 126 + "b"}
    assert share_text(long, "x", ["en"], "", ["#Longer"], LINK) == ("a " * 126 + "b")


@given(
    st.text(max_size=700),
    st.sampled_from([s for s, n in NETWORKS.items() if n.limit]),
    st.lists(st.sampled_from(["#A", "#Bcd"])),
)
def test_words_with_hashtags_and_link_always_fit(words: str, slug: str, tags: list[str]) -> None:
    room = room_for_words(slug, LINK)
    assert room is not None
    assert length(share_text({("", "en"): words}, slug, ["en"], "Title", tags, LINK), slug) <= room


def test_a_cut_falls_between_words_and_ends_in_an_ellipsis() -> None:
    cut = share_text({("", "en"): "word " * 80}, "x", ["en"], "", (), LINK)
    assert cut.endswith("word…")
    assert length(cut, "x") <= 256


def test_emoji_and_chinese_count_two_for_x() -> None:
    assert length("ab 你🎉", "x") == 7
    assert length("🎉", "threads") == 4


def test_every_network_names_its_source_and_a_sign() -> None:
    for slug, network in NETWORKS.items():
        assert network.slug == slug
        assert network.source
        assert 1 <= len(network.sign) <= 2
    assert networks.NETWORKS["linkedin"].prefills is False
