"""Share texts. In: a story and the suggestions that the liaison writes. Out: them kept in her order, or refusals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from emails.networks import NETWORKS
from service import stories, words
from service.database import db
from service.locales import language_of
from service.models import ShareText, Story
from service.validation import N_, Check, paragraphs

LONGEST = 3000
MOST = 20
"""Suggestions for one network and language; more are not read by anybody."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One suggestion as it should be; `id` names the one that it was before, so that its uses stay counted."""

    network: str
    language: str
    text: str
    id: int | None = None


def write(story: Story, wanted: Sequence[Wanted], by: int | None = None) -> list[ShareText]:
    """Give the story these suggestions and no others, in this order for each network and language; empty ones go.

    `by`: the liaison who wrote them; another may have to approve them (stories.rewritten). Commits. Raises Invalid,
    each error under the number of its suggestion in `wanted` ("0", "1", …).
    """
    check, clean = Check(), []
    for number, one in enumerate(wanted):
        text = _checked(check, one.network, one.language, one.text, str(number))
        clean.append(Wanted(one.network, language_of(one.language) or one.language, text, one.id))
    counts = Counter((one.network, one.language) for one in clean if one.text)
    for number, one in enumerate(clean):
        if counts[one.network, one.language] > MOST:
            check.refuse(str(number), N_("Keep it to %(most)d texts for a network and language."), most=MOST)
    check.done()
    said_before = [(row.network, row.language, row.text) for row in story.texts]
    before = {row.id: row for row in story.texts}
    after, places = [], Counter[tuple[str, str]]()
    for one in clean:
        if not one.text:
            continue
        row = before.pop(one.id, None) if one.id else None
        if row is None:
            row = ShareText(network=one.network, language=one.language, text=one.text)
        row.network, row.language, row.text = one.network, one.language, one.text
        row.position = places[one.network, one.language]
        places[one.network, one.language] += 1
        after.append(row)
    story.texts = after
    if by is not None and sorted(said_before) != sorted((row.network, row.language, row.text) for row in after):
        stories.rewritten(story, by)
    db.session.commit()
    return after


def _checked(check: Check, network: str, language: str, text: str, field: str) -> str:
    """Return the clean text; note under `field` what cannot stand."""
    if network and network not in NETWORKS:
        check.refuse(field, N_("We know no network %(network)s."), network=network)
    if language_of(language) is None:
        check.refuse(field, N_("We know no language %(language)s."), language=language)
    clean = paragraphs(text)
    if len(clean) > LONGEST:
        check.refuse(field, N_("Keep it to %(longest)d characters."), longest=LONGEST)
    for phrase, reason in words.refused(clean).items():
        message = N_("“%(phrase)s” is on the block list: %(reason)s")
        check.refuse(field, message, phrase=phrase, reason=reason)
    return clean
