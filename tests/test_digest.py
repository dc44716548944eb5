"""Tests of emails.digest. In: an edition and its readers. Out: the digest says, in HTML and text, what it should."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emails import digest, month, pieces, render
from emails.card import SUMMARY, card, preview
from emails.digest import CompiledDigest
from emails.pieces import Piece, Section, Slot
from emails.values import Neighbour, Recipient, Unsaid, You
from tests.sample_mails import EDITION, ID, MONTH, NOOR, PASSES, PROGRAMME, STORIES, TUESDAY, reader

ALL = [story.id for story in STORIES]
ENGLISH = digest.compile(EDITION, "en")


class Words(HTMLParser):
    """Collects what a reader sees, every link and every picture."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.links: list[str] = []
        self.pictures: list[dict[str, str | None]] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.hidden += tag in ("style", "title")
        if tag == "a":
            self.links.append(found["href"] or "")
        if tag == "img":
            self.pictures.append(found)

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in ("style", "title")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.seen.append(data)


def read(page: str) -> Words:
    found = Words()
    found.feed(page)
    return found


def said(page: str) -> str:
    return " ".join(" ".join(read(page).seen).split())


def plainly(tree: Piece, values: dict[str, object], escape: Callable[[str], str]) -> str:
    """Render a template in one go, nothing compiled ahead: the reference for what is assembled from pieces."""
    out = ""
    for node in tree:
        if isinstance(node, str):
            out += node
        elif isinstance(node, Slot):
            out += escape(str(values[node.name]))
        elif isinstance(node, Section):
            value = values[node.name]
            rows = value if isinstance(value, list) else [{}] if value else []
            out += "".join(plainly(node.inside, {**values, **row}, escape) for row in rows)
    return out


def preheader(stories: list[int]) -> str:
    found = [story for n in stories for story in STORIES if story.id == n]
    titles = " · ".join(render.line(story.title) for story in found)
    first = str(card(found[0], "en")["summary"])
    return f"{titles} · {first}" if len(titles) < 100 and first else titles


def reference(to: Recipient, you: You, stories: list[int], name: str, escape: Callable[[str], str]) -> str:
    """Return the whole digest from one flat dictionary of values, written without emails.digest's cards and shapes."""
    words, mine = render.words("en"), month.values(you, "en")
    from emails.networks import NETWORKS

    cards = []
    for story in (s for n in stories for s in STORIES if s.id == n):
        row = card(story, "en")
        row["button"] = [
            {
                "slug": slug,
                "sign": NETWORKS[slug].sign,
                "label": NETWORKS[slug].label,
                "share_on": words.gettext("Share on %(network)s") % {"network": NETWORKS[slug].label},
            }
            for slug in to.networks[:3]
        ]
        cards.append(row)
    figures = [n for n in ("points", "weeks", "tickets") if getattr(you, n)]
    values: dict[str, object] = {
        **mine,
        "base": PROGRAMME.base_url,
        "programme": "Lipa Aloud",
        "company": "Lipa & Sons",
        "liaison": "Liam Novak",
        "liaison_email": "liam@lipa.example",
        "answers": False,
        "policy": True,
        "policy_url": PROGRAMME.policy_url,
        "issue": "Week 47",
        "winners": True,
        "winner": [{"who": "Ana K.", "prize": "Weekend for two in Piran"}],
        "share": PASSES.share,
        "me": PASSES.me,
        "unsubscribe": PASSES.unsubscribe,
        "preheader": preheader(stories),
        "sentence": ENGLISH.message(to, you, stories, ID, TUESDAY).subject + ".",
        "card": cards,
        "signed": True,
        "you": True,
        "begin": not figures and not (you.shares or you.visits),
        "figures": bool(figures),
        "figure": [
            {
                "number": mine[f"{n}_number"],
                "unit": mine[f"{n}_unit"],
                "tone": "c" if n == "weeks" else "k",
                "colour": "#c2410c" if n == "weeks" else "#1d2a33",
            }
            for n in figures
        ],
        "badge": you.badge is not None and you.have > 0,
        "done": you.have > 0,
        "left": you.have < you.need,
        "near": bool(you.near),
        "neighbour": [
            {
                "place": mine[f"place_{n}"],
                "who": mine[f"who_{n}"],
                "their_points": mine[f"points_{n}"],
                "row_tone": "g" if neighbour.her else "k",
                "row_colour": "#0b6b5d" if neighbour.her else "#1d2a33",
                "weight": "font-weight:700;" if neighbour.her else "",
            }
            for n, neighbour in enumerate(you.near)
        ],
        "thanks": bool(you.shares or you.visits),
        "unsaid": bool(you.unsaid),
        "asked": [
            {"question": mine[f"question_{n}"], "asked_id": each.story, "asked_slug": each.network}
            for n, each in enumerate(you.unsaid)
        ],
    }
    tree = render.page("digest", "en") if name == "html" else render.text("digest", "en")
    return plainly(tree, values, escape)


