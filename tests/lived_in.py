"""A programme that is lived in. In: an application on an empty database. Out: the sample, and what it leaves out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from emails.values import Passes
from scoring.rules import Rules
from service import (
    badge_pages,
    clock,
    contests,
    editions,
    passes,
    posters,
    quarantine,
    results,
    roles,
    rule_sets,
    settling,
    shares,
    suggestions,
    trials,
)
from service.conversions import make_token
from service.database import db
from service.models import (
    Award,
    Draw,
    Edition,
    Employee,
    Evidence,
    Feed,
    FeedItem,
    Liaison,
    Outbox,
    Programme,
    Rank,
    Sending,
    Share,
    Story,
)
from service.models.draws import RankState
from service.people import erasing, files
from service.sample import history, load
from service.sample.content_programme import EXAMPLE, PEOPLE
from tests.conftest import TUESDAY

NOW = TUESDAY + timedelta(days=5)
GONE = PEOPLE[-1][0]
FILE = "Name,E-mail,Team\nAnže Dolgoime,anze@lunaria.example.com,Workshop\nNobody,not-an-address,Workshop\n"


def begin() -> None:
    """Live the sample's weeks, then do once whatever a screen can show and the sample does not. Commits."""
    load.load(NOW, lambda _words: None)
    history.play(NOW, lambda _words: None)
    db.session.rollback()
    _odd_visits()
    _programme()
    _contests()
    _feed()
    her = person(EXAMPLE)
    suggestions.suggest(her, "https://news.example/a-night-on-the-line", "It is about us.", "We made it.")
    shares.open_share(her, story(), "linkedin")
    badge_pages.show(
        her, one(sa.select(Award).where(Award.subject == her.subject, Award.revoked_at.is_(None))).id, "initials"
    )
    posters.make(story())
    make_token("our CRM")
    rule_sets.save(Rules(confirmed=9), rule_sets.next_monday(), "A little less")
    trials.begin(Rules(confirmed=3), *trials.default_period(), liaison().id)
    roles.invite("new@lunaria.example.com", "Nova Kolegica", "editor")
    files.bring(FILE.encode(), False, liaison().id)
    editions.edition()
    gone = person(GONE)
    erasing.erase(gone, erasing.called(gone))
    results.count()
    results.refresh()


def _programme() -> None:
    mine = db.session.get_one(Programme, 1)
    mine.policy = {"en": "## Be yourself\n\nSay that you work here.\n\n- Be kind."}
    mine.block_list = {"free tickets": "We cannot promise them."}
    mine.style_guide = {"en": "Plain and warm."}
    doubtful = one(sa.select(Outbox).where(Outbox.kind == "digest", Outbox.state == "accepted"))
    doubtful.state, doubtful.why, doubtful.submitted_at = "ambiguous", "lease-ended", clock.now() - timedelta(hours=1)
    held = db.session.get(Sending, 1) or Sending(id=1)
    held.held_why, held.held_at = "restored", clock.now()
    db.session.add(held)
    draw("open").terms = {**draw("open").terms, "free": 1}
    db.session.commit()


def _contests() -> None:
    today = clock.now().date()
    now = {"starts_on": today - timedelta(days=9), "ends_on": today + timedelta(days=9)}
    over = {"starts_on": today - timedelta(days=20), "ends_on": today - timedelta(days=3)}
    contests.create(name="Autumn sprint", measure="points", among="people", prizes=["A bicycle", "A book"], **now)
    contests.create(name="Team relay", measure="shares", among="teams", prizes=["A dinner"], **over)


def _feed() -> None:
    feed = Feed(url="https://rails.example/feed", name="Rails of Europe", topics=[1])
    db.session.add(feed)
    db.session.flush()
    for n in range(3):
        address = f"https://rails.example/{n}"
        facts = {"guid": address, "address_key": address, "url": address, "language": "en", "topics": [1]}
        db.session.add(FeedItem(feed_id=feed.id, title=f"Night line number {n} opens", summary="It does.", **facts))
    db.session.commit()


def _odd_visits() -> None:
    """One visitor on the shares of five colleagues, which a person has to look at."""
    for share in db.session.scalars(sa.select(Share).where(Share.id.in_(first_shares_of_five()))).all():
        seen = {"verdict": "human", "reason": "browser", "weekly": "the-same", "visitor": f"one-{share.id}"}
        db.session.add(Evidence(share_id=share.id, kind="visit", at=clock.now() - timedelta(hours=1), facts={}, **seen))
        db.session.flush()
        settling.settle(share.subject)
    db.session.commit()
    assert quarantine.look()


def first_shares_of_five() -> list[int]:
    firsts = sa.select(sa.func.max(Share.id)).group_by(Share.subject).order_by(Share.subject).limit(5)
    return list(db.session.scalars(firsts))


def one(asked: sa.Select[Any]) -> Any:
    """Return the first row that a query finds; LookupError where there is none."""
    found = db.session.scalars(asked.limit(1)).first()
    if found is None:
        raise LookupError(str(asked))
    return found


def person(name: str) -> Employee:
    found: Employee = one(sa.select(Employee).where(Employee.name == name))
    return found


def story() -> Story:
    """Return the story most shared, which has visits to show."""
    found: Story = one(
        sa.select(Story)
        .join(Share, Share.story_id == Story.id)
        .where(Story.audience == [])
        .group_by(Story.id)
        .order_by(sa.func.count().desc(), Story.id)
    )
    return found


def liaison() -> Liaison:
    found: Liaison = one(sa.select(Liaison).order_by(Liaison.id))
    return found


def draw(status: str) -> Draw:
    found: Draw = one(sa.select(Draw).where(Draw.status == status).order_by(Draw.id))
    return found


def winner() -> Employee:
    """Return somebody who is offered a prize of the drawn draw."""
    offered = sa.select(Rank.subject).where(Rank.draw_id == draw("drawn").id, Rank.state == RankState.OFFERED)
    found: Employee = one(sa.select(Employee).where(Employee.subject.in_(offered)))
    return found


def edition() -> Edition:
    """Return the newest edition whose digests have left."""
    left = sa.select(Outbox.edition_id).where(Outbox.kind == "digest")
    found: Edition = one(sa.select(Edition).where(Edition.id.in_(left)).order_by(Edition.week.desc()))
    return found


def passes_of(employee: Employee, days_ago: int = 0) -> Passes:
    """Return the passes of a mail that she got so many days ago."""
    day = passes.today_number(clock.now()) - days_ago
    return passes.passes_for(employee.link_id, day, passes.newest_key_id())
