"""The editor. In: an employee, a story and what her form says. Out: her words, checked, and what the page shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import request

from emails import posts
from emails.networks import length, room_for_words
from service import links, programmes, words
from service.models import Employee, Story
from service.web import reader
from service.web.language import gettext as _
from service.words import Suggestion

MOST_WORDS = 5000
"""Signs of her own words that the page takes; no network has room for more."""
COUNTED_FROM = 5
"""Colleagues that are told as a number: fewer would say too much of each of them."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What stands in the editor: the network, the words, and the suggestion they come from (None: her own)."""

    network: str
    words: str
    base: Suggestion | None
    language: str
    """Of the disclosure."""


def link() -> str:
    """Return an address as long as her short link will be."""
    return links.short_link("x" * links.CODE_LENGTH)


def begun(employee: Employee, story: Story, network: str) -> Draft:
    """Return the editor as it opens for a network: with the suggestion that is hers."""
    first = words.suggested(employee, story, network)[0]
    return Draft(network, first.text, first, first.language)


def typed(employee: Employee, story: Story, network: str) -> Draft:
    """Return the draft that the form says.

    Words of her own always stand. Where the field still holds a suggestion and another one is picked, or the field is
    empty, the picked one is meant: so the page does its work without a script.
    """
    said = request.form.get("words", "").replace("\r\n", "\n").strip()
    here = words.suggested(employee, story, network)
    known = {str(s.id): s for s in here}
    picked = known.get(request.form.get("suggestion", ""))
    taken = words.taken(story, network, said) if said else None
    fill = picked is not None and request.form.get("then") == "fill"
    moved = request.form.get("then") == "network"
    if said and taken is None and not fill:
        return Draft(network, said, None, picked.language if picked else employee.language)
    if said and str(taken) in known and not moved and (picked is None or picked.id == taken):
        return Draft(network, said, known[str(taken)], known[str(taken)].language)
    # Another network has its own first suggestion: it takes the place of one that was not changed.
    chosen = picked if picked and not moved else here[0]
    return Draft(network, chosen.text, chosen, chosen.language)


def wanted(draft: Draft, employee: Employee) -> list[str]:
    """Return the languages of the disclosure of this draft, the best first."""
    return [draft.language, employee.language]


def refusals(employee: Employee, story: Story, draft: Draft) -> list[str]:
    """Return in words why this draft cannot be posted as it is; empty: it can."""
    found = [
        _("“%(phrase)s” is better left out: %(reason)s", phrase=phrase, reason=reason)
        for phrase, reason in words.refused(draft.words).items()
    ]
    with_it = words.ending(story, wanted(draft, employee))
    room = room_for_words(draft.network, link())
    added = length(
        "".join(posts.additions(draft.words, draft.network, with_it.hashtags, with_it.disclosure, link())),
        draft.network,
    )
    most = MOST_WORDS if room is None else min(room - added, MOST_WORDS)
    over = length(draft.words, draft.network) - most
    if over > 0:
        found.append(
            _(
                "%(network)s has room for %(most)s characters beside your link and hashtags: %(over)s too many.",
                network=reader.network_label(draft.network),
                most=most,
                over=over,
            )
        )
    return found


def values(employee: Employee, story: Story, draft: Draft, errors: Sequence[str]) -> dict[str, Any]:
    """Return what the page shows of the editor."""
    known = programmes.networks()
    mine = own_networks(employee)
    with_it = words.ending(story, wanted(draft, employee))
    programme = programmes.found()
    groups = words.suggested_for(employee, story, known)
    draft = replace(draft, words=draft.words[:MOST_WORDS])
    post = posts.post(draft.words, draft.network, with_it.hashtags, with_it.disclosure, link())
    return {
        "mine": mine,
        "others": [slug for slug in known if slug not in mine],
        "draft": draft,
        "errors": errors,
        "groups": [
            {
                "slug": slug,
                "suggestions": found,
                "room": room_for_words(slug, link()),
                "base": draft.base if slug == draft.network else None,
            }
            for slug, found in groups.items()
        ],
        "room": room_for_words(draft.network, link()),
        "length": length(post, draft.network),
        "ending": with_it,
        "disclosures": programme.disclosure if programme else {},
        "policy": policy_link(),
        "counted_from": COUNTED_FROM,
        "own_language": employee.language,
    }


def own_networks(employee: Employee) -> list[str]:
    """Return the networks she uses and the programme offers; where there are none, the one for who chose none."""
    known, programme = programmes.networks(), programmes.found()
    return [slug for slug in employee.networks if slug in known] or [
        programme.fallback_network if programme else known[0]
    ]


def policy_link() -> str | None:
    """Return where the programme's policy is to be read: our page of it, else the address that was set, else None."""
    found = programmes.found()
    if found is None:
        return None
    return "/policy" if found.policy or found.style_guide else found.policy_url
