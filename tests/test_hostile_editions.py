"""Editions meant to break mails. In: hostile titles, names, words. Out: the page keeps its form, all bodies agree."""

from __future__ import annotations

import email.policy
import json
from dataclasses import replace
from email.message import EmailMessage
from email.parser import BytesParser
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from emails import digest, render
from emails.card import card
from emails.grouped import Alone, GroupedDigest
from emails.month import points
from emails.values import Edition, Neighbour, News, Story, Unsaid, Winner, You
from tests.sample_mails import EDITION, ID, MONTH, NOOR, PROGRAMME, TUESDAY
from tests.test_grouped import filled

PICTURE = "https://good.example/pictures/a.jpg"
MARKS = [
    "</script><script>alert(1)</script>", "--><!--", "<![endif]-->", "</title></head>", "]]>", '" onload="x', "'><b>",
    "&lt;b&gt; &amp;amp; &#60;", "{{name}}", "{% x %}", "%(name)s %s %", "[[me]]", "[[#card]]", "[[/card]]", "{name}",
    "-gw.me-", "-gw.", "<%asm_group_unsubscribe_raw_url%>", "$1 \\1 \\g<0> ${x}", "=\r\n", "=3D=", "=?utf-8?q?x?=",
    "--=_0", ".", ".\r\n.\r\n", "From me", "\r\nBcc: all@lipa.example", "\x00\x07\x1b[31m\x7f\x85",
    "\ud800", "\u2028\u2029",
    "\u202eevil\u2066", "Z\u0335\u0336\u0301" * 9, "שלום", "מ" * 90, "👩\u200d👩\u200d👧\u200d👦" * 6, "ſ＜ﬁ＞",
    "\ufeff\u200b", "N" * 1200, "é" * 500, "漢字" * 99, " \t \n ", "\\", '\\"', "\\u0022", "</p></td></tr></table>",
]  # fmt: skip
HOSTILE = st.one_of(
    st.lists(st.sampled_from(MARKS), min_size=1, max_size=3).map("".join),
    st.text(max_size=40),
    st.text(st.sampled_from("=\r\n .<&"), max_size=90),
).map(lambda text: f"a{text}")
"""Never empty: what is empty leaves its place out, which other tests look at."""

You_ = st.builds(
    lambda near, asked, news, badge: You(
        240, 3, 2, badge, 12, 20, (Neighbour(near, 9, 1), Neighbour("", 8, 2, her=True)), 2, 14,
        (Unsaid(1, asked, "linkedin"),), (News("share", news, 4), News("badge", badge, 2)),
    ),
    HOSTILE, HOSTILE, HOSTILE, HOSTILE,
)  # fmt: skip
Edition_ = st.builds(
    lambda title, summary, alt, topic, name, company, liaison, own, who, prize: Edition(
        "2026-W47",
        replace(PROGRAMME, name=name, company=company, liaison_name=liaison),
        (Story(1, title, summary, "en", {"": topic}, PICTURE, alt), Story(2, title, summary, "he", {"": topic})),
        {"en": own},
        (Winner(who, prize, "2026-10"),),
    ),
    *[HOSTILE] * 10,
)  # fmt: skip


