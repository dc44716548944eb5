"""Lists of the console. In: a programme with more than a page of everything. Out: 50 rows, next pages, filters kept."""

from __future__ import annotations

import re
from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from scoring.rules import Rules
from service import clock
from service.database import db
from service.models import (
    AuditLine,
    Campaign,
    Cohort,
    Contest,
    ConversionToken,
    Draw,
    Edition,
    Employee,
    Feed,
    FeedItem,
    LeftOut,
    Liaison,
    Outbox,
    Quarantine,
    RuleSet,
    Story,
    Suggestion,
    Team,
    Topic,
)
from service.web.console.lists import PER_PAGE
from tests import noor as world
from tests.liam import Liam, at_the_console

MANY = 120
LISTS: dict[str, str] = {
    "/console/stories": "status=draft",
    "/console/library": "status=draft",
    "/console/suggestions": "state=new",
    "/console/review": "feed=1",
    "/console/feeds": "state=paused",
    "/console/campaigns": "when=planned",
    "/console/contests": "state=coming",
    "/console/draws": "status=open",
    "/console/draws/long/left-out": "why=team",
    "/console/editions": "status=closed",
    "/console/people": "status=active",
    "/console/people/teams": "state=empty",
    "/console/people/groups": "state=waits",
    "/console/settings/topics": "state=offered",
    "/console/settings/liaisons": "role=viewer",
    "/console/settings/audit": "what=story",
    "/console/doubts": "kind=digest",
    "/console/patterns": "state=waiting",
}
"""Where a list stands → a filter that more than a page of its rows pass."""
WITHOUT_FILTER = ("/console/people/1?show=mails", "/console/rules", "/console/results/conversions")
"""Short by nature, or parts of one person's history: the newest lines first."""
ODD = ("0", "-1", str(10**30), "9" * 5000, "two", "%00")


def crowd() -> None:
    """Put 120 of everything into Noor's programme. Commits."""
    now, monday = clock.now(), date(2024, 1, 1)
    her = db.session.scalar(sa.select(Employee.subject).order_by(Employee.id))
    feed = Feed(url="https://feed.example/0", name="Feed 000", next_at=now, paused=True)
    draw = Draw(name="long", title="Long", status="frozen")
    db.session.add_all([feed, draw])
    db.session.flush()
    day = date(2027, 1, 1)
    days: dict[str, Any] = {"starts_on": day, "ends_on": day}
    rows: list[Any] = []
    for i in range(MANY):
        name, url = f"Number {i:03}", f"https://many.example/{i}"
        week = (monday + timedelta(weeks=i)).isocalendar()
        item = {"guid": url, "address_key": url, "url": url, "language": "en", "published": now}
        mail = {"kind": "digest", "occasion": f"digest:{i}", "subject": f"{i:032}", "address_hash": f"{i:064}"}
        numbers = {"sharers": 5, "visits": 6, "visitors": 2, "minutes": 3}
        other = {"kind": "badge", "occasion": f"badge:{i}", "subject": her, "address_hash": f"{i:064}"}
        rows += [
            Story(title=name, url=url, status="draft", evergreen=True, language="en"),
            Campaign(slug=f"many-{i}", name=name, hashtags=[], **days),
            Contest(name=name, measure="points", among="teams", prizes=[], **days),
            Draw(name=f"many-{i}", title=name, status="open"),
            LeftOut(draw_id=draw.id, subject=f"{i:032}", why="team", tickets=1),
            Edition(week=f"{week.year}-W{week.week:02}", status="closed"),
            Feed(url=url, name=name, next_at=now, paused=True),
            FeedItem(feed_id=feed.id, title=name, summary="", topics=[], **item),
            Suggestion(subject=f"{i:032}", way="page", url=url, why="Good"),
            Employee(email=f"many{i}@fjord.example", name=name, subject=f"{i:032}", status="active"),
            Team(name=name),
            Cohort(name=name),
            Topic(slug=f"many-{i}", name=name),
            Liaison(email=f"liaison{i}@fjord.example", name=name, password_hash="x", role="viewer"),
            AuditLine(act="changed", what="story", which=str(i), title=name, at=now),
            Outbox(**mail, language="en", message_id=f"<{i}@x.example>", state="ambiguous", submitted_at=now),
            Outbox(**other, language="en", message_id=f"<b{i}@x.example>", state="accepted", submitted_at=now),
            Quarantine(pattern="one-visitor", week="2026-W46", mark=f"{i}", facts=numbers),
            RuleSet(version=i + 2, valid_from=now, withdrawn_at=now, values=Rules().to_json()),
            ConversionToken(name=name, hash=f"{i:064}"),
        ]
    db.session.add_all(rows)
    db.session.commit()


