import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from service import clock, digests, editions, suppressions, why
from service.cli import cli
from service.database import db
from service.models import Employee, Outbox
from tests import week47
from tests.week47 import WEEK, at, reader, story

Command = Callable[..., Result]


@pytest.fixture
def beacon(app: Flask) -> Flask:
    at("2026-11-16T10:00")
    week47.programme()
    story("One"), story("Two")
    reader("Noor"), reader("Bea", topics=[])
    return app


@pytest.fixture
def goodword(beacon: Flask, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run `goodword …` in the test's own application and return what it said."""
    monkeypatch.setattr("service.create_app", lambda: beacon)

    def run(*words: str, says: str | None = None) -> Result:
        db.session.commit()
        result = CliRunner().invoke(cli, words, input=says)
        db.session.expire_all()
        return result

    return run


def told(address: str, kind: str = "digest") -> list[tuple[str, str]]:
    return [(f.about, f.state) for f in why.why(address) if f.kind == kind]


def test_the_answer_follows_the_mail_through_its_states(beacon: Flask) -> None:
    edition = editions.edition(WEEK)
    assert told("noor@beacon.example") == [(WEEK, "draft")]
    editions.release(edition, "test")
    assert told("Noor@Beacon.example ") == [(WEEK, "undecided")]
    digests.plan(edition)
    assert told("noor@beacon.example") == [(WEEK, "queued")]
    row = week47.digests()[0]
    row.state, row.why = "failed", "550 no such user"
    db.session.commit()
    finding = why.why("noor@beacon.example")[-1]
    assert (finding.state, finding.detail) == ("failed", "550 no such user")


def test_a_reason_is_foretold_and_then_on_record(beacon: Flask) -> None:
    edition = editions.edition(WEEK)
    assert told("bea@beacon.example") == [(WEEK, "no-topics")]
    foretold = why.why("bea@beacon.example")[-1]
    assert "As things stand there will be none: No topic is followed." in str(foretold.words)
    editions.release(edition, "test")
    digests.plan(edition)
    recorded = why.why("bea@beacon.example")[-1]
    assert (recorded.state, str(recorded.words)) == ("no-topics", "No topic is followed.")


def test_what_stops_mails_is_told_before_the_editions(beacon: Flask) -> None:
    suppressions.suppress("noor@beacon.example", "all", "bounced")
    editions.edition(WEEK)
    assert [(f.kind, f.state) for f in why.why("noor@beacon.example")] == [
        ("person", "active"),
        ("stop", "bounced"),
        ("digest", "bounced"),
    ]


def test_other_mails_are_told_too_but_no_tests(beacon: Flask) -> None:
    from service import outbox

    noor = db.session.get(Employee, 1)
    outbox.enqueue(noor, "invitation", "invitation", {"topics": []})
    digests.send_test(editions.edition(WEEK), noor, "liam@beacon.example")
    assert told("noor@beacon.example", "invitation") == [("invitation", "queued")]
    assert told("noor@beacon.example", "test") == []


def test_an_address_without_an_employee_is_known_by_what_was_sent_to_it(beacon: Flask) -> None:
    edition = editions.release(editions.edition(WEEK), "test")
    digests.plan(edition)
    db.session.get(Employee, 1).email = None
    db.session.commit()
    assert told("noor@beacon.example") == [(WEEK, "queued")]
    with pytest.raises(why.UnknownAddress):
        why.why("nobody@beacon.example")


def test_every_reason_and_state_has_words() -> None:
    from emails.picks import Reason
    from service.models.mail import MailState
    from service.models.people import Status

    assert set(why.REASONS) == set(Reason)
    assert set(why.STATES) == set(MailState)
    assert set(why.PEOPLE) == set(Status)


def test_a_preview_is_her_mail_with_links_that_open_nothing(beacon: Flask) -> None:
    look = digests.preview(editions.edition(WEEK), db.session.get(Employee, 1))
    assert look.subject == "Noor, two good reads for you this week" and look.preheader
    for part in (look.html, look.text):
        assert "One" in part and "Two" in part
        assert f"/s/{'0' * 36}/" in part
    assert db.session.query(Outbox).count() == 0


def test_a_preview_of_a_planned_mail_is_the_planned_one_whatever_came_after(beacon: Flask) -> None:
    noor = db.session.get(Employee, 1)
    edition = editions.release(editions.edition(WEEK), "test")
    digests.plan(edition)
    noor.name, noor.topics = "Nora", []
    db.session.commit()
    look = digests.preview(edition, noor)
    assert "Noor" in look.text and "One" in look.text and "Nora" not in look.html


def test_a_preview_of_who_gets_none_says_why(beacon: Flask) -> None:
    with pytest.raises(digests.NoDigest) as none:
        digests.preview(editions.edition(WEEK), db.session.get(Employee, 2))
    assert none.value.reason == "no-topics"


def test_a_test_goes_to_the_liaison_carries_nobodys_links_and_leaves_the_real_one_alone(beacon: Flask) -> None:
    noor = db.session.get(Employee, 1)
    edition = editions.edition(WEEK)
    rows = [digests.send_test(edition, noor, "liam@beacon.example") for _ in range(2)]
    assert rows[0].occasion != rows[1].occasion and {r.kind for r in rows} == {"test"}
    facts = rows[0].facts
    assert facts["to"]["address"] == "liam@beacon.example" and facts["stories"] == [2, 1]
    assert facts["to"]["link_id"] != noor.link_id and facts["edition"]["week"] == WEEK
    editions.release(edition, "test")
    assert digests.plan(edition).planned == 1


def test_a_receiver_who_is_an_employee_can_use_the_links_of_her_test(beacon: Flask) -> None:
    liam = reader("Liam")
    row = digests.send_test(editions.edition(WEEK), db.session.get(Employee, 1), "liam@beacon.example")
    assert row.facts["to"]["link_id"] == liam.link_id


def test_the_status_counts_states_and_reasons_and_says_what_to_do(beacon: Flask) -> None:
    for number in range(5):
        reader(f"N{number}")
    edition = editions.edition(WEEK)
    assert "is a draft" in str(digests.status(edition).advice[0])
    editions.release(edition, "test")
    assert digests.status(edition).undecided == 7
    digests.plan(edition)
    for row, state in zip(week47.digests(), ("accepted", "retry", "held", "failed", "ambiguous"), strict=False):
        row.state = state
        row.why = {"held": "late", "failed": "550 unknown", "retry": "451 later"}.get(state)
    edition.held_why = "535 wrong password"
    db.session.commit()
    tally = digests.status(edition)
    sums = (tally.planned, tally.sent, tally.waiting, tally.held, tally.failed, tally.ambiguous, tally.undecided)
    assert sums == (6, 1, 2, 1, 1, 1, 0)
    assert tally.omitted == {"no-topics": 1}
    assert tally.whys["failed"] == {"550 unknown": 1}
    advice = "\n".join(map(str, tally.advice))
    for part in ("535 wrong password", "in doubt: 1", "a day late: 1", "refused for good: 1", "more seconds"):
        assert part in advice
    assert json.loads(json.dumps(tally.to_json()))["ambiguous"] == 1


def test_the_status_notices_that_no_worker_runs(beacon: Flask) -> None:
    edition = editions.release(editions.edition(WEEK), "test")
    at("2026-11-17T08:20")
    assert "not planned: 2" in str(digests.status(edition).advice[-1])
    digests.plan(edition)
    at("2026-11-17T08:34")
    assert digests.status(edition).advice == ()
    at("2026-11-17T08:36")
    assert "do not leave: 1" in str(digests.status(edition).advice[-1])
    editions.pause(edition)
    assert [str(a) for a in digests.status(edition).advice] == [
        "The edition is paused; `goodword digest resume` lets it flow."
    ]


def test_a_cancelled_edition_is_not_planned_from_the_command_line(goodword: Command) -> None:
    editions.cancel(editions.edition(WEEK))
    answer = goodword("digest", "plan", "--week", WEEK)
    assert answer.exit_code == 1 and "is cancelled" in answer.output


def test_the_command_line_walks_an_edition_from_counting_to_status(goodword: Command) -> None:
    counted = goodword("digest", "plan", "--json")
    assert counted.exit_code == 0
    assert json.loads(counted.stdout) == {
        "week": WEEK, "status": "draft", "dry": True, "planned": 1, "held": 0, "omitted": {"no-topics": 1}, "keys": 1,
    }  # fmt: skip
    asked = goodword("digest", "release", says="n\n")
    assert asked.exit_code == 1 and "Would get it: 1" in asked.output
    assert editions.edition(WEEK).status == "draft"
    assert "Nothing leaves before 2026-11-16 11:05 Europe/Rome" in goodword("digest", "release", "--yes").output
    assert "Planned now: 0" in goodword("digest", "plan").output
    assert "Planned now: 1" in goodword("digest", "plan", "--all").output
    assert "is a draft again" in goodword("digest", "undo").output
    assert week47.digests() == []
    goodword("digest", "release", "--yes")
    clock.set_now(clock.now() + timedelta(minutes=6))
    refused = goodword("digest", "undo")
    assert refused.exit_code == 1 and "five minutes are over" in refused.output
    goodword("digest", "plan", "--all")
    assert "is paused" in goodword("digest", "pause").output
    status = goodword("digest", "status")
    assert "Edition 2026-W47: released, paused" in status.output
    assert "1  no-topics" in status.output and "goodword digest resume" in status.output
    assert "Late mails let go: 0" in goodword("digest", "resume", "--late").output
    assert "is cancelled" in goodword("digest", "cancel", "--yes").output
    assert json.loads(goodword("digest", "status", "--json").stdout)["mails"] == {"cancelled": 1}


def test_the_command_line_previews_tests_and_explains(goodword: Command, tmp_path: Path) -> None:
    assert "Two" in goodword("digest", "preview", "noor@beacon.example").output
    page = tmp_path / "noor.html"
    assert goodword("digest", "preview", "noor@beacon.example", "--html", str(page)).exit_code == 0
    assert page.read_text(encoding="utf-8").lstrip().lower().startswith("<!doctype html")
    none = goodword("digest", "preview", "bea@beacon.example")
    assert none.exit_code == 1 and "No topic is followed." in none.output
    assert goodword("digest", "test", "noor@beacon.example").exit_code == 0
    assert db.session.query(Outbox).one().facts["to"]["address"] == "liam@beacon.example"
    answer = goodword("why", "noor@beacon.example")
    assert answer.exit_code == 0 and "person: active" in answer.output and "digest 2026-W47: draft" in answer.output
    assert json.loads(goodword("why", "bea@beacon.example", "--json").stdout)[-1]["state"] == "no-topics"


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("digest", "status", "--week", "2026-W99"), 2, "--week"),
        (("digest", "preview", "nobody@beacon.example"), 1, "No employee has this address"),
        (("digest", "test", "noor@beacon.example", "--to", "nonsense"), 2, "--to"),
        (("why", "nobody@beacon.example"), 1, "No employee has this address"),
        (("why", "nonsense"), 2, "EMAIL"),
    ],
)
def test_wrong_words_on_the_command_line_have_an_answer_and_an_exit_code(
    goodword: Command, words: tuple[str, ...], code: int, says: str
) -> None:
    answer = goodword(*words)
    assert answer.exit_code == code and says in answer.output


