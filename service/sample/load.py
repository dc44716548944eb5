"""Load. In: the present moment. Out: Lunaria in the database, made through the use cases; again is no harm."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from service import campaigns, clock, employees, liaisons, programmes, share_texts, stories, topics
from service import pictures as gallery
from service.database import db
from service.models import Campaign, Story, Team, Topic
from service.sample import pictures as drawn
from service.sample.calendar import ZONE, Calendar, calendar
from service.sample.content_english import STORIES as ENGLISH
from service.sample.content_neighbours import STORIES as NEIGHBOURS
from service.sample.content_programme import CAMPAIGNS, DEMO_PASSWORD, PEOPLE, PROGRAMME, TEAMS, TOPICS, ZONES
from service.sample.written import Written

Progress = Callable[[str], None]
"""Called with what is being done now, in words."""

STORIES = ENGLISH + NEIGHBOURS


def address_of(name: str) -> str:
    """Return the address of one of Lunaria's people."""
    plain = name.translate(str.maketrans("čšžČŠŽòćé", "cszCSZoce")).lower()
    return f"{plain.replace(' ', '.')}@lunaria.example.com"


def employees_csv() -> bytes:
    """Return what Lunaria's HR system exports."""
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(["Name", "E-mail", "Team", "Office", "Language", "Time zone", "Topics", "Networks"])
    for name, team, office, language, followed, networks in PEOPLE:
        named = "; ".join(TOPICS[key][0] for key in followed.split())
        zone = ZONES[office]
        rows.writerow([name, address_of(name), TEAMS[team], office, language, zone, named, "; ".join(networks.split())])
    return out.getvalue().encode()


def load(now: datetime, progress: Progress) -> None:
    """Create programme, liaison, topics, people, campaigns and stories as of the beginning of the sample's history.

    What is there already stays as it is. Moves the clock to that beginning where the programme is new; needs a clock
    file (GOODWORD_CLOCK).
    """
    plan = calendar(now)
    if programmes.found() is None:
        clock.set_now(plan.first)
        progress("Opening the programme")
        programmes.create(**PROGRAMME)  # type: ignore[arg-type]
    if not liaisons.everybody():
        email, name = str(PROGRAMME["liaison_email"]), str(PROGRAMME["liaison_name"])
        liaisons.add(email, name, DEMO_PASSWORD, zone=ZONE)
    for english, italian, slovenian in TOPICS.values():
        if not any(english == topic.name for topic in topics.all_topics()):
            topics.create(english, {"it": italian, "sl": slovenian})
    progress("Importing 40 employees")
    employees.apply(employees.preview(employees_csv()))
    _campaigns(plan)
    there = set(db.session.scalars(sa.select(Story.url)))
    for number, written in enumerate(STORIES, 1):
        if written.url not in there:
            progress(f"Writing stories and drawing their pictures ({number} of {len(STORIES)})")
            _story(written, plan)


def _campaigns(plan: Calendar) -> None:
    there = {campaign.name for campaign in campaigns.all_campaigns()}
    teams = _teams()
    day = plan.anchor.astimezone(ZoneInfo(ZONE)).date()
    for made in CAMPAIGNS.values():
        if made["name"] not in there:
            campaigns.create(
                name=made["name"],
                goal=made["goal"],
                hashtags=made["hashtags"],
                starts_on=day + timedelta(days=made["from"]),  # type: ignore[arg-type]
                ends_on=day + timedelta(days=made["until"]),  # type: ignore[arg-type]
                multiplier=made["multiplier"],
                audience=[teams[TEAMS[key]] for key in made["audience"]],  # type: ignore[attr-defined]
            )


def _teams() -> dict[str, int]:
    return {team.name: team.id for team in db.session.scalars(sa.select(Team))}


def _story(written: Written, plan: Calendar) -> None:
    ids = {topic.name: topic.id for topic in db.session.scalars(sa.select(Topic))}
    teams = _teams()
    campaign = CAMPAIGNS[written.campaign]["name"] if written.campaign else None
    story = stories.create(
        kind=written.kind,
        title=written.title,
        summary=written.summary,
        url=written.url,
        language=written.language,
        topics=[ids[TOPICS[key][0]] for key in written.topics.split()],
        audience=[teams[TEAMS[key]] for key in written.audience],
        campaign_id=db.session.scalar(sa.select(Campaign.id).where(Campaign.name == campaign)),
        publish_from=plan.published(written.days),
        evergreen=written.evergreen,
        picture_hash=gallery.store(drawn.draw(written.motif, written.key)),
        picture_alt=written.alt,
    )
    share_texts.write(story, [share_texts.Wanted(*suggestion) for suggestion in written.suggestions()])
    stories.approve(story)
