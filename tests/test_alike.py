"""What a page says of itself, which addresses and titles are the same, and which topics words propose: pure rules."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.alike import ALIKE, address_key, alike, clean_address, likeness
from scoring.proposals import MOST, Text, propose
from service.webpages import decoded, parse

TITLES = st.text(alphabet="abcdefghij klmnop-é", max_size=60)


@pytest.mark.parametrize(
    "other",
    [
        "http://www.example.com:80/a/?b=2&a=1&utm_source=mail#top",
        "https://EXAMPLE.com/a/index.html?a=1&fbclid=x&b=2",
        "https://example.com./a?a=1&b=2&mc_cid=7&GCLID=1",
    ],
)
def test_addresses_of_one_page_have_one_key(other: str) -> None:
    assert address_key(other) == address_key("https://example.com/a?a=1&b=2")


@pytest.mark.parametrize(
    "other", ["https://example.com/a?a=2&b=2", "https://example.com/A?a=1&b=2", "ftp://a", "x y", ""]
)
def test_addresses_of_other_pages_have_other_keys_and_what_is_no_address_has_none(other: str) -> None:
    assert address_key(other) != address_key("https://example.com/a?a=1&b=2")
    assert ("://" in other and other.startswith("http")) == bool(address_key(other))


def test_tracking_goes_from_an_address_and_what_names_the_page_stays() -> None:
    assert clean_address("https://a.example/p?id=7&utm_medium=x&page=2#c") == "https://a.example/p?id=7&page=2"
    assert clean_address("https://a.example/p?q=a+b%2Fc") == "https://a.example/p?q=a+b%2Fc"
    assert len(address_key("https://a.example/" + "x" * 5000)) <= 500


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Ten roofs, one summer", "Ten roofs, one summer | Beacon News", True),
        ("A guide to better plain language", "Better plain language: a guide", True),
        ("How we cut energy use in our offices", "How we cut energy use in offices by 20%", True),
        ("Café opens in Nova Gorica", "CAFE OPENS IN NOVA GORICA", True),
        ("What we learned about hiring in 2026", "What we learned about pricing in 2026", False),
        ("Open house in Maribor", "Open house in Ljubljana", False),
        ("News", "News of the week from all our offices", False),
        ("", "", False),
    ],
)
def test_titles_of_one_story_are_alike_and_titles_on_one_matter_are_not(one: str, other: str, same: bool) -> None:
    assert (likeness(one, other) >= ALIKE) is same


@given(TITLES, TITLES)
def test_likeness_is_the_same_both_ways_and_whole_only_for_the_same_words(one: str, other: str) -> None:
    found = likeness(one, other)
    assert found == likeness(other, one) and 0 <= found <= 1
    assert likeness(one, one) == (1.0 if any(sign.isalnum() for sign in one) else 0.0)


def test_the_most_alike_come_first() -> None:
    titles = [(1, "Something else altogether"), (2, "Ten roofs in one summer"), (3, "Ten roofs, one summer")]
    assert [id_ for id_, _ in alike("Ten roofs, one summer", titles)] == [3, 2]


KNOWN = [
    (Text("Solar roofs pay off", "Panels on every roof"), [1]), (Text("Roof panels in winter", "Snow on solar"), [1]),
    (Text("Hiring nurses", "Nurses wanted in hospital"), [2]), (Text("Hospital opens", "Nurses welcome"), [2]),
    (Text("Rocket in orbit", "Launch"), [3]), (Text("Launch of a rocket", "to orbit"), [3]),
]  # fmt: skip
TOPICS = {1: ["Energy", "Energia"], 2: ["Health"], 3: ["Space", "Spazio"]}


def test_a_topic_is_proposed_by_its_name_in_any_language_and_by_the_words_of_its_stories() -> None:
    assert propose(Text("Dieci tetti", keywords=("energia", "tetti")), TOPICS, []) == [1]
    assert propose(Text("Ten solar panels", "On one roof"), TOPICS, KNOWN) == [1]
    assert propose(Text("Our health day", keywords=("Space",)), TOPICS, KNOWN) == [3, 2]
    assert propose(Text("Something else", "about nothing known"), TOPICS, KNOWN) == []
    assert propose(Text("", ""), {}, []) == []


@given(st.lists(st.sampled_from(["energy", "health", "space", "roof", "nurses", "orbit", "tax"]), max_size=8))
def test_proposals_are_topics_each_once_and_few(words: list[str]) -> None:
    found = propose(Text(" ".join(words), " ".join(reversed(words)), tuple(words)), TOPICS, KNOWN)
    assert len(found) == len(set(found)) <= MOST and set(found) <= set(TOPICS)


HEAD = """<!doctype html><html lang="it-IT"><head><title>Dieci tetti - Beacon</title>
<meta property="og:title" content="Dieci tetti, un&#39;estate"><meta property="og:site_name" content="Beacon">
<meta name="keywords" content="Energia, tetti , Energia"><meta property="article:section" content="Progetti">
<script type="application/ld+json">{"@graph":[{"@type":"WebSite","name":"x"},{"@type":"NewsArticle","headline":"no",
"datePublished":"2026-11-10T10:00:00+01:00","image":{"url":"/a.png"},"keywords":["sole"]}]}</script>
<script type="application/ld+json">{broken</script><link rel="canonical" href="/roofs?utm_source=x">
</head><body><p>Corto.</p><img src="/icon.svg"><img src="big.jpg" alt="Tetto"></body></html>"""


def test_a_page_is_read_by_what_it_says_of_itself_the_best_source_first() -> None:
    page = parse(HEAD.encode(), "https://www.news.example/it/roofs?utm_source=mail#x")
    assert (page.title, page.site, page.language) == ("Dieci tetti, un'estate", "Beacon", "it")
    assert page.url == page.canonical == "https://www.news.example/roofs"
    assert page.pictures == ("https://www.news.example/a.png", "https://www.news.example/it/big.jpg")
    assert page.published == datetime(2026, 11, 10, 9, tzinfo=UTC)
    assert page.keywords == ("Progetti", "Energia", "tetti", "sole")


def test_a_plain_page_gives_its_title_without_the_sites_name_its_first_paragraph_and_picture() -> None:
    text = "What we learned while we put panels on ten roofs in a single summer, and what it cost."
    html = (
        f"<title>Ten roofs in one summer | Beacon</title><p>Hi</p><p>{text}</p><img src='r.jpg' alt='A roof' width=800>"
    )
    page = parse(html.encode(), "https://beacon.example/news/")
    assert (page.title, page.summary, page.alt) == ("Ten roofs in one summer", text, "A roof")
    assert page.pictures == ("https://beacon.example/news/r.jpg",)
    assert (page.language, page.published, page.site, page.canonical) == (None, None, "beacon.example", "")


def test_a_canonical_address_of_another_site_or_of_the_front_door_is_not_shared() -> None:
    for canonical in ("https://other.example/original", "https://news.example/", "javascript:alert(1)"):
        page = parse(
            f'<title>Hello there</title><link rel=canonical href="{canonical}">'.encode(),
            "https://news.example/a?fbclid=1",
        )
        assert page.url == "https://news.example/a"
    assert parse(b'<link rel=canonical href="https://other.example/o">', "https://n.example/").canonical.startswith(
        "https://other"
    )


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        ("čriček".encode("cp1250"), "windows-1250"),
        (b'<meta charset="windows-1250">' + "čriček".encode("cp1250"), ""),
        (b"\xef\xbb\xbf" + "čriček".encode(), "latin-1"),
        ("čriček".encode(), "no-such-charset"),
        ("čriček".encode(), ""),
    ],
)
def test_letters_come_through_whatever_encoding_the_page_has(body: bytes, charset: str) -> None:
    assert "čriček" in decoded(body, charset)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_as_some_page(body: bytes) -> None:
    page = parse(b"<meta property='og:title' content='" + body, "https://a.example/")
    assert "\n" not in page.title + page.summary