def test_the_status_tells_the_rate_and_how_long_what_is_due_takes(beacon: Flask) -> None:
    for number in range(9):
        reader(f"N{number}")
    edition = editions.release(editions.edition(WEEK), "test")
    digests.plan(edition)
    before = digests.status(edition)
    assert (before.due, before.rate, before.seconds_left, before.moving) == (0, None, None, True)
    at("2026-11-17T08:00:30")
    for seconds, row in enumerate(week47.digests()[:5]):
        row.state, row.settled_at = "accepted", clock.now() - timedelta(seconds=30 - 5 * seconds)
    week47.digests()[5].due_at = clock.now() + timedelta(hours=1)
    db.session.commit()
    tally = digests.status(edition)
    assert (tally.sent, tally.waiting, tally.due) == (5, 5, 4)
    assert tally.rate == pytest.approx(10, rel=0.05)
    assert tally.seconds_left == pytest.approx(24, abs=2)
    at("2026-11-17T08:02")
    assert digests.status(edition).rate is None, "nothing left within the last minute"


def test_watching_ends_when_nothing_moves_any_more(goodword: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    edition = editions.release(editions.edition(WEEK), "test")
    digests.plan(edition)
    looks: list[float] = []

    def pass_time(seconds: float) -> None:
        looks.append(seconds)
        week47.settle("accepted")

    monkeypatch.setattr("service.cli.digest.time.sleep", pass_time)
    answer = goodword("digest", "status", "--watch", "--json")
    lines = [json.loads(line) for line in answer.stdout.splitlines()]
    assert [(line["waiting"], line["sent"]) for line in lines] == [(1, 0), (0, 1)] and len(looks) == 1
