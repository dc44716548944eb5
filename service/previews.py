"""Previews. In: an edition and an employee. Out: her digest as she would get it, without sending it to anybody."""

from __future__ import annotations

import secrets
from typing import Any

import sqlalchemy as sa

from emails import digest
from emails.picks import Reason
from emails.values import Passes, Recipient
from service import clock, recognition
from service.choosing import Choosing, Decision
from service.database import db
from service.models import Edition, Employee

NOBODYS = Passes(share="0" * 36, me="0" * 36, unsubscribe="0" * 36, claim="0" * 36)
"""Passes of a preview: they open nothing, so that who looks at her mail cannot act in her name."""


class NoDigest(Exception):
    """This employee would get no digest; `reason` is emails.picks.Reason."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(str(reason))
        self.reason = reason


def preview(edition: Edition, employee: Employee) -> tuple[str, str]:
    """Return (HTML, text) of the digest this employee would get; its links open nothing. Raises NoDigest."""
    choosing, decision = _decided(edition, employee)
    to = Recipient(
        name=employee.name or "",
        address=employee.email or "",
        language=employee.language,
        passes=NOBODYS,
        networks=tuple(employee.networks) or (choosing.programme.fallback_network,),
    )
    you = recognition.digest_facts([employee.subject], edition.week)[employee.subject]
    compiled = digest.compile(choosing.frozen.texts, employee.language)
    message = compiled.message(to, you, decision.stories, f"<preview@{edition.week}.invalid>", clock.now())
    return message.html, message.text


def test_facts(edition: Edition, employee: Employee, to_address: str) -> dict[str, Any]:
    """Return the frozen facts of a test mail: the employee's stories and figures, links of the receiver or of nobody.

    Raises NoDigest.
    """
    choosing, decision = _decided(edition, employee)
    receiver = db.session.scalar(sa.select(Employee).where(Employee.email == to_address))
    you = recognition.digest_facts([employee.subject], edition.week)[employee.subject]
    return {
        "to": {
            "name": employee.name or "",
            "networks": list(employee.networks) or [choosing.programme.fallback_network],
            "link_id": receiver.link_id if receiver else secrets.token_hex(8),
        },
        "edition": choosing.frozen.texts.to_json(),
        "stories": list(decision.stories),
        "you": you.to_json(),
    }


def _decided(edition: Edition, employee: Employee) -> tuple[Choosing, Decision]:
    if not employee.email:
        raise NoDigest(Reason.GONE)
    choosing = Choosing(edition)
    decision = choosing.decide([employee])[0]
    if decision.reason is not None:
        raise NoDigest(decision.reason)
    return choosing, decision
