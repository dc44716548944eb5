"""Compose. In: an outbox row's frozen facts and the address it goes to. Out: the finished mail, ever the same."""

from __future__ import annotations

import hmac
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from emails import answer, badge, digest, fresh_link, frozen, invitation, onboarding, reply_to, report, values, winner
from emails.digest import CompiledDigest
from emails.passes import make
from emails.render import known
from service import letters, passes, settings
from service.database import db
from service.models.draws import FrozenMails
from service.models.mail import Edition, Outbox
from service.models.people import Employee
from service.suppressions import address_hash

ELSEWHERE = ("test", "report")
"""Kinds of mail that may go to somebody who is no employee: the row holds the address."""

KEPT = 12
"""Compiled digests kept in memory: a few megabytes each, one per edition and language."""

LITTLE, YOUS = 4, 4096
"""Facts of *you, this month* that many have in common, at most; so many different ones are kept."""

_LISTS = frozenset({"near", "unsaid", "news"})

_compiled: OrderedDict[tuple[object, ...], CompiledDigest] = OrderedDict()
_compiling = threading.Lock()


class AddressGone(Exception):
    """The person was erased or has another address by now: this mail is not hers any more."""


class Due(NamedTuple):
    """What composing needs of an outbox row."""

    id: int
    kind: str
    subject: str
    address_hash: str
    language: str
    edition_id: int | None
    selection_id: int | None
    facts: dict[str, Any]
    message_id: str
    released_at: datetime | None
    """When its edition was released: an undone and released-again edition has other texts under the same id."""
    stories: Sequence[int] | None = None
    """Its selection's."""


@dataclass(frozen=True, slots=True)
class Digest:
    """The parts of a digest, for mailers that hand many over in one call."""

    compiled: CompiledDigest
    to: values.Recipient
    you: values.You
    stories: Sequence[int]


def message_of(row: Outbox, address: str | None = None) -> values.Message:
    """Return the mail of this row: the same facts give the same bytes at every attempt.

    `address` may be given where the employee was read already. Raises AddressGone where no address hashes to the
    row's, KeyError or ValueError where the facts are not those of its kind.
    """
    return Composer().message(due_of(row), address if address is not None else address_of(row))


def digest_of(row: Outbox) -> Digest:
    """Return the parts of this row's digest; raises as `message_of`."""
    found = Composer().digest(due_of(row), address_of(row))
    if found is None:
        raise ValueError("no digest")
    return found


def due_of(row: Outbox) -> Due:
    """Return what composing needs of this row."""
    names = [name for name in Due._fields if name not in ("released_at", "stories")]
    return Due(
        **{name: getattr(row, name) for name in names},
        released_at=row.edition.released_at if row.edition else None,
        stories=row.selection.stories if row.selection else None,
    )


def address_of(row: Outbox) -> str:
    """Return the address this row goes to, read from the employee now; raises AddressGone."""
    if row.kind in ELSEWHERE and "address" in row.facts["to"]:
        return str(row.facts["to"]["address"])
    found = db.session.scalar(sa.select(Employee.email).where(Employee.subject == row.subject))
    if not found:
        raise AddressGone
    return found


class Composer:
    """Makes mails and remembers what many of them share; for one sender, as long as it sends."""

    def __init__(self) -> None:
        self._keys: dict[int, bytes] = {}
        self._digests: dict[tuple[int, datetime | None, str], CompiledDigest] = {}
        self._yous: dict[tuple[tuple[str, Any], ...], values.You] = {}
        self._frozen: dict[int, dict[str, Any]] = {}

    def message(self, row: Due, address: str, hashed: str | None = None) -> values.Message:
        """Return the mail of this row to this address, whose hash may be given; raises as `message_of`."""
        to = self._recipient(row, address, hashed)
        date = datetime.fromisoformat(row.facts["date"])
        if row.kind in ("digest", "test"):
            found = self._parts(row, to)
            return found.compiled.message(found.to, found.you, found.stories, row.message_id, date)
        return _LETTERS[row.kind](row, self._whole(row.facts), to, date)

    def digest(self, row: Due, address: str, hashed: str | None = None) -> Digest | None:
        """Return the parts of this row's digest, or None for a mail of another kind; raises as `message_of`."""
        return self._parts(row, self._recipient(row, address, hashed)) if row.kind in ("digest", "test") else None

    def _recipient(self, row: Due, address: str, hashed: str | None) -> values.Recipient:
        if (hashed or address_hash(address)) != row.address_hash:
            raise AddressGone
        to, signed = row.facts["to"], row.facts["pass"]
        key_id = signed["key"]
        key = self._keys.get(key_id)
        if key is None:
            key = self._keys[key_id] = passes.key_of(key_id)
        return values.Recipient(
            name=to["name"],
            address=address,
            language=row.language,
            passes=make(key, key_id, bytes.fromhex(to["link_id"]), signed["day"]),
            networks=tuple(to["networks"]),
        )

    def _parts(self, row: Due, to: values.Recipient) -> Digest:
        facts = row.facts
        you = self._you(facts["you"])
        if "edition" in facts:
            compiled = digest.compile(values.Edition.from_json(facts["edition"]), row.language)
            return Digest(compiled, _answering(compiled, row, to), you, facts["stories"])
        if row.edition_id is None or row.stories is None:
            raise KeyError("a digest of no edition or selection")
        compiled = self._compiled(row.edition_id, row)
        return Digest(compiled, _answering(compiled, row, to), you, row.stories)

    def _whole(self, facts: dict[str, Any]) -> dict[str, Any]:
        """Return a mail's facts with those that are kept once for all mails of a draw."""
        draw = facts["frozen"].get("of") if "frozen" in facts else None
        if draw is None:
            return facts
        if draw not in self._frozen:
            self._frozen[draw] = db.session.scalars(
                sa.select(FrozenMails.facts).where(FrozenMails.draw_id == draw)
            ).one()
        shared, hers = self._frozen[draw], {key: told for key, told in facts["frozen"].items() if key != "of"}
        return {**facts, "programme": shared["programme"], "frozen": {**shared["frozen"], **hers}}

    def _you(self, told: dict[str, Any]) -> values.You:
        """Return what these facts tell of her; of most there is little to tell, and the same."""
        if len(told) > LITTLE or not told.keys().isdisjoint(_LISTS):
            return values.You.from_json(told)
        key = tuple(told.items())
        found = self._yous.get(key)
        if found is None:
            if len(self._yous) >= YOUS:
                self._yous.clear()
            found = self._yous[key] = values.You.from_json(told)
        return found

    def _compiled(self, edition_id: int, row: Due) -> CompiledDigest:
        key = edition_id, row.released_at, row.language
        if key not in self._digests:
            # Languages without words of their own read the same digest, which is then made once.
            self._digests[key] = _compiled_of((db.engine.url, edition_id, row.released_at, known(row.language)))
        return self._digests[key]


