"""Short links. In: addresses and templates of all kinds. Out: targets that keep what was theirs and break nothing."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from service import campaigns, links, programmes
from service.models import Campaign, Story
from service.models.content import Afterwards
from service.parameters import WrongTemplate, parameters
from service.validation import Invalid
from tests import noor as world

UTM = "utm_source={network}&utm_medium=advocacy&utm_campaign={campaign}"

words = st.text(min_size=1, max_size=12)
names = st.text("abcXYZ019_.-", min_size=1, max_size=8)
hosts = st.sampled_from(
    [
        "fjord.example",
        "fjord.example:8443",
        "[2001:db8::1]:8080",
        "bücher.example",
        "例え.テスト",
        "i❤.example",
        "faß.de",
    ]
)
queries = st.lists(st.tuples(names, words | st.just("")), max_size=4)


@st.composite
def urls(draw: st.DrawFn) -> str:
    path = "/".join(draw(st.lists(words, max_size=3)))
    query = "&".join(f"{k}={quote(v)}" for k, v in draw(queries))
    fragment = draw(st.just("") | words.map(lambda w: "#" + w))
    path = path.replace("?", "").replace("#", "")
    return f"https://{draw(hosts)}/{path}{'?' + query if query else ''}{fragment}"


@given(url=urls(), values=st.dictionaries(names, words, max_size=4))
def test_a_target_keeps_query_path_and_fragment_and_its_own_values_win(url: str, values: dict[str, str]) -> None:
    made = links.with_parameters(url, values)
    was, now = urlsplit(links.plain_ascii(url)), urlsplit(made)
    assert (now.scheme, now.netloc, now.path, now.fragment) == (was.scheme, was.netloc, was.path, was.fragment)
    own, whole = parse_qsl(was.query, keep_blank_values=True), parse_qsl(now.query, keep_blank_values=True)
    assert whole[: len(own)] == own
    assert whole[len(own) :] == [(k, v) for k, v in values.items() if k not in dict(own)]


@given(st.text())
def test_a_target_can_always_stand_in_a_header(text: str) -> None:
    made = links.with_parameters(text, {"a": "\r\nSet-Cookie: x", "ü": text})
    assert made.isascii() and made.isprintable() and " " not in made


@given(url=urls(), values=st.dictionaries(names, words, max_size=4))
def test_parameters_that_are_there_are_not_added_again(url: str, values: dict[str, str]) -> None:
    once = links.with_parameters(url, values)
    assert links.with_parameters(once, values) == once


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://fjord.example", "https://fjord.example?a=1"),
        ("https://fjord.example/?", "https://fjord.example/?a=1"),
        ("https://fjord.example/?x=1&", "https://fjord.example/?x=1&a=1"),
        ("https://fjord.example/#/route?x=1", "https://fjord.example/?a=1#/route?x=1"),
        ("https://fjord.example/?a=mine", "https://fjord.example/?a=mine"),
        ("https://fjord.example/?%61=mine", "https://fjord.example/?%61=mine"),
        ("https://fjord.example/?a", "https://fjord.example/?a"),
        ("https://fjord.example/?x=%E9&y=1;2", "https://fjord.example/?x=%E9&y=1;2&a=1"),
        ("https://fjord.example/100%/x y", "https://fjord.example/100%/x%20y?a=1"),
        ("https://fjord.example/?to=https://x.example/?b=1", "https://fjord.example/?to=https://x.example/?b=1&a=1"),
        ("https://Bücher.example/ä?ö=ü#é", "https://xn--bcher-kva.example/%C3%A4?%C3%B6=%C3%BC&a=1#%C3%A9"),
        ("https://faß.de/", "https://xn--fa-hia.de/?a=1"),
        ("https://bücher.example:8443/", "https://xn--bcher-kva.example:8443/?a=1"),
    ],
)
def test_odd_addresses_lead_where_they_say(url: str, expected: str) -> None:
    assert links.with_parameters(url, {"a": "1"}) == expected


def _story(url: str = "https://fjord.example/doors", **more: object) -> Story:
    return Story(id=7, url=url, language="it", **{"status": "approved", "afterwards": "leads", **more})


def test_a_template_says_network_campaign_story_and_language() -> None:
    way = links.way(_story(), None, "x", "from={network}-{campaign}&s={story}&l={language}&m=employee advocacy")
    assert way.to() == "https://fjord.example/doors?from=x-goodword&s=7&l=it&m=employee%20advocacy"


def test_a_campaigns_own_template_comes_first() -> None:
    campaign = Campaign(slug="open-house", link_parameters="c={campaign}")
    assert links.way(_story(), campaign, "x", UTM).to() == "https://fjord.example/doors?c=open-house"
    campaign.link_parameters = None
    assert links.way(_story(), campaign, "x", UTM).to().endswith("utm_campaign=open-house")


def test_a_click_takes_its_own_id_along_before_the_fragment() -> None:
    way = links.way(_story("https://fjord.example/doors?a=1#top"), None, "x", "", "gw_click")
    assert way.to("abc") == "https://fjord.example/doors?a=1&gw_click=abc#top"
    ids = {way.to() for _ in range(20)}
    assert len(ids) == 20 and all(len(urlsplit(to).query) == len("a=1&gw_click=") + 16 for to in ids)


def test_an_address_that_has_such_a_parameter_keeps_its_own() -> None:
    way = links.way(_story("https://fjord.example/?gw_click=mine"), None, "x", UTM, "gw_click")
    assert not way.click and "gw_click=mine" in way.to("abc") and "abc" not in way.to("abc")


@pytest.mark.parametrize(
    ("status", "afterwards", "page"),
    [
        ("approved", Afterwards.ENDS, ""),
        ("draft", Afterwards.ENDS, ""),
        ("archived", Afterwards.LEADS, ""),
        ("archived", Afterwards.EXPLAINS, "explains"),
        ("archived", Afterwards.ENDS, "ends"),
    ],
)
def test_only_an_archived_story_shows_a_page_and_only_if_told_to(status: str, afterwards: str, page: str) -> None:
    assert links.way(_story(status=status, afterwards=afterwards), None, "x", UTM).page == page


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("utm_source", "name=value"),
        ("utm_source=", "name=value"),
        ("utm source=x", "name=value"),
        ("a={name}", "Only"),
        ("a={network", "Only"),
        ("a={network.__class__}", "Only"),
        ("a={0}", "Only"),
        ("a=1&a=2", "twice"),
        ("a=%20", "plainly"),
        ("a=x#y", "plainly"),
        ("a=x\ny", "plainly"),
        ("&".join(f"p{n}=1" for n in range(13)), "at most"),
        ("a=" + "x" * 500, "characters"),
    ],
)
def test_a_template_that_cannot_stand_is_refused_with_the_reason(template: str, why: str) -> None:
    with pytest.raises(WrongTemplate, match=why):
        parameters(template)


@given(st.text(max_size=60))
def test_a_template_is_refused_or_can_be_filled_in(template: str) -> None:
    try:
        parameters(template)
    except WrongTemplate:
        return
    made = links.way(_story(), None, "x", template).to()
    assert made.startswith("https://fjord.example/doors") and made.isascii() and made.isprintable()


def test_the_programme_and_a_campaign_take_templates_and_refuse_wrong_ones(app: Flask) -> None:
    noor = world.begin()
    assert noor
    programmes.change(link_parameters="?src={network}", click_parameter="gw_click")
    story = world.story()
    to = links.way_to(story, "x").to("id")
    assert to == "https://fjord.example/doors?ref=home&src=x&gw_click=id#top"
    assert story.campaign is not None
    campaigns.edit(story.campaign, link_parameters="c={campaign}")
    assert links.way_to(story, "x").to("id").startswith("https://fjord.example/doors?ref=home&c=open-house&gw_")
    campaigns.edit(story.campaign, link_parameters="")
    programmes.change(link_parameters="", click_parameter="")
    assert links.way_to(story, "x").to("id") == "https://fjord.example/doors?ref=home#top"
    with pytest.raises(Invalid, match="Only"):
        programmes.change(link_parameters="who={name}")
    with pytest.raises(Invalid, match="short name"):
        programmes.change(click_parameter="gw click")
    with pytest.raises(Invalid, match="twice"):
        campaigns.edit(story.campaign, link_parameters="a=1&a=2")
