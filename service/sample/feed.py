"""The sample's feed. In: the sample's present moment. Out: a feed with posts that wait under Review; nothing is asked.

Publisher and posts are invented. The feed is paused, so that the demo asks nobody outside.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import format_datetime
from html import escape

import sqlalchemy as sa

from service.database import db
from service.models import Feed, Topic
from service.models.content import Kind
from service.sample.content_programme import TOPICS
from service.sources import polling

NAME = "Slow Rails"
HOST = "https://slowrails.example.org"

POSTS = (
    ("the-timetable-that-fits-on-a-postcard", "The timetable that fits on a postcard", "places",
     "Four sleepers a night, five borders, one card. A designer explains what he left out, and who complained."),
    ("how-quiet-is-quiet", "How quiet is quiet? We took a sound meter to bed", "night",
     "Eleven sleeping cars, one meter, no curtains. The quietest was built in 1987."),
    ("soup-at-110", "Soup at 110 kilometres an hour", "dining",
     "Why dining cars serve it in cups, and the one cook who refuses to."),
    ("what-berths-weigh", "A berth weighs 38 kilograms. It used to weigh 61", "engineering climate",
     "Lighter beds save more power than smoother noses. The figures of six builders, side by side."),
    ("the-night-shift-that-writes-letters", "The night shift that writes letters", "people",
     "A conductor collects what passengers leave behind, and sends each thing back with a line by hand."),
)  # fmt: skip
"""Key, title, topics by key of content_programme.TOPICS, summary."""


def rss(now: datetime) -> bytes:
    """Return the feed as its publisher would serve it: a post every second day, the newest from yesterday."""
    items = "".join(
        f"<item><title>{escape(title)}</title><link>{HOST}/{key}</link><guid>{HOST}/{key}</guid>"
        f"<pubDate>{format_datetime(now - timedelta(days=1 + 2 * n))}</pubDate>"
        f"{''.join(f'<category>{escape(TOPICS[topic][0])}</category>' for topic in topics.split())}"
        f"<description>{escape(summary)}</description></item>"
        for n, (key, title, topics, summary) in enumerate(POSTS)
    )
    head = f"<title>{NAME}</title><link>{HOST}/</link><language>en</language>"
    return f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>{head}{items}</channel></rss>'.encode()


def propose(now: datetime) -> None:
    """Follow the invented feed and let its posts wait for the liaison; does nothing where it is followed already."""
    url = f"{HOST}/feed.xml"
    if db.session.scalar(sa.select(Feed.id).where(Feed.url == url)):
        return
    places = db.session.scalars(sa.select(Topic.id).where(Topic.name == TOPICS["places"][0])).all()
    feed = Feed(url=url, name=NAME, kind=Kind.CURATED, topics=list(places), language="en", paused=True)
    db.session.add(feed)
    db.session.flush()
    polling.bring(feed, rss(now))
