"""Stock. In: stories, readers, what was sent. Out: for how many editions each topic lasts, and what editions used."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from emails import slots
from emails.picks import Shelf
from service import clock, programmes, readers, weeks
from service.books import lock
from service.choosing import Choosing
from service.database import db
from service.freezing import Frozen, freeze
from service.models import Edition, Employee, Outbox, Selection, Stock, Story, StoryUse, Topic
from service.models.mail import EditionStatus, MailState
from service.models.people import Status

HORIZON = 6
"""Editions that are looked ahead."""
SAMPLE = 2
"""Pages of readers (readers.PAGE people each) that are asked; where there are more, they stand for all."""
DRY = 2
"""A topic runs dry where a quarter of its followers have something new for fewer editions."""
TELLING = timedelta(days=21)
"""Editions so old still change: how many people they reached is counted until then."""
_UNSEEN = (MailState.CANCELLED, MailState.SUPPRESSED, MailState.FAILED, MailState.HELD)


@dataclass(frozen=True, slots=True)
class Supply:
    """How long a topic's stories last for those who follow it."""

    topic: Topic
    people: int
    """Who follow it."""
    left: tuple[int, ...]
    """People who have something new on it for 0, 1, … HORIZON editions in a row."""
    unseen: float
    """Stories on it that one of them has not seen, on average."""

    @property
    def dry(self) -> int:
        """People who run dry: something new for fewer than DRY editions."""
        return sum(self.left[:DRY])

    @property
    def lasts(self) -> int:
        """Editions for which three quarters of them have something new."""
        gone = 0
        for editions, people in enumerate(self.left):
            gone += people
            if gone * 4 > self.people:
                return editions
        return HORIZON


def look() -> int:
    """Count what editions used and work out how long stories last; return the topics that run dry. For the schedule."""
    if programmes.found() is None:
        return 0
    tally()
    measure()
    return sum(1 for each in supplies() if runs_dry(each))


def runs_dry(supply: Supply) -> bool:
    """Return whether a topic needs stories soon."""
    return supply.people > 0 and supply.lasts < DRY


def supplies() -> list[Supply]:
    """Return every followed topic as it was last worked out, the driest first."""
    row = db.session.get(Stock, 1)
    told = row.facts.get("topics", {}) if row else {}
    topics = {t.id: t for t in db.session.scalars(sa.select(Topic))}
    found = [
        Supply(topics[int(id_)], each["people"], tuple(each["left"]), each["unseen"])
        for id_, each in told.items()
        if int(id_) in topics and each["people"]
    ]
    return sorted(found, key=lambda s: (s.lasts, -s.people, s.topic.name))


def measured_at() -> datetime | None:
    """Return when it was last worked out."""
    row = db.session.get(Stock, 1)
    return row.at if row else None


def mix(week: str) -> dict[str, int]:
    """Return kind → stories that the coming edition can show and none has shown before, evergreen ones left out."""
    fresh = [c for c in freeze(Edition(week=week)).candidates if not c.evergreen]
    asked = sa.select(StoryUse.story_id).where(StoryUse.week < week).distinct()
    used = set(db.session.scalars(asked))
    return dict(Counter(c.kind for c in fresh if c.id not in used))


def coming(now: Edition | None = None) -> str:
    """Return the week of the next edition that is not released yet; `now` is the one that matters now, where known.

    Without it everybody's slots are looked at, which takes its time in a large company.
    """
    week = now.week if now is not None else weeks.current_week()
    found = now if now is not None else weeks.find(week)
    return week if found is None or found.status == EditionStatus.DRAFT else slots.shifted(week, 1)


def measured_for() -> str:
    """Return the week that was the coming one when it was last worked out; `coming()` before."""
    row = db.session.get(Stock, 1)
    return str(row.facts["week"]) if row else coming()


def tally() -> None:
    """Count for each story in the editions of late how many people they showed it to. Commits."""
    now = clock.now()
    since = slots.week_of(now - TELLING, "UTC")
    for edition in db.session.scalars(sa.select(Edition).where(Edition.week >= since)).all():
        people: Counter[int] = Counter()
        lock("stock")  # two workers at once would both write what they count
        if edition.status not in (EditionStatus.DRAFT, EditionStatus.CANCELLED):
            sizes = sa.select(Outbox.selection_id, sa.func.count()).where(
                Outbox.edition_id == edition.id,
                Outbox.kind == readers.KIND,
                Outbox.selection_id.is_not(None),
                Outbox.state.not_in(_UNSEEN),
            )
            sized = {row[0]: row[1] for row in db.session.execute(sizes.group_by(Outbox.selection_id))}
            chosen = sa.select(Selection.id, Selection.stories).where(Selection.edition_id == edition.id)
            for number, stories in db.session.execute(chosen):
                for story in stories:
                    people[story] += sized.get(number, 0)
        known = set(db.session.scalars(sa.select(Story.id).where(Story.id.in_(list(people))))) if people else set()
        db.session.execute(sa.delete(StoryUse).where(StoryUse.week == edition.week))
        rows = [
            {"story_id": s, "week": edition.week, "people": n} for s, n in sorted(people.items()) if n and s in known
        ]
        if rows:
            db.session.execute(sa.insert(StoryUse), rows)
        db.session.commit()


