"""Employee files, imported. In: a programme and files. Out: people as PROTOCOLS.md promises, on both databases."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from service import clock, employees, programmes, suppressions, topics
from service.database import db
from service.models import Employee, Outbox, Team
from service.models.people import Status
from service.validation import Invalid
from tests.conftest import SHARED

HEADING = "Email,Full name,Team,Office,Language,Time zone,Topics,Networks"
NOOR = "noor@acme.example,Noor Bakker,Sales,Milano,it,Europe/Rome,design;culture,linkedin;x"
OLGA = "olga@acme.example,Olga Kos,People,Ljubljana,sl,Europe/Ljubljana,culture,mastodon"


@pytest.fixture
def programme(app: Flask) -> None:
    programmes.create(
        name="Acme Voices",
        company="Acme",
        liaison_name="Liam",
        liaison_email="liam@acme.example",
        zone="Europe/Rome",
        languages=["en", "it", "sl"],
    )
    topics.create("Design", {"it": "Progettazione"})
    topics.create("Culture")


def sheet(*rows: str) -> bytes:
    return "\r\n".join((HEADING, *rows)).encode()


def bring(*rows: str, complete: bool = False, confirm_gone: bool = False, **options: Any) -> employees.Report:
    return employees.apply(employees.preview(sheet(*rows), complete, **options), confirm_gone=confirm_gone)


def who(name: str) -> Employee:
    found = employees.by_address(f"{name}@acme.example")
    assert found is not None
    return found


def count(table: Any) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


@pytest.mark.usefixtures("programme")
def test_a_preview_writes_nothing() -> None:
    seen = employees.preview(sheet(NOOR, OLGA))
    assert (seen.rows, seen.new, seen.new_teams) == (
        2,
        ("noor@acme.example", "olga@acme.example"),
        ("People", "Sales"),
    )
    db.session.rollback()
    assert (count(Employee), count(Team), count(Outbox)) == (0, 0, 0)


@pytest.mark.usefixtures("programme")
def test_somebody_new_is_invited_with_what_the_file_says_and_the_programmes_defaults_for_the_rest() -> None:
    report = bring(NOOR, "petra@acme.example,,,,,,,")
    assert (report.added, report.invitations, report.teams) == (2, 2, 1)
    noor, petra = who("noor"), who("petra")
    assert noor.team is not None
    assert (noor.name, noor.team.name, noor.office, noor.status) == ("Noor Bakker", "Sales", "Milano", "invited")
    assert (noor.language, noor.reads, noor.zone) == ("it", ["en", "it"], "Europe/Rome")
    assert (noor.topics, noor.networks, noor.chosen) == ([1, 2], ["linkedin", "x"], [])
    assert abs((noor.created_at - clock.now()).total_seconds()) < 60
    assert (petra.name, petra.language, petra.reads, petra.zone, petra.topics) == (
        None,
        "en",
        ["en"],
        "Europe/Rome",
        [],
    )
    assert noor.subject != petra.subject
    assert noor.link_id != petra.link_id


@pytest.mark.usefixtures("programme")
def test_an_invitation_names_her_topics_in_her_language_and_is_sent_once() -> None:
    bring(NOOR)
    bring(NOOR, OLGA)
    rows = {row.subject: row for row in db.session.scalars(sa.select(Outbox))}
    assert len(rows) == 2
    mail = rows[who("noor").subject]
    assert (mail.kind, mail.occasion, mail.language, mail.state) == ("invitation", "invitation", "it", "queued")
    assert mail.facts["topics"] == ["Progettazione", "Culture"]
    assert mail.facts["to"]["link_id"] == who("noor").link_id
    assert mail.address_hash == suppressions.address_hash("noor@acme.example")
    assert "noor@" not in str(mail.facts)


@pytest.mark.usefixtures("programme")
def test_without_invitation_nobody_is_written_to() -> None:
    assert bring(NOOR, invite=False).invitations == 0
    assert (count(Outbox), who("noor").invited_at) == (0, None)


@pytest.mark.usefixtures("programme")
def test_who_came_in_without_an_invitation_gets_it_with_a_later_import() -> None:
    bring(NOOR, OLGA, invite=False)
    who("olga").status = Status.LEFT
    db.session.commit()
    assert employees.preview(sheet(NOOR, OLGA)).uninvited == 1
    report = bring(NOOR, OLGA)
    assert (report.added, report.same, report.invitations, count(Outbox)) == (0, 1, 1, 1)
    db.session.expire_all()
    assert (who("noor").invited_at is None, who("olga").invited_at) == (False, None)
    assert bring(NOOR, OLGA).invitations == 0


@pytest.mark.usefixtures("programme")
def test_a_bounced_address_comes_in_and_its_invitation_says_why_it_is_not_sent() -> None:
    suppressions.suppress("noor@acme.example", "all", "bounced")
    report = bring(NOOR)
    assert (report.added, report.invitations) == (1, 0)
    assert [(m.state, m.why) for m in db.session.scalars(sa.select(Outbox))] == [("suppressed", "bounced")]


@pytest.mark.usefixtures("programme")
def test_a_second_import_of_the_same_file_changes_nothing() -> None:
    bring(NOOR, OLGA)
    before = db.session.execute(sa.select(*Employee.__table__.c).order_by(Employee.id)).all()
    assert bring(NOOR, OLGA) == employees.Report(
        rows=2, added=0, changed=0, same=2, kept=0, refused=0, gone=0, invitations=0, teams=0, topics=0
    )
    assert db.session.execute(sa.select(*Employee.__table__.c).order_by(Employee.id)).all() == before


@pytest.mark.usefixtures("programme")
def test_an_import_brings_what_changed_and_the_preview_shows_it_field_by_field() -> None:
    bring(NOOR, OLGA)
    seen = employees.preview(sheet(NOOR.replace("Sales", "People").replace("design;culture", "culture"), OLGA))
    (change,) = seen.changed
    assert change.fields == {"team": ("Sales", "People"), "topics": (["Design", "Culture"], ["Culture"])}
    assert employees.apply(seen).changed == 1
    noor = who("noor")
    assert noor.team is not None
    assert (noor.team.name, noor.topics) == ("People", [2])


@pytest.mark.usefixtures("programme")
def test_an_empty_cell_or_a_missing_column_takes_nothing_away() -> None:
    bring(NOOR)
    assert bring("noor@acme.example,,,,,Europe/Atlantis,quantum knitting,").same == 1
    seen = employees.preview(b"Mail\nnoor@acme.example\n")
    assert (seen.same, seen.changed) == (1, ())


@pytest.mark.usefixtures("programme")
def test_her_own_choices_beat_the_file() -> None:
    bring(NOOR)
    noor = who("noor")
    noor.topics, noor.networks, noor.language, noor.reads, noor.status = [2], ["bluesky"], "sl", ["sl"], Status.PAUSED
    noor.chosen = ["language", "networks", "topics"]
    db.session.commit()
    report = bring(NOOR.replace("Sales", "People"))
    noor = who("noor")
    assert noor.team is not None
    assert (report.changed, noor.team.name) == (1, "People")
    assert (noor.topics, noor.networks, noor.language, noor.reads) == ([2], ["bluesky"], "sl", ["sl"])
    assert noor.status == Status.PAUSED


@pytest.mark.usefixtures("programme")
@pytest.mark.parametrize("status", [Status.LEFT, Status.GONE])
def test_nobody_who_left_or_is_gone_is_subscribed_again(status: Status) -> None:
    bring(NOOR)
    who("noor").status = status
    db.session.commit()
    report = bring(NOOR.replace("Sales", "People"), OLGA)
    assert (report.kept, report.added, who("noor").status) == (1, 1, status)
    team = who("noor").team
    assert team is not None
    assert team.name == "Sales"


@pytest.mark.usefixtures("programme")
def test_an_erased_leaver_is_known_by_her_hash_alone_and_stays_out() -> None:
    suppressions.suppress("noor@acme.example", "all", "erased")
    db.session.commit()
    report = bring(NOOR)
    assert (report.kept, report.added, count(Employee), count(Outbox)) == (1, 0, 0, 0)


@pytest.mark.usefixtures("programme")
def test_a_complete_file_proposes_who_is_missing_and_a_person_confirms() -> None:
    bring(NOOR, OLGA)
    assert employees.preview(sheet(NOOR)).missing == ()
    assert bring(NOOR, complete=True).gone == 0
    assert who("olga").status == Status.INVITED
    seen = employees.preview(sheet(NOOR), complete=True)
    assert [m.email for m in seen.missing] == ["olga@acme.example"]
    assert employees.apply(seen, confirm_gone=True).gone == 1
    db.session.expire_all()
    assert (who("olga").status, who("noor").status) == (Status.GONE, Status.INVITED)
    assert employees.preview(sheet(NOOR), complete=True).missing == ()


@pytest.mark.usefixtures("programme")
def test_only_whom_the_preview_showed_can_be_confirmed_as_gone() -> None:
    bring(NOOR)
    seen = employees.preview(sheet(NOOR), complete=True)
    bring(OLGA)
    assert employees.apply(seen, confirm_gone=True).gone == 0


@pytest.mark.usefixtures("programme")
def test_whose_row_was_refused_is_not_missing() -> None:
    bring(NOOR, OLGA)
    seen = employees.preview(sheet(NOOR, "olga@acme.example,=1+1,,,,,,"), complete=True)
    assert ([p.code for p in seen.problems], seen.missing) == (["formula"], ())


@pytest.mark.usefixtures("programme")
def test_a_complete_file_that_names_nobody_is_refused_as_a_whole() -> None:
    bring(NOOR)
    with pytest.raises(employees.Unreadable, match="names nobody"):
        employees.preview(sheet(), complete=True)
    assert employees.preview(sheet()).rows == 0


@pytest.mark.usefixtures("programme")
def test_somebody_marked_as_gone_by_mistake_can_be_brought_back_and_a_leaver_cannot() -> None:
    bring(NOOR)
    bring(OLGA, complete=True, confirm_gone=True)
    assert employees.restore(who("noor")).status == Status.INVITED
    who("noor").status = Status.LEFT
    with pytest.raises(Invalid):
        employees.restore(who("noor"))


@pytest.mark.usefixtures("programme")
def test_topics_are_created_when_asked_for() -> None:
    row = OLGA.replace("culture", "Quantum Knitting;culture")
    assert [n.code for n in employees.preview(sheet(row)).notes] == ["unknown-topic"]
    assert bring(row, create_topics=True).topics == 1
    assert who("olga").topics == [2, 3]
    assert topics.all_topics()[-1].name == "Quantum Knitting"


@pytest.mark.usefixtures("programme")
def test_a_preview_counts_teams_and_topics_that_are_only_to_be_created_as_changes() -> None:
    bring("noor@acme.example,Noor,,,,,,")
    seen = employees.preview(sheet("noor@acme.example,Noor,Research,,,,Knitting,"), create_topics=True)
    assert seen.changed[0].fields == {"team": (None, "Research"), "topics": ([], ["Knitting"])}
    assert (employees.apply(seen).changed, seen.same) == (1, 0)
    assert employees.preview(sheet("noor@acme.example,Noor,research,,,,knitting,")).same == 1


@pytest.mark.usefixtures("programme")
def test_an_import_that_fails_half_way_leaves_nothing() -> None:
    seen = employees.preview(sheet(NOOR, OLGA))

    def broken(done: int, total: int) -> None:
        raise OSError("the terminal is gone")

    with pytest.raises(OSError, match="terminal"):
        employees.apply(seen, progress=broken)
    db.session.rollback()
    assert (count(Employee), count(Team), count(Outbox)) == (0, 0, 0)


@pytest.mark.usefixtures("programme")
def test_people_are_found_by_parts_of_name_and_address() -> None:
    bring(NOOR, OLGA)
    assert db.session.scalars(employees.search("bakk NOOR@")).all() == [who("noor")]
    assert db.session.scalars(employees.search("%")).all() == []
    assert db.session.scalars(employees.search(status="left")).all() == []


@pytest.mark.usefixtures("programme")
def test_five_thousand_rows_take_a_few_statements_and_not_one_a_row() -> None:
    rows = [f"p{n}@acme.example,Person {n},Team {n % 40},Milano,it,Europe/Rome,design,x" for n in range(5_000)]
    statements = 0

    def counted(*_: Any) -> None:
        nonlocal statements
        statements += 1

    sa.event.listen(db.engine, "before_cursor_execute", counted)
    assert bring(*rows).added == 5_000
    assert bring(*rows).same == 5_000
    assert bring(*[row.replace("Milano", "Roma") for row in rows]).changed == 5_000
    sa.event.remove(db.engine, "before_cursor_execute", counted)
    assert statements < 150


@pytest.mark.shared
@pytest.mark.usefixtures("programme")
def test_the_untidy_file_of_1211_rows_and_what_became_of_each_planted_row() -> None:
    for name in ("product", "devops", "how we work", "security", "best practices", "agile", "procurement"):
        topics.create(name)
    for name in ("open source", "user research", "data access"):
        topics.create(name)
    data = (SHARED / "employees.csv").read_bytes()
    seen = employees.preview(data, complete=True)
    assert (seen.rows, len(seen.new), len(seen.problems), len(seen.new_teams)) == (1211, 1205, 6, 8)
    assert {(p.row, p.field, p.code): str(p.reason) for p in seen.problems} == {
        (12, "email", "same-address"): "Row 4 has this address already.",
        (22, "email", "not-an-address"): "An address has a name, an @ and a domain, like anna@example.com.",
        (32, "email", "no-address"): "There is no mail address.",
        (62, "name", "formula"): "A spreadsheet formula stands where a name belongs.",
        (112, "email", "not-an-address"): "Letters with signs before the @ reach too few mail servers.",
        (1142, "email", "not-an-address"): "Two dots in a row cannot stand before the @.",
    }
    assert all(str(p.remedy) for p in seen.problems)
    notes = {(n.row, n.field, n.code) for n in seen.notes if n.code != "language-not-offered"}
    assert notes == {
        (5, "email", "tidied"),
        (42, "zone", "unknown-zone"),
        (72, "topics", "unknown-topic"),
        (72, "networks", "unknown-network"),
        (82, "email", "tidied"),
        (82, "name", "tidied"),
        (92, "row", "short-row"),
        (102, "name", "cut"),
    }
    assert sum(n.code == "language-not-offered" for n in seen.notes) == 413
    report = employees.apply(seen)
    assert (report.added, report.refused, report.invitations, report.teams) == (1205, 6, 1205, 8)

    def facts(name: str) -> dict[str, Any]:
        row = who(name)
        found = {key: getattr(row, key) for key in ("name", "office", "language", "reads", "zone", "networks")}
        return {**found, "team": row.team.name if row.team else None, "topics": len(row.topics)}

    assert facts("domen.cvetko")["team"] == "Product"  # the first of two rows
    assert facts("tz.wrong")["zone"] == "Europe/Rome"  # the programme's
    assert (facts("locale.odd")["language"], facts("locale.odd")["reads"]) == ("en", ["en", "pt"])
    assert (facts("new.topic")["topics"], facts("new.topic")["networks"]) == (1, ["linkedin"])
    assert facts("spaces.around") == {
        "name": "Spazi Intorno",
        "team": "Sales",
        "office": "Milano",
        "language": "it",
        "reads": ["en", "it"],
        "zone": "Europe/Rome",
        "topics": 2,
        "networks": ["linkedin"],
    }
    short = facts("too.few")
    assert (short["name"], short["team"], short["language"], short["topics"]) == ("Short Row", None, "en", 0)
    assert facts("crlf")["name"] == "Bad"
    assert facts("luigi.contrafatto")["name"] == "Luigi Contrafatto"
    for refused in ("formula", "ünïcode", "klaus-d..schmiedt"):
        assert employees.by_address(f"{refused}@acme.example") is None
    again = employees.apply(employees.preview(data, complete=True), confirm_gone=True)
    assert again == replace(
        report, added=0, changed=0, same=1205, kept=0, gone=0, invitations=0, teams=0, topics=0, refused=6
    )


@pytest.mark.usefixtures("programme")
def test_two_imports_at_the_same_moment_invite_everybody_once(app: Flask) -> None:
    rows = [f"p{n}@acme.example,Person {n},Sales,Milano,it,Europe/Rome,design,x" for n in range(300)]
    reports: list[employees.Report] = []
    ready = threading.Barrier(2)

    def work() -> None:
        with app.app_context():
            seen = employees.preview(sheet(*rows))
            db.session.rollback()
            ready.wait(20)
            reports.append(employees.apply(seen))

    db.session.rollback()
    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert sorted((r.added, r.same, r.invitations) for r in reports) == [(0, 300, 0), (300, 0, 300)]
    assert (count(Employee), count(Outbox), count(Team)) == (300, 300, 1)
