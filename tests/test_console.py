"""The console's door and frame: who gets in, what every form carries, where a list's address leads."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from flask import Flask

from service import liaisons
from service.database import db
from service.models import Story
from service.web.console.room import OPEN
from service.web.console.session import safe_next
from tests import week47
from tests.liam import ADDRESS, BASE, PASSWORD, Liam, at_the_console

SAMPLES: dict[str, Any] = {
    "week": "2026-W47", "name": "2026-11", "code": "queued",
    "story_id": 1, "campaign_id": 1, "contest_id": 1, "slug": "first-word", "rank": 1,
    "employee_id": 1, "number": 1, "form": "svg",
}  # fmt: skip


@pytest.fixture
def beacon(app: Flask) -> Flask:
    week47.programme()
    return app


@pytest.fixture
def liam(beacon: Flask) -> Liam:
    return at_the_console(beacon)


def _routes(app: Flask) -> list[tuple[str, str, str]]:
    """Return (endpoint, method, path) of every route of the console, its variables filled in."""
    found = []
    with app.test_request_context(base_url=BASE):
        for rule in app.url_map.iter_rules():
            if rule.endpoint.startswith("console."):
                path = app.url_map.bind("good.example").build(
                    rule.endpoint, {name: SAMPLES.get(name, 1) for name in rule.arguments}
                )
                methods = (rule.methods or set()) & {"GET", "POST"}
                found += [(rule.endpoint, method, path) for method in sorted(methods)]
    return found


def test_every_page_but_sign_in_asks_for_sign_in(beacon: Flask) -> None:
    beacon.config["WTF_CSRF_ENABLED"] = False  # the door itself is tried here, not the token before it
    routes = _routes(beacon)
    assert len(routes) > 30
    for endpoint, method, path in routes:
        answer = Liam(beacon).open(path, method=method)
        if endpoint in OPEN:
            invited = endpoint.startswith("console.welcome")  # a one-time link that nobody was given has ended
            assert answer.status_code in ((410,) if invited else (200, 422)), endpoint
        else:
            assert answer.status_code == 302, f"{method} {path}"
            assert answer.location.startswith("/console/sign-in"), f"{method} {path}"


def test_no_post_of_the_console_is_taken_without_its_token(liam: Liam, beacon: Flask) -> None:
    posts = [path for _endpoint, method, path in _routes(beacon) if method == "POST"]
    assert len(posts) > 12
    for path in posts:
        answer = liam.open(path, method="POST", headers={"Referer": liam.here})
        assert answer.status_code == 400, path


def test_a_token_sent_from_another_site_is_not_taken(liam: Liam) -> None:
    token = liam.token()
    answer = liam.open(
        "/console/sign-out", method="POST", data={"csrf_token": token}, headers={"Referer": "https://evil.example/"}
    )
    assert answer.status_code == 400


def test_pages_tell_browsers_to_name_their_own_origin_only_to_it(liam: Liam) -> None:
    assert liam.get("/console/stories").headers["Referrer-Policy"] == "same-origin"


def test_a_wrong_password_stays_at_the_door_and_keeps_the_address(beacon: Flask) -> None:
    liaisons.add(ADDRESS, "Liam", PASSWORD)
    answer = Liam(beacon).sign_in("not this one")
    assert answer.status_code == 422
    assert "do not fit" in answer.text
    assert f'value="{ADDRESS}"' in answer.text
    assert "not this one" not in answer.text


def test_a_locked_liaison_and_an_unknown_one_read_the_same(beacon: Flask) -> None:
    liaisons.add(ADDRESS, "Liam", PASSWORD)
    answers = [Liam(beacon).sign_in("wrong") for _ in range(liaisons.TRIES)] + [Liam(beacon).sign_in()]
    unknown = Liam(beacon).sign_in(email="nobody@beacon.example")

    def bare(text: str) -> str:
        return re.sub(r'value="[^"]*"', "", text)

    assert {a.status_code for a in answers} == {422}
    assert bare(answers[-1].text) == bare(unknown.text)


def test_sign_in_leads_where_she_wanted_to_go(beacon: Flask) -> None:
    liaisons.add(ADDRESS, "Liam", PASSWORD)
    liam = Liam(beacon)
    asked = liam.open("/console/stories?status=draft")
    assert asked.location == "/console/sign-in?next=/console/stories?status%3Ddraft"
    answer = liam.sign_in(next="/console/stories?status=draft")
    assert answer.request.full_path == "/console/stories?status=draft"


@pytest.mark.parametrize(
    "target",
    [
        None, "", "https://evil.example/console/", "//evil.example/console/", "/\\evil.example", "/console/\\\\evil",
        "/console/../mails/", "javascript:alert(1)", "/me/x", "/console/\nx", "console/stories", "/consoles/",
        "http://[::1",
    ],
)  # fmt: skip
def test_sign_in_leads_nowhere_else(beacon: Flask, target: str | None) -> None:
    with beacon.test_request_context():
        assert safe_next(target) == "/console/"


def test_sign_out_ends_the_session(liam: Liam) -> None:
    assert "Sign in to the console" in liam.post("/console/sign-out").text
    assert "Sign in to the console" in liam.get("/console/stories").text


def test_a_new_password_ends_sessions_on_other_devices(liam: Liam) -> None:
    liaisons.set_password(ADDRESS, "quite another password")
    assert "Sign in to the console" in liam.get("/console/stories").text


def test_an_old_cookie_of_a_liaison_who_is_gone_opens_nothing(liam: Liam) -> None:
    db.session.delete(liaisons.by_email(ADDRESS))
    db.session.commit()
    assert "Sign in to the console" in liam.get("/console/stories").text


def test_a_poll_whose_session_ended_is_led_to_the_door(beacon: Flask) -> None:
    answer = Liam(beacon).open("/console/editions/2026-W47/panel", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/console/sign-in"


def test_before_there_is_a_programme_the_console_says_what_to_do_first(app: Flask) -> None:
    liam = at_the_console(app)
    assert "goodword programme create" in liam.get("/console/").text
    liam.here = f"{BASE}/console/people/import"
    file = (io.BytesIO(b"email\nnoor@beacon.example\n"), "people.csv")
    assert "goodword programme create" in liam.post("/console/people/import", {"file": file}).text


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/console/stories", "Make the first story"),
        ("/console/campaigns", "Plan the first campaign"),
        ("/console/people", "Bring in a file"),
        ("/console/draws", "Open the first draw"),
        ("/console/doubts", "No mail is in doubt"),
    ],
)
def test_an_empty_list_says_what_to_do_first(liam: Liam, path: str, sentence: str) -> None:
    assert sentence in liam.get(path).text


def test_a_list_is_searched_filtered_sorted_and_paged_by_its_address(liam: Liam) -> None:
    for n in range(60):
        week47.story(f"Story {n:02}", kind="owned" if n % 2 else "curated", topics=[1] if n < 30 else [1, 2])
    first = liam.get("/console/stories?sort=title").text
    assert first.index("Story 00") < first.index("Story 49") and "Story 50" not in first
    assert "1 to 50 of 60" in first
    second = liam.get("/console/stories?sort=title&page=2").text
    assert "Story 50" in second and "Story 00" not in second
    assert "Story 59" in liam.get("/console/stories?sort=-title").text
    owned = liam.get("/console/stories?kind=owned&topic=2").text
    assert "1 to 15 of 15" in owned and "Story 31" in owned and "Story 30" not in owned
    assert "Kind: Owned" in owned and "Topic: Space" in owned
    assert "Nothing fits this search" in liam.get("/console/stories?q=no+such+story").text
    assert "1 to 1 of 1" in liam.get("/console/stories?q=story+07").text
    assert liam.get("/console/stories?page=99&sort=nonsense&kind=nonsense").status_code == 200


def test_signs_of_like_are_searched_for_as_they_are(liam: Liam) -> None:
    week47.story("Up 100%")
    week47.story("Up 1000")
    assert "1 to 1 of 1" in liam.get("/console/stories?q=100%25").text


def test_bulk_approval_can_be_undone(liam: Liam) -> None:
    for n in range(3):
        week47.story(f"Story {n}", status="draft" if n < 2 else "archived")
    ids = [s.id for s in db.session.query(Story).order_by(Story.id)]
    answer = liam.post("/console/stories/bulk", {"act": "approve", "pick": ids, "back": "/console/stories?sort=title"})
    assert "3 stories approved." in answer.text
    assert answer.request.full_path == "/console/stories?sort=title"
    db.session.expire_all()
    assert {s.status for s in db.session.query(Story)} == {"approved"}
    number = re.search(r'name="act" value="(\d+)"', answer.text)
    assert number and "Undone." in liam.post("/console/stories/undo", {"act": number[1]}).text
    db.session.expire_all()
    assert [s.status for s in db.session.query(Story).order_by(Story.id)] == ["draft", "draft", "archived"]


def test_a_story_without_a_topic_is_not_approved_and_says_why(liam: Liam) -> None:
    story = week47.story("Lonely", status="draft", topics=[], lead_topic=None)
    answer = liam.post("/console/stories/bulk", {"act": "approve", "pick": [story.id]})
    assert "Give “Lonely” a topic" in answer.text
    assert "Pick at least one story first." in liam.post("/console/stories/bulk", {"act": "approve"}).text