def measure() -> None:
    """Work out for how many editions the stories of each topic last, by the choice that editions make. Commits.

    People whom the same stories fit are reckoned once. Of a large company two pages of readers stand for all.
    """
    programme, week, now = programmes.current(), coming(), clock.now()
    ahead = [slots.shifted(week, n) for n in range(HORIZON)]
    first = freeze(Edition(id=0, week=week, words={}))
    union = {c.id: c for each in ahead for c in freeze(Edition(id=0, week=each, words={})).candidates}
    whole = tuple(union[id_] for id_ in sorted(union))
    edition = Edition(id=0, week=week, words={}, frozen=Frozen(first.texts, whole).to_json())
    choosing = Choosing(edition)
    zone = readers.known_zone(programme.zone)
    shelves = [Shelf(whole, slots.slot(each, programme.slot_weekday, programme.slot_hour, zone)) for each in ahead]
    reckoned = _reckoned(choosing, shelves)
    everybody = db.session.scalar(sa.select(sa.func.count(Employee.id)).where(_reader())) or 0
    asked = sum(reckoned.people.values()) if reckoned.people else 0
    part = everybody / reckoned.readers if reckoned.readers else 1.0
    facts = {
        "week": week,
        "sampled": reckoned.readers < everybody,
        "topics": {
            str(topic): {
                "people": round(n * part),
                "left": [round(k * part) for k in reckoned.left[topic]],
                "unseen": round(reckoned.unseen[topic] / n, 1),
            }
            for topic, n in reckoned.people.items()
            if asked
        },
    }
    lock("stock")
    db.session.merge(Stock(id=1, at=now, facts=facts))
    db.session.commit()


@dataclass
class _Reckoned:
    readers: int
    people: Counter[int]
    left: dict[int, list[int]]
    unseen: Counter[int]


def _reckoned(choosing: Choosing, shelves: list[Shelf]) -> _Reckoned:
    found = _Reckoned(0, Counter(), defaultdict(lambda: [0] * (HORIZON + 1)), Counter())
    last = readers.last_page()
    pages = sorted({round(n * last / max(1, SAMPLE - 1)) for n in range(SAMPLE)}) if last >= SAMPLE else range(last + 1)
    lines = choosing.lines
    on: dict[int, int] = {}
    for page in pages:
        if not lines.draw(sa.and_(readers.on_page(page), _reader())):
            continue
        line = lines.table.c
        follows = sa.cast(Employee.topics, sa.Text)
        key = (follows, line.less, *lines.left())
        asked = sa.select(sa.func.count(), *key).join(lines.table, line.id == Employee.id).group_by(*key)
        editions: dict[tuple[int, int], list[int]] = {}
        for people, listed, less, *left in db.session.execute(asked):
            fitting = lines.joined(left)
            if (fitting, less) not in editions:
                editions[fitting, less] = _editions(shelves, choosing.size, fitting, lines.enough[less])
            found.readers += people
            for topic in json.loads(listed):
                bits = on.setdefault(topic, shelves[0].on([topic]))
                found.people[topic] += people
                found.unseen[topic] += people * (fitting & bits).bit_count()
                found.left[topic][_in_a_row(editions[fitting, less], bits)] += people
        db.session.rollback()  # the lines are of this transaction alone
    return found


def _editions(shelves: list[Shelf], size: int, fitting: int, enough: tuple[int, ...]) -> list[int]:
    """Return for each coming edition the stories that it would bring, as bits; what was shown is shown no more."""
    brought = []
    for shelf in shelves:
        bits = shelf.these(shelf.pick(fitting, size, enough))
        brought.append(bits)
        fitting &= ~bits
    return brought


def _in_a_row(brought: list[int], bits: int) -> int:
    for n, stories in enumerate(brought):
        if not stories & bits:
            return n
    return len(brought)


def _reader() -> sa.ColumnElement[bool]:
    return sa.and_(readers.reachable(), Employee.status.in_((Status.ACTIVE, Status.INVITED, Status.PAUSED)))


def uses(ids: list[int]) -> dict[int, Any]:
    """Return story id → (last week, weeks that showed it, people in all) of those that any edition showed."""
    asked = sa.select(
        StoryUse.story_id, sa.func.max(StoryUse.week), sa.func.count(), sa.func.sum(StoryUse.people)
    ).where(StoryUse.story_id.in_(ids))
    return {id_: (last, n, people) for id_, last, n, people in db.session.execute(asked.group_by(StoryUse.story_id))}
