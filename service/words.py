"""Words. In: an employee, a story, a network and what she typed. Out: the suggestions for her, and what is posted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from emails import blocked, posts, suggestions
from emails.suggestions import Text
from service.database import db
from service.models import Campaign, Employee, Programme, Share, ShareText, Story

MOST = 12
"""Suggestions that her page shows for one network."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One text for her and this network, and how many colleagues' shares took it as it stands."""

    id: int | None
    """None: the story's title, where there are no texts."""
    language: str
    text: str
    used: int = 0


@dataclass(frozen=True, slots=True)
class Ending:
    """What comes with every post of a story: its campaign's hashtags, and the programme's disclosure."""

    hashtags: tuple[str, ...]
    disclosure: str


def texts_of(story: Story) -> list[Text]:
    """Return the story's texts in the liaison's order, without those that hold a phrase of the block list."""
    list_ = block_list()
    return [t for t in all_texts(story) if not blocked.held(t.text, list_)]


def all_texts(story: Story) -> list[Text]:
    """Return all the story's texts in the liaison's order."""
    rows = sa.select(ShareText.id, ShareText.network, ShareText.language, ShareText.text)
    rows = rows.where(ShareText.story_id == story.id).order_by(ShareText.position, ShareText.id)
    return [Text(*row) for row in db.session.execute(rows)]


def suggested(employee: Employee, story: Story, network: str) -> list[Suggestion]:
    """Return the suggestions for her and this network, the one that is offered to her first at the head."""
    return suggested_for(employee, story, [network])[network]


def suggested_for(employee: Employee, story: Story, slugs: Iterable[str]) -> dict[str, list[Suggestion]]:
    """Return network → the suggestions for her, the one that is offered to her first at the head; never none.

    What her share took already stays first. Else the text that colleagues used least on this network does, so that
    they post different ones: emails.suggestions. Only languages that she reads, where there is any text in one.
    """
    texts, order = texts_of(story), languages(employee, story)
    hers = {employee.language, story.language, *employee.reads}
    uses, mine = _uses(employee, story) if texts else ({}, {})
    found = {}
    for slug in slugs:
        groups = suggestions.tiers(texts, slug, order)
        here: list[Suggestion] = []
        for group in tuple(g for g in groups if g[0].language in hers) or groups:
            known = {text.id: (text, *uses.get((slug, text.id), (0, 0))) for text in group}
            for id_ in suggestions.rotated({i: n for i, (_, n, _) in known.items()}, employee.subject, story.id):
                text, _taken, proven = known[id_]
                here.append(Suggestion(id_, text.language, text.text, proven))
        here.sort(key=lambda s: s.id != mine.get(slug))
        found[slug] = here[:MOST] or [Suggestion(None, story.language, story.title)]
    return found


def _uses(employee: Employee, story: Story) -> tuple[dict[tuple[str, int], tuple[int, int]], dict[str, int]]:
    """Return (network, text) → (colleagues who took it, those whose share went beyond opening), and what she took.

    A mail scanner opens links too: it may be given a text, but nobody is told that a colleague used it.
    """
    further = sa.func.sum(sa.case((Share.state != "opened", 1), else_=0))
    of_story = sa.and_(Share.story_id == story.id, Share.text_id.is_not(None))
    asked = sa.select(Share.network, Share.text_id, sa.func.count(), further).where(
        of_story, Share.subject != employee.subject
    )
    rows = db.session.execute(asked.group_by(Share.network, Share.text_id))
    mine = sa.select(Share.network, Share.text_id).where(of_story, Share.subject == employee.subject)
    hers = {str(slug): int(id_) for slug, id_ in db.session.execute(mine) if id_}
    return {(slug, id_): (n, int(proven)) for slug, id_, n, proven in rows}, hers


def languages(employee: Employee, story: Story) -> list[str]:
    """Return the languages of words for her, the best first: hers, the story's, what else she reads, any other."""
    rest = sa.select(ShareText.language).where(ShareText.story_id == story.id).distinct()
    return list(
        dict.fromkeys(
            [employee.language, story.language, *employee.reads, "en", *sorted(db.session.scalars(rest))],
        )
    )


def ending(story: Story, wanted: Sequence[str]) -> Ending:
    """Return the story's hashtags and the programme's disclosure in the first of the wanted languages that has one.

    Where the programme discloses at all, every post does: in its first language if in no other.
    """
    return ending_of(story.campaign, wanted)


def ending_of(campaign: Campaign | None, wanted: Sequence[str]) -> Ending:
    """Return the same for a story of this campaign, or of none."""
    programme = db.session.get(Programme, 1)
    said = programme.disclosure if programme else {}
    order = [*wanted, *(programme.languages if programme else ()), *sorted(said)]
    tags = campaign.hashtags if campaign else []
    return Ending(tuple(tags), next((said[language] for language in order if said.get(language)), ""))


def ready(employee: Employee, story: Story, network: str, link: str = "") -> tuple[Suggestion, str]:
    """Return the suggestion that is hers for this network, and what is posted of it: with its ending, cut to fit."""
    first = suggested(employee, story, network)[0]
    with_it = ending(story, [first.language, employee.language])
    return first, posts.fitted(first.text, network, with_it.hashtags, with_it.disclosure, link)


def posted(story: Story, network: str, words: str, wanted: Sequence[str], link: str = "") -> str:
    """Return what is posted of these words of hers: with what they lack of the story's ending, never cut."""
    with_it = ending(story, wanted)
    return posts.post(words, network, with_it.hashtags, with_it.disclosure, link)


def additions(story: Story, network: str, words: str, wanted: Sequence[str], link: str = "") -> list[str]:
    """Return what these words lack of the story's ending, as it will be added."""
    with_it = ending(story, wanted)
    return [a.strip() for a in posts.additions(words, network, with_it.hashtags, with_it.disclosure, link)]


def taken(story: Story, network: str, words: str) -> int | None:
    """Return the id of the suggestion that these words are as it stands, None if they are none; the network's first."""
    same = [text for text in all_texts(story) if suggestions.same(words, text.text)]
    return min(same, key=lambda t: (t.network != network, t.network != "", t.id)).id if same else None


def own(story: Story, words: str) -> bool:
    """Return whether these words are somebody's own: no suggestion of this story, nor a trivial edit of one."""
    programme = db.session.get(Programme, 1)
    known = [*(text.text for text in all_texts(story)), story.title, story.summary]
    return suggestions.are_own(words, [*known, *(programme.disclosure.values() if programme else ())])


def block_list() -> Mapping[str, str]:
    """Return the programme's block list: phrase → reason."""
    programme = db.session.get(Programme, 1)
    return programme.block_list if programme else {}


def refused(words: str) -> dict[str, str]:
    """Return phrase → reason for what these words hold of the block list."""
    return blocked.held(words, block_list())


def violating() -> list[tuple[Story, ShareText, dict[str, str]]]:
    """Return the share texts that hold phrases of the block list: nobody is given them until they are changed."""
    list_ = block_list()
    if not list_:
        return []
    rows = db.session.scalars(sa.select(ShareText).options(sa.orm.joinedload(ShareText.story)).order_by(ShareText.id))
    return [(row.story, row, found) for row in rows if (found := blocked.held(row.text, list_))]