YOUS = st.builds(
    You,
    points=st.integers(0, 5000),
    weeks=st.integers(0, 60),
    tickets=st.integers(0, 5),
    badge=st.sampled_from([None, "first-word", "steady-voice", "made <here>"]),
    have=st.integers(0, 20),
    need=st.just(20),
    near=st.lists(
        st.builds(Neighbour, st.text(max_size=30), st.integers(0, 99), st.integers(1, 9), st.booleans()), max_size=4
    ).map(tuple),
    shares=st.integers(0, 9),
    visits=st.integers(0, 99),
    unsaid=st.lists(
        st.builds(Unsaid, st.integers(1, 99), st.text(max_size=30), st.sampled_from(["linkedin", "email", "x"])),
        max_size=2,
    ).map(tuple),
)


@settings(max_examples=60, deadline=None)
@given(
    YOUS, st.text(max_size=40), st.lists(st.sampled_from(ALL), min_size=1, max_size=6, unique=True), st.integers(1, 4)
)
def test_pieces_assembled_say_the_same_as_the_plain_rendering(you: You, name: str, stories: list[int], n: int) -> None:
    to = replace(NOOR, name=name, networks=NOOR.networks[:n])
    assert ENGLISH.html(to, you, stories) == reference(to, you, stories, "html", render.escape)
    plain = reference(to, you, stories, "text", str)
    assert ENGLISH.text(to, you, stories).split() == plain.split()


@settings(max_examples=25, deadline=None)
@given(YOUS, st.text(max_size=40))
def test_the_json_body_says_what_the_browser_shows(you: You, name: str) -> None:
    to = replace(NOOR, name=name)
    text, page = ENGLISH.json_parts(to, you, ALL)
    assert json.loads(b'"' + text + b'"') == ENGLISH.text(to, you, ALL)
    assert json.loads(b'"' + page + b'"') == ENGLISH.html(to, you, ALL)


@pytest.mark.parametrize("language", ["en", "it", "sl"])
def test_six_stories_weigh_less_than_forty_kilobytes(language: str) -> None:
    page = digest.compile(EDITION, language).html(reader(language), MONTH, ALL)
    assert len(page.encode()) < 40_000


def test_each_fact_stands_in_the_text_and_in_the_html() -> None:
    page, text = said(ENGLISH.html(NOOR, MONTH, ALL)), " ".join(ENGLISH.text(NOOR, MONTH, ALL).split())
    facts = [
        "Lipa Aloud",
        "Week 47",
        "Noor, six good reads for you this week.",
        "Liam Novak",
        "Engineering",
        "Why our trams now brake before you would",
        "Four engineers rebuilt the controller of a forty-year-old tram",
        "L’acqua & la fabbrica = <2 litri>",
        "You, this month",
        "1,128",
        "weeks in a row",
        "draw tickets",
        "12 of 20 on the way to Conversation starter",
        "People near you",
        "Ben <O.>",
        "1,164 points",
        "2 shares of yours found readers last week. 14 visits came through your links. Thank you.",
        "Winners of the last draw",
        "Ana K.",
        "Weekend for two in Piran",
        "You get this because you take part in Lipa Aloud at Lipa & Sons.",
        "Unsubscribe",
        "Write to Liam Novak",
        "What to share: our policy",
    ]
    for fact in facts:
        assert fact in page, fact
        assert fact in text, fact


