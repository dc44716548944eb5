"""Reports. In: a month that is over. Out: one mail to each address of management, once, and a page to print."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from emails import report
from emails.values import Passes, Programme, Recipient
from service import clock, compose, delivery, jobs, reports, results
from service.database import db
from service.models import Outbox, Reckoning
from service.models import Programme as Row
from service.results import reckoning
from service.validation import Invalid
from tests import noor as world
from tests.conftest import TUESDAY
from tests.liam import at_the_console
from tests.test_results import shared
from tests.test_settling import noor as colleague

PROGRAMME = Programme(
    name="Good news",
    company="Fjord & Sons",
    base_url="https://good.example",
    liaison_name="Liam Oakes",
    liaison_email="liam@fjord.example",
    sender="news@fjord.example",
    zone="Europe/Ljubljana",
)
MONTH = report.Month(
    month="2026-10",
    people=12,
    people_before=9,
    members=40,
    ever=20,
    shares=31,
    shares_before=None,
    confirmed=25,
    reach=12000,
    human=101,
    human_before=80,
    others=44,
    conversions=3,
    worth=(("EUR", 24050),),
    media_value=("EUR", 90000),
    weeks=(("2026-10-05", 4), ("2026-10-12", 8)),
    networks=(("linkedin", 20), ("x", 11)),
    stories=(("Why we <open> our doors", 12, 30),),
)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["12 colleagues took part", "30% of the programme", "31", "9 in the month before"]),
        ("it", ["12 colleghi", "30%", "ottobre 2026"]),
        ("sl", ["12 sodelavcev", "30", "oktober 2026"]),
    ],
)
def test_the_mail_says_the_same_in_both_parts_and_needs_no_picture(language: str, words: list[str]) -> None:
    to = Recipient("", "board@fjord.example", language, Passes("s", "m", "u", "c"))
    found = report.compose(PROGRAMME, to, MONTH, "<1@good.example>", TUESDAY)
    for part in (found.html, found.text):
        for word in words:
            assert word.replace("&", "&amp;") in part.replace("\xa0", " ").replace("\n", " "), (language, word)
    assert "Why we &lt;open&gt; our doors" in found.html and "<img" not in found.html
    assert 'width="100%"' in found.html and "█" in found.text
    assert len(found.raw) < 60_000
    again = report.compose(PROGRAMME, to, MONTH, "<1@good.example>", TUESDAY)
    assert again.raw == found.raw


@pytest.fixture
def month(app: Flask) -> Flask:
    """A month in which six people shared, and the second day after it."""
    world.begin()
    for name in ("Ana", "Bea", "Cem", "Dan", "Eva", "Filip"):
        shared(colleague(name), "reader")
    reports.set_readers("board@fjord.example\nCEO@fjord.example", "en")
    results.count()
    results.refresh()
    clock.set_now(datetime(2026, 12, 2, 8, tzinfo=TUESDAY.tzinfo))
    return app


def rows() -> list[Outbox]:
    db.session.expire_all()
    return list(db.session.scalars(sa.select(Outbox).where(Outbox.kind == "report").order_by(Outbox.id)))


def test_each_address_gets_one_mail_a_month_however_often_it_is_asked(month: Flask) -> None:
    assert reports.send_due() == 2
    jobs.run("reports")
    assert [(r.occasion, r.facts["to"]["address"]) for r in rows()] == [
        ("report:2026-11", "board@fjord.example"),
        ("report:2026-11", "ceo@fjord.example"),
    ]
    delivery.deliver_due()
    assert [r.state for r in rows()] == ["accepted", "accepted"]
    mail = compose.message_of(rows()[0])
    assert "6 colleagues took part" in mail.text and "Ana" not in mail.text
    assert mail.recipient == "board@fjord.example"


def test_nothing_goes_later_in_the_month_or_of_a_month_of_nobody(month: Flask) -> None:
    for now in (TUESDAY + timedelta(days=14), datetime(2027, 1, 3, tzinfo=TUESDAY.tzinfo)):
        clock.set_now(now)
        if now.day == 1 or now.month == 1:
            assert reports.send_due() == 0
    clock.set_now(datetime(2026, 12, 20, tzinfo=TUESDAY.tzinfo))
    assert reports.send_due() == 0


def test_in_works_council_mode_a_report_tells_nothing_of_fewer_than_five(month: Flask) -> None:
    db.session.execute(sa.update(Row).values(works_council=True))
    db.session.commit()
    found = reports.month_of("2026-11")
    assert found.people == 6 and found.networks == (("linkedin", 6),)
    assert [(shares, readers) for _title, shares, readers in found.stories] == [(6, 6)], (
        "six stories of one person each"
    )


@pytest.mark.parametrize(("lines", "language"), [("nobody", "en"), ("a@b.example", "xx"), ("é@b.example", "en")])
def test_only_addresses_and_the_programmes_languages_can_stand(app: Flask, lines: str, language: str) -> None:
    world.begin()
    with pytest.raises(Invalid):
        reports.set_readers(lines, language)


def test_worth_goes_by_the_liaisons_own_rates(month: Flask) -> None:
    reckoning.set_rates("chf", {"linkedin": {"click": "1,50", "impression": "0.01", "audience": ""}})
    assert reports.month_of("2026-11").media_value == ("CHF", 6 * 150 + 6 * 459)
    with pytest.raises(Invalid) as refusal:
        reckoning.set_rates("EUR", {"linkedin": {"click": "much", "impression": "-1", "audience": "a few"}})
    assert set(refusal.value.errors) == {"click-linkedin", "impression-linkedin", "audience-linkedin"}


def test_the_liaison_sets_readers_prints_a_month_and_reckons_what_could_be(month: Flask) -> None:
    liam = at_the_console(month)
    assert "board@fjord.example" in liam.get("/console/results/report").text
    html = liam.post("/console/results/report", {"report_to": "one@fjord.example", "report_language": "it"}).text
    assert "one@fjord.example" in html
    assert db.session.scalars(sa.select(Reckoning.report_to)).one() == ["one@fjord.example"]
    assert (
        "is no mail address" in liam.post("/console/results/report", {"report_to": "one", "report_language": "it"}).text
    )
    printed = liam.get("/console/results/report/print?period=2026-11").text
    assert "Who takes part?" in printed and printed.count('role="img"') >= 5
    html = liam.get("/console/results/calculator?employees=100&participation=100&audience=338&shares=1&own=2000").text
    assert "31,800" in html.replace("\xa0", " ")
