"""Traces of visitors. In: tests/traces/*.json, requests as they come in the wild. Out: each verdict, state and points.

Each trace says what of it is known from documents and what is assumed. Addresses are of documentation ranges (RFC 5737,
RFC 3849); some of these stand in for the networks' published ones, in files as an operator loads them.
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from emails.networks import NETWORKS
from service import clock, ledger, network_ranges, proxies
from service.database import db
from service.models import Edition, Employee, Evidence, Outbox, Programme, Selection, Share
from tests import noor as world

FILES = sorted((Path(__file__).parent / "traces").glob("*.json"))
RANGES = (
    {"name": "facebook", "kind": "network", "complete": True, "ranges": ["198.51.100.32/28"]},
    {"name": "telegram", "kind": "network", "complete": True, "ranges": ["198.51.100.96/28"]},
    {"name": "linkedin", "kind": "network", "complete": False, "ranges": ["198.51.100.64/28"]},
    {"name": "clouds", "kind": "hosting", "complete": False, "ranges": ["192.0.2.128/26"]},
)
HERS = {"REMOTE_ADDR": "203.0.113.20"}
COMPANY, PROXY = "203.0.113.128/28", "10.0.0.0/24"
MARK = ["mark", None]
"""Expected of a page of hers: it says where she is, and is no visit."""


@pytest.fixture
def noor(app: Flask) -> Employee:
    """Noor, with ranges loaded, a proxy named and the company's network set."""
    folder = app.config["GOODWORD"].data / "ranges"
    folder.mkdir()
    for each in RANGES:
        (folder / f"{each['name']}.json").write_text(json.dumps(each))
    network_ranges.forget()
    proxies.use([PROXY])
    employee = world.begin()
    db.session.get_one(Programme, 1).company_networks = [COMPANY]
    db.session.commit()
    return employee


@pytest.mark.parametrize("file", FILES, ids=[f.stem for f in FILES])
def test_each_visitor_of_a_trace_gets_its_verdict(app: Flask, noor: Employee, file: Path) -> None:
    trace = json.loads(file.read_text(encoding="utf-8"))
    begin, client = clock.now(), app.test_client()
    passes = world.passes_of(noor)
    door = f"/s/{passes.share}/{world.story().id}"
    if trace.get("mailed"):
        _mail(noor)
    if trace["opened"]:
        client.get(f"{door}/{trace['network']}", headers=world.PERSON, environ_base=HERS)
        begin = clock.now()  # however long that took, the visits come after it
    places = {"decoy": f"/me/{passes.me}/programs", "me": f"/me/{passes.me}", "picture": "/static/mark.svg"}
    expected = [["human", "browser"]] if trace["opened"] else []
    for step in trace["steps"]:
        for n in range(step.get("times", 1)):
            clock.set_now(begin + timedelta(seconds=step["at"] + n * step.get("every", 0)))
            answer = client.open(
                _place(step["ask"], door, places),
                method=step.get("method", "GET"),
                headers=step["headers"],
                environ_overrides={"REMOTE_ADDR": step["address"]} | _agent(step),
            )
            answer.close()
            assert answer.status_code in (200, 302), step
            expected += [step["expect"]] if step["expect"] else []
    db.session.expire_all()
    rows = db.session.query(Evidence).order_by(Evidence.id)  # as they came, however long one of them took
    assert [MARK if r.kind == "herself" else [r.verdict, r.reason] for r in rows] == expected
    found = db.session.query(Share).order_by(Share.id).first()
    assert {"state": found.state if found else "opened", "points": ledger.total(noor.subject, "all")} == trace["then"]


def _place(ask: str, door: str, places: dict[str, str]) -> str:
    if ask.startswith("share:"):
        return f"{door}/{ask.removeprefix('share:')}"
    if ask.startswith("short"):
        return f"/r/{db.session.query(Share.code).order_by(Share.id).limit(1).scalar()}{ask.removeprefix('short')}"
    return places.get(ask, ask)


def _agent(step: dict[str, Any]) -> dict[str, str]:
    """The test client names itself where a trace names nobody."""
    return {} if "User-Agent" in step["headers"] else {"HTTP_USER_AGENT": ""}


def _mail(employee: Employee) -> None:
    """Say that a digest with six stories left for her just now."""
    edition = Edition(week="2026-W47", status="released")
    db.session.add(edition)
    db.session.flush()
    selection = Selection(edition_id=edition.id, key="", stories=[1, 2, 3, 4, 5, 6])
    db.session.add(selection)
    db.session.flush()
    db.session.add(
        Outbox(
            kind="digest",
            occasion="digest:2026-W47",
            subject=employee.subject,
            address_hash="0" * 64,
            language="en",
            edition_id=edition.id,
            selection_id=selection.id,
            message_id="<one@good.example>",
            state="accepted",
            submitted_at=clock.now(),
        )
    )
    db.session.commit()


def test_there_are_more_than_twenty_traces_and_each_says_what_it_rests_on() -> None:
    traces = [json.loads(file.read_text(encoding="utf-8")) for file in FILES]
    assert len(traces) > 40
    for trace in traces:
        assert trace["name"] and trace["known"] + trace["assumed"] and trace["network"] in NETWORKS
    named = {file.stem for file in FILES}
    wanted = "slack teams whatsapp imessage linkedinbot facebook twitterbot telegram bluesky mastodon google curl"
    assert set(wanted.split()) | {"linkedin-post-inspector", "apple-mail-privacy", "proofpoint", "mimecast"} <= named


def test_no_trace_holds_an_address_of_anybody() -> None:
    documentation = ("192.0.2.", "198.51.100.", "203.0.113.", "2001:db8:", "10.0.0.")
    for file in FILES:
        for step in json.loads(file.read_text(encoding="utf-8"))["steps"]:
            assert step["address"].startswith(documentation), file.stem
