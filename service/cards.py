"""Cards. In: a story and one of its public links. Out: what a network's preview says, in the story's own language.

Open Graph (https://ogp.me) and X cards (developer.x.com, "Cards markup") name the fields.
"""

from __future__ import annotations

from dataclasses import dataclass

from babel import core

from service.database import db
from service.models import Picture, Programme, Story

WIDE = 1.5
"""A picture at least so wide for its height is shown large; X cuts `summary_large_image` to 2:1, others to 1.91:1."""


@dataclass(frozen=True, slots=True)
class Card:
    """What the head of a short link's page says to a program that makes previews."""

    link: str
    """The short link itself: og:url, so that the card keeps the unique code."""
    title: str
    summary: str
    language: str
    locale: str
    """As Open Graph writes it: language_TERRITORY."""
    site: str
    picture: str
    """Absolute address of the picture, or empty."""
    picture_path: str
    width: int
    height: int
    alt: str

    @property
    def large(self) -> bool:
        """True where the picture deserves the large form."""
        return bool(self.picture) and self.width >= self.height * WIDE


def card_of(story: Story, link: str) -> Card:
    """Return the card of this story at this link (absolute, `…/r/<code>`); its picture comes from the link's host."""
    programme = db.session.get(Programme, 1)
    picture = db.session.get(Picture, story.picture_hash) if story.picture_hash else None
    host = "/".join(link.split("/", 3)[:3])
    return Card(
        link=link,
        title=story.title,
        summary=story.summary,
        language=story.language,
        locale=locale_of(story.language),
        site=programme.company if programme else "",
        picture=f"{host}/pictures/{picture.hash}.jpg" if picture else "",
        picture_path=f"/pictures/{picture.hash}.jpg" if picture else "",
        width=picture.width if picture else 0,
        height=picture.height if picture else 0,
        alt=story.picture_alt if picture else "",
    )


def locale_of(language: str) -> str:
    """Return Open Graph's form of a language: with the territory that Unicode CLDR calls likeliest, `en` → `en_US`."""
    likely = core.get_global("likely_subtags").get(language.replace("-", "_"), "")
    territory = likely.rpartition("_")[2]
    return f"{language}_{territory}" if len(territory) == 2 else language
