"""Every page for everybody. In: every address of the application, lived in. Out: no barrier, nothing off the side."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from axe_playwright_python.base import AXE_SCRIPT
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.routing import Rule
from werkzeug.serving import make_server

from service import clock, config, create_app, liaisons, settings
from service.database import db
from service.models import Award, FeedItem, PeopleFile, RuleTrial, Suggestion
from service.roles import fresh_link
from service.sample.content_programme import DEMO_PASSWORD, EXAMPLE
from tests import lived_in
from tests.conftest import chromium
from tests.servers import free_port

pytestmark = [pytest.mark.browser, pytest.mark.sockets, pytest.mark.xdist_group("browser")]

NO_PAGES = {
    "colours.sheet", "colours.mark",
    "asset", "static", "pictures.picture", "badges.picture", "months.picture", "console.poster_code",  # pictures, files
    "console.audit_csv", "console.draw_export", "console.results_csv", "console.rules_file", "conversions.script",
    "draws.events", "draws.pool", "draws.ranks", "draws.rules", "draws.source", "draws.verifier", "mailfolder.raw",
    "health.health", "visits.follow", "visits.poster", "console.edition_open",  # they answer machines, or lead on
    "console.edition_panel",  # a part of the week's page, which is walked
    "mailfolder.html", "console.campaign_mail_body", "console.card", "console.edition_mail_frame",
    "console.colours_mail", "console.edition_preview_mail",
    "console.invitation_preview",  # mails: tests/test_mail_look.py looks at those
}  # fmt: skip
"""Endpoints that answer GET with something else than a page."""

Values = Callable[[], dict[str, Any]]


def _first(row: Any, column: str = "id") -> Any:
    return getattr(lived_in.one(sa.select(row).order_by(row.id.desc())), column)


def _her(purpose: str) -> str:
    return str(getattr(lived_in.passes_of(lived_in.person(EXAMPLE)), purpose))


ARGUMENTS: dict[str, Callable[[], Any]] = {
    "week": lambda: lived_in.edition().week,
    "story_id": lambda: lived_in.story().id,
    "campaign_id": lambda: 1,
    "contest_id": lambda: 1,
    "feed_id": lambda: 1,
    "employee_id": lambda: lived_in.person(EXAMPLE).id,
    "item_id": lambda: _first(FeedItem),
    "network": lambda: "linkedin",
}
"""Variables of addresses that mean the same everywhere → what stands for them here."""

FILLED: dict[str, Values] = {
    "badges.award": lambda: {"code": lived_in.one(sa.select(Award).where(Award.page.is_not(None))).page},
    "boards.mine": lambda: {"text": _her("me")},
    "claims.page": lambda: {
        "text": lived_in.passes_of(lived_in.winner()).claim,
        "name": lived_in.draw("drawn").name,
    },
    "console.campaign_mail": lambda: {"which": "kickoff"},
    "console.draw": lambda: {"name": lived_in.draw("drawn").name},
    "console.draw_edit": lambda: {"name": lived_in.draw("open").name},
    "console.draw_left_out": lambda: {"name": lived_in.draw("drawn").name},
    "console.edition_who": lambda: {"code": "queued"},
    "console.people_file": lambda: {"token": _first(PeopleFile, "token")},
    "console.person": lambda: {"number": lived_in.person(EXAMPLE).id},
    "console.person_erase": lambda: {"number": lived_in.person(EXAMPLE).id},
    "console.rules_trial": lambda: {"number": _first(RuleTrial)},
    "console.suggestion": lambda: {"number": _first(Suggestion)},
    "console.welcome": lambda: {"token": fresh_link(liaisons.by_email("new@lunaria.example.com"))},  # type: ignore[arg-type]
    "decoy.programs": lambda: {"text": _her("me")},
    "draws.page": lambda: {"name": lived_in.draw("drawn").name},
    "free_way.page": lambda: {"text": _her("me"), "name": lived_in.draw("open").name},
    "inbox.share": lambda: {"text": _her("share")},
    "inbox.story_page": lambda: {"text": _her("share")},
    "mailfolder.mail": lambda: {"name": next(settings().mail_folder.rglob("*.eml")).name},
    "me.page": lambda: {"text": _her("me")},
    "steering.not_for_me": lambda: {"text": _her("share")},
    "steering.posted": lambda: {"text": _her("share")},
    "subscriptions.ask": lambda: {"text": _her("unsubscribe"), "which": "digest"},
}
"""Endpoint → the values of its own variables."""


def more() -> list[tuple[str, int]]:
    """Return (path, status) of what no route says of itself: other states of its pages, and refusals."""
    her, draw = lived_in.person(EXAMPLE), lived_in.draw("open").name
    return [
        ("/console/contests/2", 200),
        (f"/console/draws/{draw}", 200),
        (f"/draws/{draw}", 200),
        ("/console/stories?q=nothing+fits+this", 200),
        ("/console/stories?status=archived", 200),
        ("/console/settings/colours?colour=%23ffcc00&second_colour=red", 200),
        ("/console/nothing-here", 404),
        ("/nothing-here", 404),
        (f"/me/{lived_in.passes_of(her, 200).me}", 410),
        (f"/u/{_her('unsubscribe')}", 200),
    ]


def pages(app: Flask) -> list[tuple[str, int]]:
    """Return (path, status) of every page there is; fails for an address that nobody said how to fill."""
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    gone = NO_PAGES | set(FILLED)
    assert sorted(gone - {rule.endpoint for rule in rules}) == [], "tests/test_axe.py names addresses that are gone"
    wanted = [rule for rule in rules if rule.endpoint not in NO_PAGES]
    return [(_path(app, rule), 200) for rule in sorted(wanted, key=lambda rule: rule.rule)] + more()


def _path(app: Flask, rule: Rule) -> str:
    own = FILLED.get(rule.endpoint, dict)()
    values = {}
    for name in rule.arguments:
        if name not in own and name not in ARGUMENTS:
            pytest.fail(
                f"{rule.rule} is new to tests/test_axe.py: say in FILLED what {rule.endpoint} has for <{name}>, "
                "or add it to NO_PAGES where it answers with something else than a page"
            )
        values[name] = own[name] if name in own else ARGUMENTS[name]()
    built: str = app.url_map.bind("good.example").build(rule.endpoint, values)
    return built


@pytest.fixture
def site(tmp_path: Path, sqlite_template: Path) -> Iterator[tuple[Flask, str]]:
    """The sample and more on loopback; one database, for what a page looks like is the same on both."""
    port, file = free_port(), tmp_path / "goodword.db"
    shutil.copyfile(sqlite_template, file)
    base = f"http://127.0.0.1:{port}"
    told = {"GOODWORD_ENV": "demo", "GOODWORD_DATA": str(tmp_path), "GOODWORD_CLOCK": str(tmp_path / "clock")}
    app = create_app(config.read({**told, "GOODWORD_BASE_URL": base, "GOODWORD_DRAND": "off"}))
    with app.app_context():
        lived_in.begin()
        server = make_server("127.0.0.1", port, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield app, base
        db.session.remove()
        server.shutdown()
        thread.join()
        server.server_close()
        db.engine.dispose()
    clock.use(None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        yield found
        found.close()


def _signed_in(context: BrowserContext, base: str, email: str) -> Page:
    page = context.new_page()
    page.goto(f"{base}/console/sign-in")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(DEMO_PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{base}/console/")
    return page


AXE = """() => axe.run({iframes: false, resultTypes: ["violations"], preload: false}).then(all => all.violations
    .filter(one => one.impact === "serious" || one.impact === "critical")
    .map(one => one.id + ": " + one.nodes.slice(0, 3).map(n => n.html.slice(0, 140) + n.failureSummary).join("; ")))
