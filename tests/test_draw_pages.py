"""Pages of draws and claims. In: a drawn draw. Out: what the public sees, and a winner's yes or no, by POST alone."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient

from scoring import draw_trail
from scoring import draws as rules_of
from service import clock, draws, passes
from service.database import db
from service.models import Draw, Employee, Entrant
from service.models.people import Status
from tests.test_draws import DUE, NUMBERS, cast, drawn, holder, october, states

__all__ = ["cast"]


def claim_path(draw: Draw, who: Employee) -> str:
    made = passes.passes_for(who.link_id, passes.today_number(clock.now()), passes.newest_key_id())
    return f"/claim/{made.claim}/{draw.name}"


def nonce_in(page: str) -> str:
    found = re.search(r'name="nonce" value="([0-9a-f]+)"', page)
    assert found
    return found.group(1)


def test_the_published_files_hash_to_what_the_page_says(client: FlaskClient, cast: dict[str, Employee]) -> None:
    draw = drawn()
    pool = client.get("/draws/2026-10/pool.txt").data
    assert hashlib.sha256(pool).hexdigest() == draw.pool_hash
    told = rules_of.parse(pool)
    assert hashlib.sha256(client.get("/draws/2026-10/rules.txt").data).hexdigest() == told.rules
    assert "numbers/" + hashlib.sha256(client.get("/draws/2026-10/source.txt").data).hexdigest() == told.source
    page = client.get("/draws/2026-10").text
    for fact in (draw.pool_hash, draw.seed, NUMBERS, draw.source):
        assert str(fact) in page
    assert b"def main" in client.get("/draws/verify_draw.py").data


def test_the_public_page_shows_initials_and_no_name_or_address(client: FlaskClient, cast: dict[str, Employee]) -> None:
    draw = drawn()
    page = client.get("/draws/2026-10").text
    assert f"{(holder(draw, 1).name or '')[0]}. B." in page
    assert "Benali" not in page
    assert "@acme.example" not in page
    assert "2026-10" in client.get("/draws").text


def test_an_erased_winner_is_a_former_colleague(client: FlaskClient, cast: dict[str, Employee]) -> None:
    draw = drawn()
    gone = holder(draw, 1)
    gone.name = gone.email = gone.alias = None
    db.session.commit()
    assert "A former colleague" in client.get("/draws/2026-10").text


def test_a_sample_says_that_its_numbers_are_made_up(client: FlaskClient, cast: dict[str, Employee]) -> None:
    october(sample=True)
    assert "made up to show how it works" in client.get("/draws/2026-10").text


def test_an_entrant_is_found_by_its_64_characters(client: FlaskClient, cast: dict[str, Employee]) -> None:
    draw = drawn()
    found = client.post("/draws/2026-10/check", data={"entrant": draw.ranks[0].entrant}).text
    assert '<div id="entry-in" class="notice">' in found
    assert '<dd id="entry-rank">1</dd>' in found
    lost = client.post("/draws/2026-10/check", data={"entrant": "0" * 64}).text
    assert '<div id="entry-out" class="notice warn">' in lost
    assert '<div id="entry-in" class="notice" hidden>' in lost


def test_salt_and_address_of_her_mail_show_her_tickets_and_their_numbers(
    client: FlaskClient, cast: dict[str, Employee]
) -> None:
    draw = drawn()
    first = 0
    for entrant, tickets in rules_of.parse((draw.pool or "").encode()).entries:
        row = db.session.scalars(sa.select(Entrant).where(Entrant.entrant == entrant)).one()
        who = db.session.scalars(sa.select(Employee).where(Employee.subject == row.subject)).one()
        typed = {"salt": f" {(row.salt or '').upper()} ", "address": (who.email or "").upper()}
        page = client.post("/draws/2026-10/check", data=typed).text
        numbers = f"{first}–{first + tickets - 1}" if tickets > 1 else f"{first}"
        assert f'<dd id="entry-tickets">{tickets} / 10</dd>' in page
        assert f'<dd id="entry-numbers">{numbers}</dd>' in page
        assert (who.email or "") not in page.lower()
        first += tickets
    wrong = client.post("/draws/2026-10/check", data={"salt": "0" * 32, "address": "noor@acme.example"}).text
    assert '<div id="entry-in" class="notice" hidden>' in wrong


def test_ranks_and_trail_are_served_as_they_are_checked(client: FlaskClient, cast: dict[str, Employee]) -> None:
    draw = drawn()
    assert (
        client.get("/draws/2026-10/ranks.txt").data == rules_of.verify((draw.pool or "").encode(), NUMBERS).ranks_file
    )
    lines = client.get("/draws/2026-10/events.txt").text.splitlines()
    assert [line.split("|")[4] for line in lines] == [
        "opened", "frozen", "mails", "randomness", "drawn", "offered", "offered",
    ]  # fmt: skip
    assert draw_trail.broken("2026-10", lines) is None
    assert draw_trail.broken("2026-10", [lines[0], *lines[2:]]) == 2
    assert "acme.example" not in "".join(lines)
    assert hashlib.sha256(lines[-1].encode()).hexdigest() in client.get("/draws/2026-10").text


def test_an_open_draw_has_no_pool_and_an_unknown_one_no_page(client: FlaskClient, cast: dict[str, Employee]) -> None:
    october()
    assert client.get("/draws/2026-10/pool.txt").status_code == 404
    assert client.get("/draws/2026-10").status_code == 200
    assert client.get("/draws/never").status_code == 404


def test_seeing_a_claim_changes_nothing_and_a_post_claims(client: FlaskClient, cast: dict[str, Employee]) -> None:
    draw = drawn()
    path = claim_path(draw, holder(draw, 1))
    page = client.get(path).text
    assert "Two days off" in page
    assert states(draw)[0] == "offered"
    assert client.post(path, data={"act": "claim"}).status_code == 400
    assert states(draw)[0] == "offered"
    answer = client.post(path, data={"act": "claim", "nonce": nonce_in(page)}, follow_redirects=True)
    assert "It is yours" in answer.text
    assert states(draw)[0] == "claimed"


def test_a_post_declines_and_the_page_says_so(client: FlaskClient, cast: dict[str, Employee]) -> None:
    draw = drawn()
    path = claim_path(draw, holder(draw, 2))
    page = client.get(path).text
    answer = client.post(path, data={"act": "decline", "nonce": nonce_in(page)}, follow_redirects=True)
    assert "You declined this prize" in answer.text
    assert states(draw)[1] == "declined"


def test_who_was_offered_nothing_finds_nothing(client: FlaskClient, cast: dict[str, Employee]) -> None:
    draw = drawn()
    assert client.get(claim_path(draw, holder(draw, 3))).status_code == 404
    assert client.get(claim_path(draw, cast["Quiet"])).status_code == 404
    wrong = claim_path(draw, holder(draw, 1)).replace("/claim/", "/claim/A")
    assert client.get(wrong).status_code == 404


def test_after_the_deadline_a_claim_is_410(client: FlaskClient, cast: dict[str, Employee]) -> None:
    draw = drawn()
    path = claim_path(draw, holder(draw, 1))
    nonce = nonce_in(client.get(path).text)
    clock.set_now(DUE + timedelta(days=14, hours=2))
    assert client.get(path).status_code == 410
    assert client.post(path, data={"act": "claim", "nonce": nonce}).status_code in (400, 410)
    assert states(draw)[0] == "offered"


def test_a_leavers_claim_pass_has_ended(client: FlaskClient, cast: dict[str, Employee]) -> None:
    draw = drawn()
    path = claim_path(draw, holder(draw, 1))
    holder(draw, 1).status = Status.LEFT
    db.session.commit()
    assert client.get(path).status_code == 410


def test_the_command_line_checks_a_downloaded_pool(app: Flask, cast: dict[str, Employee], tmp_path) -> None:  # type: ignore[no-untyped-def]
    from service.cli.draw import draw as command

    made = drawn()
    file = tmp_path / "pool.txt"
    file.write_text(made.pool or "")
    told = CliRunner().invoke(command, ["verify", "--pool", str(file), "--randomness", NUMBERS])
    assert told.exit_code == 0
    assert re.findall(r"rank \d+ (\w{64})", told.output) == [r.entrant for r in made.ranks]
    file.write_text((made.pool or "") + "\n")
    assert CliRunner().invoke(command, ["verify", "--pool", str(file), "--randomness", NUMBERS]).exit_code == 1
    assert CliRunner().invoke(command, ["verify"]).exit_code == 2


@pytest.mark.parametrize("change", [False, True])
def test_the_command_line_says_whether_a_stored_draw_holds(
    app: Flask, cast: dict[str, Employee], monkeypatch: pytest.MonkeyPatch, change: bool
) -> None:
    import service
    from service.cli.draw import draw as command

    made = drawn()
    if change:
        made.seed = "0" * 64
    assert draws.check(made) == (["The seed does not follow from pool and randomness."] if change else [])
    pool_hash = made.pool_hash or "none"
    db.session.commit()  # the command has a transaction of its own
    monkeypatch.setattr(service, "create_app", lambda: app)
    told = CliRunner().invoke(command, ["verify", "2026-10"])
    assert told.exit_code == (1 if change else 0)
    shown = CliRunner().invoke(command, ["show", "2026-10", "--json"])
    assert pool_hash in shown.output
