"""Monthly draws and the free way in. In: a plan, months that pass, passes. Out: one draw a month; entries by POST."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from scoring import drand
from service import clock, draws, passes
from service.database import db
from service.draws import Plan, beacon, monthly
from service.models import Draw, Employee, FreeEntry, Outbox
from service.models.draws import DrawStatus
from service.validation import Invalid
from tests.conftest import TUESDAY
from tests.test_draws import cast, october, visit

__all__ = ["cast"]

OVER = datetime(2026, 11, 30, 1, 0, tzinfo=UTC)
"""An hour after the last week of November 2026, whose Thursday is the 26th."""
PRIZES = [("A weekend by the sea", "300 EUR")]


def all_draws() -> list[tuple[str, str]]:
    db.session.expire_all()
    return [(d.name, d.status) for d in db.session.scalars(sa.select(Draw).order_by(Draw.id))]


def test_each_months_draw_opens_and_freezes_by_itself_once(cast: dict[str, Employee]) -> None:
    monthly.set_plan(True, PRIZES, 2, 72, Plan(recent_months=3))
    visit(cast["Mei"], TUESDAY)
    db.session.commit()
    assert (draws.tend(), draws.tend()) == (1, 0)
    made = draws.find("2026-11")
    assert made is not None
    assert (made.title, made.beacon, made.alternates) == ("November 2026", "drand", 2)
    clock.set_now(OVER - timedelta(seconds=1))
    assert (draws.tend(), draws.tend()) == (1, 0)  # December's first week has begun
    assert all_draws() == [("2026-11", "open"), ("2026-12", "open")]
    clock.set_now(OVER)
    assert (draws.tend(), draws.tend()) == (1, 0)
    assert all_draws() == [("2026-11", "frozen"), ("2026-12", "open")]
    assert made.due_at is not None
    assert made.due_at == drand.time_of(beacon.round_of(made.source) or 0)
    assert timedelta(0) <= made.due_at - (OVER + timedelta(hours=72)) < timedelta(minutes=5)
    assert db.session.scalars(sa.select(Outbox.occasion)).all() == ["draw:2026-11:frozen"]
    clock.set_now(OVER + timedelta(days=2))
    assert draws.tend() == 0


def test_a_month_without_tickets_is_void_and_the_next_one_opens(cast: dict[str, Employee]) -> None:
    monthly.set_plan(True, PRIZES, 2, 72, Plan())
    draws.tend()
    clock.set_now(OVER + timedelta(days=2))
    assert draws.tend() == 2
    assert all_draws() == [("2026-11", "void"), ("2026-12", "open")]


def test_a_draw_that_the_liaison_opened_takes_the_months_place_and_is_hers_to_freeze(cast: dict[str, Employee]) -> None:
    draws.create("hers", "Hers", [("A book", "")], month="2026-11")
    monthly.set_plan(True, PRIZES, 2, 72, Plan())
    assert draws.tend() == 0
    clock.set_now(OVER)
    assert draws.tend() == 1
    assert all_draws() == [("hers", "open"), ("2026-12", "open")]


def test_nothing_happens_by_itself_unless_it_is_wanted(cast: dict[str, Employee]) -> None:
    assert draws.tend() == 0
    monthly.set_plan(False, PRIZES, 2, 72, Plan(free=1))
    assert draws.tend() == 0
    assert draws.Plan.of(october()).free == 1  # but new draws begin with it


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("prizes", {"prizes": []}),
        ("prizes", {"prizes": [("", "")]}),
        ("alternates", {"alternates": 1001}),
        ("hours", {"hours": 48}),
        ("free", {"usual": Plan(free=-1)}),
    ],
)
def test_a_refused_plan_says_which_field(cast: dict[str, Employee], field: str, change: dict[str, object]) -> None:
    given = {"on": True, "prizes": PRIZES, "alternates": 2, "hours": 72, "usual": Plan(), **change}
    with pytest.raises(Invalid) as refusal:
        monthly.set_plan(**given)  # type: ignore[arg-type]
    assert set(refusal.value.errors) == {field}


def way(who: Employee, name: str = "2026-10") -> str:
    made = passes.passes_for(who.link_id, passes.today_number(clock.now()), passes.newest_key_id())
    return f"/me/{made.me}/draws/{name}"


def entries() -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(FreeEntry)) or 0


def test_the_free_way_in_is_a_post_from_its_page_and_can_be_taken_back(
    client: FlaskClient, cast: dict[str, Employee]
) -> None:
    october(plan=Plan(free=1))
    path = way(cast["Quiet"])
    page = client.get(path).text
    found = re.search(r'name="nonce" value="([0-9a-f]+)"', page)
    assert found and "Take part without sharing" in page
    nonce = found.group(1)
    assert client.post(path, data={"act": "enter"}).status_code == 400
    assert client.post(path, data={"act": "dance", "nonce": nonce}).status_code == 400
    assert entries() == 0
    for _ in range(2):
        answer = client.post(path, data={"act": "enter", "nonce": nonce}, follow_redirects=True)
        assert "You take part" in answer.text
    assert entries() == 1
    client.post(path, data={"act": "withdraw", "nonce": nonce})
    assert entries() == 0


def test_a_frozen_draw_or_one_without_the_way_takes_no_entry(client: FlaskClient, cast: dict[str, Employee]) -> None:
    draw = october(plan=Plan(free=1))
    path = way(cast["Quiet"])
    found = re.search(r'name="nonce" value="([0-9a-f]+)"', client.get(path).text)
    assert found
    draws.freeze(draw, TUESDAY + timedelta(hours=50))
    assert client.post(path, data={"act": "enter", "nonce": found.group(1)}).status_code == 303
    assert entries() == 0
    assert client.get(path).status_code == 410
    draws.create("none", "None", [("A book", "")])
    assert client.get(way(cast["Quiet"], "none")).status_code == 410
    assert client.get(way(cast["Quiet"], "never")).status_code == 404
    assert client.get(path.replace("/me/", "/me/A")).status_code == 404


def test_the_round_of_a_monthly_draw_is_fetched_when_it_is_due(
    cast: dict[str, Employee], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The league signs no round of 2026 for us: the relay here says so, and the draw waits."""
    monthly.set_plan(True, PRIZES, 2, 72, replace(Plan(), networks_out=()))
    visit(cast["Mei"], TUESDAY)
    db.session.commit()
    draws.tend()
    clock.set_now(OVER)
    draws.tend()
    asked: list[str] = []

    def away(draw: Draw) -> str:
        asked.append(draw.name)
        raise beacon.Unknown("no relay")

    monkeypatch.setattr(beacon, "fetched", away)
    clock.set_now(OVER + timedelta(hours=71))
    draws.tend()
    assert asked == []
    clock.set_now(OVER + timedelta(hours=73))
    draws.tend()
    assert asked == ["2026-11"]
    found = draws.find("2026-11")
    assert found is not None and found.status == DrawStatus.FROZEN
