"""Replies. In: a mail that somebody sent us, as bytes. Out: who wrote it, to which addresses, its own words, its links.

Made with the standard library's oldest policy, which never fails on a header however broken: whoever sends us nonsense
gets nonsense kept, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses

from emails import quotes

LONGEST = 4000
"""Signs of a mail's own words that are kept."""
MOST_LINKS = 5
_PARTS = 200
_TO = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To", "Cc", "Resent-To")

_AUTOMATIC = re.compile(
    r"^\s*(?:automatic reply|auto(?:matic)?[- ]?(?:reply|response)|autoreply|out of (?:the )?office|undeliver\w*|"
    r"delivery status notification|mail delivery (?:failed|subsystem)|returned mail|failure notice|"
    r"risposta automatica|fuori (?:sede|ufficio)|assenza dall'ufficio|samodejni odgovor|"
    r"avtomatski odgovor|odsoten|odsotnost|ni v pisarni|automatische antwort|abwesenheits\w*|réponse automatique)\b",
    re.I,
)
_STOP = re.compile(
    r"\b(?:stop|unsubscribe|opt[- ]?out|remove me|take me off|no more (?:e-?)?mails?|stop sending|cancellami|"
    r"disiscrivi\w*|cancella(?:te)?mi|rimuov\w+mi|rimuovimi|basta|non (?:voglio|mandate\w*|inviate\w*|scrivetemi)|"
    r"odjav\w*|ne (?:želim|pošiljajte|pišite)|nočem|nehajte|abmelden|désabonn\w*|darme de baja)\b",
    re.I,
)
_SHORT = 20
"""A wish for no more mails has so many words at most; a longer letter is a letter."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a mail says; texts are clean but may be anything."""

    sender: str
    """The address in From, in small letters; "" where there is none."""
    named: tuple[str, ...]
    """All addresses that it was sent to, in small letters."""
    message_id: str
    words: str
    links: tuple[str, ...]
    automatic: str = ""
    """Why it is no person's letter; "" where it may be one."""
    stop: bool = False
    """It asks for no more mails."""


def read(raw: bytes, ours: Collection[str] = (), envelope: Mapping[str, object] | None = None) -> Reply:
    """Return what this mail (RFC 5322) says. `ours`: hosts whose links are no suggestions.

    `envelope`: {"from": address, "to": [address, …]} as the receiving server knew them, where that is known.
    """
    mail = message_from_bytes(raw)
    text, html = _bodies(mail)
    return made(headers(mail), text, html, ours, envelope)


def headers(mail: Message) -> dict[str, list[str]]:
    """Return the headers by their names in small letters."""
    found: dict[str, list[str]] = {}
    for name, value in mail.raw_items():
        # Bytes that no header may have come as lone surrogates.
        clean = str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        found.setdefault(name.lower(), []).append(_decoded(clean))
    return found


def made(
    head: Mapping[str, list[str]],
    text: str,
    html: str,
    ours: Collection[str] = (),
    envelope: Mapping[str, object] | None = None,
) -> Reply:
    """Return the same of headers and bodies that somebody else took apart (SendGrid's Inbound Parse)."""
    words = quotes.own_words(text)
    urls = quotes.links(words, ours)
    if html and (not words or not urls):
        shown = quotes.own_words(quotes.text_of(html))
        urls = urls or quotes.links(shown, ours)
        words = words or shown
    words = "".join(sign for sign in words if sign in "\n\t" or sign.isprintable())[:LONGEST].strip()
    sender = next((at for _name, at in getaddresses(head.get("from", [])) if "@" in at), "")
    told = (envelope or {}).get("to")
    named = [str(each) for each in told] if isinstance(told, list) else []
    named += [at for name in _TO for _name, at in getaddresses(head.get(name.lower(), [])) if "@" in at]
    return Reply(
        sender="".join(sign for sign in sender.lower() if sign.isprintable())[:254],
        named=tuple(dict.fromkeys(each.strip().lower() for each in named)),
        message_id=" ".join(" ".join(head.get("message-id", [])).split())[:300],
        words=words,
        links=tuple(urls[:MOST_LINKS]),
        automatic=automatic(head, None if envelope is None else str(envelope.get("from", ""))),
        stop=not urls and asks_to_stop(words),
    )


def automatic(head: Mapping[str, list[str]], return_path: str | None = None) -> str:
    """Return why a mail was written by a machine, "" where nothing says so (RFC 3834, RFC 3464, RFC 2076).

    `return_path`: the envelope's sender, where the receiving server told it.
    """

    def said(name: str) -> str:
        return " ".join(head.get(name, [])).strip().lower()

    if "auto-submitted" in head and said("auto-submitted").split(";")[0].strip() not in ("no", ""):
        return "auto-submitted"
    for name in ("x-autoreply", "x-autorespond", "x-autogenerated", "x-mail-autoreply", "x-failed-recipients"):
        if name in head and said(name) != "no":
            return name
    if said("precedence") in ("bulk", "junk", "list", "auto_reply"):
        return "precedence"
    if said("return-path") == "<>" or (return_path is not None and return_path.strip() in ("", "<>")):
        return "return-path"
    if said("content-type").startswith("multipart/report"):
        return "report"
    if "list-id" in head or "list-unsubscribe" in head:
        return "list"
    sender = next((at for _name, at in getaddresses(head.get("from", []))), "").lower()
    if sender.partition("@")[0] in ("mailer-daemon", "postmaster", "noreply", "no-reply"):
        return "sender"
    return "subject" if _AUTOMATIC.match(" ".join(head.get("subject", []))) else ""


def asks_to_stop(words: str) -> bool:
    """Tell whether these words are a short wish for no more mails, in our languages and their neighbours'."""
    return len(words.split()) <= _SHORT and _STOP.search(words) is not None


def _bodies(mail: Message) -> tuple[str, str]:
    """Return the first plain and the first HTML text that is no attachment."""
    found = {"text/plain": "", "text/html": ""}
    for n, part in enumerate(mail.walk()):
        if n > _PARTS:
            break
        kind = part.get_content_type()
        if kind in found and not found[kind] and "attachment" not in str(part.get("Content-Disposition", "")).lower():
            found[kind] = _text(part)
    return found["text/plain"], found["text/html"]


def _text(part: Message) -> str:
    body = part.get_payload(decode=True)
    if not isinstance(body, bytes):
        return ""
    text = decoded(body, part.get_content_charset() or "utf-8")
    if str(part.get_param("format", "")).lower() == "flowed":
        # RFC 3676: a space before the line's end joins it with the next; not behind a signature's mark.
        text = re.sub(r"(?m)(?<!^--) \r?\n(?!>)", " ", text)
    return text


def decoded(body: bytes, charset: str) -> str:
    """Return bytes as text; a charset that is unknown or a lie becomes UTF-8 with replacements."""
    for each in (charset, "utf-8"):
        try:
            return body.decode(each)
        except (LookupError, UnicodeDecodeError, ValueError):
            continue
    return body.decode("utf-8", "replace")


def _decoded(value: str) -> str:
    """Return a header's value with encoded words (RFC 2047) read; broken ones stay as they are."""
    if "=?" not in value:
        return " ".join(value.split())
    try:
        parts = [decoded(p, c or "ascii") if isinstance(p, bytes) else p for p, c in decode_header(value)]
    except (ValueError, LookupError):
        return " ".join(value.split())
    return " ".join("".join(parts).split())