@pytest.fixture
def liam(app: Flask) -> Liam:
    world.begin()
    liam = at_the_console(app)
    crowd()
    return liam


def rows_of(page: str) -> int:
    """Return how many rows the longest table of a page has; of lists that are none, how many posts or patterns."""
    bodies = re.findall(r"<tbody>(.*?)</tbody>", page, re.S)
    versions = page.count('<details class="decided"')
    others = max(page.count('<section class="pattern"'), page.count('name="pick"'))
    return max([versions, *(body.count("<tr") for body in bodies)]) or others


def link(page: str, rel: str) -> str | None:
    """Return where the list's earlier or next page stands; None without one."""
    under = page[page.index('<nav class="pages"') :].partition("</nav>")[0]
    found = re.search(rf'rel="{rel}" href="([^"]+)"', under)
    return unescape(found[1]) if found else None


def test_every_list_has_pages_of_fifty_and_keeps_its_filter_on_the_way(liam: Liam) -> None:
    for path, chosen in {**LISTS, **dict.fromkeys(WITHOUT_FILTER, "")}.items():
        first = liam.open(path)
        assert first.status_code == 200 and rows_of(first.text) == PER_PAGE, (path, rows_of(first.text))
        narrowed = liam.open(f"{path}{'&' if '?' in path else '?'}{chosen}").text
        assert rows_of(narrowed) == PER_PAGE, (path, rows_of(narrowed))
        onward = link(narrowed, "next")
        assert onward and "page=2" in onward and chosen in onward, (path, onward)
        assert f'name="{chosen.partition("=")[0]}"' in narrowed or chosen in narrowed, path
        second = liam.open(onward).text
        assert rows_of(second) > 0 and link(second, "prev"), path
        third = link(second, "next")
        last = liam.open(third).text if third else second
        assert link(last, "next") is None, path


def test_an_odd_page_number_is_a_page_like_any_other(liam: Liam) -> None:
    for path in (*LISTS, *WITHOUT_FILTER):
        for odd in ODD:
            answer = liam.open(f"{path}{'&' if '?' in path else '?'}page={odd}")
            assert answer.status_code == 200 and 0 < rows_of(answer.text) <= PER_PAGE, (path, odd[:40])


def test_a_filter_that_nothing_passes_says_so_and_leads_back(liam: Liam) -> None:
    for path in LISTS:
        answer = liam.open(f"{path}?q=nothing+has+these+words&status=no-such&state=no-such&sort=no-such")
        assert answer.status_code == 200, path
        if rows_of(answer.text) == 0:
            assert f'href="{path}"' in answer.text, path


def test_no_page_of_the_console_shows_more_than_a_page_of_rows(app: Flask, liam: Liam) -> None:
    seen = 0
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("console.") and "GET" in (rule.methods or ()) and not rule.arguments:
            answer = liam.open(rule.rule)
            if answer.status_code == 200 and answer.mimetype == "text/html":
                seen += 1
                assert rows_of(answer.text) <= PER_PAGE, rule.rule
    assert seen > 40
