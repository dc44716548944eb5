"""Rights. In: every route of the console, every role and nobody. Out: each opens what it may, and nothing else."""

from __future__ import annotations

import re

import pytest
from flask import Flask, session
from werkzeug.routing import IntegerConverter

from service import liaisons, roles
from service.database import db
from service.models import Liaison
from service.roles import ORDER, Role
from service.validation import Invalid
from service.web.console import rights
from service.web.console.room import OPEN
from tests import week47
from tests.liam import BASE, Liam, at_the_console

FORBIDDEN_TO_VIEWERS = re.compile(r"person|people|preview|mail|export|import|liaison|audit|settings|csv")
"""Words of endpoints that tell of one person, or change who may what."""


@pytest.fixture
def beacon(app: Flask) -> Flask:
    week47.programme()
    app.config["WTF_CSRF_ENABLED"] = False
    return app


def endpoints(app: Flask) -> list[tuple[str, str]]:
    """Return (endpoint, method) of every route of the console behind the door."""
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("console.")]
    return [
        (rule.endpoint, method)
        for rule in rules
        if rule.endpoint not in OPEN
        for method in sorted((rule.methods or set()) & {"GET", "POST", "PUT", "PATCH", "DELETE"})
    ]


def person(role: str) -> Liaison:
    return liaisons.add(f"{role}@beacon.example", role.title(), "open house of ours", role=role)


def asks(app: Flask, endpoint: str, method: str, who: Liaison | None) -> int:
    """Return what the door answers to this request: 200 where the view itself would run (it does not here)."""
    rule = next(r for r in app.url_map.iter_rules(endpoint) if method in (r.methods or ()))
    values = {
        name: 1 if isinstance(converter, IntegerConverter) else "x" for name, converter in rule._converters.items()
    }
    path = app.url_map.bind("good.example").build(endpoint, values, method=method)
    with app.test_request_context(path, method=method, base_url=BASE):
        if who is not None:
            session["liaison"], session["epoch"] = who.id, who.session_epoch
        answer = app.preprocess_request()
        return 200 if answer is None else app.make_response(answer).status_code


def test_every_route_is_open_to_whom_the_table_says_and_to_nobody_else(beacon: Flask) -> None:
    person("owner")
    cast = {role: person(role) for role in ORDER[:-1]}
    cast[Role.OWNER] = liaisons.everybody()[[x.role for x in liaisons.everybody()].index("owner")]
    walked = endpoints(beacon)
    assert len(walked) > 60
    for endpoint, method in walked:
        assert endpoint in rights.RIGHTS, f"{endpoint}: say in service/web/console/rights.py who may open it"
        assert asks(beacon, endpoint, method, None) == 302, endpoint
        least = rights.RIGHTS[endpoint]
        for role, who in cast.items():
            wanted = 200 if ORDER.index(role) >= ORDER.index(least) else 403
            assert asks(beacon, endpoint, method, who) == wanted, f"{role} {method} {endpoint}"


def test_the_table_names_only_routes_that_exist(beacon: Flask) -> None:
    assert sorted(e for e in rights.RIGHTS if e not in beacon.view_functions) == []


def test_no_route_is_open_to_a_role_that_should_not_even_see_it(beacon: Flask) -> None:
    for endpoint, method in endpoints(beacon):
        if endpoint.removeprefix("console.") in rights.ANYBODY_SIGNED_IN:
            continue
        if method != "GET":
            assert rights.needed(endpoint) != Role.VIEWER, endpoint
        if FORBIDDEN_TO_VIEWERS.search(endpoint):
            assert rights.needed(endpoint) != Role.VIEWER, endpoint


def test_a_route_that_nobody_thought_of_is_an_owners(beacon: Flask) -> None:
    assert rights.needed("console.something_new") == Role.OWNER


def signed_in_as(app: Flask, role: str) -> Liam:
    """Return a browser signed in as somebody of this role; an owner is there already."""
    liam = at_the_console(app)
    person(role)
    assert liam.sign_in(email=f"{role}@beacon.example").status_code == 200
    return liam


def test_a_refused_page_says_whom_to_ask(beacon: Flask) -> None:
    viewer = signed_in_as(beacon, "viewer")
    answer = viewer.get("/console/people")
    assert answer.status_code == 403
    assert "Your role is Viewer; this needs Liaison." in answer.text
    assert "Liam Novak" in answer.text


def test_a_viewer_is_shown_no_person_and_no_link_that_would_be_refused(beacon: Flask) -> None:
    names = ["Ambrozija", "Quirina"]
    for name in names:
        week47.reader(name)
    week47.story("Open house")
    viewer = signed_in_as(beacon, "viewer")
    for path in ("/console/", "/console/stories", "/console/stories/1", "/console/campaigns", "/console/badges"):
        html = viewer.get(path).text
        assert [name for name in names if name in html] == [], path
        nav = html[html.index('<nav aria-label="Console"') : html.index("</nav>")]
        for link in re.findall(r'href="([^"]+)"', nav):
            assert viewer.get(link).status_code == 200, link
        assert ">People" not in nav


def test_a_button_of_hers_refuses_whoever_presses_it_by_hand(beacon: Flask) -> None:
    editor = signed_in_as(beacon, "editor")
    assert editor.post("/console/editions/2026-W47/act", {"act": "release"}).status_code == 403


def test_the_last_owner_stays_an_owner(beacon: Flask) -> None:
    first = person("owner")
    second = person("liaison")
    for act in (lambda: roles.change(first, "viewer"), lambda: roles.lock(first), lambda: roles.remove(first)):
        with pytest.raises(Invalid, match="only owner"):
            act()
        db.session.rollback()
    roles.change(second, "owner")
    roles.change(first, "viewer")
    assert (first.role, second.role) == ("viewer", "owner")
    with pytest.raises(Invalid, match="only owner"):
        roles.lock(second)


def test_the_first_liaison_is_the_owner_and_the_next_ones_are_not(beacon: Flask) -> None:
    assert liaisons.add("one@beacon.example", "One", "open house of ours", role="viewer").role == "owner"
    assert liaisons.add("two@beacon.example", "Two", "open house of ours").role == "liaison"
    with pytest.raises(Invalid, match="one of the roles"):
        liaisons.add("three@beacon.example", "Three", "open house of ours", role="king")


@pytest.mark.parametrize("act", [roles.lock, roles.remove])
def test_who_is_locked_or_removed_is_out_at_once_and_cannot_come_back_in(beacon: Flask, act: object) -> None:
    viewer = signed_in_as(beacon, "viewer")
    who = liaisons.by_email("viewer@beacon.example")
    act(who)  # type: ignore[operator]
    assert viewer.open("/console/stories").status_code == 302
    with pytest.raises(liaisons.Refused):
        liaisons.check_password("viewer@beacon.example", "open house of ours")


def test_who_was_removed_can_be_added_again(beacon: Flask) -> None:
    person("owner")
    gone = person("viewer")
    roles.remove(gone)
    assert liaisons.by_email("viewer@beacon.example") is None
    again = liaisons.add("viewer@beacon.example", "Vera", "open house of ours", role="editor")
    assert (again.id, again.role, again.removed_at) == (gone.id, "editor", None)
