"""Works-council mode. In: a person with figures nobody else has. Out: no console page and no command tells them."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask

from service import config, contests, quarantine, settling, totals
from service.cli import cli
from service.database import db
from service.models import Employee, Programme
from tests import noor as world
from tests.conftest import environment
from tests.liam import at_the_console
from tests.test_console import _routes
from tests.test_contests import contest
from tests.test_settling import share, visit

POINTS = 73_211
"""Hers, found wherever they would be told."""


@pytest.fixture
def wilhelmina(app: Flask, settings: config.Config, monkeypatch: pytest.MonkeyPatch) -> Employee:
    for name, value in environment(settings.database_url, settings.redis_url, settings.data).items():
        monkeypatch.setenv(name, value)
    world.begin()
    who = Employee(email="wilhelmina.zorn@fjord.example", name="Wilhelmina Zorn", status="active")
    db.session.add(who)
    db.session.flush()
    for network in ("linkedin", "x"):
        one = share(who, network, world.story())
        for n in range(4):
            visit(one, f"v{n}", n / 10, weekly=f"w{n}", weekly_place=f"p{n}")
    contest()
    settling.settle(who.subject)
    totals.add_all({who.subject: dict.fromkeys(("2026-W47", "2026-11", "2026-Q4", "all", "campaign:1"), POINTS)})
    db.session.commit()
    contests.look()
    quarantine.look()
    return who


def figures(text: str) -> list[str]:
    """Return her own figures as a page or a command tells them."""
    return re.findall(r"73[,. \u00a0\u202f]?[12]\d\d\b", re.sub(r"<(script|style).*?</\1>", "", text, flags=re.S))


def switch(on: bool) -> None:
    db.session.execute(sa.update(Programme).values(works_council=on))
    db.session.commit()


def pages(app: Flask) -> list[str]:
    found = [path for _endpoint, method, path in _routes(app) if method == "GET"]
    return [*found, "/console/boards?board=top", "/console/boards?board=campaigns&by=points"]


def test_no_page_of_the_console_tells_figures_of_one_person(app: Flask, wilhelmina: Employee) -> None:
    liam = at_the_console(app)
    switch(False)
    assert figures(liam.get("/console/boards?board=top").text)
    switch(True)
    asked = pages(app)
    assert len(asked) > 25
    for path in asked:
        html = liam.get(path).text
        assert figures(html) == [], path
        # Her name may stand where people and mails are looked after, but not beside what she shared.
        if not re.search(r"/(people|editions|week|mails)", path):
            assert "Wilhelmina" not in html, path


COMMANDS = [
    ["ledger", "show", "wilhelmina.zorn@fjord.example"],
    ["ledger", "show", "wilhelmina.zorn@fjord.example", "--json"],
    ["visits", "list", "wilhelmina.zorn@fjord.example"],
    ["visits", "reclassify", "--dry-run", "--who"],
    ["visits", "quarantine", "list", "--all"],
    ["employees", "list", "--json"],
    ["why", "wilhelmina.zorn@fjord.example"],
    ["programme", "show", "--json"],
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_no_command_tells_figures_of_one_person(app: Flask, wilhelmina: Employee, words: list[str]) -> None:
    switch(True)
    done = CliRunner().invoke(cli, words)
    assert not isinstance(done.exception, Exception), done.exception
    assert figures(done.output) == []
    if words[0] in ("ledger", "visits"):
        assert "Wilhelmina" not in done.output and "readers" not in done.output
        assert "+10" not in done.output


def test_without_the_mode_the_ledger_is_shown(app: Flask, wilhelmina: Employee) -> None:
    done = CliRunner().invoke(cli, COMMANDS[0])
    assert figures(done.output)
