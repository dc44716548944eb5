"""Machines walk. In: the real mails of a week. Out: whoever opens all their links, scripts included, changes nothing.

Chromium opens every link of every mail and every link of our own on those pages, as scanners do that run scripts; a
plain client does so with GET, with HEAD and with the headers of a prefetch. All tables are compared before and after:
share links were *opened*, and that is all that ever comes of it.
"""

from __future__ import annotations

import email
import email.policy
import http.client
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import BrowserContext, sync_playwright
from playwright.sync_api import Error as BrowserError
from werkzeug.serving import make_server

from service import clock, config, create_app, digests, editions, fresh_links, shares
from service.database import Base, db
from service.delivery import deliver_due
from service.models import Employee, Outbox, Story, Topic
from tests.conftest import chromium
from tests.servers import free_port
from tests.test_draws import cast, drawn, holder
from tests.test_inbox import nonce_of

__all__ = ["cast"]

pytestmark = pytest.mark.sockets

Rows = dict[str, dict[tuple[object, ...], dict[str, object]]]
PREFETCH = {"Sec-Purpose": "prefetch;prerender", "Purpose": "prefetch", "X-Moz": "prefetch"}
BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0"
TRACES = {
    "evidence": {"opened", "herself"},
    "employee": {"scanned_at"},
}
"""What may be left behind: kinds of evidence, and the mark that a scanner was at her mail."""
MADE = {"weekly_key", "changed_share"}
"""Tables that may get rows: the week's key, under which visitors are hashed, is drawn where it is first needed; what
was opened is noted as to be counted among the opened."""


class Links(HTMLParser):
    """Collects what a page links to, loads and offers to send a form to."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.forms = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.forms += tag == "form"
        for name, value in attrs:
            if name in ("href", "src") and value:
                self.found.append(value)


def tables() -> Rows:
    """Return every row of every table, by its key."""
    db.session.rollback()
    found: Rows = {}
    with db.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            keys = [column.name for column in table.primary_key]
            rows = connection.execute(sa.select(table)).mappings().all()
            found[table.name] = {tuple(row[k] for k in keys): dict(row) for row in rows}
    return found


def changes(before: Rows, after: Rows) -> list[str]:
    """Return what is other than it was, beyond what opening may leave behind."""
    wrong = []
    for name, rows in after.items():
        gone = before[name].keys() - rows.keys()
        wrong += [f"{name} {key} is gone" for key in gone]
        for key, row in rows.items():
            old = before[name].get(key)
            if old is None:
                wrong += _made(name, row)
            else:
                wrong += [f"{name}.{c} of {key}" for c in row if row[c] != old[c] and not _may_change(name, c, old)]
    return wrong


def _made(name: str, row: dict[str, object]) -> list[str]:
    if name in MADE or (name == "evidence" and row["kind"] in TRACES["evidence"]):
        return []
    proofs = ("declared_at", "seen_at", "visited_at")
    if name == "share" and row["state"] == "opened" and not any(row[proof] for proof in proofs):
        return []
    return [f"{name} has a new row: {json.dumps(row, default=str)}"]


def _may_change(name: str, column: str, old: dict[str, object]) -> bool:
    if name == "evidence":  # an opening judged again in the light of those around it
        return old["kind"] in TRACES["evidence"] and column in ("verdict", "reason", "again")
    return column in TRACES.get(name, set())


@pytest.fixture
def house(settings: config.Config, request: pytest.FixtureRequest) -> Iterator[tuple[Flask, str]]:
    """The service on a port of its own, its mails going to a folder."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    application = create_app(replace(settings, base_url=base))
    server = make_server("127.0.0.1", port, application, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    with application.app_context():
        yield application, base
        db.session.remove()
        server.shutdown()
        thread.join()
        server.server_close()
        db.engine.dispose()
    clock.use(None)


@pytest.fixture
def app(house: tuple[Flask, str]) -> Flask:
    """What the cast of the draws asks for: here it is the served application."""
    return house[0]


@pytest.fixture
def mails(house: tuple[Flask, str], cast: dict[str, Employee], settings: config.Config) -> list[str]:
    """The pages of real mails: a digest with stories and a question, a prize, a fresh link to her page."""
    draw = drawn()
    winner = holder(draw, 1)
    topics = [Topic(slug=slug, name=slug.title()) for slug in ("boats", "harbour")]
    db.session.add_all(topics)
    db.session.flush()
    told = [
        Story(
            title=title,
            summary="How it was.",
            url=f"http://127.0.0.1:9/{title}",
            status="approved",
            topics=[topic.id],
            lead_topic=topic.id,
            publish_from=clock.now() - timedelta(days=9),
            kind=kind,
        )
        for title, topic, kind in (("Boats", topics[0], "promotional"), ("Cranes", topics[1], "curated"))
    ]
    earlier = Story(title="Earlier", url="http://127.0.0.1:9/earlier", status="approved")
    db.session.add_all([*told, earlier])
    winner.topics = [topic.id for topic in topics]
    winner.networks = ["linkedin", "mastodon", "x", "bluesky", "copy"]
    winner.links_from = (clock.now() - timedelta(days=99)).date()
    db.session.commit()
    shares.open_share(winner, earlier, "x")
    edition = editions.release(editions.edition(), "test")
    digests.plan(edition)
    fresh_links.send(winner)
    clock.set_now(max(row.due_at for row in db.session.query(Outbox)))
    db.session.commit()
    deliver_due()
    found = []
    for file in sorted(settings.mail_folder.glob("*.eml")):
        mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        if mail["To"].addresses[0].addr_spec == winner.email:
            html = mail.get_body(("html",))
            assert html is not None
            found.append(html.get_content())
            assert mail["List-Unsubscribe"] is None or mail["List-Unsubscribe"].startswith("<http")
    return found


def _ours(base: str, page: str) -> list[str]:
    """Return the addresses under our own host that a page names, each once, without what stands behind a #."""
    links = (link if "://" in link else f"{base}{link}" for link in Links(page).found if not link.startswith("#"))
    return list(dict.fromkeys(link.partition("#")[0] for link in links if link.startswith(f"{base}/")))


def _inbox(base: str, mails: list[str]) -> list[str]:
    """Return the links of these mails, and make sure that one of every kind is among them."""
    found = list(dict.fromkeys(link for mail in mails for link in _ours(base, mail)))
    ends = [link.rpartition("/")[2] for link in found]
    for end, number in (("not-for-me", 2), ("posted", 1), ("linkedin", 2), ("mastodon", 2), ("x", 2)):
        assert ends.count(end) == number, (end, ends)
    for begin in ("me", "u", "claim", "s", "draws"):
        assert any(link.startswith(f"{base}/{begin}/") for link in found), begin
    return found


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the other database has the plain client's walk
def test_a_browser_that_opens_every_link_of_a_week_s_mails_changes_nothing(
    house: tuple[Flask, str], mails: list[str]
) -> None:
    _app, base = house
    inbox, before = _inbox(base, mails), tables()
    with sync_playwright() as playwright:
        # Nothing leaves this machine: no other name resolves.
        only = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox", "--disable-gpu", "--disable-quic", only]
        )
        walk = Walk(browser.new_context(user_agent=f"{BROWSER} Safari/537.36"))
        pages = [walk.open(link) for link in inbox]
        behind = {link for page in pages for link in _ours(base, page) if "/static/" not in link} - set(inbox)
        pages += [walk.open(link) for link in sorted(behind)]
        browser.close()
    assert behind and sum(Links(each).forms for each in pages) > 10
    assert changes(before, tables()) == []
    assert {row["kind"] for row in tables()["evidence"].values()} >= {"opened"}
    _a_button_still_works(base, inbox)