def _answering(compiled: CompiledDigest, row: Due, to: values.Recipient) -> values.Recipient:
    """Return the reader with her token for answers, where the edition was frozen with an address for them."""
    if not compiled.edition.programme.reply:
        return to
    return replace(to, reply=reply_to.token(inbound_key(), bytes.fromhex(row.facts["to"]["link_id"])))


def inbound_key() -> bytes:
    """Return the key that signs tokens of addresses for answers: they outlive the keys of passes."""
    return hmac.digest(settings().secret.encode(), b"goodword-reply-key-v1", "sha256")


def _compiled_of(key: tuple[Any, int, datetime | None, str]) -> CompiledDigest:
    """Return the compiled digest of (database, edition, its release, language), from memory if it was needed before."""
    with _compiling:
        if key not in _compiled:
            frozen = db.session.scalar(sa.select(Edition.frozen).where(Edition.id == key[1]))
            if frozen is None:
                raise ValueError("an edition that was never released has no texts")
            _compiled[key] = digest.compile(values.Edition.from_json(frozen), key[3])
        _compiled.move_to_end(key)
        while len(_compiled) > KEPT:
            _compiled.popitem(last=False)
        return _compiled[key]


def _invitation(row: Due, facts: dict[str, Any], to: values.Recipient, date: datetime) -> values.Message:
    return invitation.compose(_programme(facts), to, facts.get("topics", ()), row.message_id, date)


def _frozen(row: Due, facts: dict[str, Any], to: values.Recipient, date: datetime) -> values.Message:
    return frozen.compose(_programme(facts), to, values.FrozenTickets.from_json(facts["frozen"]), row.message_id, date)


def _winner(row: Due, facts: dict[str, Any], to: values.Recipient, date: datetime) -> values.Message:
    return winner.compose(_programme(facts), to, values.WonPrize.from_json(facts["prize"]), row.message_id, date)


def _fresh_link(row: Due, facts: dict[str, Any], to: values.Recipient, date: datetime) -> values.Message:
    return fresh_link.compose(_programme(facts), to, facts["days"], row.message_id, date, facts.get("reset", False))


def _badge(row: Due, facts: dict[str, Any], to: values.Recipient, date: datetime) -> values.Message:
    news = [values.EarnedBadge(**each) for each in facts["badges"]]
    return badge.compose(_programme(facts), to, news, row.message_id, date)


def _suggestion(row: Due, facts: dict[str, Any], to: values.Recipient, date: datetime) -> values.Message:
    told = values.SuggestionAnswer(**facts["suggestion"])
    return answer.compose(_programme(facts), to, told, row.message_id, date)


def _news(row: Due, facts: dict[str, Any], to: values.Recipient, date: datetime) -> values.Message:
    return letters.COMPOSED[row.kind](_programme(facts), to, facts, row.message_id, date)


def _report(row: Due, facts: dict[str, Any], to: values.Recipient, date: datetime) -> values.Message:
    return report.compose(_programme(facts), to, report.Month.from_json(facts["report"]), row.message_id, date)


def _onboarding(row: Due, facts: dict[str, Any], to: values.Recipient, date: datetime) -> values.Message:
    return onboarding.compose(row.kind, _programme(facts), to, facts.get("number", 1), row.message_id, date)


def _programme(facts: dict[str, Any]) -> values.Programme:
    return values.Programme(**facts["programme"])


_LETTERS: dict[str, Callable[[Due, dict[str, Any], values.Recipient, datetime], values.Message]] = {
    "invitation": _invitation,
    **dict.fromkeys(onboarding.Kind, _onboarding),
    "frozen": _frozen,
    "winner": _winner,
    "passed-on": _winner,
    "fresh-link": _fresh_link,
    "badge": _badge,
    **dict.fromkeys(letters.COMPOSED, _news),
    "suggestion": _suggestion,
    "report": _report,
}

KINDS = frozenset({"digest", "test", *_LETTERS})
"""Kinds of mail that can be made."""
