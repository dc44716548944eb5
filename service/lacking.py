"""Lacking. In: an edition and a person it has nothing new for. Out: at which wish of hers its stories end."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from emails.picks import Reason, Shelf
from service import readers
from service.database import db
from service.freezing import texts_of
from service.models import Declined, Edition, Employee, Outbox, Selection
from service.validation import N_, Words
from service.words_of_mails import REASONS


def nothing_new(edition: Edition, employee: Employee, at: datetime) -> Words:
    """Return why none of the edition's stories is for her at this moment, by her wishes as they stand now.

    In the order of the choice: in time, on her topics, in her languages, for her team, not shown or declined before,
    nothing she wants less of. Where one would be left by now, that there was nothing new, and no more. Reads only.
    """
    candidates = texts_of(edition).candidates
    shelf = Shelf(candidates, at)
    left = shelf.these(shelf.order)
    steps = (
        (left, N_("No story of this edition was in its time then.")),
        (shelf.on(employee.topics), N_("No story of this edition is on a topic followed.")),
        (shelf.read_in(employee.reads), N_("No story on the topics followed is in a language read.")),
        (
            shelf.meant_for([employee.team_id] if employee.team_id else []),
            N_("The stories on the topics followed, in a language read, are meant for other teams."),
        ),
        (~shelf.these(_known(edition, employee)), N_("Every story that fits was in an earlier digest or put away.")),
        (~shelf.less(employee.fewer)[0], N_("What is left is of a kind that is not wanted.")),
    )
    for fits, words in steps:
        left &= fits
        if not left:
            return Words(words)
    return Words(REASONS[Reason.NOTHING_NEW])


def _known(edition: Edition, employee: Employee) -> set[int]:
    """Return the stories that other editions showed her, or may yet, and those she declined."""
    shown = (
        sa.select(Selection.stories)
        .join(Outbox, Outbox.selection_id == Selection.id)
        .where(
            Outbox.subject == employee.subject,
            Outbox.kind == readers.KIND,
            Outbox.occasion != readers.occasion_of(edition),
            Outbox.state.in_(readers.SHOWN),
        )
    )
    declined = sa.select(Declined.story_id).where(Declined.subject == employee.subject)
    return {story for stories in db.session.scalars(shown) for story in stories} | set(db.session.scalars(declined))