"""

WIDER = """() => document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("body *")]
    .filter(one => one.getBoundingClientRect().right > innerWidth + 1)
    .slice(0, 2).map(one => one.outerHTML.slice(0, 140)).concat("it scrolls sideways")
"""


def barriers(page: Page, dark_first: bool) -> list[str]:
    """Return what is wrong with the page that is open: at 1280 px, then at 375 px in the other colours.

    At 375 px axe looks at every second page; that none scrolls sideways is asked of all.
    """
    page.evaluate(AXE_SCRIPT)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    found = []
    for width, dark in ((1280, dark_first), (375, not dark_first)):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme="dark" if dark else "light")
        wrong = page.evaluate(WIDER) if width == 375 else []
        if width == 1280 or dark:
            wrong += page.evaluate(AXE)
        found += [f"{width} px, {'dark' if dark else 'light'}: {one}" for one in wrong]
    return found


def look(page: Page, base: str, path: str, status: int, dark_first: bool) -> list[str]:
    """Open one page and return what is wrong with it, each line beginning with its path."""
    answer = page.goto(base + path)
    assert answer is not None
    if answer.status != status or answer.url != base + path or "text/html" not in answer.headers["content-type"]:
        return [
            f"{path} answered {answer.status} at {answer.url.removeprefix(base)}, not {status} with a page: say in "
            "tests/test_axe.py how to fill it, or that it is no page"
        ]
    return [f"{path} {wrong}" for wrong in barriers(page, dark_first)]


def test_no_page_has_a_serious_barrier_or_scrolls_sideways(site: tuple[Flask, str], browser: Browser) -> None:
    app, base = site
    email = lived_in.liaison().email
    found = pages(app)
    liaisons.add("viewer@lunaria.example.com", "Vera Ogleda", DEMO_PASSWORD, role="viewer")
    db.session.rollback()
    assert len(found) > 80
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = _signed_in(context, base, email)
    page.set_default_timeout(20_000)
    doors = [(path, status) for path, status in found if path.startswith(("/console/sign-in", "/console/welcome"))]
    wrong = []
    for n, (path, status) in enumerate(one for one in found if one not in doors):
        wrong += look(page, base, path, status, dark_first=bool(n % 2))
    page.context.clear_cookies()
    for n, (path, status) in enumerate(doors):
        wrong += look(page, base, path, status, dark_first=bool(n % 2))
    viewer = _signed_in(context, base, "viewer@lunaria.example.com")
    wrong += look(viewer, base, "/console/people", 403, dark_first=True)
    context.close()
    assert wrong == [], "\n".join(wrong)


def test_the_look_finds_a_barrier_and_what_runs_off_the_side(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content(
        "<html lang=en><title>A</title><main><h1>A</h1><button></button><p style='width:999px'>A</p></main>"
    )
    found = barriers(page, dark_first=False)
    assert [words for words in ("button-name", "scrolls sideways") if not any(words in one for one in found)] == []
    page.close()
