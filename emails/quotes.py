"""Quotes. In: the text or HTML of an answered mail. Out: what its writer wrote, without what she quotes, and its links.

Mail programs mark what they quote in their own ways: Gmail, Outlook, Apple Mail, Thunderbird, plain `>`; in English,
Italian, Slovenian, German, French and Spanish. What is not sure to be a quotation stays.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from contextlib import suppress
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

_VERB = r"(?:wrote|writes|ha scritto|scriveva|napisal(?:\(?-?/?a\)?)?|piše|schrieb|a écrit|escribió)"
_FIRST = r"(?:on|il(?: giorno)?|v|dne|dana|am|le|el|na|\w{2,4}\.?,)"
_INTRODUCED = re.compile(rf"^[>\s*_]*{_FIRST}\s(?=.*\d).{{4,300}}?{_VERB}[^:]{{0,80}}:[\s*_]*$", re.I | re.S)
"""`On Tue, 17 Nov 2026 at 09:00, Liam <liam@…> wrote:`, which may be broken over some lines."""
_NAMED = re.compile(rf"^[>\s*_]*\S.{{0,120}}<[^<>\s]+@[^<>\s]+>.{{0,80}}{_VERB}[^:]{{0,40}}:[\s*_]*$", re.I | re.S)
"""`Liam Oakes <liam@…> wrote:`, and what begins with a day in any form."""
_SEPARATOR = re.compile(
    r"^[>\s]*(?:[-–—_*]{2,}\s*(?:original message|messaggio originale|izvirno sporočilo|ursprüngliche nachricht|"
    r"message d'origine|mensaje original|messaggio inoltrato|posredovano sporočilo|forwarded message|"
    r"original appointment)"
    r"\s*[-–—_*]{2,}|_{12,}|begin forwarded message:|inizio messaggio inoltrato:)\s*$",
    re.I,
)
_FROM = re.compile(r"^[>\s*_]*(?:from|da|od|von|de|pošiljatelj|mittente)\s*:[\s*_]*\S", re.I)
_ALSO = re.compile(
    r"^[>\s*_]*(?:sent|date|to|subject|inviato|data|a|oggetto|poslano|datum|za|zadeva|gesendet|an|betreff|envoyé|à|"
    r"objet|enviado|para|asunto)\s*:",
    re.I,
)
_SIGNED = re.compile(
    r"^\s*(?:sent from (?:my|outlook|mail|yahoo|proton)\b.*|get outlook for \w+.*|inviato da(?:l mio)? \w+.*|"
    r"scarica outlook per \w+.*|poslano (?:z|s|iz|prek)\s.*(?:iphon|ipad|telefon|outlook|samsung|android)\w*.*|"
    r"prenesite outlook za .*|von meinem \w+ gesendet.*|envoyé (?:de|depuis) mon \w+.*|enviado desde mi \w+.*)$",
    re.I,
)
_LINES, _LONG = 4, 600
"""An introduction is broken over so many lines, and has so many signs, at most."""
MOST = 200_000
"""Signs of a mail that are looked at."""

_URL = re.compile(r"(?:https?://|(?<![\w@./-])www\.)[^\s<>\"“”«»\u200b]+", re.I)
_PAIRS = {")": "(", "]": "[", "}": "{"}


def own_words(text: str) -> str:
    """Return what stands before the quotation and between quoted lines, without signature and advertisement."""
    lines = text[:MOST].replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ").split("\n")
    kept: list[str] = []
    for n, line in enumerate(lines):
        if line.rstrip() in ("--", "—") or line == "-- " or _begins_quotation(lines, n):
            break
        if not line.lstrip().startswith(">") and not _SIGNED.match(line):
            kept.append(line.rstrip())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


def _begins_quotation(lines: list[str], n: int) -> bool:
    line = lines[n]
    if not line.strip():
        return False
    if _SEPARATOR.match(line):
        return True
    if _FROM.match(line):
        following = [each for each in lines[n + 1 : n + 7] if each.strip()][:4]
        return sum(1 for each in following if _ALSO.match(each)) >= 2
    if not re.search(r"[\d<@]", " ".join(lines[n : n + _LINES])):
        return False
    joined = ""
    for each in lines[n : n + _LINES]:
        joined = f"{joined}\n{each}"
        if not each.strip(" >") or len(joined) > _LONG:
            break
        if ":" in each and (_INTRODUCED.match(joined[1:]) or ("<" in line and _NAMED.match(joined[1:]))):
            return True
    return False


def links(text: str, ours: Collection[str] = ()) -> list[str]:
    """Return the http(s) addresses in a text in their order, once each; none of a host in `ours` (small letters).

    Signs that end the sentence around an address are no part of it; wrappers of mail scanners are taken off.
    """
    found: list[str] = []
    for match in _URL.finditer(text):
        if len(match[0]) > 4000:
            continue
        url = unwrapped(_trimmed(match[0]))
        if url.lower().startswith("www."):
            url = f"https://{url}"
        try:
            host = urlsplit(url).hostname or ""
        except ValueError:
            continue
        if "." in host and host not in ours and url not in found:
            found.append(url)
    return found


def _trimmed(url: str) -> str:
    while url and (url[-1] in ".,;:!?'’*_…" or (url[-1] in _PAIRS and url.count(_PAIRS[url[-1]]) < url.count(url[-1]))):
        url = url[:-1]
    return url


def unwrapped(url: str) -> str:
    """Return the address inside a wrapper of Microsoft's Safe Links, Google or Proofpoint (v3); else the same."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return url
    if host.endswith("safelinks.protection.outlook.com"):
        inner = parse_qs(parts.query).get("url", [url])[0]
    elif host in ("www.google.com", "google.com") and parts.path == "/url":
        asked = parse_qs(parts.query)
        inner = (asked.get("q") or asked.get("url") or [url])[0]
    elif host == "urldefense.com" and parts.path.startswith("/v3/__"):
        inner = url.split("/v3/__", 1)[1].split("__;", 1)[0]
    else:
        return url
    return inner if inner.startswith(("http://", "https://")) else url


