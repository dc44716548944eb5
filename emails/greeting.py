"""Greeting. In: a first name and how many stories. Out: the subject and the sentence that opens the digest."""

from __future__ import annotations

import re
from dataclasses import dataclass

from emails import message, render
from emails.values import Edition

_BEGINS_NAMED = re.compile(r"^(\u2068?)\{name\}[,:!]?\s*")
_UNNAMED = re.compile(r",?\s*\{name\}")
"""A name in a sentence, and what goes with it where the name is not known."""


@dataclass(frozen=True, slots=True)
class Greeting:
    """How a digest begins, for all who are called alike and get as many stories."""

    subject: str
    header: str
    """The subject as the value of a header."""
    sentence: str


def own(edition: Edition, language: str) -> str:
    """Return the liaison's own sentence in this language, "" if she wrote none."""
    return render.line(edition.words.get(language, ""))


def greet(sentence: str, language: str, name: str, n: int) -> Greeting:
    """Return the greeting of a person called `name` ("" if unknown) who gets `n` stories.

    `sentence` is the liaison's own, `{name}` filled in where she put it; "": the subject is said once more.
    """
    subject = _subject(language, name, n)
    return Greeting(subject, message.unstructured(subject), _sentence(sentence, language, name, subject))


def _subject(language: str, name: str, n: int) -> str:
    words = render.words(language)
    if name:
        form = words.ngettext(
            "%(name)s, %(count)s good read for you this week", "%(name)s, %(count)s good reads for you this week", n
        )
    else:
        form = words.ngettext("For you this week: %(count)s good read", "For you this week: %(count)s good reads", n)
    return str(form % {"name": name, "count": _count(language, n)})


def _sentence(own: str, language: str, name: str, subject: str) -> str:
    if not own:
        return f"{subject}."
    if not name:
        own = _UNNAMED.sub("", _BEGINS_NAMED.sub(r"\1", own))
        return own[:1].upper() + own[1:] if any(map(str.isalnum, own)) else f"{subject}."
    if "{name}" in own:
        return own.replace("{name}", name)
    hello = render.words(language).gettext("Hello %(name)s.") % {"name": name}
    return f"{hello} {own}"


def _count(language: str, n: int) -> str:
    """Return a small number in words, as it stands before "good reads"."""
    words = render.words(language)
    spelled = {
        1: words.pgettext("good reads", "one"),
        2: words.pgettext("good reads", "two"),
        3: words.pgettext("good reads", "three"),
        4: words.pgettext("good reads", "four"),
        5: words.pgettext("good reads", "five"),
        6: words.pgettext("good reads", "six"),
        7: words.pgettext("good reads", "seven"),
        8: words.pgettext("good reads", "eight"),
        9: words.pgettext("good reads", "nine"),
    }
    return str(spelled.get(n, n))
