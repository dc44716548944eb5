"""History. In: Lunaria as loaded and the present moment. Out: its weeks lived through the use cases, clock in hand.

Editions are released and delivered, shares opened, declared and visited, last month's draw is frozen, run and claimed,
all in the order of time. The same seed gives the same month.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from random import Random

import sqlalchemy as sa

from scoring import draws as rules_of
from service import choices, clock, delivery, digests, draws, editions, results, settling, shares, visiting
from service.database import db
from service.models import Draw, Edition, Employee, Outbox, Rank, Selection, Share, Story
from service.models.draws import RankState
from service.sample import feed, worth
from service.sample.calendar import Calendar, calendar, slot_of
from service.sample.content_programme import BUSY, EXAMPLE, FORMER, PRIZES, RESTING, WORDS
from service.sample.load import Progress, address_of
from service.sample.visitors import CRAWLERS, SCANNER, sharer, visitor

BY = "sample"
NUMBERS = ((7, 12, 19, 23, 31, 38, 44), (5,))
"""Made up, and marked so: real draws use numbers that nobody could know."""
SOURCE = (
    "SAMPLE. These numbers were made up when the sample was loaded and prove nothing: seven in ascending order, "
    "then one bonus number. A real source names an event, its date, the order of its numbers and a substitute."
)
CLAIMS = 1
"""Winners who have claimed by now; the others still may."""

Deed = Callable[[], None]


class Agenda:
    """Deeds in the order of time; a deed may add later ones."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, int, Deed]] = []
        self._number = count()

    def at(self, moment: datetime, deed: Deed) -> None:
        heapq.heappush(self._heap, (moment, next(self._number), deed))

    def live(self, until: datetime) -> None:
        """Do everything up to a moment with the clock standing where each deed stands; the rest never happens."""
        while self._heap and self._heap[0][0] <= until:
            moment, _, deed = heapq.heappop(self._heap)
            clock.set_now(moment)
            deed()
            db.session.rollback()  # what a deed only read is let go: others may write


def play(now: datetime, progress: Progress) -> datetime:
    """Live the sample's history up to this week's digest and return the moment at which it ends.

    That is `now`, or when this week's digest has left if that is later: the clock file is left there. Does nothing
    where it was played already; one that was interrupted must be loaded anew.
    """
    plan = calendar(now)
    end = max(now, plan.anchor + timedelta(minutes=40))
    if db.session.scalar(sa.select(sa.func.count()).select_from(Draw)):
        db.session.rollback()
        return clock.now()
    agenda = Agenda()
    agenda.at(plan.first + timedelta(minutes=2), lambda: _deliver())
    for number, week in enumerate(plan.weeks):
        _week(agenda, plan, week, number, Random(week), progress)  # noqa: S311  (a story, not a secret)
    _draw(agenda, plan)
    agenda.at(plan.released(plan.weeks[1]) + timedelta(days=3), lambda: choices.leave(_person(FORMER)))
    agenda.at(plan.released(plan.weeks[-2]) + timedelta(days=2), lambda: choices.pause(_person(RESTING), None))
    agenda.live(end)
    clock.set_now(end)
    settling.settle_due()
    _deliver()
    worth.tell(plan.anchor.date())
    feed.propose(end)
    results.count()
    results.refresh()
    return end


def _person(name: str) -> Employee:
    return db.session.scalars(sa.select(Employee).where(Employee.email == address_of(name))).one()


def _deliver() -> None:
    delivery.deliver_due()


def _week(agenda: Agenda, plan: Calendar, week: str, number: int, chance: Random, progress: Progress) -> None:
    """A week: released on Monday, delivered on Tuesday, shared until Sunday."""
    words = {len(plan.weeks) - 1: WORDS[0], len(plan.weeks) - 2: WORDS[1]}.get(number, {})

    def release() -> None:
        progress(f"Playing week {number + 1} of {len(plan.weeks)}")
        editions.close_what_is_due()
        found = editions.edition(week)
        editions.set_words(found, words)
        editions.release(found, BY)
        digests.plan(found)

    def leave() -> None:
        digests.plan_due_slots()  # as the scheduler does: it makes the invited active
        _deliver()
        left = len(plan.weeks) - 1 - number
        for person, stories in _readers(week):
            if person.name == EXAMPLE:
                # Three weeks in a row, none of them this week's: one visit more earns what the demo wants to show.
                if left in (1, 2, 3):
                    _share(agenda, chance, person.subject, stories[0])
            elif chance.random() < (0.95 if person.name in BUSY else 0.4):
                for story in chance.sample(stories, min(len(stories), chance.choice((1, 1, 1, 2)))):
                    _share(agenda, chance, person.subject, story)

    agenda.at(plan.released(week), release)
    agenda.at(slot_of(week) + timedelta(minutes=1), leave)


