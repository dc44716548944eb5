"""Draws by drand. In: rounds the league signed, relays that give them or others. Out: ranks, or a clear refusal."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from scoring import drand
from scoring import draws as rules_of
from service import clock, draws, programmes
from service.database import db
from service.draws import beacon
from service.models import Draw
from service.validation import Invalid
from tests.test_drand import SIGNED
from tests.test_draws import person

ROUND = 657413
WHEN = drand.time_of(ROUND)
"""In September 2023: the league signs no round of the future for us."""


@pytest.fixture
def frozen(app: Flask) -> Draw:
    clock.set_now(WHEN - timedelta(hours=50))
    programmes.create(name="Good news", company="Acme", liaison_name="Liam", liaison_email="liam@acme.example")
    for name in ("Noor", "Sam", "Mei"):
        person(name, 1, clock.now() - timedelta(days=1))
    db.session.commit()
    made = draws.create("by-drand", "By drand", [("A book", "")], month="2023-09", beacon="drand")
    return draws.freeze(made, WHEN - timedelta(seconds=2))


def relayed(round_: int = ROUND, signature: str = SIGNED[ROUND]) -> str:
    return json.dumps({"round": round_, "randomness": "ab" * 32, "signature": signature})


def test_a_pool_names_the_first_round_from_the_due_time(frozen: Draw) -> None:
    assert frozen.source == f"drand-quicknet/{ROUND}"
    assert frozen.due_at == WHEN
    assert rules_of.parse((frozen.pool or "").encode()).source == frozen.source
    assert str(ROUND) in frozen.source_text
    assert draws.check(frozen) == []


@pytest.mark.parametrize("given", [SIGNED[ROUND], SIGNED[ROUND].upper(), f"  {SIGNED[ROUND]}\n", relayed()])
def test_a_pasted_round_draws_with_the_randomness_of_its_signature_alone(frozen: Draw, given: str) -> None:
    clock.set_now(WHEN + timedelta(seconds=3))
    draws.run(frozen, given)
    assert frozen.randomness == "fc1873a13f3545aeade8401532ef5519920652eee6b0d2b19ca12643b87b3587"
    assert (frozen.signature, frozen.status) == (SIGNED[ROUND], "drawn")
    assert draws.check(frozen) == []
    frozen.signature = SIGNED[123]
    assert "The round of drand is not signed by the league." in draws.check(frozen)


WRONG = {
    "another round": (relayed(123, SIGNED[123]), "This is round 123"),
    "another round's signature": (SIGNED[123], "did not sign"),
    "another round's signature under this number": (relayed(ROUND, SIGNED[123]), "did not sign"),
    "the randomness without its signature": (
        "fc1873a13f3545aeade8401532ef5519920652eee6b0d2b19ca12643b87b3587",
        "Paste",
    ),
    "a tampered digit": (SIGNED[ROUND][:-1] + ("0" if SIGNED[ROUND][-1] != "0" else "1"), "did not sign"),
    "numbers": ("7.12.19./5./", "Paste"),
    "nothing": ("", "Paste"),
    "a list": ("[1]", "Paste"),
    "no text": (json.dumps({"round": ROUND, "signature": 7}), "Paste"),
    "depth": ("[" * 100_000, "Paste"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_the_league_did_not_sign_for_this_round_is_refused_and_changes_nothing(frozen: Draw, case: str) -> None:
    clock.set_now(WHEN + timedelta(seconds=3))
    given, why = WRONG[case]
    with pytest.raises(Invalid) as refusal:
        draws.run(frozen, given)
    assert why in str(refusal.value.errors["randomness"])
    db.session.rollback()
    assert (frozen.status, frozen.randomness, frozen.ranks) == ("frozen", None, [])


def test_a_round_is_not_drawn_before_its_time(frozen: Draw) -> None:
    clock.set_now(WHEN - timedelta(seconds=1))
    with pytest.raises(Invalid, match="not due"):
        draws.run(frozen, SIGNED[ROUND])
    db.session.rollback()
    assert draws.tend() == 0


@pytest.fixture
def relay() -> Iterator[tuple[str, list[bytes | int]]]:
    """A relay on this machine; its answers, in their order, are a body or a code."""
    answers: list[bytes | int] = []

    class Relay(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = answers.pop(0) if self.path == f"/{drand.CHAIN}/public/{ROUND}" and answers else 404
            self.send_response(found if isinstance(found, int) else 200)
            self.end_headers()
            if isinstance(found, bytes):
                self.wfile.write(found)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Relay)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", answers
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.sockets
def test_the_job_asks_one_relay_after_another_and_draws_once(
    app: Flask, frozen: Draw, relay: tuple[str, list[bytes | int]]
) -> None:
    address, answers = relay
    app.config["GOODWORD"] = replace(app.config["GOODWORD"], drand=(address, address))
    clock.set_now(WHEN + timedelta(seconds=3))
    answers += [425, b"no round"]
    assert draws.tend() == 0
    answers += [relayed(ROUND, SIGNED[123]).encode(), b"x" * 100_000]
    assert draws.tend() == 0
    assert frozen.status == "frozen"
    answers += [500, relayed().encode()]
    assert draws.tend() == 1
    db.session.expire_all()
    assert (frozen.status, frozen.signature) == ("drawn", SIGNED[ROUND])
    assert draws.tend() == 0


def test_where_the_server_may_not_go_out_no_relay_is_asked(frozen: Draw) -> None:
    clock.set_now(WHEN + timedelta(seconds=3))
    with pytest.raises(beacon.Unknown, match="paste the round"):
        beacon.fetched(frozen)
    assert draws.tend() == 0
    assert frozen.status == "frozen"
