"""Webhooks. In: signed bodies as SendGrid posts them, and others. Out: events once, the highest state, suppressions."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from service import clock, config, create_app, database, events, suppressions
from service.database import db
from service.delivery import NotNow, resolve
from service.delivery.calls import send_id
from service.models import Call, Employee, MailEvent, Outbox
from service.models.mail import MailState
from tests import postroom
from tests.conftest import environment
from tests.sendgrid_server import LookAlike, event, key_pair, report, signed

PRIVATE, PUBLIC = key_pair()
TOKEN = "ab" * 16


@pytest.fixture
def app(settings: config.Config, database_url: str, redis_url: str) -> Any:
    """The application with a webhook key."""
    found = environment(database_url, redis_url, settings.data)
    application = create_app(config.read({**found, "GOODWORD_SENDGRID_WEBHOOK_KEY": PUBLIC}))
    with application.app_context():
        yield application
        db.session.remove()
        db.engine.dispose()
    clock.use(None)


@pytest.fixture
def people(app: Flask) -> list[Employee]:
    """Two readers whose digests are being submitted in one call."""
    found = postroom.open_room(2)
    postroom.digest_week(found)
    db.session.execute(sa.update(Outbox).values(state=MailState.SUBMITTING, lease=TOKEN))
    db.session.add(Call(token=TOKEN, members=2))
    db.session.commit()
    return found


Post = Callable[..., int]


@pytest.fixture
def post(client: FlaskClient, people: list[Employee]) -> Post:
    """Post events as SendGrid would; return the status."""

    def send(*found: Any, moment: float | None = None, private: Any = PRIVATE, body: bytes | None = None) -> int:
        raw = json.dumps(found).encode() if body is None else body
        when = clock.now().timestamp() if moment is None else moment
        answer = client.post("/hooks/sendgrid", data=raw, headers=signed(private, raw, when))
        db.session.rollback()
        return answer.status_code

    return send


def of(number: int, kind: str, **more: Any) -> dict[str, Any]:
    return event(send_id(TOKEN, number), kind, **more)


def states() -> list[str]:
    return postroom.states()


def stopped(number: int) -> dict[str, str]:
    """Return scope → reason of what is stopped for the address of this mail."""
    hashed = postroom.row(number).address_hash
    asked = sa.select(suppressions.Suppression).where(suppressions.Suppression.address_hash == hashed)
    return {s.scope: s.reason for s in db.session.scalars(asked)}


def kept() -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(MailEvent)) or 0


def test_events_that_overtake_the_worker_raise_the_state_of_their_mail(post: Post) -> None:
    assert post(of(1, "processed"), of(1, "delivered"), of(2, "processed")) == 204
    assert states() == ["delivered", "accepted"]
    assert kept() == 3


@pytest.mark.parametrize("order", ["delivered processed", "processed delivered", "open delivered deferred"])
def test_the_state_is_the_highest_in_whatever_order_events_come(post: Post, order: str) -> None:
    for kind in order.split():
        assert post(of(1, kind)) == 204
    assert states()[0] == "delivered"


def test_a_bounce_after_delivery_counts_and_a_later_delivery_does_not(post: Post) -> None:
    post(of(1, "delivered"))
    post(of(1, "bounce", type="bounce", reason="550 5.1.1 <noor@beacon.example> no such user"))
    post(of(1, "delivered", timestamp=int(clock.now().timestamp()) + 5))
    found = postroom.row(1)
    assert (found.state, found.why) == ("bounced", "bounce: 550 5.1.1 <<address>> no such user")
    assert stopped(1) == {"all": "bounced"} and stopped(2) == {}


@pytest.mark.parametrize(
    ("found", "scopes"),
    [
        ({"kind": "bounce", "type": "bounce"}, {"all": "bounced"}),
        ({"kind": "bounce", "type": "blocked"}, {"digest": "bounced"}),
        ({"kind": "spamreport"}, {"all": "complained"}),
        ({"kind": "unsubscribe"}, {"digest": "unsubscribed"}),
        ({"kind": "group_unsubscribe", "asm_group_id": 101}, {"digest": "unsubscribed"}),
        ({"kind": "dropped", "reason": "Bounced Address"}, {"all": "bounced"}),
        ({"kind": "dropped", "reason": "Spam Reporting Address"}, {"all": "complained"}),
        ({"kind": "dropped", "reason": "Unsubscribed Address"}, {"digest": "unsubscribed"}),
        ({"kind": "dropped", "reason": "Invalid SMTPAPI header"}, {}),
        ({"kind": "group_resubscribe"}, {}),
        ({"kind": "click", "url": "https://good.example/s/x"}, {}),
    ],
)
def test_events_stop_what_is_unwanted(post: Post, found: dict[str, Any], scopes: dict[str, str]) -> None:
    more = dict(found)
    assert post(of(1, more.pop("kind"), **more)) == 204
    assert stopped(1) == scopes


def test_an_event_that_comes_again_is_kept_once_even_under_another_number(post: Post) -> None:
    first = of(1, "processed")
    post(first, first)
    post({**first, "sg_event_id": "changed-in-between"})
    post({**first, "timestamp": first["timestamp"] + 1})  # the same number: the same event
    assert kept() == 1
    post({**first, "timestamp": first["timestamp"] + 1, "sg_event_id": "another"})
    assert kept() == 2


def test_clicks_on_two_addresses_in_one_second_are_two_events(post: Post) -> None:
    post(*(of(1, "click", url=f"https://good.example/s/{n}") for n in (1, 2)))
    assert kept() == 2


def test_a_replayed_unsubscribe_does_not_stop_who_came_back(post: Post, people: list[Employee]) -> None:
    found = of(1, "unsubscribe")
    post(found)
    suppressions.lift("p0@beacon.example")
    db.session.commit()
    post(found)
    assert stopped(1) == {}


def test_nothing_about_the_reader_is_kept(post: Post) -> None:
    post(of(1, "click", url="https://good.example/s/secret-pass/7"))
    row = db.session.execute(sa.select(MailEvent.__table__)).one()
    words = " ".join(map(str, row))
    assert not any(part in words for part in ("noor", "beacon", "192.0.2.7", "Mozilla", "secret-pass"))


def test_a_body_that_was_changed_on_its_way_is_refused(post: Post, client: FlaskClient) -> None:
    body = json.dumps([of(1, "delivered")]).encode()
    headers = signed(PRIVATE, body, clock.now().timestamp())
    assert client.post("/hooks/sendgrid", data=body.replace(b"[{", b"[ {"), headers=headers).status_code == 403
    assert client.post("/hooks/sendgrid", data=body).status_code == 403
    assert post(of(1, "delivered"), private=key_pair()[0]) == 403
    for name, wrong in [("Signature", "no base64"), ("Timestamp", "yesterday"), ("Timestamp", "9" * 30)]:
        broken = {**headers, f"X-Twilio-Email-Event-Webhook-{name}": wrong}
        assert client.post("/hooks/sendgrid", data=body, headers=broken).status_code == 403
    assert states() == ["submitting"] * 2 and kept() == 0


def test_the_signature_is_over_the_very_bytes(post: Post) -> None:
    """Bytes that are no UTF-8 cannot be events, but they are not forged either."""
    assert post(body=b"\xff\xfe[]") == 400
    assert post(body=json.dumps([of(1, "delivered", reason="žal ✓")], ensure_ascii=False).encode()) == 204


def test_a_signature_older_than_26_hours_or_of_tomorrow_is_refused(post: Post) -> None:
    now = clock.now().timestamp()
    assert post(of(1, "processed"), moment=now - 26 * 3600 - 60) == 403
    assert post(of(1, "processed"), moment=now + 660) == 403
    assert post(of(1, "processed"), moment=now - 26 * 3600 + 60) == 204


def test_events_of_others_and_unknown_kinds_are_left_out(post: Post) -> None:
    strange = [
        event("cd" * 16 + "-1", "delivered"),  # another call
        event(send_id(TOKEN, 999), "delivered"),
        event("", "delivered"),
        of(1, "teleported"),
        of(1, "delivered", timestamp="soon"),
        of(1, "delivered", timestamp=10**18),
        {"event": "delivered"},
        "delivered",
        None,
    ]
    assert post(*strange) == 204
    assert post(body=b'{"event": "delivered"}') == 400
    assert kept() == 0 and states() == ["submitting"] * 2


def test_an_event_settles_a_doubt(post: Post) -> None:
    db.session.execute(sa.update(Outbox).values(state=MailState.AMBIGUOUS))
    db.session.commit()
    post(of(1, "processed"))
    assert states() == ["accepted", "ambiguous"]


@pytest.mark.parametrize("state", ["queued", "retry", "held", "leased"])
def test_a_mail_that_was_given_up_too_early_does_not_leave_again(post: Post, state: str) -> None:
    db.session.execute(sa.update(Outbox).where(Outbox.id == 1).values(state=state, lease=None))
    db.session.commit()
    post(of(1, "delivered"))
    assert states()[0] == "delivered"


@pytest.mark.parametrize("state", ["suppressed", "cancelled"])
def test_states_that_are_final_stay(post: Post, state: str) -> None:
    db.session.execute(sa.update(Outbox).values(state=state))
    db.session.commit()
    post(of(1, "delivered"))
    assert states() == [state] * 2 and kept() == 1


def test_without_a_key_there_is_no_webhook(settings: config.Config) -> None:
    application = create_app(settings)
    with application.app_context():
        body = b"[]"
        headers = signed(PRIVATE, body, clock.now().timestamp())
        assert application.test_client().post("/hooks/sendgrid", data=body, headers=headers).status_code == 404
        database.db.engine.dispose()
    clock.use(None)


@pytest.mark.sockets
def test_events_shuffled_and_doubled_and_tried_again_settle_every_mail(app: Flask, people: list[Employee]) -> None:
    """What the look-alike reports as a process of its own, over real HTTP."""
    one = LookAlike(outgoing=[of(n, kind) for n in (1, 2) for kind in ("processed", "delivered")])
    report(one, "http://127.0.0.1:9/hooks/sendgrid", PRIVATE)
    assert len(one.outgoing) == 4, "nobody took them: they are kept"
    server = make_server("127.0.0.1", 0, app)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        one.outgoing *= 3
        report(one, f"http://127.0.0.1:{server.server_port}/hooks/sendgrid", PRIVATE)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert one.outgoing == [] and states() == ["delivered"] * 2 and kept() == 4


def test_events_and_calls_are_forgotten_after_thirty_days(post: Post) -> None:
    post(of(1, "processed"))
    assert events.forget() == 0
    clock.set_now(clock.now() + timedelta(days=31))
    assert events.forget() == 1
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Call)) == 0


@pytest.mark.parametrize("odd", ["a\0b", "\ud83d"])
def test_signs_that_no_database_holds_lose_no_event(post: Post, odd: str) -> None:
    bounced = of(1, "bounce", reason=f"550 {odd}") | {"sg_event_id": odd, "url": odd}
    assert post(bounced, of(2, "delivered")) == 204
    assert kept() == 2 and states() == ["bounced", "delivered"]


def test_a_mail_given_up_too_early_whose_second_attempt_failed_is_not_tried_a_third_time(post: Post) -> None:
    db.session.execute(sa.update(Outbox).where(Outbox.id == 1).values(state=MailState.FAILED, why="rcpt: 550 no"))
    db.session.commit()
    post(of(1, "delivered"))
    assert states()[0] == "delivered"
    with pytest.raises(NotNow):
        resolve(1, accepted=False)


def test_an_event_of_a_strange_call_beside_one_of_ours_says_nothing_of_the_same_row(post: Post) -> None:
    post(event("cd" * 16 + "-1", "bounce", type="bounce"), of(1, "processed"))
    assert states()[0] == "accepted" and stopped(1) == {} and kept() == 1


def test_a_bounced_test_mail_stops_nothing_for_its_address(post: Post) -> None:
    db.session.execute(sa.update(Outbox).where(Outbox.id == 1).values(kind="test"))
    db.session.commit()
    post(of(1, "bounce", type="bounce"))
    assert states()[0] == "bounced" and stopped(1) == {}
