"""Requests. In: calls, settings. Out: valid by the provider's document; what cannot work is refused."""

from __future__ import annotations

import json
import logging
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from flask import Flask

from service import config
from service.delivery.sendgrid import SendGridMailer
from service.delivery.sendgrid_http import Post, Unreached
from tests import conftest, postroom
from tests.callroom import calling, deliver, waiting_mailer
from tests.conftest import environment
from tests.sendgrid_server import KEY, LookAlike, key_pair, running

pytestmark = pytest.mark.sockets

ENV = {"GOODWORD_ENV": "test", "GOODWORD_SECRET": "a-secret-of-the-tests-and-of-nobody-else"}


@pytest.fixture
def lookalike() -> Iterator[LookAlike]:
    with running() as one:
        yield one


@pytest.fixture
def app(lookalike: LookAlike, settings: config.Config, database_url: str, redis_url: str) -> Iterator[Flask]:
    with calling(lookalike, environment(database_url, redis_url, settings.data)) as application:
        yield application


@pytest.fixture
def mailer(app: Flask) -> Iterator[SendGridMailer]:
    with waiting_mailer(app) as found:
        yield found


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"GOODWORD_SENDGRID_KEY": ""}, "GOODWORD_SENDGRID_KEY"),
        ({"GOODWORD_SENDGRID_HOST": "api.sendgrid.com"}, "GOODWORD_SENDGRID_HOST"),
        ({"GOODWORD_SENDGRID_HOST": "https://api.sendgrid.com/v3"}, "GOODWORD_SENDGRID_HOST"),
        ({"GOODWORD_SENDGRID_WEBHOOK_KEY": "-----BEGIN PUBLIC KEY-----"}, "GOODWORD_SENDGRID_WEBHOOK_KEY"),
        ({"GOODWORD_SENDGRID_WEBHOOK_KEY": "AAAA"}, "GOODWORD_SENDGRID_WEBHOOK_KEY"),
        ({"GOODWORD_SENDGRID_GROUPS": "digest"}, "GOODWORD_SENDGRID_GROUPS"),
        ({"GOODWORD_SENDGRID_SILENCE": "yes"}, "GOODWORD_SENDGRID_SILENCE"),
    ],
)
def test_settings_that_cannot_work_are_refused(given: dict[str, str], word: str) -> None:
    with pytest.raises(config.Misconfigured, match=word):
        config.read({**ENV, "GOODWORD_MAIL": "sendgrid", "GOODWORD_SENDGRID_KEY": KEY, **given})


def test_production_wants_events_and_tls() -> None:
    given = {
        "GOODWORD_ENV": "production",
        "GOODWORD_SECRET": "s" * 40,
        "GOODWORD_BASE_URL": "https://good.example",
        "GOODWORD_MAIL": "sendgrid",
        "GOODWORD_SENDGRID_KEY": KEY,
    }
    with pytest.raises(config.Misconfigured, match="WEBHOOK_KEY"):
        config.read(given)
    given["GOODWORD_SENDGRID_WEBHOOK_KEY"] = key_pair()[1]
    with pytest.raises(config.Misconfigured, match="https"):
        config.read({**given, "GOODWORD_SENDGRID_HOST": "http://127.0.0.1:1"})
    assert config.read(given).sendgrid.host == "https://api.sendgrid.com"


@pytest.mark.shared
def test_every_request_is_valid_by_the_providers_own_document(lookalike: LookAlike, mailer: SendGridMailer) -> None:
    people = postroom.open_room(5)
    people[0].name, people[1].name, people[2].name = "-gw.me-", 'Žiga; "Ž", jr.', ""
    people[3].networks = ["linkedin", "x"]
    postroom.digest_week(people)
    postroom.invite(people)
    lookalike.refused = {"p4@beacon.example"}
    deliver(mailer)
    document = json.loads((conftest.SHARED / "sendgrid_mail_v3.openapi.json").read_text(encoding="utf-8"))
    assert len(lookalike.asked) > 8
    for _, body in lookalike.asked:
        assert invalid(document, body) == []


def invalid(document: dict[str, Any], body: dict[str, Any]) -> list[str]:
    """Return what the document objects to in a request, and fields that it does not know."""
    from jsonschema import Draft202012Validator

    where = document["components"]["requestBodies"]["PostMailSend"]["content"]["application/json"]["schema"]
    schema = {**where, "components": document["components"]}
    found = [error.message for error in Draft202012Validator(schema).iter_errors(body)]
    known = where["properties"]
    found += [f"unknown {name}" for name in body.keys() - known.keys()]
    of_one = known["personalizations"]["items"]["properties"]
    found += [f"unknown {name}" for one in body["personalizations"] for name in one.keys() - of_one.keys()]
    return found


@pytest.mark.shared
def test_the_document_refuses_what_is_wrong() -> None:
    document = json.loads((conftest.SHARED / "sendgrid_mail_v3.openapi.json").read_text(encoding="utf-8"))
    right = {"personalizations": [{"to": [{"email": "a@b.example"}]}], "from": {"email": "a@b.example"}}
    assert invalid(document, right) == []
    assert invalid(document, {**right, "personalizations": right["personalizations"] * 1001})
    assert invalid(document, {**right, "custom_args": {"a": "b"}}), "the document wants a string there"
    assert invalid(document, {**right, "catgories": ["digest"]})


def test_calls_leave_over_tls_and_a_strange_certificate_leaves_no_doubt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(tls)
    known = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(known))
    body = {"personalizations": [{"to": [{"email": "a@b.example"}], "custom_args": {"send_id": "x-1"}}]}
    whole = json.dumps({**body, "subject": "s", "content": [{"type": "text/plain", "value": "v"}]}).encode()
    with running(tls=tls) as one:
        stranger = Post(KEY, one.url)
        with pytest.raises(Unreached):
            stranger.send(whole)
        monkeypatch.setenv("SSL_CERT_FILE", str(known))
        friend = Post(KEY, one.url)
        assert [friend.send(whole).status for _ in range(3)] == [202] * 3
        assert friend.send(b'{"personalizations":[]}').status == 400
        friend.close()
        friend.close()
        assert len(one.calls) == 3


def test_the_package_logs_neither_key_nor_address(lookalike: LookAlike, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    post = Post(KEY, lookalike.url)
    post.send(b'{"personalizations":[{"to":[{"email":"noor@beacon.example"}]}]}')
    post.close()
    assert KEY not in caplog.text and "noor@" not in caplog.text
