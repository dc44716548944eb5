"""The whole path over HTTP and SMTP, on both databases: from a list and a feed to the winner's claimed prize."""

from __future__ import annotations

import email
import email.policy
import http.client
import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from flask import Flask
from werkzeug.serving import make_server

from scoring import verify_draw
from service import (
    clock,
    config,
    create_app,
    digests,
    draws,
    editions,
    employees_import,
    ledger,
    liaisons,
    programmes,
    stories,
)
from service.database import db
from service.delivery import deliver_due
from service.models import Employee, Outbox, Share, Story
from service.why import why
from tests.conftest import TUESDAY, environment
from tests.servers import free_port
from tests.smtp_server import Behaviour, listening

PEOPLE = """\ufeffE-mail;Full name;Team;Language;Time zone;Topics;Networks
NOOR@fjord.example ;Noor Benali;Design;it;Europe/Rome;Boats, Harbour;linkedin,x
ben@fjord.example;Ben Oduya;Yard;en;Europe/London;boats;mastodon
mira@fjord.example;Mira Kranjc;Design;sl;Europe/Ljubljana;harbour;bluesky
not-an-address;Nobody;Yard;en;Europe/London;boats;x
"""

FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>Fjord</title><link>https://fjord.example/</link>
<item><title>Twelve boats &amp; one crane</title><link>https://fjord.example/boats?utm_id=7#crane</link><guid>b1</guid>
<description>&lt;p&gt;How the yard moved
&lt;b&gt;twelve&lt;/b&gt; boats in a day.&lt;script&gt;x()&lt;/script&gt;&lt;/p&gt;</description>
<category>boats</category><pubDate>Mon, 16 Nov 2026 08:00:00 +0000</pubDate></item>
<item><title>The harbour at five</title><link>https://fjord.example/harbour</link><guid>h1</guid>
<description>What you hear before the city wakes.</description><category>harbour</category>
<pubDate>Sun, 15 Nov 2026 08:00:00 +0000</pubDate></item></channel></rss>"""

CHROME = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36",
    "Accept": "text/html",
    "Accept-Language": "en",
}
LINKEDIN = {"User-Agent": "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)"}

pytestmark = pytest.mark.sockets


class World:
    """A running service, its receiver's inbox, and a browser that follows nothing by itself."""

    def __init__(self, app: Flask, port: int, inbox: Behaviour) -> None:
        self.app, self.port, self.inbox = app, port, inbox
        self.cookies: dict[str, str] = {}

    def ask(
        self, method: str, path: str, headers: dict[str, str], form: dict[str, str] | None = None, come_from: int = 1
    ) -> tuple[int, dict[str, str], str]:
        """Return status, headers and body; `come_from` is the last byte of the visitor's loopback address."""
        db.session.rollback()  # the test's own reading must not hold SQLite's write lock
        parts = urlsplit(path)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=20, source_address=(f"127.0.0.{come_from}", 0)
        )
        sent = {**headers, "Referer": f"http://127.0.0.1:{self.port}/"}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        body = urlencode(form) if form is not None else None
        if body is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, target, body, sent)
        answer = connection.getresponse()
        text = answer.read().decode()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        connection.close()
        return answer.status, dict(answer.headers), text

    def mails(self, address: str, start: str = "") -> list[EmailMessage]:
        """Return what this address received, oldest first; `start` picks by the beginning of the subject."""
        found = [
            email.message_from_bytes(raw, policy=email.policy.default) for to, raw in self.inbox.taken if to == address
        ]
        return [m for m in found if isinstance(m, EmailMessage) and str(m["Subject"]).startswith(start)]


