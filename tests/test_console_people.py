"""The console answers for everybody: why did she get no mail, and whose mails stand where."""

import re

import pytest
from flask import Flask

from service import clock, digests, editions, suppressions
from service.database import db
from service.models import Employee, Programme, Share
from tests import week47
from tests.liam import Liam, at_the_console
from tests.week47 import WEEK, at, reader, story


@pytest.fixture
def liam(app: Flask) -> Liam:
    at("2026-11-16T10:00")
    week47.programme()
    story("One")
    return at_the_console(app)


def number_of(name: str) -> int:
    return int(db.session.query(Employee.id).filter_by(name=name).scalar())


def told(liam: Liam, name: str) -> str:
    """What the person's page says, without its marks."""
    page = liam.get(f"/console/people/{number_of(name)}").text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.partition("<main")[2]))


def test_a_persons_page_says_what_became_of_her_mail_and_when_the_next_comes(liam: Liam) -> None:
    reader("Noor", slot_weekday=4, slot_hour=18, rhythm="fortnightly", rhythm_from="2026-W48")
    edition = editions.release(editions.edition(WEEK), "test")
    assert "As things stand there will be none: Wanted a mail every second week" in told(liam, "Noor")
    digests.plan(edition)
    page = told(liam, "Noor")
    assert "Wanted a mail every second week or once a month, and this is another week." in page
    assert "Every second week: Thursday, 6:00" in page and "Thu, Nov 26, 2026, 6:00" in page


def test_a_mail_server_that_refused_is_quoted(liam: Liam) -> None:
    reader("Noor")
    digests.plan(editions.release(editions.edition(WEEK), "test"))
    row = week47.digests()[0]
    row.state, row.why, row.settled_at = "failed", "rcpt: 550 5.1.1 no such mailbox", clock.now()
    db.session.commit()
    page = told(liam, "Noor")
    assert "Was refused for good by the mail server." in page and "550 5.1.1 no such mailbox" in page


def test_what_stops_all_mail_stands_on_top_and_no_next_mail_is_promised(liam: Liam) -> None:
    reader("Noor")
    suppressions.suppress("noor@beacon.example", "all", "bounced")
    db.session.commit()
    page = told(liam, "Noor")
    assert "No mail of any kind goes to this address." in page and "None as things stand" in page


def test_in_works_council_mode_a_persons_page_tells_nothing_of_what_she_shared(liam: Liam) -> None:
    noor = reader("Noor")
    db.session.get_one(Programme, 1).works_council = True
    db.session.add(Share(subject=noor.subject, story_id=1, network="linkedin", code="abcdefghij", state="confirmed"))
    db.session.commit()
    page = told(liam, "Noor")
    words = page.replace("no points, no board", "")  # what suspending means
    assert "abcdefghij" not in page and "onfirmed" not in page and "oint" not in words


def test_the_list_leads_to_the_person_by_a_number_never_a_name(liam: Liam) -> None:
    reader("Noor")
    page = liam.post("/console/people/search", {"q": "noor"}).text
    assert f'href="/console/people/{number_of("Noor")}"' in page
    assert not re.search(r'href="[^"]*noor', page)


def test_an_address_that_nobody_has_any_more_is_answered_by_what_was_sent_to_it(liam: Liam) -> None:
    noor = reader("Noor")
    digests.plan(editions.release(editions.edition(WEEK), "test"))
    week47.settle("accepted")
    noor.email = noor.name = None
    db.session.commit()
    number = noor.id
    page = liam.post("/console/people/search", {"q": "noor@beacon.example"}).text
    assert "Nobody has this address now" in page and "Was sent: the mail server took it." in page
    assert "Nothing fits" in liam.post("/console/people/search", {"q": "nobody@beacon.example"}).text
    assert liam.get(f"/console/people/{number}").status_code == 404


@pytest.mark.parametrize("planned", [False, True])
def test_every_number_of_the_edition_leads_to_its_people(liam: Liam, planned: bool) -> None:
    reader("Noor"), reader("Bea", topics=[]), reader("Ada", topics=[])
    edition = editions.edition(WEEK)
    if planned:
        digests.plan(editions.release(edition, "test"))
    page = liam.get(f"/console/editions/{WEEK}/who/no-topics").text
    assert "Bea" in page and "Ada" in page and "Noor" not in page and "2 people of edition 2026-W47." in page
    queued = liam.get(f"/console/editions/{WEEK}/who/queued").text
    assert ("Noor" in queued) is planned
    assert liam.get(f"/console/editions/{WEEK}/who/nonsense").status_code == 404


def test_the_people_of_a_number_are_shown_by_pages(liam: Liam, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.whose.PER_PAGE", 2)
    for number in range(5):
        reader(f"Reader{number}", topics=[])
    digests.plan(editions.release(editions.edition(WEEK), "test"))
    pages = [liam.get(f"/console/editions/{WEEK}/who/no-topics?page={n}").text for n in (1, 2, 3, 99)]
    seen = [set(re.findall(r"Reader\d", page)) for page in pages]
    assert [len(names) for names in seen] == [2, 2, 1, 1] and len(set.union(*seen)) == 5


def test_the_panel_says_the_pace_what_needs_a_hand_and_why(liam: Liam) -> None:
    for number in range(8):
        reader(f"Reader{number}")
    edition = editions.release(editions.edition(WEEK), "test")
    digests.plan(edition)
    at("2026-11-17T08:00:30")
    rows = week47.digests()
    for row in rows[:3]:
        row.state, row.settled_at = "accepted", clock.now()
    rows[3].state, rows[3].why = "failed", "rcpt: 550 unknown"
    rows[4].state, rows[4].why, rows[4].submitted_at = "ambiguous", "lease-ended", clock.now()
    rows[5].state, rows[5].why = "held", "late"
    db.session.commit()
    page = liam.get(f"/console/editions/{WEEK}/panel").text
    for words in (
        "mails a minute.",
        "2 are due and take about",
        "The receiver’s mail server said: 550 unknown",
        "The worker fell silent while handing it over",
        "Held, a day late",
        'href="/console/doubts"',
        f'href="/console/editions/{WEEK}/who/failed"',
        "Send the late ones",
    ):
        assert words in page, words
