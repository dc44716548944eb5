"""Parameters. In: a template of what short links add to a story's address. Out: its names and values, or a refusal.

Names and values are joined by & as in a query, with {network}, {campaign}, {story} and {language} filled in. Nothing
personal can be said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from service.validation import N_, Check, Words

PLACEHOLDERS = ("network", "campaign", "story", "language")
"""What a template may say: the network's slug, the campaign's (or `goodword`), the story's number and language."""
MOST_PARAMETERS, LONGEST_TEMPLATE = 12, 500


class WrongTemplate(ValueError):
    """These parameters cannot stand; `words` say why."""

    def __init__(self, message: str, **values: object) -> None:
        self.words = Words(message, values)
        super().__init__(str(self.words))


@lru_cache(maxsize=256)
def parameters(template: str) -> Mapping[str, str]:
    """Return name → value, placeholders still in it, of a template like `utm_source={network}&utm_medium=advocacy`.

    An empty template adds nothing. Raises WrongTemplate.
    """
    if len(template) > LONGEST_TEMPLATE:
        raise WrongTemplate(N_("Keep it to %(longest)d characters."), longest=LONGEST_TEMPLATE)
    found: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in template.split("&"))):
        name, mark, value = (part.strip() for part in pair.partition("="))
        if not mark or not value or not is_parameter(name):
            raise WrongTemplate(N_("Write name=value, joined by &; %(pair)s is not."), pair=pair)
        if name in found:
            raise WrongTemplate(N_("%(parameter)s is there twice."), parameter=name)
        bare = value
        for placeholder in PLACEHOLDERS:
            bare = bare.replace(f"{{{placeholder}}}", "")
        if re.search(r"[{}]", bare):
            raise WrongTemplate(N_("Only {network}, {campaign}, {story} and {language} can be filled in."))
        if "%" in bare or "#" in bare or not value.isprintable():
            raise WrongTemplate(N_("Write %(parameter)s plainly: signs are encoded by themselves."), parameter=name)
        found[name] = value
    if len(found) > MOST_PARAMETERS:
        raise WrongTemplate(N_("Choose at most %(most)d."), most=MOST_PARAMETERS)
    return found


def is_parameter(name: str) -> bool:
    """Return True if this can be a parameter's name: letters, figures, _, - and dots, at most 60."""
    return re.fullmatch(r"[A-Za-z0-9_.-]{1,60}", name) is not None


def template(check: Check, value: object) -> str | None:
    """Return a clean template, None where it is empty; refused under "link_parameters" if it is none."""
    text = str(value or "").strip().lstrip("?&")
    try:
        parameters(text)
    except WrongTemplate as refusal:
        check.refuse("link_parameters", refusal.words.message, **refusal.words.values)
    return text or None


def click_parameter(check: Check, value: object) -> str:
    """Return the name of the click's parameter, empty for none; refused if it cannot be one."""
    name = str(value or "").strip()
    if name and not is_parameter(name):
        check.refuse("click_parameter", N_("Choose one short name of letters, figures and _, like gw_click."))
    return name
