"""Malformed addresses. In: feeds, pages and settings that name what no parser takes. Out: all the rest of them."""

from __future__ import annotations

import pytest
from flask import Flask

from service import feeds, programmes, webpages
from service.validation import Invalid
from tests import week47

ODD = "http://[x"


def feed(item: str, home: str = "https://a.example") -> bytes:
    good = "<item><guid>2</guid><title>Good</title><link>https://a.example/2</link></item>"
    return f"<rss version='2.0'><channel><title>F</title><link>{home}</link>{item}{good}</channel></rss>".encode()


@pytest.mark.parametrize(
    "item",
    [
        f"<item><guid>{ODD}</guid><title>A</title><link>https://a.example/1</link></item>",
        f"<item><guid>1</guid><title>A</title><link>{ODD}</link></item>",
        f"<item><guid>1</guid><title>A</title><link>/1</link><enclosure url='{ODD}' type='image/png'/></item>",
        f"<item><guid>1</guid><title>A</title><link>/1</link><description>&lt;img src='{ODD}'&gt;</description></item>",
    ],
)
def test_one_post_of_a_malformed_address_costs_no_other_post(item: str) -> None:
    found = feeds.parse(feed(item))
    assert [(post.url, post.guid) for post in found.posts][-1] == ("https://a.example/2", "a.example#2")
    assert all(post.url != ODD and post.picture is None for post in found.posts)


def test_a_feed_whose_own_address_is_malformed_is_read_all_the_same() -> None:
    assert [post.url for post in feeds.parse(feed("", ODD)).posts] == ["https://a.example/2"]


@pytest.mark.parametrize(
    "named",
    [
        f"<link rel=canonical href='{ODD}'>",
        f"<meta property=og:url content='{ODD}'><meta property=og:image content='{ODD}'>",
        f"<img src='{ODD}'>",
        f"<base href='{ODD}'><link rel=canonical href='/b'>",
    ],
)
def test_a_page_that_names_malformed_addresses_is_read_without_them(named: str) -> None:
    page = webpages.parse(f"<title>A page</title>{named}".encode(), "https://a.example/b")
    assert (page.url, page.title, page.pictures) == ("https://a.example/b", "A page", ())


def test_a_malformed_address_of_the_policy_is_refused_by_its_field(app: Flask) -> None:
    week47.programme()
    with pytest.raises(Invalid) as refusal:
        programmes.change(policy_url=ODD)
    assert refusal.value.errors.keys() == {"policy_url"}