@pytest.fixture
def world(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[World]:
    """The service on a port of its own, its mail going to a real SMTP server."""
    inbox, port = Behaviour(), free_port()
    with listening(inbox) as smtp_port:
        variables = environment(database_url, redis_url, tmp_path) | {
            "GOODWORD_BASE_URL": f"http://127.0.0.1:{port}",
            "GOODWORD_MAIL": "smtp",
            "GOODWORD_SMTP_URL": f"smtp+plain://127.0.0.1:{smtp_port}",
        }
        app = create_app(config.read(variables))
        clock.set_now(TUESDAY - timedelta(hours=3))
        server = make_server("127.0.0.1", port, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        with app.app_context():
            yield World(app, port, inbox)
            db.session.remove()
            db.engine.dispose()
        server.shutdown()
        thread.join()
        server.server_close()
    clock.use(None)


def html_of(mail: EmailMessage) -> str:
    body = mail.get_body(("html",))
    assert body is not None
    return str(body.get_content())


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def link(html: str, pattern: str) -> str:
    """Return the first address of the page that matches."""
    found = re.search(rf'(?:href|action)="([^"]*{pattern}[^"]*)"', html)
    assert found, f"no link like {pattern}"
    return found[1].replace("&amp;", "&")


def hidden(html: str, action: str) -> dict[str, str]:
    """Return the hidden fields of the form whose action ends so."""
    form = re.search(rf'<form[^>]*action="[^"]*{action}"[^>]*>(.*?)</form>', html, re.S)
    assert form, f"no form for {action}"
    found = {}
    for field in re.findall(r"<input[^>]*>", form[1]):
        name, value = re.search(r'name="([^"]*)"', field), re.search(r'value="([^"]*)"', field)
        if 'type="hidden"' in field and name:
            found[name[1]] = value[1] if value else ""
    return found


def later(**much: float) -> None:
    clock.set_now(clock.now() + timedelta(**much))


def score(address: str) -> tuple[str, int]:
    """Return the state of her share and her points, as the database has them now."""
    db.session.rollback()
    person = db.session.query(Employee).filter_by(email=address).one()
    share = db.session.query(Share).filter_by(subject=person.subject).one()
    return share.state, ledger.total(person.subject)


def test_a_story_becomes_a_share_a_score_and_a_prize(world: World, tmp_path: Path) -> None:
    begin(tmp_path)
    invite_everybody(world)
    release_from_the_console(world)
    noors_mail = read_the_digest(world)
    code = share_on_linkedin(world, noors_mail)
    prove_the_share(world, code)
    look_at_her_page(world, noors_mail)
    hold_the_draw(world, tmp_path)
    name_the_winner_to_all(world)
    db.session.rollback()
    assert ledger.verify() == []


def begin(tmp_path: Path) -> None:
    """A programme, its liaison, a list as HR exports it and a feed; the bad row waits, the good ones are in."""
    programmes.create(
        name="Good news",
        company="Fjord & Sons",
        liaison_name="Liam Oakes",
        liaison_email="liam@fjord.example",
        zone="Europe/Ljubljana",
        languages=["en", "it", "sl"],
    )
    liaisons.add("liam@fjord.example", "Liam Oakes", "an open house for all")
    feed = tmp_path / "feed.xml"
    feed.write_text(FEED, encoding="utf-8")
    report = stories.import_feed(str(feed), approve=True, create_topics=True)
    assert (report.added, db.session.query(Story).filter_by(status="approved").count()) == (2, 2)
    crane = db.session.query(Story).filter_by(title="Twelve boats & one crane").one()
    assert crane.summary == "How the yard moved twelve boats in a day."
    preview = employees_import.preview(PEOPLE.encode())
    assert [(p.row, p.field) for p in preview.problems] == [(5, "email")]
    assert employees_import.apply(preview).added == 3


def invite_everybody(world: World) -> None:
    deliver_due()
    for address, language in (("noor", "it"), ("ben", "en"), ("mira", "sl")):
        (mail,) = world.mails(f"{address}@fjord.example")
        assert mail["Content-Language"] == language


def release_from_the_console(world: World) -> None:
    """Liam signs in and releases this week's edition; for five minutes nothing leaves, then everybody gets one."""
    _, _, page = world.ask("GET", "/console/sign-in", CHROME)
    form = hidden(page, "sign-in") | {"email": "liam@fjord.example", "password": "an open house for all"}
    assert world.ask("POST", "/console/sign-in", CHROME, form)[0] in (302, 303)
    world.ask("GET", "/console/editions/open", CHROME)
    _, _, page = world.ask("GET", "/console/editions/2026-W47", CHROME)
    form = hidden(page, "/console/editions/2026-W47/act") | {"act": "release"}
    status, _, _ = world.ask("POST", "/console/editions/2026-W47/act", CHROME, form)
    assert status in (200, 302, 303)
    db.session.rollback()
    edition = editions.edition("2026-W47")
    assert edition.status == "released"
    before = len(world.inbox.taken)
    digests.plan(edition)
    deliver_due()
    assert len(world.inbox.taken) == before, "nothing leaves in the five quiet minutes"
    world.cookies.clear()
    clock.set_now(TUESDAY + timedelta(hours=2))
    digests.plan(edition)
    deliver_due()
    assert {to for to, _ in world.inbox.taken[before:]} == {f"{n}@fjord.example" for n in ("noor", "ben", "mira")}
    assert len(world.inbox.taken) - before == 3
    deliver_due()
    assert len(world.inbox.taken) - before == 3, "and nobody gets a second copy"
    assert any("accepted" in json.dumps(f.to_json()) for f in why("noor@fjord.example"))


def read_the_digest(world: World) -> EmailMessage:
    """Both of Noor's stories, in HTML and text, under Italian words."""
    mail = world.mails("noor@fjord.example")[-1]
    for body in (html_of(mail), text_of(mail)):
        assert "Twelve boats" in body and "The harbour at five" in body
        assert "Scrivi con parole tue" in body or "parole" in body
    assert "Liam Oakes" in str(mail["From"])
    return mail


def share_on_linkedin(world: World, mail: EmailMessage) -> str:
    """The button opens LinkedIn's composer with her own short link; scanners may open it as often as they like."""
    button = link(html_of(mail), r"/s/[\w-]{36}/\d+/linkedin")
    for _ in range(3):
        status, headers, page = world.ask("GET", button, CHROME, come_from=9)
    composer = headers["Location"] if status in (302, 303) else link(page, r"linkedin\.com")
    found = re.search(r"/r/([1-9A-HJ-NP-Za-km-z]{10})", str(parse_qs(urlsplit(composer).query)))
    assert found and "linkedin.com" in composer
    assert score("noor@fjord.example") == ("opened", 0)
    return found[1]


def prove_the_share(world: World, code: str) -> None:
    """A probe is not counted, the crawler proves the post, three people make it engaged."""
    status, headers, _ = world.ask("HEAD", f"/r/{code}", CHROME, come_from=20)
    assert status == 302 and score("noor@fjord.example")[0] == "opened"
    target = urlsplit(headers["Location"])
    assert (target.netloc, target.fragment) in (("fjord.example", "crane"), ("fjord.example", ""))
    assert parse_qs(target.query)["utm_source"] == ["linkedin"]
    world.ask("GET", f"/r/{code}", LINKEDIN, come_from=30)
    assert score("noor@fjord.example") == ("seen", 0)
    later(minutes=10)
    for n, expected in (
        (31, ("confirmed", 10)),
        (31, ("confirmed", 10)),
        (32, ("confirmed", 10)),
        (33, ("engaged", 13)),
    ):
        later(minutes=3)
        world.ask("GET", f"/r/{code}", CHROME, come_from=n)
        assert score("noor@fjord.example") == expected
    assert world.ask("GET", "/r/111111111X", CHROME)[0] == 404


def look_at_her_page(world: World, mail: EmailMessage) -> None:
    """Her page says each point's reason and no address; leaving and unsubscribing need a POST."""
    status, headers, page = world.ask("GET", link(html_of(mail), r"/me/[\w-]{36}"), CHROME, come_from=9)
    assert status == 200 and "13" in page
    assert "noor@fjord.example" not in page and "Benali" not in page
    assert (headers["Cache-Control"], headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert world.ask("GET", link(html_of(mail), r"/u/[\w-]{36}"), CHROME)[0] == 200
    db.session.rollback()
    assert not [f for f in why("noor@fjord.example") if "unsubscribed" in json.dumps(f.to_json())]


def hold_the_draw(world: World, tmp_path: Path) -> None:
    """December's first day: the pool is frozen and mailed, public numbers draw, the winner claims with one POST."""
    clock.set_now(datetime(2026, 12, 1, 9, tzinfo=UTC))
    draw = draws.create(
        "november-2026",
        "November's draw",
        [("A weekend by the sea", "300 €")],
        month="2026-11",
        source_text="National lottery of 5 December 2026: six numbers in the order drawn; else the next drawing.",
    )
    draws.freeze(draw, clock.now() + timedelta(days=4))
    deliver_due()
    frozen = world.mails("noor@fjord.example")[-1]
    assert draw.pool_hash and draw.pool_hash in text_of(frozen)
    later(days=4, hours=1)
    draws.run(draw, "4./11./23./29./30./42./")
    deliver_due()
    for name in ("pool", "rules", "source"):
        _, _, body = world.ask("GET", f"/draws/november-2026/{name}.txt", CHROME)
        (tmp_path / f"{name}.txt").write_bytes(body.encode())
    verified = subprocess.run(
        [sys.executable, verify_draw.__file__, tmp_path / "pool.txt", "4./11./23./29./30./42./"],
        capture_output=True,
        text=True,
    )
    assert verified.returncode == 0 and draw.seed and draw.seed in verified.stdout
    winner = world.mails("noor@fjord.example")[-1]
    claim = link(html_of(winner), r"/claim/[\w-]{36}/november-2026")
    status, _, page = world.ask("GET", claim, CHROME)
    assert status == 200 and "A weekend by the sea" in page
    db.session.rollback()
    assert [r.state for r in draw.ranks] == ["offered"]
    form = hidden(page, urlsplit(claim).path) | {"act": "claim"}
    assert world.ask("POST", claim, CHROME, form)[0] in (200, 302, 303)
    db.session.rollback()
    assert [r.state for r in draw.ranks] == ["claimed"]


def name_the_winner_to_all(world: World) -> None:
    """The next digest tells everybody who won, and shows nobody a story twice."""
    story = stories.create(
        title="Winter on the slipway",
        url="https://fjord.example/winter",
        topics=list(db.session.query(Story).filter_by(title="The harbour at five").one().topics),
        language="en",
    )
    stories.approve(story)
    clock.set_now(datetime(2026, 12, 8, 5, tzinfo=UTC))
    edition = editions.release(editions.edition("2026-W50"), "test")
    clock.set_now(datetime(2026, 12, 8, 10, tzinfo=UTC))
    digests.plan(edition)
    deliver_due()
    mira = world.mails("mira@fjord.example")[-1]
    for body in (html_of(mira), text_of(mira)):
        assert "Winter on the slipway" in body and "A weekend by the sea" in body and "Noor" in body
        assert "The harbour at five" not in body
    assert "nothing-new" in json.dumps([f.to_json() for f in why("ben@fjord.example")])
    assert db.session.query(Outbox).filter(Outbox.state.notin_(("accepted",))).count() == 0
