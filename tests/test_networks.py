from urllib.parse import parse_qs, urlsplit

import pytest

from emails import networks
from emails.networks import NETWORKS, composer_url, instance_host, length

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


def test_emoji_and_chinese_count_two_for_x() -> None:
    assert length("ab 你🎉", "x") == 7
    assert length("🎉", "threads") == 4


def test_every_network_names_its_source_and_a_sign() -> None:
    for slug, network in NETWORKS.items():
        assert network.slug == slug
        assert network.source
        assert 1 <= len(network.sign) <= 2
    assert networks.NETWORKS["linkedin"].prefills is False
