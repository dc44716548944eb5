"""Shares. In: an employee, a story and a network; later, hits on the short link. Out: shares and evidence, recorded."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import sqlalchemy as sa

from emails import networks
from scoring import visits
from service import clock, settings, settling
from service.bulk import insert_or_ignore
from service.database import db
from service.models import Employee, Evidence, Outbox, Selection, Share, ShareText, Story
from service.models.content import StoryStatus
from service.models.mail import MailState

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
CODE_LENGTH = 10
LARGEST_ID = 2**31 - 1
"""What a database can look up; a larger number from a URL is nobody's."""
QUIET = timedelta(minutes=1)
"""A share opened again within this time adds no second line of evidence."""


SHOWN = (MailState.ACCEPTED, MailState.DELIVERED)
"""States of a digest whose stories she has been shown."""


class UnknownCode(LookupError):
    """No share has this short link."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for a page, as far as evidence needs it. The address is hashed at once and kept nowhere."""

    method: str = "GET"
    address: str = ""
    agent: str = ""
    purpose: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """A share that stands open, with what its composer is filled with."""

    share: Share
    link: str
    words: str
    title: str

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


def short_link(code: str) -> str:
    """Return the public address of a short link."""
    return f"{settings().base_url}/r/{code}"


def ready_words(employee: Employee, story: Story, network: str, link: str = "") -> str:
    """Return the ready-made words for her and this network, with the campaign's hashtags and cut to fit.

    Her own language comes first, then the story's, then what else she reads, then whatever there is.
    """
    rows = db.session.scalars(sa.select(ShareText).where(ShareText.story_id == story.id))
    texts = {(row.network, row.language): row.text for row in rows}
    wanted = [employee.language, story.language, *employee.reads, "en", *sorted({key[1] for key in texts})]
    hashtags = story.campaign.hashtags if story.campaign else []
    return networks.share_text(texts, network, list(dict.fromkeys(wanted)), story.title, hashtags, link)


def open_share(
    employee: Employee, story: Story, network: str, own_words: str | None = None, asked: Asked | None = None
) -> Opened:
    """Record that she opened this story's composer, making her share and its short link where there is none.

    `own_words` are hers if they differ from the ready ones. Changes no score. Commits.
    Raises KeyError for an unknown network.
    """
    networks.NETWORKS[network]
    now = clock.now()
    share = _share(employee, story, network)
    link = short_link(share.code)
    ready = ready_words(employee, story, network, link)
    words = own_words.strip() if own_words and own_words.strip() else ready
    if _plain(words) != _plain(ready) and not share.visited_at:
        # Words that come after a reader confirmed the share cannot be the ones he read.
        share.own_words = True
    if share.opened_at is None:
        share.opened_at = now
    recent = sa.select(Evidence.id).where(
        Evidence.share_id == share.id, Evidence.kind == "opened", Evidence.at > now - QUIET
    )
    if db.session.scalar(recent.limit(1)) is None:
        seen = asked or Asked()
        facts = {"agent": seen.agent[:400], "purpose": seen.purpose[:80]}
        who = _visitor(share, seen) if asked else None
        db.session.add(Evidence(share_id=share.id, kind="opened", at=now, visitor=who, facts=facts))
    db.session.commit()
    return Opened(share, link, words, story.title)


def _plain(text: str) -> str:
    return " ".join(text.split())


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


def _visitor(share: Share, asked: Asked) -> str | None:
    """Return who this was, as a hash salted per share: the same person is told apart here and known nowhere else."""
    if share.salt is None:
        return None
    seen = f"{asked.address}|{asked.agent}".encode()
    return hmac.new(bytes.fromhex(share.salt), seen, "sha256").hexdigest()[:32]


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
    return [story for id_ in list(ids)[:limit] if (story := story_for(employee, id_)) is not None]


def declare(employee: Employee, share: Share) -> bool:
    """Record that she says *I shared it*, and settle her score; return False if she had said so already. Commits.

    Raises PermissionError where the share is somebody else's.
    """
    if share.subject != employee.subject:
        raise PermissionError("the share is not hers")
    settling.lock(employee.subject)
    db.session.refresh(share)
    if share.declared_at is not None:
        return False
    share.declared_at = clock.now()
    db.session.add(Evidence(share_id=share.id, kind="declared", at=share.declared_at, facts={}))
    db.session.flush()
    settling.settle(share.subject)
    db.session.commit()
    return True


def visit(code: str, asked: Asked) -> str:
    """Record one GET of a short link with its verdict, settle what it proves, and return where it leads. Commits.

    Raises UnknownCode.
    """
    share = _by_code(code)
    target = leads_to(share)
    if share.salt is None:  # her data were erased: the link goes on, nothing is counted
        return target
    settling.lock(share.subject)
    now = clock.now()
    who = _visitor(share, asked)
    hit = visits.Hit(
        method=asked.method,
        agent=asked.agent[:400],
        purpose=asked.purpose[:80],
        language=asked.language[:80],
        herself=_opened_it(share, who),
        burst=1 + _hits(share, who, now - timedelta(seconds=2)),
    )
    verdict = visits.judge(hit)
    facts = hit.to_json() | ({"crawler": verdict.crawler} if verdict.crawler else {})
    db.session.add(
        Evidence(
            share_id=share.id,
            kind="visit",
            at=now,
            verdict=verdict.kind,
            reason=verdict.reason,
            visitor=who,
            facts=facts,
        )
    )
    db.session.flush()
    if verdict.kind == visits.HUMAN or (verdict.crawler and visits.proves(verdict.crawler, share.network)):
        settling.settle(share.subject)
    db.session.commit()
    return target


def look_up(code: str) -> str:
    """Return where a short link leads, recording nothing. Raises UnknownCode."""
    return leads_to(_by_code(code))


def _by_code(code: str) -> Share:
    if len(code) != CODE_LENGTH or not set(code) <= set(BASE58):
        raise UnknownCode  # not worth a query, and nothing that a database might stumble over
    share = db.session.scalar(sa.select(Share).options(sa.orm.joinedload(Share.story)).where(Share.code == code))
    if share is None:
        raise UnknownCode
    return share


def leads_to(share: Share) -> str:
    """Return the story's stored address with UTM parameters that say which network and campaign brought the visit."""
    campaign = share.story.campaign
    source = {"utm_source": share.network, "utm_medium": "advocacy"}
    return with_parameters(share.story.url, {**source, "utm_campaign": campaign.slug if campaign else "goodword"})


def with_parameters(url: str, values: Mapping[str, str]) -> str:
    """Return the URL with these query parameters added; its own query and fragment stay, and its own values win."""
    parts = urlsplit(url)
    present = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    added = urlencode({k: v for k, v in values.items() if k not in present}, quote_via=quote)
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, added)))))


def _opened_it(share: Share, who: str | None) -> bool:
    asked = sa.select(Evidence.id).where(
        Evidence.share_id == share.id, Evidence.kind == "opened", Evidence.visitor == who
    )
    return db.session.scalar(asked.limit(1)) is not None


def _hits(share: Share, who: str | None, since: object) -> int:
    asked = sa.select(sa.func.count()).where(
        Evidence.share_id == share.id, Evidence.kind == "visit", Evidence.visitor == who, Evidence.at > since
    )
    return int(db.session.scalar(asked) or 0)