class Form(HTMLParser):
    """The page without its words: tags and attributes, but for texts that people wrote."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.form: list[object] = []
        self.words: list[str] = []
        self.alts: list[str | None] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.form.append(
            (
                tag,
                [
                    (name, None if name == "alt" or (tag == "div" and name == "aria-label") else value)
                    for name, value in attrs
                ],
            )
        )
        self.alts += [value for name, value in attrs if name == "alt"]

    def handle_endtag(self, tag: str) -> None:
        self.form.append(f"/{tag}")

    def handle_comment(self, data: str) -> None:
        self.form.append(data)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def asked(edition: Edition, you: You) -> list[str]:
    """Return what people wrote, as a clean page says it."""
    story, programme = edition.stories[0], edition.programme
    said = [story.title, story.topic[""], programme.name, programme.company, programme.liaison_name]
    said += [
        edition.winners[0].name,
        edition.winners[0].prize,
        you.near[0].name,
        you.unsaid[0].title,
        you.news[0].title,
    ]
    return [*map(render.line, said), render.shortened(story.summary, 160)]


PLAIN = Edition(
    "2026-W47",
    replace(PROGRAMME, liaison_name="Ann"),
    (Story(1, "a", "a", "en", {"": "a"}, PICTURE, "a"), Story(2, "a", "a", "he", {"": "a"})),
    {"en": "a"},
    (Winner("a", "a", "2026-10"),),
)  # fmt: skip
USUAL = You(
    240, 3, 2, "a", 12, 20, (Neighbour("a", 9, 1), Neighbour("", 8, 2, her=True)), 2, 14,
    (Unsaid(1, "a", "linkedin"),), (News("share", "a", 4), News("badge", "a", 2)),
)  # fmt: skip
FORMS = [
    Form(digest.compile(replace(PLAIN, words={"en": own}), "en").html(NOOR, USUAL, [1, 2])).form
    for own in ("Signed, Ann", "Spring is here")
]


@settings(max_examples=60, deadline=None)
@given(Edition_, You_, HOSTILE)
@example(PLAIN, USUAL, "Noor Haddad")
def test_no_words_change_the_form_of_the_mail_and_all_bodies_say_the_same(
    edition: Edition, you: You, name: str
) -> None:
    to, compiled = replace(NOOR, name=name), digest.compile(edition, "en")
    page, text = compiled.html(to, you, [1, 2]), compiled.text(to, you, [1, 2])
    seen = Form(page)
    assert seen.form in FORMS
    assert seen.alts == [render.line(edition.stories[0].alt)]
    whole = " ".join(" ".join(seen.words).split())
    for said in asked(edition, you):
        assert " ".join(said.split()) in whole
        assert " ".join(said.split()) in " ".join(text.split())

    sent = compiled.message(to, you, [1, 2], ID, TUESDAY)
    head, _, _ = sent.raw.partition(b"\r\n\r\n")
    assert head.isascii() and max(map(len, sent.raw.split(b"\r\n"))) <= 998
    mail = BytesParser(policy=email.policy.default).parsebytes(sent.raw)
    assert isinstance(mail, EmailMessage) and not mail.defects and len(mail.keys()) == 13
    parts = [part.get_content().replace("\r\n", "\n").removesuffix("\n") for part in mail.iter_parts()]
    assert parts == [text.removesuffix("\n"), page.removesuffix("\n")]
    assert [json.loads(b'"%b"' % part) for part in compiled.json_parts(to, you, [1, 2])] == [text, page]

    of_many = GroupedDigest(compiled)
    try:
        values = of_many.substitutions(to, you, [1, 2])
    except Alone:
        assert of_many.alone(to, you, [1, 2]).plain() == (sent.subject, text, page)
    else:
        assert filled(of_many.template([1, 2], 3), values) == (sent.subject, text, page)


@pytest.mark.parametrize("language", ["en", "it", "sl"])
def test_the_text_says_the_same_in_the_same_order_as_the_page(language: str) -> None:
    """Only what leads on stands otherwise in a text: an address needs its line, and a menu is one page of it."""
    compiled, words = digest.compile(EDITION, language), render.words(language).gettext
    to, stories = (
        replace(NOOR, language=language, networks=("linkedin", "email")),
        [story.id for story in EDITION.stories],
    )
    page = " ".join(" ".join(Form(compiled.html(to, MONTH, stories).partition("<body")[2]).words).split())
    text = " ".join(compiled.text(to, MONTH, stories).split())
    facts = ["Lipa Aloud", compiled.greeting(to, stories).sentence, "Liam Novak"]
    for story in EDITION.stories:
        said = card(story, language)
        facts += [str(said[name]) for name in ("topic_name", "title", "summary") if said[name]]
        facts += ["LinkedIn", words("Not for me")]
    number = render.counter(language)
    facts += [words("You, this month"), number(MONTH.points), "3", "2", number(MONTH.have), words("People near you")]
    for neighbour in MONTH.near[:2]:
        facts += [number(neighbour.place), neighbour.name, points(neighbour.points, language)]
    facts += ["14", words("Winners of the last draw"), "Ana K.", "Weekend for two in Piran"]
    facts += ["Lipa Aloud", "Lipa & Sons", words("Unsubscribe"), "Liam Novak", words("What to share: our policy")]
    for where in (page.partition(compiled.preheader(stories))[2], text):
        at = 0
        for fact in facts:
            assert fact in where[at:], fact
            at = where.index(fact, at) + len(fact)
