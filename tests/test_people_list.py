"""The list of people. In: words, filters, picked people, files. Out: who fits on both databases, acts with undo."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from service import clock, employees, suppressions
from service.database import db
from service.models import Cohort, CohortMember, Employee, FileState, PeopleFile, Team
from service.people import cohorts, files, finding, seeking
from tests import week47
from tests.conftest import SHARED
from tests.liam import Liam, at_the_console
from tests.week47 import reader


@pytest.fixture
def liam(app: Flask) -> Liam:
    week47.programme()
    return at_the_console(app)


def names(words: str = "", sort: str = "name", **chosen: str) -> list[str | None]:
    return [each.name for each in finding.find(words, chosen, sort).rows]


@given(st.text())
def test_folding_twice_is_folding_once_and_leaves_no_capitals(text: str) -> None:
    assert seeking.folded(seeking.folded(text)) == seeking.folded(text)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("ziga", "Žiga Kovač"),
        ("KOVAČ ŽIGA", "Žiga Kovač"),
        ("lodz", "Ana Łódzka"),
        ("søren", "Soren Aabye"),
        ("100%", None),
    ],
)
def test_people_are_found_whatever_accents_and_capitals_are_typed(app: Flask, typed: str, found: str | None) -> None:
    week47.programme()
    for n, name in enumerate(("Žiga Kovač", "Ana Łódzka", "Soren Aabye")):
        reader(name, email=f"p{n}@beacon.example")
    assert names(typed) == ([found] if found else [])


def test_people_are_found_by_address_office_and_team_and_sorted_by_folded_names(app: Flask) -> None:
    week47.programme()
    team = Team(name="Čebelarji")
    db.session.add(team)
    db.session.flush()
    reader("Žan", email="z@beacon.example", team_id=team.id, leads=True)
    reader("ábel", email="abel@beacon.example", office="Ljubljana")
    reader("Zoe", email="zoe@beacon.example", excluded_from_draws=True, status="invited")
    assert names() == ["ábel", "Žan", "Zoe"] and names(sort="-name") == ["Zoe", "Žan", "ábel"]
    assert names("cebel") == ["Žan"] and names("LJUB") == ["ábel"] and names("zoe@") == ["Zoe"]
    assert names(leader="1") == ["Žan"] and names(draws="1") == ["Zoe"] and names(status="invited") == ["Zoe"]
    assert names(team=str(team.id)) == ["Žan"] and names(team="none") == ["ábel", "Zoe"]
    assert names(sort="-since") == ["Zoe", "ábel", "Žan"] and finding.offices() == ["Ljubljana"]


def test_who_was_written_in_bulk_is_found_after_the_next_look(app: Flask) -> None:
    week47.programme()
    reader("Noor")
    db.session.execute(sa.update(Employee).values(name="Élodie", sought=None))
    db.session.commit()
    assert names("elodie") == [] and seeking.remember() == 1 and seeking.remember() == 0
    assert names("elodie") == ["Élodie"]


def test_an_import_keeps_people_findable(app: Flask) -> None:
    week47.programme()
    for name in ("Léa Martin", "Léa Dupond"):
        employees.apply(employees.preview(f"email,name\nlea@beacon.example,{name}\n".encode()))
    assert names("lea dupond") == ["Léa Dupond"] and names("martin") == []


def test_filters_stand_in_the_address_and_names_never_do(liam: Liam) -> None:
    noor = reader("Noor")
    reader("Bea", status="invited")
    suppressions.suppress("noor@beacon.example", "digest", "unsubscribed")
    noor.address_hash = suppressions.address_hash("noor@beacon.example")
    db.session.commit()
    page = liam.get("/console/people?status=invited&suppressed=nonsense").text
    assert "Bea" in page and "Noor" not in page and "status=invited" in page
    assert "Noor" in (page := liam.get("/console/people?suppressed=1").text) and "Bea" not in page
    liam.get("/console/people")
    page = liam.post("/console/people/search?status=active", {"q": "NOÖR"}).text
    assert "Noor" in page and not re.search(r'(href|action)="[^"]*[Nn]o', page)
    assert "Nothing fits" in liam.post("/console/people/search", {"q": "zzz"}).text


def test_a_search_is_leafed_through_without_its_words_in_the_address(
    liam: Liam, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "PER_PAGE", 2)
    for number in range(5):
        reader(f"Reader{number}")
    liam.get("/console/people")
    seen = [
        set(re.findall(r"Reader\d", liam.post("/console/people/search", {"q": "reader", "page": n}).text))
        for n in ("1", "2", "3")
    ]
    assert [len(each) for each in seen] == [2, 2, 1] and len(set.union(*seen)) == 5
    assert 'value="2"' in liam.post("/console/people/search", {"q": "reader"}).text


def test_more_people_than_anybody_leafs_through_are_not_counted(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    week47.programme()
    monkeypatch.setattr(finding, "COUNTED", 3)
    for number in range(5):
        reader(f"Reader{number}")
    found = finding.find()
    assert (found.total, found.more, found.pages) == (3, True, 1)


def test_what_is_done_with_many_is_undone_with_one_button(liam: Liam) -> None:
    one, two = Team(name="One"), Team(name="Two")
    pilot = Cohort(name="Pilot")
    db.session.add_all([one, two, pilot])
    db.session.commit()
    people = [reader("Noor", team_id=one.id), reader("Bea"), reader("Cem", team_id=two.id)]
    ids, team, group = [each.id for each in people], two.id, pilot.id

    def state() -> list[tuple[object, ...]]:
        db.session.expire_all()
        asked = sa.select(Employee.team_id, Employee.status, Employee.excluded_from_draws).order_by(Employee.id)
        members = db.session.scalar(sa.select(sa.func.count()).select_from(CohortMember))
        return [*map(tuple, db.session.execute(asked).all()), (members,)]

    before = state()
    for act, more, words in (
        ("team", {"team": team}, "2 people are in another team now."),
        ("cohort", {"cohort": group}, "3 people are new in the group."),
        ("suspend", {}, "3 people are suspended."),
        ("exclude", {}, "3 people are left out of draws to come."),
    ):
        liam.get("/console/people?status=active")
        page = liam.post(
            "/console/people/bulk", {"act": act, "pick": ids, "back": "/console/people?sort=since", **more}
        ).text
        assert words in page and state() != before, act
        form = re.search(r'action="/console/people/undo">(.*?)</form>', page, re.DOTALL)
        assert form
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[1]))
        assert "Noor" not in str(fields) and "Undone." in liam.post("/console/people/undo", fields).text
        assert state() == before, act
    assert "Pick at least one person first." in liam.post("/console/people/bulk", {"act": "suspend"}).text
    assert "Choose a team." in liam.post("/console/people/bulk", {"act": "team", "pick": ids, "team": "99"}).text


def test_a_large_file_is_read_and_taken_in_by_a_worker_and_shows_how_far_it_is(
    liam: Liam, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "AT_ONCE", 10)
    rows = "".join(f"p{n}@beacon.example,Person {n}\n" for n in range(1500))
    data = io.BytesIO(f"email,name\n{rows}broken,=cmd\n".encode())
    liam.get("/console/people/import")
    answer = liam.post("/console/people/import", {"file": (data, "people.csv")})
    path = answer.request.path
    assert "The file is being read" in answer.text and 'http-equiv="refresh"' in answer.text
    assert files.work() == 1 and "1,500" in liam.get(path).text
    assert "Colleagues are being taken in" in liam.post(path).text
    assert "Colleagues are being taken in" in liam.post(path).text  # pressing twice does it once
    assert files.work() == 1 and files.work() == 0
    page = liam.get(path).text
    assert "1500 colleagues are new." in page.replace("1,500", "1500") and "1 row stayed out" in page
    got = liam.post(f"{path}/refused")
    lines = list(csv.reader(io.StringIO(got.get_data(as_text=True).removeprefix("\ufeff"))))
    assert lines[0][:2] == ["email", "name"] and lines[1][:2] == ["broken", "'=cmd"] and lines[1][2] == "1502"
    clock.set_now(clock.now() + timedelta(days=1, hours=1))
    files.work()
    assert db.session.scalar(sa.select(sa.func.count(PeopleFile.id))) == 0 and liam.open(path).status_code == 404


def test_only_whom_the_liaison_was_shown_as_missing_is_gone(liam: Liam) -> None:
    reader("Noor"), reader("Bea")
    liam.get("/console/people/import")
    file = (io.BytesIO(b"email\nnoor@beacon.example\n"), "people.csv")
    answer = liam.post("/console/people/import", {"file": file, "complete": "1"})
    assert "1 person is not in the file" in answer.text and "Bea" in answer.text
    reader("Cem")
    liam.post(answer.request.path, {"confirm_gone": "1"})
    db.session.expire_all()
    states = {each.name: each.status for each in db.session.scalars(sa.select(Employee))}
    assert states == {"Noor": "active", "Bea": "gone", "Cem": "active"}


def test_a_file_is_seen_by_who_brought_it_alone(liam: Liam) -> None:
    file = files.bring(b"email\nnoor@beacon.example\n", False, None)
    assert file.state == FileState.READ and liam.open(f"/console/people/import/{file.token}").status_code == 404


@pytest.mark.shared
def test_the_sample_file_of_an_hr_system_is_previewed_taken_in_and_corrected(liam: Liam) -> None:
    data = (SHARED / "employees.csv").read_bytes()
    liam.get("/console/people/import")
    answer = liam.post("/console/people/import", {"file": (io.BytesIO(data), "employees.csv")})
    file = db.session.scalars(sa.select(PeopleFile)).one()
    assert file.seen and file.seen["rows"] > 1100 and file.seen["refused"] > 0
    path = answer.request.path
    got = liam.post(f"{path}/refused").get_data(as_text=True)
    assert len(list(csv.reader(io.StringIO(got)))) == file.seen["refused"] + 1
    liam.get(path)
    assert "The file is taken in" in liam.post(path).text
    assert cohorts.everyone() == []
