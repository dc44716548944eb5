"""Noor's world. In: an application's context. Out: a programme, a key, topics, stories, Noor and her passes."""

from __future__ import annotations

from datetime import date

from emails.values import Passes
from service import clock, keys, passes
from service.database import db
from service.models import Campaign, Employee, Programme, ShareText, Story, Team, Topic

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
PERSON = {"User-Agent": CHROME, "Accept-Language": "it-IT,it;q=0.9"}
LINKEDIN = {"User-Agent": "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)"}


def begin() -> Employee:
    """Make the programme, three topics, a campaign, two stories and Noor; commit and return her."""
    db.session.add(
        Programme(
            id=1,
            name="Good news",
            company="Fjord & Sons",
            zone="Europe/Ljubljana",
            languages=["en", "it", "sl"],
            liaison_name="Liam Oakes",
            liaison_email="liam@fjord.example",
            sender="news@fjord.example",
        )
    )
    keys.ensure()
    team = Team(name="Design")
    topics = [
        Topic(slug=s, name=s.title(), names={"it": f"{s.title()} (it)"}) for s in ("design", "people", "technology")
    ]
    campaign = Campaign(
        slug="open-house",
        name="Open house",
        hashtags=["#ToBeAPartner"],
        starts_on=date(2026, 11, 1),
        ends_on=date(2026, 11, 30),
    )
    db.session.add_all([team, *topics, campaign])
    db.session.flush()
    story = Story(
        title="Why we open our doors",
        summary="Two hundred people came to look behind the curtain. What they asked, and what we learned.",
        url="https://fjord.example/doors?ref=home#top",
        status="approved",
        language="en",
        topics=[topics[0].id],
        lead_topic=topics[0].id,
        campaign_id=campaign.id,
        texts=[
            ShareText(network="", language="en", text="We opened our doors. Here is what people asked."),
            ShareText(network="x", language="en", text="Two hundred guests, one question."),
        ],
    )
    quiet = Story(
        title="A story for another team", url="https://fjord.example/quiet", status="approved", audience=[999]
    )
    noor = Employee(
        email="noor.benali@fjord.example",
        name="Noor Benali",
        team_id=team.id,
        language="en",
        reads=["en", "it"],
        zone="Europe/Ljubljana",
        topics=[topics[0].id],
        networks=["linkedin", "x", "bluesky"],
        status="active",
        links_from=date(2026, 10, 1),
    )
    db.session.add_all([story, quiet, noor])
    db.session.commit()
    return noor


def story() -> Story:
    """Return the story that everybody may share."""
    found = db.session.query(Story).filter_by(title="Why we open our doors").one()
    assert isinstance(found, Story)
    return found


def passes_of(employee: Employee, days_ago: int = 0) -> Passes:
    """Return the passes of a mail that she got so many days ago."""
    day = passes.today_number(clock.now()) - days_ago
    return passes.passes_for(employee.link_id, day, passes.newest_key_id())