def _readers(week: str) -> list[tuple[Employee, list[int]]]:
    rows = db.session.execute(
        sa.select(Employee, Selection.stories)
        .join(Outbox, Outbox.subject == Employee.subject)
        .join(Selection, Outbox.selection_id == Selection.id)
        .join(Edition, Outbox.edition_id == Edition.id)
        .where(Edition.week == week, Outbox.kind == "digest", Outbox.state == "accepted")
        .order_by(Employee.id)
    )
    return [(person, list(stories)) for person, stories in rows]


def _share(agenda: Agenda, chance: Random, subject: str, story_id: int) -> None:
    """She opens a composer, its crawler looks, she may say so, and people may come."""
    hours = chance.choice((0.3, 1, 2.5, 5, 9, 26, 30, 51, 75)) * chance.uniform(0.6, 1.1)
    start = clock.now() + timedelta(hours=hours)
    seed = chance.randrange(2**32)

    def open_it() -> None:
        luck = Random(seed)  # noqa: S311
        person = db.session.scalars(sa.select(Employee).where(Employee.subject == subject)).one()
        story = db.session.get(Story, story_id)
        if story is None or person.status == "left":
            return
        network = luck.choice((person.networks or ["linkedin"])[:3])
        own = f"{story.title}. I like this one." if luck.random() < 0.25 else None
        share = shares.open_share(person, story, network, own, sharer(person.id)).share
        if luck.random() < 0.2:  # people like to see their own link work; it earns nothing
            code, herself = share.code, sharer(person.id)
            agenda.at(start + timedelta(minutes=1), lambda: _visit(code, herself))
        _world(agenda, luck, share, start, person.name or "")

    agenda.at(start, open_it)


def _world(agenda: Agenda, luck: Random, share: Share, start: datetime, who: str) -> None:
    """What the world does with a link: a crawler, sometimes a scanner, and people on the days after."""
    code, share_id, subject, busy, example = share.code, share.id, share.subject, who in BUSY, who == EXAMPLE
    if share.network in CRAWLERS:
        agenda.at(start + timedelta(seconds=40), lambda: _visit(code, CRAWLERS[share_network]))
    share_network = share.network
    if luck.random() < 0.3:
        agenda.at(start + timedelta(minutes=4), lambda: _visit(code, SCANNER))
    if luck.random() < 0.55:
        agenda.at(start + timedelta(minutes=luck.uniform(5, 90)), lambda: _declare(subject, share_id))
    people = 2 if example else luck.choice((0, 1, 1, 2, 3, 4, 6, 9) if busy else (0, 0, 1, 1, 2, 3, 5))
    for n in range(people):
        hours = luck.uniform(0, 20) if example else luck.expovariate(1 / 20)
        moment = start + timedelta(minutes=20) + timedelta(hours=hours)
        agenda.at(moment, lambda n=n: _visit(code, visitor(share_id, n)))  # type: ignore[misc]


def _visit(code: str, asked: visiting.Asked) -> None:
    visiting.visit(code, asked)


def _declare(subject: str, share_id: int) -> None:
    person = db.session.scalars(sa.select(Employee).where(Employee.subject == subject)).one()
    share = shares.share_of(person, share_id)
    if share is not None and person.status != "left":
        shares.declare(person, share)


def _draw(agenda: Agenda, plan: Calendar) -> None:
    """Last month's draw: frozen on Tuesday of last week, due on Friday, run on Saturday, a claim on Sunday.

    The next one opens then, so that tickets earned now have a prize before them.
    """
    due = plan.in_draw_week(4.8)

    def create(month: str) -> Draw:
        title = f"{datetime.strptime(month, '%Y-%m'):%B} draw"  # noqa: DTZ007  (a month has no zone)
        return draws.create(month, title, PRIZES, month=month, source_text=SOURCE, sample=True)

    def freeze() -> None:
        made = create(plan.month)
        draws.freeze(made, due)
        _deliver()

    def run() -> None:
        made = draws.find(plan.month)
        if made is not None and made.status == "frozen":
            draws.run(made, rules_of.canonical(NUMBERS))
            _deliver()

    def open_next() -> None:
        create(plan.next_month)

    agenda.at(plan.in_draw_week(1.5), freeze)
    agenda.at(due + timedelta(hours=14), run)
    agenda.at(due + timedelta(hours=40), lambda: _claim(plan.month))
    agenda.at(due + timedelta(hours=41), open_next)


def _claim(name: str) -> None:
    found = draws.find(name)
    if found is None:
        return
    offered = sa.select(Rank).where(Rank.draw_id == found.id, Rank.state == RankState.OFFERED).order_by(Rank.rank)
    for rank in db.session.scalars(offered.limit(CLAIMS)).all():
        winner = db.session.scalars(sa.select(Employee).where(Employee.subject == rank.subject)).one()
        if winner.name != EXAMPLE:  # her prize stays for whoever looks at the demo
            draws.claim(winner, found)
