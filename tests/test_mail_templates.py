"""The linter of mail templates. In: every .mjml and .txt. Out: what MRML would pass in silence is refused here.

MRML accepts unknown tags, attributes, nesting and values without a word (measured on mjml-python 1.4.2).
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from emails import pieces, render

MAILS = ["digest", "invitation", "frozen", "winner"]
LANGUAGES = ["en", "it", "sl"]
TEXT = {"css-class", "padding", "font-size", "line-height", "font-weight", "font-family", "color", "align"}
KNOWN: dict[str, set[str]] = {
    "mjml": {"lang", "dir"},
    "mj-head": set(),
    "mj-title": set(),
    "mj-raw": set(),
    "mj-attributes": set(),
    "mj-all": {"font-family"},
    "mj-style": set(),
    "mj-body": {"width", "background-color", "css-class"},
    "mj-section": {"css-class", "padding"},
    "mj-column": {"padding"},
    "mj-text": TEXT,
}
"""Tags that our templates may use, with the attributes that MRML 1.4 is known to honour on them."""
INSIDE = {
    "mj-head": {"mjml"},
    "mj-body": {"mjml"},
    "mj-title": {"mj-head"},
    "mj-attributes": {"mj-head"},
    "mj-style": {"mj-head"},
    "mj-all": {"mj-attributes"},
    "mj-section": {"mj-body", "mj-attributes"},
    "mj-column": {"mj-section", "mj-attributes"},
    "mj-text": {"mj-column", "mj-attributes"},
    "mj-raw": {"mj-head", "mj-body", "mj-column"},
}
EMPTY = {"br", "img", "meta", "hr"}
HTML = {"a", "b", "br", "div", "h2", "img", "meta", "p", "span", "style", "table", "td", "tr"}
STYLES = {
    *(
        "background",
        "border",
        "border-collapse",
        "border-radius",
        "border-top",
        "color",
        "display",
        "font",
        "font-family",
    ),
    *(
        "font-size",
        "font-variant-numeric",
        "font-weight",
        "height",
        "line-height",
        "margin",
        "margin-left",
        "margin-right",
    ),
    *("max-height", "min-width", "mso-hide", "mso-line-height-rule", "mso-padding-alt", "overflow", "padding"),
    *("padding-left", "padding-right", "text-align", "text-decoration", "white-space", "width", "word-break"),
}
"""Style properties that our templates may write on an element."""
OURS = ("[[base]]/", "mailto:[[", "[[page]]", "[[policy_url]]")


class Linter(HTMLParser):
    """Collects what is wrong in one rendered MJML document."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag.startswith("mj"):
            if tag not in KNOWN:
                self.wrong.append(f"unknown tag {tag}")
            self.wrong += [f"{tag} does not know {name}" for name in found if name not in KNOWN.get(tag, set(found))]
            parent = next((t for t in reversed(self.open) if t.startswith("mj")), None)
            if parent not in INSIDE.get(tag, {parent}):
                self.wrong.append(f"{tag} inside {parent}")
        elif tag not in HTML:
            self.wrong.append(f"unknown tag {tag}")
        if tag == "img" and "alt" not in found:
            self.wrong.append("img without alt")
        if tag == "a" and not (found.get("href") or "").startswith(
            ("[[base]]/", "mailto:[[", "[[page]]", "[[policy_url]]")
        ):
            self.wrong.append(f"a link to {found.get('href')}")
        if tag == "table" and "role" not in found and "width" not in found:
            self.wrong.append("a layout table without role")
        for style in re.sub(r"\[\[\w+\]\]", "", found.get("style") or "").split(";"):
            name = style.partition(":")[0].strip()
            if name and name not in STYLES:
                self.wrong.append(f"style {name}")
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in EMPTY:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> closes nothing")

    def error_free(self) -> list[str]:
        return self.wrong + [f"<{tag}> is not closed" for tag in self.open]


def lint(mjml: str) -> list[str]:
    """Return what is wrong in an MJML document; what stands in Outlook's comments is looked at as well."""
    linter = Linter()
    linter.feed(re.sub(r"<!--\[if mso\]>|<!\[endif\]-->", "", mjml))
    return linter.error_free()


def source(name: str, language: str) -> str:
    return render._environment(language).get_template(f"{name}.mjml").render()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", MAILS)
def test_templates_use_only_what_is_known_to_work(name: str, language: str) -> None:
    assert lint(source(name, language)) == []


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("<mj-buton>x</mj-buton>", "unknown tag mj-buton"),
        ('<mjml><mj-body><mj-section paddin="0"></mj-section></mj-body></mjml>', "mj-section does not know paddin"),
        ("<mjml><mj-body><mj-text>x</mj-text></mj-body></mjml>", "mj-text inside mj-body"),
        ('<img src="x">', "img without alt"),
        ('<a href="https://tracker.example/x">x</a>', "a link to https://tracker.example/x"),
        ('<div style="colour:red"></div>', "style colour"),
        ("<div><span></div>", "</div> closes nothing"),
        ("<table></table>", "a layout table without role"),
    ],
)
def test_the_linter_sees_what_mrml_passes_in_silence(bad: str, said: str) -> None:
    assert said in lint(bad)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", MAILS)
def test_html_and_text_speak_of_the_same_things(name: str, language: str) -> None:
    """A slot that only one of the twins has would be a fact that the other's reader never gets."""
    page, text = slots(render.page(name, language)), slots(render.text(name, language))
    decoration = {"preheader", "src", "alt", "lang", "dir", "side", "sign", "label", "tone", "colour", "weight"}
    decoration |= {"row_tone", "row_colour", "done_part", "left_part", "done", "left", "picture"}
    assert page - text - decoration == set()
    assert text - page == set()


def slots(tree: pieces.Piece) -> set[str]:
    found: set[str] = set()
    for node in tree:
        if isinstance(node, pieces.Section):
            found |= {node.name} | slots(node.inside)
        elif isinstance(node, pieces.Slot):
            found.add(node.name)
    return found


@pytest.mark.parametrize("name", MAILS)
def test_styles_stay_under_what_gmail_keeps(name: str) -> None:
    page = "".join(node for node in render.page(name, "en") if isinstance(node, str))
    assert sum(len(style) for style in re.findall(r"<style[^>]*>(.*?)</style>", page, re.DOTALL)) < 16_384


def test_every_colour_of_the_light_theme_has_its_dark_twin() -> None:
    assert set(render.TOKENS) == set(render.DARK)
    css = (render.TEMPLATES / "dark.css").read_text()
    for role in render.DARK:
        assert f"dark.{role} " in css, role