def test_every_link_of_the_html_has_its_twin_in_the_text() -> None:
    page, text = read(ENGLISH.html(NOOR, MONTH, ALL)), ENGLISH.text(NOOR, MONTH, ALL)
    decoy = f"https://good.example/me/{PASSES.me}/programs"
    assert page.links.count(decoy) == 1
    assert decoy not in text
    for link in set(page.links) - {decoy}:
        assert link.removeprefix("mailto:").partition("#")[0] in text, link


def test_the_decoy_is_hidden_from_eyes_screen_readers_and_the_keyboard() -> None:
    html = ENGLISH.html(NOOR, MONTH, ALL)
    found = re.search(r'<div ([^>]*)><a href="[^"]*/programs" ([^>]*)>([^<]+)</a></div>', html)
    assert found
    assert 'aria-hidden="true"' in found[1] and "display:none" in found[1] and "mso-hide:all" in found[1]
    assert 'tabindex="-1"' in found[2]
    assert found[3] == "For programs that check links, not for people"


def test_links_hold_passes_and_nothing_about_the_person() -> None:
    page = read(ENGLISH.html(NOOR, MONTH, [11]))
    story = f"https://good.example/s/{PASSES.share}/11"
    assert page.links.count(story) == 4  # picture, title, own words, more networks
    assert [link for link in page.links if link.startswith(f"{story}/")] == [
        f"{story}/linkedin",
        f"{story}/facebook",
        f"{story}/whatsapp",
        f"{story}/not-for-me",
    ]
    assert f"https://good.example/me/{PASSES.me}#leave" in page.links
    assert page.links.count(f"https://good.example/u/{PASSES.unsubscribe}") == 2
    assert PROGRAMME.policy_url in page.links
    assert not any("noor" in link.lower() for link in page.links)
    assert PASSES.claim not in ENGLISH.html(NOOR, MONTH, ALL)


def test_nothing_is_loaded_but_pictures_from_our_own_host_and_each_has_words() -> None:
    page = ENGLISH.html(NOOR, MONTH, ALL)
    found = read(page)
    assert [p["src"] for p in found.pictures] == ["https://good.example/pictures/aa.jpg"]
    assert found.pictures[0]["alt"] == 'A red tram, called "Ana", in the rain'
    assert not re.search(r"<link|@import|url\(|fonts\.|<script|<form", page)


def test_a_story_without_picture_topic_or_summary_has_no_placeholder() -> None:
    page, text = ENGLISH.html(NOOR, MONTH, [13]), ENGLISH.text(NOOR, MONTH, [13])
    assert "<img" not in page and "Zakaj merimo" in page
    assert "\n\n\n" not in text


def test_a_long_summary_ends_at_a_word() -> None:
    assert str(card(STORIES[4], "en")["summary"]).endswith("word …")
    assert len(str(card(STORIES[4], "en")["summary"])) <= SUMMARY


def test_the_topic_is_in_the_readers_language_and_the_story_in_its_own() -> None:
    page = digest.compile(EDITION, "sl").html(reader("sl"), MONTH, [12])
    assert "Inženirstvo" in page and '<div lang="it" dir="ltr" style="text-align:left;word-break:break-word">' in page
    assert page.startswith('<!doctype html><html lang="sl" dir="ltr"')


def test_what_reads_right_to_left_keeps_its_direction_and_turns_nothing_else() -> None:
    to = replace(NOOR, name="נועה לוי")
    page, subject = ENGLISH.html(to, MONTH, [14]), ENGLISH.message(to, MONTH, [14], ID, TUESDAY).subject
    assert '<div lang="he" dir="rtl" style="text-align:right;word-break:break-word">' in page
    assert "\u2068למה אנחנו מודדים\u2069" in page
    assert subject == "\u2068נועה\u2069, one good read for you this week"
    assert "\u202e" not in ENGLISH.html(replace(NOOR, name="Noor\u202e"), MONTH, [11])


def test_without_a_name_nobody_is_greeted_by_a_comma() -> None:
    to = replace(NOOR, name="")
    assert "For you this week: six good reads." in said(ENGLISH.html(to, MONTH, ALL))


