"""Wording. In: policy, disclosure and block list as the liaison writes them. Out: clean values, or refusals.

Nothing here commits: service.programmes keeps the values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emails.blocked import parts
from service.locales import language_of
from service.models import Programme
from service.validation import N_, Check, Invalid, Words, one_line, paragraphs

LONGEST_DISCLOSURE, LONGEST_PHRASE, LONGEST_REASON, LONGEST_POLICY = 80, 80, 200, 20_000


def disclosure(check: Check, given: Any) -> dict[str, str]:
    """Return language → disclosure, each on one line; an empty one is left out."""
    said = {code: one_line(text) for code, text in _by_language(check, "disclosure", given)}
    for code, text in said.items():
        if len(text) > LONGEST_DISCLOSURE:
            check.refuse(
                "disclosure",
                N_("Keep the disclosure (%(language)s) to %(longest)d characters; this has %(length)d."),
                language=code,
                longest=LONGEST_DISCLOSURE,
                length=len(text),
            )
    return {code: text for code, text in said.items() if text}


def policy(check: Check, given: Any, name: str = "policy") -> dict[str, str]:
    """Return language → the paragraphs of the policy or, by `name`, of the style guide; an empty one is left out.

    Between two paragraphs stands an empty line.
    """
    said = {code: paragraphs(text) for code, text in _by_language(check, name, given)}
    for code, text in said.items():
        if len(text) > LONGEST_POLICY:
            check.refuse(
                name,
                N_("Keep the policy (%(language)s) to %(longest)d characters; this has %(length)d."),
                language=code,
                longest=LONGEST_POLICY,
                length=len(text),
            )
    return {code: text for code, text in said.items() if text}


def block_list(check: Check, given: Any) -> dict[str, str]:
    """Return phrase → reason; every phrase has letters or signs to look for, a reason, and stands once."""
    found: dict[str, str] = {}
    known: dict[tuple[str, ...], str] = {}
    for phrase, reason in dict(given or {}).items():
        phrase, reason = one_line(str(phrase)), one_line(str(reason or ""))
        looked_for = parts(phrase)
        if not looked_for:
            check.refuse("block_list", N_("Write a phrase with at least one letter, figure or sign."))
        elif looked_for in known:
            check.refuse("block_list", N_("“%(phrase)s” is on the list already."), phrase=known[looked_for])
        if not reason:
            check.refuse("block_list", N_("Give the reason: whoever writes the phrase is told it."))
        if len(phrase) > LONGEST_PHRASE or len(reason) > LONGEST_REASON:
            check.refuse(
                "block_list",
                N_("Keep a phrase to %(phrase)d characters and its reason to %(reason)d."),
                phrase=LONGEST_PHRASE,
                reason=LONGEST_REASON,
            )
        found[phrase] = reason
        known[looked_for] = phrase
    return found


def with_phrase(programme: Programme, phrase: str, reason: str) -> dict[str, str]:
    """Return the programme's block list with this phrase, which is not on it yet. Raises Invalid."""
    check = Check()
    rows = [*programme.block_list.items(), (phrase, reason)]
    same = [known for known in programme.block_list if parts(known) == parts(phrase)]
    if same and parts(phrase):
        check.refuse("block_list", N_("“%(phrase)s” is on the list already."), phrase=same[0])
    clean = block_list(check, dict(rows))
    check.done()
    return clean


def without_phrase(programme: Programme, phrase: str) -> dict[str, str]:
    """Return the programme's block list without this phrase, however it is spelled. Raises Invalid."""
    kept = {known: why for known, why in programme.block_list.items() if parts(known) != parts(phrase)}
    if len(kept) == len(programme.block_list):
        raise Invalid({"block_list": Words(N_("“%(phrase)s” is not on the list."), {"phrase": phrase})})
    return kept


def policy_in(programme: Programme, wanted: str, name: str = "policy") -> tuple[str, str] | None:
    """Return (language, text) of the policy, or of the style guide, in this language; None: there is none.

    Else it is in the programme's first language that has one.
    """
    said: dict[str, str] = getattr(programme, name)
    order = [wanted, *programme.languages, *sorted(said)]
    return next(((language, said[language]) for language in order if said.get(language)), None)


def _by_language(check: Check, name: str, given: Any) -> list[tuple[str, str]]:
    values: Mapping[str, Any] = dict(given or {})
    found = []
    for language, text in values.items():
        code = language_of(str(language))
        if code is None:
            check.refuse(name, N_("We know no language %(language)s."), language=language)
        else:
            found.append((code, str(text or "")))
    return found
