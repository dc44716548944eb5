"""Previews. In: an edition and an employee. Out: her digest as she would get it, or got it; nobody gets it from here.

Links of what is shown open nothing. In works-council mode *you, this month* is hers alone and left out.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any, NamedTuple

import sqlalchemy as sa

from emails import digest, values
from emails.colours import Colours
from emails.picks import Reason
from emails.values import Passes, Recipient, You
from service import compose, programmes, readers, recognition, weeks
from service.choosing import Choosing
from service.database import db
from service.freezing import freeze, texts_of
from service.models import Edition, Employee, Outbox
from service.validation import N_, Words

NOBODYS = Passes(share="0" * 36, me="0" * 36, unsubscribe="0" * 36, claim="0" * 36)
"""Passes of a preview: they open nothing, so that who looks at her mail cannot act in her name."""


class NoDigest(Exception):
    """This employee would get no digest; `reason` is emails.picks.Reason."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(str(reason))
        self.reason = reason


class NotKept(Exception):
    """What she got cannot be shown any more, or never was; `words` says why."""

    def __init__(self, message: str) -> None:
        self.words = Words(message)
        super().__init__(message)


class Look(NamedTuple):
    """A digest as its reader sees it, in her inbox and opened."""

    subject: str
    preheader: str
    """What an inbox shows after the subject; "" where that is not known."""
    html: str
    text: str
    language: str


def preview(edition: Edition, employee: Employee, language: str | None = None) -> Look:
    """Return the digest this employee would get, or got; its links open nothing. Raises NoDigest.

    `language`: as her mails would look in another one, with the same stories.
    """
    facts, texts, stories = _facts(edition, employee)
    spoken = language or employee.language
    to = Recipient(
        name=facts["to"]["name"],
        address=employee.email or "",
        language=spoken,
        passes=NOBODYS,
        networks=tuple(facts["to"]["networks"]),
    )
    compiled = digest.compile(texts, spoken)
    you = None if programmes.current().works_council else You.from_json(facts["you"])
    return Look(
        compiled.greeting(to, stories).subject,
        compiled.preheader(stories),
        compiled.html(to, you, stories),
        compiled.text(to, you, stories),
        spoken,
    )


def mail_of(edition: Edition, employee: Employee) -> Outbox | None:
    """Return the row of her digest in this edition; None where none was planned."""
    return db.session.scalar(
        sa.select(Outbox).where(
            Outbox.kind == readers.KIND,
            Outbox.occasion == readers.occasion_of(edition),
            Outbox.subject == employee.subject,
        )
    )


def sent(row: Outbox) -> Look:
    """Return the very mail of this row, made again of what was frozen; only its passes are other ones. Raises NotKept.

    Its body has the bytes that left, each pass taken for one that opens nothing.
    """
    try:
        parts = compose.digest_of(row)
    except compose.AddressGone as gone:
        raise NotKept(N_("She was forgotten, or has another address since: what she got is not kept.")) from gone
    except (KeyError, ValueError, TypeError) as gone:
        raise NotKept(N_("The texts of this mail are not kept any more.")) from gone
    you = None if programmes.current().works_council else parts.you
    html, text = (
        _harmless(body, parts.to.passes)
        for body in (
            parts.compiled.html(parts.to, you, parts.stories),
            parts.compiled.text(parts.to, you, parts.stories),
        )
    )
    subject = parts.compiled.greeting(parts.to, parts.stories).subject
    return Look(subject, parts.compiled.preheader(parts.stories), html, text, row.language)


def _harmless(body: str, passes: Passes) -> str:
    for name in ("share", "me", "unsubscribe", "claim"):
        body = body.replace(getattr(passes, name), getattr(NOBODYS, name))
    return body


def test_facts(edition: Edition, employee: Employee, to_address: str) -> dict[str, Any]:
    """Return the frozen facts of a test mail: the employee's stories and figures, links of the receiver or of nobody.

    Raises NoDigest.
    """
    facts, texts, stories = _facts(edition, employee)
    receiver = db.session.scalar(sa.select(Employee).where(Employee.email == to_address))
    return {
        "to": {
            "name": facts["to"]["name"],
            "networks": facts["to"]["networks"],
            "link_id": receiver.link_id if receiver else secrets.token_hex(8),
        },
        "edition": texts.to_json(),
        "stories": stories,
        "you": You().to_json() if programmes.current().works_council else facts["you"],
    }


def _facts(edition: Edition, employee: Employee) -> tuple[dict[str, Any], values.Edition, list[int]]:
    """Return (facts, texts, stories) of her mail: those planned, or as things stand. Texts hold only her stories."""
    if not employee.email:
        raise NoDigest(Reason.GONE)
    row = mail_of(edition, employee)
    if row is not None and row.selection is not None:
        # Facts of an erased person's row are gone, but so is her address, which was asked for above.
        facts, stories, frozen = row.facts, row.selection.stories, texts_of(edition)
    else:
        choosing = Choosing(edition)
        decision = choosing.decide([employee])[0]
        if decision.reason is not None:
            raise NoDigest(decision.reason)
        you = recognition.digest_facts([employee.subject], edition.week)[employee.subject]
        networks = list(employee.networks) or [choosing.programme.fallback_network]
        facts = {"to": {"name": employee.name or "", "networks": networks}, "you": you.to_json()}
        stories, frozen = list(decision.stories), choosing.frozen
    shown = tuple(s for s in frozen.texts.stories if s.id in stories)
    return facts, replace(frozen.texts, stories=shown), list(stories)


def in_colours(hue: Colours, language: str, name: str, instead: values.Story) -> str:
    """Return a digest in these colours: one story of this week, without its picture, and all else that wears them.

    It is nobody's: `name` is greeted, figures are invented. `instead` stands for the story where there is none yet.
    """
    texts = freeze(Edition(week=weeks.current_week())).texts
    stories = (replace(next(iter(texts.stories), instead), picture=None),)
    shown = replace(texts, stories=stories, programme=replace(texts.programme, colours=hue))
    to = Recipient(name=name, address="", language=language, passes=NOBODYS, networks=("linkedin", "whatsapp"))
    you = You(points=240, weeks=3, tickets=2, badge="conversation-starter", have=12, need=20, shares=1, visits=9)
    return digest.compile(shown, language).html(to, you, [story.id for story in stories])