@pytest.mark.parametrize(
    ("own", "name", "sentence"),
    [
        ("{name}, spring is here.", "Noor Haddad", "Noor, spring is here."),
        ("{name}, spring is here.", "", "Spring is here."),
        ("Spring is here.", "Noor Haddad", "Hello Noor. Spring is here."),
        ("Six <b>good</b> [[me]] reads", "", "Six <b>good</b> [[me]] reads"),
    ],
)
def test_the_liaisons_own_sentence_opens_the_digest(own: str, name: str, sentence: str) -> None:
    compiled = digest.compile(replace(EDITION, words={"en": own}), "en")
    to = replace(NOOR, name=name)
    assert html.escape(sentence) in compiled.html(to, MONTH, ALL)
    assert sentence in compiled.text(to, MONTH, ALL)


@pytest.mark.parametrize(("own", "times"), [("Spring is here.", 1), ("Spring is here. Liam", 0), ("Yours, Liam.", 0)])
def test_a_liaison_who_signed_her_sentence_is_not_named_twice(own: str, times: int) -> None:
    compiled = digest.compile(replace(EDITION, words={"en": own}), "en")
    top = said(compiled.html(NOOR, MONTH, [11])).partition("Engineering")[0]
    assert top.count("Liam Novak") == times
    assert compiled.text(NOOR, MONTH, [11]).partition("Engineering")[0].count("Liam Novak") == times


def test_stories_come_in_the_order_chosen() -> None:
    page = said(ENGLISH.html(NOOR, MONTH, [16, 11]))
    assert page.rindex("Open data for") < page.rindex("Why our trams")


def test_a_card_alone_says_what_it_says_in_the_digest() -> None:
    alone = preview(STORIES[0], "it", ("linkedin", "orkut", "x"), "https://good.example")
    whole = digest.compile(EDITION, "it").html(replace(reader("it"), networks=("linkedin", "x")), MONTH, [11])
    assert said(alone).removeprefix("Lipa Aloud ") in said(whole)
    assert PASSES.share not in alone and "<table" in alone.partition("<body")[2].partition("<tr>")[0]


def test_e_mail_and_copy_are_called_in_the_readers_words() -> None:
    compiled = digest.compile(EDITION, "sl")
    page = compiled.html(replace(reader("sl"), networks=("email", "copy")), MONTH, [11])
    assert "E-pošta" in page and "Kopiraj povezavo" in page and "E-mail" not in page


def test_a_network_that_is_no_more_is_left_out_and_the_next_one_moves_up() -> None:
    page = read(ENGLISH.html(replace(NOOR, networks=("orkut", "x", "threads", "reddit", "xing")), MONTH, [11]))
    behind = [link.rpartition("/")[2] for link in page.links if "/11/" in link]
    assert behind == ["x", "threads", "reddit", "not-for-me"]
    page = read(ENGLISH.html(replace(NOOR, networks=("orkut",)), MONTH, [11]))
    assert [link.rpartition("/")[2] for link in page.links if "/11/" in link] == ["not-for-me"]


def test_a_story_that_is_not_in_the_edition_is_refused() -> None:
    with pytest.raises(KeyError):
        ENGLISH.html(NOOR, MONTH, [99])


def test_a_language_without_words_reads_english_and_says_so() -> None:
    compiled = digest.compile(EDITION, "pt-BR")
    mail = compiled.message(reader("pt-BR"), MONTH, [11], ID, TUESDAY)
    assert 'lang="en"' in mail.html and b"Content-Language: en\r\n" in mail.raw
    assert isinstance(compiled, CompiledDigest) and digest.compile(EDITION, "it-CH").language == "it"


def test_an_edition_that_went_through_json_compiles_to_the_same_mail() -> None:
    again = type(EDITION).from_json(json.loads(json.dumps(EDITION.to_json())))
    you = You.from_json(json.loads(json.dumps(MONTH.to_json())))
    assert digest.compile(again, "it").html(NOOR, you, ALL) == digest.compile(EDITION, "it").html(NOOR, MONTH, ALL)


def test_nothing_is_encoded_twice_for_the_second_person() -> None:
    calls = 0

    def counting(text: str) -> bytes:
        nonlocal calls
        calls += len(text) > 200
        return pieces.raw(text)

    compiled = digest.compile(EDITION, "en")
    first = compiled.bodies(counting, NOOR, MONTH, [11, 12])
    after = calls
    second = compiled.bodies(counting, replace(NOOR, name="Ben Osei"), MONTH, [12, 11])
    assert after > 0 and calls == after
    assert first != second and b"Ben, two good reads" in second[0]
