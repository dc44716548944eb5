"""Register. In: nothing. Out: one table of all that is kept about somebody: where, why, and what erasing does with it.

tests/test_people_data.py compares it with the database: a new table that knows people must be entered here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from service import suppressions
from service.models import Draw, Employee, Outbox, Prize, Share, Story
from service.validation import N_

DELETED = N_("Deleted when a person is erased.")
EMPTIED = N_("What names or describes a person is removed when she is erased.")
KEPT = N_("Stays when a person is erased; by then it leads to nobody.")
LAW = N_("Stays when a person is erased, as tax law requires.")


@dataclass(frozen=True, slots=True)
class Kept:
    """One table: its name, which rows are somebody's, why they are kept, and what becomes of them."""

    table: str
    rows: Callable[[Employee], Any]
    """The condition on the table's rows, given the person."""
    title: str
    why: str
    after: str
    secret: frozenset[str] = frozenset()
    """Columns that are left out of a person's copy: they would tell of somebody else, or open a door."""


def _table(name: str) -> sa.Table:
    found: sa.Table = Employee.metadata.tables[name]
    return found


def _subject(name: str) -> Callable[[Employee], Any]:
    return lambda person: _table(name).c.subject == person.subject


def _hers(name: str, title: str, why: str, after: str, secret: frozenset[str] = frozenset()) -> Kept:
    """Return a table whose rows name the person by her subject: the most usual kind."""
    return Kept(name, _subject(name), title, why, after, secret)


def _number(name: str) -> Callable[[Employee], Any]:
    return lambda person: _table(name).c.employee_id == person.id


def _share(name: str) -> Callable[[Employee], Any]:
    hers = sa.select(Share.id)
    return lambda person: _table(name).c.share_id.in_(hers.where(Share.subject == person.subject))


def _mail(column: str, of: sa.orm.InstrumentedAttribute[Any], name: str) -> Callable[[Employee], Any]:
    return lambda person: _table(name).c[column].in_(sa.select(of).where(Outbox.subject == person.subject))


VISITOR = frozenset({"visitor", "place", "weekly", "weekly_place"})