def test_programs_that_ask_for_every_link_in_every_manner_change_nothing(
    house: tuple[Flask, str], mails: list[str]
) -> None:
    _app, base = house
    inbox, before = _inbox(base, mails), tables()
    opened = set(inbox)
    for link in inbox:
        opened.update(_ours(base, _ask("GET", link, {"User-Agent": BROWSER})[1]))
    assert len(opened) > len(inbox)
    for method, headers in (("HEAD", {}), ("GET", PREFETCH), ("HEAD", PREFETCH), ("GET", {})):
        for link in sorted(opened):
            _ask(method, link, {"User-Agent": BROWSER, **headers})
    assert changes(before, tables()) == []
    _a_button_still_works(base, inbox)


class Walk:
    """Opens links one after the other, lets their scripts run, and keeps the page that they left."""

    def __init__(self, context: BrowserContext) -> None:
        self.context, self.page = context, context.new_page()

    def open(self, link: str) -> str:
        try:
            answer = self.page.goto(link, wait_until="load", timeout=20_000)
            self.page.wait_for_timeout(100)
            assert answer is not None and answer.status < 400, (link, answer and answer.status)
            return self.page.content()
        except BrowserError as away:
            assert "ERR_NAME_NOT_RESOLVED" in str(away), link  # it led on to a network's composer, which is not there
            self.page.close()
            self.page = self.context.new_page()
            return ""


def _ask(method: str, link: str, headers: dict[str, str], body: str | None = None) -> tuple[int, str]:
    db.session.rollback()  # the test's own reading must not hold SQLite's write lock
    parts = urlsplit(link)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    connection.request(method, parts.path + (f"?{parts.query}" if parts.query else ""), body, headers)
    answer = connection.getresponse()
    text = answer.read().decode("utf-8", "replace")
    connection.close()
    assert answer.status < 400, (method, link, answer.status)
    return answer.status, text


def _a_button_still_works(base: str, inbox: list[str]) -> None:
    """The walk above would notice: a person's one press of a button is seen in the tables."""
    before = tables()
    link = next(link for link in inbox if link.endswith("/posted"))
    nonce = nonce_of(_ask("GET", link, {})[1], urlsplit(link).path)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert _ask("POST", link, form, f"nonce={nonce}")[0] == 303
    wrong = changes(before, tables())
    assert any(each.startswith("share.declared_at") for each in wrong)
    assert any(each.startswith("ledger_entry has a new row") for each in wrong)