_QUOTING = re.compile(
    r"gmail_quote|gmail_attr|gmail_extra|yahoo_quoted|protonmail_quote|moz-cite-prefix|moz-forward-container|"
    r"appendonsend|divRplyFwdMsg|mail-editor-reference-message|OutlookMessageHeader|WordSection_quote|tutanota_quote",
    re.I,
)
_VOID = {"br", "hr", "img", "meta", "input", "link", "wbr", "col", "area", "base", "embed", "source", "track"}
_BLOCK = {"p", "div", "tr", "li", "h1", "h2", "h3", "h4", "ul", "ol", "table", "blockquote", "pre", "section"}
_UNREAD = {"style", "script", "head", "title", "template"}


class _Reader(HTMLParser):
    """Collects text outside of quotations, and where links lead."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.hidden: list[str] = []
        """Open elements inside of what is left out, the outermost first."""
        self.over = False
        self.to: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if self.hidden:
            if tag not in _VOID:
                self.hidden.append(tag)
            return
        marked = _QUOTING.search(f"{given.get('class', '')} {given.get('id', '')}")
        line = tag in ("div", "p") and re.search(
            r"border-top:\s*solid\s+#?(?:e1e1e1|b5c4df)", given.get("style", ""), re.I
        )
        if (marked and re.search("appendonsend|divRplyFwdMsg|reference-message", marked[0], re.I)) or line:
            self.over = True  # Outlook: all that follows is quoted
        if self.over:
            return
        if tag in _UNREAD or marked or (tag == "blockquote" and given.get("type", "").lower() == "cite"):
            self.hidden.append(tag)
        elif tag in ("br", *_BLOCK):
            self.out.append("\n")
        elif tag == "a":
            self.to = given.get("href", "").strip()

    def handle_endtag(self, tag: str) -> None:
        if self.hidden:
            while tag in self.hidden:
                if self.hidden.pop() == tag:
                    break
            return
        if self.over:
            return
        if tag == "a" and self.to:
            if self.to.lower().startswith(("http://", "https://")) and self.to not in "".join(self.out[-3:]):
                self.out.append(f" {self.to} ")
            self.to = None
        elif tag in _BLOCK:
            self.out.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.hidden and not self.over:
            self.out.append(re.sub(r"\s+", " ", data))


def text_of(html: str) -> str:
    """Return the text of an HTML mail without what it quotes; a link's address follows its words."""
    reader = _Reader()
    # Never closed: what a mail leaves open would be read again from each of its signs on. The line's end lets go of
    # the last words; the parser asserts where a declaration is none.
    with suppress(AssertionError):
        reader.feed(html[: 2 * MOST] + "\n")
    lines = [" ".join(line.split()) for line in "".join(reader.out).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
