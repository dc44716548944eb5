"""Shares. In: an employee, a story and a network. Out: her share with its short link and its evidence, recorded."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import sqlalchemy as sa

from emails import networks
from service import books, clock, opened_links, settling, words
from service.bulk import insert_or_ignore
from service.database import db
from service.links import BASE58, CODE_LENGTH, short_link
from service.models import Employee, Evidence, Outbox, Selection, Share, Story
from service.models.content import StoryStatus
from service.models.mail import MailState
from service.visiting import Asked

LARGEST_ID = 2**31 - 1
"""What a database can look up; a larger number from a URL is nobody's."""
SHOWN = (MailState.ACCEPTED, MailState.DELIVERED)
"""States of a digest whose stories she has been shown."""


class Unsharable(ValueError):
    """The story is a notice for colleagues alone; no way leads to a share of it."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A share that stands open, with what its composer is filled with."""

    share: Share
    link: str
    words: str
    """As they are posted, with hashtags and disclosure."""
    title: str
    typed: str = ""
    """As she wrote or chose them; "": she was given them."""

    def composer(self, instance: str | None = None) -> str:
        """Return the address of the network's composer (emails.networks)."""
        return networks.composer_url(self.share.network, self.link, self.words, self.title, instance)


def story_for(employee: Employee, story_id: int) -> Story | None:
    """Return the story if it is hers to share: approved at least once, and for her team or already mailed to her.

    Window and archive do not matter: what a mail offered stays open as long as its pass.
    """
    story = db.session.get(Story, story_id) if story_id <= LARGEST_ID else None
    if story is None or story.status not in (StoryStatus.APPROVED, StoryStatus.ARCHIVED):
        return None
    audience = story.audience or (story.campaign.audience if story.campaign else [])
    if not audience or employee.team_id in audience:
        return story
    mailed = sa.select(Selection.stories).join(Outbox, Outbox.selection_id == Selection.id)
    chosen = db.session.scalars(mailed.where(Outbox.subject == employee.subject))
    return story if any(story_id in stories for stories in chosen) else None


def open_share(
    employee: Employee,
    story: Story,
    network: str,
    own_words: str | None = None,
    asked: Asked | None = None,
    language: str | None = None,
) -> Opened:
    """Record that she opened this story's composer, making her share and its short link where there is none.

    `own_words` is what she wrote or chose, in `language` if that is known; without it she is given the suggestion that
    is hers. Either gets the hashtags and the disclosure that it lacks. Changes no score. Commits.
    Raises KeyError for an unknown network, Unsharable for a notice.
    """
    networks.NETWORKS[network]
    if story.internal:
        raise Unsharable("a notice for colleagues alone")
    now = clock.now()
    share = _share(employee, story, network)
    link = short_link(share.code)
    typed = (own_words or "").strip()
    if typed:
        ready = words.posted(story, network, typed, [language or employee.language, employee.language], link)
        if not share.visited_at:
            # Words that come after a reader confirmed the share cannot be the ones he read.
            share.text_id = words.taken(story, network, typed)
            share.own_words = words.own(story, typed)
    else:
        first, ready = words.ready(employee, story, network, link)
        if not share.visited_at and not share.own_words:
            # A scanner may open this link after she wrote her own words: it must not take them from her.
            share.text_id = first.id
    if share.opened_at is None:
        share.opened_at = now
    opened_links.record(employee, share, asked, now)
    db.session.commit()
    return Opened(share, link, ready, story.title, typed)


def _share(employee: Employee, story: Story, network: str) -> Share:
    """Return her share of this story on this network, made now if need be; two at once end up with the same one."""
    wanted = sa.select(Share).where(
        Share.subject == employee.subject, Share.story_id == story.id, Share.network == network
    )
    while (found := db.session.scalar(wanted)) is None:
        # A code that somebody else has is as good as never drawn: the row is ignored, and the next one is tried.
        code = "".join(secrets.choice(BASE58) for _ in range(CODE_LENGTH))
        row = {
            "subject": employee.subject,
            "story_id": story.id,
            "network": network,
            "code": code,
            "salt": secrets.token_hex(16),
            "own_words": False,
            "state": "opened",
            "visited_at": [],
            "created_at": clock.now(),
        }
        db.session.execute(insert_or_ignore(Share).values(**row))
    return found


def share_of(employee: Employee, share_id: int) -> Share | None:
    """Return this share if it is hers."""
    found = db.session.get(Share, share_id) if abs(share_id) <= LARGEST_ID else None
    return found if found is not None and found.subject == employee.subject else None


def shares_of(employee: Employee, limit: int = 50) -> list[Share]:
    """Return her shares that were opened or declared, newest first."""
    asked = sa.select(Share).where(Share.subject == employee.subject).order_by(Share.created_at.desc(), Share.id.desc())
    return list(db.session.scalars(asked.options(sa.orm.joinedload(Share.story)).limit(limit)))


def offered(employee: Employee, limit: int = 6) -> list[Story]:
    """Return the stories that her latest digests brought and that she may still share, newest digest first."""
    asked = (
        sa.select(Selection.stories)
        .join(Outbox, Outbox.selection_id == Selection.id)
        .where(Outbox.subject == employee.subject, Outbox.kind == "digest", Outbox.state.in_(SHOWN))
        .order_by(Outbox.id.desc())
        .limit(2)
    )
    ids = dict.fromkeys(id_ for stories in db.session.scalars(asked) for id_ in stories)
    found = (story_for(employee, id_) for id_ in list(ids)[:limit])
    return [story for story in found if story is not None and not story.internal]


def declare(employee: Employee, share: Share) -> bool:
    """Record that she says *I shared it*, and settle her score; return False if she had said so already. Commits.

    Raises PermissionError where the share is somebody else's.
    """
    if share.subject != employee.subject:
        raise PermissionError("the share is not hers")
    books.lock(employee.subject)
    db.session.refresh(share)
    if share.declared_at is not None:
        return False
    share.declared_at = clock.now()
    db.session.add(Evidence(share_id=share.id, kind="declared", at=share.declared_at, facts={}))
    db.session.flush()
    settling.settle(share.subject)
    db.session.commit()
    return True