REGISTER: tuple[Kept, ...] = (
    Kept(
        "employee",
        lambda person: _table("employee").c.id == person.id,
        N_("The person"),
        N_("Name, address, team and choices: from the company's file and from what she set herself."),
        EMPTIED,
        frozenset({"address_hash", "sought"}),
    ),
    Kept(
        "retired_link",
        _number("retired_link"),
        N_("Links that were ended"),
        N_("Earlier ids inside her links, so that an old link says that it has ended."),
        DELETED,
    ),
    _hers(
        "former_name",
        N_("What she was called before"),
        N_("Keyed hashes of earlier names and aliases, so that erasing finds them in colleagues' mails too."),
        DELETED,
        frozenset({"mark"}),
    ),
    Kept(
        "cohort_member",
        _number("cohort_member"),
        N_("Groups she is in"),
        N_("Cohorts, like the one of the pilot."),
        DELETED,
    ),
    _hers(
        "suspension",
        N_("Suspensions"),
        N_("When a liaison suspended her part in the programme, and why."),
        DELETED,
    ),
    _hers(
        "absence",
        N_("Times away"),
        N_("Times in which nothing scores: suspended, or out of the programme."),
        KEPT,
    ),
    _hers("rest", N_("Pauses"), N_("Days on which she paused; they do not break a streak."), DELETED),
    Kept(
        "suppression",
        lambda person: _table("suppression").c.address_hash == suppressions.address_hash(person.email or ""),
        N_("Mails that are stopped"),
        N_("Kinds of mail that her address gets no more, and why. Only a keyed hash of the address is kept."),
        KEPT,
        frozenset({"address_hash"}),
    ),
    _hers(
        "outbox",
        N_("Mails"),
        N_("Every mail to her, what it said, and what became of it."),
        N_("The words go when a person is erased; kind, occasion, a hash of the address and the state stay."),
        frozenset({"address_hash", "lease"}),
    ),
    Kept(
        "mail_event",
        _mail("outbox_id", Outbox.id, "mail_event"),
        N_("What the mail provider reported"),
        N_("Deliveries, bounces and openings of her mails; gone after 30 days."),
        KEPT,
    ),
    Kept(
        "selection",
        _mail("id", Outbox.selection_id, "selection"),
        N_("Stories that her digests had"),
        N_("The numbers of the stories, shared with everybody who got the same ones."),
        KEPT,
    ),
    _hers(
        "omission",
        N_("Weeks without a digest"),
        N_("Why there was no digest for her in a week."),
        KEPT,
    ),
    _hers(
        "declined",
        N_("Stories she did not want"),
        N_("She said “Not for me”: they never come again."),
        DELETED,
    ),
    _hers(
        "share",
        N_("Shares"),
        N_("What she shared on which network, and how far it is proven."),
        KEPT,
        frozenset({"salt"}),
    ),
    Kept(
        "evidence",
        _share("evidence"),
        N_("What proves her shares"),
        N_(
            "Visits by her links, never with an address; gone after 30 days. Marks of visitors are theirs and left out."
        ),
        DELETED,
        VISITOR,
    ),
    Kept(
        "arrival",
        _share("arrival"),
        N_("Visits not judged yet"),
        N_("Visits of the last seconds by her links."),
        DELETED,
        VISITOR,
    ),
    Kept(
        "quarantined_visit",
        _share("quarantined_visit"),
        N_("Visits set aside"),
        N_("Visits by her links that are part of an odd pattern: moments, and no visitor."),
        KEPT,
    ),
    _hers(
        "share_news",
        N_("Readers reached"),
        N_("Which of her shares reached how many readers, and how she was told."),
        KEPT,
    ),
    _hers("ledger_entry", N_("Points"), N_("Every line of her points, and why."), KEPT),
    _hers("total", N_("Sums of points"), N_("By week, month, quarter and campaign."), KEPT),
    _hers(
        "activity",
        N_("Shares and readers by period"),
        N_("Sums of her shares and their readers by week, month and year, for the programme's results."),
        KEPT,
    ),
    _hers(
        "counted_share",
        N_("Shares as counted"),
        N_("What each of her shares adds to the programme's results."),
        KEPT,
    ),
    Kept(
        "changed_share",
        _share("changed_share"),
        N_("Shares to be counted again"),
        N_("Shares that changed in the last seconds."),
        KEPT,
    ),
    _hers(
        "stated_audience",
        N_("People she reaches"),
        N_("How many people she reaches on a network, as she said herself."),
        DELETED,
    ),
    _hers(
        "policy_acceptance",
        N_("Policies read"),
        N_("Which version of the policy she accepted, and when."),
        KEPT,
    ),
    _hers(
        "award",
        N_("Badges"),
        N_("Badges she earned, and what their public pages show."),
        N_("The public page and the name on it go when a person is erased; the badge stays and leads to nobody."),
    ),
    _hers(
        "entrant",
        N_("Draws she was in"),
        N_("Her tickets, her line in the published pool, and the salt that proves it is hers."),
        N_("The salt goes when a person is erased; the published pool stays, and its line leads to nobody."),
    ),
    _hers(
        "left_out",
        N_("Draws she was not in"),
        N_("Tickets that did not enter a draw, and why."),
        KEPT,
    ),
    _hers("free_entry", N_("Free entries"), N_("Draws she entered without sharing."), KEPT),
    _hers("rank", N_("Ranks"), N_("Places that a draw gave her, and what became of the prize."), KEPT),
    _hers(
        "prize_record",
        N_("Prizes handed over"),
        N_("Name, address and worth of a prize that she claimed."),
        LAW,
    ),
    _hers(
        "suggestion",
        N_("Suggestions"),
        N_("Stories she suggested, her words about them, and the answers."),
        EMPTIED,
        frozenset({"message_key"}),
    ),
    _hers(
        "erasure",
        N_("Erasures"),
        N_("That a person was erased, so that her name goes from what others were sent before."),
        KEPT,
        frozenset({"marks"}),
    ),
)

APART: dict[str, str] = {
    "people_file": "Files of colleagues being brought in live a day at most, and erasing anybody empties them.",
    "quarantine": "Numbers and weeks; its visits are entered.",
    "edition": "Winners by display name, which erasing removes; all else is everybody's.",
    "contest": "Subjects of who took part, in sorted lists; the person's own lines are her points.",
    "holders": "How many people hold so many points.",
    "audit_line": "Who changed what, by numbers and subjects; names are never written there.",
    "liaison": "Who signs in to the console: an account of its own, closed by `goodword liaison`.",
    "programme": "The company and the liaison who signs its mails.",
}
"""Tables that look like people's and are entered nowhere, with the reason."""

NAMED: dict[str, tuple[Any, Any]] = {
    "story_id": (Story.id, Story.title),
    "draw_id": (Draw.id, Draw.title),
    "prize_id": (Prize.id, Prize.name),
}
"""Numbers that a reader sees as words."""

__all__ = ["APART", "NAMED", "REGISTER", "Kept"]
