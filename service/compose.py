"""Compose. In: an outbox row's frozen facts and the address it goes to. Out: the finished mail, ever the same."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from emails import digest, frozen, invitation, values, winner
from emails.digest import CompiledDigest
from service import passes
from service.database import db
from service.models.mail import Outbox
from service.models.people import Employee
from service.suppressions import address_hash

KEPT = 12
"""Compiled digests kept in memory: a few megabytes each, one per edition and language."""

_compiled: OrderedDict[tuple[object, ...], CompiledDigest] = OrderedDict()


class AddressGone(Exception):
    """The person was erased or has another address by now: this mail is not hers any more."""


def message_of(row: Outbox, address: str | None = None) -> values.Message:
    """Return the mail of this row: the same facts give the same bytes at every attempt.

    `address` may be given where the employee was read already. Raises AddressGone where no address hashes to the
    row's, KeyError or ValueError where the facts are not those of its kind.
    """
    facts = row.facts
    to = _recipient(row, address if address is not None else address_of(row))
    return _KINDS[row.kind](row, facts, to, datetime.fromisoformat(facts["date"]))


def address_of(row: Outbox) -> str:
    """Return the address this row goes to, read from the employee now; raises AddressGone."""
    if row.kind == "test" and "address" in row.facts["to"]:
        return str(row.facts["to"]["address"])
    found = db.session.scalar(sa.select(Employee.email).where(Employee.subject == row.subject))
    if not found:
        raise AddressGone
    return found


def _recipient(row: Outbox, address: str) -> values.Recipient:
    if address_hash(address) != row.address_hash:
        raise AddressGone
    to, signed = row.facts["to"], row.facts["pass"]
    return values.Recipient(
        name=to["name"],
        address=address,
        language=row.language,
        passes=passes.passes_for(to["link_id"], signed["day"], signed["key"]),
        networks=tuple(to["networks"]),
    )


def _digest(row: Outbox, facts: dict[str, Any], to: values.Recipient, date: datetime) -> values.Message:
    if "edition" in facts:
        compiled, stories = digest.compile(values.Edition.from_json(facts["edition"]), row.language), facts["stories"]
    else:
        assert row.edition is not None and row.selection is not None
        compiled, stories = _compiled_of(row), row.selection.stories
    return compiled.message(to, values.You.from_json(facts["you"]), stories, row.message_id, date)


def _compiled_of(row: Outbox) -> CompiledDigest:
    """Return the compiled digest of the row's edition and language, from memory if it was needed before."""
    edition = row.edition
    assert edition is not None
    if edition.frozen is None:
        raise ValueError("an edition that was never released has no texts")
    # An undone and released-again edition has other texts under the same id.
    key = (db.engine.url, edition.id, edition.released_at, row.language)
    if key not in _compiled:
        _compiled[key] = digest.compile(values.Edition.from_json(edition.frozen), row.language)
    _compiled.move_to_end(key)
    while len(_compiled) > KEPT:
        _compiled.popitem(last=False)
    return _compiled[key]


def _invitation(row: Outbox, facts: dict[str, Any], to: values.Recipient, date: datetime) -> values.Message:
    return invitation.compose(_programme(facts), to, facts.get("topics", ()), row.message_id, date)


def _frozen(row: Outbox, facts: dict[str, Any], to: values.Recipient, date: datetime) -> values.Message:
    return frozen.compose(_programme(facts), to, values.FrozenTickets.from_json(facts["frozen"]), row.message_id, date)


def _winner(row: Outbox, facts: dict[str, Any], to: values.Recipient, date: datetime) -> values.Message:
    return winner.compose(_programme(facts), to, values.WonPrize.from_json(facts["prize"]), row.message_id, date)


def _programme(facts: dict[str, Any]) -> values.Programme:
    return values.Programme(**facts["programme"])


_KINDS: dict[str, Callable[[Outbox, dict[str, Any], values.Recipient, datetime], values.Message]] = {
    "digest": _digest,
    "test": _digest,
    "invitation": _invitation,
    "frozen": _frozen,
    "winner": _winner,
    "passed-on": _winner,
}
